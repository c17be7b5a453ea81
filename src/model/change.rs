//! What changed: the rows of the time column.

use super::{Timestamp, attention::Severity, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What sort of change it was; chooses the glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Something went wrong, or worse.
    Problem,
    /// It is over.
    Cleared,
    /// Something observed that is neither good nor bad: a reboot, a mount that came or went.
    Observed,
    /// Somebody did something through the gate.
    Operation,
    /// Another image or template was rolled out.
    Deploy,
    /// A container was started again.
    Restart,
    /// A process or container was killed for want of memory.
    Oom,
    /// A node's condition changed: ready or not, cordoned, under pressure.
    Node,
    /// A GPU's driver told of an error.
    Xid,
}

/// One row of the time column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub kind: ChangeKind,
    pub severity: Severity,
    pub object: ObjectRef,
    pub text: String,
    /// What programs need to know of it beside the words.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

/// What is known of a change as data, so that two cockpits which see the same one know it for the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What the object is one of: the workload of a pod, the service of a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ObjectRef>,
    /// What tells this change of the object from its others, and is the same for whoever looks: the count of restarts, the revision, the
    /// identity of the image, the time that the API gives. Empty where there is no such thing.
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub mark: CompactString,
    /// The check of the attention list that says it too; empty for what was only observed.
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub check: CompactString,
    /// What it was before: an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Facts {
    /// Whether nothing is known beside the words.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Change {
    /// A change of which the words are all that is known.
    pub fn new(
        at: Timestamp,
        kind: ChangeKind,
        severity: Severity,
        object: ObjectRef,
        text: impl Into<String>,
    ) -> Self {
        Self { at, kind, severity, object, text: text.into(), facts: Facts::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::object::ObjectKind;

    #[test]
    fn changes_of_earlier_recordings_are_read() {
        let text = r#"{"at":"2026-11-23T02:14:07Z","kind":"observed","severity":"info",
            "object":{"kind":"mount","id":"/data"},"text":"/data mounted"}"#;
        let change: Change = serde_json::from_str(text).expect("reads");
        let object = ObjectRef::new(ObjectKind::Mount, "/data");
        assert_eq!(change, Change::new(change.at, ChangeKind::Observed, Severity::Info, object, "/data mounted"));
        let written = serde_json::to_string(&change).expect("writes");
        assert!(!written.contains("facts"), "what is not known is not written: {written}");
    }

    #[test]
    fn facts_are_read_back() {
        let object = ObjectRef::in_cluster(ObjectKind::Pod, "c", "n", "web-1");
        let mut change = Change::new(Timestamp::UNIX_EPOCH, ChangeKind::Restart, Severity::Warn, object, "restarted");
        change.facts.mark = "4".into();
        change.facts.owner = Some(ObjectRef::in_cluster(ObjectKind::Deployment, "c", "n", "web"));
        let written = serde_json::to_string(&change).expect("writes");
        assert_eq!(serde_json::from_str::<Change>(&written).expect("reads"), change);
    }
}
