//! Shell scripts: what the checks need to know of them, with the place of each. POSIX shell and bash are understood
//! (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>, <https://www.gnu.org/software/bash/manual/bash.html>).
//!
//! An own reader, and not the crate `brush-parser`: that one needs seconds for twenty nested brackets and overflows the stack on more.
//! This one reads each character a bounded number of times, and nests only so deep.

mod compound;
mod cursor;
mod options;
mod program;
mod read;
mod simple;
mod word;

#[cfg(test)]
mod tests;

use super::Fault;
use crate::model::finding::Span;
use compact_str::CompactString;
use std::ops::Range;

pub use options::{Setting, Switch};
pub use program::Program;

/// A script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    pub shebang: Option<Shebang>,
    pub dialect: Dialect,
    /// Every simple command in the order of the text, those inside of substitutions after the one that they stand in.
    pub commands: Vec<Command>,
    /// Pipelines of at least two stages: each stage the range of its commands.
    pub pipelines: Vec<Vec<Range<usize>>>,
    pub functions: Vec<Function>,
    pub cases: Vec<Case>,
    pub heredocs: Vec<Heredoc>,
    pub comments: Vec<Comment>,
}

/// The first line, where it names an interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shebang {
    pub span: Span,
    /// `bash` of `#!/usr/bin/env bash` and of `#!/bin/bash -e`.
    pub interpreter: String,
    pub arguments: Vec<String>,
}

/// Which shell reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Nothing says.
    #[default]
    Unsaid,
    /// `sh`, `dash`, `ash`: no `pipefail`, no arrays.
    Posix,
    Bash,
    Ksh,
    Zsh,
    /// No shell of this family (`fish`, `csh`): it is not read.
    Other,
}

/// A simple command: assignments, words, redirections; any of them may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub span: Span,
    /// The ones before the command, or the whole of it.
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
    pub place: Place,
}

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Its function, as an index into [`Script::functions`].
    pub function: Option<usize>,
    /// How many command substitutions it stands in.
    pub substitutions: u16,
    /// How many `( … )` it stands in.
    pub subshells: u16,
    /// How many branches and loops it stands in.
    pub branches: u16,
    /// Something depends on whether it succeeds: `||`, `&&`, a condition, `!`. Also where that holds for what it stands in.
    pub is_handled: bool,
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub span: Span,
    pub name: String,
    pub value: Word,
    /// `NAME=( … )`: the items; `value` is empty.
    pub items: Option<Vec<Word>>,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    pub span: Option<Span>,
    /// From which byte of the text to which it stands there.
    pub range: (u32, u32),
    /// Without quotes; expansions as they stand.
    pub bare: CompactString,
    pub expansions: Vec<Expansion>,
    /// Whether any of it is in quotes.
    pub is_quoted: bool,
    /// Whether `*`, `?`, `[` or `{…,…}` stands in it outside of quotes.
    pub has_pattern: bool,
}

/// Something in a word that is replaced by a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    pub span: Span,
    pub kind: Expands,
    /// In double quotes: its value stays one word.
    pub is_quoted: bool,
}

/// What is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expands {
    /// `$name`, `${name…}`; `sign` is what stands before the name (`#` for its length, `!` for an indirection), `operator` what follows
    /// it in the braces.
    Parameter { name: CompactString, sign: Option<char>, operator: CompactString },
    /// `$( … )` and backquotes.
    Command,
    /// `$(( … ))`.
    Arithmetic,
    /// `<( … )`, `>( … )`.
    Process,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `>`, `>>`, `<`, `<<<`, `&>` …
    pub operator: &'static str,
    pub target: Word,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Of its name.
    pub span: Span,
    /// Its commands.
    pub commands: Range<usize>,
}

/// A `case`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub word: Word,
    pub patterns: Vec<Word>,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    pub delimiter: String,
    /// A quoted delimiter: nothing in it is expanded.
    pub is_quoted: bool,
    pub text: String,
    /// Line of its first line.
    pub line: u32,
}

/// A comment, with its `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
    pub text: String,
}

/// Reads a text.
///
/// # Errors
/// What cannot be understood, with its place: a quote, a bracket or a block without an end, and what is nested too deep.
pub fn parse(text: &str) -> Result<Script, Fault> {
    parse_from(text, 1)
}

/// Reads a text whose first line is line `line` of its file.
///
/// # Errors
/// As [`parse`].
pub fn parse_from(text: &str, line: u32) -> Result<Script, Fault> {
    read::script(text, line)
}

impl Word {
    /// What it is, where that is known from the text: nothing in it is expanded.
    pub fn literal(&self) -> Option<&str> {
        (self.expansions.is_empty() && !self.has_pattern).then_some(self.bare.as_str())
    }

    /// As it stands in the text that was read.
    pub fn written<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.0 as usize..self.range.1 as usize).unwrap_or_default()
    }

    /// Whether it begins with this, quotes aside.
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.bare.starts_with(prefix)
    }

    /// Its place; the begin of the file for a word that is not there.
    pub fn place(&self) -> Span {
        self.span.unwrap_or(Span::on_line(1, 1, 1))
    }
}

impl Command {
    /// What it runs, looked for behind `sudo`, `env`, `exec` and the like. `None` where that is no plain word.
    pub fn program(&self) -> Option<Program<'_>> {
        program::of(&self.words)
    }

    /// The first word, where it is plain: `sudo` of `sudo rm`.
    pub fn name(&self) -> Option<&str> {
        self.words.first()?.literal()
    }
}

impl Script {
    /// Gives back the room for more: it is kept as long as the file is there.
    fn shrink(&mut self) {
        for command in &mut self.commands {
            command.assignments.shrink_to_fit();
            command.words.shrink_to_fit();
            command.redirects.shrink_to_fit();
            let assigned = command.assignments.iter_mut().flat_map(|one| {
                if let Some(items) = &mut one.items {
                    items.shrink_to_fit();
                }
                std::iter::once(&mut one.value).chain(one.items.iter_mut().flatten())
            });
            let targets = command.redirects.iter_mut().map(|redirect| &mut redirect.target);
            for word in command.words.iter_mut().chain(assigned).chain(targets) {
                word.expansions.shrink_to_fit();
            }
        }
        self.commands.shrink_to_fit();
        self.pipelines.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.cases.shrink_to_fit();
        self.comments.shrink_to_fit();
    }

    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Commands that run when the file does, or is sourced: those outside of functions.
    pub fn outside_functions(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(|command| command.place.function.is_none())
    }
}
