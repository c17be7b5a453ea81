//! What is found in states that were recorded from a real cluster, and in servers made up after real ones.

use super::*;
use crate::{
    model::postgres::{
        Limits, Sample,
        lsn::Lsn,
        server::{Receiver, Server, ServerState, Slot},
    },
    source::postgres::recorded::{Watcher, cluster},
};

/// Rule, object and cause, one line each.
fn told(cluster: &Cluster) -> Vec<String> {
    let found = conditions(cluster);
    for condition in &found {
        assert!(RULES.iter().any(|rule| condition.rule == rule.id), "{} is not in the list", condition.rule);
        assert!(!condition.next_step.is_empty() && condition.object.source().as_deref() == Some("postgres/orders"));
    }
    let line = |condition: &Condition| {
        format!("{} {} {}: {}", condition.severity.word(), condition.rule, condition.object.id, condition.cause)
    };
    found.iter().map(line).collect()
}

#[test]
fn nothing_is_wrong_where_all_is_well() {
    assert!(told(&cluster("well")).is_empty());
    assert!(told(&cluster("scheduled")).is_empty());
    assert!(told(&cluster("synchronous")).is_empty());
}

#[test]
fn what_is_switched_off_or_waits() {
    assert_eq!(told(&cluster("paused")), ["warn postgres-paused orders: paused: automatic failover is off"]);
    let pending = told(&cluster("restart-pending"));
    assert!(!pending.is_empty() && pending.iter().all(|line| line.starts_with("info postgres-restart orders/n")));
}

#[test]
fn a_replica_that_falls_behind() {
    let found = told(&cluster("lagging"));
    let expected = "warn postgres-lag orders/n3: 7.8 MiB behind, more than 1.0 MiB; it would not be elected";
    assert_eq!(found, [expected]);
}

#[test]
fn a_leader_that_falls_silent_and_another_that_takes_over() {
    let mut watcher = Watcher::new();
    watcher.see("well", 1_000);
    let silent = told(&watcher.see("leader-silent", 1_002));
    let expected = "error postgres-silent-leader orders/n1: the leader does not answer: /patroni: Connection refused (os error 111); its key ends within 20 s";
    assert_eq!(silent, [expected]);
    let after = told(&watcher.see("failed-over", 1_022));
    assert_eq!(
        after,
        [
            "warn postgres-streaming orders/n2: nobody streams to it: it falls behind",
            "error postgres-timeline orders/n2: on timeline 3, the leader n3 is on 4: it does not follow",
            "warn postgres-member orders/n1: missing: it was in the cluster at 00:16:42Z",
        ]
    );
}

#[test]
fn without_a_leader_the_reason_is_told() {
    let mut watcher = Watcher::new();
    watcher.see("failed-over", 1_000);
    let lost = watcher.see("leader-lost", 1_004);
    let found = conditions(&lost);
    assert_eq!((found[0].rule.as_str(), found[0].severity), (NO_LEADER.id, Severity::Critical));
    assert_eq!(
        found[0].cause,
        "no leader, and none is elected: all are further behind than 1.0 MiB (n1 44 MiB, n2 45 MiB); the last was n3"
    );
    assert_eq!(found[0].since.map(|at| at.as_second()), Some(1_004));
    let paused = conditions(&cluster("leader-lost-paused"));
    assert_eq!(paused[0].cause, "no leader, and Patroni is paused: nobody takes writes");
    assert_eq!(paused[1].rule, PAUSED.id);
}

#[test]
fn without_the_store_nobody_leads() {
    let mut watcher = Watcher::new();
    watcher.see("well", 1_000);
    let found = told(&watcher.see("no-dcs", 1_030));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("critical postgres-store orders: no member reaches the store"), "{found:?}");
}

fn server(name: &str, state: ServerState) -> Server {
    Server { name: name.into(), address: "10.0.0.1:5432".into(), state: Some(state), ..Server::default() }
}

