//! What is wrong with a cluster, for the attention list: judged here, and nowhere else.

mod servers;
#[cfg(test)]
mod tests;

use super::{
    Cluster,
    patroni::{Member, Patroni},
};
use crate::model::{
    Timestamp,
    attention::{Condition, Severity},
    object::ObjectRef,
    units,
};
use compact_str::{CompactString, format_compact};

/// A rule of the attention list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Stable identity, in kebab case.
    pub id: &'static str,
    /// For how long what it finds must hold before somebody is told: members are asked one after the other, so that what moves is seen in
    /// two places for a moment, and replicas turn around within seconds.
    pub raise_after_seconds: f64,
}

const fn rule(id: &'static str, raise_after_seconds: f64) -> Rule {
    Rule { id, raise_after_seconds }
}

pub const NO_LEADER: Rule = rule("postgres-no-leader", 0.0);
pub const LEADERS: Rule = rule("postgres-leaders", 5.0);
pub const SILENT_LEADER: Rule = rule("postgres-silent-leader", 5.0);
pub const STORE: Rule = rule("postgres-store", 5.0);
pub const IDENTITY: Rule = rule("postgres-identity", 0.0);
pub const PAUSED: Rule = rule("postgres-paused", 0.0);
pub const SYNCHRONOUS: Rule = rule("postgres-synchronous", 30.0);
pub const MEMBER: Rule = rule("postgres-member", 30.0);
pub const STREAMING: Rule = rule("postgres-streaming", 30.0);
pub const LAG: Rule = rule("postgres-lag", 30.0);
pub const TIMELINE: Rule = rule("postgres-timeline", 30.0);
pub const REPLAY: Rule = rule("postgres-replay", 30.0);
pub const SERVER: Rule = rule("postgres-server", 15.0);
pub const SLOT: Rule = rule("postgres-slot", 60.0);
pub const RESTART: Rule = rule("postgres-restart", 60.0);

/// Every rule that [`conditions`] judges by.
pub const RULES: [Rule; 15] = [
    NO_LEADER,
    LEADERS,
    SILENT_LEADER,
    STORE,
    IDENTITY,
    PAUSED,
    SYNCHRONOUS,
    MEMBER,
    STREAMING,
    LAG,
    TIMELINE,
    REPLAY,
    SERVER,
    SLOT,
    RESTART,
];

/// Everything that is wrong with a cluster at the time it was asked: at most one row a rule and object, with the worst of it.
pub fn conditions(cluster: &Cluster) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut judge = Judge { cluster, found: &mut found };
    judge.leaders();
    judge.identity();
    if let Some(patroni) = &cluster.patroni {
        judge.patroni(patroni);
    }
    judge.servers();
    folded(found)
}

/// Of several rows of one rule and object the worst, with the number of the others.
fn folded(found: Vec<Condition>) -> Vec<Condition> {
    let mut rows: Vec<(Condition, u32)> = Vec::new();
    for condition in found {
        let alike = |row: &&mut (Condition, u32)| row.0.rule == condition.rule && row.0.object == condition.object;
        match rows.iter_mut().find(alike) {
            None => rows.push((condition, 0)),
            Some((kept, others)) => {
                *others += 1;
                if condition.severity > kept.severity {
                    *kept = condition;
                }
            }
        }
    }
    let told = |(mut condition, others): (Condition, u32)| {
        if others > 0 {
            condition.cause += &format!("; {others} more");
        }
        condition
    };
    rows.into_iter().map(told).collect()
}

/// Collects what is found in one cluster.
struct Judge<'a> {
    cluster: &'a Cluster,
    found: &'a mut Vec<Condition>,
}

