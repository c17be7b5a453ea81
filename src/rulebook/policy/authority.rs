//! The lock of the documents that go before all others: a file with the hash of each, so that a change of one is seen by whoever has only
//! the files. Its form is that of `sha256sum` (which can check it too), with a comment that tells when it was made:
//!
//! ```text
//! # locked 2026-11-28T14:00:00Z
//! 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  authority/ports.md
//! ```

use super::Authority;
use crate::{
    model::{Timestamp, finding::Span, text::hex},
    rulebook::{
        subject::places::is_within,
        syntax::Fault,
        tree::{File, Tree},
    },
};
use std::{collections::BTreeMap, fmt::Write, sync::Arc};

/// A lock that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// When it was made.
    pub locked_at: Option<Timestamp>,
    /// By path: the hash in hexadecimal digits, and the line.
    pub files: BTreeMap<String, (String, u32)>,
}

/// How a document differs from the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// It has another text.
    Changed,
    /// It is not in the lock.
    Added,
    /// It is in the lock, and no longer there.
    Removed,
}

impl Authority {
    /// The path of the lock.
    pub fn lock_path(&self) -> String {
        self.lock.clone().unwrap_or_else(|| format!("{}/authority.lock", self.folder.trim_end_matches('/')))
    }

    /// The documents, by path.
    pub fn documents<'t>(&self, tree: &'t Tree) -> impl Iterator<Item = &'t Arc<File>> {
        let (folder, lock) = (self.folder.clone(), self.lock_path());
        tree.files.values().filter(move |file| is_within(&file.path, &folder) && file.path != lock)
    }

    /// The text of a new lock for the documents as they are now.
    pub fn new_lock(&self, tree: &Tree, now: Timestamp) -> String {
        let mut text = format!("# locked {now}\n");
        for file in self.documents(tree) {
            if let Some(hash) = &file.sha256 {
                // Writing into a string cannot fail.
                let _ = writeln!(text, "{}  {}", hex(hash), file.path);
            }
        }
        text
    }

    /// How the documents differ from a lock. What is too large to be read is not judged.
    pub fn drifts(&self, tree: &Tree, lock: &Lock) -> Vec<(String, Drift)> {
        let mut found = Vec::new();
        for file in self.documents(tree) {
            let Some(hash) = &file.sha256 else { continue };
            match lock.files.get(file.path.as_str()) {
                None => found.push((file.path.to_string(), Drift::Added)),
                Some((locked, _)) if *locked != hex(hash) => found.push((file.path.to_string(), Drift::Changed)),
                Some(_) => {}
            }
        }
        let gone = lock.files.keys().filter(|path| tree.file(path).is_none());
        found.extend(gone.map(|path| (path.clone(), Drift::Removed)));
        found
    }
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// The first line that is neither a comment nor a hash with a path.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut lock = Self::default();
        for (line, number) in text.lines().zip(1u32..) {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                let time = comment.trim().strip_prefix("locked ").and_then(|time| time.trim().parse().ok());
                lock.locked_at = lock.locked_at.or(time);
            } else if !line.is_empty() {
                let place = Span::on_line(number, 1, 1);
                let wrong =
                    || Fault::at(place, "this is no hash with a path: 64 hexadecimal digits, two blanks, a path");
                let (hash, path) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
                if hash.len() != 64 || !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(wrong());
                }
                // `sha256sum` puts `*` before the name of a file that it read as binary.
                let path = path.trim().trim_start_matches('*').trim_start_matches("./");
                lock.files.insert(path.to_owned(), (hash.to_ascii_lowercase(), number));
            }
        }
        Ok(lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lock_is_made_read_and_compared() {
        let authority = Authority { folder: "authority".into(), lock: None };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let text =
            authority.new_lock(&Tree::of(&[("authority/a.md", "test"), ("authority/b.md", "x"), ("c.md", "x")]), now);
        assert!(
            text.contains("\n9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  authority/a.md\n"),
            "{text}"
        );
        let lock = Lock::parse(&text).expect("is a lock");
        assert_eq!((lock.files.len(), lock.locked_at), (2, Some(now)));
        let tree =
            Tree::of(&[("authority/a.md", "other"), ("authority/c.md", "x"), ("authority/authority.lock", &text)]);
        assert_eq!(
            authority.drifts(&tree, &lock),
            [
                ("authority/a.md".to_owned(), Drift::Changed),
                ("authority/c.md".to_owned(), Drift::Added),
                ("authority/b.md".to_owned(), Drift::Removed)
            ]
        );
        assert_eq!(Lock::parse("# x\nabc  y\n").expect_err("is none").span.map(|span| span.line), Some(2));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let _ = Lock::parse(&text);
        }
    }
}
