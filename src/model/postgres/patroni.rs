//! What Patroni says of a cluster: `GET /cluster`, `/history`, `/config`, and `/patroni` of each member
//! (<https://patroni.readthedocs.io/en/latest/rest_api.html>). Names of fields are Patroni's where they mean the same.

use super::lsn::Lsn;
use crate::model::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What Patroni says of a cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Patroni {
    pub scope: Option<CompactString>,
    /// Patroni's own version, of the member that answered.
    pub version: Option<CompactString>,
    /// Address of the member whose answer this is.
    pub answered_by: Option<CompactString>,
    /// Why no member answers about the cluster though some answer: they do not reach the store (DCS) that they agree in. The members
    /// are those of the last answer then.
    pub store_problem: Option<String>,
    pub members: Vec<Member>,
    /// Automatic failover is off.
    pub is_paused: bool,
    pub scheduled: Option<Scheduled>,
    pub history: Vec<HistoryLine>,
    pub config: Option<Config>,
    /// Members that were there before, and are not now.
    pub missing: Vec<Missing>,
    /// Addresses of the configuration that do not answer.
    pub silent: Vec<Silent>,
}

/// What a member does in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Leader,
    /// Leads a cluster that follows another cluster.
    StandbyLeader,
    /// A replica that has every commit.
    SyncStandby,
    /// A replica of a quorum that has every commit.
    QuorumStandby,
    Replica,
    /// A word that is not known here.
    #[default]
    Unknown,
}

impl Role {
    /// From Patroni's word.
    pub fn of(word: &str) -> Self {
        match word {
            "leader" | "master" | "primary" => Self::Leader,
            "standby_leader" => Self::StandbyLeader,
            "sync_standby" => Self::SyncStandby,
            "quorum_standby" => Self::QuorumStandby,
            "replica" => Self::Replica,
            _ => Self::Unknown,
        }
    }

    /// The word that screens print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::StandbyLeader => "standby leader",
            Self::SyncStandby => "sync standby",
            Self::QuorumStandby => "quorum standby",
            Self::Replica => "replica",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it holds the leader's key.
    pub const fn leads(self) -> bool {
        matches!(self, Self::Leader | Self::StandbyLeader)
    }
}

/// A member of a cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    pub name: CompactString,
    pub role: Role,
    /// Patroni's word: `running`, `streaming`, `stopped`, `starting`, `start failed`, `in archive recovery` …
    pub state: CompactString,
    pub timeline: Option<u32>,
    /// Bytes that it has not received yet, as the cluster counts them, which is every `loop_wait` seconds; `None` where unknown, and for
    /// a leader.
    pub lag_bytes: Option<u64>,
    /// Where its Patroni answers: `http://10.0.0.1:8008`. From outside.
    pub api_url: Option<CompactString>,
    pub host: Option<CompactString>,
    pub port: Option<u16>,
    pub tags: Tags,
    /// It needs a restart for a setting to count.
    pub is_restart_pending: bool,
    /// What it says of itself.
    pub own: Option<MemberStatus>,
    /// Why it says nothing of itself.
    pub problem: Option<String>,
}

/// What a member is not to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tags {
    /// Never becomes the leader; a `failover_priority` of 0 says the same.
    pub nofailover: bool,
    /// Never a synchronous standby.
    pub nosync: bool,
    pub noloadbalance: bool,
}

/// What a member says of itself (`GET /patroni`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberStatus {
    pub at: Timestamp,
    pub state: CompactString,
    /// Whether its server is out of recovery; `None` while it does not answer.
    pub is_primary: Option<bool>,
    /// `150018` is 15.18.
    pub server_version: Option<u32>,
    pub timeline: Option<u32>,
    /// Where a primary writes.
    pub location: Option<Lsn>,
    pub received: Option<Lsn>,
    pub replayed: Option<Lsn>,
    /// When the transaction was committed that was replayed last.
    pub replayed_at: Option<Timestamp>,
    pub is_replay_paused: Option<bool>,
    /// Those that stream from it.
    pub senders: Vec<SenderState>,
    /// It knows of no leader.
    pub is_cluster_unlocked: bool,
    /// It knows that automatic failover is off; members learn of it one after the other.
    pub is_paused: bool,
    /// When it last reached the store that the members agree in.
    pub store_seen_at: Option<Timestamp>,
    /// All members of a cluster have the same.
    pub system_identifier: Option<CompactString>,
    /// Its watchdog does not work, so it will not lead.
    pub is_watchdog_failed: bool,
    pub patroni_version: Option<CompactString>,
    pub scope: Option<CompactString>,
}

