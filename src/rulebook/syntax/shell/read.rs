//! Reads commands and what they are put together with.

use super::{
    Comment, Dialect, Heredoc, Place, Script,
    cursor::{Cursor, ends_word},
    options,
};
use crate::rulebook::syntax::Fault;

/// How deep blocks, brackets and quotes may be nested.
const DEEPEST: u32 = 60;

/// What ends a list of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    End,
    /// `)`
    Bracket,
    Backquote,
    /// `;;` and its kin.
    Arm,
    /// `}`, `then`, `fi` …
    Word(&'static str),
}

/// A here-document whose text begins with the next line.
pub(super) struct Pending {
    pub delimiter: String,
    pub is_quoted: bool,
    pub strips_tabs: bool,
}

pub(super) struct Reader<'t> {
    pub cursor: Cursor<'t>,
    pub script: Script,
    pub pending: Vec<Pending>,
    pub depth: u32,
    pub place: Place,
    pub in_backquotes: bool,
    /// Between two `\"` of backquotes that stand in double quotes: there they are quotes.
    pub in_escaped_quotes: bool,
}

/// Reads a script.
pub(super) fn script(text: &str, line: u32) -> Result<Script, Fault> {
    let mut cursor = Cursor::new(text, line);
    cursor.eat("\u{feff}");
    let shebang = options::shebang(text, line);
    let dialect = options::dialect(shebang.as_ref(), text);
    let script = Script { shebang, dialect, ..Script::default() };
    let mut reader = Reader {
        cursor,
        script,
        pending: Vec::new(),
        depth: 0,
        place: Place::default(),
        in_backquotes: false,
        in_escaped_quotes: false,
    };
    if dialect == Dialect::Other {
        return Ok(reader.script);
    }
    loop {
        match reader.list()? {
            Close::End => {
                reader.script.shrink();
                return Ok(reader.script);
            }
            // Something that closes nothing: the shell would complain; there is nothing in it for a check.
            Close::Word(word) => reader.cursor.skip(word.len()),
            _ => reader.cursor.skip(1),
        }
    }
}

