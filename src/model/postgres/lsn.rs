//! Positions in PostgreSQL's write-ahead log (<https://www.postgresql.org/docs/current/datatype-pg-lsn.html>).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A position: bytes since the log began. Positions of different timelines cannot be compared where those have parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lsn(pub u64);

impl Lsn {
    /// Bytes by which this position is ahead of another; 0 where it is behind.
    pub const fn bytes_ahead_of(self, other: Self) -> u64 {
        self.0.saturating_sub(other.0)
    }

    /// What `pg_wal_lsn_diff(self, other)` says: bytes, negative where this position is behind.
    pub const fn difference(self, other: Self) -> i128 {
        self.0 as i128 - other.0 as i128
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

/// The text is no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "«{0}» is no position in a write-ahead log: two hexadecimal numbers with a stroke between them, as in 0/4001838"
)]
pub struct NotLsn(String);

impl FromStr for Lsn {
    type Err = NotLsn;

    fn from_str(text: &str) -> Result<Self, NotLsn> {
        let half = |half: &str| {
            let fits = (1..=8).contains(&half.len()) && half.bytes().all(|byte| byte.is_ascii_hexdigit());
            if fits { u64::from_str_radix(half, 16).ok() } else { None }
        };
        let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
        halves.map(|(high, low)| Self(high << 32 | low)).ok_or_else(|| NotLsn(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Lsn {
    type Error = NotLsn;

    fn try_from(text: String) -> Result<Self, NotLsn> {
        text.parse()
    }
}

impl From<Lsn> for String {
    fn from(lsn: Lsn) -> Self {
        lsn.to_string()
    }
}

/// How the name of the WAL file ends that holds the byte before a position, whatever its timeline: `000000000000000A`. `None` where the
/// size of a file is none.
pub fn file_of(end: Lsn, file_bytes: u64) -> Option<String> {
    let files_each = 0x1_0000_0000_u64.checked_div(file_bytes).filter(|files| *files > 0)?;
    let file = end.0.checked_sub(1)? / file_bytes;
    Some(format!("{:08X}{:08X}", file / files_each, file % files_each))
}

/// The timeline that the name of a WAL file begins with: `00000002000000000000000A` is of timeline 2
/// (<https://www.postgresql.org/docs/current/wal-internals.html>).
pub fn timeline_of_file(name: &str) -> Option<u32> {
    let is_name = name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_name { u32::from_str_radix(&name[..8], 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn positions_as_postgresql_writes_them() {
        assert_eq!("0/4001838".parse(), Ok(Lsn(67_115_064)));
        assert_eq!("16/b374d848".parse(), Ok(Lsn(0x16_b374_d848)));
        assert_eq!(Lsn(0x16_b374_d848).to_string(), "16/B374D848");
        assert_eq!(Lsn(0).to_string(), "0/0");
        for wrong in ["", "/", "0", "0/", "/0", "0/0/0", "+1/2", "0/-1", "0x1/2", "100000000/0", " 0/0", "0/ü"] {
            assert!(wrong.parse::<Lsn>().is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&Lsn(255)).expect("writes"), "\"0/FF\"");
        assert!(serde_json::from_str::<Lsn>("\"x\"").is_err());
    }

    #[test]
    fn a_file_tells_its_timeline() {
        assert_eq!(timeline_of_file("00000002000000000000000A"), Some(2));
        assert_eq!(timeline_of_file("FFFFFFFF000000000000000A"), Some(u32::MAX));
        assert_eq!(timeline_of_file("00000002.history"), None);
        let (end, size) = (|text: &str| text.parse::<Lsn>().expect("a position"), 16 << 20);
        assert_eq!(file_of(end("0/7F3E750"), size).as_deref(), Some("0000000000000007"));
        assert_eq!(file_of(end("0/8000000"), size).as_deref(), Some("0000000000000007"), "the byte before");
        assert_eq!(file_of(end("1/1"), size).as_deref(), Some("0000000100000000"));
        assert_eq!(file_of(end("5/C0000001"), 1 << 30).as_deref(), Some("0000000500000003"));
        assert_eq!((file_of(Lsn(0), size), file_of(Lsn(9), 0), file_of(Lsn(9), u64::MAX)), (None, None, None));
        assert_eq!(timeline_of_file("éééééééééééé"), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(position in any::<u64>()) {
            let lsn = Lsn(position);
            prop_assert_eq!(lsn.to_string().parse(), Ok(lsn));
            let json = serde_json::to_string(&lsn).expect("writes");
            prop_assert_eq!(serde_json::from_str::<Lsn>(&json).expect("reads"), lsn);
        }

        #[test]
        fn differences_agree(a in any::<u64>(), b in any::<u64>()) {
            let (x, y) = (Lsn(a), Lsn(b));
            prop_assert_eq!(x.difference(y), -y.difference(x));
            prop_assert_eq!(i128::from(x.bytes_ahead_of(y)), x.difference(y).max(0));
            prop_assert_eq!(x < y, x.difference(y) < 0);
        }

        #[test]
        fn no_text_panics(text in ".{0,30}|[0-9A-Fa-f/]{0,20}") {
            if let Ok(lsn) = text.parse::<Lsn>() {
                prop_assert_eq!(lsn.to_string().parse(), Ok(lsn));
            }
            let _ = timeline_of_file(&text);
        }

        #[test]
        fn a_file_ends_where_the_next_begins(position in 1..u64::MAX - (1 << 30), power in 20u32..=30) {
            let name = |end: u64| file_of(Lsn(end), 1 << power).expect("a name");
            let name = name(position);
            let half = |text: &str| u64::from_str_radix(text, 16).expect("a number");
            prop_assert_eq!(half(&name[..8]) << (32 - power) | half(&name[8..]), (position - 1) >> power);
            let whole = format!("0000000A{name}");
            prop_assert_eq!(timeline_of_file(&whole), Some(10));
        }
    }
}
