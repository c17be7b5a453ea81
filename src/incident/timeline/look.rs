//! What of a timeline is looked at.

use super::Row;
use crate::model::text;
use compact_str::CompactString;
use std::collections::BTreeSet;

/// Kinds of the usual view.
pub const TURNS: &[&str] = &[
    "declared",
    "title",
    "severity",
    "status",
    "role",
    "update",
    "milestone",
    "operation",
    "deploy",
    "escalated",
    "merged",
    "resolved",
    "reopened",
];

/// Every kind, as filters offer them.
pub const KINDS: &[&str] = &[
    "declared",
    "title",
    "severity",
    "status",
    "role",
    "note",
    "update",
    "task",
    "milestone",
    "health",
    "rule",
    "deploy",
    "operation",
    "step",
    "approval",
    "escalated",
    "pin",
    "link",
    "attached",
    "merged",
    "resolved",
    "reopened",
    "account",
    "review",
    "erased",
    "checkpoint",
];

/// What of a timeline is looked at, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Everything, and not only what turned the incident.
    pub all: bool,
    /// Only these kinds; any where it is empty.
    pub kinds: BTreeSet<CompactString>,
    /// Only what somebody with this in the name did.
    pub actor: String,
    /// Only what is about an object with this in its name.
    pub object: String,
    /// Only what has this in its words.
    pub text: String,
    /// Each event by itself, however alike.
    pub unfolded: bool,
    pub newest_first: bool,
}

impl Look {
    pub(super) fn takes_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(kind)
    }

    pub(super) fn takes(&self, row: &Row) -> bool {
        let object = || row.object.as_ref().map_or_else(String::new, ToString::to_string);
        holds(&row.actor, &self.actor)
            && (self.object.is_empty() || holds(&object(), &self.object))
            && (self.text.is_empty() || holds(&row.text, &self.text) || holds(&text::clean(&object()), &self.text))
    }
}

/// Whether a text holds another, whatever the case.
fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || text.to_lowercase().contains(&part.to_lowercase())
}
