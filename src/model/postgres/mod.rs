//! PostgreSQL: clusters that Patroni manages (<https://patroni.readthedocs.io/en/latest/rest_api.html>), and servers that stream from one
//! another without it. What is wrong with them is judged in [`health`]; what has to hold before and after a leader moves, in
//! [`preflight`], [`promotion`] and [`verify`].

pub mod check;
pub mod health;
pub mod lsn;
pub mod outcome;
pub mod patroni;
pub mod preflight;
pub mod promotion;
pub mod row;
pub mod rpo;
pub mod server;
pub mod verify;

use super::{
    Timestamp,
    object::{ObjectKind, ObjectRef},
};
use compact_str::{CompactString, format_compact};
use lsn::Lsn;
use patroni::{Member, Patroni};
use serde::{Deserialize, Serialize};
use server::Server;

/// Servers that hold the same data: one that is written to, and those that follow it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// As the configuration calls it. Its identity.
    pub name: CompactString,
    /// When it was asked.
    pub at: Timestamp,
    /// What Patroni says; `None` where there is no Patroni.
    pub patroni: Option<Patroni>,
    /// What the servers say themselves, where they may be asked by SQL.
    pub servers: Vec<Server>,
    /// The newest position that a primary was seen at. It outlives the primary: what is lost is measured from here.
    pub sample: Option<Sample>,
    /// Since when there has been no primary; told by who watches.
    pub primary_lost_at: Option<Timestamp>,
    /// What is put up with.
    pub limits: Limits,
    /// What lists show of it: the cluster, then its members. Made from the rest by who takes it into the world.
    pub rows: Vec<row::Row>,
}

/// Where a primary was at a time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Name of the member or server.
    pub server: CompactString,
    pub at: Timestamp,
    pub lsn: Lsn,
    pub timeline: Option<u32>,
    /// How fast it wrote, over the time since the sample before; `None` for the first of a timeline.
    pub bytes_per_second: Option<f64>,
}

/// What is put up with before somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// A replica that is further behind.
    pub lag_bytes: u64,
    /// WAL that a slot without a reader may hold back.
    pub slot_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lag_bytes: 16 << 20, slot_bytes: 256 << 20 }
    }
}

impl Cluster {
    /// Its name for lists and operations.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(ObjectKind::Postgres, self.name.clone())
    }

    /// The name of one of its members or servers.
    pub fn member_object(&self, member: &str) -> ObjectRef {
        ObjectRef::new(ObjectKind::Postgres, format_compact!("{}/{member}", self.name))
    }

    /// The members of a cluster under Patroni; none otherwise.
    pub fn members(&self) -> &[Member] {
        self.patroni.as_ref().map_or(&[], |patroni| &patroni.members)
    }

    /// A member by its name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name == name)
    }

    /// What a member or server says by SQL.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// Those that take writes, whatever the cluster says of them: there must be one.
    pub fn primaries(&self) -> Vec<&str> {
        let by_sql = self.servers.iter().filter(|server| server.state.as_ref().is_some_and(|state| !state.in_recovery));
        let by_patroni =
            self.members().iter().filter(|member| member.own.as_ref().is_some_and(|own| own.is_primary == Some(true)));
        let names = by_patroni.map(|member| member.name.as_str()).chain(by_sql.map(|server| server.name.as_str()));
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How far a member or server has the log, by the newest that is known of it.
    ///
    /// A position of receiving falls back when the receiver starts anew, one of replaying lags behind: the greater of both is held.
    pub fn position_of(&self, name: &str) -> Option<Lsn> {
        let by_patroni = self.member(name).and_then(|member| member.own.as_ref()?.position());
        let by_sql = self.server(name).and_then(|server| server.state.as_ref()?.position());
        by_patroni.max(by_sql)
    }

    /// The timeline that a member or server is on.
    pub fn timeline_of(&self, name: &str) -> Option<u32> {
        let by_sql = self.server(name).and_then(|server| server.state.as_ref()?.timeline);
        let member = self.member(name);
        by_sql.or_else(|| member?.own.as_ref()?.timeline).or_else(|| member?.timeline)
    }

    /// Whether the replay of a standby is paused.
    pub fn is_replay_paused(&self, name: &str) -> Option<bool> {
        let by_sql = self.server(name).and_then(|server| server.state.as_ref()?.is_replay_paused);
        by_sql.or_else(|| self.member(name)?.own.as_ref()?.is_replay_paused)
    }
}
