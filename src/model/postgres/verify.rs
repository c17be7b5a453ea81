//! What has to hold after a leader moved, and where a move stands while nobody knows.

use super::{Cluster, check::Check, patroni::Patroni};
use crate::model::units;

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;

/// What was tried after the move, beside looking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// Whether the new leader answers 200 to `GET /primary`.
    pub answers_as_primary: Option<bool>,
    /// Whether what was written to the new leader was read back, or why that failed.
    pub canary: Option<Result<String, String>>,
}

/// Where a move stands, by a look at the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The candidate leads.
    Done,
    /// Another than the candidate took over.
    Elsewhere(String),
    /// Nobody leads: it is under way, or nobody can.
    Leaderless,
    /// The old leader leads: it has not begun, or it ended without a change.
    NotMoved,
    /// The cluster cannot be asked.
    Unknown,
}

/// Where a move to a candidate stands. `from` is who led before; `None` where nobody did.
pub fn moved(from: Option<&str>, candidate: &str, after: &Cluster) -> Move {
    let Some(patroni) = after.patroni.as_ref().filter(|patroni| patroni.store_problem.is_none()) else {
        return Move::Unknown;
    };
    match patroni.leader().map(|leader| leader.name.as_str()) {
        None => Move::Leaderless,
        Some(leader) if leader == candidate => Move::Done,
        Some(leader) if Some(leader) == from => Move::NotMoved,
        Some(leader) => Move::Elsewhere(leader.to_owned()),
    }
}

/// After a switchover or a failover under Patroni. `before` is what was known when it was planned.
pub fn patroni(before: &Cluster, after: &Cluster, candidate: &str, tried: &Tried) -> Vec<Check> {
    let Some(patroni) = &after.patroni else {
        return vec![Check::failed("patroni", format!("{} is not under Patroni", after.name))];
    };
    vec![
        leader(patroni, candidate),
        one_primary(after, candidate),
        answers_as_primary(candidate, tried),
        timeline(before, after, candidate),
        history(before, patroni, candidate),
        replicas(after, patroni, candidate),
        canary(tried),
    ]
}

/// After a standby was promoted without Patroni.
pub fn promotion(before: &Cluster, after: &Cluster, candidate: &str, tried: &Tried) -> Vec<Check> {
    let mut checks = vec![one_primary(after, candidate), timeline(before, after, candidate)];
    checks.extend(server(after, candidate));
    checks.extend([standbys(before, after, candidate), canary(tried)]);
    checks
}

fn leader(patroni: &Patroni, candidate: &str) -> Check {
    match patroni.leader() {
        Some(leader) if leader.name == candidate => Check::ok("leader", format!("{candidate} leads")),
        Some(leader) => Check::failed("leader", format!("{} leads, not {candidate}", leader.name)),
        None => Check::unknown("leader", "nobody leads yet"),
    }
}

fn one_primary(after: &Cluster, candidate: &str) -> Check {
    const ID: &str = "one-primary";
    match after.primaries().as_slice() {
        [one] if *one == candidate => Check::ok(ID, format!("{candidate} takes writes, and no other")),
        [one] => Check::failed(ID, format!("{one} takes writes, not {candidate}")),
        [] => Check::unknown(ID, "nobody says that it takes writes"),
        all => Check::failed(ID, format!("{} take writes: {}", all.len(), all.join(", "))),
    }
}

fn answers_as_primary(candidate: &str, tried: &Tried) -> Check {
    match tried.answers_as_primary {
        Some(true) => Check::ok("primary", format!("{candidate} /primary answers 200")),
        Some(false) => Check::failed("primary", format!("{candidate} /primary does not answer 200")),
        None => Check::unknown("primary", format!("{candidate} /primary was not answered")),
    }
}

/// The timeline of a cluster: its primary's, or the last that one was seen on, or the newest of all.
fn timeline_before(before: &Cluster) -> Option<u32> {
    let primary = before.primaries().first().and_then(|name| before.timeline_of(name));
    let seen = before.sample.as_ref().and_then(|sample| sample.timeline);
    let names =
        before.members().iter().map(|member| &member.name).chain(before.servers.iter().map(|server| &server.name));
    primary.or(seen).or_else(|| names.filter_map(|name| before.timeline_of(name)).max())
}

fn timeline(before: &Cluster, after: &Cluster, candidate: &str) -> Check {
    const ID: &str = "timeline";
    match (timeline_before(before), after.timeline_of(candidate)) {
        (Some(old), Some(new)) if new == old + 1 => Check::ok(ID, format!("{new}, one more than {old}")),
        (Some(old), Some(new)) if new > old => {
            Check::failed(ID, format!("{new}, where {} was expected: it moved more than once", old + 1))
        }
        (Some(old), Some(new)) => {
            Check::failed(ID, format!("{new}, where {} was expected: it was not promoted", old + 1))
        }
        (None, _) => Check::unknown(ID, "the timeline before is not known"),
        (_, None) => Check::unknown(ID, format!("{candidate} does not say its timeline")),
    }
}

