//! Reads words: quotes, and what is expanded in them.

use super::{
    Expands, Expansion, Word,
    cursor::{Cursor, ends_word, in_name, name_length},
    read::{Close, Reader},
};
use crate::rulebook::syntax::Fault;
use compact_str::CompactString;

/// Where a word ends, besides blanks and operators.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Plain,
    /// In `[[ … ]]`, where `(` and `|` may be part of a regular expression.
    Test,
}

/// Brackets that were opened in a word, outside of quotes.
#[derive(Default)]
struct Opened {
    bracket: bool,
    brace: bool,
}

impl Reader<'_> {
    /// Reads a word. Where none stands here it is empty and nothing is read.
    pub(super) fn word(&mut self, ends: Ends) -> Result<Word, Fault> {
        let start = self.cursor;
        let mut word = Word::default();
        let mut opened = Opened::default();
        while let Some(byte) = self.cursor.byte(0) {
            match byte {
                b'\\' => self.escaped(&mut word),
                b'\'' => self.single_quotes(&mut word)?,
                b'"' => self.double_quotes(&mut word)?,
                b'$' => self.dollar(&mut word, self.in_escaped_quotes)?,
                b'`' if self.in_backquotes => break,
                b'`' => self.backquotes(&mut word, false)?,
                b'<' | b'>' if self.cursor.byte(1) == Some(b'(') && ends == Ends::Plain && word.bare.is_empty() => {
                    self.process(&mut word)?;
                }
                b'(' if ends == Ends::Plain && is_extended_pattern(&word) => self.extended_pattern(&mut word)?,
                b'\r' if self.cursor.byte(1).is_some_and(|next| next != b'\n') => self.plain(&mut word, &mut opened),
                _ if ends_word(byte) => break,
                _ => self.plain(&mut word, &mut opened),
            }
        }
        if self.cursor.at > start.at {
            word.span = Some(self.cursor.span_from(&start));
            word.range = self.cursor.range_from(&start);
        }
        Ok(word)
    }

    fn plain(&mut self, word: &mut Word, opened: &mut Opened) {
        let Some(c) = self.cursor.bump() else { return };
        opened.bracket |= c == '[';
        opened.brace |= c == '{';
        word.has_pattern |= matches!(c, '*' | '?') || c == ']' && opened.bracket || c == ',' && opened.brace;
        word.bare.push(c);
    }

    fn escaped(&mut self, word: &mut Word) {
        self.cursor.bump();
        if self.cursor.looks_at("\r\n") {
            self.cursor.bump();
        }
        match self.cursor.bump() {
            Some('\n') | None => {}
            Some('"') if self.in_backquotes => self.in_escaped_quotes = !self.in_escaped_quotes,
            Some(c) => {
                word.is_quoted = true;
                word.bare.push(c);
            }
        }
    }

    fn single_quotes(&mut self, word: &mut Word) -> Result<(), Fault> {
        let start = self.cursor;
        self.cursor.bump();
        word.is_quoted = true;
        loop {
            match self.cursor.bump() {
                Some('\'') => return Ok(()),
                Some(c) => word.bare.push(c),
                None => return Err(Fault::at(start.here(), "this single quote has no end")),
            }
        }
    }

    /// `$'…'`, with escapes.
    fn escape_quotes(&mut self, word: &mut Word) -> Result<(), Fault> {
        let start = self.cursor;
        self.cursor.skip(2);
        word.is_quoted = true;
        loop {
            match self.cursor.bump() {
                Some('\'') => return Ok(()),
                Some('\\') => word.bare.extend(self.cursor.bump()),
                Some(c) => word.bare.push(c),
                None => return Err(Fault::at(start.here(), "this single quote has no end")),
            }
        }
    }

    pub(super) fn double_quotes(&mut self, word: &mut Word) -> Result<(), Fault> {
        let start = self.cursor;
        self.deeper()?;
        self.cursor.bump();
        word.is_quoted = true;
        loop {
            match self.cursor.byte(0) {
                Some(b'"') => {
                    self.cursor.bump();
                    break;
                }
                Some(b'\\') => {
                    self.cursor.bump();
                    match self.cursor.byte(0) {
                        Some(b'\n') => self.cursor.skip(1),
                        Some(b'$' | b'`' | b'"' | b'\\') => word.bare.extend(self.cursor.bump()),
                        _ => word.bare.push('\\'),
                    }
                }
                Some(b'$') => self.dollar(word, true)?,
                Some(b'`') if !self.in_backquotes => self.backquotes(word, true)?,
                Some(_) => word.bare.extend(self.cursor.bump()),
                None => return Err(Fault::at(start.here(), "this double quote has no end")),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Whatever begins with `$`.
    fn dollar(&mut self, word: &mut Word, is_quoted: bool) -> Result<(), Fault> {
        let start = self.cursor;
        match self.cursor.byte(1) {
            Some(b'(') if self.cursor.byte(2) == Some(b'(') && self.arithmetic_ends(3) => {
                self.cursor.skip(3);
                self.arithmetic(&start)?;
                self.expanded(word, &start, Expands::Arithmetic, is_quoted);
            }
            Some(b'(') => {
                self.cursor.skip(2);
                self.substitution(&start, Close::Bracket)?;
                self.expanded(word, &start, Expands::Command, is_quoted);
            }
            Some(b'{') => {
                let kind = self.braces(is_quoted)?;
                self.expanded(word, &start, kind, is_quoted);
            }
            Some(b'\'') if !is_quoted => self.escape_quotes(word)?,
            Some(b'"') if !is_quoted => {
                self.cursor.bump();
                self.double_quotes(word)?;
            }
            Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' | b'0'..=b'9') => {
                self.cursor.skip(2);
                let name = self.cursor.text_from(&start)[1..].to_owned();
                self.expanded(
                    word,
                    &start,
                    Expands::Parameter { name: name.into(), sign: None, operator: CompactString::default() },
                    is_quoted,
                );
            }
            _ => {
                self.cursor.bump();
                let length = name_length(self.cursor.rest());
                if length == 0 {
                    word.bare.push('$');
                    return Ok(());
                }
                self.cursor.skip(length);
                let name = self.cursor.text_from(&start)[1..].to_owned();
                self.expanded(
                    word,
                    &start,
                    Expands::Parameter { name: name.into(), sign: None, operator: CompactString::default() },
                    is_quoted,
                );
            }
        }
        Ok(())
    }

    fn expanded(&self, word: &mut Word, start: &Cursor<'_>, kind: Expands, is_quoted: bool) {
        word.bare.push_str(self.cursor.text_from(start));
        word.expansions.push(Expansion { span: self.cursor.span_from(start), kind, is_quoted });
    }

    /// `${…}`.
    fn braces(&mut self, is_quoted: bool) -> Result<Expands, Fault> {
        let start = self.cursor;
        self.deeper()?;
        self.cursor.skip(2);
        let mut sign = None;
        let prefix = self.cursor.byte(0).filter(|byte| matches!(byte, b'#' | b'!'));
        if prefix.is_some() && self.cursor.byte(1).is_some_and(|byte| in_name(byte) || matches!(byte, b'@' | b'*')) {
            sign = self.cursor.bump();
        }
        let name_start = self.cursor;
        let length = name_length(self.cursor.rest());
        let digits = self.cursor.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.cursor.skip(length.max(digits).max(1));
        let name = self.cursor.text_from(&name_start).to_owned();
        if name == "}" {
            self.depth -= 1;
            return Ok(Expands::Parameter { name: CompactString::default(), sign, operator: CompactString::default() });
        }
        let rest = self.cursor;
        // In quotes a single quote is one only in a pattern: "${x#'a'}", but not in "${x:-it's}".
        let is_pattern = matches!(self.cursor.byte(0), Some(b'#' | b'%' | b'/' | b'^' | b','));
        let mut inner = Word::default();
        loop {
            match self.cursor.byte(0) {
                Some(b'}') => break,
                Some(b'\\') => self.cursor.skip(2),
                Some(b'\'') if !is_quoted || is_pattern => self.single_quotes(&mut inner)?,
                Some(b'"') => self.double_quotes(&mut inner)?,
                Some(b'$') => self.dollar(&mut inner, is_quoted)?,
                Some(b'`') if !self.in_backquotes => self.backquotes(&mut inner, is_quoted)?,
                Some(_) => self.cursor.skip(1),
                None => return Err(Fault::at(start.here(), "`${` without its `}`")),
            }
        }
        let operator = self.cursor.text_from(&rest).to_owned();
        self.cursor.bump();
        self.depth -= 1;
        Ok(Expands::Parameter { name: name.into(), sign, operator: operator.into() })
    }

    fn backquotes(&mut self, word: &mut Word, is_quoted: bool) -> Result<(), Fault> {
        let start = self.cursor;
        self.cursor.bump();
        self.substitution(&start, Close::Backquote)?;
        self.expanded(word, &start, Expands::Command, is_quoted);
        Ok(())
    }

    fn process(&mut self, word: &mut Word) -> Result<(), Fault> {
        let start = self.cursor;
        self.cursor.skip(2);
        self.substitution(&start, Close::Bracket)?;
        self.expanded(word, &start, Expands::Process, true);
        Ok(())
    }

    /// `@(a|b)`, from its bracket on.
    fn extended_pattern(&mut self, word: &mut Word) -> Result<(), Fault> {
        let start = self.cursor;
        self.deeper()?;
        word.has_pattern = true;
        word.bare.extend(self.cursor.bump());
        loop {
            match self.cursor.byte(0) {
                Some(b')') => {
                    word.bare.extend(self.cursor.bump());
                    break;
                }
                Some(b'\\') => self.escaped(word),
                Some(b'\'') => self.single_quotes(word)?,
                Some(b'"') => self.double_quotes(word)?,
                Some(b'$') => self.dollar(word, true)?,
                Some(b'(') => self.extended_pattern(word)?,
                Some(_) => word.bare.extend(self.cursor.bump()),
                None => return Err(Fault::at(start.here(), "`(` without its `)`")),
            }
        }
        self.depth -= 1;
        Ok(())
    }
}

fn is_extended_pattern(word: &Word) -> bool {
    word.bare.ends_with(['?', '*', '+', '@', '!']) && !word.bare.ends_with("$!")
}
