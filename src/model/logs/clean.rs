//! What a log line goes through before anything else sees it: decoding, escape sequences, control characters, secrets, level.
//!
//! A line is hostile: it can hold sequences that clear the screen, set the title, write the clipboard or ask the terminal for an
//! answer (CVE-2021-25743 and its kin). Colours are understood and kept apart from the text; of any other sequence a `�` is left.

use super::{Ink, InkColour, InkSpan, Level, json, level};
use crate::model::{redact, text};
use std::borrow::Cow;

/// Most bytes of a line that are kept.
pub const LONGEST: usize = 16 * 1_024;
/// Most bytes that a sequence may take; what is longer is no sequence.
const LONGEST_SEQUENCE: usize = 4_096;
/// Most colours of one line that are kept.
const MOST_INKS: usize = 64;
/// Lines that a block of key material may take; what is longer was not ended.
const KEY_LINES: u16 = 200;

/// A line that is fit to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaned {
    pub text: Box<str>,
    pub inks: Box<[InkSpan]>,
    pub level: Level,
    pub json: bool,
}

/// Cleans the lines of one origin, in their order: some say something about the next.
#[derive(Debug, Default)]
pub struct Cleaner {
    /// Lines of a private key that may still come.
    in_key: u16,
    last: Level,
}

impl Cleaner {
    /// Makes a line harmless, takes its secrets out and finds its level.
    pub fn line(&mut self, raw: &[u8]) -> Cleaned {
        self.beginning(raw, 0)
    }

    /// The same of the beginning of a line of which so many bytes more were not kept.
    pub fn beginning(&mut self, raw: &[u8], more: usize) -> Cleaned {
        let (raw, cut) = if raw.len() > LONGEST { (&raw[..LONGEST], raw.len() - LONGEST + more) } else { (raw, more) };
        let decoded = String::from_utf8_lossy(raw);
        let (text, mut inks) = neutralise(last_of_progress(&decoded));
        let mut text = match self.redacted(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(redacted) => {
                // Places have moved.
                inks.clear();
                Cow::Owned(redacted)
            }
        };
        let json = cut == 0 && json::looks_like_object(&text);
        let level = self.level(&text);
        if cut > 0 {
            text.to_mut().push_str(&format!("… [cut: {cut} bytes more]"));
        }
        Cleaned { text: text.into(), inks: inks.into(), level, json }
    }

    fn redacted<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.in_key > 0 {
            self.in_key = if text.contains("-----END") { 0 } else { self.in_key - 1 };
            return Cow::Owned(redact::REDACTED.into());
        }
        if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") && !text.contains("-----END") {
            self.in_key = KEY_LINES;
        }
        redact::text(text)
    }

    /// What stands in from the margin belongs to the line before it: a stack trace.
    fn level(&mut self, text: &str) -> Level {
        let goes_on = text.starts_with([' ', '\t']) || text.starts_with("Caused by:");
        let found = level::of_line(text);
        self.last = if found == Level::Unknown && goes_on { self.last } else { found };
        self.last
    }
}

/// The lines of an output, each fit to be shown in so many characters.
pub fn lines(output: &[u8], characters: usize) -> Vec<String> {
    let mut cleaner = Cleaner::default();
    let output = output.strip_suffix(b"\n").unwrap_or(output);
    let lines = output.split(|byte| *byte == b'\n').filter(|_| !output.is_empty());
    lines.map(|line| text::clean_to(&cleaner.line(line).text, characters).into_owned()).collect()
}

/// Of a line that was written over itself by carriage returns, what is left to be seen, with a `…` for what was before.
fn last_of_progress(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches(['\r', '\n']);
    match line.rfind('\r') {
        None => Cow::Borrowed(line),
        Some(at) => Cow::Owned(format!("…{}", &line[at + 1..])),
    }
}

