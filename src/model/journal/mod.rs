//! The journal's events: what was seen, said and done, as it is written once and never changed.
//!
//! An event is a [`Header`], which is chained and kept for good, and a [`Body`], which may be erased: the header holds the body's salted
//! digest only. What an incident is, is derived from its events.

mod body;
pub mod drills;
pub mod news;
mod words;

pub use body::{
    ActionKind, Body, CheckpointBody, ExpiredBody, LinkKind, Milestone, OperationStage, Phase, ReviewState, Role,
    RoleChange, Section, Sev, StepStage, TaskState,
};

use super::{Timestamp, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! identity {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identity!(
    /// Identity of an event: a UUID of version 7 (RFC 9562), made when it was written.
    EventId
);
identity!(
    /// Identity of an incident: that of the event which declared it.
    IncidentId
);
identity!(
    /// Identity of a writer: one journal file on one machine. Each has a chain of its own.
    WriterId
);

/// A hybrid logical clock's reading (Kulkarni et al., "Logical Physical Clocks", 2014): wall-clock time that never goes back, and a
/// counter where it stands still. It orders what happened after something else was known, whatever the machines' clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct HybridClock {
    /// Milliseconds after 1970-01-01T00:00:00Z.
    pub wall_ms: i64,
    pub counter: u32,
}

impl HybridClock {
    /// The reading after this one, at this wall-clock time.
    #[must_use]
    pub fn tick(self, now: Timestamp) -> Self {
        let wall_ms = now.as_millisecond();
        if wall_ms > self.wall_ms {
            Self { wall_ms, counter: 0 }
        } else {
            match self.counter.checked_add(1) {
                Some(counter) => Self { counter, ..self },
                None => Self { wall_ms: self.wall_ms.saturating_add(1), counter: 0 },
            }
        }
    }

    /// The reading after both this one and one that was received.
    #[must_use]
    pub fn receive(self, other: Self, now: Timestamp) -> Self {
        self.max(other).tick(now)
    }
}

/// How it is known who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// Said by `--actor` or the configuration.
    Stated,
    /// The user that the process runs as.
    #[default]
    Login,
    /// The user that the process runs as, logged in over SSH from an address.
    Ssh,
    /// Nobody: the cockpit saw it by itself.
    Program,
}

/// Who did or said something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Actor {
    pub name: CompactString,
    pub known_by: KnownBy,
    /// Where from: host, terminal, address of the far end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CompactString>,
}

impl Actor {
    /// The cockpit itself.
    pub fn program() -> Self {
        Self { name: "flightdeck".into(), known_by: KnownBy::Program, from: None }
    }

    /// Whether two may be the same person: by name, or by the session that they are in.
    pub fn may_be(&self, other: &Self) -> bool {
        let same_name = self.name.trim().eq_ignore_ascii_case(other.name.trim());
        same_name || (self.from.is_some() && self.from == other.from)
    }
}

/// What is to be written. The journal adds identity, clock and chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Given by who needs to know it before it is written; made by the journal otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// `None` for what belongs to no incident by itself: what the cockpit sees and what passes the gate. It stands in the timeline of
    /// every incident whose time it falls into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    pub occurred_at: Timestamp,
    pub actor: Actor,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<CompactString>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<CompactString>,
    /// The event that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<EventId>,
    /// Two events with the same key are one: the second is not written by the same writer, and not shown where another wrote it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CompactString>,
    pub body: Body,
}

impl Draft {
    /// Something that somebody said or did in an incident.
    pub fn new(incident: Option<IncidentId>, occurred_at: Timestamp, actor: Actor, body: Body) -> Self {
        Self {
            id: None,
            incident,
            occurred_at,
            actor,
            object: None,
            run: None,
            step: None,
            supersedes: None,
            key: None,
            body,
        }
    }
}

/// What of an event is chained and never goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub id: EventId,
    pub incident: Option<IncidentId>,
    pub writer: WriterId,
    /// The writer's own count, from 1.
    pub sequence: u64,
    pub clock: HybridClock,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub actor: Actor,
    /// Word of the body's kind, which stays when the body is erased.
    pub kind: CompactString,
    pub object: Option<ObjectRef>,
    pub run: Option<CompactString>,
    pub step: Option<CompactString>,
    pub supersedes: Option<EventId>,
    pub key: Option<CompactString>,
    /// SHA-256 of salt and body.
    pub body_hash: Digest,
    /// Hash of the writer's event before, zero for its first.
    pub previous: Digest,
    /// SHA-256 of all of the above.
    pub hash: Digest,
}

/// An event as it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    #[serde(flatten)]
    pub header: Header,
    /// `None` where it has been erased.
    pub body: Option<Body>,
}

/// What sorts events for a reader: when it happened, then what was known, then who wrote it.
pub type DisplayOrder = (Timestamp, HybridClock, WriterId, u64);

impl Event {
    /// Its place among others, for a reader.
    pub fn order(&self) -> DisplayOrder {
        let header = &self.header;
        (header.occurred_at, header.clock, header.writer, header.sequence)
    }

    /// Seconds between that it happened and that it was written down.
    pub fn lateness_seconds(&self) -> f64 {
        self.header.recorded_at.duration_since(self.header.occurred_at).as_secs_f64()
    }
}

/// A SHA-256 digest; printed in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no SHA-256 digest: 64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl EventId {
    /// A new identity, made at this time.
    pub fn new(now: Timestamp) -> Self {
        let (seconds, nanoseconds) = (now.as_second(), now.subsec_nanosecond());
        let seconds = u64::try_from(seconds).unwrap_or_default();
        let nanoseconds = u32::try_from(nanoseconds).unwrap_or_default();
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds)))
    }
}
