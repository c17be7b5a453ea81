//! The one place where text from outside is made harmless before it can reach a terminal, a file name or a log line.
//!
//! Dangerous are: C0 and C1 control characters (escape sequences begin with one), bidirectional controls (they reorder what
//! the eye reads: CVE-2021-42574), and zero-width characters (two names that look alike). Each becomes a visible stand-in, so
//! that nothing hides and nothing moves the cursor.

use std::{borrow::Cow, fmt::Write};

/// Whether `c` may stand in a cell of the screen as it is.
pub fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        ))
}

/// `text` with everything dangerous replaced: a tab or line break by a blank's stand-in `·`, anything else by `�`.
/// Borrows where nothing had to be replaced.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| match c {
                '\t' | '\n' | '\r' => '·',
                c if is_harmless(c) => c,
                _ => '\u{fffd}',
            })
            .collect(),
    )
}

/// [`clean`], and cut to at most `limit` characters with `…` in the last place. For anything whose length is not ours.
pub fn clean_to(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => clean(text),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            let mut cut = clean(&text[..end]).into_owned();
            cut.push('…');
            Cow::Owned(cut)
        }
    }
}

/// JSON with everything dangerous in its strings as `\u` escapes, so that it reads back exact. Outside of strings JSON holds no
/// such characters but line breaks, which stay.
pub fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_harmless(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_tricks_are_neutralised() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(clean("one\ntwo\tthree"), "one·two·three");
        assert_eq!(clean("ab\u{202e}cd\u{200b}"), "ab\u{fffd}cd\u{fffd}");
        assert_eq!(clean("\u{9b}31m"), "\u{fffd}31m");
        assert!(matches!(clean("plain ünï 漢字"), Cow::Borrowed(_)));
        assert_eq!(clean_to("abcdef", 4), "abc…");
        assert_eq!(clean_to("abcd", 4), "abcd");
        assert_eq!(clean_to("abcd", 0), "…");
    }

    proptest! {
        #[test]
        fn escaped_json_reads_back(texts in prop::collection::vec(any::<String>(), 0..5)) {
            let json = escaped_json(&serde_json::to_string_pretty(&texts).expect("writes"));
            prop_assert!(json.chars().all(|c| c == '\n' || is_harmless(c)));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).expect("is JSON"), texts);
        }

        #[test]
        fn nothing_dangerous_is_left(text in any::<String>()) {
            prop_assert!(clean(&text).chars().all(is_harmless));
            prop_assert!(clean_to(&text, 7).chars().count() <= 7);
        }
    }
}
