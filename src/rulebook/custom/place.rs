//! Places in rule files: from bytes to lines and columns, and from a byte of a TOML string's value to the byte of the file.

use crate::model::finding::Span;
use std::ops::Range;

/// The stretch of a text between two bytes, as lines and columns.
pub fn span(text: &str, bytes: Range<usize>) -> Span {
    let (line, column) = position(text, bytes.start);
    let (end_line, end_column) = position(text, bytes.end.max(bytes.start));
    Span { line, column, end_line, end_column }
}

fn position(text: &str, byte: usize) -> (u32, u32) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// The byte of the file at which a byte of a string's value is written. `written` is where the string stands, with its quotation marks
/// (<https://toml.io/en/v1.0.0#string>).
pub fn in_string(text: &str, written: Range<usize>, offset: usize) -> usize {
    let Some(raw) = text.get(written.clone()) else { return written.start };
    let is_multiline = raw.starts_with("\"\"\"") || raw.starts_with("'''");
    let is_literal = raw.starts_with('\'');
    let mut at = if is_multiline { 3 } else { 1 };
    if is_multiline {
        // The line break right after the marks is not part of the value.
        let rest = &raw[at.min(raw.len())..];
        at += rest.strip_prefix("\r\n").map_or(usize::from(rest.starts_with('\n')), |_| 2);
    }
    let mut value = 0;
    while let Some(c) = raw.get(at..).and_then(|rest| rest.chars().next()) {
        let (read, gives) = match c {
            '\\' if !is_literal => escape(&raw[at..]),
            // A CR LF may be given as LF.
            '\r' => (1, 0),
            c => (c.len_utf8(), c.len_utf8()),
        };
        // What gives nothing is passed over also at the very place.
        if value >= offset && gives > 0 {
            break;
        }
        at += read;
        value += gives;
    }
    (written.start + at).min(written.end)
}

/// How many bytes an escape takes, and how many it gives.
fn escape(raw: &str) -> (usize, usize) {
    let Some(sign) = raw[1..].chars().next() else { return (1, 1) };
    let digits = match sign {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // A backslash at the end of a line takes all blanks that follow.
        _ if sign.is_whitespace() => {
            let blanks = raw[1..].len() - raw[1..].trim_start().len();
            return (1 + blanks, 0);
        }
        _ => return (1 + sign.len_utf8(), 1),
    };
    let code = raw.get(2..2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the sign `#` of a string's value is written.
    fn found(written: &str) -> usize {
        let text = format!("a = {written}");
        let table: toml::Table = text.parse().expect("is TOML");
        let value = table["a"].as_str().expect("a text").find('#').expect("is there");
        in_string(&text, 4..text.len(), value) - 4
    }

    #[test]
    fn strings_of_every_form() {
        for written in [
            "'ab#c'",
            "\"ab#c\"",
            "\"\\t\\u00e4\\U0001F600\\\"#\"",
            "\"\"\"\nab\n  #\"\"\"",
            "\"\"\"ab\\\n   #\"\"\"",
            "'''\n'a' \\ ü#'''",
            "'''\r\nab#'''",
        ] {
            assert_eq!(found(written), written.find('#').expect("is there"), "{written}");
        }
        assert_eq!(in_string("a = 'x'", 4..7, 99), 7);
        assert_eq!(in_string("a", 4..7, 0), 4);
    }

    #[test]
    fn lines_and_columns_in_characters() {
        let place = span("äb\ncd", 4..6);
        assert_eq!((place.line, place.column, place.end_line, place.end_column), (2, 1, 2, 3));
        assert_eq!(span("äb", 1..99).column, 1);
        assert_eq!(span("", 5..5).line, 1);
    }
}
