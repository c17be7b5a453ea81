//! Lines and columns of places that are given in bytes.

use crate::model::finding::Span;

/// Bytes between two places that are remembered.
const STEP: usize = 256;

/// The lines and columns of a text. A look-up reads at most `STEP` bytes, however long the line.
#[derive(Debug)]
pub struct Places<'t> {
    text: &'t str,
    /// For each multiple of `STEP`: the begin of the character at it, its line, its column.
    marks: Vec<(usize, u32, u32)>,
}

impl<'t> Places<'t> {
    /// Reads a text once.
    pub fn of(text: &'t str) -> Self {
        let mut marks = vec![(0, 1, 1)];
        let (mut line, mut column) = (1_u32, 1_u32);
        for (at, c) in text.char_indices() {
            if at / STEP >= marks.len() {
                marks.push((at, line, column));
            }
            (line, column) = step(c, line, column);
        }
        Self { text, marks }
    }

    /// Line and column of a byte, both from 1.
    pub fn at(&self, byte: usize) -> (u32, u32) {
        let byte = byte.min(self.text.len());
        let mark = self.marks.get(byte / STEP).filter(|mark| mark.0 <= byte);
        let before = || self.marks[(byte / STEP).saturating_sub(1).min(self.marks.len() - 1)];
        let (start, line, column) = mark.copied().unwrap_or_else(before);
        let chars = self.text[start..].char_indices().take_while(|(at, _)| start + at < byte);
        chars.fold((line, column), |(line, column), (_, c)| step(c, line, column))
    }

    /// From one byte to another, the end exclusive.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let ((line, column), (end_line, end_column)) = (self.at(start), self.at(end));
        Span { line, column, end_line, end_column }
    }
}

fn step(c: char, line: u32, column: u32) -> (u32, u32) {
    if c == '\n' { (line.saturating_add(1), 1) } else { (line, column.saturating_add(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_counting(text in "([aé漢\n]{0,40}){0,30}", at in 0_usize..2_000) {
            let at = text.floor_char_boundary(at.min(text.len()));
            let before = &text[..at];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let (told_line, told_column) = Places::of(&text).at(at);
            prop_assert_eq!((told_line as usize, told_column as usize), (line, column));
        }
    }
}
