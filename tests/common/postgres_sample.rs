//! PostgreSQL clusters in several states: one under Patroni with a replica that lags, one that is well, and a plain pair that lost its
//! primary. Made up.
//!
//! The including module has `model` and `moment` in scope.

use super::{
    model::{
        Timestamp,
        object::{ObjectKind, ObjectRef},
        postgres::{
            Cluster, Limits, Sample,
            lsn::Lsn,
            patroni::{Config, HistoryLine, Member, MemberStatus, Patroni, Role, SenderState},
            server::{Receiver, Sender, Server, ServerState, Slot},
        },
        source::{SourceReport, SourceState},
        topic::Topic,
        update::Update,
    },
    moment::before,
};

const MIB: u64 = 1 << 20;
/// Where the primary of `orders` is.
const HEAD: u64 = 0x16_b374_d848;

/// The sources that tell of them.
pub fn reports() -> Vec<SourceReport> {
    let report = |name: &str| SourceReport {
        name: name.into(),
        kind: "postgres".into(),
        topics: Topic::Postgres.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(5.0),
    };
    vec![report("postgres/billing"), report("postgres/ledger"), report("postgres/orders")]
}

/// What they tell, by source.
pub fn news(now: Timestamp) -> Vec<(&'static str, Vec<Update>)> {
    let told = |cluster| vec![Update::Postgres(Box::new(cluster))];
    vec![
        ("postgres/billing", told(billing(now))),
        ("postgres/ledger", told(ledger(now))),
        ("postgres/orders", told(orders(now))),
    ]
}

/// A cluster and members of each sort.
pub fn objects() -> Vec<(&'static str, ObjectRef)> {
    [
        ("cluster", "orders"),
        ("lost", "ledger"),
        ("leader", "orders/db-1"),
        ("replica", "orders/db-3"),
        ("server", "ledger/ledger-b"),
    ]
    .map(|(sort, id)| (sort, ObjectRef::new(ObjectKind::Postgres, id)))
    .into()
}

fn member(now: Timestamp, number: u8, role: Role, behind: u64, timeline: u32) -> Member {
    let at = Lsn(HEAD - behind);
    let leads = role.leads();
    let own = MemberStatus {
        at: now,
        state: "running".into(),
        is_primary: Some(leads),
        server_version: Some(150_018),
        timeline: Some(timeline),
        location: leads.then_some(at),
        received: (!leads).then_some(at),
        replayed: (!leads).then_some(at),
        replayed_at: (!leads).then(|| before(now, 1 + (behind / MIB) as i64)),
        is_replay_paused: (!leads).then_some(false),
        store_seen_at: Some(before(now, 2)),
        system_identifier: Some("7410230011223344556".into()),
        patroni_version: Some("3.0.2".into()),
        scope: Some("orders".into()),
        ..MemberStatus::default()
    };
    Member {
        name: format!("db-{number}").into(),
        role,
        state: "running".into(),
        timeline: Some(timeline),
        lag_bytes: (!leads).then_some(behind),
        api_url: Some(format!("http://10.0.0.{number}:8008").into()),
        host: Some(format!("10.0.0.{number}").into()),
        port: Some(5_432),
        own: Some(own),
        ..Member::default()
    }
}

fn sender(name: &str, sync: &str) -> SenderState {
    SenderState { application: name.into(), state: "streaming".into(), sync_state: sync.into() }
}

fn patroni(now: Timestamp, members: Vec<Member>) -> Patroni {
    Patroni {
        scope: Some("orders".into()),
        version: Some("3.0.2".into()),
        answered_by: Some("http://10.0.0.1:8008".into()),
        members,
        history: vec![
            HistoryLine {
                timeline: 3,
                lsn: Lsn(0x15_0000_00a0),
                reason: "no recovery target specified".into(),
                at: Some(before(now, 90_000)),
                leader: Some("db-2".into()),
            },
            HistoryLine {
                timeline: 4,
                lsn: Lsn(0x16_0000_00a0),
                reason: "no recovery target specified".into(),
                at: Some(before(now, 7_200)),
                leader: Some("db-1".into()),
            },
        ],
        config: Some(Config { is_synchronous: true, ..Config::default() }),
        ..Patroni::default()
    }
}

