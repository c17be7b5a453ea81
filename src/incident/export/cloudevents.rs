//! Events of the journal as CloudEvents 1.0, one JSON object a line
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use super::redacted;
use crate::incident::{names::Names, record::Record, sentence::told, state::Incident};
use crate::model::{
    Timestamp,
    journal::{Body, Event},
    text,
};
use serde::Serialize;
use serde_json::{Value, json};

/// A CloudEvent with the attributes that we give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CloudEvent {
    pub specversion: &'static str,
    /// Identity of the event. With `source` it is unique.
    pub id: String,
    /// The writer: `urn:uuid:…`.
    pub source: String,
    /// `flightdeck.incident.note`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The incident's name; the object's where it belongs to no incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    pub datacontenttype: &'static str,
    /// When it was written down (the documented extension `recordedtime`).
    pub recordedtime: Timestamp,
    /// The writer's own count (the documented extension `sequence`).
    pub sequence: String,
    pub data: Value,
}

/// What stands before the kind in `type`.
pub const TYPE: &str = "flightdeck.incident.";

impl CloudEvent {
    /// An event as a CloudEvent, redacted. `body` is what is left of its body.
    pub fn of(event: &Event, body: Option<&Body>, names: &Names) -> Self {
        let header = &event.header;
        let subject = match header.incident {
            Some(incident) => Some(names.name(incident).map_or_else(|| incident.to_string(), ToString::to_string)),
            None => header.object.as_ref().map(ToString::to_string),
        };
        // The kind stands in the body too; what cannot be written as JSON is none of ours.
        let said = body.and_then(|body| serde_json::to_value(body).ok()).unwrap_or(Value::Null);
        let data = json!({
            "incident": header.incident,
            "kind": header.kind,
            "actor": header.actor,
            "object": header.object,
            "run": header.run,
            "step": header.step,
            "supersedes": header.supersedes,
            "idempotency": header.key,
            "clock": header.clock,
            "late_seconds": event.lateness_seconds().max(0.0),
            "previous": header.previous,
            "hash": header.hash,
            "erased": body.is_none(),
            "body": said,
            "text": told(header, body, names),
        });
        Self {
            specversion: "1.0",
            id: header.id.to_string(),
            source: format!("urn:uuid:{}", header.writer),
            kind: format!("{TYPE}{}", word(&header.kind)),
            subject: subject.map(|subject| text::clean(&subject).into_owned()).filter(|subject| !subject.is_empty()),
            time: header.occurred_at,
            datacontenttype: "application/json",
            recordedtime: header.recorded_at,
            sequence: format!("{:020}", header.sequence),
            data: redacted(data),
        }
    }
}

/// A kind as part of a type: kinds that are not ours may be called anything.
fn word(kind: &str) -> String {
    let word: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    if word.is_empty() { "unknown".into() } else { word }
}

/// Everything of an incident's timeline as JSON Lines, every version of every entry, in the order in which things happened.
pub fn jsonl(incident: &Incident, record: &Record<'_>, names: &Names) -> String {
    let entries = incident.seen(record).into_iter();
    let mut versions: Vec<_> = entries.flat_map(|entry| entry.versions().iter().copied()).collect();
    versions.sort_by_key(|version| (version.event.order(), version.event.header.id));
    let mut lines = String::new();
    for version in versions {
        let event = CloudEvent::of(version.event, version.body, names);
        // Strings and numbers are all there is in it.
        let Ok(line) = serde_json::to_string(&event) else { continue };
        lines.push_str(&text::escaped_json(&line));
        lines.push('\n');
    }
    lines
}

