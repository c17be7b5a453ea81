//! A PostgreSQL cluster, or one of its members: who leads, what follows, where the log is, and what would be lost.

mod member;

use super::{Details, Kept, yaml};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        postgres::{Cluster, patroni::Patroni, row::Row, rpo},
        series::{Metric, SeriesKey},
        units,
    },
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};
use std::sync::Arc;

/// A cluster, or a member of one.
pub struct PostgresDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Arc<Cluster>> {
    let (cluster, member) = object.in_postgres()?;
    let cluster = world.observed.postgres.get(cluster)?;
    let is_known = member.is_none_or(|member| cluster.member(member).is_some() || cluster.server(member).is_some());
    is_known.then_some(cluster)
}

fn row<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Row> {
    find(world, object)?.rows.iter().find(|row| row.object == *object)
}

/// `512 KiB behind`.
fn behind(row: &Row) -> Option<String> {
    row.lag_bytes.map(|lag| format!("{} behind", units::bytes(lag as f64)))
}

/// A member as a line that leads to its page.
fn one(scene: &Scene<'_>, row: &Row) -> Line {
    let name = row.member.as_deref().unwrap_or_default();
    let line = row.timeline.map_or_else(|| units::UNKNOWN.into(), |line| line.to_string());
    let lsn = row.lsn.map_or_else(|| units::UNKNOWN.into(), |lsn| lsn.to_string());
    let lag = if row.leads() { None } else { behind(row) };
    let role = row.role.as_deref().unwrap_or(units::UNKNOWN);
    let notes = if row.notes.is_empty() { String::new() } else { format!(", {}", row.notes) };
    let lag = lag.map_or_else(String::new, |lag| format!(", {lag}"));
    let text = format!("{role}, {}, timeline {line}, {lsn}{lag}{notes} ", row.state);
    let colour = row.severity.map_or(Role::Text, Scene::severity_role);
    let sign = row.severity.map_or_else(String::new, |severity| format!("{} ", scene.glyphs.severity(severity)));
    Line::pair(name, "").and(colour, format!("{sign}{text}")).leading_to(row.object.clone(), "Summary", "member")
}

fn whole(scene: &Scene<'_>, cluster: &Cluster) -> Vec<Line> {
    let kind = match &cluster.patroni {
        Some(patroni) => {
            let version = patroni.version.as_deref().map_or_else(String::new, |version| format!(" {version}"));
            let scope = patroni.scope.as_deref().map_or_else(String::new, |scope| format!(", scope {scope}"));
            format!("under Patroni{version}{scope}")
        }
        None => "without Patroni: nobody but you prevents two primaries".into(),
    };
    let mut lines = vec![Line::pair("managed", kind)];
    if let Some(patroni) = &cluster.patroni {
        manners(patroni, &mut lines);
    }
    if let Some(lost) = cluster.primary_lost_at {
        lines.push(Line::pair("no primary since", "").and(Role::Critical, units::moment(scene.now, lost)));
    }
    let sample = cluster.sample.as_ref().map(|sample| {
        let rate = sample
            .bytes_per_second
            .map_or_else(String::new, |rate| format!(", writing {}", units::bytes_per_second(rate)));
        format!("{} on {} at {}{rate}", sample.lsn, sample.server, units::clock(sample.at))
    });
    lines.push(Line::maybe("last position", sample, |text| text));
    lines.extend([Line::empty(), Line::heading("Members")]);
    lines.extend(cluster.rows.iter().skip(1).map(|row| one(scene, row)));
    if let Some(patroni) = &cluster.patroni {
        for missing in &patroni.missing {
            let text = format!("missing, seen {}", units::moment(scene.now, missing.seen_at));
            lines.push(Line::pair(&missing.name, "").and(Role::Warn, text));
        }
        for silent in &patroni.silent {
            let text = format!("{} does not answer: {}", silent.address, silent.problem);
            lines.push(Line::pair("", "").and(Role::Warn, text));
        }
    }
    losses(scene, cluster, &mut lines);
    if let Some(patroni) = &cluster.patroni {
        history(patroni, &mut lines);
    }
    lines
}

