//! The words of a text, one after the other: what one announces for the next, as `Bearer`, `--token` and `password:` do, and what the
//! flags of a program mean. What is known by its shape is found elsewhere.

use super::{super::secrets::urls::Stretch, client::Flags, is_secret_name};
use std::ops::Range;

/// Ways to authorise, as they stand before what authorises.
const SCHEMES: &[&str] = &["bearer", "basic", "negotiate", "digest"];

/// Adds the stretches of a text that hold secrets.
pub(super) fn find(text: &str, hidden: &mut Vec<Range<usize>>) {
    let mut seen = 0;
    let mut is_announced = false;
    let mut flags = Flags::default();
    for (start, end) in words(text) {
        // An argument that is hidden may hold several words.
        if start < seen {
            continue;
        }
        if let Some(from) = flags.read(&text[start..end_of_flag(text, start, end)]) {
            (seen, is_announced) = (end_of_argument(text, start, end), false);
            hidden.push(start + from..seen);
            continue;
        }
        match Word::read(&text[start..end], is_announced) {
            Word::Plain => is_announced = false,
            Word::Announces => is_announced = true,
            Word::Still => {}
            Word::Secret(range) => {
                is_announced = false;
                hidden.push(start + range.start..start + range.end);
                seen = end;
            }
        }
    }
}

/// The end of a word that is a flag, with the quote that opens its value: `-p'`.
fn end_of_flag(text: &str, start: usize, end: usize) -> usize {
    if text[start..end].starts_with('-') && opens_quote(&text[end..]) { end + 1 } else { end }
}

/// Whether a text begins with a quote that more of the same argument follows.
fn opens_quote(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_quote) && chars.next().is_some_and(|c| !c.is_whitespace() && !ends_command(c))
}

fn ends_command(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | ')')
}

/// Where the argument of a shell line ends that begins at `start`, and whose first word ends at `end`.
fn end_of_argument(text: &str, start: usize, end: usize) -> usize {
    let before = text[..start].chars().next_back().filter(|c| is_quote(*c));
    if let Some(length) = before.and_then(|quote| text[start..].find(quote)) {
        return (start + length).max(end);
    }
    let mut quote = None;
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if is_quote(c) && opens_quote(&text[start + at..]) => quote = Some(c),
            None if c == '\\' && !text[start + at + 1..].starts_with(is_quote) => {
                chars.next();
            }
            None if c.is_whitespace() || is_quote(c) || c == '\\' || ends_command(c) => return (start + at).max(end),
            None => {}
        }
    }
    text.len()
}

/// What one word of a text is.
enum Word {
    Plain,
    /// A secret follows: `password:`, `Bearer`.
    Announces,
    /// What stands between an announcement and the secret.
    Still,
    /// This stretch of it is one.
    Secret(Range<usize>),
}

impl Word {
    fn read(word: &str, hide: bool) -> Self {
        if matches!(word, ":" | "=" | "Bearer" | "bearer" | "Basic" | "basic") {
            return if word.len() > 1 {
                Self::Announces
            } else if hide {
                Self::Still
            } else {
                Self::Plain
            };
        }
        // `Authorization: BEARER …`: what authorises comes after it.
        if hide && SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
            return Self::Announces;
        }
        if hide && !word.starts_with("--") {
            return Self::Secret(0..word.len());
        }
        if word.starts_with('-') && !word.contains(['=', ':']) && is_secret_name(word) {
            return Self::Announces;
        }
        match Self::pair(word) {
            Self::Plain => password_of_url(word).map_or(Self::Plain, Self::Secret),
            found => found,
        }
    }

    /// A word with `name=value` or `name: value` somewhere in it: `-ePASSWORD=x`, `--header=X-Api-Key:x`.
    fn pair(word: &str) -> Self {
        let mut start = 0;
        for (at, _) in word.match_indices(['=', ':']).filter(|(at, _)| !word[*at..].starts_with("://")) {
            let (name, value) = (&word[start..at], &word[at + 1..]);
            if is_secret_name(name) {
                return if value.is_empty() { Self::Announces } else { Self::Secret(at + 1..word.len()) };
            }
            start = at + 1;
        }
        Self::Plain
    }
}

/// Start and end of each word: what stands between blanks, quotes, and the separators of queries and lists. A secret's name and
/// the `:` after it count as one word, and so does a URL up to the `@` after its password, whatever is in that.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let (mut at, mut end) = (0, 0);
    let mut stretch = Stretch::default();
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c: char| !is_separator(c))?;
        if start >= end {
            end = text[start..].find(is_separator).map_or(text.len(), |length| start + length);
        }
        at = end_of_password(text, start, end, &mut stretch).or_else(|| end_of_name(text, start, end)).unwrap_or(end);
        Some((start, at))
    })
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || is_quote(c) || matches!(c, '\\' | ';' | '&' | '?' | ',' | '{' | '}')
}

/// Where `"password" :` ends.
fn end_of_name(text: &str, start: usize, end: usize) -> Option<usize> {
    let after = text[end..].trim_start_matches(|c| is_quote(c) || c == '\\').trim_start();
    let is_name = after.len() < text.len() - end && after.starts_with([':', '=']) && is_secret_name(&text[start..end]);
    is_name.then(|| text.len() - after.len() + 1)
}

/// Where `scheme://user:password@` ends.
fn end_of_password(text: &str, start: usize, end: usize, stretch: &mut Stretch) -> Option<usize> {
    let from = start + text[start..end].find("://")? + 3;
    let rest = &text[from..stretch.end(text, from)];
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    // A password may hold a `/` that should have been escaped: the last `@` of all ends it, then.
    let at = authority.rfind('@').or_else(|| stretch.last_at(from))?;
    rest[..at].contains(':').then_some(from + at + 1)
}

/// The password of `scheme://user:password@`; `None` where there is none.
fn password_of_url(word: &str) -> Option<Range<usize>> {
    let start = word.find("://")? + 3;
    let at = word[start..].rfind('@')?;
    let colon = word[start..][..at].find(':')?;
    (colon + 1 < at).then_some(start + colon + 1..start + at)
}
