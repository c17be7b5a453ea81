//! What is wrong in a file of the policy: where it is, and what to write instead.

use std::{cell::Cell, fmt};

/// Something that is wrong in a file of the policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PolicyFault {
    pub file: String,
    /// Counts from 1.
    pub line: u32,
    /// Counts from 1, in characters.
    pub column: u32,
    /// The key with dots: `checks.11a.level`; empty where the file as a whole is meant.
    pub key: String,
    /// What is wrong, and what to write.
    pub message: String,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Finds line and column of a byte of a text. Quick where it is asked for one place after the other, also on one endless line.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// The last answer: byte, line (from 0), column.
    last: Cell<(usize, usize, u32)>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect(), last: Cell::new((0, 0, 1)) }
    }

    /// Line and column of a byte, both from 1.
    pub(super) fn place(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let (at, at_line, at_column) = self.last.get();
        let (from, before) = if at_line == line && at <= offset {
            (at, at_column)
        } else {
            (self.starts.get(line).copied().unwrap_or(0), 1)
        };
        let passed = self.text.get(from..offset).map_or(0, |passed| passed.chars().count());
        let column = before.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.last.set((offset, line, column));
        (u32::try_from(line + 1).unwrap_or(u32::MAX), column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let lines = Lines::of("a = 1\nbä = 2\n\nc");
        assert_eq!(
            [0, 4, 6, 9, 13, 14, 99].map(|at| lines.place(at)),
            [(1, 1), (1, 5), (2, 1), (2, 3), (2, 7), (3, 1), (4, 2)]
        );
        assert_eq!(lines.place(9), (2, 3), "also backwards");
        assert_eq!(Lines::of("").place(0), (1, 1));
    }
}
