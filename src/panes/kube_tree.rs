//! Rows of the trees of Kubernetes objects: workloads, pods and their containers; nodes and their pods.

use super::{
    fields::{self, column},
    k8s, nodes, pods, workloads,
};
use crate::{
    model::{
        attention::Severity,
        health::Health,
        kubernetes::{ContainerRole, Node, Pod, PodContainer, Workload},
        object::{ObjectKind, ObjectRef},
    },
    view::{
        table::{Column, Table, Unit, Value},
        within::Within,
    },
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

/// A row of a tree.
#[derive(Clone, Copy)]
pub(super) enum Entry<'w> {
    Workload(&'w Workload),
    Node(&'w Node),
    Pod(&'w Pod),
    Container(&'w Pod, &'w PodContainer),
}

static COLUMNS: &[Column] = &[
    column("severity", "", Unit::Text, 1, "how it is doing"),
    column("context", "CONTEXT", Unit::Text, 12, "context of its cluster; left out where there is one only"),
    column("namespace", "NAMESPACE", Unit::Text, 11, "its namespace"),
    column("name", "NAME", Unit::Text, 36, "kind and name").grow(),
    column("ready", "READY", Unit::Text, 7, "what is ready, of how much; of a node its pods, of how many it takes"),
    column("status", "STATUS", Unit::Text, 17, "its state in a word"),
    column("restarts", "RESTARTS", Unit::Text, 12, "restarts, and how long ago the last was"),
    column("age", "AGE", Unit::Time, 5, "since when it exists, or runs"),
    column("cpu", "CPU", Unit::Number, 6, "cores that are used"),
    column("mem", "MEM", Unit::Bytes, 8, "working set"),
    column("reason", "REASON", Unit::Text, 24, "why it is not well, in words").grow(),
    column("labels", "LABELS", Unit::Text, 30, "labels; label:app=web and -l app=web select by them").hide(),
];

/// Reason, memory, CPU, age, restarts: a name that is cut helps nobody.
const FIRST_TO_GO: &[usize] = &[10, 9, 8, 7, 6];

fn owned(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

impl<'w> Entry<'w> {
    /// What stands in a column.
    pub(super) fn value(self, world: &'w World, column: usize) -> Value<'w> {
        match COLUMNS[column].name {
            "severity" => fields::severity(self.severity()),
            "context" => Value::text(self.context()),
            "namespace" => k8s::text(self.namespace()),
            "name" => owned(self.title()),
            "ready" => self.ready(world),
            "status" => self.status(),
            "restarts" => match self {
                Self::Pod(pod) => pods::restarts(pod, world),
                Self::Container(_, container) => owned(container.restarts.to_string()),
                _ => Value::None,
            },
            "age" => match self {
                Self::Workload(workload) => workload.created_at,
                Self::Node(node) => node.created_at,
                Self::Pod(pod) => pod.created_at,
                Self::Container(_, container) => container.since,
            }
            .map_or(Value::Unknown, Value::Time),
            "cpu" => match self {
                Self::Node(node) => k8s::cores_value(nodes::usage(node, world).and_then(|usage| usage.cpu_cores)),
                Self::Pod(pod) => k8s::cores_value(pods::usage(pod, world).and_then(|usage| usage.cpu_cores)),
                _ => Value::None,
            },
            "mem" => match self {
                Self::Node(node) => Value::whole(nodes::usage(node, world).and_then(|usage| usage.memory_bytes)),
                Self::Pod(pod) => Value::whole(pods::usage(pod, world).and_then(|usage| usage.memory_bytes)),
                _ => Value::None,
            },
            "reason" => k8s::text(match self {
                Self::Workload(workload) => &workload.reason,
                Self::Node(node) => &node.reason,
                Self::Pod(pod) => &pod.reason,
                Self::Container(_, container) => &container.message,
            }),
            _ => k8s::labels(self.labels()),
        }
    }

    fn severity(self) -> Option<Severity> {
        match self {
            Self::Workload(workload) => workload.health.severity(),
            Self::Node(node) => node.health.severity(),
            Self::Pod(pod) => pod.health.severity(),
            // Its pod is judged.
            Self::Container(..) => None,
        }
    }

    /// What is on its way comes before what is well, what is done last.
    fn urgency(self) -> f64 {
        let health = match self {
            Self::Workload(workload) => workload.health,
            Self::Node(node) => node.health,
            Self::Pod(pod) => pod.health,
            Self::Container(_, container) => return if container.ready { 0.4 } else { 0.6 },
        };
        match health {
            Health::Progressing => 0.6,
            Health::Done => 0.1,
            _ => 0.4,
        }
    }

    fn context(self) -> &'w str {
        match self {
            Self::Workload(workload) => &workload.context,
            Self::Node(node) => &node.context,
            Self::Pod(pod) | Self::Container(pod, _) => &pod.context,
        }
    }

    fn namespace(self) -> &'w str {
        match self {
            Self::Workload(workload) => &workload.namespace,
            Self::Node(_) => "",
            Self::Pod(pod) | Self::Container(pod, _) => &pod.namespace,
        }
    }

    fn title(self) -> String {
        match self {
            Self::Workload(workload) => format!("{} {}", workload.kind.word(), workload.name),
            Self::Node(node) => format!("node {}", node.name),
            Self::Pod(pod) => format!("pod {}", pod.name),
            Self::Container(_, container) => format!("{} {}", role(container.role), container.name),
        }
    }

    fn ready(self, world: &World) -> Value<'w> {
        match self {
            Self::Workload(workload) => workloads::ready_text(workload).map_or(Value::Unknown, owned),
            Self::Node(node) => {
                let pods = world.observed.kube.load_of(&node.context, &node.name).pods;
                owned(format!("{pods}/{}", node.pods_allocatable.map_or_else(|| "?".into(), |n| n.to_string())))
            }
            Self::Pod(pod) => owned(format!("{}/{}", pod.ready, pod.total)),
            Self::Container(_, container) => Value::text(if container.ready { "yes" } else { "no" }),
        }
    }

    fn status(self) -> Value<'w> {
        match self {
            Self::Workload(workload) => Value::text(workload.health.word()),
            Self::Node(node) => k8s::text(&node.status),
            Self::Pod(pod) => k8s::text(&pod.status),
            Self::Container(_, container) if container.reason.is_empty() => k8s::text(&container.state),
            Self::Container(_, container) => Value::text(&container.reason),
        }
    }

    fn labels(self) -> &'w [(CompactString, CompactString)] {
        match self {
            Self::Workload(workload) => &workload.labels,
            Self::Node(node) => &node.labels,
            Self::Pod(pod) | Self::Container(pod, _) => &pod.labels,
        }
    }

    pub(super) fn key(self) -> CompactString {
        match self {
            Self::Workload(workload) => workloads::own_key(workload),
            Self::Node(node) => node_key(&node.context, &node.name),
            Self::Pod(pod) => workloads::key(&pod.context, ObjectKind::Pod.word(), &pod.namespace, &pod.name),
            Self::Container(pod, container) => format_compact!("{}/{}", Entry::Pod(pod).key(), container.name),
        }
    }

    /// What is opened: of a container its pod.
    fn object(self) -> ObjectRef {
        match self {
            Self::Workload(workload) => workloads::object(workload),
            Self::Node(node) => ObjectRef::in_cluster(ObjectKind::Node, &node.context, "", &node.name),
            Self::Pod(pod) | Self::Container(pod, _) => ObjectRef::new(ObjectKind::Pod, pods::key(pod)),
        }
    }

    fn is_within(self, within: &Within) -> bool {
        let idle = matches!(self, Self::Workload(workload) if workloads::is_idle(workload));
        within.holds(self.namespace()) && (within.idle || !idle)
    }
}

