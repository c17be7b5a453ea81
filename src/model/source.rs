//! How fresh each source of data is.

use super::topic::TopicSet;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Freshness of a source. Unknown is not healthy: only `Ok` means that what is shown is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// Answered within its cadence.
    Ok,
    /// Has not answered yet since the start.
    Waiting,
    /// Answered before, and is late now.
    Stale,
    /// Answered with an error, or not within its deadline.
    Down,
    /// Not there on this machine, or switched off; nothing is wrong.
    Off,
}

impl SourceState {
    /// The word that screens and JSON print. A source that has not answered yet is `stale` to scripts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Stale => "stale",
            Self::Down => "down",
            Self::Off => "off",
        }
    }

    /// Whether it is asked and does not answer: what it said before is old.
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::Stale | Self::Down)
    }
}

/// What the supervisor reports when a source's state changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    pub name: CompactString,
    /// Family, as the status line groups them: `host`, `docker`, `kube` …
    pub kind: CompactString,
    #[serde(default)]
    pub topics: TopicSet,
    pub state: SourceState,
    /// Why it is not ok, in words.
    pub reason: Option<CompactString>,
    /// What to do about it.
    pub hint: Option<CompactString>,
    /// How often it answers now, in seconds; `None` while nobody needs it.
    pub cadence_seconds: Option<f64>,
}