/// A primary and a standby that follows it, without Patroni.
fn pair() -> Cluster {
    let primary = ServerState { timeline: Some(1), written: Some(Lsn(500 << 20)), ..ServerState::default() };
    let standby = ServerState {
        in_recovery: true,
        timeline: Some(1),
        received: Some(Lsn(500 << 20)),
        replayed: Some(Lsn(499 << 20)),
        is_replay_paused: Some(false),
        receiver: Some(Receiver { status: "streaming".into(), ..Receiver::default() }),
        ..ServerState::default()
    };
    let sample = Sample { server: "db1".into(), lsn: Lsn(500 << 20), timeline: Some(1), ..Sample::default() };
    Cluster {
        name: "orders".into(),
        servers: vec![server("db1", primary), server("db2", standby)],
        sample: Some(sample),
        limits: Limits { lag_bytes: 1 << 20, slot_bytes: 64 << 20 },
        ..Cluster::default()
    }
}

fn state(cluster: &mut Cluster, at: usize) -> &mut ServerState {
    cluster.servers[at].state.as_mut().expect("answers")
}

#[test]
fn plain_servers_are_judged_alike() {
    let mut cluster = pair();
    assert!(told(&cluster).is_empty());
    let standby = state(&mut cluster, 1);
    (standby.receiver, standby.received, standby.replayed) = (None, Some(Lsn(490 << 20)), Some(Lsn(480 << 20)));
    (standby.is_replay_paused, standby.timeline) = (Some(true), Some(2));
    assert_eq!(
        told(&cluster),
        [
            "warn postgres-streaming orders/db2: receives no stream (receiver: none): it falls behind",
            "warn postgres-lag orders/db2: 10 MiB behind db1, more than 1.0 MiB",
            "error postgres-timeline orders/db2: on timeline 2, db1 is on 1: it does not follow",
            "warn postgres-replay orders/db2: its replay is paused; 10 MiB wait",
        ]
    );
    // A position of another time is no measure.
    cluster.sample.as_mut().expect("there").at = Timestamp::MIN;
    assert!(!told(&cluster).iter().any(|line| line.contains(LAG.id)));
}

#[test]
fn no_primary_and_two_of_them() {
    let mut cluster = pair();
    (cluster.servers[0].state, cluster.servers[0].problem) = (None, Some("refused".into()));
    let found = told(&cluster);
    assert_eq!(
        found[0],
        "critical postgres-no-leader orders: no primary answers: nobody takes writes; the last was db1, seen at 00:00:00Z"
    );
    assert_eq!(found[1], "error postgres-server orders/db1: 10.0.0.1:5432 does not answer: refused");

    let mut cluster = pair();
    state(&mut cluster, 1).in_recovery = false;
    assert_eq!(told(&cluster), ["critical postgres-leaders orders: 2 take writes: db1, db2"]);
    state(&mut cluster, 0).system_identifier = Some("1".into());
    state(&mut cluster, 1).system_identifier = Some("2".into());
    assert!(told(&cluster)[1].starts_with("critical postgres-identity orders: not the same database"));
}

#[test]
fn slots_that_hold_wal_back() {
    let mut cluster = pair();
    let slot = |name: &str, active, held: u64, status: &str| Slot {
        name: name.into(),
        kind: "physical".into(),
        is_active: active,
        retained_bytes: Some(held << 20),
        wal_status: Some(status.into()),
        ..Slot::default()
    };
    let limited = Slot { safe_bytes: Some(10 << 20), ..slot("limited", false, 65, "extended") };
    let temporary = Slot { is_temporary: true, ..slot("temporary", false, 900, "reserved") };
    state(&mut cluster, 0).slots = vec![
        slot("read", true, 900, "extended"),
        slot("small", false, 64, "reserved"),
        slot("big", false, 65, "reserved"),
        slot("gone", false, 0, "lost"),
        temporary,
        limited,
    ];
    assert_eq!(
        told(&cluster),
        ["error postgres-slot orders/db1: WAL that the physical slot gone needs is gone (wal_status lost); 2 more"]
    );
    let slots = &mut state(&mut cluster, 0).slots;
    slots.retain(|slot| slot.name != "gone" && slot.name != "limited");
    let big = "warn postgres-slot orders/db1: the physical slot big has no reader and holds 65 MiB of WAL back; nothing limits it: the disk can fill";
    assert_eq!(told(&cluster), [big]);
    state(&mut cluster, 0).slots[2].safe_bytes = Some(10 << 20);
    assert!(told(&cluster)[0].ends_with("holds 65 MiB of WAL back; 10 MiB more until it is lost"));
}
