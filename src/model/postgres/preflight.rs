//! What has to hold before Patroni is asked to move a leader: planned ([`switchover`]) and after a loss ([`failover`]).
//! Patroni checks some of it itself, and of a cluster without a leader next to nothing
//! (<https://patroni.readthedocs.io/en/latest/rest_api.html#switchover-and-failover-endpoints>).

use super::{
    Cluster,
    check::Check,
    patroni::{Member, Patroni, Role},
    rpo::{self, Budget},
};
use crate::model::{Timestamp, units};

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;

/// An answer that is older is not of now, in seconds.
const FRESH_SECONDS: f64 = 15.0;

/// Before a planned switchover from a leader to a candidate. `is_ready` is the candidate's answer to `GET /replica?lag=`, where it was
/// asked with the budget.
pub fn switchover(
    cluster: &Cluster,
    leader: &str,
    candidate: &str,
    budget: Budget,
    is_ready: Option<bool>,
    now: Timestamp,
) -> Vec<Check> {
    let mut checks = vec![fresh(cluster, now)];
    let Some(patroni) = &cluster.patroni else {
        checks.push(Check::failed("patroni", format!("{} is not under Patroni", cluster.name)));
        return checks;
    };
    checks.extend([
        store(patroni),
        one_leader(cluster, patroni, leader),
        eligible(patroni, candidate),
        one_timeline(cluster, patroni),
        lag(patroni, candidate, budget),
        ready(candidate, budget, is_ready),
        streams(patroni, candidate),
        replays(cluster, candidate),
        synchronous(patroni, candidate),
        not_paused(patroni),
        nothing_scheduled(patroni),
    ]);
    checks
}

/// Before a failover of a cluster that lost its leader, to a candidate.
pub fn failover(cluster: &Cluster, candidate: &str, budget: Budget, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![fresh(cluster, now)];
    let Some(patroni) = &cluster.patroni else {
        checks.push(Check::failed("patroni", format!("{} is not under Patroni", cluster.name)));
        return checks;
    };
    checks.extend([
        store(patroni),
        leader_lost(cluster, patroni, now),
        not_by_itself(cluster, patroni, now),
        eligible(patroni, candidate),
        furthest(cluster, candidate, patroni.members.iter().filter(|member| !member.role.leads()).map(|m| &*m.name)),
        last_timeline(cluster, candidate),
        replays(cluster, candidate),
        synchronous(patroni, candidate),
        nothing_scheduled(patroni),
        rpo::estimate(cluster, candidate, now).check(budget),
    ]);
    checks
}

/// Whether what is known is of now.
pub(super) fn fresh(cluster: &Cluster, now: Timestamp) -> Check {
    let age = now.duration_since(cluster.at).as_secs_f64();
    if age <= FRESH_SECONDS {
        Check::ok("fresh", format!("asked {age:.0} s ago"))
    } else {
        Check::unknown("fresh", format!("last asked {} ago, which is more than {FRESH_SECONDS} s", units::span(age)))
    }
}

fn store(patroni: &Patroni) -> Check {
    match &patroni.store_problem {
        None => Check::ok("store", "the members reach the store that they agree in"),
        Some(why) => Check::failed("store", format!("no member reaches the store, so none can move: {why}")),
    }
}

fn one_leader(cluster: &Cluster, patroni: &Patroni, leader: &str) -> Check {
    const ID: &str = "one-leader";
    let primaries = cluster.primaries();
    if primaries.len() > 1 {
        return Check::failed(ID, format!("{} take writes: {}", primaries.len(), primaries.join(", ")));
    }
    match patroni.leader() {
        None => Check::failed(ID, "there is no leader: this is for a failover"),
        Some(member) if member.name != leader => Check::failed(ID, format!("{} leads, not {leader}", member.name)),
        Some(member) => match (&member.own, &member.problem) {
            (Some(_), _) => Check::ok(ID, format!("{leader} leads ({})", member.role.word())),
            (None, Some(why)) => Check::failed(ID, format!("{leader} holds the key and does not answer: {why}")),
            (None, None) => Check::unknown(ID, format!("{leader} holds the key, and was not asked")),
        },
    }
}

