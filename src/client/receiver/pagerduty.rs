//! The form of PagerDuty's Events API v2 (<https://developer.pagerduty.com/docs/send-alert-event>).

use super::{Kind, Message};
use crate::model::{attention::Severity, text::hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Characters of a summary.
const SUMMARY: usize = 1_024;
/// Bytes of a key; of a longer one a part, and its hash.
const KEY: usize = 255;

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Error => "error",
        // What cannot be judged is not harmless.
        Severity::Warn | Severity::Unknown => "warning",
        Severity::Info => "info",
    }
}

fn dedup_key(key: &str) -> String {
    if key.len() <= KEY {
        return key.to_owned();
    }
    let hash = hex(&Sha256::digest(key.as_bytes())[..16]);
    let head = &key[..key.floor_char_boundary(KEY - hash.len() - 1)];
    format!("{head}-{hash}")
}

pub(super) fn body(message: &Message, routing_key: &str) -> Value {
    let action = match message.kind {
        Kind::Raised => "trigger",
        Kind::Acknowledged => "acknowledge",
        Kind::Cleared => "resolve",
    };
    let mut body = json!({"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key(&message.key)});
    if message.kind != Kind::Raised {
        return body;
    }
    let source = if message.source.is_empty() { "flightdeck" } else { &message.source };
    let fields = body.as_object_mut().expect("made as an object");
    fields.insert("client".into(), "Flightdeck".into());
    fields.insert(
        "payload".into(),
        json!({
            "summary": message.summary.chars().take(SUMMARY).collect::<String>(),
            "source": source,
            "severity": severity(message.severity),
            "timestamp": message.at,
            "custom_details": message.details,
        }),
    );
    if let Some(link) = &message.link {
        fields.insert("links".into(), json!([{"href": link, "text": "more"}]));
    }
    body
}
