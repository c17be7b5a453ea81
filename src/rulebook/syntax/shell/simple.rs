//! Reads simple commands: assignments, words and redirections.

use super::{
    Assignment, Command, Redirect, Word,
    cursor::{Cursor, name_length},
    read::{Pending, Reader},
    word::Ends,
};
use crate::rulebook::syntax::Fault;

/// The signs of redirections, longer ones first.
const REDIRECTS: [&str; 12] = ["&>>", "<<<", "<<-", "&>", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"];

impl Reader<'_> {
    /// A simple command; behind a compound one only redirections are left.
    pub(super) fn simple(&mut self, is_after_compound: bool) -> Result<(), Fault> {
        let start = self.cursor;
        let index = self.script.commands.len();
        // Its place in the list comes before those of the commands in its substitutions.
        let empty = || Command {
            span: start.here(),
            assignments: Vec::new(),
            words: Vec::new(),
            redirects: Vec::new(),
            place: self.place,
        };
        let mut command = empty();
        self.script.commands.push(empty());
        let mut end = self.cursor;
        loop {
            self.blanks();
            let before = self.cursor.at;
            if let Some(redirect) = self.redirect()? {
                command.redirects.push(redirect);
            } else if is_after_compound || self.cursor.byte(0) == Some(b'#') {
                break;
            } else if let Some((name, whole)) = self.assigned() {
                self.assignment(name, whole, &mut command)?;
            } else {
                let word = self.word(Ends::Plain)?;
                if self.cursor.at == before {
                    break;
                }
                command.words.push(word);
            }
            end = self.cursor;
        }
        if command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty() {
            self.script.commands.truncate(index);
            return Ok(());
        }
        command.span = end.span_from(&start);
        self.script.commands[index] = command;
        Ok(())
    }

    /// `NAME=value`: an assignment where it is before the command, otherwise a word of it.
    fn assignment(&mut self, name: usize, whole: usize, command: &mut Command) -> Result<(), Fault> {
        let start = self.cursor;
        let mut items = None;
        let mut value = Word::default();
        let sign_end = start.at + whole;
        if start.text.as_bytes().get(sign_end) == Some(&b'(') {
            self.skip_to(sign_end + 1);
            items = Some(self.items(&start)?);
        } else if command.words.is_empty() {
            self.skip_to(sign_end);
            value = self.word(Ends::Plain)?;
        } else {
            command.words.push(self.word(Ends::Plain)?);
            return Ok(());
        }
        let span = self.cursor.span_from(&start);
        let name = start.rest()[..name].to_owned();
        if command.words.is_empty() {
            command.assignments.push(Assignment { span, name, value, items });
        } else {
            // `declare -a list=( … )`.
            command.words.push(Word {
                span: Some(span),
                bare: self.cursor.text_from(&start).into(),
                range: self.cursor.range_from(&start),
                is_quoted: true,
                ..Word::default()
            });
        }
        Ok(())
    }

    fn skip_to(&mut self, at: usize) {
        while self.cursor.at < at && self.cursor.bump().is_some() {}
    }

    /// The items of an array, and its `)`.
    fn items(&mut self, start: &Cursor<'_>) -> Result<Vec<Word>, Fault> {
        let mut items = Vec::new();
        loop {
            self.gaps();
            match self.cursor.byte(0) {
                Some(b')') => {
                    self.cursor.bump();
                    return Ok(items);
                }
                None => return Err(Fault::at(start.here(), "a list without its `)`")),
                Some(_) => {}
            }
            let before = self.cursor.at;
            let item = self.word(Ends::Plain)?;
            if self.cursor.at == before {
                self.cursor.bump();
            } else {
                items.push(item);
            }
        }
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Fault> {
        let rest = self.cursor.rest();
        let digits = rest.bytes().take(10).take_while(u8::is_ascii_digit).count();
        let named = rest.strip_prefix('{').map_or(0, |rest| match name_length(rest) {
            0 => 0,
            length if rest[length..].starts_with('}') => length + 2,
            _ => 0,
        });
        let after = &rest[digits.max(named)..];
        let Some(operator) = REDIRECTS.into_iter().find(|operator| after.starts_with(operator)) else {
            return Ok(None);
        };
        let has_bracket = after[operator.len()..].starts_with('(');
        if has_bracket && matches!(operator, "<" | ">") || operator.starts_with('&') && after.len() < rest.len() {
            return Ok(None);
        }
        self.skip_to(self.cursor.at + rest.len() - after.len() + operator.len());
        self.blanks();
        let target = self.word(Ends::Plain)?;
        if matches!(operator, "<<" | "<<-") {
            self.pending.push(Pending {
                delimiter: target.bare.to_string(),
                is_quoted: target.is_quoted,
                strips_tabs: operator == "<<-",
            });
        }
        Ok(Some(Redirect { operator, target }))
    }

    /// How long the name of a variable is that is assigned here (`NAME=`, `NAME+=`, `NAME[…]=`), and how long it is with the sign.
    fn assigned(&self) -> Option<(usize, usize)> {
        let rest = self.cursor.rest();
        let name = name_length(rest);
        let mut at = name;
        if name > 0 && rest[at..].starts_with('[') {
            at += rest[at..].bytes().take(200).take_while(|byte| !matches!(byte, b']' | b'\n')).count() + 1;
        }
        let after = rest.get(at..).filter(|_| name > 0)?;
        let sign = if after.starts_with("+=") { 2 } else { usize::from(after.starts_with('=')) };
        (sign > 0).then_some((name, at + sign))
    }
}
