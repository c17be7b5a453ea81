//! A cluster of three nodes under Patroni: what moves its leader, what does not, and what is seen of it.

use crate::bed::{Bed, faults, roles, whole};
use flightdeck::{
    client::{
        http::Server,
        patroni::act::{self, PatroniWriter},
    },
    clock,
    model::postgres::{
        Cluster, health,
        outcome::Outcome,
        preflight,
        rpo::{self, Budget},
        verify::{self, Move},
    },
};
use std::time::Duration;
use uuid::Uuid;

const BUDGET: Budget = Budget { bytes: 1 << 20, seconds: None };

fn rules(cluster: &Cluster) -> Vec<String> {
    health::conditions(cluster).into_iter().map(|found| found.rule.to_string()).collect()
}

fn cause(cluster: &Cluster, rule: &str) -> String {
    let found = health::conditions(cluster).into_iter().find(|found| found.rule == rule);
    found.unwrap_or_else(|| panic!("{rule} is not found in {cluster:#?}")).cause
}

#[test]
fn a_switchover_moves_the_leader_and_is_verified() {
    let Some(mut bed) = Bed::patroni("a switchover") else { return };
    let before = bed.wait_until("nothing is wrong", |cluster| whole(cluster) && rules(cluster).is_empty());
    let began = clock::instant();
    bed.look();
    println!("a look at three members and three servers takes {:?}", began.elapsed());
    let (leader, candidate, _) = roles(&before);
    let ready = bed.wait(bed.client().is_replica(&bed.base(&candidate), BUDGET.bytes)).ok();
    let checks = preflight::switchover(&before, &leader, &candidate, BUDGET, ready, clock::now());
    assert_eq!(faults(&checks), Vec::<String>::new());

    let began = clock::instant();
    let outcome = bed.wait(act::switchover(&bed.writer(), &bed.all_bases(), &leader, &candidate, None));
    println!("answered after {:?}: {outcome:?}", began.elapsed());
    assert!(matches!(&outcome, Outcome::Done { leader: Some(name), .. } if *name == *candidate), "{outcome:?}");
    let checks = bed.wait_for_checks("all is verified", |bed, after| {
        verify::patroni(&before, after, &candidate, &bed.try_out(&candidate))
    });
    println!("verified after {:?}: {checks:#?}", began.elapsed());
    assert!(!bed.wait(bed.client().is_primary(&bed.base(&leader))).expect("it answers"));
    // What was written to the new leader arrives at the old one.
    let token = Uuid::now_v7();
    let canary = bed.wait(bed.session(&candidate, "flightdeck").write_canary("testbed", token)).expect("written");
    bed.wait_until("the old leader has replayed it", |cluster| {
        let old = cluster.server(&leader).and_then(|server| server.state.as_ref());
        old.is_some_and(|state| state.replayed >= Some(canary.lsn))
    });
    let read = bed.wait(bed.session(&leader, "flightdeck").read_canary("testbed")).expect("read");
    assert_eq!(read, Some((token, canary.written_at)));
}

#[test]
fn what_is_asked_wrongly_moves_nothing() {
    let Some(mut bed) = Bed::patroni("a wrong leader") else { return };
    let before = bed.look();
    let (leader, first, second) = roles(&before);
    let (writer, bases) = (bed.writer(), bed.all_bases());
    let wrong = bed.wait(act::switchover(&writer, &bases, &first, &second, None));
    assert_eq!(wrong, Outcome::NotStarted { said: "leader name does not match".into() });
    let nobody = bed.wait(act::switchover(&writer, &bases, &leader, "n9", None));
    assert_eq!(nobody, Outcome::NotStarted { said: "candidate does not exists".into() });
    let past = Some("2020-01-01T00:00:00Z".parse().expect("a time"));
    let past = bed.wait(act::switchover(&writer, &bases, &leader, &first, past));
    assert!(matches!(past, Outcome::NotStarted { .. }), "{past:?}");
    let nowhere = bed.wait(act::switchover(&writer, &["http://127.0.0.1:1".into()], &leader, &first, None));
    assert!(matches!(nowhere, Outcome::NotStarted { .. }), "{nowhere:?}");
    let leads = bed.wait(act::reinitialize(&writer, &bed.base(&leader).into(), false));
    assert!(matches!(leads, Outcome::NotStarted { .. }), "{leads:?}");

    let later = "2099-01-01T00:00:00Z".parse().expect("a time");
    let planned = bed.wait(act::switchover(&writer, &bases, &leader, &first, Some(later)));
    assert_eq!(planned, Outcome::Accepted { said: "Switchover scheduled".into() });
    let cluster = bed.look();
    let checks = preflight::switchover(&cluster, &leader, &first, BUDGET, Some(true), clock::now());
    assert!(faults(&checks).iter().any(|fault| fault.starts_with("failed nothing-scheduled: ")), "{checks:?}");
    let cancelled = bed.wait(act::cancel_switchover(&writer, &bases));
    assert!(matches!(cancelled, Outcome::Done { .. }), "{cancelled:?}");
    let after = bed.look();
    assert_eq!((roles(&after), after.timeline_of(&leader)), (roles(&before), before.timeline_of(&leader)));
}

