//! An answer in short words, for who reads what a step has found.

use super::keep;
use crate::runbook::condition::shown;
use serde_json::Value as Json;

/// Fields that are told; nobody reads more in a line.
const MOST: usize = 12;
/// Characters of one value.
const LONGEST_VALUE: usize = 80;
/// Entries of a list that are named.
const NAMED: usize = 4;

/// The fields of an answer and their values, without secrets; those without a value are named at the end, for nothing and unknown are not the
/// same and only who asked knows which it is.
pub fn found(answer: &Json) -> String {
    let fields = match keep::answer(answer) {
        Json::Object(fields) => fields,
        Json::Null => return "more than is kept".into(),
        other => return value(&other),
    };
    let (empty, told): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| is_empty(value));
    let mut words: Vec<String> = told.iter().take(MOST).map(|(name, of)| format!("{name} {}", value(of))).collect();
    if told.len() > MOST {
        words.push(format!("{} more", told.len() - MOST));
    }
    let empty: Vec<_> = empty.iter().take(MOST).map(|(name, _)| name.as_str()).collect();
    let told = words.join(", ");
    match (told.is_empty(), empty.is_empty()) {
        (_, true) => told,
        (true, false) => format!("nothing for {}", empty.join(", ")),
        (false, false) => format!("{told}; nothing for {}", empty.join(", ")),
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn value(value: &Json) -> String {
    let text = match value {
        Json::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let named: Vec<_> = items.iter().take(NAMED).map(shown).collect();
            let more = items.len().saturating_sub(NAMED);
            if more == 0 { named.join(" ") } else { format!("{} and {more} more", named.join(" ")) }
        }
        Json::Array(items) => items.len().to_string(),
        other => shown(other),
    };
    let mut short: String = text.chars().take(LONGEST_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_found_is_told_in_short_words() {
        assert_eq!(found(&json!({"total": 5, "ok": 5, "worst": null})), "ok 5, total 5; nothing for worst");
        assert_eq!(found(&json!({"passed_at": null, "days_ago": null})), "nothing for days_ago, passed_at");
        assert_eq!(found(&json!({"healthy": true})), "healthy true");
        assert_eq!(found(&json!({"names": ["a", "b"], "members": [{"a": 1}, {"a": 2}]})), "members 2, names a b");
        assert_eq!(found(&json!({"names": ["a", "b", "c", "d", "e", "f"]})), "names a b c d and 2 more");
        assert_eq!(found(&json!("plain")), "plain");
    }

    #[test]
    fn it_is_bounded_and_holds_no_secret() {
        let many: serde_json::Map<_, _> =
            (0..50).map(|at| (format!("field_{at:02}"), json!("x".repeat(1_000)))).collect();
        let words = found(&Json::Object(many));
        assert!(words.len() < 1_500 && words.ends_with("…, 38 more"), "{words}");
        assert_eq!(found(&json!(vec!["y".repeat(4_000); 20])), "more than is kept");
        let secret = found(&json!({"password": "hunter2", "line": "token=hunter2 ok"}));
        assert!(!secret.contains("hunter2"), "{secret}");
    }
}
