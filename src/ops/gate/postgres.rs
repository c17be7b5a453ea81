//! What the gate says of PostgreSQL clusters: the checks before a leader moves are those of `model::postgres`, and one that fails refuses.

use crate::{
    model::{
        object::ObjectRef,
        postgres::{
            Cluster,
            check::{Check, Verdict},
            patroni::Patroni,
            preflight,
            promotion::{self, Fence},
            rpo::Budget,
        },
    },
    ops::operation::PostgresAct,
    world::World,
};
use std::sync::Arc;

fn find<'w>(target: &ObjectRef, world: &'w World) -> Option<(&'w Arc<Cluster>, String)> {
    let (cluster, member) = target.in_postgres()?;
    Some((world.observed.postgres.get(cluster)?, member.unwrap_or_default().to_owned()))
}

/// The checks before it, where it moves a leader.
fn checks(cluster: &Cluster, member: &str, act: &PostgresAct, world: &World) -> Vec<Check> {
    let budget = |bytes| Budget { bytes, seconds: None };
    let mut checks = match act {
        PostgresAct::Switchover { from, candidate, max_lag_bytes } => {
            preflight::switchover(cluster, from, candidate, budget(*max_lag_bytes), None, world.now)
        }
        PostgresAct::Failover { candidate, max_loss_bytes } => {
            preflight::failover(cluster, candidate, budget(*max_loss_bytes), world.now)
        }
        PostgresAct::Promote { fenced, max_loss_bytes, .. } => {
            let fence = Fence { confirmed: Some(fenced.clone()), seen: Vec::new() };
            promotion::preflight(cluster, member, budget(*max_loss_bytes), &fence, world.now)
        }
        _ => Vec::new(),
    };
    // The candidate itself is asked for this just before it is done.
    checks.retain(|check| check.id != "ready");
    checks
}

/// Why this must not be done now, where it must not.
pub fn refusal(target: &ObjectRef, act: &PostgresAct, world: &World) -> Option<String> {
    let Some((cluster, member)) = find(target, world) else {
        return Some(format!("PostgreSQL {} is not known", target.id));
    };
    let failed = checks(cluster, &member, act, world);
    let failed: Vec<_> = failed.iter().filter(|check| check.verdict == Verdict::Failed).collect();
    if !failed.is_empty() {
        let words: Vec<_> = failed.iter().map(|check| format!("{}: {}", check.id, check.detail)).collect();
        return Some(words.join("; "));
    }
    if act.is_by_sql() {
        return by_sql(cluster, &member, act);
    }
    let Some(patroni) = &cluster.patroni else {
        return Some(format!("{} is not under Patroni", cluster.name));
    };
    match act {
        PostgresAct::PromoteCluster { .. } => standby_cluster(patroni),
        PostgresAct::Pause if patroni.is_paused => Some("it is paused already".into()),
        PostgresAct::Resume if !patroni.is_paused => Some("it goes on already: it is not paused".into()),
        PostgresAct::Pause | PostgresAct::Resume => {
            let why = patroni.store_problem.as_ref()?;
            Some(format!("no member reaches the store that the pause is kept in: {why}"))
        }
        PostgresAct::Restart { .. } | PostgresAct::Reinitialize => of_member(cluster, &member, act),
        _ => None,
    }
}

/// Why a cluster cannot be promoted as a whole, where it cannot.
fn standby_cluster(patroni: &Patroni) -> Option<String> {
    let config = patroni.config.as_ref();
    match (config.map(|config| config.is_standby_cluster), patroni.leader()) {
        (None, _) => Some("whether it is a standby cluster is not known: its configuration could not be read".into()),
        (Some(false), _) => Some("it is no standby cluster: it takes writes already".into()),
        (Some(true), None) => Some("it has no standby leader that could take over".into()),
        (Some(true), Some(_)) => patroni.is_paused.then(|| "paused: nobody would be promoted; resume it first".into()),
    }
}

/// What is done to one server; it says itself what it does not do.
fn by_sql(cluster: &Cluster, name: &str, act: &PostgresAct) -> Option<String> {
    if cluster.server(name).is_none() && cluster.member(name).is_none() {
        return Some(format!("{} has no server {name}", cluster.name));
    }
    let is_fence = matches!(act, PostgresAct::Fence | PostgresAct::Unfence);
    (is_fence && cluster.patroni.is_some()).then(|| {
        format!("{} is under Patroni, which keeps a leader that lost its key from writes by itself", cluster.name)
    })
}