/// How it is set, and what is switched off or planned.
fn manners(patroni: &Patroni, lines: &mut Vec<Line>) {
    if let Some(why) = &patroni.store_problem {
        lines.push(Line::pair("store", "").and(Role::Critical, why));
    }
    let failover = if patroni.is_paused { (Role::Warn, "off: paused") } else { (Role::Text, "automatic") };
    lines.push(Line::pair("failover", "").and(failover.0, failover.1));
    if let Some(scheduled) = &patroni.scheduled {
        let to = scheduled.to.as_deref().unwrap_or("any replica");
        let at = scheduled.at.map_or_else(|| units::UNKNOWN.into(), units::date_clock);
        lines.push(Line::pair("switchover", "").and(Role::Warn, format!("to {to} at {at}")));
    }
    let Some(config) = &patroni.config else {
        lines.push(Line::pair("settings", units::UNKNOWN));
        return;
    };
    let sync = match (config.is_synchronous, config.is_synchronous_strict) {
        (true, true) => "strict: commits wait, also where there is no synchronous standby",
        (true, false) => "on: commits wait while there is a synchronous standby",
        _ => "off: what was not replicated is lost with the leader",
    };
    lines.push(Line::pair("synchronous", sync));
    let most = units::bytes(config.maximum_lag_on_failover_bytes as f64);
    lines.push(Line::pair("elected", format!("at most {most} behind")));
    lines.push(Line::pair(
        "times",
        format!(
            "ttl {} s, loop {} s, retry {} s",
            config.ttl_seconds, config.loop_wait_seconds, config.retry_timeout_seconds
        ),
    ));
    let by = patroni.answered_by.as_deref();
    lines.push(Line::maybe("answered by", by, ToOwned::to_owned));
}

/// What would be lost, by each that could take over.
fn losses(scene: &Scene<'_>, cluster: &Cluster, lines: &mut Vec<Line>) {
    // Who was the primary does not take over from itself.
    let last = cluster.sample.as_ref().filter(|_| cluster.primary_lost_at.is_some()).map(|sample| &sample.server);
    let followers = cluster.rows.iter().skip(1).filter(|row| !row.leads()).filter_map(|row| row.member.as_ref());
    let followers: Vec<_> = followers.filter(|name| Some(*name) != last).collect();
    if followers.is_empty() {
        return;
    }
    let is_lost = cluster.primary_lost_at.is_some();
    let heading = if is_lost { "What is lost if one takes over" } else { "What is lost if the primary is" };
    lines.extend([Line::empty(), Line::heading(heading)]);
    for name in followers {
        lines.push(Line::pair(name, rpo::estimate(cluster, name, scene.now).words));
    }
}

/// Ends of timelines that are shown, the newest.
const LINES: usize = 8;

fn history(patroni: &Patroni, lines: &mut Vec<Line>) {
    if patroni.history.is_empty() {
        return;
    }
    lines.extend([Line::empty(), Line::heading("Ends of timelines")]);
    for end in patroni.history.iter().rev().take(LINES) {
        let at = end.at.map_or_else(String::new, |at| format!("{}  ", units::date_clock(at)));
        let leader = end.leader.as_deref().map_or_else(String::new, |leader| format!(", then {leader}"));
        lines.push(Line::pair(
            &format!("timeline {}", end.timeline),
            format!("{at}at {}{leader}: {}", end.lsn, end.reason),
        ));
    }
}

impl Details for PostgresDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Postgres]
    }
    fn name(&self, _: &World, object: &ObjectRef) -> String {
        object.id.replace('/', " ")
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(row) = row(scene.world, object) else { return "not known".into() };
        let role = row.role.as_deref().filter(|_| row.member.is_some());
        let lag = if row.leads() || row.member.is_none() { None } else { behind(row) };
        let notes = Some(row.notes.as_str()).filter(|notes| !notes.is_empty());
        let words = [role, Some(row.state.as_str()), lag.as_deref(), notes];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let cluster = find(scene.world, object)?;
        match object.in_postgres()?.1 {
            None => Some(whole(scene, cluster)),
            Some(member) => Some(member::summary(scene, cluster, member)),
        }
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        let cluster = find(world, object)?;
        match object.in_postgres()?.1 {
            None => yaml::of(cluster.as_ref()),
            Some(name) => yaml::of(&member::Whole { member: cluster.member(name), server: cluster.server(name) }),
        }
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let key = |metric| SeriesKey::new(metric, object.id.clone());
        let lag = Kept { word: "behind", key: key(Metric::PostgresLag), scale: Scale::Bytes };
        match object.in_postgres() {
            Some((_, None)) => {
                let rate =
                    Kept { word: "WAL written", key: key(Metric::PostgresWritten), scale: Scale::BytesPerSecond };
                vec![rate, lag]
            }
            _ => vec![lag],
        }
    }
}