/// Whether Patroni would let the candidate lead.
fn eligible(patroni: &Patroni, candidate: &str) -> Check {
    const ID: &str = "candidate";
    let Some(member) = patroni.members.iter().find(|member| member.name == candidate) else {
        let names: Vec<_> = patroni.members.iter().map(|member| member.name.as_str()).collect();
        return Check::failed(ID, format!("there is no member {candidate}: {}", names.join(", ")));
    };
    let why = if member.role.leads() {
        Some("it leads already".to_owned())
    } else if member.tags.nofailover {
        Some("it is tagged nofailover".to_owned())
    } else if !matches!(member.state.as_str(), "running" | "streaming") {
        Some(format!("its state is «{}»", member.state))
    } else if member.own.as_ref().is_some_and(|own| own.is_watchdog_failed) {
        Some("its watchdog does not work".to_owned())
    } else {
        None
    };
    match (why, &member.own, &member.problem) {
        (Some(why), _, _) => Check::failed(ID, format!("{candidate}: {why}")),
        (None, None, Some(why)) => Check::failed(ID, format!("{candidate} does not answer: {why}")),
        (None, None, None) => Check::unknown(ID, format!("{candidate} was not asked")),
        (None, Some(_), _) => Check::ok(ID, format!("{candidate}: {}, {}", member.role.word(), member.state)),
    }
}

fn one_timeline(cluster: &Cluster, patroni: &Patroni) -> Check {
    const ID: &str = "one-timeline";
    let lines: Vec<_> =
        patroni.members.iter().map(|member| (&member.name, cluster.timeline_of(&member.name))).collect();
    let words: Vec<_> = lines
        .iter()
        .map(|(name, line)| format!("{name} {}", line.map_or_else(|| "?".to_owned(), |line| line.to_string())))
        .collect();
    let words = words.join(", ");
    let mut known: Vec<_> = lines.iter().filter_map(|(_, line)| *line).collect();
    known.dedup();
    match (known.as_slice(), known.len() == 1 && lines.iter().all(|(_, line)| line.is_some())) {
        ([line], true) => Check::ok(ID, format!("all on timeline {line}")),
        ([] | [_], _) => Check::unknown(ID, format!("not all timelines are known: {words}")),
        _ => Check::failed(ID, format!("timelines differ: {words}")),
    }
}

fn lag(patroni: &Patroni, candidate: &str, budget: Budget) -> Check {
    const ID: &str = "lag";
    let member = patroni.members.iter().find(|member| member.name == candidate);
    let Some(lag) = member.and_then(|member| member.lag_bytes) else {
        return Check::unknown(ID, format!("nobody knows how far {candidate} is behind"));
    };
    let electable = patroni.config_or_default().maximum_lag_on_failover_bytes;
    let most = budget.bytes.min(electable);
    let whose = if electable < budget.bytes { "maximum_lag_on_failover" } else { "the budget" };
    let detail = format!("{candidate} is {} behind; {whose} is {}", bytes(lag), bytes(most));
    Check::of(ID, lag <= most, detail)
}

fn ready(candidate: &str, budget: Budget, is_ready: Option<bool>) -> Check {
    let asked = format!("{candidate} /replica?lag={}", budget.bytes);
    match is_ready {
        Some(true) => Check::ok("ready", format!("{asked} answers 200")),
        Some(false) => Check::failed("ready", format!("{asked} does not answer 200")),
        None => Check::unknown("ready", format!("{asked} was not answered")),
    }
}

fn streams(patroni: &Patroni, candidate: &str) -> Check {
    let member = patroni.members.iter().find(|member| member.name == candidate);
    match member.and_then(|member| patroni.is_streaming(member)) {
        Some(true) => Check::ok("streaming", format!("{candidate} receives the stream")),
        Some(false) => Check::failed("streaming", format!("nobody streams to {candidate}")),
        None => Check::unknown("streaming", format!("nobody says whether {candidate} receives the stream")),
    }
}

pub(super) fn replays(cluster: &Cluster, candidate: &str) -> Check {
    match cluster.is_replay_paused(candidate) {
        Some(false) => Check::ok("replay", format!("{candidate} replays what it receives")),
        Some(true) => {
            Check::failed("replay", format!("the replay of {candidate} is paused: pg_wal_replay_resume() first"))
        }
        None => Check::unknown("replay", format!("{candidate} does not say whether its replay is paused")),
    }
}

fn synchronous(patroni: &Patroni, candidate: &str) -> Check {
    const ID: &str = "synchronous";
    let Some(config) = &patroni.config else {
        return Check::unknown(ID, "the cluster's configuration is not known");
    };
    if !config.is_synchronous {
        return Check::ok(ID, "the cluster is asynchronous");
    }
    let is_sync = |member: &&Member| matches!(member.role, Role::SyncStandby | Role::QuorumStandby);
    let names: Vec<_> = patroni.members.iter().filter(is_sync).map(|member| member.name.as_str()).collect();
    match names.as_slice() {
        [] => Check::unknown(ID, "synchronous mode, and no member is a synchronous standby"),
        names if names.contains(&candidate) => Check::ok(ID, format!("{candidate} has every commit")),
        names => {
            let detail = format!("{candidate} may lack commits that were confirmed; {} has all", names.join(", "));
            Check::failed(ID, detail)
        }
    }
}

