//! What is wrong in a runbook: where it is, and what to do.

use crate::model::finding::Level;
use std::{fmt, ops::Range};

/// Something that is wrong in a runbook. With one of [`Level::Error`] it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    pub file: String,
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in characters.
    pub column: usize,
    pub level: Level,
    /// What is wrong, and what to do.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.file, self.line, self.column, self.level.word(), self.text)
    }
}

/// A part of a runbook's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Head,
    Target,
    Variable(usize),
    Preflight(usize),
    Step(usize),
    Stop(usize),
    Fits(usize),
}

/// A runbook's text, and where its parts begin.
pub(super) struct Source<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
    /// In the order of the text.
    parts: Vec<(usize, Part)>,
    pub(super) faults: Vec<Fault>,
}

impl<'t> Source<'t> {
    pub(super) const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, parts: Vec::new(), faults: Vec::new() }
    }

    /// Notes where a part begins.
    pub(super) fn begins(&mut self, part: Part, at: usize) {
        let place = self.parts.partition_point(|(start, _)| *start <= at);
        self.parts.insert(place, (at, part));
    }

    /// The bytes of a part.
    fn range(&self, part: Part) -> Range<usize> {
        let at = self.parts.iter().position(|(_, other)| *other == part);
        let Some((start, _)) = at.and_then(|at| self.parts.get(at)) else { return 0..self.text.len() };
        let end = self.parts.iter().map(|(start, _)| *start).find(|other| other > start);
        *start..end.unwrap_or(self.text.len())
    }

    /// Notes a fault at a byte.
    pub(super) fn fault_at(&mut self, level: Level, at: usize, text: impl Into<String>) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        self.faults.push(Fault { file: self.file.into(), line, column, level, text: text.into() });
    }

    /// Notes a fault in a part: where `needle` stands in it, at its beginning otherwise.
    pub(super) fn fault(&mut self, level: Level, part: Part, needle: &str, text: impl Into<String>) {
        let range = self.range(part);
        let found = self.text.get(range.clone()).filter(|_| !needle.is_empty()).and_then(|within| within.find(needle));
        self.fault_at(level, range.start + found.unwrap_or(0), text);
    }

    /// Notes an error in a part.
    pub(super) fn error(&mut self, part: Part, needle: &str, text: impl Into<String>) {
        self.fault(Level::Error, part, needle, text);
    }

    /// Notes something that is likely a mistake, in a part.
    pub(super) fn warn(&mut self, part: Part, needle: &str, text: impl Into<String>) {
        self.fault(Level::Warn, part, needle, text);
    }

    /// Whether it cannot be used.
    pub(super) fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.level >= Level::Error)
    }
}
