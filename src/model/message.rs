//! What is told to people outside of the cockpit.

use super::{Timestamp, attention::Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What has become of what a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It began, or got worse.
    Raised,
    /// Somebody looks after it.
    Acknowledged,
    /// It is over.
    Cleared,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        }
    }
}

/// Names of the details that there can be; `called` and `drill` are there where they mean something.
pub const DETAILS: [&str; 7] = ["incident", "title", "severity", "commander", "by", "called", "drill"];

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Identity of the event that it tells of: the same message twice has the same.
    pub event: String,
    pub kind: Kind,
    /// What it is about: all messages about one thing have the same.
    pub key: String,
    pub at: Timestamp,
    pub severity: Severity,
    /// In one line.
    pub summary: String,
    /// Where it is: a host, a cluster.
    pub source: String,
    pub details: BTreeMap<String, String>,
    /// Where more is to be read.
    pub link: Option<String>,
}
