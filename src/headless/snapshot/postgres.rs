//! PostgreSQL clusters as scripts and people read them.

use super::{super::gather::Gathered, text::clean};
use crate::{
    cli::Part,
    model::{
        Timestamp,
        attention::Severity,
        postgres::{Cluster, Sample, lsn::Lsn, row::Row},
        units,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;

/// A cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClusterRow {
    pub name: CompactString,
    /// When it was asked.
    pub at: Timestamp,
    /// Whether it is under Patroni.
    pub patroni: bool,
    pub leader: Option<CompactString>,
    pub timeline: Option<u32>,
    /// Whether automatic failover is off; unknown without Patroni.
    pub paused: Option<bool>,
    /// Since when there has been no primary.
    pub primary_lost_at: Option<Timestamp>,
    /// The newest position that a primary was seen at.
    pub last_position: Option<Sample>,
    pub severity: Option<Severity>,
    pub cause: Option<String>,
    pub members: Vec<MemberRow>,
}

/// A member or a server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberRow {
    pub name: Option<CompactString>,
    pub address: Option<CompactString>,
    pub role: Option<CompactString>,
    pub state: CompactString,
    pub timeline: Option<u32>,
    pub lag_bytes: Option<u64>,
    pub lsn: Option<Lsn>,
    pub sync: Option<CompactString>,
    pub notes: String,
    pub severity: Option<Severity>,
    pub cause: Option<String>,
}

/// Why what was asked for by name is not there.
pub(super) fn unreached(gathered: &Gathered, only: &[Part]) -> Option<String> {
    if !only.contains(&Part::Postgres) {
        return None;
    }
    let silent = gathered.unreached("postgres");
    if !silent.is_empty() {
        return Some(format!("{} could not be asked; see `flightdeck doctor`", silent.join(", ")));
    }
    let none = !gathered.is_any_ok("postgres");
    none.then(|| "there is none to ask: name a [[postgres]] in the configuration".into())
}

/// Every cluster; `None` where none has answered.
pub(super) fn clusters(world: &World) -> Option<Vec<ClusterRow>> {
    let clusters = &world.observed.postgres;
    (!clusters.is_empty()).then(|| clusters.values().map(|cluster| row(cluster)).collect())
}

fn row(cluster: &Cluster) -> ClusterRow {
    let (whole, members) = cluster.rows.split_first().map_or((None, &[][..]), |(whole, rest)| (Some(whole), rest));
    ClusterRow {
        name: cluster.name.clone(),
        at: cluster.at,
        patroni: cluster.patroni.is_some(),
        leader: members.iter().find(|row| row.leads()).and_then(|row| row.member.clone()),
        timeline: whole.and_then(|row| row.timeline),
        paused: cluster.patroni.as_ref().map(|patroni| patroni.is_paused),
        primary_lost_at: cluster.primary_lost_at,
        last_position: cluster.sample.clone(),
        severity: whole.and_then(|row| row.severity),
        cause: whole.and_then(|row| row.cause.clone()),
        members: members.iter().map(member).collect(),
    }
}

fn member(row: &Row) -> MemberRow {
    MemberRow {
        name: row.member.clone(),
        address: row.address.clone(),
        role: row.role.clone(),
        state: row.state.clone(),
        timeline: row.timeline,
        lag_bytes: row.lag_bytes,
        lsn: row.lsn,
        sync: row.sync.clone(),
        notes: row.notes.clone(),
        severity: row.severity,
        cause: row.cause.clone(),
    }
}

/// The clusters for a person.
pub(super) fn lines(clusters: &[ClusterRow], lines: &mut Vec<String>) {
    lines.push(format!("PostgreSQL ({})", clusters.len()));
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| units::UNKNOWN.into());
    for cluster in clusters {
        let leader = cluster.leader.as_deref().map_or_else(|| "nobody leads".into(), |name| format!("led by {name}"));
        let paused = if cluster.paused == Some(true) { ", paused" } else { "" };
        let cause = cluster.cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"));
        lines.push(format!("  {}: {}{paused}{}", clean(&cluster.name), clean(&leader), clean(&cause)));
        for member in &cluster.members {
            let lag = member.lag_bytes.map_or_else(String::new, |lag| format!(", {} behind", units::bytes(lag as f64)));
            let cause = member.cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"));
            lines.push(format!(
                "    {} {}, {}, timeline {}, {}{lag}{}",
                clean(member.name.as_deref().unwrap_or_default()),
                clean(member.role.as_deref().unwrap_or(units::UNKNOWN)),
                clean(&member.state),
                or_unknown(member.timeline.map(|line| line.to_string())),
                or_unknown(member.lsn.map(|lsn| lsn.to_string())),
                clean(&cause),
            ));
        }
    }
}