fn not_paused(patroni: &Patroni) -> Check {
    let detail = if patroni.is_paused { "paused: resume it first" } else { "not paused" };
    Check::of("not-paused", !patroni.is_paused, detail)
}

fn nothing_scheduled(patroni: &Patroni) -> Check {
    const ID: &str = "nothing-scheduled";
    let Some(scheduled) = &patroni.scheduled else { return Check::ok(ID, "no switchover is scheduled") };
    let at = scheduled.at.map_or_else(|| "a time that is not known".into(), units::date_clock);
    let to = scheduled.to.as_deref().unwrap_or("any replica");
    Check::failed(ID, format!("a switchover to {to} is scheduled for {at}: cancel it first"))
}

fn leader_lost(cluster: &Cluster, patroni: &Patroni, now: Timestamp) -> Check {
    const ID: &str = "leader-lost";
    let primaries = cluster.primaries();
    match patroni.leader() {
        Some(leader) if leader.own.is_some() => {
            Check::failed(ID, format!("{} leads and answers: ask for a switchover", leader.name))
        }
        Some(leader) => {
            let ttl = patroni.config_or_default().ttl_seconds;
            let detail = format!("{} does not answer, and holds its key for up to {ttl} s more", leader.name);
            Check::unknown(ID, detail)
        }
        None if !primaries.is_empty() => {
            Check::failed(ID, format!("no leader, and {} still takes writes: fence it", primaries.join(", ")))
        }
        None => {
            let since = cluster
                .primary_lost_at
                .map_or_else(String::new, |at| format!(" since {} ({})", units::clock(at), units::age(now, at)));
            Check::ok(ID, format!("no leader{since}"))
        }
    }
}

/// Whether Patroni has had its time to elect a leader by itself.
fn not_by_itself(cluster: &Cluster, patroni: &Patroni, now: Timestamp) -> Check {
    const ID: &str = "not-by-itself";
    if patroni.is_paused {
        return Check::ok(ID, "paused: Patroni elects nobody by itself");
    }
    // It was lost when it fell silent: its key lives on for the time to live, and the next look finds it gone.
    let config = patroni.config_or_default();
    let needed = config.ttl_seconds.saturating_add(config.loop_wait_seconds);
    let Some(lost) = cluster.primary_lost_at else {
        return Check::unknown(ID, "since when there is no leader is not known");
    };
    let passed = now.duration_since(lost).as_secs_f64();
    if passed < needed as f64 {
        return Check::unknown(
            ID,
            format!("Patroni elects by itself within {needed} s where it can; {passed:.0} s have passed"),
        );
    }
    Check::ok(ID, format!("Patroni has elected nobody in {passed:.0} s, and needs {needed} s"))
}

/// Whether no other that could take over is further.
pub(super) fn furthest<'a>(cluster: &Cluster, candidate: &str, all: impl Iterator<Item = &'a str>) -> Check {
    const ID: &str = "furthest";
    let Some(own) = cluster.position_of(candidate) else {
        return Check::unknown(ID, format!("{candidate} does not say how far it has the log"));
    };
    let (mut silent, mut behind) = (Vec::new(), Vec::new());
    for other in all.filter(|other| *other != candidate) {
        match cluster.position_of(other) {
            None => silent.push(other),
            Some(position) if position > own => {
                let ahead = bytes(position.bytes_ahead_of(own));
                return Check::failed(ID, format!("{other} has {ahead} more: {position}, {candidate} has {own}"));
            }
            Some(position) => behind.push(format!("{other} {position}")),
        }
    }
    if !silent.is_empty() {
        let detail = format!("{candidate} has {own}; {} does not say how far it is", silent.join(", "));
        return Check::unknown(ID, detail);
    }
    let others = if behind.is_empty() { "no other answers".to_owned() } else { behind.join(", ") };
    Check::ok(ID, format!("{candidate} has {own}; {others}"))
}

/// Whether the candidate is on the timeline that the last primary was on.
pub(super) fn last_timeline(cluster: &Cluster, candidate: &str) -> Check {
    const ID: &str = "timeline";
    let last = cluster.sample.as_ref().and_then(|sample| Some((&sample.server, sample.timeline?)));
    match (last, cluster.timeline_of(candidate)) {
        (Some((_, last)), Some(on)) if last == on => {
            Check::ok(ID, format!("{candidate} is on the last timeline, {on}"))
        }
        (Some((server, last)), Some(on)) => {
            Check::failed(ID, format!("{candidate} is on timeline {on}, the last primary {server} was on {last}"))
        }
        (None, _) => Check::unknown(ID, "no primary has been seen since this began to watch"),
        (_, None) => Check::unknown(ID, format!("{candidate} does not say its timeline")),
    }
}

fn bytes(count: u64) -> String {
    units::bytes(count as f64)
}
