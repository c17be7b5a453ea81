//! A backup that is too old, or went wrong.

use crate::{
    model::{
        Timestamp,
        finding::{Level, Scope},
    },
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        policy::Protected,
        resource::Resource,
        subject::{
            live::{Backup as Seen, Live},
            words::fits,
        },
        syntax::node::Node,
        tree::Tree,
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// 05g: last backup too old, or failed.
pub struct Backup;

static META: Meta = Meta {
    id: "05g",
    title: "last backup too old, or failed",
    level: Level::Error,
    scopes: &[Scope::Kube, Scope::Host],
    why: "What was written since the last good backup is lost with the disk: that may be more than was agreed upon.",
    fix: "Look at the log of the backup job, run it again, and restore one file from it as a test.",
    precedent: &[],
    references: &["https://csrc.nist.gov/pubs/sp/800/34/r1/upd1/final"],
    parameters: &[Parameter {
        name: "hours",
        about: "hours after which a backup is too old, where the protected server's `backup-hours` does not say",
        default: Value::Number(24.0),
    }],
};

impl Check for Backup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        match out.scope {
            Scope::Host => on_host(live, out),
            Scope::Kube => in_cluster(live, out),
            Scope::Repo | Scope::Diff | Scope::Docker => Judged::No,
        }
    }
}

/// Files of this host.
fn on_host(live: &Live<'_>, out: &mut Out<'_>) -> Judged {
    let policy = out.policy;
    let of = |backup: &Seen| policy.protected.iter().find(|protected| fits(&protected.name, &backup.name));
    for backup in live.backups {
        judge(backup, of(backup), out);
    }
    let mut judged = !live.backups.is_empty();
    for protected in policy.protected.iter().filter(|protected| protected.has_backup_here()) {
        judged = true;
        if !live.backups.iter().any(|backup| fits(&protected.name, &backup.name)) {
            let name = format!("backup of {}", protected.name);
            out.about(name, protected.name.as_str()).key("seen").unknown("nothing has looked at its last backup");
        }
    }
    if judged { Judged::Yes } else { Judged::No }
}

/// Jobs of a cluster. Another cluster than the one that the policy means has not even the namespace.
fn in_cluster(live: &Live<'_>, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    let policy = out.policy;
    for protected in &policy.protected {
        let Some((namespace, name)) = protected.backup_job.as_deref().and_then(|job| job.split_once('/')) else {
            continue;
        };
        let contexts: BTreeSet<_> =
            live.kube.iter().filter(|one| one.namespace == namespace).map(|one| &one.origin).collect();
        for context in contexts {
            judged = Judged::Yes;
            let is_it = |one: &&Arc<Resource>| one.origin == *context && one.namespace == namespace && one.name == name;
            let job = live.kube.iter().filter(|one| one.kind == "CronJob").find(is_it);
            let file = format!("{context}, CronJob {namespace}/{name}");
            let seen = |at, problem: Option<String>| Seen {
                name: protected.name.clone(),
                file: file.clone(),
                at,
                problem,
                unread: None,
            };
            match job {
                Some(job) => judge(&of_job(job, &seen), Some(protected), out),
                None if live.knows(context, "CronJob") => {
                    judge(&seen(None, Some("its CronJob is not there".into())), Some(protected), out);
                }
                None => judge(&seen(None, None), Some(protected), out),
            }
        }
    }
    judged
}

