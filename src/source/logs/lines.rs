//! Bytes to lines, whatever their length: of a line that is too long the beginning is kept and the rest counted.

use crate::model::logs::clean::LONGEST;

/// Room for a time before the line.
const KEPT: usize = LONGEST + 64;

/// A line that is not complete yet.
#[derive(Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    more: usize,
}

impl Lines {
    /// Takes bytes, and tells every line that they complete: its beginning and how many bytes more it had.
    pub(super) fn feed(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8], usize)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            if self.begun.is_empty() && self.more == 0 && end <= KEPT {
                line(&rest[..end], 0);
            } else {
                self.add(&rest[..end]);
                self.end(&mut line);
            }
            rest = &rest[end + 1..];
        }
        self.add(rest);
    }

    /// Tells the last line, where nothing ended it.
    pub(super) fn end(&mut self, mut line: impl FnMut(&[u8], usize)) {
        if !self.begun.is_empty() || self.more > 0 {
            line(&self.begun, self.more);
            self.begun.clear();
            self.more = 0;
        }
    }

    /// Adds to the line that is not complete.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.begun.len()).min(bytes.len());
        self.begun.extend_from_slice(&bytes[..room]);
        self.more += bytes.len() - room;
    }

    /// Whether a line was begun.
    pub(super) fn is_begun(&self) -> bool {
        !self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_pieces_and_too_long() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for piece in ["one\ntw", "o\n\nth", "ree"] {
            lines.feed(piece.as_bytes(), |line, more| told.push((String::from_utf8_lossy(line).into_owned(), more)));
        }
        lines.end(|line, more| told.push((String::from_utf8_lossy(line).into_owned(), more)));
        let told: Vec<_> = told.iter().map(|(line, more)| (line.as_str(), *more)).collect();
        assert_eq!(told, [("one", 0), ("two", 0), ("", 0), ("three", 0)]);
        let mut long = (0, 0);
        lines.feed(&vec![b'x'; KEPT], |_, _| unreachable!("not ended"));
        lines.feed(&[b'x'; 100], |_, _| unreachable!("not ended"));
        lines.feed(b"\n", |line, more| long = (line.len(), more));
        assert_eq!(long, (KEPT, 100));
    }
}
