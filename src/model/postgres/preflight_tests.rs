//! Preflight against states that were recorded from a real cluster.

use super::*;
use crate::{
    model::postgres::check::{Verdict, verdict},
    source::postgres::recorded::{Watcher, cluster},
};

const BUDGET: Budget = Budget { bytes: 1 << 20, seconds: None };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// What does not hold, one line each.
fn faults(checks: &[Check]) -> Vec<String> {
    let bad = checks.iter().filter(|check| check.verdict != Verdict::Ok);
    bad.map(|check| format!("{} {}: {}", check.verdict.word(), check.id, check.detail)).collect()
}

fn planned(state: &str, leader: &str, candidate: &str, ready: Option<bool>) -> Vec<String> {
    faults(&switchover(&cluster(state), leader, candidate, BUDGET, ready, at(1_001)))
}

#[test]
fn a_cluster_that_is_well_may_switch() {
    let checks = switchover(&cluster("well"), "n1", "n2", BUDGET, Some(true), at(1_001));
    assert_eq!(faults(&checks), Vec::<String>::new());
    let ids: Vec<_> = checks.iter().map(|check| check.id.as_str()).collect();
    let expected = [
        "fresh",
        "store",
        "one-leader",
        "candidate",
        "one-timeline",
        "lag",
        "ready",
        "streaming",
        "replay",
        "synchronous",
        "not-paused",
        "nothing-scheduled",
    ];
    assert_eq!(ids, expected);
    assert_eq!(verdict(&checks), Verdict::Ok);
}

#[test]
fn what_speaks_against_a_switchover_is_told_with_figures() {
    assert_eq!(
        planned("lagging", "n1", "n3", Some(false)),
        [
            "failed lag: n3 is 7.8 MiB behind; the budget is 1.0 MiB",
            "failed ready: n3 /replica?lag=1048576 does not answer 200",
        ]
    );
    assert_eq!(planned("paused", "n1", "n2", Some(true)), ["failed not-paused: paused: resume it first"]);
    assert_eq!(
        planned("scheduled", "n1", "n2", Some(true)),
        ["failed nothing-scheduled: a switchover to n3 is scheduled for 2099-01-01 00:00:00Z: cancel it first"]
    );
    assert_eq!(planned("well", "n2", "n3", Some(true)), ["failed one-leader: n1 leads, not n2"]);
    assert_eq!(planned("well", "n1", "n1", Some(true))[0], "failed candidate: n1: it leads already");
    assert_eq!(planned("well", "n1", "n9", None)[0], "failed candidate: there is no member n9: n1, n2, n3");
    assert_eq!(
        planned("leader-lost", "n3", "n1", None)[0],
        "failed one-leader: there is no leader: this is for a failover"
    );
    let silent = planned("leader-silent", "n1", "n2", Some(true));
    assert!(silent[0].starts_with("failed one-leader: n1 holds the key and does not answer"), "{silent:?}");
    let over = planned("failed-over", "n3", "n2", Some(true));
    assert!(over.contains(&"failed one-timeline: timelines differ: n2 3, n3 4".to_owned()), "{over:?}");
    assert!(over.contains(&"failed streaming: nobody streams to n2".to_owned()), "{over:?}");
}

#[test]
fn a_synchronous_standby_has_every_commit() {
    let cluster = cluster("synchronous");
    let patroni = cluster.patroni.as_ref().expect("under Patroni");
    let of = |role| patroni.members.iter().find(|member| member.role == role).expect("one").name.to_string();
    let (sync, other, leader) = (of(Role::SyncStandby), of(Role::Replica), of(Role::Leader));
    assert!(faults(&switchover(&cluster, &leader, &sync, BUDGET, Some(true), at(1_001))).is_empty());
    let against = faults(&switchover(&cluster, &leader, &other, BUDGET, Some(true), at(1_001)));
    assert_eq!(against, [format!("failed synchronous: {other} may lack commits that were confirmed; {sync} has all")]);
}