/// What a CronJob tells of its last success (<https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/#CronJobStatus>).
fn of_job(job: &Resource, seen: &impl Fn(Option<Timestamp>, Option<String>) -> Seen) -> Seen {
    if job.at("/spec/suspend").and_then(Node::as_bool) == Some(true) {
        return seen(None, Some("its CronJob is suspended".into()));
    }
    let time = |pointer: &str| job.at(pointer).and_then(Node::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    match (time("/status/lastSuccessfulTime"), time("/status/lastScheduleTime")) {
        (None, Some(started)) => seen(None, Some(format!("it has never succeeded; last started at {started}"))),
        (at, _) => seen(at, None),
    }
}

fn judge(backup: &Seen, protected: Option<&Protected>, out: &mut Out<'_>) {
    let hours = protected.and_then(|protected| protected.backup_hours).unwrap_or_else(|| out.number("hours"));
    let now = out.now;
    let draft = out
        .about(format!("backup of {}", backup.name), backup.file.as_str())
        .expected(format!("a good one within {hours} h"));
    if let Some(problem) = &backup.problem {
        return draft.observed(problem.as_str()).key("problem").fail();
    }
    let Some(at) = backup.at else {
        let why = backup.unread.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        return draft.key("age").unknown(format!("it is not known when the last one was made{why}"));
    };
    let age = now.duration_since(at).as_secs_f64() / 3_600.0;
    if age < -1.0 {
        draft.key("age").unknown(format!("its time is in the future: {at}"));
    } else if age > hours {
        draft.observed(format!("the last one is {age:.1} h old ({at})")).key("age").fail();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
    };

    fn said(backups: &[Seen], scope: Scope) -> Vec<String> {
        let policy: Policy =
            toml::from_str("[[protected]]\nname = 'db'\nreason = 'x'\nbackup-hours = 2\nbackup-file = '/b/db'\n")
                .expect("is a policy");
        let live = Live { backups, ..Live::default() };
        let now = "2026-01-02T00:00:00Z".parse().expect("a time");
        judge(&Backup, Subject::Live(&live, None), scope, &policy, now).findings.iter().map(line).collect()
    }

    fn backup(name: &str, at: Option<&str>, problem: Option<&str>) -> Seen {
        Seen {
            name: name.into(),
            file: "/b/x".into(),
            at: at.and_then(|at| at.parse().ok()),
            problem: problem.map(Into::into),
            unread: None,
        }
    }

    #[test]
    fn old_and_failed_backups_are_told() {
        let old = [backup("db", Some("2026-01-01T21:00:00Z"), None), backup("web", Some("2026-01-01T21:00:00Z"), None)];
        assert_eq!(said(&old, Scope::Host), ["backup of db the last one is 3.0 h old (2026-01-01T21:00:00Z)"]);
        assert_eq!(said(&[backup("db", None, Some("exit 1"))], Scope::Host), ["backup of db exit 1"]);
    }

    #[test]
    fn what_is_not_known_is_unknown() {
        assert_eq!(
            said(&[backup("db", None, None)], Scope::Host),
            ["? backup of db it is not known when the last one was made"]
        );
        assert_eq!(said(&[backup("db", Some("2026-01-03T00:00:00Z"), None)], Scope::Host).len(), 1);
        assert_eq!(said(&[], Scope::Host), ["? backup of db nothing has looked at its last backup"]);
        assert_eq!(said(&[], Scope::Kube), [""; 0]);
        assert_eq!(said(&[backup("db", None, Some("exit 1"))], Scope::Kube), [""; 0], "that is told of the host");
    }

    fn job(text: &str) -> Vec<String> {
        let policy: Policy =
            toml::from_str("[[protected]]\nname = 'db'\nreason = 'x'\nbackup-hours = 2\nbackup-job = 'shop/dump'\n")
                .expect("is a policy");
        let now = "2026-01-02T00:00:00Z".parse().expect("a time");
        let mut job = crate::rulebook::resource::object(text);
        (job.scope, job.origin) = (Scope::Kube, "prod".into());
        let live = Live { kube: vec![job.into()], listed: vec![("prod".into(), "CronJob".into())], ..Live::default() };
        judge(&Backup, Subject::Live(&live, None), Scope::Kube, &policy, now).findings.iter().map(line).collect()
    }

    #[test]
    fn a_job_of_a_cluster_tells_when_it_succeeded() {
        let of = |name: &str, rest: &str| {
            job(&format!("apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: {name}, namespace: shop}}\n{rest}\n"))
        };
        assert_eq!(of("dump", "status: {lastSuccessfulTime: '2026-01-01T23:00:00Z'}"), [""; 0]);
        assert_eq!(
            of("dump", "status: {lastSuccessfulTime: '2026-01-01T20:00:00Z'}"),
            ["backup of db the last one is 4.0 h old (2026-01-01T20:00:00Z)"]
        );
        assert_eq!(
            of("dump", "status: {lastScheduleTime: '2026-01-01T23:00:00Z'}"),
            ["backup of db it has never succeeded; last started at 2026-01-01T23:00:00Z"]
        );
        assert_eq!(of("dump", "spec: {suspend: true}"), ["backup of db its CronJob is suspended"]);
        assert_eq!(of("dump", ""), ["? backup of db it is not known when the last one was made"]);
        assert_eq!(of("other", ""), ["backup of db its CronJob is not there"]);
        let elsewhere = "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: other}\n";
        assert_eq!(job(elsewhere), [""; 0], "another cluster");
    }
}