/// A tree: what its rows are, and what each belongs to.
pub(super) struct KubeTree {
    pub entry: fn(&World, usize) -> Option<Entry<'_>>,
    pub len: fn(&World) -> usize,
    /// Key of the row that a row belongs to.
    pub parent: fn(Entry<'_>) -> Option<CompactString>,
}

impl Table for KubeTree {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        (self.len)(world)
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        (self.entry)(world, row).map(Entry::key).unwrap_or_default()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        (self.entry)(world, row).map(Entry::object)
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        (self.entry)(world, row).map_or(Value::Unknown, |entry| entry.value(world, column))
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        (self.entry)(world, row)?.severity()
    }
    fn first_to_go(&self) -> &'static [usize] {
        FIRST_TO_GO
    }
    fn urgency(&self, world: &World, row: usize) -> f64 {
        (self.entry)(world, row).map_or(0.0, Entry::urgency)
    }
    fn fixed_columns(&self) -> usize {
        4
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        k8s::is_needed(world, COLUMNS, column)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        (self.entry)(world, row).is_some_and(|entry| k8s::is_old(world, entry.context()))
    }
    fn labels<'w>(&self, world: &'w World, row: usize) -> &'w [(CompactString, CompactString)] {
        (self.entry)(world, row).map(Entry::labels).unwrap_or_default()
    }
    fn can_be_narrowed(&self) -> bool {
        true
    }
    fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
        (self.entry)(world, row).is_some_and(|entry| entry.is_within(within))
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        (self.parent)((self.entry)(world, row)?)
    }
    fn can_be_tree(&self) -> bool {
        true
    }
    fn starts_as_tree(&self) -> bool {
        true
    }
}

/// Identity of a node among the rows of a tree.
pub(super) fn node_key(context: &str, name: &str) -> CompactString {
    format_compact!("{context}/node/{name}")
}

/// What a container is for, in a word.
pub(crate) const fn role(role: ContainerRole) -> &'static str {
    match role {
        ContainerRole::Main => "container",
        ContainerRole::Init => "init",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Ephemeral => "ephemeral",
    }
}
