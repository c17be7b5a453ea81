//! How workloads are doing: what `spec` asks for against what is available, never what the controller has made of it.

use super::{Judged, fine};
use crate::model::{health::Health, kubernetes::Condition};
use compact_str::{CompactString, format_compact};

/// Counts and conditions of a workload.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// `spec.replicas`; of a DaemonSet the nodes that it belongs on; of a Job its completions.
    pub desired: u32,
    pub current: u32,
    pub ready: u32,
    pub updated: u32,
    pub available: u32,
    /// Of a Job.
    pub failed: u32,
    /// Whether the controller has seen the newest `spec`.
    pub seen: bool,
    /// Paused or suspended.
    pub paused: bool,
    pub conditions: &'a [Condition],
}

impl Facts<'_> {
    fn condition(&self, kind: &str, status: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind && c.status == status)
    }

    /// `2/6 available`.
    fn ratio(&self) -> CompactString {
        format_compact!("{}/{} available", self.available, self.desired)
    }

    /// Failing where nothing is there at all, degraded otherwise.
    fn short_of(&self) -> Health {
        if self.available == 0 { Health::Failing } else { Health::Degraded }
    }
}

fn done(words: &str) -> Judged {
    (Health::Done, words.into())
}

/// A Deployment.
pub fn deployment(facts: &Facts<'_>) -> Judged {
    let ratio = facts.ratio();
    if let Some(failure) = facts.condition("ReplicaFailure", "True").filter(|_| facts.available < facts.desired) {
        return (facts.short_of(), format_compact!("{ratio}: pods cannot be created: {}", failure.message));
    }
    if !facts.seen {
        return (Health::Progressing, "its controller has not seen the newest version yet".into());
    }
    if facts.desired == 0 {
        return if facts.current == 0 { done("scaled to 0") } else { (Health::Progressing, "scaling to 0".into()) };
    }
    let progressing = facts.conditions.iter().find(|c| c.kind == "Progressing");
    if progressing.is_some_and(|c| c.status == "False" && c.reason == "ProgressDeadlineExceeded") {
        let words = format_compact!(
            "rollout stuck: {} of {} updated, {ratio}, progress deadline exceeded",
            facts.updated,
            facts.desired
        );
        return (facts.short_of(), words);
    }
    let rolling = facts.updated < facts.desired || facts.current > facts.updated;
    if rolling && facts.paused {
        return (
            Health::Progressing,
            format_compact!("paused in a rollout: {} of {} updated, {ratio}", facts.updated, facts.desired),
        );
    }
    if rolling {
        return (
            Health::Progressing,
            format_compact!("rolling out: {} of {} updated, {ratio}", facts.updated, facts.desired),
        );
    }
    if facts.available < facts.desired {
        // A rollout is over once it was complete; what is missing since then is missing.
        let complete = progressing.is_none_or(|c| c.reason == "NewReplicaSetAvailable");
        return (if complete { facts.short_of() } else { Health::Progressing }, ratio);
    }
    if facts.paused { (Health::Ok, "rollouts are paused".into()) } else { fine() }
}

/// A ReplicaSet.
pub fn replica_set(facts: &Facts<'_>) -> Judged {
    let ratio = facts.ratio();
    if let Some(failure) = facts.condition("ReplicaFailure", "True").filter(|_| facts.available < facts.desired) {
        return (facts.short_of(), format_compact!("{ratio}: pods cannot be created: {}", failure.message));
    }
    match (facts.desired, facts.current) {
        (0, 0) => done("scaled to 0"),
        (0, _) => (Health::Progressing, "scaling to 0".into()),
        (desired, current) if current < desired => (Health::Progressing, ratio),
        (desired, _) if facts.available < desired => (facts.short_of(), ratio),
        _ => fine(),
    }
}

/// A StatefulSet. `available` is `ready` where the server does not count it.
pub fn stateful_set(facts: &Facts<'_>) -> Judged {
    if !facts.seen {
        return (Health::Progressing, "its controller has not seen the newest version yet".into());
    }
    let ratio = facts.ratio();
    match (facts.desired, facts.current) {
        (0, 0) => done("scaled to 0"),
        (0, _) => (Health::Progressing, "scaling to 0".into()),
        (desired, _) if facts.available < desired => {
            let updated = if facts.updated < desired {
                format_compact!(", {} of {desired} updated", facts.updated)
            } else {
                CompactString::default()
            };
            (facts.short_of(), ratio + &updated)
        }
        (desired, _) if facts.updated < desired => {
            (Health::Progressing, format_compact!("rolling out: {} of {desired} updated", facts.updated))
        }
        _ => fine(),
    }
}

/// A DaemonSet.
pub fn daemon_set(facts: &Facts<'_>) -> Judged {
    if !facts.seen {
        return (Health::Progressing, "its controller has not seen the newest version yet".into());
    }
    match facts.desired {
        0 => done("no node to run on"),
        desired if facts.available < desired => (facts.short_of(), facts.ratio()),
        desired if facts.updated < desired => {
            (Health::Progressing, format_compact!("rolling out: {} of {desired} updated", facts.updated))
        }
        _ => fine(),
    }
}

