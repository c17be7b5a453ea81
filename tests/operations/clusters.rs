//! PostgreSQL clusters on which every operation means something, for who looks at what the gate says.

use flightdeck::model::{
    Timestamp,
    postgres::{
        Cluster, Sample,
        lsn::Lsn,
        patroni::{Config, Member, MemberStatus, Patroni, Role},
        server::{Server, ServerState},
    },
};

/// A cluster under Patroni that is well, one that is paused and lost its leader, a plain standby whose primary is gone, and a standby cluster. Their
/// replicas are named by what an offer's field is filled with.
pub fn clusters(now: Timestamp) -> Vec<Cluster> {
    let member = |name: &str, role: Role| {
        let own = MemberStatus {
            at: now,
            is_primary: Some(role.leads()),
            timeline: Some(1),
            location: role.leads().then_some(Lsn(9)),
            received: (!role.leads()).then_some(Lsn(9)),
            is_replay_paused: (!role.leads()).then_some(false),
            ..MemberStatus::default()
        };
        Member {
            name: name.into(),
            role,
            state: "streaming".into(),
            timeline: Some(1),
            lag_bytes: (!role.leads()).then_some(0),
            api_url: Some(format!("http://{name}:8008").into()),
            own: Some(own),
            ..Member::default()
        }
    };
    let sample = Sample { server: "m".into(), at: now, lsn: Lsn(9), timeline: Some(1), bytes_per_second: None };
    let cluster = |name: &str, patroni| Cluster {
        name: name.into(),
        at: now,
        patroni,
        sample: Some(sample.clone()),
        ..Cluster::default()
    };
    let config = Some(Config::default());
    let well = Patroni {
        members: vec![member("m", Role::Leader), member("7", Role::Replica)],
        config: config.clone(),
        ..Patroni::default()
    };
    let lost = Patroni { members: vec![member("7", Role::Replica)], is_paused: true, config, ..Patroni::default() };
    let standby = ServerState {
        at: now,
        in_recovery: true,
        timeline: Some(1),
        received: Some(Lsn(9)),
        is_replay_paused: Some(false),
        ..ServerState::default()
    };
    let standby = Server { name: "s".into(), state: Some(standby), ..Server::default() };
    let gone = Server { name: "m".into(), problem: Some("refused".into()), ..Server::default() };
    let plain = Cluster { servers: vec![gone, standby], ..cluster("i", None) };
    let follows = Patroni {
        members: vec![member("m", Role::StandbyLeader)],
        config: Some(Config { is_standby_cluster: true, ..Config::default() }),
        ..Patroni::default()
    };
    vec![cluster("g", Some(well)), cluster("h", Some(lost)), plain, cluster("j", Some(follows))]
}
