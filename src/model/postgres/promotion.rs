//! What has to hold before a standby is promoted where there is no Patroni: nobody but us prevents two primaries.

use super::{
    Cluster,
    check::Check,
    preflight::{fresh, furthest, last_timeline, replays},
    rpo::{self, Budget},
};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

#[cfg(test)]
#[path = "promotion_tests.rs"]
mod tests;

/// What is known of the old primary's being kept from writes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fence {
    /// How it was fenced, where somebody did: «powered off by ILO», «pg_ctl stop on db1».
    pub confirmed: Option<String>,
    /// Whether it answers, as seen from places that fail apart.
    pub seen: Vec<Vantage>,
}

/// One look at the old primary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Vantage {
    /// From where: a host name.
    pub from: String,
    /// `None` where it could not be tried.
    pub answers: Option<bool>,
}

/// Places that must agree that the old primary is silent.
const VANTAGE_POINTS: usize = 2;

/// Before a standby is promoted.
pub fn preflight(cluster: &Cluster, candidate: &str, budget: Budget, fence: &Fence, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![fresh(cluster, now)];
    if cluster.patroni.is_some() {
        let detail = format!("{} is under Patroni: ask Patroni, or two primaries may be the end of it", cluster.name);
        checks.push(Check::failed("plain", detail));
        return checks;
    }
    // A server that does not answer may be a standby that is further; the one that was the primary is not counted.
    let last = cluster.sample.as_ref().map(|sample| sample.server.as_str());
    let standbys = cluster.servers.iter().filter(|server| {
        let is_standby = server.state.as_ref().map(|state| state.in_recovery);
        is_standby.unwrap_or(Some(server.name.as_str()) != last)
    });
    checks.extend([
        eligible(cluster, candidate),
        replays(cluster, candidate),
        furthest(cluster, candidate, standbys.map(|server| server.name.as_str())),
        last_timeline(cluster, candidate),
        fenced(cluster, fence),
        rpo::estimate(cluster, candidate, now).check(budget),
    ]);
    checks
}

fn eligible(cluster: &Cluster, candidate: &str) -> Check {
    const ID: &str = "candidate";
    let Some(server) = cluster.server(candidate) else {
        return Check::failed(ID, format!("{} has no server {candidate}", cluster.name));
    };
    match (&server.state, &server.problem) {
        (Some(state), _) if state.in_recovery => {
            Check::ok(ID, format!("{candidate} ({}) is a standby", server.address))
        }
        (Some(_), _) => Check::failed(ID, format!("{candidate} is a primary already")),
        (None, Some(why)) => Check::failed(ID, format!("{candidate} does not answer: {why}")),
        (None, None) => Check::unknown(ID, format!("{candidate} was not asked")),
    }
}

/// Unreachable is not fenced: it may be reached by others, and take their writes.
fn fenced(cluster: &Cluster, fence: &Fence) -> Check {
    const ID: &str = "fenced";
    let is_read_only = |name: &&str| {
        cluster.server(name).and_then(|server| server.state.as_ref()).is_some_and(|state| state.is_read_only)
    };
    let (read_only, writable): (Vec<_>, Vec<_>) = cluster.primaries().into_iter().partition(is_read_only);
    if !writable.is_empty() {
        return Check::failed(ID, format!("{} answers and takes writes", writable.join(", ")));
    }
    if !read_only.is_empty() {
        let name = read_only.join(", ");
        let says = "answers, and begins transactions read-only";
        return match &fence.confirmed {
            Some(how) => {
                Check::unknown(ID, format!("{how}; {name} {says}: who asks for it by name can still write there"))
            }
            None => Check::failed(ID, format!("{name} {says}, and nobody says that it is fenced")),
        };
    }
    if let Some(sees) = fence.seen.iter().find(|look| look.answers == Some(true)) {
        return Check::failed(ID, format!("it answers, seen from {}", sees.from));
    }
    let silent: Vec<_> = fence.seen.iter().filter(|look| look.answers == Some(false)).map(|look| &*look.from).collect();
    let from = if silent.is_empty() { "nowhere else".to_owned() } else { silent.join(", ") };
    match &fence.confirmed {
        Some(how) if silent.len() >= VANTAGE_POINTS => Check::ok(ID, format!("{how}; silent from {from}")),
        Some(how) => Check::unknown(ID, format!("{how}; seen to be silent from {from}, and two places have to see it")),
        None => Check::unknown(ID, format!("silent from {from}; unreachable is not fenced: say how it was fenced")),
    }
}
