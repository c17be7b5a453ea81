//! The form of Slack's incoming webhooks, as far as those take it that imitate them.

use super::{Kind, Message};
use crate::model::attention::Severity;
use serde_json::{Value, json};

/// Characters of a text that Slack takes before it cuts.
const LONGEST: usize = 3_000;

/// `&`, `<` and `>` are how Slack writes links and mentions: nobody is called by a label's value
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
fn escaped(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const fn colour(message: &Message) -> &'static str {
    match (message.kind, message.severity) {
        (Kind::Cleared, _) => "good",
        (_, Severity::Critical | Severity::Error) => "danger",
        _ => "warning",
    }
}

pub(super) fn body(message: &Message) -> Value {
    let word = match message.kind {
        Kind::Raised => message.severity.word(),
        other => other.word(),
    };
    let text = format!("[{word}] {}", escaped(&message.summary));
    let field = |(name, value): (&String, &String)| json!({"title": escaped(name), "value": escaped(value), "short": value.chars().count() < 40});
    let mut fields: Vec<_> = message.details.iter().map(field).collect();
    fields.insert(0, json!({"title": "source", "value": escaped(&message.source), "short": true}));
    let mut attachment = json!({
        "fallback": text,
        "color": colour(message),
        "fields": fields,
        "ts": message.at.as_second(),
    });
    if let (Some(link), Some(object)) = (&message.link, attachment.as_object_mut()) {
        object.insert("title".into(), "more".into());
        object.insert("title_link".into(), link.as_str().into());
    }
    json!({"text": text, "attachments": [attachment]})
}
