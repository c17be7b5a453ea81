//! What Patroni really answered (`tests/data/patroni`), and what it never should.

use super::*;
use crate::model::postgres::{lsn::Lsn, patroni::Role};
use proptest::prelude::*;

fn at() -> Timestamp {
    Timestamp::from_second(1_795_897_700).expect("in range")
}

fn recorded(state: &str) -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patroni/");
    let text = std::fs::read(format!("{path}{state}.json")).expect("recorded");
    serde_json::from_slice(&text).expect("as it was recorded")
}

#[test]
fn a_cluster_is_read() {
    let well = recorded("well");
    let cluster = read::cluster(well["cluster"].to_string().as_bytes()).expect("read");
    let words: Vec<_> = cluster.members.iter().map(|member| format!("{} {:?}", member.name, member.role)).collect();
    assert_eq!(words, ["n1 Leader", "n2 Replica", "n3 Replica"]);
    let n2 = &cluster.members[1];
    assert_eq!((n2.state.as_str(), n2.timeline, n2.lag_bytes), ("running", Some(2), Some(0)));
    let own = well["cluster"]["members"][1]["api_url"].as_str().expect("there");
    assert_eq!(n2.api_url.as_deref(), own.strip_suffix("/patroni"));
    assert_eq!((cluster.is_paused, cluster.scheduled.is_some()), (false, false));
    let config = read::config(well["config"].to_string().as_bytes()).expect("read");
    assert_eq!((config.ttl_seconds, config.loop_wait_seconds, config.is_synchronous), (20, 2, false));
    let history = read::history(well["history"].to_string().as_bytes()).expect("read");
    let line = history.last().expect("one");
    assert_eq!((line.timeline, line.leader.as_deref(), line.at.is_some()), (1, Some("n1"), true));
}

#[test]
fn states_are_told_apart() {
    let cluster = |state: &str| read::cluster(recorded(state)["cluster"].to_string().as_bytes()).expect("read");
    assert!(cluster("paused").is_paused);
    let scheduled = cluster("scheduled").scheduled.expect("planned");
    assert_eq!((scheduled.from.as_deref(), scheduled.to.as_deref()), (Some("n1"), Some("n3")));
    assert_eq!(scheduled.at.map(|at| at.to_string()).as_deref(), Some("2099-01-01T00:00:00Z"));
    assert!(cluster("synchronous").members.iter().any(|member| member.role == Role::SyncStandby));
    assert!(cluster("restart-pending").members.iter().any(|member| member.is_restart_pending));
    assert!(cluster("leader-lost").members.iter().all(|member| !member.role.leads()));
    let config = read::config(recorded("synchronous")["config"].to_string().as_bytes()).expect("read");
    assert!(config.is_synchronous);
}

#[test]
fn members_tell_of_themselves() {
    let status = |state: &str, name: &str| {
        read::status(recorded(state)["members"][name].to_string().as_bytes(), at()).expect("read")
    };
    let leader = status("well", "n1");
    assert_eq!((leader.is_primary, leader.location, leader.received), (Some(true), Some(Lsn(117_440_512)), None));
    assert_eq!(leader.senders.len(), 2);
    assert!(leader.senders.iter().all(|sender| sender.state == "streaming"));
    assert_eq!((leader.server_version, leader.scope.as_deref()), (Some(150_018), Some("testbed")));
    let replica = status("lagging", "n3");
    assert_eq!((replica.is_primary, replica.is_replay_paused), (Some(false), Some(false)));
    assert!(replica.replayed_at.is_some());
    // Its receiver began anew: it received less than it has replayed.
    let rejoined = status("leader-lost-paused", "n3");
    assert!(rejoined.received < rejoined.replayed);
    assert_eq!(rejoined.position(), rejoined.replayed);
    assert!(rejoined.is_cluster_unlocked && rejoined.is_paused && !replica.is_paused);
}

#[test]
fn other_versions_say_more_or_less() {
    let json = br#"{"scope": "s", "members": [{"name": "a", "role": "quorum_standby", "state": "streaming", "lag": "unknown",
        "tags": {"failover_priority": 0, "nosync": "yes"}, "api_url": "https://a.example:8008/patroni", "port": 99999}, {"role": "x"}, 7]}"#;
    let cluster = read::cluster(json).expect("read");
    let [member] = cluster.members.as_slice() else { panic!("one: {cluster:?}") };
    assert_eq!((member.role, member.lag_bytes, member.port), (Role::QuorumStandby, None, None));
    assert!(member.tags.nofailover && member.tags.nosync);
    assert_eq!(member.api_url.as_deref(), Some("https://a.example:8008"));
    assert_eq!(read::history(b"[[1, 25, \"x\"], [\"2\"], 3]").expect("read").len(), 1);
    assert!(
        read::cluster(b"{\"members\": 3}").is_err()
            && read::cluster(b"[]").is_err()
            && read::status(b"{}", at()).is_err()
    );
}

#[test]
fn only_addresses_of_servers_are_asked() {
    assert_eq!(base("http://10.0.0.1:8008/patroni").as_deref(), Some("http://10.0.0.1:8008"));
    assert_eq!(base(" https://[::1]:8008/ ").as_deref(), Some("https://[::1]:8008"));
    for wrong in [
        "",
        "10.0.0.1:8008",
        "file:///etc/passwd",
        "http://",
        "http://a/b",
        "http://a?b=c",
        "http://u:p@a:1",
        "http:// x",
    ] {
        assert_eq!(base(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_answer_panics(text in ".{0,200}") {
        let json = text.as_bytes();
        let _ = (read::cluster(json), read::history(json), read::config(json), read::status(json, at()));
        let _ = base(&text);
    }

    #[test]
    fn no_json_panics(value in json()) {
        let text = value.to_string();
        let _ = (read::history(text.as_bytes()), read::config(text.as_bytes()), read::status(text.as_bytes(), at()));
        let wrapped = serde_json::json!({ "members": [value.clone()], "scheduled_switchover": value }).to_string();
        let _ = read::cluster(wrapped.as_bytes());
    }
}

/// Any JSON whose keys are those that Patroni uses.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,10}".prop_map(Into::into),
    ];
    let key = prop::sample::select(vec![
        "name",
        "role",
        "state",
        "lag",
        "tags",
        "xlog",
        "location",
        "api_url",
        "replication",
        "pause",
        "ttl",
        "port",
    ]);
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| serde_json::Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}
