//! Secrets in texts: which they are, by pattern and entropy. Nothing here ever gives a secret back. The rule book judges by [`find`] and
//! [`of_pair`]; what is shown or kept is redacted by [`super::redact`], which asks `hidden`.
//!
//! `kinds` is the table of what is known by its shape, `pem` and `urls` find what has a grammar, `pairs` what only its name
//! tells; `scan` goes over a text once for all of them, and `allowed` says what looks like a secret and is none.

mod allowed;
mod entropy;
pub mod kinds;
pub mod names;
mod pairs;
mod pem;
#[cfg(test)]
pub(crate) mod planted;
mod scan;
#[cfg(test)]
mod tests;
pub(super) mod urls;

use super::finding::Span;
use scan::{Found, scan};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";
/// The kind of what stands under the name of a password.
pub const PASSWORD: &str = "password";
/// The kind of what stands under the name of a key or a token.
pub const TOKEN: &str = "secret or token";

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub span: Span,
    /// What it seems to be: `AWS access key`, `private key`.
    pub kind: &'static str,
    /// Tells it from others of its kind: a piece of its SHA-256. `None` for what is short enough to be guessed from that.
    pub mark: Option<u32>,
    /// It stands in a test, in data of tests, or in what came from elsewhere; whoever knows the file says so.
    pub is_fixture: bool,
}

impl Secret {
    /// Whether its shape alone tells what it is, and that it is a real one: not only the name that it stands under, or its place in a URL.
    pub const fn is_sure(&self) -> bool {
        self.mark.is_some()
    }
}

/// How a text is gone over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// For findings: what is surely a secret.
    Judge,
    /// For those who read logs: whatever may be one.
    Hide,
}

/// Every secret of a text, by pattern and entropy, in the order of their places. What a person has marked with `flightdeck:allow` is
/// left out.
pub fn find(text: &str) -> Vec<Secret> {
    let mut place = Place { text, offset: 0, line: 1, column: 1 };
    scan(text, Mode::Judge).into_iter().map(|found| place.secret(&found)).collect()
}

/// What kind of secret a value is that stands under a name (`DB_PASSWORD` = `hunter2`); nothing for placeholders, references
/// (`${DB_PASSWORD}`, `/run/secrets/db`) and values that hide nothing.
pub fn of_pair(name: &str, value: &str) -> Option<&'static str> {
    let by_shape = scan(&format!("{name}={value}"), Mode::Judge);
    // A value's own shape says more than its name.
    let kind = by_shape.iter().map(|found| found.kind).find(|kind| ![PASSWORD, TOKEN].contains(kind));
    kind.or_else(|| {
        let by_name = if names::says(name) == names::Says::Password { PASSWORD } else { TOKEN };
        pairs::is_secret_setting(name, value).then_some(by_name)
    })
}

/// Whether anything stands in a text that `hidden`, or what [`super::redact`] does besides, could concern. Most lines of logs hold
/// nothing of the kind, and this is all that they cost.
pub fn may_hold(text: &str) -> bool {
    scan::has_keyword(text)
}

/// Whether a value has the shape of a kind that only the name tells under which it stands: a `DATADOG_KEY` of 32 digits.
pub(super) fn is_named(name: &str, value: &str) -> bool {
    scan::is_named(name, value)
}

/// Every stretch of a text that is a secret, or whatever else stands under the name of one. It errs towards hiding.
pub(super) fn hidden(text: &str) -> Vec<Range<usize>> {
    scan(text, Mode::Hide).into_iter().map(|found| found.range).collect()
}

/// A place in a text, which only goes forward: however long the lines are, each sign is counted once.
struct Place<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
    column: u32,
}

impl Place<'_> {
    fn secret(&mut self, found: &Found) -> Secret {
        let (line, column) = self.advance(found.range.start);
        let (end_line, end_column) = self.advance(found.range.end);
        let digest = Sha256::digest(self.text[found.range.clone()].as_bytes());
        let mark = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let span = Span { line, column, end_line, end_column };
        Secret { span, kind: found.kind, mark: found.is_strong.then_some(mark), is_fixture: false }
    }

    fn advance(&mut self, to: usize) -> (u32, u32) {
        let passed = &self.text[self.offset..to];
        let lines = memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match passed.rfind('\n') {
            Some(end) => self.column = chars(&passed[end + 1..]).saturating_add(1),
            None => self.column = self.column.saturating_add(chars(passed)),
        }
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.offset = to;
        (self.line, self.column)
    }
}
