//! Nodes and events: from the API's JSON to rows.

use super::{
    health,
    pod::short,
    reflect::{Kind, Origin, Read},
    slim::{self, Amounts, Meta, SlimCondition},
};
use crate::model::{
    Timestamp,
    kubernetes::{KubeEvent, KubePart, Node, Taint},
    rows::{Delta, Keyed},
};
use compact_str::CompactString;
use serde::Deserialize;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SlimNode {
    metadata: Meta,
    spec: NodeSpec,
    status: NodeStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NodeSpec {
    unschedulable: bool,
    #[serde(deserialize_with = "slim::or_default")]
    taints: Vec<Taint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeStatus {
    #[serde(deserialize_with = "slim::or_default")]
    conditions: Vec<SlimCondition>,
    #[serde(deserialize_with = "slim::or_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "slim::or_default")]
    allocatable: Amounts,
    node_info: NodeInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(rename = "type")]
    kind: CompactString,
    address: CompactString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    kubelet_version: CompactString,
    os_image: CompactString,
    kernel_version: CompactString,
    container_runtime_version: CompactString,
}

/// Nodes, for the reflector.
pub struct Nodes;

impl Kind for Nodes {
    type Row = Node;
    const RESOURCE: &'static str = "nodes";
    const PATHS: &'static [&'static str] = &["/api/v1"];
    const NAMESPACED: bool = false;

    fn read(origin: &Origin, json: &[u8]) -> Result<Read<Node>, serde_json::Error> {
        let slim: SlimNode = serde_json::from_slice(json)?;
        let version = slim.metadata.resource_version.clone();
        Ok(Read { row: node(slim, &origin.context), version })
    }

    fn part(delta: Delta<Node>) -> KubePart {
        KubePart::Nodes(delta)
    }
}

fn node(slim: SlimNode, context: &CompactString) -> Node {
    let SlimNode { metadata, spec, status } = slim;
    let allocatable = status.allocatable.resources();
    let internal = status.addresses.into_iter().find(|address| address.kind == "InternalIP");
    let mut node = Node {
        context: context.clone(),
        status: node_status(&status.conditions, spec.unschedulable),
        roles: roles(&metadata.labels),
        name: metadata.name,
        uid: metadata.uid,
        version: status.node_info.kubelet_version,
        internal_ip: internal.map(|address| address.address).unwrap_or_default(),
        os_image: status.node_info.os_image,
        kernel: status.node_info.kernel_version,
        runtime: status.node_info.container_runtime_version,
        unschedulable: spec.unschedulable,
        taints: spec.taints,
        conditions: status.conditions.into_iter().map(Into::into).collect(),
        cpu_allocatable_cores: allocatable.cpu_cores,
        memory_allocatable_bytes: allocatable.memory_bytes,
        pods_allocatable: status.allocatable.pods(),
        created_at: metadata.creation_timestamp,
        labels: metadata.labels,
        ..Node::default()
    };
    (node.health, node.reason) = health::node(&node);
    node
}

/// STATUS of a node as kubectl prints it (`printNode` in the file that [`super::printer`] names).
fn node_status(conditions: &[SlimCondition], unschedulable: bool) -> CompactString {
    let ready = conditions.iter().find(|c| c.kind == "Ready");
    let word = ready.map_or("Unknown", |c| if c.status == "True" { "Ready" } else { "NotReady" });
    if unschedulable { compact_str::format_compact!("{word},SchedulingDisabled") } else { word.into() }
}

/// ROLES of a node as kubectl prints them, sorted.
fn roles(labels: &slim::Pairs) -> Vec<CompactString> {
    let role = |(key, value): &(CompactString, CompactString)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(CompactString::from(role)).filter(|role| !role.is_empty()),
        None => (key == "kubernetes.io/role" && !value.is_empty()).then(|| value.clone()),
    };
    labels.iter().filter_map(role).collect::<BTreeSet<_>>().into_iter().collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SlimEvent {
    metadata: Meta,
    #[serde(alias = "regarding")]
    involved_object: About,
    #[serde(rename = "type")]
    kind: CompactString,
    reason: CompactString,
    message: String,
    #[serde(deserialize_with = "slim::or_default")]
    count: u32,
    #[serde(deserialize_with = "slim::time")]
    first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "slim::time")]
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "slim::time")]
    event_time: Option<Timestamp>,
    series: Option<Series>,
    source: Source,
    reporting_component: CompactString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct About {
    kind: CompactString,
    name: CompactString,
    field_path: CompactString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    count: u32,
    #[serde(deserialize_with = "slim::time")]
    last_observed_time: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    component: CompactString,
}