/// A Job.
pub fn job(facts: &Facts<'_>) -> Judged {
    if let Some(failed) = facts.condition("Failed", "True") {
        let said = if failed.message.is_empty() { &failed.reason } else { &failed.message };
        return (Health::Failing, format_compact!("failed: {said}"));
    }
    if facts.condition("Complete", "True").is_some() {
        return (Health::Done, CompactString::default());
    }
    if facts.paused {
        return done("suspended");
    }
    let progress = format_compact!("{} of {} complete", facts.ready, facts.desired);
    match facts.failed {
        0 => (Health::Progressing, progress),
        1 => (Health::Degraded, format_compact!("{progress}, 1 pod failed")),
        failed => (Health::Degraded, format_compact!("{progress}, {failed} pods failed")),
    }
}

/// A CronJob.
pub fn cron_job(facts: &Facts<'_>) -> Judged {
    if facts.paused { done("suspended") } else { fine() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(desired: u32, current: u32, updated: u32, available: u32) -> Facts<'static> {
        Facts { desired, current, ready: available, updated, available, seen: true, ..Facts::default() }
    }

    fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Condition {
        Condition {
            kind: kind.into(),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            since: None,
        }
    }

    #[test]
    fn a_deployment_that_a_quota_holds_at_nothing_is_failing() {
        let conditions = [
            condition("Progressing", "True", "NewReplicaSetCreated", ""),
            condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: limits"),
        ];
        let held = Facts { conditions: &conditions, ..facts(3, 0, 0, 0) };
        let expected = (Health::Failing, "0/3 available: pods cannot be created: exceeded quota: limits".into());
        assert_eq!(deployment(&held), expected);
        assert_eq!(replica_set(&held), expected);
    }

    #[test]
    fn deployments() {
        let stuck = [condition("Progressing", "False", "ProgressDeadlineExceeded", "")];
        let complete = [condition("Progressing", "True", "NewReplicaSetAvailable", "")];
        let going = [condition("Progressing", "True", "ReplicaSetUpdated", "")];
        let with = |conditions: &'static [Condition], facts: Facts<'static>| Facts { conditions, ..facts };
        let (stuck, complete, going) = (stuck.to_vec().leak(), complete.to_vec().leak(), going.to_vec().leak());
        let cases = [
            (with(complete, facts(3, 3, 3, 3)), Health::Ok, ""),
            (with(complete, facts(0, 0, 0, 0)), Health::Done, "scaled to 0"),
            (with(complete, facts(0, 2, 2, 2)), Health::Progressing, "scaling to 0"),
            (with(complete, facts(3, 3, 3, 2)), Health::Degraded, "2/3 available"),
            (with(complete, facts(3, 3, 3, 0)), Health::Failing, "0/3 available"),
            (with(going, facts(3, 4, 1, 3)), Health::Progressing, "rolling out: 1 of 3 updated, 3/3 available"),
            (with(going, facts(3, 3, 3, 0)), Health::Progressing, "0/3 available"),
            (
                with(stuck, facts(6, 7, 4, 2)),
                Health::Degraded,
                "rollout stuck: 4 of 6 updated, 2/6 available, progress deadline exceeded",
            ),
            (
                Facts { seen: false, ..facts(3, 3, 3, 3) },
                Health::Progressing,
                "its controller has not seen the newest version yet",
            ),
            (Facts { paused: true, ..facts(3, 3, 3, 3) }, Health::Ok, "rollouts are paused"),
            (
                Facts { paused: true, ..facts(3, 4, 1, 3) },
                Health::Progressing,
                "paused in a rollout: 1 of 3 updated, 3/3 available",
            ),
        ];
        for (facts, health, reason) in cases {
            assert_eq!(deployment(&facts), (health, reason.into()), "{facts:?}");
        }
    }

    #[test]
    fn the_others() {
        assert_eq!(stateful_set(&facts(3, 3, 3, 1)), (Health::Degraded, "1/3 available".into()));
        assert_eq!(stateful_set(&facts(3, 3, 1, 3)).0, Health::Progressing);
        assert_eq!(stateful_set(&facts(3, 3, 1, 2)).1, "2/3 available, 1 of 3 updated");
        assert_eq!(daemon_set(&facts(0, 0, 0, 0)).0, Health::Done);
        assert_eq!(daemon_set(&facts(2, 2, 2, 0)).0, Health::Failing);
        assert_eq!(daemon_set(&facts(2, 2, 2, 2)), fine());
        let failed =
            [condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")];
        let failed = Facts { conditions: &failed, ..facts(1, 0, 0, 0) };
        assert_eq!(job(&failed), (Health::Failing, "failed: Job has reached the specified backoff limit".into()));
        let complete = [condition("Complete", "True", "", "")];
        assert_eq!(job(&Facts { conditions: &complete, ..facts(1, 0, 0, 0) }).0, Health::Done);
        assert_eq!(job(&Facts { paused: true, ..facts(1, 0, 0, 0) }).1, "suspended");
        assert_eq!(
            job(&Facts { failed: 2, ..facts(1, 1, 0, 0) }),
            (Health::Degraded, "0 of 1 complete, 2 pods failed".into())
        );
        assert_eq!(cron_job(&Facts { paused: true, ..Facts::default() }).0, Health::Done);
    }

    proptest! {
        #[test]
        fn nothing_that_lacks_pods_is_well(
            desired in 1_u32..9, current in 0_u32..9, updated in 0_u32..9, available in 0_u32..9, seen in any::<bool>(),
        ) {
            let facts = Facts { seen, ..facts(desired, current, updated, available) };
            for judge in [deployment, replica_set, stateful_set, daemon_set] {
                let (health, reason) = judge(&facts);
                if available < desired {
                    prop_assert!(!matches!(health, Health::Ok | Health::Done), "{health:?} {facts:?}");
                    prop_assert!(!reason.is_empty());
                }
            }
        }
    }
}
