//! Names in texts.

use crate::rulebook::tree::{File, name_hash};

/// Whether a sign may be part of a name.
fn joins(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Where a name stands in a text as a word of its own: `web` in `the web.`, not in `webhook` or `my-web`. The offset in bytes.
pub fn word_at(text: &str, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    let is_word = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        // A full stop that goes on is part of the name: `web.internal`.
        let ends = match after.next() {
            Some('.') => !after.next().is_some_and(joins),
            Some(c) => !joins(c),
            None => true,
        };
        ends && !before.is_some_and(joins)
    };
    memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).find(is_word)
}

/// Whether a name stands in a text as a word of its own.
pub fn has_word(text: &str, name: &str) -> bool {
    word_at(text, name).is_some()
}

/// Whether a name stands in a file's text as a word of its own.
pub fn has_word_in(file: &File, name: &str) -> bool {
    // The first stretch of signs that may be part of a name is a whole one in the text too. Most texts are out by that.
    let first = name.split(|c| !joins(c)).find(|part| !part.is_empty());
    let may_be = |first: &str| file.kept(Words::of).0.binary_search(&(name_hash(first) as u32)).is_ok();
    first.is_none_or(may_be) && has_word(file.text(), name)
}

/// The words of a file, hashed and sorted.
struct Words(Vec<u32>);

impl Words {
    fn of(file: &File) -> Self {
        let words = file.text().split(|c| !joins(c)).filter(|word| !word.is_empty());
        let mut words: Vec<u32> = words.map(|word| name_hash(word) as u32).collect();
        words.sort_unstable();
        words.dedup();
        words.shrink_to_fit();
        Self(words)
    }
}

/// Whether a name fits a pattern: `*` stands for any text, `?` for one sign.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((after, taken)) = star else { return false };
                star = Some((after, taken + 1));
                (p, n) = (after, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        assert!(has_word("stop the web.", "web") && has_word("x/web/y", "web") && has_word("`web`", "web"));
        assert!(!has_word("webhook my-web web_2 web.internal", "web"));
        assert_eq!(word_at("webs web", "web"), Some(5));
        assert!(!has_word("anything", ""));
    }

    #[test]
    fn names_are_words_of_files() {
        let text = "stop the web. See /srv/my-app/x.y, `a.b` and Größe.";
        let tree = crate::rulebook::tree::Tree::of(&[("a.md", text)]);
        let file = tree.file("a.md").expect("is there");
        for name in [
            "web",
            "/srv",
            "/srv/my-app/x.y",
            "my-app",
            "app",
            "we",
            "a.b",
            "a",
            ".b",
            "Größe",
            "größe",
            "",
            "/",
            "srv/",
        ] {
            assert_eq!(has_word_in(file, name), has_word(text, name), "{name}");
        }
    }

    #[test]
    fn patterns_fit() {
        assert!(fits("mcp-*", "mcp-server") && fits("*", "") && fits("a?c", "abc") && fits("*a*b", "xaxb"));
        assert!(!fits("mcp-*", "my-mcp-x") && !fits("a", "ab") && !fits("", "a"));
    }
}
