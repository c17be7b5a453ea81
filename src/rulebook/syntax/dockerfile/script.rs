//! The commands of a `RUN`: their text for the readers of shell, and the simple commands in it with the place of every word.
//!
//! This reads what checks of package managers need to know and no more of the language: where a command begins and ends, which words
//! are plain.

use super::{
    Heredoc, ShellText, Word,
    lines::{Goes, Lines, Logical, number},
};
use crate::model::finding::Span;
use std::ops::Range;

/// A simple command: a name and its arguments. Redirections are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    pub words: Vec<ShellWord>,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellWord {
    /// Without its quotes.
    pub text: String,
    pub span: Span,
    /// A variable or a command gives a part of it; that part is not in `text`.
    pub is_partial: bool,
}

impl Command {
    /// The command that a JSON list is.
    pub(super) fn of(words: &[Word]) -> Self {
        let word = |word: &Word| ShellWord { text: word.raw.clone(), span: word.span, is_partial: false };
        Self { words: words.iter().map(word).collect() }
    }

    /// The words from the program on: what only introduces it (`sudo`, `if`, `X=1`) is skipped.
    pub fn program(&self) -> &[ShellWord] {
        let introduces = |word: &ShellWord| {
            let is_word = [
                "sudo",
                "env",
                "exec",
                "command",
                "time",
                "nice",
                "!",
                "{",
                "if",
                "then",
                "elif",
                "else",
                "do",
                "while",
                "until",
                "eatmydata",
            ]
            .contains(&word.text.as_str());
            let name = word.text.split_once('=').map_or("", |(name, _)| name);
            let sets = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            is_word || sets || (word.text.is_empty() && word.is_partial)
        };
        let mut at = 0;
        while let Some(word) = self.words.get(at).filter(|word| introduces(word)) {
            at += 1;
            // `sudo -E apt-get`
            while word.text == "sudo" && self.words.get(at).is_some_and(|next| next.text.starts_with('-')) {
                at += 1;
            }
        }
        &self.words[at..]
    }

    /// The program's name without its folder.
    pub fn name(&self) -> &str {
        let first = self.program().first();
        first.map_or("", |word| word.text.rsplit('/').next().unwrap_or_default())
    }
}

/// The shell text of a `RUN`. `rest` is what stands behind its flags.
pub(super) fn text(
    lines: &Lines<'_>,
    logical: &Logical,
    rest: Range<usize>,
    heredocs: &[Heredoc],
) -> Option<ShellText> {
    let command = &logical.text.text[rest.clone()];
    if let [only] = heredocs
        && only.span == logical.text.span(rest.clone())
    {
        return script(only);
    }
    let (first_line, column) = logical.text.place(rest.start);
    let mut text = String::with_capacity(command.len() + 64);
    for at in logical.first..logical.end {
        let line = lines.line(at);
        let is_before = number(at) < first_line;
        match lines.goes(at, at == logical.first) {
            Goes::Nothing => text.push('\\'),
            Goes::On(_) if is_before => text.push('\\'),
            Goes::On(end) => {
                blank(&mut text, &line[..end], number(at), first_line, column);
                text.push('\\');
            }
            Goes::Off => blank(&mut text, line, number(at), first_line, column),
        }
        text.push('\n');
    }
    if let Some(last) = heredocs.last() {
        // The texts follow the instruction, each with the line that ends it.
        let (line, _) = last.body.place(last.body.text.len());
        let has_lines = !last.body.text.is_empty();
        let end = usize::try_from(line).unwrap_or(usize::MAX).saturating_add(usize::from(has_lines));
        text.push_str(&lines.text(logical.end, end.max(logical.end)));
    }
    Some(ShellText { text, line: number(logical.first), shell: Vec::new() })
}

/// Adds a line, with blanks for what stands before the command.
fn blank(text: &mut String, line: &str, number: u32, first_line: u32, column: u32) {
    if number > first_line {
        text.push_str(line);
        return;
    }
    let before = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    text.extend(line.chars().enumerate().map(|(at, c)| if at < before { ' ' } else { c }));
}

