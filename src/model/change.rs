//! What changed: the rows of the time column.

use super::{Timestamp, attention::Severity, object::ObjectRef};
use serde::{Deserialize, Serialize};

/// What sort of change it was; chooses the glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// One row of the time column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub kind: ChangeKind,
    pub severity: Severity,
    pub object: ObjectRef,
    pub text: String,
}
