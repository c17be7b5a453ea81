//! Names of users, from `/etc/passwd` only: asking the name service may hang when its server is gone, and a number is an
//! honest answer.

use super::{
    bytes::{lines, lossy, number},
    read::{Root, Seldom},
};
use compact_str::CompactString;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Names by number, read again every minute.
#[derive(Debug)]
pub struct Users {
    root: Root,
    names: Seldom<HashMap<u32, CompactString>>,
}

impl Users {
    /// The users of the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root, names: Seldom::new(Duration::from_secs(60)) }
    }

    /// The user's name, or the number where it has none.
    pub fn name(&mut self, now: Instant, uid: u32) -> CompactString {
        let names = self.names.get(now, || parse(&self.root.read("etc/passwd").unwrap_or_default()));
        names.get(&uid).cloned().unwrap_or_else(|| compact_str::format_compact!("{uid}"))
    }
}

/// The name of a user of this machine; `None` where it has none.
pub fn name_of(uid: u32) -> Option<CompactString> {
    parse(&Root::real().read("etc/passwd").unwrap_or_default()).remove(&uid)
}

/// Reads passwd(5). Of several names for one number the first counts, as it does for the C library.
fn parse(text: &[u8]) -> HashMap<u32, CompactString> {
    let mut names = HashMap::new();
    for line in lines(text) {
        let mut fields = line.split(|byte| *byte == b':');
        let (Some(name), Some(uid)) = (fields.next(), fields.nth(1)) else { continue };
        if let Some(uid) = number(uid).and_then(|uid| uid.try_into().ok()) {
            names.entry(uid).or_insert_with(|| lossy(name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_counts() {
        let names = parse(b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\na\xff:x:7:7:::\nb:x:-1:0\n");
        assert_eq!(names.get(&0).map(CompactString::as_str), Some("root"));
        assert_eq!(names.get(&7).map(CompactString::as_str), Some("a\u{fffd}"));
        assert_eq!(names.len(), 2);
        let mut users = Users::new(Root::at("/nowhere"));
        assert_eq!(users.name(crate::clock::instant(), 1234), "1234");
    }
}
