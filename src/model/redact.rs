//! The one place where secrets are taken out of text from outside, before it is kept, shown or written: environments, command
//! lines, and whatever else may hold a password. It errs towards hiding.
//!
//! What has a shape or stands under a name is found by [`super::secrets`], as the rule book finds it; what one word of a text announces
//! for the next is in `words`, and what the flags of a program mean in `client`. All of them look at the text as it came, and whatever
//! one of them finds is hidden.

mod client;
#[cfg(test)]
mod tests;
mod words;

pub use super::secrets::{REDACTED, names::hides as is_secret_name};

use super::secrets;
use client::Flags;
use std::{borrow::Cow, ops::Range};

/// What was hidden may make a secret of what stands beside it, as `[redacted]` ends a word. So often is looked again; a text that still
/// changes then was made to deceive, and is hidden whole.
const ROUNDS: usize = 4;

/// What everybody may read.
const PUBLIC: &[&str] = &["-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----"];

/// The value of a variable: hidden whole where the name says so, otherwise as [`text`].
pub fn value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let is_hidden = !value.is_empty() && (is_secret_name(name) || secrets::is_named(name, value));
    if is_hidden { Cow::Borrowed(REDACTED) } else { text(value) }
}

/// A command line, argument by argument: `--password=…`, `--token …`, `-pSECRET` of the MySQL clients, `user:password` of
/// curl, also where `sudo` and the like stand before them, and everything that [`text`] finds.
pub fn arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let mut flags = Flags::default();
    let mut before: Option<&str> = None;
    let mut shown = Vec::new();
    for (at, argument) in arguments.into_iter().enumerate() {
        let of_client = flags.read(argument);
        let is_announced = before.is_some_and(|flag| is_secret_name(flag) || secrets::is_named(flag, argument));
        let hidden_from = if is_announced && !argument.starts_with("--") { Some(0) } else { of_client };
        let is_flag = at > 0 && argument.starts_with('-') && !argument.contains(['=', ' ']);
        before = (hidden_from.is_none() && is_flag).then_some(argument);
        let hidden = hidden_from.map(|from| Cow::Owned(format!("{}{REDACTED}", &argument[..from])));
        shown.push(hidden.unwrap_or_else(|| text(argument)));
    }
    shown
}

/// Free text: tokens of known shape, `name=value` and `"name": "value"` with a name that says secret, HTTP authorisation, the
/// password in a URL, and what [`arguments`] finds in a line for the shell are hidden. Borrows where nothing had to be. What comes out
/// comes out the same when it is put in again.
pub fn text(text: &str) -> Cow<'_, str> {
    hide(text, false)
}

/// The same, with as many lines as before: a secret over several lines leaves its line breaks.
pub fn lines(text: &str) -> Cow<'_, str> {
    hide(text, true)
}

fn hide(text: &str, keeps_lines: bool) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match once(&shown, keeps_lines) {
            Some(next) if *next != *shown => shown = Cow::Owned(next),
            _ => return shown,
        }
    }
    Cow::Owned(in_place_of(text, keeps_lines))
}

/// What stands where this was.
fn in_place_of(secret: &str, keeps_lines: bool) -> String {
    let breaks = if keeps_lines { secret.matches('\n').count() } else { 0 };
    REDACTED.to_owned() + &"\n".repeat(breaks)
}

/// A text without what is found in it as it stands; `None` where nothing is.
fn once(text: &str, keeps_lines: bool) -> Option<String> {
    // Most lines of logs end here.
    if !secrets::may_hold(text) {
        return None;
    }
    let mut hidden = secrets::hidden(text);
    words::find(text, &mut hidden);
    let hidden = merged(hidden);
    // Of a block that is neither a key that was found nor public nobody needs to read what stands around it either.
    let is_within = |at: usize| {
        let after = hidden.partition_point(|range| range.start <= at);
        after.checked_sub(1).is_some_and(|last| hidden[last].end > at)
    };
    let is_public = |at: usize| PUBLIC.iter().any(|label| text[at..].starts_with(label));
    if text.match_indices("-----BEGIN").any(|(at, _)| !is_within(at) && !is_public(at)) {
        return Some(in_place_of(text, keeps_lines));
    }
    if hidden.is_empty() {
        return None;
    }
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for range in hidden {
        shown.push_str(&text[copied..range.start]);
        shown.push_str(&in_place_of(&text[range.clone()], keeps_lines));
        copied = range.end;
    }
    shown.push_str(&text[copied..]);
    Some(shown)
}

/// The same stretches, in order, as such that do not touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
    ranges
}