#[test]
fn a_move_whose_answer_was_not_heard_is_done_once() {
    let Some(mut bed) = Bed::patroni("an answer that is not heard") else { return };
    let before = bed.look();
    let (leader, candidate, _) = roles(&before);
    // Patroni looks for a second before it answers at all.
    let hasty = PatroniWriter::new(&Server::default(), Duration::from_millis(300));
    let outcome = bed.wait(act::switchover(&hasty, &bed.all_bases(), &leader, &candidate, None));
    assert!(matches!(outcome, Outcome::Unknown { .. }) && !outcome.may_be_repeated(), "{outcome:?}");
    let after = bed.wait_until("it has moved", |after| verify::moved(Some(&leader), &candidate, after) == Move::Done);
    assert_eq!(verify::moved(Some(&candidate), &leader, &after), Move::NotMoved);
    bed.wait_for_checks("it moved once", |bed, after| {
        verify::patroni(&before, after, &candidate, &bed.try_out(&candidate))
    });
}

#[test]
fn a_replica_that_lags_is_no_candidate() {
    let Some(mut bed) = Bed::patroni("lag") else { return };
    let (leader, candidate, _) = roles(&bed.look());
    bed.script(&["freeze"], &[&candidate]);
    bed.sql(&leader, "DROP TABLE IF EXISTS filler");
    bed.sql(&leader, "CREATE TABLE filler AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 20000) g");
    let lagging = bed.wait_until("it lags", |cluster| {
        cluster.member(&candidate).and_then(|member| member.lag_bytes).is_some_and(|lag| lag > 8 << 20)
    });
    let ready = bed.wait(bed.client().is_replica(&bed.base(&candidate), BUDGET.bytes)).ok();
    let refused = faults(&preflight::switchover(&lagging, &leader, &candidate, BUDGET, ready, clock::now()));
    println!("{refused:#?}");
    assert!(refused.iter().any(|fault| fault.starts_with(&format!("failed lag: {candidate} is "))), "{refused:?}");
    assert!(refused.iter().any(|fault| fault.starts_with("failed ready: ")), "{refused:?}");
    assert!(cause(&lagging, "postgres-lag").contains("MiB behind, more than 1.0 MiB"));
    bed.script(&["thaw"], &[&candidate]);
    bed.sql(&leader, "DROP TABLE filler");
    bed.wait_until("it has caught up", whole);
}

#[test]
fn a_leader_that_is_killed_is_followed_by_another() {
    let Some(mut bed) = Bed::patroni("a killed leader") else { return };
    let (leader, first, _) = roles(&bed.look());
    bed.canary(&leader).expect("written");
    let arrived = |cluster: &Cluster| cluster.position_of(&first) >= cluster.position_of(&leader);
    let before = bed.wait_until("the canary has arrived", arrived);
    bed.script(&["kill-node"], &[&leader]);
    let began = clock::instant();
    let silent = bed.look();
    assert!(cause(&silent, "postgres-silent-leader").contains("the leader does not answer"));
    assert_eq!(silent.sample.as_ref().map(|sample| sample.server.as_str()), Some(leader.as_str()));
    assert!(silent.primary_lost_at.is_some());
    let estimate = rpo::estimate(&silent, &first, clock::now());
    println!("{}", estimate.words);
    assert_eq!(estimate.known_bytes, Some(0), "the canary had arrived");
    let early = faults(&preflight::failover(&silent, &first, BUDGET, clock::now()));
    assert!(early.iter().any(|fault| fault.starts_with("unknown leader-lost: ")), "{early:?}");

    let other = |after: &Cluster| {
        let patroni = after.patroni.as_ref()?;
        Some(patroni.leader()?.name.to_string()).filter(|name| *name != leader)
    };
    let after = bed.wait_until("another leads", |after| other(after).is_some());
    println!("another leads after {:?} (ttl 20 s)", began.elapsed());
    let new = other(&after).expect("seen");
    let gone = bed.wait_until("the old member's key has ended", |after| after.members().len() == 2);
    assert!(cause(&gone, "postgres-member").starts_with("missing: it was in the cluster at "));
    bed.wait_for_checks("the failover is verified", |bed, after| {
        verify::patroni(&before, after, &new, &bed.try_out(&new))
    });
    println!("verified after {:?}", began.elapsed());
    bed.script(&["start-node"], &[&leader]);
    let back = bed.wait_until("the old leader follows", whole);
    println!("whole after {:?}", began.elapsed());
    assert_eq!(roles(&back).0, new);
}

