//! The JSON that a webhook gets: a text of one's own with places for what is told, such as `{"title": "{{severity}}: {{summary}}"}`. It is read as
//! JSON first and filled in after, so that nothing that is told can change its form.

use super::Message;
use crate::model::{message::DETAILS, nearest::did_you_mean, text::clean_to};
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What can stand in a template; `details.NAME` besides.
const NAMES: [&str; 9] = ["event", "kind", "key", "at", "severity", "summary", "source", "link", "details"];

static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{\s*([^{}]*?)\s*\}\}").expect("is a pattern"));

/// A template that can be filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Value);

impl Default for Template {
    /// Everything that is told.
    fn default() -> Self {
        let all = NAMES.iter().map(|name| ((*name).to_owned(), Value::String(format!("{{{{{name}}}}}"))));
        Self(Value::Object(all.collect()))
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// That it is no JSON, or names what there is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("the template is no JSON: {error}"))?;
        check(&value)?;
        Ok(Self(value))
    }

    /// Fills it in.
    pub(super) fn fill(&self, message: &Message) -> Value {
        filled(&self.0, message)
    }
}

fn check(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => {
            for place in PLACE.captures_iter(text) {
                let name = &place[1];
                let (known, near) = match name.strip_prefix("details.") {
                    Some(detail) => (DETAILS.contains(&detail), did_you_mean(detail, DETAILS.iter().copied())),
                    None => (NAMES.contains(&name), did_you_mean(name, NAMES.iter().copied())),
                };
                if !known {
                    return Err(format!("the template names «{}», which there is not{near}", clean_to(name, 40)));
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(fields) => fields.values().try_for_each(check),
        _ => Ok(()),
    }
}

fn filled(value: &Value, message: &Message) -> Value {
    match value {
        Value::String(text) => match PLACE.captures(text).filter(|place| place[0].len() == text.len()) {
            // A place alone keeps its kind: details are an object, a link that is not there is null.
            Some(place) => told(&place[1], message),
            None => PLACE
                .replace_all(text, |place: &regex::Captures<'_>| match told(&place[1], message) {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                })
                .into_owned()
                .into(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, message)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), filled(value, message))).collect())
        }
        other => other.clone(),
    }
}

fn told(name: &str, message: &Message) -> Value {
    match name {
        "event" => message.event.as_str().into(),
        "kind" => message.kind.word().into(),
        "key" => message.key.as_str().into(),
        "at" => message.at.to_string().into(),
        "severity" => message.severity.word().into(),
        "summary" => message.summary.as_str().into(),
        "source" => message.source.as_str().into(),
        "link" => message.link.as_deref().into(),
        "details" => json!(message.details),
        other => {
            let detail = other.strip_prefix("details.").and_then(|name| message.details.get(name));
            // A detail that this message does not have is empty: whoever reads it expects a text.
            detail.map_or("", String::as_str).into()
        }
    }
}
