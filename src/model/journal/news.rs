//! What the journal tells the cockpit: events, stretches of timelines, and how it is doing.

use super::{Event, EventId, HybridClock, IncidentId, WriterId};
use crate::model::{Timestamp, source::SourceState};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// News of the journal. What is `None`, or empty, has not changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalNews {
    /// Events that are new here: written by this cockpit, by another process, or merged from another bastion. At the beginning, every
    /// event that says what an incident is. One that is known already changes nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Arc<Event>>,
    /// At the beginning, the steps of runs of runbooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Arc<Event>>,
    /// Events whose bodies were erased.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<Stretch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<JournalState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached: Option<Vec<Attached>>,
    /// When each runbook last passed as a drill; those that never did are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drills: Option<BTreeMap<CompactString, Timestamp>>,
}

/// A stretch of an incident's timeline, in display order, that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    pub incident: IncidentId,
    pub events: Vec<Arc<Event>>,
    /// Whether there is more before it, and after it.
    pub has_earlier: bool,
    pub has_later: bool,
}

/// Which stretch of a timeline is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StretchWanted {
    pub incident: IncidentId,
    /// Events of no incident that happened within this time belong to it, too.
    pub window: (Timestamp, Timestamp),
    pub from: StretchFrom,
}

/// Where a stretch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StretchFrom {
    /// The newest events.
    Newest,
    /// The oldest.
    Oldest,
    /// Those before this place in display order.
    Before((Timestamp, HybridClock, WriterId, u64)),
    /// Those after it.
    After((Timestamp, HybridClock, WriterId, u64)),
}

/// How the journal is doing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalState {
    /// Events that could not be written yet and are kept in memory.
    pub unwritten: usize,
    /// Why not.
    pub problem: Option<String>,
    /// Something in the shared journal does not fit this one and was left alone: somebody has to look at it.
    pub conflict: Option<String>,
    /// The server that it is shared through; `None` where it is not shared.
    pub shared: Option<SharedState>,
}

/// How the shared journal is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedState {
    pub state: SourceState,
    /// Since when it is in this state.
    pub since: Timestamp,
    pub reason: Option<String>,
    /// Own events that the server does not have yet.
    pub unsent: u64,
}

/// Somebody who looks at the same journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    pub person: CompactString,
    /// Host that the cockpit runs on.
    pub host: CompactString,
    /// Address that they came from, where they came over SSH.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CompactString>,
    pub since: Timestamp,
}
