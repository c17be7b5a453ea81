//! A name with its value, however a format writes that: `NAME=value`, `"name": "value"`, `name := 'value'`, `--name value`,
//! `<name>value</name>`, `name: str = "value"`.

use super::{
    Mode, allowed,
    entropy::entropy,
    names::{self, Says},
};
use std::ops::Range;

/// Names are shorter.
const LONGEST_NAME: usize = 96;
/// Longer values are no secrets by name; what is hidden has no such end.
const LONGEST_VALUE: usize = 512;
/// How far the end of what is quoted is looked for.
const LONGEST_QUOTED: usize = 4096;

/// A name, and where its value is.
#[derive(Debug)]
pub struct Pair<'t> {
    pub name: &'t str,
    /// Where the name ends in the text.
    pub name_end: usize,
    pub value: Range<usize>,
    pub is_quoted: bool,
}

/// The pair in whose name there is a keyword at `at`. `mode` decides how far a name and a value reach; those that are to be hidden are
/// all that there are when hiding.
pub fn at(text: &str, at: usize, mode: Mode) -> Option<Pair<'_>> {
    let bytes = text.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_wide = |byte: &u8| {
        !(byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b'=' | b':' | b'\\' | b';' | b'&' | b'?' | b',' | b'{' | b'}'))
    };
    let reach = |bytes: &[u8]| match mode {
        Mode::Judge => bytes.iter().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count(),
        Mode::Hide => bytes.iter().take(LONGEST_NAME).take_while(|byte| is_wide(byte)).count(),
    };
    let name_end = text.floor_char_boundary(at + reach(&bytes[at..]));
    let back = bytes[..at].iter().rev().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count();
    let name = &text[at - back..name_end];
    let before = text[..at - back].chars().next_back();
    // `arn:aws:secretsmanager:…:secret:name` is no assignment.
    if mode == Mode::Judge && before == Some(':') {
        return None;
    }
    // What says where it comes from has none; and PASS is the verdict of a test.
    let is_verdict = name == "PASS" && text[name_end..].starts_with(':');
    let is_elsewhere = name.starts_with('-') && ["-stdin", "-file", "-env"].iter().any(|end| name.ends_with(end));
    let is_path = before == Some('/') && text[name_end..].starts_with(':');
    if mode == Mode::Judge && (is_verdict || is_elsewhere || is_path) {
        return None;
    }
    if mode == Mode::Hide && !names::hides(name) && !is_scheme(name) {
        return None;
    }
    let is_tag = before == Some('<');
    let is_announcing = name.starts_with('-') || (mode == Mode::Hide && is_scheme(name));
    let after = after_sign(text, name_end, is_announcing, is_tag, mode)?;
    let (value, is_quoted) = value(text, after, mode)?;
    Some(Pair { name, name_end, value, is_quoted })
}

/// The name of a way to authorise, after which what authorises follows.
pub fn is_scheme(name: &str) -> bool {
    matches!(name, "Bearer" | "bearer" | "Basic" | "basic")
}

/// Where the value begins: after the quote that ends the name, and what assigns.
fn after_sign(text: &str, name_end: usize, announces: bool, is_tag: bool, mode: Mode) -> Option<usize> {
    let rest = &text[name_end..];
    let closed = rest.trim_start_matches(['"', '\'', '`', ']', '\\']);
    // `"]` with a stroke before the quote; more is something else.
    let closed = if rest.len() - closed.len() <= 4 { closed } else { rest };
    let sign = skip_blanks(closed, mode);
    let had_blanks = sign.len() < closed.len();
    let value = if let Some(value) = sign.strip_prefix("=>").or_else(|| sign.strip_prefix(":=")) {
        value
    } else if sign.starts_with("==")
        || sign.starts_with("=~")
        || (sign.starts_with("::") && mode == Mode::Judge)
        || sign.starts_with("://")
    {
        return None;
    } else if let Some(value) = sign.strip_prefix(['=', ':']) {
        value
    } else if is_tag && sign.starts_with('>') {
        &sign[1..]
    } else if announces && had_blanks && !sign.starts_with('-') {
        sign
    } else {
        return None;
    };
    Some(text.len() - skip_blanks(value, mode).len())
}

