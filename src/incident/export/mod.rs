//! An incident for those who were not there, and for other programs: Markdown, JSON, and CloudEvents.
//!
//! Whatever goes out is redacted and made harmless here, though the journal did it before: records of others may be older than that.

pub mod cloudevents;
pub mod json;
pub mod markdown;

use super::{
    names::Names,
    record::Record,
    sentence::{Tone, one_line},
    state::Incident,
    timeline::{Look, Row, RowId, TURNS, ended_operations, rows},
};
use crate::model::redact;
use serde_json::Value;

/// The rows of a timeline that a document has: everything that belongs to the incident by itself, and of what was seen around it that
/// which may have to do with it.
pub fn told_rows(incident: &Incident, record: &Record<'_>, names: &Names) -> Vec<Row> {
    let look = Look { all: true, ..Look::default() };
    let mut rows = rows(incident, record, names, &look);
    let is_telling = |row: &Row| !matches!(row.tone, Tone::Plain) || TURNS.contains(&row.kind.as_str());
    let ended = ended_operations(&incident.seen(record), record);
    // What is told by another row need not have one: that an operation was begun, a milestone set, an entry pinned.
    let is_told = |row: &Row| match row.id {
        RowId::Milestone(_) => false,
        RowId::Event(event) => matches!(row.kind.as_str(), "milestone" | "pin") || ended.contains(&event),
    };
    rows.retain(|row| (row.own || is_telling(row)) && !is_told(row));
    rows
}

/// JSON with the secrets taken out of its strings, by the names of fields as well as by their shape.
pub fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact::text(&text).into_owned()),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            // It may be a command line, where one argument announces the next.
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            redact::arguments(words).into_iter().map(|word| Value::String(word.into_owned())).collect()
        }
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| {
                let value = match value {
                    Value::String(text) => Value::String(redact::value(&name, &text).into_owned()),
                    other => redacted(other),
                };
                (name, value)
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        other => other,
    }
}

/// A text from outside as it may stand anywhere in a line of Markdown: in one line, redacted, harmless, and meaning nothing to Markdown
/// (<https://spec.commonmark.org/0.31.2/#backslash-escapes>).
pub fn markdown_text(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let chars: Vec<char> = text.chars().collect();
    for (place, c) in chars.iter().enumerate() {
        let inside_word = || {
            let before = place.checked_sub(1).and_then(|before| chars.get(before));
            let after = chars.get(place + 1);
            before.is_some_and(|c| c.is_alphanumeric()) && after.is_some_and(|c| c.is_alphanumeric())
        };
        let escape = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => true,
            '_' => !inside_word(),
            '&' => chars.get(place + 1).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '#'),
            // What would begin or end a heading.
            '#' => place == 0 || chars[place - 1] == ' ' || chars[place - 1] == '#',
            // What would begin a list or a rule.
            '-' | '+' | '=' | ':' => place == 0,
            '.' | ')' => place > 0 && chars[..place].iter().all(char::is_ascii_digit),
            _ => false,
        };
        if escape {
            escaped.push('\\');
        }
        escaped.push(*c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::is_harmless;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    /// What Markdown makes of a text: its words, and whether anything in it meant more than words.
    fn read(markdown: &str) -> (String, bool) {
        let mut words = String::new();
        let mut means_more = false;
        // What GitHub and GitLab read.
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(text) => words.push_str(&text),
                Event::Start(tag) => {
                    let fine = matches!(
                        tag,
                        Tag::Paragraph
                            | Tag::Table(_)
                            | Tag::TableHead
                            | Tag::TableRow
                            | Tag::TableCell
                            | Tag::List(None)
                            | Tag::Item
                    );
                    means_more |= !fine && !matches!(tag, Tag::Heading { .. });
                }
                Event::End(_) => {}
                _ => means_more = true,
            }
        }
        (words, means_more)
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(markdown_text("shop/check_out-7d9f: 2/6 ready (OOM)"), "shop/check_out-7d9f: 2/6 ready (OOM)");
        assert_eq!(markdown_text("a | b"), "a \\| b");
        assert_eq!(markdown_text("1. not a list"), "1\\. not a list");
        assert_eq!(markdown_text("<script>"), "\\<script\\>");
        assert_eq!(markdown_text("C# and #7 ##"), "C# and \\#7 \\#\\#");
    }

    #[test]
    fn secrets_are_found_by_name_and_place() {
        let value = serde_json::json!({
            "password": "hunter2", "deep": [{"env": "API_KEY=abc"}], "argv": ["mysql", "--password", "hunter2"], "count": 3
        });
        let shown = redacted(value).to_string();
        assert!(!shown.contains("hunter2") && !shown.contains("abc\"") && shown.contains("\"count\":3"), "{shown}");
    }

    proptest! {
        #[test]
        fn a_text_means_nothing_to_markdown(text in "[ -~é\\n\u{1b}]{0,40}") {
            let plain = one_line(&text);
            for document in [
                format!("x {}\n", markdown_text(&text)),
                format!("- {}\n", markdown_text(&text)),
                format!("| a | b |\n| --- | --- |\n| x | {} |\n", markdown_text(&text)),
                format!("# {}\n", markdown_text(&text)),
            ] {
                let (words, means_more) = read(&document);
                prop_assert!(!means_more, "{document:?}");
                prop_assert!(words.ends_with(plain.trim()), "{document:?} gives {words:?}");
            }
            prop_assert!(markdown_text(&text).chars().all(is_harmless));
        }
    }
}
