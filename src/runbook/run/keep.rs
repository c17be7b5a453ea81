//! What is kept of output: so much of it, and without secrets of a known shape. Secrets that were given are taken out by the house, which
//! alone knows them.

use crate::model::{redact, text::is_harmless};
use serde_json::Value as Json;

/// Characters of a text that are kept.
const LONGEST: usize = 4_096;
/// Bytes of an answer that are kept.
const LARGEST: usize = 64 << 10;

/// A text as it is written down.
pub fn text(text: &str) -> String {
    let shown = redact::text(text);
    let harmless = shown.chars().map(|c| if c == '\n' || c == '\t' || is_harmless(c) { c } else { '\u{fffd}' });
    let mut kept: String = harmless.take(LONGEST).collect();
    if shown.chars().nth(LONGEST).is_some() {
        kept.push('…');
    }
    kept
}

/// An answer as it is written down. One that is too large is not kept at all: a part of it could be taken for the whole.
pub fn answer(answer: &Json) -> Json {
    let kept = inner("", answer);
    if kept.to_string().len() > LARGEST { Json::Null } else { kept }
}

fn inner(name: &str, value: &Json) -> Json {
    match value {
        Json::String(plain) => Json::String(text(&redact::value(name, plain))),
        Json::Array(items) => Json::Array(items.iter().map(|item| inner(name, item)).collect()),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone(), inner(name, value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn output_is_cut_and_secrets_are_taken_out() {
        let kept = answer(&json!({ "stdout": "password=hunter2 ok", "token": "abc", "code": 1 }));
        assert!(!kept.to_string().contains("hunter2") && !kept.to_string().contains("abc"), "{kept}");
        assert_eq!(kept["code"], 1);
        assert_eq!(text(&"x".repeat(5_000)).chars().count(), LONGEST + 1);
        assert_eq!(text("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\n");
        assert_eq!(answer(&json!(vec!["y".repeat(4_000); 20])), Json::Null);
    }
}