/// One that streams, as the sending side tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SenderState {
    /// The receiver's name for itself; Patroni sets it to the member's name.
    pub application: CompactString,
    /// `streaming`, `catchup`, `startup`, `backup`.
    pub state: CompactString,
    /// `async`, `sync`, `quorum`, `potential`.
    pub sync_state: CompactString,
}

impl MemberStatus {
    /// How far it has the log: where it writes, or the furthest of what it received and replayed.
    pub fn position(&self) -> Option<Lsn> {
        self.location.max(self.received).max(self.replayed)
    }
}

/// A switchover that was asked for, for later.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scheduled {
    pub at: Option<Timestamp>,
    pub from: Option<CompactString>,
    pub to: Option<CompactString>,
}

/// The end of a timeline (`GET /history`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryLine {
    /// The timeline that ended.
    pub timeline: u32,
    pub lsn: Lsn,
    pub reason: CompactString,
    pub at: Option<Timestamp>,
    /// Who led after it.
    pub leader: Option<CompactString>,
}

/// What the cluster is set to (`GET /config`), as far as moving a leader depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Seconds after which a leader that is not heard loses its key.
    pub ttl_seconds: u64,
    /// Seconds between two looks of Patroni.
    pub loop_wait_seconds: u64,
    pub retry_timeout_seconds: u64,
    /// Replicas that are further behind are not elected.
    pub maximum_lag_on_failover_bytes: u64,
    /// Commits wait for a synchronous standby.
    pub is_synchronous: bool,
    /// Commits wait for it even where there is none.
    pub is_synchronous_strict: bool,
    /// Members keep leading without the store while all of them agree.
    pub is_failsafe: bool,
    /// The cluster follows another cluster.
    pub is_standby_cluster: bool,
}

/// Patroni's defaults (<https://patroni.readthedocs.io/en/latest/dynamic_configuration.html>).
impl Default for Config {
    fn default() -> Self {
        Self {
            ttl_seconds: 30,
            loop_wait_seconds: 10,
            retry_timeout_seconds: 10,
            maximum_lag_on_failover_bytes: 1_048_576,
            is_synchronous: false,
            is_synchronous_strict: false,
            is_failsafe: false,
            is_standby_cluster: false,
        }
    }
}

/// A member that was there before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Missing {
    pub name: CompactString,
    pub seen_at: Timestamp,
}

/// An address that does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Silent {
    pub address: CompactString,
    pub problem: String,
}

impl Patroni {
    /// Who holds the leader's key.
    pub fn leader(&self) -> Option<&Member> {
        self.members.iter().find(|member| member.role.leads())
    }

    /// The configuration, or Patroni's defaults where it is not known.
    pub fn config_or_default(&self) -> Config {
        self.config.clone().unwrap_or_default()
    }

    /// Whether somebody streams to this member; `None` where nobody who could be the sender can be asked.
    pub fn is_streaming(&self, member: &Member) -> Option<bool> {
        // Newer versions say it in the state.
        if member.state == "streaming" {
            return Some(true);
        }
        if member.state != "running" {
            return Some(false);
        }
        let others = self.members.iter().filter(|other| other.name != member.name);
        let senders = || others.clone().filter_map(|other| other.own.as_ref()).flat_map(|own| &own.senders);
        if senders().any(|sender| sender.application == member.name && sender.state == "streaming") {
            return Some(true);
        }
        others.clone().all(|other| other.own.is_some()).then_some(false)
    }
}
