//! The recorded answers (`tests/data/patroni`) as a source would have taken them.

use super::derive::{Answers, Memory, PatroniAnswers, derive};
use crate::{
    client::patroni::read,
    model::{
        Timestamp,
        postgres::{Cluster, Limits},
    },
};
use compact_str::CompactString;
use serde_json::Value;

/// A watcher of the recorded cluster.
pub struct Watcher(Memory);

impl Watcher {
    pub fn new() -> Self {
        Self(Memory::new("orders".into(), Limits { lag_bytes: 1 << 20, ..Limits::default() }))
    }

    /// Sees a state that was recorded. Only what was before differs from the real one: a story can be told in any order.
    pub fn see(&mut self, state: &str, second: i64) -> Cluster {
        self.try_see(state, second).expect("somebody answers")
    }

    pub fn try_see(&mut self, state: &str, second: i64) -> Result<Cluster, crate::source::SourceError> {
        let at = Timestamp::from_second(second).expect("in range");
        let answers = answers(&recorded(state), at);
        derive(&mut self.0, answers, at)
    }
}

/// A cluster of which nothing is known from before.
pub fn cluster(state: &str) -> Cluster {
    Watcher::new().see(state, 1_000)
}

fn recorded(state: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patroni/");
    let text = std::fs::read(format!("{folder}{state}.json")).expect("recorded");
    serde_json::from_slice(&text).expect("as it was recorded")
}

/// Addresses of the nodes, from any state that has all of them.
fn address(node: &str) -> CompactString {
    let well = recorded("well");
    let members = well["cluster"]["members"].as_array().expect("a list");
    let member = members.iter().find(|member| member["name"] == node).expect("is there");
    crate::client::patroni::base(member["api_url"].as_str().expect("has one")).expect("an address")
}

fn answers(taken: &Value, at: Timestamp) -> Answers {
    let json = |value: &Value| value.to_string().into_bytes();
    let nodes = taken["members"].as_object().expect("members");
    let statuses = nodes.iter().map(|(node, value)| {
        let refused = || "/patroni: Connection refused (os error 111)".to_owned();
        let status = if value.is_null() { Err(refused()) } else { read::status(&json(value), at) };
        (address(node), status)
    });
    let cluster = &taken["cluster"];
    let closed = || "http://127.0.0.1:1: /cluster: connection closed before message completed".to_owned();
    let cluster = if cluster.is_null() { Err(closed()) } else { read::cluster(&json(cluster)) };
    let patroni = PatroniAnswers {
        cluster: cluster.map(|answer| (address("n2"), answer)),
        history: read::history(&json(&taken["history"])).ok(),
        config: read::config(&json(&taken["config"])).ok(),
        statuses: statuses.collect(),
        named: nodes.keys().map(|node| address(node)).collect(),
    };
    Answers { patroni: Some(patroni), servers: Vec::new() }
}
