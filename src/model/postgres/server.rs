//! What a PostgreSQL server says of itself by SQL: its part in streaming replication, those that follow it, its slots
//! (<https://www.postgresql.org/docs/current/monitoring-stats.html>, <https://www.postgresql.org/docs/current/functions-admin.html>).

use super::lsn::Lsn;
use crate::model::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A server of a cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The member's name, or the configuration's name for it.
    pub name: CompactString,
    /// `10.0.0.1:5432`.
    pub address: CompactString,
    pub state: Option<ServerState>,
    /// Why it does not answer, and since when.
    pub problem: Option<String>,
    pub problem_since: Option<Timestamp>,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerState {
    pub at: Timestamp,
    /// `150018` is 15.18.
    pub version: u32,
    pub started_at: Option<Timestamp>,
    /// Whether it follows another server, or reads its log after a crash.
    pub in_recovery: bool,
    pub timeline: Option<u32>,
    /// The timeline in its control file, which follows at the checkpoint after a promotion. `pg_rewind` reads this one.
    pub control_timeline: Option<u32>,
    /// Servers that hold the same data have the same.
    pub system_identifier: Option<CompactString>,
    /// Where a primary writes.
    pub written: Option<Lsn>,
    pub received: Option<Lsn>,
    pub replayed: Option<Lsn>,
    /// When the transaction was committed that was replayed last.
    pub replayed_at: Option<Timestamp>,
    pub is_replay_paused: Option<bool>,
    /// New transactions may not write (`default_transaction_read_only`).
    pub is_read_only: bool,
    /// Whom commits wait for; empty for nobody.
    pub synchronous_standbys: CompactString,
    pub receiver: Option<Receiver>,
    /// Those that stream from it.
    pub senders: Vec<Sender>,
    pub slots: Vec<Slot>,
}

/// The receiving side of a standby (`pg_stat_wal_receiver`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Receiver {
    /// `streaming`, `waiting`, `starting`, `stopping` …
    pub status: CompactString,
    /// From whom, where we may know: `10.0.0.1:5432`.
    pub from: Option<CompactString>,
    pub slot: Option<CompactString>,
    pub timeline: Option<u32>,
}

/// One that streams (`pg_stat_replication`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    pub application: CompactString,
    pub address: Option<CompactString>,
    pub state: CompactString,
    pub sync_state: CompactString,
    pub sent: Option<Lsn>,
    pub flushed: Option<Lsn>,
    pub replayed: Option<Lsn>,
    /// Time between a commit here and its replay there, in seconds; `None` where nothing was committed lately.
    pub replay_lag_seconds: Option<f64>,
}

/// A replication slot (`pg_replication_slots`): WAL that is kept for somebody.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Slot {
    pub name: CompactString,
    /// `physical` or `logical`.
    pub kind: CompactString,
    pub is_active: bool,
    pub is_temporary: bool,
    pub restart: Option<Lsn>,
    /// WAL that is kept for it, in bytes.
    pub retained_bytes: Option<u64>,
    /// `reserved`, `extended`, `unreserved`, `lost`.
    pub wal_status: Option<CompactString>,
    /// Bytes that can be written before it is lost, where the server limits what slots keep.
    pub safe_bytes: Option<i64>,
}

impl ServerState {
    /// How far it has the log: where it writes, or the furthest of what it received and replayed.
    pub fn position(&self) -> Option<Lsn> {
        if self.in_recovery { self.received.max(self.replayed) } else { self.written }
    }

    /// Whether it receives a stream now.
    pub fn is_receiving(&self) -> bool {
        self.receiver.as_ref().is_some_and(|receiver| receiver.status == "streaming")
    }
}
