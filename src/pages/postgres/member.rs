//! One member or server.

use crate::{
    model::{
        postgres::{
            Cluster,
            patroni::Member,
            server::{Sender, Server, ServerState, Slot},
        },
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
};
use serde::Serialize;

/// Everything that is known of it, for YAML.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    pub member: Option<&'a Member>,
    pub server: Option<&'a Server>,
}

/// `150018` is 15.18.
fn version(number: u32) -> String {
    format!("{}.{}", number / 10_000, number % 10_000)
}

pub(super) fn summary(scene: &Scene<'_>, cluster: &Cluster, name: &str) -> Vec<Line> {
    let member = cluster.member(name);
    let server = cluster.server(name);
    let object = cluster.object();
    let mut lines = vec![Line::pair("cluster", format!("{} ", cluster.name)).leading_to(object, "Summary", "cluster")];
    if let Some(member) = member {
        by_patroni(scene, member, &mut lines);
    }
    let row = cluster.rows.iter().find(|row| row.member.as_deref() == Some(name));
    lines.push(Line::maybe("timeline", cluster.timeline_of(name), |line| line.to_string()));
    lines.push(Line::maybe("log", cluster.position_of(name), |lsn| lsn.to_string()));
    if let Some(row) = row.filter(|row| !row.leads()) {
        lines.push(Line::maybe("behind", row.lag_bytes, |lag| units::bytes(lag as f64)));
        lines.push(Line::maybe("counted as", row.sync.as_deref(), ToOwned::to_owned));
    }
    lines.push(match cluster.is_replay_paused(name) {
        Some(true) => Line::pair("replay", "").and(Role::Warn, "paused"),
        Some(false) => Line::pair("replay", "goes on"),
        None => {
            Line::pair("replay", if row.is_some_and(|row| row.leads()) { "none: it writes" } else { units::UNKNOWN })
        }
    });
    if let Some(server) = server {
        by_sql(scene, server, &mut lines);
    }
    lines
}

fn by_patroni(scene: &Scene<'_>, member: &Member, lines: &mut Vec<Line>) {
    lines.push(Line::pair("role", member.role.word()));
    lines.push(Line::pair("state", &member.state));
    let place = member.host.as_ref().zip(member.port);
    lines.push(Line::maybe("SQL at", place, |(host, port)| format!("{host}:{port}")));
    lines.push(Line::maybe("Patroni at", member.api_url.as_deref(), ToOwned::to_owned));
    if let Some(why) = &member.problem {
        lines.push(Line::pair("Patroni", "").and(Role::Warn, format!("does not answer: {why}")));
    }
    if member.is_restart_pending {
        lines.push(Line::pair("restart", "").and(Role::Warn, "pending: a setting counts only after it"));
    }
    let tags = [
        (member.tags.nofailover, "nofailover"),
        (member.tags.nosync, "nosync"),
        (member.tags.noloadbalance, "noloadbalance"),
    ];
    let tags: Vec<_> = tags.iter().filter(|(is_set, _)| *is_set).map(|(_, tag)| *tag).collect();
    if !tags.is_empty() {
        lines.push(Line::pair("tags", tags.join(", ")));
    }
    let Some(own) = &member.own else { return };
    lines.push(Line::maybe("PostgreSQL", own.server_version, version));
    lines.push(Line::maybe("store seen", own.store_seen_at, |at| units::moment(scene.now, at)));
    if own.is_watchdog_failed {
        lines.push(Line::pair("watchdog", "").and(Role::Warn, "does not work: it will not lead"));
    }
    if !member.role.leads() {
        lines.push(Line::maybe("replayed", own.replayed_at, |at| {
            format!("up to a commit of {}", units::moment(scene.now, at))
        }));
    }
}

fn by_sql(scene: &Scene<'_>, server: &Server, lines: &mut Vec<Line>) {
    lines.extend([Line::empty(), Line::heading("By SQL")]);
    lines.push(Line::pair("address", &server.address));
    let Some(state) = &server.state else {
        let why = server.problem.as_deref().unwrap_or(units::UNKNOWN);
        lines.push(Line::pair("answer", "").and(Role::Warn, format!("none: {why}")));
        lines.push(Line::maybe("since", server.problem_since, |at| units::moment(scene.now, at)));
        return;
    };
    lines.push(Line::pair("PostgreSQL", version(state.version)));
    lines.push(Line::maybe("started", state.started_at, |at| units::moment(scene.now, at)));
    lines.push(Line::maybe("database", state.system_identifier.as_deref(), ToOwned::to_owned));
    if state.in_recovery {
        receiver(scene, state, lines);
    } else if !state.synchronous_standbys.is_empty() {
        lines.push(Line::pair("commits wait for", &state.synchronous_standbys));
    }
    if !state.senders.is_empty() {
        lines.extend([Line::empty(), Line::heading("Those that stream from it")]);
        lines.extend(state.senders.iter().map(|one| sender(state, one)));
    }
    if !state.slots.is_empty() {
        lines.extend([Line::empty(), Line::heading("Slots")]);
        lines.extend(state.slots.iter().map(slot));
    }
}

fn receiver(scene: &Scene<'_>, state: &ServerState, lines: &mut Vec<Line>) {
    let from = state.receiver.as_ref().map(|receiver| {
        let from = receiver.from.as_deref().map_or_else(String::new, |from| format!(" from {from}"));
        let slot = receiver.slot.as_deref().map_or_else(String::new, |slot| format!(", slot {slot}"));
        format!("{}{from}{slot}", receiver.status)
    });
    lines.push(Line::pair("receives", from.as_deref().unwrap_or("nothing: it has no receiver")));
    lines.push(Line::maybe("received", state.received, |lsn| lsn.to_string()));
    lines.push(Line::maybe("replayed", state.replayed, |lsn| lsn.to_string()));
    lines.push(Line::maybe("last commit", state.replayed_at, |at| units::moment(scene.now, at)));
}

fn sender(state: &ServerState, sender: &Sender) -> Line {
    let behind = state.written.zip(sender.replayed);
    let behind = behind.map_or_else(String::new, |(written, replayed)| {
        format!(", {} not replayed", units::bytes(written.bytes_ahead_of(replayed) as f64))
    });
    let lag = sender.replay_lag_seconds.map_or_else(String::new, |lag| format!(", {lag:.1} s"));
    let at = sender.address.as_deref().map_or_else(String::new, |at| format!(" at {at}"));
    Line::pair(&sender.application, format!("{}, {}{at}{behind}{lag}", sender.state, sender.sync_state))
}

fn slot(slot: &Slot) -> Line {
    let use_ = if slot.is_active { "read" } else { "not read" };
    let held = slot.retained_bytes.map_or_else(String::new, |held| format!(", holds {}", units::bytes(held as f64)));
    let status = slot.wal_status.as_deref().map_or_else(String::new, |status| format!(", {status}"));
    let text = format!("{}, {use_}{held}{status}", slot.kind);
    let colour = if slot.is_active { Role::Text } else { Role::Warn };
    Line::pair(&slot.name, "").and(colour, text)
}
