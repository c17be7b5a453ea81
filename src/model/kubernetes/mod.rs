//! Kubernetes clusters and what runs in them. A cluster is known by the name of the kubeconfig's context that leads to it.

mod access;
mod cluster;
mod details;
mod index;
mod pod;
mod selectors;
mod unwell;
mod workload;

pub use access::{Access, AccessAnswer};
pub use cluster::{ApiResource, Cluster, Denied, KubeTable, Node, NodeUsage, TableColumn, TableRow, Taint};
pub use details::{Finding, KubeDetails, KubeEvent, Revision};
pub use index::NodeLoad;
pub use pod::{ContainerRole, Owner, Pod, PodContainer, Resources, Run, Usage};
pub use selectors::Selectors;
pub use unwell::Unwell;
pub use workload::{Condition, Workload};

use super::rows::{Delta, Keyed, Rows};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything known of all clusters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Kube {
    /// By context.
    pub clusters: BTreeMap<CompactString, Cluster>,
    pub pods: Rows<Pod>,
    pub workloads: Rows<Workload>,
    pub nodes: Rows<Node>,
    pub events: Rows<KubeEvent>,
    /// By context, then `namespace/name`.
    pub pod_usage: BTreeMap<CompactString, BTreeMap<CompactString, Usage>>,
    /// By context, then node.
    pub node_usage: BTreeMap<CompactString, BTreeMap<CompactString, NodeUsage>>,
    /// The kind of resource that the resource table shows, by context.
    pub tables: BTreeMap<CompactString, KubeTable>,
    /// The object that is open on the screen.
    pub details: Option<Box<KubeDetails>>,
    /// What is counted over all pods.
    #[serde(skip)]
    index: index::Index,
    /// What may be done, as far as it was asked: by context, then [`Access::key`].
    #[serde(default)]
    pub access: BTreeMap<CompactString, BTreeMap<CompactString, AccessAnswer>>,
}

/// News of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubeNews {
    pub context: CompactString,
    pub part: KubePart,
}

/// A part of what a cluster holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KubePart {
    Cluster(Box<Cluster>),
    Pods(Delta<Pod>),
    Workloads(Delta<Workload>),
    Nodes(Delta<Node>),
    Events(Delta<KubeEvent>),
    /// By `namespace/name`; all that there is.
    PodUsage(BTreeMap<CompactString, Usage>),
    /// By node; all that there is.
    NodeUsage(BTreeMap<CompactString, NodeUsage>),
    Table(Box<KubeTable>),
    Details(Box<KubeDetails>),
}

impl Kube {
    /// Takes news of a cluster.
    pub fn apply(&mut self, news: KubeNews) {
        let context = news.context;
        match news.part {
            KubePart::Cluster(cluster) => drop(self.clusters.insert(context, *cluster)),
            KubePart::Pods(delta) => {
                self.pods.apply(&context, delta);
                self.index = index::Index::default();
            }
            KubePart::Workloads(delta) => {
                self.workloads.apply(&context, delta);
                self.index.forget_owners();
            }
            KubePart::Nodes(delta) => self.nodes.apply(&context, delta),
            KubePart::Events(delta) => self.events.apply(&context, delta),
            KubePart::PodUsage(usage) => drop(self.pod_usage.insert(context, usage)),
            KubePart::NodeUsage(usage) => drop(self.node_usage.insert(context, usage)),
            KubePart::Table(table) => drop(self.tables.insert(context, *table)),
            KubePart::Details(details) => self.details = Some(details),
        }
    }

    /// Forgets a cluster that is not watched any more.
    pub fn forget(&mut self, context: &str) {
        self.clusters.remove(context);
        self.pods.forget(context);
        self.index = index::Index::default();
        self.workloads.forget(context);
        self.nodes.forget(context);
        self.events.forget(context);
        self.pod_usage.remove(context);
        self.node_usage.remove(context);
        self.tables.remove(context);
        self.access.remove(context);
    }

    /// What a pod uses, where that is known.
    pub fn usage_of(&self, pod: &Pod) -> Option<&Usage> {
        self.pod_usage.get(&pod.context)?.get(&pod.key())
    }
}

/// `namespace/name`, or the name alone where the kind has no namespaces.
pub fn path(namespace: &str, name: &str) -> CompactString {
    if namespace.is_empty() { name.into() } else { format_compact!("{namespace}/{name}") }
}
