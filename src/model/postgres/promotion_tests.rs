//! Preflight of a promotion without Patroni.

use super::*;
use crate::model::postgres::{
    Sample,
    check::{Verdict, verdict},
    lsn::Lsn,
    server::{Server, ServerState},
};

const BUDGET: Budget = Budget { bytes: 1 << 20, seconds: Some(60.0) };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn standby(name: &str, received: u64) -> Server {
    let state = ServerState {
        in_recovery: true,
        timeline: Some(1),
        received: Some(Lsn(received)),
        is_replay_paused: Some(false),
        ..ServerState::default()
    };
    Server { name: name.into(), address: "10.0.0.2:5432".into(), state: Some(state), ..Server::default() }
}

fn silent(name: &str) -> Server {
    Server { name: name.into(), problem: Some("refused".into()), ..Server::default() }
}

/// The primary `a` is gone; `b` has all that was seen of it, `c` a little less.
fn lost() -> Cluster {
    let sample =
        Sample { server: "a".into(), at: at(90), lsn: Lsn(1_000), timeline: Some(1), bytes_per_second: Some(10.0) };
    Cluster {
        name: "pair".into(),
        at: at(100),
        servers: vec![silent("a"), standby("b", 1_000), standby("c", 900)],
        sample: Some(sample),
        ..Cluster::default()
    }
}

fn fence() -> Fence {
    let look = |from: &str| Vantage { from: from.into(), answers: Some(false) };
    Fence { confirmed: Some("powered off".into()), seen: vec![look("bastion"), look("app-1")] }
}

fn faults(cluster: &Cluster, candidate: &str, fence: &Fence) -> Vec<String> {
    let checks = preflight(cluster, candidate, BUDGET, fence, at(101));
    let bad = checks.iter().filter(|check| check.verdict != Verdict::Ok);
    bad.map(|check| format!("{} {}: {}", check.verdict.word(), check.id, check.detail)).collect()
}

#[test]
fn the_furthest_may_be_promoted_where_the_old_one_is_fenced() {
    let checks = preflight(&lost(), "b", BUDGET, &fence(), at(101));
    assert_eq!(verdict(&checks), Verdict::Ok, "{checks:?}");
    assert_eq!(
        checks.iter().find(|check| check.id == "rpo").map(|check| check.detail.as_str()),
        Some(
            "0 B missing: a was at 0/3E8 at 00:01:30Z, b has 0/3E8; blind for 11.0 s after that, about 110 B at 10 B/s; the budget is 1.0 MiB and 60 s"
        )
    );
    assert_eq!(faults(&lost(), "c", &fence()), ["failed furthest: b has 100 B more: 0/3E8, c has 0/384"]);
}

#[test]
fn unreachable_is_not_fenced() {
    let unconfirmed = Fence { confirmed: None, ..fence() };
    let told = "unknown fenced: silent from bastion, app-1; unreachable is not fenced: say how it was fenced";
    assert_eq!(faults(&lost(), "b", &unconfirmed), [told]);
    let mut alone = fence();
    alone.seen[1].answers = None;
    let told = "unknown fenced: powered off; seen to be silent from bastion, and two places have to see it";
    assert_eq!(faults(&lost(), "b", &alone), [told]);
    let mut seen = fence();
    seen.seen[1].answers = Some(true);
    assert_eq!(faults(&lost(), "b", &seen), ["failed fenced: it answers, seen from app-1"]);
    let mut back = lost();
    back.servers[0] =
        Server { state: Some(ServerState { timeline: Some(1), ..ServerState::default() }), ..silent("a") };
    assert_eq!(faults(&back, "b", &fence()), ["failed fenced: a answers and takes writes"]);
    // One that is fenced by words alone is no reason to refuse, and none to be sure.
    back.servers[0].state.as_mut().expect("answers").is_read_only = true;
    let told = "unknown fenced: powered off; a answers, and begins transactions read-only: who asks for it by name can still write there";
    assert_eq!(faults(&back, "b", &fence()), [told]);
    let told = "failed fenced: a answers, and begins transactions read-only, and nobody says that it is fenced";
    assert_eq!(faults(&back, "b", &unconfirmed), [told]);
}

#[test]
fn what_is_not_known_is_no_yes() {
    let mut cluster = lost();
    cluster.servers[2] = silent("c");
    assert_eq!(faults(&cluster, "b", &fence()), ["unknown furthest: b has 0/3E8; c does not say how far it is"]);
    let state = cluster.servers[1].state.as_mut().expect("answers");
    (state.is_replay_paused, state.timeline) = (Some(true), Some(2));
    let told = faults(&cluster, "b", &fence());
    assert!(told[0].starts_with("failed replay: the replay of b is paused"), "{told:?}");
    assert!(told.contains(&"failed timeline: b is on timeline 2, the last primary a was on 1".into()), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("unknown rpo: ")), "{told:?}");
    assert!(faults(&cluster, "z", &fence()).contains(&"failed candidate: pair has no server z".into()));
    let managed = Cluster { patroni: Some(Default::default()), ..lost() };
    assert!(faults(&managed, "b", &fence())[0].starts_with("failed plain: pair is under Patroni"));
}
