//! Reads what commands are put together with: conditions, loops, `case`, functions, `[[ … ]]`.

use super::{
    Case, Function, Place,
    cursor::{Cursor, ends_word},
    read::{Close, Reader},
    word::Ends,
};
use crate::{model::finding::Span, rulebook::syntax::Fault};

impl Reader<'_> {
    /// The condition of an `if` or a loop, with the word behind it.
    pub(super) fn condition(&mut self, start: &Cursor<'_>, what: &str, until: &'static str) -> Result<(), Fault> {
        let first = self.script.commands.len();
        self.expect(start, what, &[Close::Word(until)])?;
        self.handle_from(first);
        Ok(())
    }

    pub(super) fn branch(&mut self, start: &Cursor<'_>, what: &str, closes: &[Close]) -> Result<Close, Fault> {
        self.place.branches += 1;
        let close = self.expect(start, what, closes)?;
        self.place.branches -= 1;
        Ok(close)
    }

    pub(super) fn conditional(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        self.cursor.skip(2);
        self.condition(start, "if", "then")?;
        loop {
            let closes = [Close::Word("elif"), Close::Word("else"), Close::Word("fi")];
            match self.branch(start, "if", &closes)? {
                Close::Word("elif") => self.condition(start, "if", "then")?,
                Close::Word("fi") => return Ok(true),
                _ => {}
            }
        }
    }

    pub(super) fn for_loop(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        self.cursor.skip(self.word_ahead().len());
        self.blanks();
        if self.cursor.looks_at("((") {
            self.cursor.skip(2);
            self.arithmetic(start)?;
        } else {
            self.word(Ends::Plain)?;
            self.gaps();
            if self.word_ahead() == "in" {
                self.cursor.skip(2);
                loop {
                    self.blanks();
                    let before = self.cursor.at;
                    self.word(Ends::Plain)?;
                    if self.cursor.at == before {
                        break;
                    }
                }
            }
        }
        self.gaps();
        while self.cursor.byte(0) == Some(b';') {
            self.cursor.bump();
            self.gaps();
        }
        let close = match self.word_ahead() {
            "do" => "done",
            "{" => "}",
            _ => return Err(Fault::at(start.here(), "this `for` has no `do`")),
        };
        self.cursor.skip(self.word_ahead().len());
        self.branch(start, "for", &[Close::Word(close)])?;
        Ok(true)
    }

    pub(super) fn case(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        self.cursor.skip(4);
        self.blanks();
        let word = self.word(Ends::Plain)?;
        self.gaps();
        if !self.cursor.eat("in") {
            return Err(Fault::at(start.here(), "this `case` has no `in`"));
        }
        let mut patterns = Vec::new();
        loop {
            self.gaps();
            if self.word_ahead() == "esac" {
                self.cursor.skip(4);
                break;
            }
            self.cursor.eat("(");
            loop {
                self.blanks();
                let pattern = self.word(Ends::Plain)?;
                if pattern.span.is_none() {
                    return Err(Fault::at(start.here(), "this `case` is not closed"));
                }
                patterns.push(pattern);
                self.blanks();
                if !self.cursor.eat("|") {
                    break;
                }
            }
            if !self.cursor.eat(")") {
                return Err(Fault::at(self.cursor.here(), "a pattern of a `case` without its `)`"));
            }
            if self.branch(start, "case", &[Close::Arm, Close::Word("esac")])? != Close::Arm {
                break;
            }
        }
        self.script.cases.push(Case { word, patterns });
        Ok(true)
    }

    /// `function name { … }`.
    pub(super) fn function_word(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        self.cursor.skip("function".len());
        self.blanks();
        let name = self.word(Ends::Plain)?;
        self.blanks();
        if self.cursor.eat("(") {
            self.blanks();
            self.cursor.eat(")");
        }
        self.function_body(name.bare.into(), name.span.unwrap_or(start.here()))?;
        Ok(true)
    }

    /// `name() { … }`, if it is that.
    pub(super) fn function_signs(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        let rest = self.cursor.rest();
        let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'+');
        let length = rest.bytes().take_while(in_name).count();
        let after = rest[length..].trim_start_matches([' ', '\t']);
        let Some(inside) = after.strip_prefix('(').map(|inside| inside.trim_start_matches([' ', '\t'])) else {
            return Ok(false);
        };
        if length == 0 || !inside.starts_with(')') {
            return Ok(false);
        }
        let name = rest[..length].to_owned();
        self.cursor.skip(length);
        let span = self.cursor.span_from(start);
        self.cursor.skip(rest.len() - length - inside.len() + 1);
        self.function_body(name, span)?;
        Ok(true)
    }

    fn function_body(&mut self, name: String, span: Span) -> Result<(), Fault> {
        self.gaps();
        let first = self.script.commands.len();
        let index = self.script.functions.len();
        self.script.functions.push(Function { name, span, commands: first..first });
        let outer = self.place;
        self.place = Place { function: Some(index), substitutions: outer.substitutions, ..Place::default() };
        self.command()?;
        self.place = outer;
        self.script.functions[index].commands.end = self.script.commands.len();
        Ok(())
    }

    /// `[[ … ]]`: words, in which nothing is split.
    pub(super) fn test(&mut self, start: &Cursor<'_>) -> Result<bool, Fault> {
        self.cursor.skip(2);
        loop {
            self.gaps_in_test();
            let Some(byte) = self.cursor.byte(0) else {
                return Err(Fault::at(start.here(), "this `[[` is not closed"));
            };
            if self.cursor.looks_at("]]") && self.cursor.byte(2).is_none_or(|byte| ends_word(byte) || byte == b'`') {
                self.cursor.skip(2);
                return Ok(true);
            }
            let before = self.cursor.at;
            if !ends_word(byte) {
                self.word(Ends::Test)?;
            }
            if self.cursor.at == before {
                self.cursor.bump();
            }
        }
    }

    fn gaps_in_test(&mut self) {
        self.blanks();
        while self.cursor.byte(0) == Some(b'\n') {
            self.newline();
            self.blanks();
        }
    }
}
