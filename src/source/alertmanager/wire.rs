//! Reads the answers of Alertmanager's API v2. What is missing or odd is unknown, and never a reason to lose the rest.

use crate::model::{
    Timestamp,
    alert::{Alert, AlertGroup, AlertState, Matcher, Member, Silence, SilenceState, severity},
    metric::Labels,
    redact,
};
use compact_str::{CompactString, ToCompactString, format_compact};
use serde_json::Value;

/// Longest text of an annotation that is kept, in characters.
const LONGEST: usize = 4_096;

/// Alerts of `/api/v2/alerts`, and how many entries are none.
pub fn alerts(place: &str, answer: &Value) -> Result<(Vec<Alert>, usize), String> {
    list(answer, |entry| alert(place, entry))
}

/// Groups of `/api/v2/alerts/groups`.
pub fn groups(answer: &Value) -> Result<(Vec<AlertGroup>, usize), String> {
    list(answer, |entry| {
        let alerts = entry.get("alerts").and_then(Value::as_array);
        Some(AlertGroup {
            labels: shown(labels(entry.get("labels"))),
            receiver: text(entry.pointer("/receiver/name")),
            alerts: alerts.into_iter().flatten().filter_map(|alert| fingerprint(alert.as_object()?)).collect(),
        })
        .filter(|_| entry.is_object())
    })
}

/// Silences of `/api/v2/silences`.
pub fn silences(answer: &Value) -> Result<(Vec<Silence>, usize), String> {
    list(answer, silence)
}

/// What `/api/v2/status` says of a member.
pub fn member(address: CompactString, answer: &Value) -> Member {
    let peers = answer.pointer("/cluster/peers").and_then(Value::as_array);
    Member {
        address,
        version: some(text(answer.pointer("/versionInfo/version"))),
        cluster: some(text(answer.pointer("/cluster/status"))),
        peers: peers.map(|peers| u32::try_from(peers.len()).unwrap_or(u32::MAX)),
        problem: None,
    }
}

fn list<T>(answer: &Value, read: impl Fn(&Value) -> Option<T>) -> Result<(Vec<T>, usize), String> {
    let entries = answer.as_array().ok_or("the answer is no list")?;
    let read: Vec<T> = entries.iter().filter_map(read).collect();
    let unread = entries.len() - read.len();
    Ok((read, unread))
}

fn alert(place: &str, entry: &Value) -> Option<Alert> {
    let fields = entry.as_object()?;
    let raw = labels(fields.get("labels"));
    let status = fields.get("status");
    let ids = |name: &str| names(status.and_then(|status| status.get(name)));
    Some(Alert {
        fingerprint: fingerprint(fields)?,
        place: place.into(),
        severity: severity(raw.get("severity").map(CompactString::as_str)),
        state: state(&text(status.and_then(|status| status.get("state")))),
        annotations: shown(labels(fields.get("annotations"))),
        starts_at: time(fields.get("startsAt")),
        ends_at: time(fields.get("endsAt")),
        updated_at: time(fields.get("updatedAt")),
        silenced_by: ids("silencedBy"),
        inhibited_by: ids("inhibitedBy"),
        muted_by: ids("mutedBy"),
        receivers: fields.get("receivers").and_then(Value::as_array).map_or_else(Vec::new, |all| {
            all.iter().map(|receiver| text(receiver.get("name"))).filter(|name| !name.is_empty()).collect()
        }),
        generator_url: some(text(fields.get("generatorURL"))).map(|url| redact::text(&url).to_compact_string()),
        labels: shown(raw),
    })
}

/// The identity that it comes with; else that of its labels, as Alertmanager counts it.
fn fingerprint(fields: &serde_json::Map<String, Value>) -> Option<CompactString> {
    some(text(fields.get("fingerprint"))).or_else(|| {
        let labels = labels(fields.get("labels"));
        (!labels.is_empty()).then(|| format_compact!("{:016x}", hash(&labels)))
    })
}

/// FNV-1a over names and values in the names' order, a byte 255 after each (`labelSetToFingerprint` in
/// <https://github.com/prometheus/common/blob/main/model/fnv.go> and `signature.go` beside it).
fn hash(labels: &Labels) -> u64 {
    let words = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = words.flat_map(|word| word.bytes().chain([255]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn state(word: &str) -> AlertState {
    match word {
        "active" => AlertState::Active,
        "suppressed" => AlertState::Suppressed,
        "unprocessed" => AlertState::Unprocessed,
        _ => AlertState::Unknown,
    }
}

fn silence(entry: &Value) -> Option<Silence> {
    let fields = entry.as_object()?;
    let all = fields.get("matchers").and_then(Value::as_array);
    Some(Silence {
        id: some(text(fields.get("id")))?,
        state: match text(entry.pointer("/status/state")).as_str() {
            "active" => SilenceState::Active,
            "pending" => SilenceState::Pending,
            "expired" => SilenceState::Expired,
            _ => SilenceState::Unknown,
        },
        matchers: all.into_iter().flatten().filter_map(matcher).collect(),
        starts_at: time(fields.get("startsAt")),
        ends_at: time(fields.get("endsAt")),
        updated_at: time(fields.get("updatedAt")),
        created_by: text(fields.get("createdBy")),
        comment: redact::text(&cut(&text(fields.get("comment")))).to_compact_string(),
    })
}

fn matcher(entry: &Value) -> Option<Matcher> {
    let truth = |name: &str| entry.get(name).and_then(Value::as_bool);
    Some(Matcher {
        name: some(text(entry.get("name")))?,
        value: text(entry.get("value")),
        is_regex: truth("isRegex").unwrap_or(false),
        is_equal: truth("isEqual").unwrap_or(true),
    })
}

/// A text; numbers and truths as they are written, anything else is none.
fn text(value: Option<&Value>) -> CompactString {
    match value {
        Some(Value::String(text)) => text.into(),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => other.to_compact_string(),
        _ => CompactString::default(),
    }
}

fn some(text: CompactString) -> Option<CompactString> {
    (!text.is_empty()).then_some(text)
}

fn names(value: Option<&Value>) -> Vec<CompactString> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(|entry| some(text(Some(entry)))).collect()
}

fn labels(value: Option<&Value>) -> Labels {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, value)| (name.into(), text(Some(value)))).collect()
}

/// Without secrets, and no longer than somebody reads.
fn shown(labels: Labels) -> Labels {
    let hide = |(name, value): (CompactString, CompactString)| {
        let hidden = redact::value(&name, &value);
        let value = cut(&hidden);
        (name, value)
    };
    labels.into_iter().map(hide).collect()
}

fn cut(text: &str) -> CompactString {
    match text.char_indices().nth(LONGEST) {
        None => text.into(),
        Some((end, _)) => format_compact!("{}…", &text[..end]),
    }
}

/// A time; Go's zero, the first day of the first year, is none.
fn time(value: Option<&Value>) -> Option<Timestamp> {
    let time: Timestamp = value?.as_str()?.parse().ok()?;
    let time = Timestamp::from_millisecond(time.as_millisecond()).ok()?;
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}
