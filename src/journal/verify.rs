//! Proves that every event is as it was written, or names the first one that is not.
//!
//! Of each chain: hashes, previous hashes, sequence, clocks, bodies or the events that say why they are gone, and each checkpoint's
//! signature and root. Roots are computed from the first event on, so that each checkpoint holds everything that the one before it held.
//! That a chain's end was cut off can be seen only from outside: by a checkpoint that was kept elsewhere.

use super::{
    chain::{self, Head},
    encode, key,
    merkle::Frontier,
    sqlite::raw::Raw,
};
use crate::model::{
    Timestamp,
    journal::{Body, CheckpointBody, Digest, EventId, ExpiredBody, Header, IncidentId, WriterId},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// A checkpoint that was kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub writer: WriterId,
    #[serde(flatten)]
    pub checkpoint: CheckpointBody,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Everything fits.
    Fits(Summary),
    /// The first event that does not fit, and how many chains are broken in all.
    Broken { first: Box<Misfit>, chains: usize },
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    pub events: u64,
    /// Bodies that are gone, each with an event that says why.
    pub erased: u64,
    pub writers: Vec<VerifiedWriter>,
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedWriter {
    pub writer: WriterId,
    pub host: CompactString,
    pub events: u64,
    /// Hash of its newest event.
    pub head: Digest,
    /// Its newest checkpoint: what can be kept elsewhere.
    pub checkpoint: Option<CheckpointBody>,
}

/// An event that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misfit {
    pub writer: WriterId,
    /// Host of the writer.
    pub host: CompactString,
    /// Its place in the chain.
    pub sequence: u64,
    /// Its place in the file.
    pub local: Option<u64>,
    /// `None` where the event cannot be read, or is missing.
    pub id: Option<EventId>,
    pub incident: Option<IncidentId>,
    pub kind: CompactString,
    /// In words.
    pub what: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} of writer {} ({})", self.sequence, self.writer, self.host)?;
        if let Some(id) = self.id {
            write!(f, ", {} {id}", if self.kind.is_empty() { "id" } else { &self.kind })?;
        }
        if let Some(incident) = self.incident {
            write!(f, ", incident {incident}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What events say about bodies that are gone.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    erased: HashSet<EventId>,
    expired: Vec<ExpiredBody>,
}

impl Reasons {
    /// Takes what an event says.
    pub fn add(&mut self, body: &Body) {
        match body {
            Body::Erased { event, .. } => drop(self.erased.insert(*event)),
            Body::Expired(expired) => self.expired.push(expired.clone()),
            _ => {}
        }
    }

    /// Whether an event's body may be gone.
    pub fn cover(&self, header: &Header) -> bool {
        if ["erased", "expired", "checkpoint"].contains(&header.kind.as_str()) {
            return false;
        }
        let ambient = header.incident.is_none() && !Body::is_state(&header.kind);
        let before = |time: Timestamp| {
            header.occurred_at < time && header.clock.wall_ms < time.as_microsecond().div_euclid(1000)
        };
        self.erased.contains(&header.id)
            || ambient && self.expired.iter().any(|body| body.writer == header.writer && before(body.before))
    }
}

/// Goes along one chain.
pub struct ChainCheck {
    writer: WriterId,
    key: [u8; 32],
    head: Head,
    tree: Frontier,
    checkpoint: Option<CheckpointBody>,
    erased: u64,
    /// Of this writer, by size, the largest first.
    anchors: Vec<CheckpointBody>,
}

impl ChainCheck {
    /// Begins with a writer, the key that is known for it, and what was kept of it elsewhere.
    pub fn new(writer: WriterId, key: [u8; 32], anchors: &[Anchor]) -> Self {
        let of = |anchor: &&Anchor| anchor.writer == writer;
        let mut anchors: Vec<_> = anchors.iter().filter(of).map(|anchor| anchor.checkpoint.clone()).collect();
        anchors.sort_by_key(|anchor| std::cmp::Reverse(anchor.size));
        let (head, tree) = (Head::default(), Frontier::default());
        Self { writer, key, head, tree, checkpoint: None, erased: 0, anchors }
    }

    /// How many events fitted so far.
    pub fn events(&self) -> u64 {
        self.head.sequence
    }

    /// The next event of the chain.
    ///
    /// # Errors
    /// What does not fit.
    pub fn take(&mut self, raw: &Raw, reasons: &Reasons) -> Result<(), String> {
        let header = encode::decode(&raw.header).map_err(|error| format!("its header cannot be read: {error}"))?;
        if header.hash != raw.hash {
            return Err(format!("its header has the hash {}, but {} was kept", header.hash, raw.hash));
        }
        if let Some(column) = raw.columns.differ(&header) {
            return Err(format!("its column {column} is not what its header says"));
        }
        chain::check_next(self.writer, &mut self.head, &header)?;
        self.body(&header, raw, reasons)?;
        self.tree.push(&header.hash);
        self.anchored()
    }

    fn body(&mut self, header: &Header, raw: &Raw, reasons: &Reasons) -> Result<(), String> {
        let Some((salt, json)) = &raw.body else {
            self.erased += 1;
            let gone = reasons.cover(header);
            return if gone { Ok(()) } else { Err("its body is gone, and no event says why".to_owned()) };
        };
        if encode::body_digest(salt, json) != header.body_hash {
            return Err("its body is not the one that was written".to_owned());
        }
        if header.kind != "checkpoint" {
            return Ok(());
        }
        let Ok(Body::Checkpoint(checkpoint)) = serde_json::from_slice(json) else {
            return Err("its checkpoint cannot be read".to_owned());
        };
        key::check(self.writer, &self.key, &checkpoint)?;
        if (checkpoint.size, checkpoint.root) != (self.tree.size(), self.tree.root()) {
            return Err(format!(
                "its checkpoint signs {} events with the root {}, but before it there are {} with the root {}",
                checkpoint.size,
                checkpoint.root,
                self.tree.size(),
                self.tree.root()
            ));
        }
        self.checkpoint = Some(checkpoint);
        Ok(())
    }

    /// Compares with what was kept elsewhere of a chain of this length.
    fn anchored(&mut self) -> Result<(), String> {
        while let Some(anchor) = self.anchors.pop_if(|anchor| anchor.size == self.tree.size()) {
            key::check(self.writer, &self.key, &anchor)?;
            if anchor.root != self.tree.root() {
                return Err(format!(
                    "up to it the chain has the root {}, but the checkpoint that was kept elsewhere has {}",
                    self.tree.root(),
                    anchor.root
                ));
            }
        }
        Ok(())
    }

    /// Ends, at the end of the chain.
    ///
    /// # Errors
    /// The chain is shorter than one that was signed.
    pub fn end(self, host: CompactString) -> Result<(VerifiedWriter, u64), String> {
        if let Some(anchor) = self.anchors.first() {
            return Err(format!(
                "the chain ends before it, but a checkpoint that was kept elsewhere signs {} events: its end was cut off",
                anchor.size
            ));
        }
        let (events, head) = (self.head.sequence, self.head.hash);
        let writer = VerifiedWriter { writer: self.writer, host, events, head, checkpoint: self.checkpoint };
        Ok((writer, self.erased))
    }
}
