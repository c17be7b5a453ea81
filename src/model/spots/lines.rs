//! Where the bytes of a text stand.

use std::cell::Cell;

/// Finds line and column of a byte of a text. Quick where it is asked for one place after the other, also on one endless line.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// The last answer: byte, line (from 0), column.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    /// Of a text.
    pub fn of(text: &'t str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect(), last: Cell::new((0, 0, 1)) }
    }

    /// Line and column of a byte, both from 1.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let (at, at_line, at_column) = self.last.get();
        let (from, before) = if at_line == line && at <= offset {
            (at, at_column)
        } else {
            (self.starts.get(line).copied().unwrap_or(0), 1)
        };
        let passed = self.text.get(from..offset).map_or(0, |passed| passed.chars().count());
        let column = before + passed;
        self.last.set((offset, line, column));
        (line + 1, column)
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
