//! Lines of `/proc/PID/mountinfo` (<https://docs.kernel.org/filesystems/proc.html#proc-pid-mountinfo-information-about-mounts>).

use super::super::bytes::{lossy, number};
use compact_str::CompactString;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Unique while the mount exists.
    pub id: u64,
    /// Device number, `major:minor`.
    pub number: CompactString,
    /// What of the file system is mounted: `/`, or a folder of it.
    pub root: CompactString,
    /// Mount point, as text.
    pub mount: CompactString,
    /// Mount point, as the kernel knows it.
    pub path: Vec<u8>,
    pub fs: CompactString,
    pub device: CompactString,
    /// By the mount's own options, or by those of the file system.
    pub read_only: bool,
    /// Options of the file system.
    pub super_options: CompactString,
}

/// Reads one line; `None` where it is not like one.
pub fn parse(line: &[u8]) -> Option<Line> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = number(fields.next()?)?;
    let _parent = fields.next()?;
    let device_number = lossy(fields.next()?);
    let root = lossy(&unescape(fields.next()?));
    let path = unescape(fields.next()?);
    let options = fields.next()?;
    // Any number of optional fields, then a dash.
    fields.find(|field| *field == b"-")?;
    let fs = lossy(&unescape(fields.next()?));
    let device = lossy(&unescape(fields.next()?));
    let super_options = fields.next().unwrap_or_default();
    Some(Line {
        id,
        number: device_number,
        root,
        mount: lossy(&path),
        path,
        fs,
        device,
        read_only: has_option(options, b"ro") || has_option(super_options, b"ro"),
        super_options: lossy(super_options),
    })
}

fn has_option(options: &[u8], wanted: &[u8]) -> bool {
    options.split(|byte| *byte == b',').any(|option| option == wanted)
}

/// Undoes the kernel's octal escapes: blank `\040`, tab, line end, backslash, and `#`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                plain.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                rest = after;
            }
            _ => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_read_with_its_escapes() {
        let text =
            b"36 35 98:0 /mnt1 /mnt/a\\040b\\134c rw,noatime master:1 shared:2 - ext3 /dev/root ro,errors=continue";
        let line = parse(text).expect("a line");
        assert_eq!((line.id, line.number.as_str(), line.root.as_str()), (36, "98:0", "/mnt1"));
        assert_eq!((line.mount.as_str(), line.fs.as_str()), ("/mnt/a b\\c", "ext3"));
        assert!(line.read_only);
        assert!(!parse(b"1 0 0:1 / /x rw,errors=ro - ext4 /dev/a rw").expect("a line").read_only);
    }

    #[test]
    fn names_that_are_not_utf8_keep_their_path() {
        let line = parse(b"1 0 0:1 / /mnt/\xff\\012 rw - tmpfs none rw").expect("a line");
        assert_eq!(line.mount, "/mnt/\u{fffd}\n");
        assert_eq!(line.path, b"/mnt/\xff\n");
    }

    #[test]
    fn an_empty_device_and_missing_parts_do_not_fail() {
        assert_eq!(parse(b"1 0 0:1 / /x rw -  ").map(|line| line.mount), Some("/x".into()));
        assert_eq!(parse(b"1 0 0:1 / /x rw"), None);
        assert_eq!(parse(b""), None);
    }

    proptest! {
        #[test]
        fn no_line_fails(line in prop::collection::vec(any::<u8>(), 0..80)) {
            parse(&line);
            unescape(&line);
        }
    }
}