fn orders(now: Timestamp) -> Cluster {
    let mut leader = member(now, 1, Role::Leader, 0, 5);
    if let Some(own) = &mut leader.own {
        own.senders = vec![sender("db-2", "sync"), sender("db-3", "async")];
    }
    let mut third = member(now, 3, Role::Replica, 24 * MIB, 5);
    third.is_restart_pending = true;
    let state = ServerState {
        at: now,
        version: 150_018,
        started_at: Some(before(now, 7_300)),
        timeline: Some(5),
        control_timeline: Some(5),
        system_identifier: Some("7410230011223344556".into()),
        written: Some(Lsn(HEAD)),
        synchronous_standbys: "db-2".into(),
        senders: vec![
            Sender {
                application: "db-2".into(),
                address: Some("10.0.0.2".into()),
                state: "streaming".into(),
                sync_state: "sync".into(),
                replayed: Some(Lsn(HEAD)),
                replay_lag_seconds: Some(0.002),
                ..Sender::default()
            },
            Sender {
                application: "db-3".into(),
                address: Some("10.0.0.3".into()),
                state: "catchup".into(),
                sync_state: "async".into(),
                replayed: Some(Lsn(HEAD - 24 * MIB)),
                replay_lag_seconds: Some(31.5),
                ..Sender::default()
            },
        ],
        slots: vec![
            Slot {
                name: "db_2".into(),
                kind: "physical".into(),
                is_active: true,
                retained_bytes: Some(0),
                wal_status: Some("reserved".into()),
                ..Slot::default()
            },
            Slot {
                name: "warehouse".into(),
                kind: "logical".into(),
                retained_bytes: Some(900 * MIB),
                wal_status: Some("extended".into()),
                ..Slot::default()
            },
        ],
        ..ServerState::default()
    };
    let server =
        Server { name: "db-1".into(), address: "10.0.0.1:5432".into(), state: Some(state), ..Server::default() };
    Cluster {
        name: "orders".into(),
        at: now,
        patroni: Some(patroni(now, vec![leader, member(now, 2, Role::SyncStandby, 0, 5), third])),
        servers: vec![server],
        sample: Some(Sample {
            server: "db-1".into(),
            at: now,
            lsn: Lsn(HEAD),
            timeline: Some(5),
            bytes_per_second: Some(410_000.0),
        }),
        ..Cluster::default()
    }
}

fn billing(now: Timestamp) -> Cluster {
    let mut leader = member(now, 1, Role::Leader, 0, 2);
    (leader.name, leader.host) = ("bill-a".into(), Some("10.0.1.1".into()));
    if let Some(own) = &mut leader.own {
        own.senders = vec![sender("bill-b", "async")];
    }
    let mut replica = member(now, 2, Role::Replica, 0, 2);
    (replica.name, replica.host) = ("bill-b".into(), Some("10.0.1.2".into()));
    let patroni = Patroni {
        scope: Some("billing".into()),
        config: Some(Config::default()),
        ..patroni(now, vec![leader, replica])
    };
    let sample = Sample { server: "bill-a".into(), at: now, lsn: Lsn(HEAD), timeline: Some(2), bytes_per_second: None };
    Cluster { name: "billing".into(), at: now, patroni: Some(patroni), sample: Some(sample), ..Cluster::default() }
}

fn ledger(now: Timestamp) -> Cluster {
    let lost = before(now, 42);
    let standby = ServerState {
        at: now,
        version: 160_004,
        started_at: Some(before(now, 600_000)),
        in_recovery: true,
        timeline: Some(1),
        control_timeline: Some(1),
        system_identifier: Some("7399001122334455667".into()),
        received: Some(Lsn(0x2_4f00_0000)),
        replayed: Some(Lsn(0x2_4f00_0000)),
        replayed_at: Some(before(now, 43)),
        is_replay_paused: Some(false),
        receiver: Some(Receiver { status: "waiting".into(), ..Receiver::default() }),
        ..ServerState::default()
    };
    Cluster {
        name: "ledger".into(),
        at: now,
        servers: vec![
            Server {
                name: "ledger-a".into(),
                address: "10.0.2.1:5432".into(),
                problem: Some("Connection refused (os error 111)".into()),
                problem_since: Some(lost),
                ..Server::default()
            },
            Server {
                name: "ledger-b".into(),
                address: "10.0.2.2:5432".into(),
                state: Some(standby),
                ..Server::default()
            },
        ],
        sample: Some(Sample {
            server: "ledger-a".into(),
            at: before(now, 44),
            lsn: Lsn(0x2_4f20_0000),
            timeline: Some(1),
            bytes_per_second: Some(52_000.0),
        }),
        primary_lost_at: Some(lost),
        limits: Limits::default(),
        ..Cluster::default()
    }
}