/// Whether the cluster wrote down that the candidate took over. It does so a moment after the promotion.
fn history(before: &Cluster, patroni: &Patroni, candidate: &str) -> Check {
    const ID: &str = "history";
    let Some(old) = timeline_before(before) else { return Check::unknown(ID, "the timeline before is not known") };
    let Some(line) = patroni.history.iter().find(|line| line.timeline == old) else {
        return Check::unknown(ID, format!("the end of timeline {old} is not written down yet"));
    };
    let at = line.at.map_or_else(String::new, |at| format!(" at {}", units::clock(at)));
    match line.leader.as_deref() {
        Some(leader) if leader != candidate => {
            Check::failed(ID, format!("timeline {old} ended at {}{at}, and {leader} took over", line.lsn))
        }
        _ => Check::ok(ID, format!("timeline {old} ended at {}{at}", line.lsn)),
    }
}

/// Whether all others follow. One that was away before is not waited for.
fn replicas(after: &Cluster, patroni: &Patroni, candidate: &str) -> Check {
    const ID: &str = "streaming";
    let on = after.timeline_of(candidate);
    let (mut good, mut open) = (Vec::new(), Vec::new());
    for member in patroni.members.iter().filter(|member| member.name != candidate) {
        let same = on.is_some() && after.timeline_of(&member.name) == on;
        match patroni.is_streaming(member) {
            Some(true) if same => good.push(member.name.as_str()),
            Some(true) => open.push(format!("{} streams on another timeline", member.name)),
            Some(false) => open.push(format!("{} does not stream", member.name)),
            None => open.push(format!("{} is not known to stream", member.name)),
        }
    }
    match (good.as_slice(), open.as_slice()) {
        ([], []) => Check::failed(ID, format!("{candidate} is alone: no replica is left")),
        (good, []) => Check::ok(ID, format!("{} stream from {candidate}'s timeline", good.join(", "))),
        // They turn around within seconds; what is not yet is no failure.
        (_, open) => Check::unknown(ID, format!("not yet: {}", open.join("; "))),
    }
}

fn canary(tried: &Tried) -> Check {
    match &tried.canary {
        Some(Ok(words)) => Check::ok("canary", words.clone()),
        Some(Err(why)) => Check::failed("canary", why.clone()),
        None => Check::unknown("canary", "nothing was written and read back"),
    }
}

/// What a promoted server says of itself.
fn server(after: &Cluster, candidate: &str) -> Vec<Check> {
    let Some(state) = after.server(candidate).and_then(|server| server.state.as_ref()) else {
        return vec![Check::unknown("promoted", format!("{candidate} does not answer"))];
    };
    let promoted = if state.in_recovery { "is still in recovery" } else { "is out of recovery" };
    let writable = if state.is_read_only { "on: nobody writes by default" } else { "off" };
    let control = match (state.timeline, state.control_timeline) {
        (Some(on), Some(control)) if on == control => {
            Check::ok("checkpoint", format!("the control file is on timeline {on}"))
        }
        (Some(on), Some(control)) => {
            let detail =
                format!("the control file is on timeline {control}, not {on}: CHECKPOINT, or pg_rewind is misled");
            Check::failed("checkpoint", detail)
        }
        _ => Check::unknown("checkpoint", "the timeline of the control file is not known"),
    };
    vec![
        Check::of("promoted", !state.in_recovery, format!("{candidate} {promoted}")),
        Check::of("writable", !state.is_read_only, format!("default_transaction_read_only is {writable}")),
        control,
    ]
}

/// Whether the standbys that answer follow the new primary.
fn standbys(before: &Cluster, after: &Cluster, candidate: &str) -> Check {
    const ID: &str = "streaming";
    let was_standby = |name: &str| {
        before.server(name).and_then(|server| server.state.as_ref()).is_some_and(|state| state.in_recovery)
    };
    let others: Vec<_> =
        after.servers.iter().filter(|server| server.name != candidate && was_standby(&server.name)).collect();
    if others.is_empty() {
        return Check::ok(ID, format!("{candidate} has no other standby to follow it"));
    }
    let on = after.timeline_of(candidate);
    let follows = |name: &str| {
        let state = after.server(name).and_then(|server| server.state.as_ref());
        state.is_some_and(|state| state.in_recovery && state.is_receiving() && state.timeline == on)
    };
    let open: Vec<_> = others.iter().map(|server| server.name.as_str()).filter(|name| !follows(name)).collect();
    if open.is_empty() {
        return Check::ok(ID, format!("{} standbys follow {candidate}", others.len()));
    }
    Check::unknown(ID, format!("not yet: {} does not follow {candidate}", open.join(", ")))
}