impl Judge<'_> {
    /// Something about the cluster as a whole.
    fn whole(&mut self, rule: Rule, severity: Severity, cause: String, next_step: impl Into<String>) {
        let (object, name) = (self.cluster.object(), self.cluster.name.clone());
        self.add(rule, severity, object, name, cause, next_step.into());
    }

    /// Something about one member or server.
    fn one(&mut self, rule: Rule, severity: Severity, member: &str, cause: String, next_step: impl Into<String>) {
        let object = self.cluster.member_object(member);
        let name = format_compact!("{} {member}", self.cluster.name);
        self.add(rule, severity, object, name, cause, next_step.into());
    }

    fn add(
        &mut self,
        rule: Rule,
        severity: Severity,
        object: ObjectRef,
        name: CompactString,
        cause: String,
        next_step: String,
    ) {
        let (rule, kind) = (rule.id.into(), "postgres".into());
        self.found.push(Condition { rule, severity, kind, object, name, cause, next_step, count: 1, since: None });
    }

    fn since(&mut self, since: Option<Timestamp>) {
        if let Some(last) = self.found.last_mut() {
            last.since = since;
        }
    }

    fn leaders(&mut self) {
        let primaries = self.cluster.primaries();
        if primaries.len() > 1 {
            let cause = format!("{} take writes: {}", primaries.len(), primaries.join(", "));
            let next = "two histories grow apart now: fence all but one at once, then compare timelines";
            self.whole(LEADERS, Severity::Critical, cause, next);
        }
        match &self.cluster.patroni {
            Some(patroni) if patroni.store_problem.is_none() && patroni.leader().is_none() => {
                let (cause, next) = without_leader(self.cluster, patroni);
                self.whole(NO_LEADER, Severity::Critical, cause, next);
                self.since(self.cluster.primary_lost_at);
            }
            None if primaries.is_empty() && self.cluster.servers.iter().any(|server| server.state.is_some()) => {
                let silent: Vec<_> = self.cluster.servers.iter().filter(|server| server.state.is_none()).collect();
                let last = self.cluster.sample.as_ref().map_or_else(String::new, |sample| {
                    format!("; the last was {}, seen at {}", sample.server, units::clock(sample.at))
                });
                let who = if silent.is_empty() { "all servers are standbys" } else { "no primary answers" };
                let next = "if it does not come back: fence it, then promote the standby that is furthest";
                self.whole(NO_LEADER, Severity::Critical, format!("{who}: nobody takes writes{last}"), next);
                self.since(self.cluster.primary_lost_at);
            }
            _ => {}
        }
    }

    /// Servers that do not hold the same data at all.
    fn identity(&mut self) {
        let by_patroni = self
            .cluster
            .members()
            .iter()
            .filter_map(|member| Some((member.name.as_str(), member.own.as_ref()?.system_identifier.as_deref()?)));
        let by_sql =
            self.cluster.servers.iter().filter_map(|server| {
                Some((server.name.as_str(), server.state.as_ref()?.system_identifier.as_deref()?))
            });
        let all: Vec<_> = by_patroni.chain(by_sql).collect();
        let Some((first, identifier)) = all.first().copied() else { return };
        if let Some((other, theirs)) = all.iter().find(|(_, theirs)| *theirs != identifier) {
            let cause = format!("not the same database: {first} has the identifier {identifier}, {other} has {theirs}");
            self.whole(
                IDENTITY,
                Severity::Critical,
                cause,
                "one of them is of another cluster: see addresses and data",
            );
        }
    }

    fn patroni(&mut self, patroni: &Patroni) {
        if let Some(why) = &patroni.store_problem {
            let kept = !self.cluster.primaries().is_empty();
            let severity = if kept { Severity::Error } else { Severity::Critical };
            let what = if kept { "no leader can be chosen" } else { "nobody may lead, so nobody takes writes" };
            let cause = format!("no member reaches the store that they agree in: {what} ({why})");
            self.whole(STORE, severity, cause, "see etcd, Consul, ZooKeeper or the Kubernetes API, and the way there");
        }
        if patroni.is_paused {
            let cause = "paused: automatic failover is off".to_owned();
            self.whole(PAUSED, Severity::Warn, cause, "resume it when the work is done (patronictl resume)");
        }
        let config = patroni.config.as_ref();
        if config.is_some_and(|config| config.is_synchronous) && patroni.leader().is_some() {
            self.synchronous(patroni, config.is_some_and(|config| config.is_synchronous_strict));
        }
        for member in &patroni.members {
            self.member(patroni, member);
        }
        for missing in &patroni.missing {
            let cause = format!("missing: it was in the cluster at {}", units::clock(missing.seen_at));
            let next = "see its machine and its Patroni; one that was taken out on purpose is forgotten in an hour";
            self.one(MEMBER, Severity::Warn, &missing.name, cause, next);
        }
        for silent in &patroni.silent {
            let cause = format!("{} does not answer: {}", silent.address, silent.problem);
            self.whole(MEMBER, Severity::Warn, cause, "see that machine, or take the address out of the configuration");
        }
    }

    fn synchronous(&mut self, patroni: &Patroni, strict: bool) {
        use super::patroni::Role::{QuorumStandby, SyncStandby};
        if patroni.members.iter().any(|member| matches!(member.role, SyncStandby | QuorumStandby)) {
            return;
        }
        let (severity, what) = if strict {
            (Severity::Error, "commits wait until there is one")
        } else {
            (Severity::Warn, "commits wait for nobody, and a failover may lose some")
        };
        let cause = format!("synchronous mode without a synchronous standby: {what}");
        self.whole(SYNCHRONOUS, severity, cause, "bring a replica back that is not tagged nosync");
    }

    fn member(&mut self, patroni: &Patroni, member: &Member) {
        let name = &member.name;
        if let (None, Some(why)) = (&member.own, &member.problem) {
            if member.role.leads() {
                let ttl = patroni.config_or_default().ttl_seconds;
                let cause = format!("the leader does not answer: {why}; its key ends within {ttl} s");
                self.one(
                    SILENT_LEADER,
                    Severity::Error,
                    name,
                    cause,
                    "see its machine; Patroni elects another by itself",
                );
            } else {
                let cause = format!("its Patroni does not answer: {why}");
                self.one(MEMBER, Severity::Warn, name, cause, "see its machine and its Patroni");
            }
        } else if !matches!(member.state.as_str(), "running" | "streaming") {
            let severity = if member.state.contains("failed") { Severity::Error } else { Severity::Warn };
            self.one(MEMBER, severity, name, format!("state: {}", member.state), "see its Patroni's log");
        } else if !member.role.leads()
            && patroni.leader().is_some_and(|leader| leader.own.is_some())
            && patroni.is_streaming(member) == Some(false)
        {
            let cause = "nobody streams to it: it falls behind".to_owned();
            self.one(STREAMING, Severity::Warn, name, cause, "see its log; reinitialize it where WAL is gone");
        }
        if member.is_restart_pending {
            let cause = "a setting counts only after a restart".to_owned();
            self.one(RESTART, Severity::Info, name, cause, "restart it when it may be away (patronictl restart)");
        }
        if !member.role.leads() {
            self.follows(patroni, member);
        }
    }

    /// Lag and timeline of a member that is to follow.
    fn follows(&mut self, patroni: &Patroni, member: &Member) {
        let most = self.cluster.limits.lag_bytes;
        if let Some(lag) = member.lag_bytes.filter(|lag| *lag > most) {
            let electable = patroni.config_or_default().maximum_lag_on_failover_bytes;
            let elected = if lag > electable { "; it would not be elected" } else { "" };
            let cause = format!("{} behind, more than {}{elected}", bytes(lag), bytes(most));
            self.one(LAG, Severity::Warn, &member.name, cause, "see its disk, its network, and long queries on it");
        }
        let leader = patroni.leader().and_then(|leader| Some((leader, self.cluster.timeline_of(&leader.name)?)));
        if let (Some((leader, leads)), Some(on)) = (leader, self.cluster.timeline_of(&member.name))
            && on != leads
        {
            let cause = format!("on timeline {on}, the leader {} is on {leads}: it does not follow", leader.name);
            self.one(
                TIMELINE,
                Severity::Error,
                &member.name,
                cause,
                "see its log; pg_rewind or reinitialize brings it back",
            );
        }
    }
}