fn of_member(cluster: &Cluster, name: &str, act: &PostgresAct) -> Option<String> {
    let Some(member) = cluster.member(name) else { return Some(format!("{} has no member {name}", cluster.name)) };
    if member.api_url.is_none() {
        return Some(format!("where the Patroni of {name} answers is not known"));
    }
    if *act != PostgresAct::Reinitialize {
        return None;
    }
    let leader = cluster.patroni.as_ref().and_then(|patroni| patroni.leader());
    match leader {
        _ if member.role.leads() => Some(format!("{name} leads: its data are those that the others copy")),
        None => Some("there is no leader to copy from".into()),
        Some(leader) if leader.own.is_none() => {
            Some(format!("{} leads and does not answer: nothing can be copied from it", leader.name))
        }
        Some(_) => None,
    }
}

/// What a person has to know before: who takes over, how far behind it is, what would be lost, and what nobody can tell.
pub fn warnings(target: &ObjectRef, act: &PostgresAct, world: &World) -> Vec<String> {
    let Some((cluster, member)) = find(target, world) else { return Vec::new() };
    let checks = checks(cluster, &member, act, world);
    let shown =
        |check: &&Check| matches!(&*check.id, "candidate" | "lag" | "rpo" | "synchronous" | "furthest" | "fenced");
    let mut all: Vec<_> = checks.iter().filter(shown).map(|check| format!("{}: {}", check.id, check.detail)).collect();
    let open = checks.iter().filter(|check| check.verdict == Verdict::Unknown);
    all.extend(open.filter(|check| !shown(check)).map(|check| format!("not known, {}: {}", check.id, check.detail)));
    let Some(patroni) = &cluster.patroni else { return all };
    match act {
        PostgresAct::Pause => {
            all.push(format!(
                "while paused a lost leader stays lost; members learn of it within {} s",
                patroni.config_or_default().loop_wait_seconds
            ));
        }
        PostgresAct::Restart { leads: true, .. } => {
            let ttl = patroni.config_or_default().ttl_seconds;
            all.push(format!(
                "if it takes longer than {ttl} s, another may be elected: move the leader first where writes matter"
            ));
        }
        PostgresAct::Reinitialize => {
            let row = cluster.rows.iter().find(|row| row.member.as_deref() == Some(member.as_str()));
            let sync = row.and_then(|row| row.sync.as_deref()).is_some_and(|sync| matches!(sync, "sync" | "quorum"));
            if sync {
                all.push("it is a synchronous standby: commits may wait until another is".into());
            }
        }
        _ => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            Timestamp,
            object::ObjectKind,
            postgres::lsn::Lsn,
            source::{SourceReport, SourceState},
            topic::Topic,
            update::Update,
        },
        ops::{
            gate::{Confirmation, Decision, Gate, Policy},
            operation::Operation,
        },
        source::postgres::recorded::Watcher,
    };

    /// A world in which the cluster was seen in these states, one after the other.
    fn world(states: &[(&str, i64)]) -> World {
        let mut watcher = Watcher::new();
        let mut world = World::default();
        let report = SourceReport {
            name: "postgres/orders".into(),
            kind: "postgres".into(),
            topics: Topic::Postgres.into(),
            state: SourceState::Ok,
            reason: None,
            hint: None,
            cadence_seconds: Some(5.0),
        };
        world.report(Timestamp::from_second(1_000).expect("in range"), report);
        for (state, second) in states {
            let cluster = watcher.see(state, *second);
            world.apply(cluster.at, "postgres/orders", vec![Update::Postgres(Box::new(cluster))]);
        }
        world
    }

    fn decide(world: &World, id: &str, act: PostgresAct) -> Decision {
        let policy = Policy { armed: true, ..Policy::default() };
        let operation = Operation::Postgres { target: ObjectRef::new(ObjectKind::Postgres, id), act };
        Gate::decide(&operation, world, &policy)
    }

    fn refused(world: &World, id: &str, act: PostgresAct) -> String {
        match decide(world, id, act) {
            Decision::Refused(why) => why,
            Decision::Allowed(terms) => panic!("allowed: {terms:?}"),
        }
    }

    fn switchover(from: &str, candidate: &str) -> PostgresAct {
        PostgresAct::Switchover { from: from.into(), candidate: candidate.into(), max_lag_bytes: 1 << 20 }
    }

    #[test]
    fn a_switchover_is_allowed_with_its_figures_and_a_name() {
        let world = world(&[("well", 1_000)]);
        let Decision::Allowed(terms) = decide(&world, "orders", switchover("n1", "n2")) else { panic!("it is well") };
        assert_eq!(terms.confirmation, Confirmation::TypeName);
        assert_eq!(terms.warnings[0], "candidate: n2: replica, running");
        assert_eq!(terms.warnings[1], "lag: n2 is 0 B behind; the budget is 1.0 MiB");
    }

    #[test]
    fn what_speaks_against_it_refuses_with_figures() {
        let lagging = world(&[("lagging", 1_000)]);
        let why = refused(&lagging, "orders", switchover("n1", "n3"));
        assert!(why.contains("lag: n3 is 7.8 MiB behind; the budget is 1.0 MiB"), "{why}");
        let why = refused(&world(&[("paused", 1_000)]), "orders", switchover("n1", "n2"));
        assert_eq!(why, "not-paused: paused: resume it first");
        let why = refused(&world(&[("well", 1_000)]), "orders", switchover("n2", "n3"));
        assert!(why.contains("one-leader: n1 leads, not n2"), "{why}");
        let why = refused(
            &world(&[("well", 1_000)]),
            "orders",
            PostgresAct::Failover { candidate: "n2".into(), max_loss_bytes: 0 },
        );
        assert!(why.contains("leader-lost: n1 leads and answers"), "{why}");
    }

    #[test]
    fn members_and_pauses() {
        let well = world(&[("well", 1_000)]);
        assert!(refused(&well, "orders/n1", PostgresAct::Reinitialize).contains("n1 leads"));
        assert!(refused(&well, "orders/n9", PostgresAct::Reinitialize).contains("no member n9"));
        assert!(refused(&well, "other", PostgresAct::Pause).contains("postgres/other has not been heard"));
        assert!(refused(&well, "orders", PostgresAct::Resume).ends_with("not paused"));
        let promote = PostgresAct::Promote { fenced: "off".into(), max_loss_bytes: 0, wait_seconds: 60 };
        assert!(refused(&well, "orders/n2", promote).contains("is under Patroni"));
        let confirmation = |id, act| match decide(&well, id, act) {
            Decision::Allowed(terms) => terms.confirmation,
            Decision::Refused(why) => panic!("{why}"),
        };
        assert_eq!(confirmation("orders", PostgresAct::Pause), Confirmation::YesNo);
        assert_eq!(confirmation("orders/n2", PostgresAct::Reinitialize), Confirmation::TypeName);
        let restart = |leads| PostgresAct::Restart { only_pending: false, leads };
        assert_eq!(confirmation("orders/n2", restart(false)), Confirmation::YesNo);
        assert_eq!(confirmation("orders/n1", restart(true)), Confirmation::TypeName);
        let paused = world(&[("paused", 1_000)]);
        assert!(refused(&paused, "orders", PostgresAct::Pause).ends_with("already"));
    }

    #[test]
    fn a_failover_shows_what_would_be_lost() {
        let mut lost = world(&[("failed-over", 1_000), ("leader-lost", 1_004)]);
        // Where the lost leader was seen last: 44 MiB further than the replica.
        let mut cluster = lost.observed.postgres["orders"].as_ref().clone();
        let position = cluster.position_of("n1").expect("recorded");
        cluster.sample.as_mut().expect("seen").lsn = Lsn(position.0 + (44 << 20));
        lost.apply(cluster.at, "postgres/orders", vec![Update::Postgres(Box::new(cluster))]);
        lost.now = Timestamp::from_second(1_010).expect("in range");
        let furthest = |max_loss_bytes| PostgresAct::Failover { candidate: "n1".into(), max_loss_bytes };
        let why = refused(&lost, "orders", furthest(1 << 20));
        assert!(why.contains("rpo: 44 MiB missing: n3 was at "), "{why}");
        let Decision::Allowed(terms) = decide(&lost, "orders", furthest(100 << 20)) else {
            panic!("the budget is enough: {}", refused(&lost, "orders", furthest(100 << 20)))
        };
        assert!(terms.warnings.iter().any(|line| line.starts_with("rpo: 44 MiB missing")), "{terms:?}");
        assert!(terms.warnings.iter().any(|line| line.starts_with("not known, not-by-itself: ")), "{terms:?}");
    }
}