impl Reader<'_> {
    /// One step down; too deep is a fault. The way up is `depth -= 1`.
    pub(super) fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::at(self.cursor.here(), format!("nested deeper than {DEEPEST}; it is not read on")));
        }
        Ok(())
    }

    /// Commands up to what closes them, which is not read.
    pub(super) fn list(&mut self) -> Result<Close, Fault> {
        loop {
            self.gaps();
            if let Some(close) = self.close() {
                return Ok(close);
            }
            let before = self.cursor.at;
            if !matches!(self.cursor.byte(0), Some(b';' | b'&')) {
                self.and_or()?;
                self.blanks();
            }
            let is_arm = self.close() == Some(Close::Arm);
            if !is_arm && matches!(self.cursor.byte(0), Some(b';' | b'&')) {
                self.cursor.bump();
            }
            if self.cursor.at == before && !is_arm {
                self.cursor.bump();
            }
        }
    }

    fn close(&self) -> Option<Close> {
        match self.cursor.byte(0) {
            None => Some(Close::End),
            Some(b')') => Some(Close::Bracket),
            Some(b'`') if self.in_backquotes => Some(Close::Backquote),
            Some(b';') if matches!(self.cursor.byte(1), Some(b';' | b'&')) => Some(Close::Arm),
            _ => {
                let ahead = self.word_ahead();
                let closers = ["}", "then", "elif", "else", "fi", "do", "done", "esac"];
                closers.into_iter().find(|closer| *closer == ahead).map(Close::Word)
            }
        }
    }

    /// The plain word that stands here, where it could be a reserved one.
    pub(super) fn word_ahead(&self) -> &str {
        let rest = self.cursor.rest();
        let ends = |byte: u8| ends_word(byte) || (byte == b'`' && self.in_backquotes);
        let length = rest.bytes().take(10).position(ends).unwrap_or(rest.len());
        if length < 10 { rest.get(..length).unwrap_or_default() } else { "" }
    }

    pub(super) fn expect(&mut self, start: &Cursor<'_>, what: &str, closes: &[Close]) -> Result<Close, Fault> {
        let close = self.list()?;
        if !closes.contains(&close) {
            return Err(Fault::at(start.here(), format!("this `{what}` is not closed")));
        }
        self.cursor.skip(match close {
            Close::Word(word) => word.len(),
            Close::Arm if self.cursor.looks_at(";;&") => 3,
            Close::Arm => 2,
            Close::End => 0,
            Close::Bracket | Close::Backquote => 1,
        });
        Ok(close)
    }

    /// Pipelines joined by `&&` and `||`.
    fn and_or(&mut self) -> Result<(), Fault> {
        loop {
            let first = self.script.commands.len();
            self.pipeline()?;
            self.blanks();
            if !(self.cursor.eat("&&") || self.cursor.eat("||")) {
                return Ok(());
            }
            self.handle_from(first);
            self.gaps();
        }
    }

    /// Something depends on whether the commands from this one on succeed.
    pub(super) fn handle_from(&mut self, first: usize) {
        for command in self.script.commands.iter_mut().skip(first) {
            command.place.is_handled = true;
        }
    }

    fn pipeline(&mut self) -> Result<(), Fault> {
        let mut is_negated = false;
        while matches!(self.word_ahead(), "!" | "time") {
            is_negated |= self.cursor.byte(0) == Some(b'!');
            self.cursor.skip(self.word_ahead().len());
            self.blanks();
            if self.cursor.looks_at("-p ") {
                self.cursor.skip(3);
            }
            self.blanks();
        }
        let whole = self.script.commands.len();
        let mut stages = Vec::new();
        loop {
            let first = self.script.commands.len();
            self.command()?;
            stages.push(first..self.script.commands.len());
            self.blanks();
            if self.cursor.byte(0) != Some(b'|') || self.cursor.byte(1) == Some(b'|') {
                break;
            }
            self.cursor.bump();
            self.cursor.eat("&");
            self.gaps();
        }
        if is_negated {
            self.handle_from(whole);
        }
        if stages.len() > 1 {
            self.script.pipelines.push(stages);
        }
        Ok(())
    }

    pub(super) fn command(&mut self) -> Result<(), Fault> {
        self.deeper()?;
        let start = self.cursor;
        let is_compound = match self.word_ahead() {
            "if" => self.conditional(&start)?,
            word @ ("while" | "until") => {
                let length = word.len();
                self.cursor.skip(length);
                self.condition(&start, "while", "do")?;
                self.branch(&start, "while", &[Close::Word("done")])?;
                true
            }
            "for" | "select" => self.for_loop(&start)?,
            "case" => self.case(&start)?,
            "{" => {
                self.cursor.bump();
                self.expect(&start, "{", &[Close::Word("}")])?;
                true
            }
            "function" => self.function_word(&start)?,
            "[[" => self.test(&start)?,
            _ if self.cursor.looks_at("((") && self.arithmetic_ends(2) => {
                self.cursor.skip(2);
                self.arithmetic(&start)?;
                true
            }
            _ if self.cursor.byte(0) == Some(b'(') => {
                self.cursor.bump();
                self.place.subshells += 1;
                self.expect(&start, "(", &[Close::Bracket])?;
                self.place.subshells -= 1;
                true
            }
            _ => self.function_signs(&start)?,
        };
        self.simple(is_compound)?;
        self.depth -= 1;
        Ok(())
    }

    /// The commands of a substitution that `start` began, and what closes it.
    pub(super) fn substitution(&mut self, start: &Cursor<'_>, close: Close) -> Result<(), Fault> {
        self.deeper()?;
        let (place, in_backquotes) = (self.place, self.in_backquotes);
        self.place.substitutions += 1;
        self.place.subshells += 1;
        self.in_backquotes = close == Close::Backquote;
        self.expect(start, if close == Close::Backquote { "`" } else { "$(" }, &[close])?;
        self.place = place;
        self.in_backquotes = in_backquotes;
        self.in_escaped_quotes = false;
        self.depth -= 1;
        Ok(())
    }

    /// Whether an arithmetic expression that begins so many bytes on ends in `))`: `$((a) | b)` is none.
    pub(super) fn arithmetic_ends(&self, ahead: usize) -> bool {
        let bytes = &self.cursor.text.as_bytes()[self.cursor.at + ahead..];
        let (mut open, mut quote) = (0_u32, 0_u8);
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if quote != 0 => quote = if *byte == quote { 0 } else { quote },
                b'\'' | b'"' => quote = *byte,
                b'(' => open += 1,
                b')' if open == 0 => return bytes.get(at + 1) == Some(&b')'),
                b')' => open -= 1,
                _ => {}
            }
        }
        false
    }

    /// An arithmetic expression up to its `))`. Nothing in it is split, so that it is not looked into.
    pub(super) fn arithmetic(&mut self, start: &Cursor<'_>) -> Result<(), Fault> {
        let mut open = 0_u32;
        while let Some(byte) = self.cursor.byte(0) {
            match byte {
                b')' if open == 0 && self.cursor.byte(1) == Some(b')') => {
                    self.cursor.skip(2);
                    return Ok(());
                }
                b'(' => open += 1,
                b')' => open = open.saturating_sub(1),
                _ => {}
            }
            self.cursor.bump();
        }
        Err(Fault::at(start.here(), "`((` without its `))`"))
    }

    /// Blanks and continued lines.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.cursor.byte(0) {
                Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c) => self.cursor.skip(1),
                Some(b'\\') if self.cursor.byte(1) == Some(b'\n') => self.cursor.skip(2),
                Some(b'\\') if self.cursor.looks_at("\\\r\n") => self.cursor.skip(3),
                _ => return,
            }
        }
    }

    /// Blanks, comments and the ends of lines.
    pub(super) fn gaps(&mut self) {
        loop {
            self.blanks();
            match self.cursor.byte(0) {
                Some(b'\n') => self.newline(),
                Some(b'#') => self.comment(),
                _ => return,
            }
        }
    }

    pub(super) fn comment(&mut self) {
        let start = self.cursor;
        let length = memchr::memchr(b'\n', self.cursor.rest().as_bytes()).unwrap_or(self.cursor.rest().len());
        let end = start.at + length;
        while self.cursor.at < end {
            self.cursor.bump();
        }
        let text = self.cursor.text_from(&start).trim_end().to_owned();
        self.script.comments.push(Comment { span: self.cursor.span_from(&start), text });
    }

    /// The end of a line, and the here-documents that begin behind it.
    pub(super) fn newline(&mut self) {
        self.cursor.bump();
        for pending in std::mem::take(&mut self.pending) {
            let (start, mut end) = (self.cursor, self.cursor);
            while !self.cursor.is_end() {
                end = self.cursor;
                let rest = self.cursor.rest();
                let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                let line = rest[..length].trim_end_matches('\r');
                let line = if pending.strips_tabs { line.trim_start_matches('\t') } else { line };
                self.cursor.at += (length + 1).min(rest.len());
                self.cursor.line = self.cursor.line.saturating_add(1);
                self.cursor.column = 1;
                if line == pending.delimiter {
                    break;
                }
                end = self.cursor;
            }
            self.script.heredocs.push(Heredoc {
                delimiter: pending.delimiter,
                is_quoted: pending.is_quoted,
                text: end.text_from(&start).to_owned(),
                line: start.line,
            });
        }
    }
}