/// Why there is no leader, and what helps.
fn without_leader(cluster: &Cluster, patroni: &Patroni) -> (String, String) {
    let config = patroni.config_or_default();
    let last = cluster.sample.as_ref().map_or_else(String::new, |sample| format!("; the last was {}", sample.server));
    if patroni.is_paused {
        let cause = format!("no leader, and Patroni is paused: nobody takes writes{last}");
        return (cause, "fail over by hand to the replica that is furthest, or start the old leader again".into());
    }
    let most = config.maximum_lag_on_failover_bytes;
    let lags: Vec<_> = patroni.members.iter().filter_map(|member| Some((member, member.lag_bytes?))).collect();
    if !lags.is_empty() && lags.len() == patroni.members.len() && lags.iter().all(|(_, lag)| *lag > most) {
        let words: Vec<_> = lags.iter().map(|(member, lag)| format!("{} {}", member.name, bytes(*lag))).collect();
        let cause = format!(
            "no leader, and none is elected: all are further behind than {} ({}){last}",
            bytes(most),
            words.join(", ")
        );
        return (cause, "start the old leader again, or fail over by hand and lose what is missing".into());
    }
    let cause = format!("no leader: nobody takes writes{last}");
    let wait = config.loop_wait_seconds + config.retry_timeout_seconds;
    (
        cause,
        format!("Patroni elects one by itself, mostly within {wait} s; after that see its logs, and fail over by hand"),
    )
}

fn bytes(count: u64) -> String {
    units::bytes(count as f64)
}