#[test]
fn what_is_old_or_not_known_is_no_yes() {
    let old = faults(&switchover(&cluster("well"), "n1", "n2", BUDGET, None, at(1_060)));
    assert_eq!(
        old,
        [
            "unknown fresh: last asked 1m ago, which is more than 15 s",
            "unknown ready: n2 /replica?lag=1048576 was not answered",
        ]
    );
    let mut unknown = cluster("well");
    let patroni = unknown.patroni.as_mut().expect("under Patroni");
    patroni.config = None;
    (patroni.members[1].lag_bytes, patroni.members[1].own, patroni.members[1].timeline) = (None, None, None);
    let told = faults(&switchover(&unknown, "n1", "n2", BUDGET, Some(true), at(1_000)));
    let ids: Vec<_> = told.iter().map(|line| line.split(':').next().expect("one")).collect();
    assert_eq!(
        ids,
        ["unknown candidate", "unknown one-timeline", "unknown lag", "unknown replay", "unknown synchronous"]
    );
    let plain = Cluster { at: at(1_000), ..Cluster::default() };
    assert_eq!(verdict(&switchover(&plain, "a", "b", BUDGET, None, at(1_000))), Verdict::Failed);
}

#[test]
fn without_a_leader_the_furthest_takes_over() {
    let mut watcher = Watcher::new();
    watcher.see("failed-over", 1_000);
    let lost = watcher.see("leader-lost", 1_002);
    let soon = faults(&failover(&lost, "n1", BUDGET, at(1_010)));
    assert_eq!(soon, ["unknown not-by-itself: Patroni elects by itself within 22 s where it can; 8 s have passed"]);
    let lost = watcher.see("leader-lost", 1_030);
    let checks = failover(&lost, "n1", BUDGET, at(1_030));
    assert_eq!(faults(&checks), Vec::<String>::new());
    let words = |id: &str| checks.iter().find(|check| check.id == id).expect("made").detail.clone();
    assert_eq!(words("not-by-itself"), "Patroni has elected nobody in 28 s, and needs 22 s");
    assert_eq!(words("furthest"), "n1 has 0/7F10000; n2 0/7DF8000");
    assert_eq!(
        words("rpo"),
        "0 B missing: n3 was at 0/77DC6B8 at 00:16:40Z, n1 has 0/7F10000; blind for 2.0 s after that; the budget is 1.0 MiB"
    );
    let behind = faults(&failover(&lost, "n2", BUDGET, at(1_030)));
    assert_eq!(behind, ["failed furthest: n1 has 1.1 MiB more: 0/7F10000, n2 has 0/7DF8000"]);
}

#[test]
fn a_leader_that_is_there_is_not_failed_over() {
    let well = faults(&failover(&cluster("well"), "n2", BUDGET, at(1_000)));
    assert!(well.contains(&"failed leader-lost: n1 leads and answers: ask for a switchover".to_owned()), "{well:?}");
    let mut watcher = Watcher::new();
    watcher.see("well", 1_000);
    let silent = faults(&failover(&watcher.see("leader-silent", 1_002), "n2", BUDGET, at(1_002)));
    let expected = "unknown leader-lost: n1 does not answer, and holds its key for up to 20 s more";
    assert!(silent.contains(&expected.to_owned()), "{silent:?}");
    let paused = failover(&cluster("leader-lost-paused"), "n2", BUDGET, at(1_000));
    let by_itself = paused.iter().find(|check| check.id == "not-by-itself").expect("made");
    assert_eq!(
        (by_itself.verdict, by_itself.detail.as_str()),
        (Verdict::Ok, "paused: Patroni elects nobody by itself")
    );
    // Nobody saw a primary, so nobody knows what is lost.
    assert!(faults(&paused).iter().any(|line| line.starts_with("unknown rpo: no primary has been seen")));
    let store = faults(&failover(&Watcher::new().see("no-dcs", 1_000), "n2", BUDGET, at(1_000)));
    assert!(store[0].starts_with("failed store: no member reaches the store, so none can move"), "{store:?}");
}
