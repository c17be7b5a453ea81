//! What is not as it should be.

use super::{Timestamp, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// How bad a thing is. The order is from best to worst, so that `max` is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warn,
    /// Could not be judged; never shown as healthy.
    Unknown,
    Error,
    Critical,
}

impl Severity {
    /// The word that stands beside glyph and colour.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// A condition as a rule sees it at one moment, before it is known for how long it has held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The rule that found it (`mount-space`); with the object, its identity.
    pub rule: CompactString,
    pub severity: Severity,
    /// Word for the list's kind column: `disk`, `memory`, `source` …
    pub kind: CompactString,
    pub object: ObjectRef,
    /// Name to show for the object.
    pub name: CompactString,
    /// In words, with the observed value.
    pub cause: String,
    /// What to do, in words.
    pub next_step: String,
    /// How many like it this stands for.
    pub count: u32,
    /// When it began, where the rule itself knows; otherwise the first time that it was seen.
    pub since: Option<Timestamp>,
}

impl Condition {
    /// Kind and name, as sentences begin.
    pub fn subject(&self) -> String {
        subject(&self.kind, &self.name)
    }
}

/// Kind and name, as sentences begin; a name that says its kind itself (`memory`, `this host`) stands alone.
pub fn subject(kind: &str, name: &str) -> String {
    if name.rsplit(' ').next() == Some(kind) { name.to_owned() } else { format!("{kind} {name}") }
}

/// A row of the attention list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    #[serde(flatten)]
    pub condition: Condition,
    /// When it began.
    pub began: Timestamp,
    /// Objects of a grouped row; one otherwise.
    pub members: Vec<ObjectRef>,
}