#[test]
fn a_paused_cluster_is_failed_over_by_hand() {
    let Some(mut bed) = Bed::patroni("a paused cluster") else { return };
    let before = bed.look();
    let (leader, candidate, _) = roles(&before);
    let (writer, bases) = (bed.writer(), bed.all_bases());
    let paused = bed.wait(act::pause(&writer, &bases));
    assert!(matches!(paused, Outcome::Done { .. }), "{paused:?}");
    let paused =
        bed.wait_until("it is paused", |cluster| cluster.patroni.as_ref().is_some_and(|patroni| patroni.is_paused));
    assert!(rules(&paused).contains(&"postgres-paused".to_owned()));
    let refused = faults(&preflight::switchover(&paused, &leader, &candidate, BUDGET, Some(true), clock::now()));
    assert_eq!(refused, ["failed not-paused: paused: resume it first"]);
    // Members learn of the pause at their next look, and one that has not yet would take over by itself.
    bed.wait_until("all members know it", |cluster| {
        cluster.members().iter().all(|member| member.own.as_ref().is_some_and(|own| own.is_paused))
    });
    bed.script(&["kill-node"], &[&leader]);
    let lost = bed.wait_until("nobody leads", |cluster| {
        cluster.patroni.as_ref().is_some_and(|patroni| patroni.leader().is_none())
    });
    assert!(cause(&lost, "postgres-no-leader").starts_with("no leader, and Patroni is paused"));
    let checks = preflight::failover(&lost, &candidate, BUDGET, clock::now());
    println!("{checks:#?}");
    assert_eq!(faults(&checks), Vec::<String>::new());
    let outcome = bed.wait(act::failover(&writer, &bases, &candidate));
    assert!(matches!(&outcome, Outcome::Done { leader: Some(name), .. } if *name == *candidate), "{outcome:?}");
    bed.wait_for_checks("the failover is verified", |bed, after| {
        verify::patroni(&before, after, &candidate, &bed.try_out(&candidate))
    });
    let resumed = bed.wait(act::resume(&writer, &bases));
    assert!(matches!(resumed, Outcome::Done { .. }), "{resumed:?}");
    bed.script(&["start-node"], &[&leader]);
    bed.wait_until("the old leader follows", whole);
}

#[test]
fn without_the_store_nothing_can_be_moved() {
    let Some(mut bed) = Bed::patroni("a store that is gone") else { return };
    let (leader, candidate, _) = roles(&bed.look());
    bed.script(&["kill-node"], &["etcd"]);
    let lost = bed.wait_until("the leader has stepped down", |cluster| {
        cluster.primaries().is_empty()
            && cluster.patroni.as_ref().is_some_and(|patroni| patroni.store_problem.is_some())
    });
    assert!(cause(&lost, "postgres-store").contains("nobody may lead"));
    let checks = faults(&preflight::failover(&lost, &candidate, BUDGET, clock::now()));
    assert!(checks.iter().any(|fault| fault.starts_with("failed store: ")), "{checks:?}");
    assert_eq!(verify::moved(Some(&leader), &candidate, &lost), Move::Unknown);
    let outcome = bed.wait(act::failover(&bed.writer(), &bed.all_bases(), &candidate));
    println!("without a store: {outcome:?}");
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    bed.script(&["start-node"], &["etcd"]);
    bed.wait_until("it is whole again", whole);
}

#[test]
fn members_are_asked_by_sql_too() {
    let Some(mut bed) = Bed::patroni("SQL") else { return };
    let seen = bed.look();
    let (leader, ..) = roles(&seen);
    let state = |name: &str| seen.server(name).and_then(|server| server.state.as_ref()).expect("it answers");
    let slots = &state(&leader).slots;
    assert!(slots.iter().filter(|slot| slot.is_active && slot.kind == "physical").count() == 2, "{slots:?}");
    assert!(slots.iter().all(|slot| slot.retained_bytes.is_some() && slot.wal_status.is_some()), "{slots:?}");
    assert!(state(&leader).senders.iter().all(|sender| sender.state == "streaming" && sender.replayed.is_some()));
    let leader_port = seen.member(&leader).and_then(|member| member.port).expect("told");
    for server in seen.servers.iter().filter(|server| server.name != leader) {
        let replica = state(&server.name);
        assert!(replica.in_recovery && replica.is_receiving() && replica.received.is_some(), "{replica:?}");
        let from = replica.receiver.as_ref().and_then(|receiver| receiver.from.as_deref());
        assert_eq!(from, Some(format!("127.0.0.1:{leader_port}").as_str()));
        assert_eq!(
            (replica.timeline, &replica.system_identifier),
            (state(&leader).timeline, &state(&leader).system_identifier)
        );
    }
}
