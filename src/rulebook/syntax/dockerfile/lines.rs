//! The lines of a Dockerfile: parser directives, comments, and instructions that go on over several lines
//! (<https://docs.docker.com/reference/dockerfile/#format>).

use super::text::Text;
use crate::{model::finding::Span, rulebook::syntax::Fault};

/// A parser directive: `# escape=` and a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// `syntax`, `escape` or `check`.
    pub name: &'static str,
    pub value: String,
    pub span: Span,
}

/// A file that is being read line by line.
pub(super) struct Lines<'t> {
    lines: Vec<&'t str>,
    /// The next line, from 0.
    next: usize,
    pub escape: char,
    pub directives: Vec<Directive>,
    pub faults: Vec<Fault>,
}

/// One instruction with its continuation lines.
pub(super) struct Logical {
    pub text: Text,
    /// The lines of the file that it takes, from 0; the second is past the last.
    pub first: usize,
    pub end: usize,
}

/// What a line says about whether the next one belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    /// Up to that byte it is text, and the next line belongs to it.
    On(usize),
    /// The instruction ends with it.
    Off,
    /// It is empty or a comment, and counts for nothing in an instruction.
    Nothing,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let mut read = Self { lines, next: 0, escape: '\\', directives: Vec::new(), faults: Vec::new() };
        read.read_directives();
        read
    }

    /// Directives stand before everything else; anything that is none ends them
    /// (<https://docs.docker.com/reference/dockerfile/#parser-directives>).
    fn read_directives(&mut self) {
        let skip = usize::from(self.lines.first().is_some_and(|line| line.starts_with("#!")));
        for at in skip..self.lines.len() {
            let line = self.lines[at];
            let Some((name, value)) = directive(line) else { return };
            let span = Span::on_line(number(at), 1, columns(line));
            if self.directives.iter().any(|known| known.name == name) {
                self.faults.push(Fault::at(span, format!("the directive `{name}` stands twice")));
                continue;
            }
            if name == "escape" {
                match value {
                    "\\" | "`" => self.escape = value.chars().next().unwrap_or('\\'),
                    _ => self.faults.push(Fault::at(span, "`escape` is neither a backslash nor a backtick")),
                }
            }
            self.directives.push(Directive { name, value: value.to_owned(), span });
        }
    }

    /// What a line means for the next one.
    pub fn goes(&self, at: usize, is_first: bool) -> Goes {
        let Some(line) = self.lines.get(at) else { return Goes::Off };
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            return Goes::Nothing;
        }
        let content = if is_first { content } else { line };
        let trimmed = content.trim_end_matches([' ', '\t']);
        match trimmed.strip_suffix(self.escape) {
            // Two signs are the sign itself, and the line ends.
            Some(before) if !before.ends_with(self.escape) => Goes::On(line.len() - content.len() + before.len()),
            _ => Goes::Off,
        }
    }

    /// The next instruction.
    pub fn instruction(&mut self) -> Option<Logical> {
        while self.next < self.lines.len() && self.goes(self.next, true) == Goes::Nothing {
            self.next += 1;
        }
        let first = self.next;
        let mut text = Text::default();
        while let Some(line) = self.lines.get(self.next) {
            let is_first = self.next == first;
            let start = if is_first { line.len() - line.trim_start().len() } else { 0 };
            let column = columns(&line[..start]) + 1;
            let goes = self.goes(self.next, is_first);
            match goes {
                Goes::On(end) => text.push(&line[start..end], number(self.next), column),
                Goes::Off => text.push(&line[start..], number(self.next), column),
                Goes::Nothing => {}
            }
            self.next += 1;
            if goes == Goes::Off {
                break;
            }
        }
        (self.next > first).then_some(Logical { text, first, end: self.next })
    }

    /// The lines up to one that is `end` (after its tabs, if they are to be stripped), without that one; nothing where it does not come.
    pub fn body(&mut self, end: &str, strips_tabs: bool) -> Option<(usize, usize)> {
        let first = self.next;
        let is_end = |line: &&str| if strips_tabs { line.trim_start_matches('\t') == end } else { **line == *end };
        let length = self.lines[first..].iter().position(is_end);
        self.next = length.map_or(self.lines.len(), |length| first + length + 1);
        length.map(|length| (first, first + length))
    }

    /// A line, from 0.
    pub fn line(&self, at: usize) -> &'t str {
        self.lines.get(at).copied().unwrap_or_default()
    }

    /// The lines from one to before another, with their ends.
    pub fn text(&self, first: usize, end: usize) -> String {
        self.lines[first..end].iter().flat_map(|line| [*line, "\n"]).collect()
    }
}

/// The number of a line that is counted from 0 here.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX - 1).saturating_add(1)
}

/// How many characters a text has.
pub(super) fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX - 1)
}

fn directive(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let name = ["syntax", "escape", "check"].into_iter().find(|known| name.trim().eq_ignore_ascii_case(known))?;
    let value = value.trim();
    (!value.is_empty()).then_some((name, value))
}
