//! From an offset in a text to its line and column.

use crate::model::finding::Span;
use std::ops::Range;

/// A mark is set at least every so many bytes, so that an offset is found quickly on a line of any length.
const STEP: usize = 512;

/// The places of a text.
pub struct Places<'t> {
    text: &'t str,
    /// Offset, line and column (in characters), rising.
    marks: Vec<(usize, u32, u32)>,
}

impl<'t> Places<'t> {
    /// Reads where the lines of a text are.
    pub fn new(text: &'t str) -> Self {
        let mut marks = vec![(0, 1, 1)];
        let (mut line, mut column, mut last) = (1u32, 1u32, 0);
        for (at, c) in text.char_indices() {
            if at - last >= STEP {
                marks.push((at, line, column));
                last = at;
            }
            if c == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        Self { text, marks }
    }

    /// Line and column of an offset, from 1. An offset within a character counts as its beginning.
    pub fn at(&self, offset: usize) -> (u32, u32) {
        let mark = self.marks.partition_point(|(at, ..)| *at <= offset).saturating_sub(1);
        let (start, mut line, mut column) = self.marks[mark];
        for (at, c) in self.text[start..].char_indices() {
            if start + at + c.len_utf8() > offset {
                break;
            }
            if c == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        (line, column)
    }

    /// The stretch of a range, without the blanks and line breaks at its end.
    pub fn span(&self, range: Range<usize>) -> Span {
        let length = self.text.get(range.clone()).map_or(range.len(), |text| text.trim_end().len());
        let (line, column) = self.at(range.start);
        let (end_line, end_column) = self.at(range.start + length);
        Span { line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let text = format!("äb\nc{}", "ö".repeat(2_000));
        let places = Places::new(&text);
        assert_eq!(places.at(0), (1, 1));
        assert_eq!(places.at(2), (1, 2));
        assert_eq!(places.at(4), (2, 1));
        assert_eq!(places.at(5 + 2 * 1_500), (2, 1_502));
        assert_eq!(places.at(text.len() + 9), (2, 2_002));
        assert_eq!(places.span(0..4), Span::on_line(1, 1, 2));
    }
}
