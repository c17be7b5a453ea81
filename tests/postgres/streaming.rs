//! A plain pair: promoted when its primary is gone, and built up again.

use crate::bed::{Bed, faults};
use flightdeck::{
    clock,
    model::postgres::{
        health,
        outcome::Outcome,
        promotion::{self, Fence, Vantage},
        rpo::{self, Budget},
        verify,
    },
};
use std::net::{SocketAddr, TcpStream};

const BUDGET: Budget = Budget { bytes: 1 << 20, seconds: None };

#[test]
fn a_standby_is_promoted_when_its_primary_is_gone() {
    let Some(mut bed) = Bed::pair("promoted") else { return };
    bed.canary("primary").expect("written");
    let before = bed.wait_until("the canary has arrived", |cluster| {
        cluster.position_of("standby") >= cluster.position_of("primary") && health::conditions(cluster).is_empty()
    });
    // While the primary answers nothing is promoted, whatever somebody says of it.
    let fence = Fence { confirmed: Some("switched off".into()), seen: Vec::new() };
    let checks = faults(&promotion::preflight(&before, "standby", BUDGET, &fence, clock::now()));
    assert_eq!(checks, ["failed fenced: primary answers and takes writes"]);
    let refused = bed.wait(bed.session("primary", "postgres").promote(5));
    assert_eq!(refused, Outcome::NotStarted { said: "recovery is not in progress".into() });
    let denied = bed.wait(bed.session("standby", "flightdeck").promote(5));
    assert!(matches!(denied, Outcome::NotStarted { .. }), "{denied:?}");

    bed.script(&["kill-node"], &["primary"]);
    let lost = bed.look();
    let found: Vec<_> = health::conditions(&lost).into_iter().map(|found| found.rule.to_string()).collect();
    assert!(found.contains(&"postgres-no-leader".to_owned()) && found.contains(&"postgres-server".to_owned()));
    let address: SocketAddr = before.server("primary").expect("known").address.parse().expect("an address");
    let answers = Some(TcpStream::connect(address).is_ok());
    let look = |from: &str| Vantage { from: from.into(), answers };
    let fence = Fence { confirmed: Some("killed".into()), seen: vec![look("here"), look("there")] };
    let checks = promotion::preflight(&lost, "standby", BUDGET, &fence, clock::now());
    println!("{checks:#?}");
    assert_eq!(faults(&checks), Vec::<String>::new());

    let began = clock::instant();
    let outcome = bed.wait(bed.session("standby", "postgres").promote(60));
    println!("promoted after {:?}", began.elapsed());
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    let checkpoint = bed.wait(bed.session("standby", "postgres").checkpoint());
    assert!(matches!(checkpoint, Outcome::Done { .. }), "{checkpoint:?}");
    let tried = |bed: &Bed| verify::Tried { answers_as_primary: None, canary: Some(bed.canary("standby")) };
    bed.wait_for_checks("the promotion is verified", |bed, after| {
        verify::promotion(&before, after, "standby", &tried(bed))
    });
    println!("verified after {:?}", began.elapsed());

    bed.script(&["rejoin"], &["primary"]);
    let whole = bed.wait_until("the old primary follows", |cluster| {
        let state = cluster.server("primary").and_then(|server| server.state.as_ref());
        state.is_some_and(|state| state.in_recovery && state.is_receiving() && state.timeline == Some(2))
    });
    assert_eq!(whole.primaries(), ["standby"]);
    println!("rejoined after {:?}", began.elapsed());
}

#[test]
fn a_standby_whose_replay_is_paused_is_seen_and_let_go() {
    let Some(mut bed) = Bed::pair("paused") else { return };
    bed.sql("standby", "SELECT pg_wal_replay_pause()");
    bed.sql("primary", "SELECT pg_create_physical_replication_slot('left_behind', true)");
    bed.sql("primary", "CREATE TABLE filler AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 4000) g");
    let paused = bed.wait_until("both are seen", |cluster| {
        let found: Vec<_> = health::conditions(cluster).into_iter().map(|found| found.cause).collect();
        found.iter().any(|cause| cause.starts_with("its replay is paused; "))
            && found.iter().any(|cause| cause.starts_with("the physical slot left_behind has no reader and holds "))
    });
    let checks = faults(&promotion::preflight(&paused, "standby", BUDGET, &Fence::default(), clock::now()));
    assert!(checks.iter().any(|fault| fault.starts_with("failed replay: ")), "{checks:?}");
    let resumed = bed.wait(bed.session("standby", "postgres").resume_replay());
    assert!(matches!(resumed, Outcome::Done { .. }), "{resumed:?}");
    bed.sql("primary", "SELECT pg_drop_replication_slot('left_behind')");
    bed.wait_until("nothing is wrong", |cluster| health::conditions(cluster).is_empty());
}

#[test]
fn what_would_be_lost_is_measured() {
    let Some(mut bed) = Bed::pair("loss") else { return };
    bed.script(&["freeze"], &["standby"]);
    // More than sockets hold, so that it cannot arrive when the receiver goes on.
    bed.sql("primary", "CREATE TABLE filler AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 40000) g");
    let lagging = bed.wait_until("the lag is seen", |cluster| {
        health::conditions(cluster).iter().any(|found| found.rule == health::LAG.id)
    });
    let sample = lagging.sample.clone().expect("the primary is seen");
    bed.script(&["kill-node"], &["primary"]);
    bed.script(&["thaw"], &["standby"]);
    let lost = bed.look();
    let estimate = rpo::estimate(&lost, "standby", clock::now());
    let position = lost.position_of("standby").expect("it answers");
    // PostgreSQL's own word on the difference.
    let known = bed.sql("standby", &format!("SELECT pg_wal_lsn_diff('{}', '{position}')::bigint", sample.lsn));
    assert_eq!(estimate.known_bytes.map(|bytes| bytes.to_string()), Some(known));
    let fence = Fence { confirmed: Some("killed".into()), seen: Vec::new() };
    let checks = faults(&promotion::preflight(&lost, "standby", BUDGET, &fence, clock::now()));
    println!("{checks:#?}");
    let refused =
        checks.iter().any(|fault| fault.starts_with("failed rpo: ") && fault.contains("MiB missing: primary was at "));
    assert!(refused, "{checks:?}");
}