/// A heredoc that is the whole command is a script.
fn script(heredoc: &Heredoc) -> Option<ShellText> {
    let text = heredoc.body.text.clone();
    let shell = match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        Some(line) => {
            let words = line.split_whitespace().filter(|word| !word.ends_with("/env") && *word != "-S");
            words.map(str::to_owned).collect()
        }
        None => Vec::new(),
    };
    Some(ShellText { text, line: heredoc.body.place(0).0, shell })
}

/// The simple commands of a text, in its order.
pub fn commands(text: &ShellText) -> Vec<Command> {
    let mut reader = Reader { rest: text.text.chars().peekable(), line: text.line, column: 1, ..Reader::default() };
    reader.read();
    reader.commands
}

struct Reader<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: u32,
    column: u32,
    commands: Vec<Command>,
    command: Command,
    word: Option<ShellWord>,
    /// The next word is the target of a redirection.
    is_target: bool,
    /// The next word is the name of a heredoc, and whether its tabs are stripped.
    is_name: Option<bool>,
    /// Heredocs whose texts begin at the next line.
    pending: Vec<(String, bool)>,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            rest: "".chars().peekable(),
            line: 1,
            column: 1,
            commands: Vec::new(),
            command: Command::default(),
            word: None,
            is_target: false,
            is_name: None,
            pending: Vec::new(),
        }
    }
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(next)
    }

    fn takes(&mut self, sign: char) -> bool {
        let is_next = self.rest.peek() == Some(&sign);
        if is_next {
            self.take();
        }
        is_next
    }

    fn read(&mut self) {
        loop {
            let (line, column) = (self.line, self.column);
            let Some(c) = self.take() else { break };
            match c {
                '\n' => {
                    self.end_command();
                    self.bodies();
                }
                ';' | '&' | '|' | '(' | ')' => self.end_command(),
                ' ' | '\t' | '\r' => self.end_word(),
                '#' if self.word.is_none() => {
                    while self.rest.peek().is_some_and(|c| *c != '\n') {
                        self.take();
                    }
                }
                '<' | '>' => self.redirection(c),
                '\\' if self.takes('\n') => {}
                _ => {
                    let mut word = self.word.take().unwrap_or_else(|| ShellWord {
                        text: String::new(),
                        span: Span::on_line(line, column, 1),
                        is_partial: false,
                    });
                    self.part(c, &mut word);
                    (word.span.end_line, word.span.end_column) = (self.line, self.column);
                    self.word = Some(word);
                }
            }
        }
        self.end_command();
    }

    /// Adds a part to a word, from the sign on that was just taken.
    fn part(&mut self, c: char, word: &mut ShellWord) {
        match c {
            '\\' => word.text.extend(self.take()),
            '\'' => {
                while let Some(c) = self.take().filter(|c| *c != '\'') {
                    word.text.push(c);
                }
            }
            '"' => self.quoted(word),
            '$' => self.variable(word),
            '`' => {
                self.skip_backticks();
                word.is_partial = true;
            }
            c => word.text.push(c),
        }
    }

    fn quoted(&mut self, word: &mut ShellWord) {
        while let Some(c) = self.take() {
            match c {
                '"' => return,
                '\\' if self.takes('\n') => {}
                '\\' => word.text.extend(self.take()),
                '$' => self.variable(word),
                '`' => {
                    self.skip_backticks();
                    word.is_partial = true;
                }
                c => word.text.push(c),
            }
        }
    }

    fn skip_backticks(&mut self) {
        while let Some(c) = self.take().filter(|c| *c != '`') {
            if c == '\\' {
                self.take();
            }
        }
    }

    /// `$NAME`, `${…}`, `$(…)`; the `$` is taken.
    fn variable(&mut self, word: &mut ShellWord) {
        match self.rest.peek() {
            Some('(') => self.skip_brackets('(', ')'),
            Some('{') => self.skip_brackets('{', '}'),
            Some(c) if c.is_ascii_alphanumeric() || *c == '_' => {
                while self.rest.peek().is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    self.take();
                }
            }
            Some('?' | '@' | '*' | '#' | '$' | '!' | '-') => {
                self.take();
            }
            _ => {
                word.text.push('$');
                return;
            }
        }
        word.is_partial = true;
    }

    /// Up to the bracket that closes the next one, over quotes.
    fn skip_brackets(&mut self, open: char, close: char) {
        let mut depth = 0_usize;
        let mut quote = None;
        while let Some(c) = self.take() {
            match (quote, c) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None | Some('"'), '\\') => {
                    self.take();
                }
                (None, c) if c == open => depth += 1,
                (None, c) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// `>`, `2>>`, `<<EOF` and their like; the first sign is taken.
    fn redirection(&mut self, c: char) {
        // A number before it is a file descriptor and no word.
        let is_descriptor = |word: &ShellWord| !word.is_partial && word.text.bytes().all(|byte| byte.is_ascii_digit());
        if self.word.as_ref().is_some_and(is_descriptor) {
            self.word = None;
        }
        self.end_word();
        if c == '<' && self.takes('<') {
            if self.takes('<') {
                self.is_target = true;
            } else {
                self.is_name = Some(self.takes('-'));
            }
            return;
        }
        if self.rest.peek() == Some(&'(') {
            // `<(…)` is a word that cannot be known.
            self.skip_brackets('(', ')');
            return;
        }
        let _ = self.takes('>') || self.takes('&') || self.takes('|');
        self.is_target = true;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if let Some(strips_tabs) = self.is_name.take() {
            self.pending.push((word.text, strips_tabs));
        } else if self.is_target {
            self.is_target = false;
        } else {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        (self.is_target, self.is_name) = (false, None);
        if !self.command.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    /// Skips the texts of the heredocs of the line that has just ended.
    fn bodies(&mut self) {
        for (name, strips_tabs) in std::mem::take(&mut self.pending) {
            while self.rest.peek().is_some() {
                let mut line = String::new();
                while let Some(c) = self.take().filter(|c| *c != '\n') {
                    line.push(c);
                }
                let line = if strips_tabs { line.trim_start_matches('\t') } else { &line };
                if line == name {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let found = commands(&ShellText { text: text.into(), line: 1, shell: Vec::new() });
        let word = |word: &ShellWord| format!("{}{}", word.text, if word.is_partial { "$" } else { "" });
        found.iter().map(|command| command.words.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn simple_commands() {
        assert_eq!(told("a b && c 'd e' || f;g|h & i"), ["a b", "c d e", "f", "g", "h", "i"]);
        assert_eq!(told("(a; b) > out 2>&1\nc <in # a comment\nd#e"), ["a", "b", "c", "d#e"]);
        assert_eq!(told("a $B \"x$C\" ${D:-'}'} `e f` $(g $(h)) \\$i"), ["a $ x$ $ $ $ $i"]);
        assert_eq!(told("a \\\n  b\\\nc"), ["a bc"]);
        assert_eq!(told("cat <<EOF >x\napt install y\nEOF\nb <<-'E' c\n\tz\n\tE\nd <<<w e"), ["cat", "b c", "d e"]);
        assert_eq!(told("a 'open && b"), ["a open && b"]);
        assert_eq!(told(""), Vec::<String>::new());
    }

    #[test]
    fn programs() {
        let found = commands(&ShellText {
            text: "X=1 sudo -E /usr/bin/apt-get $Y; if ! apk add".into(),
            line: 1,
            shell: Vec::new(),
        });
        assert_eq!(found.iter().map(Command::name).collect::<Vec<_>>(), ["apt-get", "apk"]);
        assert_eq!(found[0].program()[0].span, Span::on_line(1, 13, 16));
    }

    #[test]
    fn hostile_text_ends() {
        for text in ["$(".repeat(200_000), "\"`".repeat(200_000), "<<a ".repeat(100_000), "${'".repeat(100_000)] {
            let _ = told(&text);
        }
    }
}
