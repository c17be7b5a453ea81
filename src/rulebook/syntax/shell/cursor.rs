//! A place in a text that moves forward and counts lines and columns on the way.

use crate::model::finding::Span;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    pub text: &'t str,
    /// In bytes; always at the begin of a character.
    pub at: usize,
    pub line: u32,
    pub column: u32,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str, line: u32) -> Self {
        Self { text, at: 0, line, column: 1 }
    }

    /// The byte so many bytes on. All signs of a shell's grammar are one byte.
    pub fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub fn looks_at(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    /// Goes over one character.
    pub fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(c)
    }

    /// Goes over so many characters.
    pub fn skip(&mut self, characters: usize) {
        for _ in 0..characters {
            self.bump();
        }
    }

    /// Goes over a text of ASCII, if it stands here.
    pub fn eat(&mut self, text: &str) -> bool {
        let there = self.looks_at(text);
        if there {
            self.skip(text.len());
        }
        there
    }

    /// From an earlier place to here.
    pub fn span_from(&self, start: &Self) -> Span {
        Span { line: start.line, column: start.column, end_line: self.line, end_column: self.column }
    }

    /// The text from an earlier place to here.
    pub fn text_from(&self, start: &Self) -> &'t str {
        &self.text[start.at..self.at]
    }

    /// The bytes from an earlier place to here.
    pub fn range_from(&self, start: &Self) -> (u32, u32) {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        (number(start.at), number(self.at))
    }

    /// The place as a span of one character.
    pub fn here(&self) -> Span {
        Span::on_line(self.line, self.column, 1)
    }
}

/// Whether a byte ends a word outside of quotes.
pub(super) fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
}

/// Whether a byte may stand in a name, not as its first sign.
pub(super) fn in_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// How many bytes of a name stand at the begin of a text.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first().is_none_or(|first| first.is_ascii_digit()) {
        return 0;
    }
    bytes.iter().take_while(|byte| in_name(**byte)).count()
}
