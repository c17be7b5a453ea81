//! Operations on a real cluster, through the gate: what it refuses, what is done, and that it is done once.

use crate::bed::{Bed, moves, roles, whole};
use flightdeck::{
    client::Clients,
    clock,
    model::{
        object::{ObjectKind, ObjectRef},
        postgres::Cluster,
        source::{SourceReport, SourceState},
        topic::Topic,
        update::Update,
    },
    ops::{
        execute::execute,
        gate::{Confirmation, Decision, Gate, Permit, Policy, Terms, rules::Protect},
        ledger::LogOnly,
        offer,
        operation::Operation,
    },
    world::World,
};
use std::sync::Arc;

fn armed() -> Policy {
    Policy { armed: true, ..Policy::default() }
}

fn world(cluster: &Cluster) -> World {
    let mut world = World::at(cluster.at);
    let report = SourceReport {
        name: "postgres/testbed".into(),
        kind: "postgres".into(),
        topics: Topic::Postgres.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(5.0),
    };
    world.report(cluster.at, report);
    world.apply(cluster.at, "postgres/testbed", vec![Update::Postgres(Box::new(cluster.clone()))]);
    world
}

/// What the menu makes of it: the operation on the cluster, or on one of its members.
fn operation(world: &World, word: &str, member: &str, values: &[&str]) -> Operation {
    let id = if member.is_empty() { "testbed".to_owned() } else { format!("testbed/{member}") };
    let target = ObjectRef::new(ObjectKind::Postgres, id);
    offer::find(word, &target).expect("is offered").operation(&target, world, values).expect("can be said")
}

fn terms(world: &World, operation: &Operation) -> Terms {
    match Gate::decide(operation, world, &armed()) {
        Decision::Allowed(terms) => terms,
        Decision::Refused(why) => panic!("{operation}: {why}"),
    }
}

fn refused(world: &World, operation: &Operation, policy: &Policy) -> String {
    match Gate::permit(operation.clone(), world, policy) {
        Ok(permit) => panic!("permitted: {permit:?}"),
        Err(why) => why,
    }
}

fn permit(world: &World, operation: &Operation) -> Permit {
    Gate::permit(operation.clone(), world, &armed()).expect("permitted")
}

fn done(bed: &Bed, permit: Permit) -> Result<String, String> {
    let clients = Arc::new(Clients { postgres: vec![bed.options.clone()], ..Clients::default() });
    execute(permit, &clients, &|_| {}, &LogOnly).map(|deed| deed.text)
}

#[test]
fn a_switchover_goes_through_the_gate_once() {
    let Some(mut bed) = Bed::patroni("a switchover through the gate") else { return };
    let before = bed.look();
    let (leader, candidate, _) = roles(&before);
    let seen = world(&before);
    let operation = operation(&seen, "switchover", "", &[&candidate, "1MiB"]);
    for policy in [Policy { armed: false, ..armed() }, Policy { locked: true, ..armed() }] {
        assert!(refused(&seen, &operation, &policy).contains("READ-ONLY"));
    }
    let protect = vec![Protect { kind: "postgres".into(), context: "testbed".into(), ..Protect::default() }];
    assert!(refused(&seen, &operation, &Policy { protect, ..armed() }).contains("protected"));

    let terms = terms(&seen, &operation);
    assert_eq!(terms.confirmation, Confirmation::TypeName);
    assert_eq!(operation.target_name(), "testbed");
    let lag = format!("lag: {candidate} is 0 B behind; the budget is 1.0 MiB");
    assert!(terms.warnings.contains(&lag), "{:?}", terms.warnings);
    let (first, second) = (permit(&seen, &operation), permit(&seen, &operation));
    let said = done(&bed, first).expect("moved");
    assert!(said.contains(&format!(": {candidate} leads: ")), "{said}");
    // A permit of before the move: the leader that it names leads no more.
    let again = done(&bed, second).expect_err("it has moved");
    assert!(again.contains(&format!("{candidate} leads now, not {leader}")), "{again}");
    let after = bed.wait_until("it is whole again", whole);
    assert_eq!((roles(&after).0.as_str(), moves(&after)), (candidate.as_str(), moves(&before) + 1));
    assert!(refused(&world(&after), &operation, &armed()).contains(&format!("{candidate} leads, not {leader}")));
}

