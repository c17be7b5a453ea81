//! What is put together from recorded answers and from what was seen before.

use super::{derive::*, recorded::Watcher, *};
use crate::{
    model::{
        Timestamp,
        postgres::{
            Limits,
            lsn::Lsn,
            patroni::Role,
            server::{Server, ServerState},
        },
    },
    source::supervisor::Demand,
};

#[test]
fn the_last_position_of_the_primary_outlives_it() {
    let mut watcher = Watcher::new();
    let well = watcher.see("well", 1_000);
    let sample = well.sample.expect("seen");
    assert_eq!((sample.server.as_str(), sample.lsn, sample.timeline), ("n1", Lsn(117_440_512), Some(2)));
    assert_eq!((sample.bytes_per_second, well.primary_lost_at), (None, None), "no rate of one sample");
    // The same leader, 8 MiB further.
    let lagging = watcher.see("lagging", 1_010);
    let sample = lagging.sample.expect("seen");
    assert_eq!(sample.bytes_per_second, Some((125_671_776 - 117_440_512) as f64 / 10.0));
    let silent = watcher.see("leader-silent", 1_012);
    assert_eq!(
        silent.sample.as_ref().map(|sample| (sample.lsn, sample.at.as_second())),
        Some((Lsn(125_671_776), 1_010))
    );
    assert_eq!(silent.primary_lost_at.map(|at| at.as_second()), Some(1_012));
    assert_eq!(watcher.see("no-dcs", 1_020).primary_lost_at.map(|at| at.as_second()), Some(1_012), "since then");
    let after = watcher.see("failed-over", 1_030);
    let sample = after.sample.expect("seen");
    assert_eq!((sample.server.as_str(), sample.timeline, sample.bytes_per_second), ("n3", Some(4), None));
    assert_eq!(after.primary_lost_at, None);
}

#[test]
fn who_was_there_before_is_missing_for_an_hour() {
    let mut watcher = Watcher::new();
    watcher.see("well", 1_000);
    let names = |cluster: &crate::model::postgres::Cluster| {
        let patroni = cluster.patroni.as_ref().expect("under Patroni");
        let missing: Vec<_> = patroni.missing.iter().map(|missing| missing.name.to_string()).collect();
        (missing, patroni.silent.len())
    };
    assert_eq!(names(&watcher.see("failed-over", 1_010)), (vec!["n1".to_owned()], 0), "told of once, by its name");
    assert_eq!(names(&watcher.see("failed-over", 4_599)), (vec!["n1".to_owned()], 0));
    assert_eq!(names(&watcher.see("failed-over", 4_600)), (vec![], 1), "its address is named still");
    // Nobody is missed whom nobody saw.
    assert_eq!(names(&Watcher::new().see("failed-over", 1_000)), (vec![], 1));
}

#[test]
fn without_the_store_members_speak_for_themselves() {
    let mut watcher = Watcher::new();
    watcher.see("well", 1_000);
    let cluster = watcher.see("no-dcs", 1_010);
    let patroni = cluster.patroni.expect("under Patroni");
    assert!(patroni.store_problem.is_some_and(|why| why.contains("/cluster")));
    assert!(patroni.members.iter().all(|member| member.role == Role::Replica && member.lag_bytes.is_none()));
    assert!(patroni.config.is_some_and(|config| config.ttl_seconds == 20), "as it was");
    // Who begins to watch now knows that they are there, and no more.
    let cluster = Watcher::new().see("no-dcs", 1_000);
    assert!(cluster.patroni.is_some_and(|patroni| patroni.members.is_empty() && patroni.store_problem.is_some()));
}

fn plain(
    second: i64,
    servers: Vec<Server>,
    memory: &mut Memory,
) -> Result<crate::model::postgres::Cluster, SourceError> {
    let at = Timestamp::from_second(second).expect("in range");
    derive(memory, Answers { patroni: None, servers }, at)
}

#[test]
fn plain_servers_have_a_memory_too() {
    let memory = &mut Memory::new("pair".into(), Limits::default());
    let primary = |lsn| Server {
        name: "a".into(),
        state: Some(ServerState { written: Some(Lsn(lsn)), timeline: Some(1), ..ServerState::default() }),
        ..Server::default()
    };
    let standby = ServerState { in_recovery: true, received: Some(Lsn(90)), ..ServerState::default() };
    let standby = Server { name: "b".into(), state: Some(standby), ..Server::default() };
    let silent = Server { name: "a".into(), problem: Some("refused".into()), ..Server::default() };
    plain(100, vec![primary(100), standby.clone()], memory).expect("answers");
    let cluster = plain(102, vec![primary(140), standby.clone()], memory).expect("answers");
    assert_eq!(cluster.sample.and_then(|sample| sample.bytes_per_second), Some(20.0));
    plain(104, vec![silent.clone(), standby.clone()], memory).expect("answers");
    let cluster = plain(106, vec![silent.clone(), standby], memory).expect("answers");
    assert_eq!(cluster.servers[0].problem_since.map(|at| at.as_second()), Some(104));
    assert_eq!(cluster.primary_lost_at.map(|at| at.as_second()), Some(104));
    assert_eq!(cluster.sample.map(|sample| sample.lsn), Some(Lsn(140)));
    let down = plain(108, vec![silent], memory).expect_err("nobody answers");
    assert_eq!(down.to_string(), "no server answers (a: refused)");
}

fn options() -> ClusterOptions {
    ClusterOptions { name: "orders".into(), patroni: vec!["http://127.0.0.1:1".into()], ..ClusterOptions::default() }
}

#[test]
fn what_is_configured_wrongly_is_said() {
    assert!(options().problems().is_empty());
    let wrong = [
        ClusterOptions { name: "a/b".into(), ..options() },
        ClusterOptions { patroni: vec![], ..options() },
        ClusterOptions { patroni: vec!["127.0.0.1:8008".into()], ..options() },
        ClusterOptions { servers: vec![("a".into(), "postgres://u@a/d".into())], ..options() },
        ClusterOptions { member_url: Some("member".into()), ..options() },
    ];
    for cluster in wrong {
        let told = cluster.problems();
        assert_eq!(told.len(), 1, "{cluster:?}: {told:?}");
        assert!(told[0].starts_with("configuration: [[postgres]] «"));
        assert_eq!(all(&[cluster, options()]).count(), 1, "the other is watched");
    }
}

#[tokio::test]
async fn a_cluster_of_which_nothing_answers_is_down() {
    let mut source = PostgresSource::new(&options());
    assert_eq!(
        source.spec().cadence(&Demand { visible: Topic::Postgres.into(), ..Demand::default() }),
        Some(Duration::from_secs(2))
    );
    let request = Request { wanted: Topic::Postgres.into(), ..Request::default() };
    let answer = tokio::task::spawn_blocking(move || source.collect(&request)).await.expect("no panic");
    let Err(SourceError::Down { reason, .. }) = answer else { panic!("it is down: {answer:?}") };
    assert!(reason.starts_with("no member answers (http://127.0.0.1:1: /cluster: "), "{reason}");
}