/// Takes escape sequences and everything else that is dangerous out of a text.
fn neutralise(line: Cow<'_, str>) -> (Cow<'_, str>, Vec<InkSpan>) {
    if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return (line, Vec::new());
    }
    let mut clean = String::with_capacity(line.len());
    let mut inks = Vec::new();
    let mut ink = Ink::default();
    let mut rest: &str = &line;
    while let Some(c) = rest.chars().next() {
        let length = c.len_utf8();
        match c {
            '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => {
                let (took, sgr) = sequence(rest);
                match sgr {
                    Some(parameters) => {
                        ink = painted(ink, parameters);
                        note(&mut inks, clean.len(), ink);
                    }
                    None => clean.push('\u{fffd}'),
                }
                rest = &rest[took..];
                continue;
            }
            '\t' => {
                let columns = 8 - clean.chars().count() % 8;
                clean.extend(std::iter::repeat_n(' ', columns));
            }
            c if text::is_harmless(c) => clean.push(c),
            _ => clean.push('\u{fffd}'),
        }
        rest = &rest[length..];
    }
    (Cow::Owned(clean), inks)
}

fn note(inks: &mut Vec<InkSpan>, from: usize, ink: Ink) {
    let from = from as u32;
    if let Some(last) = inks.last_mut().filter(|last| last.from == from) {
        last.ink = ink;
    } else if inks.len() < MOST_INKS && (ink != Ink::default() || !inks.is_empty()) {
        inks.push(InkSpan { from, ink });
    }
}

/// Bytes that the sequence takes which begins here, and its parameters where it sets colours. What does not end as a sequence
/// must is one character, so that nothing hides behind it.
fn sequence(text: &str) -> (usize, Option<&str>) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let (kind, body) = match text.chars().next() {
        Some('\u{1b}') => match text[first..].chars().next() {
            Some(c @ ('[' | ']' | 'P' | 'X' | '^' | '_')) => (c, first + 1),
            Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
                let took = text[first + 1..].chars().next().filter(|c| ('\u{20}'..='\u{7e}').contains(c));
                return (first + 1 + took.map_or(0, char::len_utf8), None);
            }
            Some('\u{30}'..='\u{7e}') => return (first + 1, None),
            _ => return (first, None),
        },
        Some('\u{9b}') => ('[', first),
        Some('\u{9d}') => (']', first),
        _ => ('P', first),
    };
    let inside = &text[body..floor(text, (body + LONGEST_SEQUENCE).min(text.len()))];
    if kind == '[' {
        let length = inside.bytes().take_while(|byte| matches!(byte, 0x20..=0x3f)).count();
        return match inside.as_bytes().get(length) {
            Some(b'm') if inside[..length].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')) => {
                (body + length + 1, Some(&inside[..length]))
            }
            Some(0x40..=0x7e) => (body + length + 1, None),
            _ => (body, None),
        };
    }
    // A string: up to BEL, ESC \ or ST.
    let end = inside.char_indices().find_map(|(at, c)| match c {
        '\u{7}' | '\u{9c}' => Some(at + c.len_utf8()),
        '\u{1b}' if inside[at + 1..].starts_with('\\') => Some(at + 2),
        _ => None,
    });
    (end.map_or(body, |end| body + end), None)
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What the parameters of `ESC [ … m` make of the ink (ECMA-48, 8.3.117, and the 256 and 24-bit colours of ITU T.416).
fn painted(mut ink: Ink, parameters: &str) -> Ink {
    let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        match number {
            0 => ink = Ink::default(),
            1 => ink.bold = true,
            22 => ink.bold = false,
            30..=37 => ink.colour = InkColour::Indexed((number - 30) as u8),
            90..=97 => ink.colour = InkColour::Indexed((number - 90 + 8) as u8),
            39 => ink.colour = InkColour::Plain,
            38 | 48 | 58 => {
                let colour = match numbers.next() {
                    Some(5) => numbers.next().map(|index| InkColour::Indexed(index.min(255) as u8)),
                    Some(2) => {
                        let mut part = || numbers.next().map(|part| part.min(255) as u8);
                        part().zip(part()).zip(part()).map(|((r, g), b)| InkColour::Rgb(r, g, b))
                    }
                    _ => None,
                };
                if let (38, Some(colour)) = (number, colour) {
                    ink.colour = colour;
                }
            }
            _ => {}
        }
    }
    ink
}

#[cfg(test)]
#[path = "clean_tests.rs"]
mod tests;