/// Events, for the reflector.
pub struct Events;

/// So many events are kept, and so many are let go at once where there are more.
const MOST_EVENTS: usize = 4_000;
const LET_GO: usize = 500;

impl Kind for Events {
    type Row = KubeEvent;
    const RESOURCE: &'static str = "events";
    const PATHS: &'static [&'static str] = &["/api/v1"];

    fn read(origin: &Origin, json: &[u8]) -> Result<Read<KubeEvent>, serde_json::Error> {
        let slim: SlimEvent = serde_json::from_slice(json)?;
        let version = slim.metadata.resource_version.clone();
        Ok(Read { row: event(slim, &origin.context), version })
    }

    fn part(delta: Delta<KubeEvent>) -> KubePart {
        KubePart::Events(delta)
    }

    /// The oldest.
    fn excess(rows: &HashMap<CompactString, Arc<KubeEvent>>) -> Vec<CompactString> {
        if rows.len() <= MOST_EVENTS {
            return Vec::new();
        }
        let mut by_age: Vec<_> = rows.values().map(|event| (event.last_at, event)).collect();
        by_age.sort_unstable_by_key(|(at, _)| *at);
        let excess = rows.len() - MOST_EVENTS + LET_GO;
        by_age.into_iter().take(excess).map(|(_, event)| event.key()).collect()
    }
}

fn event(slim: SlimEvent, context: &CompactString) -> KubeEvent {
    let series = slim.series.unwrap_or_default();
    let created = slim.metadata.creation_timestamp;
    let first = slim.first_timestamp.or(slim.event_time).or(created);
    KubeEvent {
        context: context.clone(),
        namespace: slim.metadata.namespace,
        name: slim.metadata.name,
        about_kind: slim.involved_object.kind,
        about_name: slim.involved_object.name,
        about_field: slim.involved_object.field_path,
        warning: slim.kind == "Warning",
        reason: slim.reason,
        message: short(&slim.message).into(),
        count: slim.count.max(series.count).max(1),
        first_at: first,
        last_at: slim.last_timestamp.or(series.last_observed_time).or(first),
        reporter: if slim.source.component.is_empty() { slim.reporting_component } else { slim.source.component },
    }
}

/// An event as the API has it, for an object that is open.
///
/// # Errors
/// Where it is not what the API promises.
pub fn read_event(context: &CompactString, json: &[u8]) -> Result<KubeEvent, serde_json::Error> {
    Ok(event(serde_json::from_slice(json)?, context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::kubernetes::printer::Dialect;

    #[test]
    fn a_node_reads_as_kubectl_prints_it() {
        let origin = Origin { context: "c".into(), namespaces: [].into(), dialect: Dialect::NEWEST };
        let text = r#"{"metadata":{"name":"n","labels":{"node-role.kubernetes.io/worker":"","node-role.kubernetes.io/a":"x",
            "kubernetes.io/role":"old","node-role.kubernetes.io/":""}},"spec":{"unschedulable":true,"taints":[{"key":"k","effect":"NoSchedule"}]},
            "status":{"conditions":[{"type":"Ready","status":"Unknown"}],"allocatable":{"cpu":"7910m","memory":"32Gi","pods":"110"},
            "addresses":[{"type":"Hostname","address":"n"},{"type":"InternalIP","address":"10.0.0.1"}]}}"#;
        let node = Nodes::read(&origin, text.as_bytes()).expect("reads").row;
        assert_eq!(node.status, "NotReady,SchedulingDisabled");
        assert_eq!(node.roles, ["a", "old", "worker"]);
        assert_eq!((node.cpu_allocatable_cores, node.pods_allocatable), (Some(7.91), Some(110)));
        assert_eq!(node.internal_ip, "10.0.0.1");
    }

    #[test]
    fn the_oldest_events_are_let_go() {
        let event = |n: usize| {
            let at = Timestamp::from_second(n as i64).ok();
            Arc::new(KubeEvent { name: compact_str::format_compact!("{n}"), last_at: at, ..KubeEvent::default() })
        };
        let rows = |n| (0..n).map(|n| (event(n).key(), event(n))).collect();
        assert!(Events::excess(&rows(MOST_EVENTS)).is_empty());
        let gone = Events::excess(&rows(MOST_EVENTS + 1));
        assert_eq!((gone.len(), gone[0].as_str()), (LET_GO + 1, "0"));
    }
}
