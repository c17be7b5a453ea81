//! A cluster and its members as rows of a list: what screens and `snapshot` say of each, and how bad it is.

use super::{
    Cluster, health,
    lsn::Lsn,
    patroni::{Member, Patroni},
    server::{Server, ServerState},
};
use crate::model::{
    attention::{Condition, Severity},
    object::ObjectRef,
    units,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub object: ObjectRef,
    /// Name of the member or server; `None` for the cluster as a whole.
    pub member: Option<CompactString>,
    /// `cluster`, Patroni's word, or `primary` and `standby` where there is no Patroni; `None` where it does not say.
    pub role: Option<CompactString>,
    /// Patroni's word or ours; for a cluster who leads it.
    pub state: CompactString,
    pub timeline: Option<u32>,
    /// Bytes behind the primary; of a cluster the most of its members. `None` for who leads, and where unknown.
    pub lag_bytes: Option<u64>,
    pub lsn: Option<Lsn>,
    /// `sync`, `async`, `quorum`, `potential`, as the sending side says; of a cluster whether commits wait.
    pub sync: Option<CompactString>,
    /// What is out of the ordinary, in words: paused, scheduled, a restart that is due, tags.
    pub notes: String,
    /// `10.0.0.1:5432`.
    pub address: Option<CompactString>,
    /// The worst that is found about it.
    pub severity: Option<Severity>,
    /// What that is, in words.
    pub cause: Option<String>,
}

/// The cluster itself, then its members or servers, who leads first.
pub fn rows(cluster: &Cluster) -> Vec<Row> {
    let mut members: Vec<_> = match &cluster.patroni {
        Some(patroni) => patroni.members.iter().map(|member| of_member(cluster, patroni, member)).collect(),
        None => cluster.servers.iter().map(|server| of_server(cluster, server)).collect(),
    };
    members.sort_by_key(|row| !row.leads());
    let mut rows = vec![whole(cluster, &members)];
    rows.append(&mut members);
    for found in health::conditions(cluster) {
        // Who is missing has no row of its own.
        let at = rows.iter().position(|row| row.object == found.object).unwrap_or(0);
        rows[at].note(&found);
    }
    rows
}

impl Row {
    fn new(object: ObjectRef, member: Option<CompactString>) -> Self {
        Self {
            object,
            member,
            role: None,
            state: CompactString::default(),
            timeline: None,
            lag_bytes: None,
            lsn: None,
            sync: None,
            notes: String::new(),
            address: None,
            severity: None,
            cause: None,
        }
    }

    /// Whether others follow it.
    pub fn leads(&self) -> bool {
        matches!(self.role.as_deref(), Some("leader" | "standby leader" | "primary"))
    }

    fn note(&mut self, found: &Condition) {
        if self.severity < Some(found.severity) {
            (self.severity, self.cause) = (Some(found.severity), Some(found.cause.clone()));
        }
    }
}

fn whole(cluster: &Cluster, members: &[Row]) -> Row {
    let mut row = Row::new(cluster.object(), None);
    row.role = Some("cluster".into());
    let leader = members.iter().find(|member| member.leads());
    row.state = match (leader.and_then(|leader| leader.member.as_ref()), &cluster.patroni) {
        (Some(leader), _) => format_compact!("led by {leader}"),
        (None, Some(patroni)) if patroni.store_problem.is_some() => "no store".into(),
        (None, Some(_)) => "no leader".into(),
        (None, None) => "no primary".into(),
    };
    row.timeline = leader.and_then(|leader| leader.timeline);
    row.lsn = cluster.sample.as_ref().map(|sample| sample.lsn);
    row.lag_bytes = members.iter().filter_map(|member| member.lag_bytes).max();
    let mut notes = Vec::new();
    if let Some(patroni) = &cluster.patroni {
        let config = patroni.config.as_ref();
        row.sync = config.map(|config| match (config.is_synchronous, config.is_synchronous_strict) {
            (true, true) => "strict".into(),
            (true, false) => "sync".into(),
            _ => "async".into(),
        });
        if patroni.is_paused {
            notes.push("paused".to_owned());
        }
        if let Some(scheduled) = &patroni.scheduled {
            let to = scheduled.to.as_deref().unwrap_or("any replica");
            let at = scheduled.at.map_or_else(|| units::UNKNOWN.into(), units::date_clock);
            notes.push(format!("switchover to {to} at {at}"));
        }
        if !patroni.missing.is_empty() {
            let names: Vec<_> = patroni.missing.iter().map(|missing| missing.name.as_str()).collect();
            notes.push(format!("missing {}", names.join(", ")));
        }
    }
    row.notes = notes.join(", ");
    row
}

