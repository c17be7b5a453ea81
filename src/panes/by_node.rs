//! Nodes, and on each the pods that are bound to it.

use super::{
    kube_list::KubeList,
    kube_tree::{self, Entry, KubeTree},
};
use crate::{model::topic::Topic, world::World};

/// Rows are the nodes, then the pods.
fn entry(world: &World, row: usize) -> Option<Entry<'_>> {
    let kube = &world.observed.kube;
    match kube.nodes[..].get(row) {
        Some(node) => Some(Entry::Node(node)),
        None => kube.pods[..].get(row - kube.nodes.len()).map(|pod| Entry::Pod(pod)),
    }
}

static TABLE: KubeTree = KubeTree {
    entry,
    len: |world| world.observed.kube.nodes.len() + world.observed.kube.pods.len(),
    parent: |entry| match entry {
        Entry::Pod(pod) if !pod.node.is_empty() => Some(kube_tree::node_key(&pod.context, &pod.node)),
        _ => None,
    },
};

/// The tree of nodes and pods.
pub static PANE: KubeList = KubeList {
    name: "by-node",
    title: "By node",
    about: "Nodes, and on each the pods that are bound to it, the worst first. Pods that are bound to no node stand at the end or, where something is wrong with them, at the top.",
    topics: &[Topic::Nodes, Topic::Pods, Topic::PodUsage],
    resources: &["nodes", "pods"],
    none: "no node and no pod",
    table: &TABLE,
    reason_below: true,
};