/// `text` without the blanks that it begins with. Those who read logs must not see a value on the next line either.
fn skip_blanks(text: &str, mode: Mode) -> &str {
    let is_blank = |c: char| match mode {
        Mode::Judge => matches!(c, ' ' | '\t'),
        Mode::Hide => c.is_whitespace(),
    };
    let blanks = text.chars().take(64).take_while(|c| is_blank(*c)).map(char::len_utf8).sum();
    &text[blanks..]
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// The value that begins at `start`, without its quotes.
fn value(text: &str, start: usize, mode: Mode) -> Option<(Range<usize>, bool)> {
    let rest = &text[start..];
    let escape = usize::from(rest.starts_with('\\'));
    if rest.as_bytes().get(escape).copied().is_some_and(is_quote) {
        let from = escape + 1;
        if let Some(length) = quoted_length(&rest[from..], &rest[..from]) {
            let inner = &rest[from..from + length];
            return non_empty(start + from + scheme(inner)..start + from + length, true);
        }
        return if mode == Mode::Hide { bare(text, start + from, mode) } else { None };
    }
    let (range, is_quoted) = bare(text, start, mode)?;
    match after_type(text, &range) {
        // What was taken for the value is the type of it.
        Some(value_start) if mode == Mode::Judge => value(text, value_start, mode),
        _ => Some((range, is_quoted)),
    }
}

/// Where the value begins after a type: `str = "…"`.
fn after_type(text: &str, range: &Range<usize>) -> Option<usize> {
    let is_type = text[range.clone()].bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'&' | b'.'));
    let sign = skip_blanks(&text[range.end..], Mode::Judge);
    let value = skip_blanks(sign.strip_prefix('=').filter(|_| is_type)?, Mode::Judge);
    value.as_bytes().first().copied().is_some_and(is_quote).then(|| text.len() - value.len())
}

/// How long what is quoted is; `open` is the quote, with the stroke before it where quotes are escaped.
fn quoted_length(text: &str, open: &str) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST_QUOTED)];
    let quote = *open.as_bytes().last()?;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\n' => return None,
            b'\\' if open.len() > 1 && bytes.get(at + 1) == Some(&quote) => return Some(at),
            b'\\' if open.len() == 1 => at += 1,
            byte if byte == quote && open.len() == 1 => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A value without quotes.
fn bare(text: &str, start: usize, mode: Mode) -> Option<(Range<usize>, bool)> {
    let start = start + scheme(&text[start..]);
    let ends = |c: char| match mode {
        Mode::Judge => c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | ')' | ']' | '<' | '&' | '\\'),
        Mode::Hide => c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '&' | '{' | '}' | '\\'),
    };
    let rest = &text[start..];
    let rest = if mode == Mode::Judge { &rest[..rest.floor_char_boundary(LONGEST_VALUE + 1)] } else { rest };
    let length = rest.find(ends).unwrap_or(rest.len());
    non_empty(start..start + length, false)
}

fn non_empty(range: Range<usize>, is_quoted: bool) -> Option<(Range<usize>, bool)> {
    (!range.is_empty()).then_some((range, is_quoted))
}

/// The length of the word before an HTTP credential.
fn scheme(text: &str) -> usize {
    let word = ["bearer", "basic", "token", "negotiate"].iter().find(|word| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && text[word.len()..].starts_with(' ')
    });
    word.map_or(0, |word| word.len() + (text.len() - word.len() - text[word.len()..].trim_start_matches(' ').len()))
}

/// Whether a value in a text is a secret because of its name: it has to look like one too, because most of what is assigned in a text
/// to something that is called `token` is code.
pub fn is_secret(pair: &Pair<'_>, value: &str) -> bool {
    let says = names::says(pair.name);
    if says < Says::Token || value.len() > LONGEST_VALUE {
        return false;
    }
    let value = allowed::default_of(value);
    let has_code = || {
        value.contains(['(', '[', '{', '$', '|', '*']) || allowed::is_symbol(value) || allowed::is_typed_number(value)
    };
    let is_code = !pair.is_quoted && has_code();
    if is_code
        || value.contains(char::is_whitespace)
        || allowed::is_placeholder(value)
        || allowed::is_reference(value)
        || allowed::is_identifier(value)
        || (says == Says::Token && allowed::is_sequence(value))
    {
        return false;
    }
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_one_word = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match says {
        Says::Password => {
            let is_random = has_letter && (has_digit || value.contains(['!', '#', '%', '^', '+', '=', '~', '?']));
            value.len() >= 6
                && is_random
                && !allowed::is_technical(value)
                && (is_one_word || !allowed::is_wordy(value))
                && entropy(value) >= 2.0
        }
        _ => value.len() >= 12 && has_letter && has_digit && !allowed::is_wordy(value) && entropy(value) >= 3.0,
    }
}

/// Whether a value that a container or a process is given is a secret because of its name. There is no code here, so that almost any
/// value is.
pub fn is_secret_setting(name: &str, value: &str) -> bool {
    let value = allowed::default_of(value.trim());
    let lower = value.to_ascii_lowercase();
    let is_plain = matches!(
        lower.as_str(),
        "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "none"
            | "null"
            | "disabled"
            | "enabled"
            | "auto"
            | "default"
            | "required"
            | "optional"
    );
    if is_plain || allowed::is_placeholder(value) || allowed::is_reference(value) || lower.contains("://") {
        return false;
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match names::says(name) {
        Says::Nothing => false,
        Says::Maybe => value.len() >= 16 && !allowed::is_wordy(value) && entropy(value) >= 3.5,
        // `TLS_SECRET=wildcard-tls` names an object that holds one.
        Says::Token => {
            let is_object = value.contains(['-', '/']) && allowed::is_wordy(value);
            !(is_number || is_object || value.len() < 4 || allowed::is_technical(value))
        }
        Says::Password => !allowed::is_identifier(value) || value.starts_with("{sha"),
    }
}
