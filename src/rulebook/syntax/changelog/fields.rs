//! What an entry tells besides what was done: when, who, why, to what effect, by whose leave, and where the old thing is kept.

use crate::{
    model::Timestamp,
    rulebook::syntax::markdown::{Zone, times_in},
};
use regex::Regex;
use std::sync::LazyLock;

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// When, where it is given in UTC.
    pub at: Option<Timestamp>,
    /// The time as it is written, where it is not in UTC.
    pub local_time: Option<String>,
    pub who: Option<String>,
    pub why: Option<String>,
    pub impact: Option<String>,
    pub authorised_by: Option<String>,
    pub archive: Option<String>,
}

/// The labels by the name under which they are known here.
const LABELS: [(&str, &str); 7] = [
    ("who", r"who|by|author|actor|operator|owner|changed[ -]by|done[ -]by|user|person"),
    ("why", r"why|reason|rationale|because|motivation|justification"),
    ("impact", r"impact|effect|affected|affects|consequences?|risk"),
    ("authorised-by", r"authori[sz]ed[ -]by|authori[sz]ation|approved[ -]by"),
    ("archive", r"archived?(?:[ -](?:at|to|in|as|path|under))?|kept[ -](?:at|in|as)"),
    ("when", r"when|utc|timestamp|time|date|time \(utc\)|date \(utc\)|utc time|when \(utc\)"),
    ("what", r"what|change|changes|changed|description|summary|entry"),
];

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<&str> = LABELS.iter().map(|(_, names)| *names).collect();
    Regex::new(&format!(r"(?im)(?P<gap>^|[\s(;,.|\[—–-])(?P<name>{})[ \t]*[:=](?:[ \t]+|$)", names.join("|")))
        .expect("is an expression")
});

/// The name by which a label is known here: `why` for `Reason`.
pub fn label(text: &str) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
        let whole = |names: &str| Regex::new(&format!("(?i)^(?:{names})$")).expect("is an expression");
        LABELS.iter().map(|(label, names)| (*label, whole(names))).collect()
    });
    NAMES.iter().find(|(_, names)| names.is_match(text.trim())).map(|(label, _)| *label)
}

/// Whether a text begins with a label.
pub fn begins_with_label(text: &str) -> bool {
    LABEL.find(text).is_some_and(|found| found.start() == 0 && !text.starts_with(' '))
}

impl Fields {
    /// What a text tells.
    pub fn of(text: &str) -> Self {
        Self::of_lines(text, false)
    }

    /// The same, where it may be known that its times are UTC.
    pub fn of_lines(text: &str, is_utc: bool) -> Self {
        let mut fields = Self::default();
        let found: Vec<_> = LABEL.captures_iter(text).collect();
        for (at, label_found) in found.iter().enumerate() {
            let (Some(whole), Some(name)) = (label_found.get(0), label_found.name("name")) else { continue };
            let end = found.get(at + 1).and_then(|next| next.name("gap")).map_or(text.len(), |gap| gap.start());
            let value = value(&text[whole.end().min(end)..end]);
            fields.set(label(name.as_str()), value);
        }
        let times = times_in(text);
        let utc = times.iter().find(|time| time.at.is_some() && (time.zone == Zone::Utc));
        fields.at = utc.and_then(|time| time.at);
        let other = times.iter().find(|time| time.zone != Zone::Utc);
        if let (None, Some(other)) = (fields.at, other) {
            let written = &text[other.range.clone()];
            fields.at = if is_utc && other.zone == Zone::Unsaid {
                times_in(&format!("{written}Z")).first().and_then(|time| time.at)
            } else {
                None
            };
            fields.local_time = fields.at.is_none().then(|| written.to_owned());
        }
        let after = utc.or(other).map_or(0, |time| time.range.end);
        fields.who = fields.who.or_else(|| who(&text[after..], after > 0)).or_else(|| mentioned(text));
        fields
    }

    fn set(&mut self, label: Option<&str>, value: Option<String>) {
        let place = match label {
            Some("who") => &mut self.who,
            Some("why") => &mut self.why,
            Some("impact") => &mut self.impact,
            Some("authorised-by") => &mut self.authorised_by,
            Some("archive") => &mut self.archive,
            _ => return,
        };
        if place.is_none() {
            *place = value;
        }
    }
}

/// A value without what only separates it; nothing where it says nothing.
fn value(text: &str) -> Option<String> {
    let value =
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '|' | '(' | '[' | ']' | '—' | '–'));
    let value = value.trim_end_matches(['.', ')']).trim();
    let says_nothing =
        matches!(value.to_ascii_lowercase().as_str(), "" | "-" | "?" | "tbd" | "todo" | "fixme" | "xxx" | "…" | "...");
    (!says_nothing && !begins_with_label(value)).then(|| value.to_owned())
}

/// Who, by the place right after the time: `(ops-a)`, `[ops-a]`, `by ops-a`, `ops-a:`, `— ops-a —`.
fn who(after: &str, has_time: bool) -> Option<String> {
    static WHO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^[\]\s,;:|—–*-]*(?:\((?:by\s+)?(?P<a>[^()]{1,80})\)|\[(?:by\s+)?(?P<b>[^\[\]]{1,80})\]|by\s+(?P<c>@?[\w.@+-]*\w)
            |(?P<d>@?[\w.@+-]*\w)(?::\s|\s+[—–|-]\s|$))",
        )
        .expect("is an expression")
    });
    let found = if has_time { WHO.captures(after)? } else { return None };
    let name = ["a", "b", "c", "d"].into_iter().find_map(|group| found.name(group))?.as_str().trim();
    let is_name = name.chars().any(char::is_alphabetic) && label(name).is_none();
    is_name.then(|| name.to_owned())
}

/// Who, by a handle or an address anywhere: `@ops-a`, `a@example.org`.
fn mentioned(text: &str) -> Option<String> {
    static HANDLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|[\s(,;])((?:[\w.+-]+)?@[A-Za-z][\w.-]*\w)").expect("is an expression"));
    HANDLE.captures(text).and_then(|found| found.get(1)).map(|name| name.as_str().to_owned())
}