fn of_member(cluster: &Cluster, patroni: &Patroni, member: &Member) -> Row {
    let mut row = Row::new(cluster.member_object(&member.name), Some(member.name.clone()));
    row.role = Some(member.role.word().into());
    row.state =
        if member.own.is_none() && member.problem.is_some() { "no answer".into() } else { member.state.clone() };
    row.timeline = cluster.timeline_of(&member.name);
    row.lag_bytes = member.lag_bytes;
    row.lsn = cluster.position_of(&member.name);
    let mut senders = patroni.members.iter().filter_map(|other| other.own.as_ref()).flat_map(|own| &own.senders);
    row.sync = senders.find(|sender| sender.application == member.name).map(|sender| sender.sync_state.clone());
    row.address = member.host.as_ref().zip(member.port).map(|(host, port)| format_compact!("{host}:{port}"));
    let marks = [
        (member.is_restart_pending, "restart pending"),
        (cluster.is_replay_paused(&member.name) == Some(true), "replay paused"),
        (member.tags.nofailover, "nofailover"),
        (member.tags.nosync, "nosync"),
        (member.own.as_ref().is_some_and(|own| own.is_watchdog_failed), "watchdog failed"),
    ];
    row.notes = words(&marks);
    row
}

fn of_server(cluster: &Cluster, server: &Server) -> Row {
    let mut row = Row::new(cluster.member_object(&server.name), Some(server.name.clone()));
    row.address = Some(server.address.clone());
    let Some(state) = &server.state else {
        row.state = "no answer".into();
        return row;
    };
    row.role = Some(if state.in_recovery { "standby".into() } else { "primary".into() });
    row.state = if !state.in_recovery {
        "running".into()
    } else if state.is_receiving() {
        "streaming".into()
    } else {
        "no stream".into()
    };
    (row.timeline, row.lsn) = (state.timeline, state.position());
    row.lag_bytes = lag(cluster, state);
    row.sync = sync_of(cluster, state, &server.name);
    row.notes = words(&[
        (state.is_replay_paused == Some(true), "replay paused"),
        (!state.in_recovery && state.is_read_only, "read-only"),
    ]);
    row
}

/// A position of another moment would show what was written since as lag.
fn lag(cluster: &Cluster, state: &ServerState) -> Option<u64> {
    let sample = cluster.sample.as_ref().filter(|sample| state.in_recovery && sample.at == cluster.at)?;
    Some(sample.lsn.bytes_ahead_of(state.position()?))
}

/// How the primary counts a standby: by the slot that it reads, or by the name that it gives itself.
fn sync_of(cluster: &Cluster, state: &ServerState, name: &str) -> Option<CompactString> {
    let slot = state.receiver.as_ref().and_then(|receiver| receiver.slot.as_deref());
    let mut senders =
        cluster.servers.iter().filter_map(|server| server.state.as_ref()).flat_map(|state| &state.senders);
    let alike = |application: &str| application == name || Some(application) == slot;
    senders.find(|sender| alike(&sender.application)).map(|sender| sender.sync_state.clone())
}

fn words(marks: &[(bool, &str)]) -> String {
    let held: Vec<_> = marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
    held.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::postgres::recorded::{Watcher, cluster};

    fn lines(cluster: &Cluster) -> Vec<String> {
        let line = |row: &Row| {
            let text = |text: &Option<CompactString>| text.clone().unwrap_or_else(|| "?".into());
            let lag = row.lag_bytes.map_or_else(|| "?".into(), |lag| lag.to_string());
            let line = row.timeline.map_or_else(|| "?".into(), |line| line.to_string());
            let severity = row.severity.map_or("ok", Severity::word);
            let name = row.member.as_deref().unwrap_or("*");
            format!(
                "{severity} {name} {} «{}» {line} {lag} {} {}",
                text(&row.role),
                row.state,
                text(&row.sync),
                row.notes
            )
        };
        rows(cluster).iter().map(line).collect()
    }

    #[test]
    fn a_cluster_stands_before_its_members() {
        assert_eq!(
            lines(&cluster("well")),
            [
                "ok * cluster «led by n1» 2 0 async ",
                "ok n1 leader «running» 2 ? ? ",
                "ok n2 replica «running» 2 0 async ",
                "ok n3 replica «running» 2 0 async ",
            ]
        );
        let paused = lines(&cluster("paused"));
        assert_eq!(paused[0], "warn * cluster «led by n1» 2 0 async paused");
        assert!(lines(&cluster("scheduled"))[0].ends_with("switchover to n3 at 2099-01-01 00:00:00Z"));
    }

    #[test]
    fn who_is_missing_is_told_of_the_cluster() {
        let mut watcher = Watcher::new();
        watcher.see("well", 1_000);
        let rows = rows(&watcher.see("failed-over", 1_022));
        assert_eq!((rows[0].state.as_str(), rows[0].notes.as_str()), ("led by n3", "missing n1"));
        assert_eq!(rows[0].severity, Some(Severity::Warn));
        assert_eq!(
            rows.iter().find(|row| row.member.as_deref() == Some("n2")).expect("there").severity,
            Some(Severity::Error)
        );
        let lost = lines(&watcher.see("leader-lost", 1_030));
        assert!(lost[0].starts_with("critical * cluster «no leader» ?"), "{lost:?}");
    }
}
