//! Variables in a word: `$NAME`, `${NAME}` and its forms with a modifier
//! (<https://docs.docker.com/reference/dockerfile/#environment-replacement>).

use super::UNKNOWN;
use std::ops::Range;

/// Bytes up to which a value is followed: variables that double each other have no end.
const LONGEST: usize = 8_192;
/// How deep `${A:-${B:-…}}` is followed.
const DEEPEST: usize = 16;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// It is set; parts of it may be unknown.
    Is(String),
    /// It has no value, unless whoever builds gives it one.
    Unset,
    /// It has one that is not in the file.
    Unknown,
}

/// How a text is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub escape: char,
    /// Quotes are signs like others: the text of a heredoc.
    pub keeps_quotes: bool,
}

/// A use of a variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub name: String,
    /// Bytes of the text, from the `$` on.
    pub range: Range<usize>,
    pub is_guarded: bool,
}

/// Expands a text: its value, [`UNKNOWN`] for what cannot be known, and the variables that it uses.
pub(super) fn expand(text: &str, reading: Reading, lookup: &dyn Fn(&str) -> Value) -> (String, Vec<Use>) {
    let mut expander = Expander { text, at: 0, reading, lookup, uses: Vec::new() };
    let value = expander.until(None, 0);
    let uses = expander.uses;
    (if value.len() > LONGEST { UNKNOWN.to_string() } else { value }, uses)
}

struct Expander<'t> {
    text: &'t str,
    /// The next byte.
    at: usize,
    reading: Reading,
    lookup: &'t dyn Fn(&str) -> Value,
    uses: Vec<Use>,
}

impl Expander<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The value up to a sign that ends it, which is taken too.
    fn until(&mut self, end: Option<char>, depth: usize) -> String {
        let mut value = String::new();
        let mut quote = None;
        while let Some(c) = self.peek() {
            let start = self.at;
            self.at += c.len_utf8();
            match (quote, c) {
                (None, c) if Some(c) == end => return value,
                (None, '\'' | '"') if !self.reading.keeps_quotes => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (Some('\''), c) => push(&mut value, c.encode_utf8(&mut [0; 4])),
                (_, c) if c == self.reading.escape => self.escaped(&mut value, quote.is_some()),
                (_, '$') => {
                    let part = self.variable(start, depth);
                    push(&mut value, &part);
                }
                // It would be taken for something unknown.
                (_, UNKNOWN) => push(&mut value, "\u{fffd}"),
                (_, c) => push(&mut value, c.encode_utf8(&mut [0; 4])),
            }
        }
        value
    }

    /// What stands behind an escape sign.
    fn escaped(&mut self, value: &mut String, is_quoted: bool) {
        let escape = self.reading.escape;
        let only_some = is_quoted || self.reading.keeps_quotes;
        match self.peek() {
            Some(c) if !only_some || c == '$' || c == escape || (c == '"' && is_quoted) => {
                self.take();
                push(value, c.encode_utf8(&mut [0; 4]));
            }
            _ => push(value, escape.encode_utf8(&mut [0; 4])),
        }
    }

    /// The value of the variable whose `$` was just taken.
    fn variable(&mut self, start: usize, depth: usize) -> String {
        let is_braced = self.peek() == Some('{');
        if is_braced {
            self.take();
        }
        let name = self.name();
        if name.is_empty() {
            // A `$` by itself; braces that hold no name are kept as they stand.
            return if is_braced { "${".to_owned() } else { "$".to_owned() };
        }
        if !is_braced {
            return self.plain(name, start);
        }
        match self.take() {
            Some('}') => self.plain(name, start),
            Some(sign @ (':' | '-' | '+' | '?')) => self.modified(name, start, sign, depth),
            // A pattern is cut off or replaced: what is left is not worked out.
            Some(_) => {
                self.skip(depth);
                self.used(name, start, false);
                UNKNOWN.to_string()
            }
            None => {
                self.used(name, start, false);
                UNKNOWN.to_string()
            }
        }
    }

    /// `NAME` or a single sign as in `$1`.
    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match rest.chars().next() {
            Some(c) if c.is_ascii_digit() => 1,
            Some(c) if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            _ => 0,
        };
        self.at += length;
        rest[..length].to_owned()
    }

    fn used(&mut self, name: String, start: usize, is_guarded: bool) {
        self.uses.push(Use { name, range: start..self.at, is_guarded });
    }

    fn plain(&mut self, name: String, start: usize) -> String {
        let value = match (self.lookup)(&name) {
            Value::Is(value) => value,
            Value::Unset | Value::Unknown => UNKNOWN.to_string(),
        };
        self.used(name, start, false);
        value
    }

    /// `${NAME:-word}` and its like; the first sign is taken.
    fn modified(&mut self, name: String, start: usize, sign: char, depth: usize) -> String {
        let counts_empty = sign == ':';
        let sign = if counts_empty { self.take() } else { Some(sign) };
        let at = self.uses.len();
        let word = self.inner(depth);
        let value = (self.lookup)(&name);
        let is_guarded = matches!(sign, Some('-' | '+' | '?'));
        self.uses.insert(at, Use { name, range: start..self.at, is_guarded });
        let is_set = match &value {
            Value::Is(value) => Some(!(counts_empty && value.is_empty())),
            Value::Unset => Some(false),
            Value::Unknown => None,
        };
        match (sign, is_set, value) {
            (Some('-'), Some(false), _) | (Some('+'), Some(true), _) => word,
            (Some('+'), Some(false), _) => String::new(),
            (Some('-' | '?'), Some(true), Value::Is(value)) => value,
            _ => UNKNOWN.to_string(),
        }
    }

    /// The word of a modifier, with its `}`.
    fn inner(&mut self, depth: usize) -> String {
        if depth < DEEPEST {
            return self.until(Some('}'), depth + 1);
        }
        self.at = self.text.len();
        UNKNOWN.to_string()
    }

    fn skip(&mut self, depth: usize) {
        self.inner(depth);
    }
}

