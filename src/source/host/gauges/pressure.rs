//! Pressure stall information (<https://docs.kernel.org/accounting/psi.html>), of the machine and of a control group.

use super::super::{
    bytes::{decimal, fields, lines},
    read::{Kept, Root},
};
use crate::model::host::{Pressure, Pressures};

/// The three files of the machine.
#[derive(Debug)]
pub struct Reader {
    cpu: Kept,
    memory: Kept,
    io: Kept,
}

impl Reader {
    /// A reader of what lies below `root`.
    pub fn new(root: &Root) -> Self {
        let kept = |name: &str| Kept::new(root.join("proc/pressure").join(name));
        Self { cpu: kept("cpu"), memory: kept("memory"), io: kept("io") }
    }

    /// Reads all three.
    pub fn read(&mut self, buffer: &mut Vec<u8>) -> Pressures {
        let mut one = |file: &mut Kept| file.read(buffer).map(parse).unwrap_or_default();
        Pressures { cpu: one(&mut self.cpu), memory: one(&mut self.memory), io: one(&mut self.io) }
    }
}

/// Reads one file: a line `some` and, where the kernel has it, a line `full`.
pub fn parse(text: &[u8]) -> Pressure {
    let line = |kind: &[u8]| {
        let line = lines(text).find(|line| fields(line).next() == Some(kind))?;
        let percent = fields(line).find_map(|field| field.strip_prefix(b"avg10="))?;
        decimal(percent).map(|percent| percent / 100.0)
    };
    Pressure { some10: line(b"some"), full10: line(b"full") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_ten_seconds_are_read() {
        let text =
            b"some avg10=12.50 avg60=1.00 avg300=0.10 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(parse(text), Pressure { some10: Some(0.125), full10: Some(0.0) });
        assert_eq!(parse(b"some avg10=3.00 total=1\n"), Pressure { some10: Some(0.03), full10: None });
        assert_eq!(parse(b"some\nfull avg10=x\n"), Pressure::default());
    }
}
