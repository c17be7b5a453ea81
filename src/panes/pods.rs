//! Pods of all clusters that are watched, the worst first, with what `kubectl get pods` prints and what they use.

use super::{
    fields::{self, fields},
    k8s,
    kube_list::{KubeList, ObjectTable},
};
use crate::{
    model::{
        health::Health,
        host::ratio,
        kubernetes::{Pod, Usage},
        object::{ObjectKind, ObjectRef},
        rows::Keyed,
        topic::Topic,
        units,
    },
    view::table::Value,
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Pod;
    "severity" "" Text 1 [] "how it is doing" => |p, _| fields::severity(p.health.severity()),
    "context" "CONTEXT" Text 12 [] "context of its cluster; left out where there is one only" => |p, _| Value::text(&p.context),
    "namespace" "NAMESPACE" Text 11 [] "its namespace" => |p, _| Value::text(&p.namespace),
    "name" "NAME" Text 26 [grow] "its name" => |p, _| Value::text(&p.name),
    "ready" "READY" Text 5 [] "containers that are ready, of how many, as kubectl counts them" => |p, _| Value::Text(Cow::Owned(format!("{}/{}", p.ready, p.total))),
    "status" "STATUS" Text 17 [] "as kubectl prints it" => |p, _| k8s::text(&p.status),
    "restarts" "RESTARTS" Text 12 [] "as kubectl counts them, and how long ago the last was" => restarts,
    "age" "AGE" Time 5 [] "since when it exists" => |p, _| p.created_at.map_or(Value::Unknown, Value::Time),
    "reason" "REASON" Text 40 [grow] "why it is not well, in words" => |p, _| k8s::text(&p.reason),
    "cpu" "CPU" Number 6 [] "cores that it uses" => |p, w| k8s::cores_value(usage(p, w).and_then(|u| u.cpu_cores)),
    "cpu-set" "REQ/LIM" Text 8 [] "cores that it asks for, and may use" => |p, _| k8s::cpu_set(&p.requests, &p.limits),
    "mem" "MEM" Bytes 8 [] "working set" => |p, w| Value::whole(usage(p, w).and_then(|u| u.memory_bytes)),
    "mem-set" "REQ/LIM" Text 11 [] "memory that it asks for, and may use" => |p, _| k8s::memory_set(&p.requests, &p.limits),
    "node" "NODE" Text 12 [] "node that it is bound to" => |p, _| k8s::text(&p.node),
    "owner" "OWNER" Text 22 [] "what controls it" => |p, _| k8s::owner(p.owner.as_ref()),
    "ip" "IP" Text 13 [] "its address" => |p, _| k8s::text(&p.ip),
    "mem-share" "MEM%" Ratio 6 [hide] "working set, of what it may use" => |p, w| Value::number(ratio(usage(p, w).and_then(|u| u.memory_bytes), p.limits.memory_bytes)),
    "cpu-request" "CPUREQ" Number 6 [hide] "cores that it asks for" => |p, _| p.requests.cpu_cores.map_or(Value::None, Value::Number),
    "cpu-limit" "CPULIM" Number 6 [hide] "cores that it may use" => |p, _| p.limits.cpu_cores.map_or(Value::None, Value::Number),
    "mem-request" "MEMREQ" Bytes 8 [hide] "memory that it asks for" => |p, _| p.requests.memory_bytes.map_or(Value::None, |b| Value::Number(b as f64)),
    "mem-limit" "MEMLIM" Bytes 8 [hide] "memory that it may use" => |p, _| p.limits.memory_bytes.map_or(Value::None, |b| Value::Number(b as f64)),
    "phase" "PHASE" Text 9 [hide] "its phase: Pending, Running, Succeeded, Failed or Unknown" => |p, _| k8s::text(&p.phase),
    "qos" "QOS" Text 10 [hide] "class of service: who is evicted last" => |p, _| k8s::text(&p.qos),
    "images" "IMAGES" Text 30 [hide] "images of its containers" => images,
    "labels" "LABELS" Text 30 [hide] "labels; label:app=web and -l app=web select by them" => |p, _| k8s::labels(&p.labels),
}

/// `17 (5m ago)`, as kubectl prints it.
pub(crate) fn restarts<'w>(pod: &'w Pod, world: &'w World) -> Value<'w> {
    Value::Text(match pod.restarted_at.filter(|_| pod.restarts > 0) {
        Some(at) => Cow::Owned(format!("{} ({} ago)", pod.restarts, units::age(world.now, at))),
        None => Cow::Owned(pod.restarts.to_string()),
    })
}

pub(crate) fn usage<'w>(pod: &Pod, world: &'w World) -> Option<&'w Usage> {
    world.observed.kube.usage_of(pod)
}

fn images<'w>(pod: &'w Pod, _: &'w World) -> Value<'w> {
    let mut images: Vec<&str> = pod.containers.iter().map(|container| container.image.as_str()).collect();
    images.dedup();
    match images.as_slice() {
        [] => Value::Unknown,
        [image] => Value::text(image),
        images => Value::Text(Cow::Owned(images.join(","))),
    }
}

/// `context/namespace/name`, as in its object's name.
pub(crate) fn key(pod: &Pod) -> CompactString {
    format_compact!("{}/{}", pod.context, pod.key())
}

/// What goes on failing comes before what has failed, what is on its way before what is well, what is done last.
fn urgency(pod: &Pod) -> f64 {
    match pod.health {
        // A crash loop says now this, now that: it is known by its restarts.
        Health::Failing | Health::Degraded if pod.restarts > 0 && !pod.has_ended() => 0.9,
        Health::Failing | Health::Degraded if !pod.has_ended() => 0.6,
        Health::Progressing => 0.6,
        Health::Done => 0.1,
        _ => 0.4,
    }
}

static TABLE: ObjectTable<Pod> = ObjectTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    fixed_columns: 4,
    // Address, owner, node, what is set, reason, what is used, age, restarts: a name that is cut helps nobody.
    first_to_go: &[15, 14, 13, 10, 12, 8, 11, 9, 7, 6],
    rows: |world| &world.observed.kube.pods,
    object: |_, pod| ObjectRef::new(ObjectKind::Pod, key(pod)),
    severity: |pod| pod.health.severity(),
    urgency,
    labels: |pod| &pod.labels,
    is_within: Some(|pod, within| within.holds(&pod.namespace)),
    parent: None,
};

/// The list of pods.
pub static PANE: KubeList = KubeList {
    name: "pods",
    title: "Pods",
    about: "Pods of every context that is watched, the worst first. Ready, status and restarts are what kubectl prints. w says why one is not well, with its last words; t shows the tree of what owns what; n narrows to a namespace; C chooses contexts. -l app=web in a filter selects by labels.",
    topics: &[Topic::Pods, Topic::PodUsage],
    resources: &["pods"],
    none: "no pod",
    table: &TABLE,
    reason_below: true,
};
