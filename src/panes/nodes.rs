//! Nodes of all clusters that are watched: what they have, what was promised of it, and what is used.

use super::{
    fields::{self, fields},
    k8s,
    kube_list::{KubeList, ObjectTable},
};
use crate::{
    model::{
        host::ratio,
        kubernetes::{Node, NodeUsage},
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    view::table::Value,
    world::World,
};
use std::borrow::Cow;

fields! { Node;
    "severity" "" Text 1 [] "how it is doing" => |n, _| fields::severity(n.health.severity()),
    "context" "CONTEXT" Text 12 [] "context of its cluster; left out where there is one only" => |n, _| Value::text(&n.context),
    "name" "NAME" Text 20 [grow] "its name" => |n, _| Value::text(&n.name),
    "status" "STATUS" Text 16 [] "as kubectl prints it" => |n, _| k8s::text(&n.status),
    "pods" "PODS" Text 8 [] "pods that have not ended, of how many it takes" => pods,
    "cpu" "CPU" Number 6 [] "cores that are used" => |n, w| k8s::cores_value(usage(n, w).and_then(|u| u.cpu_cores)),
    "cpu-request" "REQ" Number 5 [] "cores that its pods ask for" => |n, w| k8s::cores_value(Some(w.observed.kube.load_of(&n.context, &n.name).requests.cpu_cores.unwrap_or(0.0))),
    "cpu-alloc" "ALLOC" Number 5 [] "cores that pods may ask for" => |n, _| k8s::cores_value(n.cpu_allocatable_cores),
    "mem" "MEM" Bytes 8 [] "working set" => |n, w| Value::whole(usage(n, w).and_then(|u| u.memory_bytes)),
    "mem-request" "REQ" Bytes 8 [] "memory that its pods ask for" => |n, w| Value::whole(Some(w.observed.kube.load_of(&n.context, &n.name).requests.memory_bytes.unwrap_or(0))),
    "mem-alloc" "ALLOC" Bytes 8 [] "memory that pods may ask for" => |n, _| Value::whole(n.memory_allocatable_bytes),
    "age" "AGE" Time 5 [] "since when it exists" => |n, _| n.created_at.map_or(Value::Unknown, Value::Time),
    "version" "VERSION" Text 10 [] "version of its kubelet" => |n, _| k8s::text(&n.version),
    "roles" "ROLES" Text 14 [] "what it is for" => roles,
    "reason" "REASON" Text 20 [grow] "why it is not well, in words" => |n, _| k8s::text(&n.reason),
    "taints" "TAINTS" Text 24 [] "what keeps pods off it" => taints,
    "disk" "DISK" Ratio 6 [hide] "share of the kubelet's file system that is used" => |n, w| Value::number(usage(n, w).and_then(|u| ratio(u.disk_used_bytes, u.disk_total_bytes))),
    "cpu-share" "CPU%" Ratio 6 [hide] "cores that are used, of those that pods may ask for" => |n, w| Value::number(usage(n, w).and_then(|u| Some(u.cpu_cores? / n.cpu_allocatable_cores?))),
    "mem-share" "MEM%" Ratio 6 [hide] "working set, of the memory that pods may ask for" => |n, w| Value::number(ratio(usage(n, w).and_then(|u| u.memory_bytes), n.memory_allocatable_bytes)),
    "ip" "IP" Text 13 [hide] "its address inside the cluster" => |n, _| k8s::text(&n.internal_ip),
    "os" "OS" Text 20 [hide] "its operating system" => |n, _| k8s::text(&n.os_image),
    "kernel" "KERNEL" Text 14 [hide] "its kernel" => |n, _| k8s::text(&n.kernel),
    "runtime" "RUNTIME" Text 18 [hide] "what runs its containers" => |n, _| k8s::text(&n.runtime),
    "labels" "LABELS" Text 30 [hide] "labels; label:zone=a and -l zone=a select by them" => |n, _| k8s::labels(&n.labels),
}

pub(crate) fn usage<'w>(node: &Node, world: &'w World) -> Option<&'w NodeUsage> {
    world.observed.kube.node_usage.get(&node.context)?.get(&node.name)
}

fn pods<'w>(node: &'w Node, world: &'w World) -> Value<'w> {
    let pods = world.observed.kube.load_of(&node.context, &node.name).pods;
    let most = node.pods_allocatable.map_or_else(|| "?".into(), |most| most.to_string());
    Value::Text(Cow::Owned(format!("{pods}/{most}")))
}

fn roles<'w>(node: &'w Node, _: &'w World) -> Value<'w> {
    if node.roles.is_empty() { Value::None } else { Value::Text(Cow::Owned(node.roles.join(","))) }
}

/// A taint as kubectl writes it: `key=value:effect`.
pub(crate) fn taint_texts(node: &Node) -> Vec<String> {
    let text = |taint: &crate::model::kubernetes::Taint| {
        let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
        format!("{}{value}:{}", taint.key, taint.effect)
    };
    node.taints.iter().map(text).collect()
}

fn taints<'w>(node: &'w Node, _: &'w World) -> Value<'w> {
    if node.taints.is_empty() { Value::None } else { Value::Text(Cow::Owned(taint_texts(node).join(","))) }
}

static TABLE: ObjectTable<Node> = ObjectTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    fixed_columns: 3,
    // Taints, reason, roles, version, age, then the sums: a name that is cut helps nobody.
    first_to_go: &[15, 14, 13, 12, 11, 9, 6, 10, 7],
    rows: |world| &world.observed.kube.nodes,
    object: |_, node| ObjectRef::in_cluster(ObjectKind::Node, &node.context, "", &node.name),
    severity: |node| node.health.severity(),
    urgency: |_| 0.0,
    labels: |node| &node.labels,
    is_within: None,
    parent: None,
};

/// The list of nodes.
pub static PANE: KubeList = KubeList {
    name: "nodes",
    title: "Nodes",
    about: "Nodes, the worst first: cores and memory that are used, that pods ask for, and that they may ask for. The pane Pods by node shows what runs on each.",
    topics: &[Topic::Nodes, Topic::Pods, Topic::PodUsage],
    resources: &["nodes"],
    none: "no node",
    table: &TABLE,
    reason_below: true,
};