#[test]
fn a_candidate_that_lags_is_refused_by_the_gate_and_at_the_door() {
    let Some(mut bed) = Bed::patroni("a candidate that lags") else { return };
    let before = bed.look();
    let (leader, candidate, _) = roles(&before);
    let well = world(&before);
    let operation = operation(&well, "switchover", &candidate, &[&candidate, "1MiB"]);
    assert_eq!(operation.target(), before.object(), "it is done to the cluster, whatever of it was chosen");
    let early = permit(&well, &operation);
    bed.script(&["freeze"], &[&candidate]);
    bed.sql(&leader, "DROP TABLE IF EXISTS filler");
    bed.sql(&leader, "CREATE TABLE filler AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 20000) g");
    let lagging = bed.wait_until("it lags", |cluster| {
        cluster.member(&candidate).and_then(|member| member.lag_bytes).is_some_and(|lag| lag > 8 << 20)
    });
    let why = refused(&world(&lagging), &operation, &armed());
    println!("{why}");
    assert!(
        why.contains(&format!("lag: {candidate} is ")) && why.contains("MiB behind; the budget is 1.0 MiB"),
        "{why}"
    );
    // What the gate saw was true a moment ago.
    let late = done(&bed, early).expect_err("it lags now");
    assert!(late.contains("more than 1.0 MiB behind: nothing was asked for"), "{late}");
    bed.script(&["thaw"], &[&candidate]);
    bed.sql(&leader, "DROP TABLE filler");
    let after = bed.wait_until("it has caught up", whole);
    assert_eq!((roles(&after).0, moves(&after)), (leader, moves(&before)));
}

#[test]
fn a_pause_holds_until_it_is_resumed_and_a_lost_leader_is_followed_by_hand() {
    let Some(mut bed) = Bed::patroni("a pause through the gate") else { return };
    let before = bed.look();
    let (leader, candidate, _) = roles(&before);
    let seen = world(&before);
    let pause = operation(&seen, "pause", "", &[]);
    assert_eq!(terms(&seen, &pause).confirmation, Confirmation::YesNo);
    assert!(refused(&seen, &operation(&seen, "resume", "", &[]), &armed()).contains("not paused"));
    done(&bed, permit(&seen, &pause)).expect("paused");
    let known = |cluster: &Cluster| {
        let known = |member: &flightdeck::model::postgres::patroni::Member| {
            member.own.as_ref().is_some_and(|own| own.is_paused)
        };
        cluster.patroni.as_ref().is_some_and(|patroni| patroni.is_paused) && cluster.members().iter().all(known)
    };
    let paused = world(&bed.wait_until("all members know of the pause", known));
    assert!(refused(&paused, &pause, &armed()).contains("already"));
    let switchover = operation(&paused, "switchover", "", &[&candidate, "1MiB"]);
    assert!(refused(&paused, &switchover, &armed()).contains("paused: resume it first"));

    bed.script(&["kill-node"], &[&leader]);
    let lost = bed.wait_until("the leader's key has ended", |cluster| {
        cluster.patroni.as_ref().is_some_and(|patroni| patroni.leader().is_none())
            && cluster.primaries().is_empty()
            && cluster.position_of(&candidate).is_some()
    });
    let lost = world(&lost);
    let target = ObjectRef::new(ObjectKind::Postgres, "testbed");
    let offered = offer::find("failover", &target).expect("offered");
    // The one that is furthest stands in the field.
    let defaults = offered.defaults(&target, &lost);
    let failover = operation(&lost, "failover", "", &[&defaults[0], "1MiB"]);
    let terms = terms(&lost, &failover);
    println!("{terms:#?}");
    assert_eq!(terms.confirmation, Confirmation::TypeName);
    assert!(terms.warnings.iter().any(|line| line.starts_with("rpo: ")), "{terms:?}");
    let said = done(&bed, permit(&lost, &failover)).expect("failed over");
    assert!(said.contains(&format!(": {} leads: ", defaults[0])), "{said}");
    bed.wait_until("the candidate leads", |cluster| {
        cluster.primaries() == [defaults[0].as_str()] && known_pause(cluster)
    });
    let paused = world(&bed.look());
    done(&bed, permit(&paused, &operation(&paused, "resume", "", &[]))).expect("resumed");
    bed.script(&["start-node"], &[&leader]);
    let after = bed.wait_until("the old leader follows", whole);
    assert_eq!((roles(&after).0, moves(&after)), (defaults[0].clone(), moves(&before) + 1));
}