/// Adds to a value, unless that has grown too long already.
fn push(value: &mut String, part: &str) {
    if value.len() <= LONGEST {
        value.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        let lookup = |name: &str| match name {
            "A" => Value::Is("a".into()),
            "EMPTY" => Value::Is(String::new()),
            "BIG" => Value::Is("x".repeat(5_000)),
            "FAR" => Value::Unknown,
            _ => Value::Unset,
        };
        expand(text, Reading { escape: '\\', keeps_quotes: false }, &lookup).0.replace(UNKNOWN, "¿")
    }

    #[test]
    fn values() {
        for (text, value) in [
            ("$A/${A}b", "a/ab"),
            ("'$A' \"$A\"", "$A a"),
            ("\\$A \"\\$A\" \\\\$A", "$A $A \\a"),
            ("${NO:-d} ${EMPTY:-d} ${EMPTY-d} ${A:-d} ${A-d} ${NO-d}", "d d  a a d"),
            ("${NO:+d}|${EMPTY:+d}|${EMPTY+d}|${A:+d}|${FAR:+d}", "||d|d|¿"),
            ("${NO:-${A:-x}/\"q\"}", "a/q"),
            ("${A:?msg} ${NO:?msg} ${FAR:-x}", "a ¿ ¿"),
            ("${A%x} ${A//a/b}!", "¿ ¿!"),
            ("$NO-$FAR", "¿-¿"),
            ("$ ${} $1 100%", "$ ${} ¿ 100%"),
            ("$BIG$BIG", "¿"),
            ("${A", "¿"),
        ] {
            assert_eq!(expanded(text), value, "{text}");
        }
    }

    #[test]
    fn uses_have_places() {
        let reading = Reading { escape: '\\', keeps_quotes: true };
        let (_, uses) = expand("'$A' ${B:-$C}", reading, &|_| Value::Unset);
        let seen: Vec<_> = uses.iter().map(|used| (used.name.as_str(), used.range.clone(), used.is_guarded)).collect();
        assert_eq!(seen, [("A", 1..3, false), ("B", 5..13, true), ("C", 10..12, false)]);
        assert!(expand(&"${A:-".repeat(50_000), reading, &|_| Value::Unset).0.len() < 10);
    }
}
