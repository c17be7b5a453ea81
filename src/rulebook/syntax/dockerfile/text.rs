//! A text that was put together from pieces of a file and still knows where each of its characters stands.

use crate::model::finding::Span;
use std::ops::Range;

/// Bytes after which a place is noted again, so that looking one up never counts along a whole line of megabytes.
const STRIDE: usize = 128;

/// An instruction's text with its continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub text: String,
    /// Places of some of its bytes, in order; the first is that of byte 0.
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    offset: usize,
    line: u32,
    column: u32,
}

impl Text {
    /// Adds a piece that stands on one line of the file, from that column on.
    pub fn push(&mut self, piece: &str, line: u32, column: u32) {
        let mut mark = Mark { offset: self.text.len(), line, column };
        self.marks.push(mark);
        let start = mark.offset;
        for (at, _) in piece.char_indices() {
            if start + at - mark.offset >= STRIDE {
                let passed = self.columns(mark.offset - start..at, piece);
                mark = Mark { offset: start + at, line, column: mark.column.saturating_add(passed) };
                self.marks.push(mark);
            }
        }
        self.text.push_str(piece);
    }

    /// Characters of a stretch of `text`.
    fn columns(&self, range: Range<usize>, text: &str) -> u32 {
        let length = text.get(range).map_or(0, |stretch| stretch.chars().count());
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    /// Line and column of a byte.
    pub fn place(&self, offset: usize) -> (u32, u32) {
        let after = self.marks.partition_point(|mark| mark.offset <= offset);
        let Some(mark) = self.marks.get(after.wrapping_sub(1)).or(self.marks.first()) else { return (1, 1) };
        let passed = self.columns(mark.offset..offset.min(self.text.len()), &self.text);
        (mark.line, mark.column.saturating_add(passed))
    }

    /// The stretch of the file that these bytes stand in.
    pub fn span(&self, range: Range<usize>) -> Span {
        let (line, column) = self.place(range.start);
        let last = self.text.get(range.clone()).and_then(|stretch| stretch.char_indices().next_back());
        let (end_line, end_column) = match last {
            // The end may already be the start of the next line: what counts is where the last character stands.
            Some((at, _)) => {
                let (line, column) = self.place(range.start + at);
                (line, column.saturating_add(1))
            }
            None => (line, column),
        };
        Span { line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_joining() {
        let mut text = Text::default();
        text.push("RUN é ", 3, 5);
        text.push("bc", 5, 2);
        assert_eq!(text.place(0), (3, 5));
        let b = text.text.find("bc").expect("there");
        assert_eq!(text.span(b..b + 2), Span { line: 5, column: 2, end_line: 5, end_column: 4 });
        assert_eq!(text.span(4..b), Span { line: 3, column: 9, end_line: 3, end_column: 11 }, "in characters");
        assert_eq!(Text::default().span(0..0), Span::on_line(1, 1, 0));
    }

    #[test]
    fn long_lines_have_columns_too() {
        let mut text = Text::default();
        text.push(&"ä".repeat(1_000), 1, 1);
        assert_eq!(text.place(2 * 777), (1, 778));
        assert!(text.marks.len() > 10);
    }
}
