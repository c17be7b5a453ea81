//! What came of asking a cluster or a server to change something.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What came of it. Only [`Outcome::NotStarted`] and [`Outcome::Failed`] may be tried again; what is [`Outcome::Unknown`] is looked at
/// until it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It is done as it was asked for.
    Done {
        /// Who leads now, where that was asked for.
        leader: Option<CompactString>,
        said: String,
    },
    /// The leader moved, and to another than the one asked for.
    Elsewhere { leader: CompactString, wanted: CompactString, said: String },
    /// Taken, and not done yet: it is scheduled, or goes on by itself.
    Accepted { said: String },
    /// Nothing began.
    NotStarted { said: String },
    /// It was tried, and ended without a change.
    Failed { said: String },
    /// Nobody knows: it may have been done, and it may still be running. Look, and never repeat.
    Unknown { said: String },
}

impl Outcome {
    /// The word that screens and JSON print.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Accepted { .. } => "accepted",
            Self::NotStarted { .. } => "not-started",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The answer in the other end's words, or what went wrong. From outside.
    pub fn said(&self) -> &str {
        match self {
            Self::Done { said, .. }
            | Self::Elsewhere { said, .. }
            | Self::Accepted { said }
            | Self::NotStarted { said }
            | Self::Failed { said }
            | Self::Unknown { said } => said,
        }
    }

    /// Whether it may still be running, or have been done, without our knowing.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Accepted { .. })
    }

    /// Whether asking again cannot do it twice.
    pub const fn may_be_repeated(&self) -> bool {
        matches!(self, Self::NotStarted { .. } | Self::Failed { .. })
    }
}
