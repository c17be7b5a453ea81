//! Lines of text that fit a terminal: widths as a terminal counts them, wrapping, and colour.

use crate::model::text::clean;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, filled up with blanks to `cells`.
pub(super) fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// Breaks a text, made harmless, into lines of at most `cells`, between words where it can be.
pub(super) fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(8);
    let text = clean(text);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let long = width(word);
        if used > 0 && used + 1 + long > cells {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if long <= cells {
            line.push_str(word);
            used += long;
            continue;
        }
        for c in word.chars() {
            let of = c.width().unwrap_or(0);
            if used + of > cells {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += of;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Sixteen colours at most, as every terminal has them (ECMA-48, SGR).
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub bool);

impl Paint {
    fn sgr(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    pub(super) fn level(self, level: crate::model::finding::Level, text: &str) -> String {
        use crate::model::finding::Level;
        let code = match level {
            Level::Block => "1;7;31",
            Level::Error => "1;31",
            Level::Warn => "1;33",
            Level::Info => "1;36",
        };
        self.sgr(code, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghijkl mn", 8), ["abcdefgh", "ijkl mn"]);
        assert_eq!(wrapped("漢字漢字漢字", 8), ["漢字漢字", "漢字"]);
        assert_eq!(wrapped("", 8), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in any::<String>(), cells in 8_usize..40) {
            let lines = wrapped(&text, cells);
            prop_assert!(lines.iter().all(|line| line.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>() <= cells));
            let joined: String = lines.concat().chars().filter(|c| !c.is_whitespace()).collect();
            let before: String = clean(&text).chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(joined, before, "nothing is lost");
        }
    }
}