/// Why a JSON object is no CloudEvent 1.0, after
/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes>.
///
/// # Errors
/// What is wrong first.
pub fn validate(value: &Value) -> Result<(), String> {
    let fields = value.as_object().ok_or("it is no JSON object")?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    for required in ["specversion", "id", "source", "type"] {
        match fields.get(required).map(Value::as_str) {
            None => return Err(format!("the required attribute {required} is missing")),
            Some(Some(text)) if !text.is_empty() => {}
            Some(_) => return Err(format!("{required} has to be a string that is not empty")),
        }
    }
    if text("specversion") != Some("1.0") {
        return Err("specversion is not 1.0".into());
    }
    if !text("source").is_some_and(is_uri_reference) {
        return Err("source is no URI reference".into());
    }
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "data" | "data_base64")) {
        if name.is_empty() || !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            return Err(format!("{name:?} is no name of an attribute: lower-case letters and digits"));
        }
        if !(value.is_string() || value.is_boolean() || value.is_i64()) {
            return Err(format!("{name} has to be a string, a truth or an integer"));
        }
    }
    for name in ["subject", "datacontenttype", "dataschema"] {
        if fields.contains_key(name) && text(name).is_none_or(str::is_empty) {
            return Err(format!("{name} has to be a string that is not empty"));
        }
    }
    for name in ["time", "recordedtime"] {
        if fields.contains_key(name) && text(name).is_none_or(|at| at.parse::<Timestamp>().is_err()) {
            return Err(format!("{name} is no time after RFC 3339"));
        }
    }
    if fields.contains_key("data") && fields.contains_key("data_base64") {
        return Err("data and data_base64 are both there".into());
    }
    Ok(())
}

/// Whether a text has only the signs of a URI reference (RFC 3986, appendix A).
fn is_uri_reference(text: &str) -> bool {
    let is_sign = |c: u8| c.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&c);
    !text.is_empty() && text.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents,
        sample::{Story, golden, outage},
    };
    use proptest::prelude::*;

    fn lines(events: &[Event]) -> Vec<Value> {
        let record = Record::of(events);
        let incidents = Incidents::of(&record);
        let text = jsonl(&incidents.all()[0], &record, incidents.names());
        text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect()
    }

    #[test]
    fn every_line_is_a_cloud_event() {
        let lines = lines(&outage());
        assert!(lines.len() > 20);
        for line in &lines {
            assert_eq!(validate(line), Ok(()), "{line}");
        }
        golden("events.json", &(serde_json::to_string_pretty(&lines[..6]).expect("writes") + "\n"));
    }

    #[test]
    fn versions_erasures_and_secrets() {
        let mut story = Story::new();
        story.declared("02:00", "checkout down");
        let note = story.note("02:01", "ops-a", "tpyo");
        story.edits("02:02", "ops-a", note, Body::Note { text: "password=hunter2 \u{1b}[2J".into() });
        let secret = story.note("02:03", "ops-a", concat!("sk_live_", "0123456789abcdef"));
        story.says("02:04", "ops-a", Body::Erased { event: secret, reason: "a secret".into() });
        let lines = lines(&story.events());
        assert_eq!(lines.len(), 5);
        assert_eq!(
            lines[2]["data"]["body"]["text"], "password=[redacted] \u{1b}[2J",
            "it reads back exact, less the secret"
        );
        assert_eq!((&lines[3]["data"]["erased"], &lines[3]["data"]["body"]), (&Value::Bool(true), &Value::Null));
        assert_eq!(lines[1]["subject"], "INC-7");
    }

    #[test]
    fn what_is_none_is_told() {
        let good = json!({"specversion": "1.0", "id": "1", "source": "/x", "type": "t"});
        assert_eq!(validate(&good), Ok(()));
        let with = |name: &str, value: Value| {
            let mut event = good.clone();
            event[name] = value;
            validate(&event).expect_err("is wrong")
        };
        assert_eq!(with("id", json!("")), "id has to be a string that is not empty");
        assert_eq!(with("specversion", json!("0.3")), "specversion is not 1.0");
        assert_eq!(with("source", json!("a b")), "source is no URI reference");
        assert_eq!(with("time", json!("yesterday")), "time is no time after RFC 3339");
        assert_eq!(
            with("recorded_at", json!("x")),
            "\"recorded_at\" is no name of an attribute: lower-case letters and digits"
        );
        assert_eq!(with("extra", json!({})), "extra has to be a string, a truth or an integer");
        assert_eq!(with("subject", json!("")), "subject has to be a string that is not empty");
        assert_eq!(validate(&json!({"id": "1"})), Err("the required attribute specversion is missing".into()));
        assert_eq!(validate(&json!([])), Err("it is no JSON object".into()));
    }

    proptest! {
        #[test]
        fn kinds_of_others_make_valid_types(kind in any::<String>(), who in any::<String>()) {
            let mut story = Story::new();
            story.says("02:00", &who, Body::Other(json!({"kind": kind})));
            let event = story.last();
            let written = CloudEvent::of(event, event.body.as_ref(), &Names::default());
            prop_assert_eq!(validate(&serde_json::to_value(written).expect("writes")), Ok(()));
        }
    }
}
