//! How an object that somebody runs is doing, where its engine or cluster says enough to tell.

use super::attention::Severity;
use serde::{Deserialize, Serialize};

/// How it is doing. The order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Ended as it was meant to, switched off or scaled to nothing: not running, and nothing is wrong.
    Done,
    /// On its way: starting, rolling out, terminating.
    Progressing,
    /// Cannot be told; never shown as healthy.
    #[default]
    Unknown,
    /// Works, and something is wrong with it.
    Degraded,
    /// Does not work.
    Failing,
}

impl Health {
    /// The word that screens and JSON print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Done => "done",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }

    /// Whether somebody should know.
    pub const fn is_unwell(self) -> bool {
        matches!(self, Self::Degraded | Self::Failing | Self::Unknown)
    }

    /// How bad that is. What is on its way is not bad.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Ok | Self::Done | Self::Progressing => None,
            Self::Unknown => Some(Severity::Unknown),
            Self::Degraded => Some(Severity::Warn),
            Self::Failing => Some(Severity::Error),
        }
    }
}
