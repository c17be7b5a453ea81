//! The words of an instruction: split at blanks, quotes kept together; and the JSON form.

use std::ops::Range;

/// Splits a stretch of a text at blanks, outside of quotes. Quotes and escapes stay in the words.
pub(super) fn split(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let first = split_first(text, range.clone(), escape);
    std::iter::successors(first, |word| split_first(text, word.end..range.end, escape)).collect()
}

/// The first of these words.
pub(super) fn split_first(text: &str, range: Range<usize>, escape: char) -> Option<Range<usize>> {
    let stretch = &text[range.clone()];
    let start = range.start + (stretch.len() - stretch.trim_start().len());
    let length = word_length(&text[start..range.end], escape);
    (length > 0).then(|| start..start + length)
}

/// Bytes of the word that a text begins with.
fn word_length(text: &str, escape: char) -> usize {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return at,
            None if c == '\'' || c == '"' => quote = Some(c),
            None | Some('"') if c == escape => {
                chars.next();
            }
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// Splits a stretch of a text at blanks, and at nothing else.
pub(super) fn split_blanks(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let start = range.start;
    let stretch = &text[range];
    let offset = |word: &str| start + (word.as_ptr() as usize - stretch.as_ptr() as usize);
    stretch.split_whitespace().map(|word| offset(word)..offset(word) + word.len()).collect()
}

/// What was written where a JSON list may stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// A list of texts: what each says, and where it stands, quotes included.
    Texts(Vec<(String, Range<usize>)>),
    /// A list that holds something that is no text, which no builder takes.
    Other,
    /// No JSON: the shell form.
    No,
}

/// Reads a stretch of a text as a JSON list of texts.
pub(super) fn json(text: &str, range: Range<usize>) -> Json {
    let stretch = &text[range.clone()];
    if !stretch.trim_start().starts_with('[') {
        return Json::No;
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(stretch) {
        Ok(values) if values.iter().all(serde_json::Value::is_string) => {
            let texts = values.into_iter().filter_map(|value| value.as_str().map(str::to_owned));
            Json::Texts(texts.zip(strings(stretch, range.start)).collect())
        }
        Ok(_) => Json::Other,
        Err(_) => Json::No,
    }
}

/// Where the texts of a list stand that is known to be JSON and to hold nothing else.
fn strings(list: &str, start: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = None;
    let mut chars = list.char_indices();
    while let Some((at, c)) = chars.next() {
        match (open, c) {
            (None, '"') => open = Some(at),
            (Some(from), '"') => {
                found.push(start + from..start + at + 1);
                open = None;
            }
            (Some(_), '\\') => {
                chars.next();
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        split(text, 0..text.len(), '\\').into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words("  a='b c' \"d \\\" e\"f g\\ h "), ["a='b c'", "\"d \\\" e\"f", "g\\ h"]);
        assert_eq!(words("it's not closed"), ["it's not closed"]);
        assert_eq!(words(""), Vec::<&str>::new());
        assert_eq!(split_blanks("xx a  \"b c", 2..10), [3..4, 6..8, 9..10]);
    }

    #[test]
    fn json_or_not() {
        let text = r#"["a\"b", "c"]"#;
        assert_eq!(json(text, 0..text.len()), Json::Texts(vec![("a\"b".into(), 1..7), ("c".into(), 9..12)]));
        assert_eq!(json("['a']", 0..5), Json::No);
        assert_eq!(json("[1]", 0..3), Json::Other);
        assert_eq!(json("a", 0..1), Json::No);
        let deep = "[".repeat(100_000);
        assert_eq!(json(&deep, 0..deep.len()), Json::No);
    }
}
