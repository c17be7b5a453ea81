//! Verification against states that were recorded from a real cluster.

use super::*;
use crate::{
    model::postgres::{
        check::{Verdict, verdict},
        server::{Receiver, Server, ServerState},
    },
    source::postgres::recorded::{Watcher, cluster},
};

fn tried() -> Tried {
    Tried { answers_as_primary: Some(true), canary: Some(Ok("read back from n3".into())) }
}

fn told(checks: &[Check]) -> Vec<String> {
    checks.iter().map(|check| format!("{} {}: {}", check.verdict.word(), check.id, check.detail)).collect()
}

#[test]
fn a_failover_that_is_not_whole_yet_is_inconclusive() {
    let mut watcher = Watcher::new();
    let before = watcher.see("leader-silent", 1_000);
    let after = watcher.see("failed-over", 1_020);
    let checks = patroni(&before, &after, "n3", &tried());
    assert_eq!(
        told(&checks),
        [
            "ok leader: n3 leads",
            "ok one-primary: n3 takes writes, and no other",
            "ok primary: n3 /primary answers 200",
            "ok timeline: 4, one more than 3",
            "ok history: timeline 3 ended at 0/77DC4F0 at 20:27:53Z",
            "unknown streaming: not yet: n2 does not stream",
            "ok canary: read back from n3",
        ]
    );
    assert_eq!(verdict(&checks), Verdict::Unknown);
    let other = told(&patroni(&before, &after, "n2", &tried()));
    assert!(other.contains(&"failed leader: n3 leads, not n2".into()), "{other:?}");
    assert!(other.contains(&"failed history: timeline 3 ended at 0/77DC4F0 at 20:27:53Z, and n3 took over".into()));
}

#[test]
fn timelines_tell_how_often_it_moved() {
    let (before, after) = (cluster("well"), cluster("failed-over"));
    let line = |before: &Cluster, after: &Cluster| {
        let all = told(&patroni(before, after, "n3", &Tried::default()));
        all.into_iter().find(|line| line.contains(" timeline: ")).expect("made")
    };
    assert_eq!(line(&before, &after), "failed timeline: 4, where 3 was expected: it moved more than once");
    assert_eq!(line(&after, &after), "failed timeline: 4, where 5 was expected: it was not promoted");
    assert_eq!(line(&Cluster::default(), &after), "unknown timeline: the timeline before is not known");
    let nothing = told(&patroni(&before, &after, "n3", &Tried::default()));
    assert!(nothing.contains(&"unknown canary: nothing was written and read back".into()), "{nothing:?}");
    assert!(nothing.contains(&"unknown primary: n3 /primary was not answered".into()), "{nothing:?}");
}

#[test]
fn where_a_move_stands() {
    let after = cluster("failed-over");
    assert_eq!(moved(Some("n1"), "n3", &after), Move::Done);
    assert_eq!(moved(Some("n1"), "n2", &after), Move::Elsewhere("n3".into()));
    assert_eq!(moved(Some("n3"), "n2", &after), Move::NotMoved);
    assert_eq!(moved(None, "n1", &cluster("leader-lost")), Move::Leaderless);
    assert_eq!(moved(None, "n1", &cluster("no-dcs")), Move::Unknown);
    assert_eq!(moved(None, "n1", &Cluster::default()), Move::Unknown);
}

fn server(name: &str, in_recovery: bool, timeline: u32) -> Server {
    let state = ServerState {
        in_recovery,
        timeline: Some(timeline),
        control_timeline: Some(timeline),
        receiver: in_recovery.then(|| Receiver { status: "streaming".into(), ..Receiver::default() }),
        ..ServerState::default()
    };
    Server { name: name.into(), state: Some(state), ..Server::default() }
}

fn group(servers: Vec<Server>) -> Cluster {
    Cluster { servers, ..Cluster::default() }
}

#[test]
fn a_promotion_is_looked_at_from_all_sides() {
    let before = group(vec![server("a", false, 1), server("b", true, 1), server("c", true, 1)]);
    let good = group(vec![server("b", false, 2), server("c", true, 2)]);
    let checks = promotion(&before, &good, "b", &tried());
    assert_eq!(verdict(&checks), Verdict::Ok, "{:?}", told(&checks));

    let mut early = good.clone();
    let state = early.servers[0].state.as_mut().expect("answers");
    (state.control_timeline, state.is_read_only) = (Some(1), true);
    early.servers[1].state.as_mut().expect("answers").timeline = Some(1);
    let found: Vec<_> =
        promotion(&before, &early, "b", &tried()).into_iter().filter(|check| check.verdict != Verdict::Ok).collect();
    assert_eq!(
        told(&found),
        [
            "failed writable: default_transaction_read_only is on: nobody writes by default",
            "failed checkpoint: the control file is on timeline 1, not 2: CHECKPOINT, or pg_rewind is misled",
            "unknown streaming: not yet: c does not follow b",
        ]
    );
    // The old primary is back: two histories.
    let both = group(vec![server("a", false, 1), server("b", false, 2)]);
    assert!(told(&promotion(&before, &both, "b", &tried()))[0].starts_with("failed one-primary: 2 take writes: a, b"));
    let none = promotion(&before, &before, "b", &tried());
    assert!(told(&none).contains(&"failed promoted: b is still in recovery".into()));
}