fn known_pause(cluster: &Cluster) -> bool {
    cluster.patroni.as_ref().is_some_and(|patroni| patroni.is_paused)
}

#[test]
fn a_member_is_restarted_and_built_anew() {
    let Some(mut bed) = Bed::patroni("a restart through the gate") else { return };
    let before = bed.look();
    let (leader, member, _) = roles(&before);
    let seen = world(&before);
    let of_leader = operation(&seen, "restart", &leader, &["no"]);
    assert_eq!(terms(&seen, &of_leader).confirmation, Confirmation::TypeName, "writes stop meanwhile");
    let nothing = done(&bed, permit(&seen, &operation(&seen, "restart", &member, &["yes"])));
    assert!(nothing.is_err_and(|why| why.contains("restart conditions are not satisfied")));

    let started = |cluster: &Cluster| cluster.server(&member).and_then(|server| server.state.as_ref()?.started_at);
    let first = started(&before).expect("it says so");
    done(&bed, permit(&seen, &operation(&seen, "restart", &member, &["no"]))).expect("restarted");
    let restarted = bed
        .wait_until("it has started anew", |cluster| whole(cluster) && started(cluster).is_some_and(|at| at > first));
    let second = started(&restarted).expect("it says so");

    let seen = world(&restarted);
    let refused = refused(&seen, &operation(&seen, "reinitialize", &leader, &[]), &armed());
    assert!(refused.contains(&format!("{leader} leads")), "{refused}");
    bed.sql(&member, "SELECT pg_wal_replay_pause()");
    let again = operation(&seen, "reinitialize", &member, &[]);
    assert_eq!(terms(&seen, &again).confirmation, Confirmation::TypeName);
    let said = done(&bed, permit(&seen, &again)).expect("accepted");
    assert!(said.contains("accepted, and it goes on by itself"), "{said}");
    let after =
        bed.wait_until("it was built anew", |cluster| whole(cluster) && started(cluster).is_some_and(|at| at > second));
    assert_eq!((roles(&after).0, moves(&after)), (leader, moves(&before)));
    assert_eq!(after.is_replay_paused(&member), Some(false), "a server that started anew replays");
}

#[test]
fn a_plain_standby_is_promoted_when_its_primary_is_gone() {
    let Some(mut bed) = Bed::pair("gate") else { return };
    bed.options.operator = Some("postgres".into());
    bed.options.operator_password =
        Some(flightdeck::client::secret::SecretFrom::File(bed.folder.join("superuser.password")));
    let both = world(&bed.look());
    let promote = operation(&both, "promote", "standby", &["stopped by hand", "1MiB"]);
    assert!(refused(&both, &promote, &armed()).contains("fenced: primary answers and takes writes"));
    assert!(
        refused(&both, &operation(&both, "switchover", "", &["standby", "0"]), &armed()).contains("not under Patroni")
    );
    bed.script(&["kill-node"], &["primary"]);
    let mut lost = world(&bed.wait_until("nobody takes writes", |cluster| cluster.primaries().is_empty()));
    lost.now = clock::now();
    let terms = terms(&lost, &promote);
    println!("{terms:#?}");
    assert!(terms.warnings.iter().any(|line| line.starts_with("rpo: 0 B missing")), "{terms:?}");
    assert!(terms.warnings.iter().any(|line| line.starts_with("fenced: stopped by hand")), "{terms:?}");
    // Who may only look cannot.
    let operator = bed.options.operator.take();
    let denied = done(&bed, permit(&lost, &promote)).expect_err("it may only look");
    assert!(denied.contains("permission denied"), "{denied}");
    bed.options.operator = operator;
    let said = done(&bed, permit(&lost, &promote)).expect("promoted");
    assert!(said.contains("standby takes writes"), "{said}");
    let after = bed.wait_until("it takes writes", |cluster| cluster.primaries() == ["standby"]);
    assert_eq!(after.timeline_of("standby"), Some(2));
    let control = after.server("standby").and_then(|server| server.state.as_ref()?.control_timeline);
    assert_eq!(control, Some(2), "a checkpoint was made");
}
