//! Silences: what is known of them, and what is sent to make, change and end them.

use super::{Matcher, matcher::compile};
use crate::model::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A silence that Alertmanager holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub id: CompactString,
    pub state: SilenceState,
    pub matchers: Vec<Matcher>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub created_by: CompactString,
    pub comment: CompactString,
}

/// Whether a silence counts now. The order is that of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    Active,
    /// It begins later.
    Pending,
    /// A word that is not known.
    #[default]
    Unknown,
    Expired,
}

impl SilenceState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
        }
    }
}

impl Silence {
    /// Its matchers as people write them.
    pub fn text(&self) -> String {
        join(&self.matchers)
    }
}

pub(super) fn join(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A silence as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draft {
    /// The silence that is changed; `None` for a new one.
    pub id: Option<CompactString>,
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_by: CompactString,
    pub comment: CompactString,
}

/// What becomes of a silence that is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It keeps its identity.
    Same,
    /// The old one ends, and a new one with an identity of its own is made.
    New(&'static str),
}

impl Draft {
    /// Its matchers as people write them.
    pub fn text(&self) -> String {
        join(&self.matchers)
    }

    /// Checks what Alertmanager would refuse, and that somebody says why.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, now: Timestamp) -> Result<(), String> {
        let compiled = compile(&self.matchers)?;
        if self.matchers.iter().any(|matcher| matcher.name.trim().is_empty()) {
            return Err("a matcher has no label".into());
        }
        if compiled.iter().all(super::Compiled::matches_absence) {
            let none = if compiled.is_empty() {
                "there is no matcher"
            } else {
                "every matcher also fits a label that is not there"
            };
            return Err(format!("{none}: Alertmanager refuses a silence of everything; name a label and its value"));
        }
        if self.ends_at <= self.starts_at {
            return Err("it would end before it begins".into());
        }
        if self.ends_at <= now {
            return Err("its end lies in the past".into());
        }
        match (self.comment.trim(), self.created_by.trim()) {
            ("", _) => Err("say why: a silence without a comment is a riddle to the next".into()),
            (_, "") => Err("say who asks for it".into()),
            _ => Ok(()),
        }
    }

    /// The body of `POST /api/v2/silences`.
    pub fn body(&self) -> serde_json::Value {
        let mut body = serde_json::json!({
            "matchers": self.matchers,
            "startsAt": self.starts_at,
            "endsAt": self.ends_at,
            "createdBy": self.created_by,
            "comment": self.comment,
        });
        if let (Some(id), Some(fields)) = (&self.id, body.as_object_mut()) {
            fields.insert("id".into(), id.as_str().into());
        }
        body
    }

    /// What becomes of the old silence, by Alertmanager's own rule (`canUpdate` in
    /// <https://github.com/prometheus/alertmanager/blob/main/silence/silence.go>).
    pub fn edits(&self, old: &Silence, now: Timestamp) -> Edited {
        let sorted = |matchers: &[Matcher]| {
            let mut sorted = matchers.to_vec();
            sorted.sort();
            sorted
        };
        if sorted(&self.matchers) != sorted(&old.matchers) {
            return Edited::New("other matchers");
        }
        let ended = old.ends_at.is_some_and(|end| end <= now);
        let begun = old.starts_at.is_none_or(|start| start <= now);
        if ended || old.state == SilenceState::Expired {
            return Edited::New("the old one has ended");
        }
        if begun && old.starts_at.map(Timestamp::as_second) != Some(self.starts_at.as_second()) {
            return Edited::New("it has begun, and its begin would be another");
        }
        if !begun && self.starts_at < now {
            return Edited::New("it would have begun before now");
        }
        Edited::Same
    }
}
