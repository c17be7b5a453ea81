//! What owns what: workloads, their ReplicaSets or Jobs, their pods, their containers, as one tree.

use super::{
    kube_list::KubeList,
    kube_tree::{Entry, KubeTree},
    workloads,
};
use crate::{model::topic::Topic, world::World};
use compact_str::CompactString;

/// Rows are the workloads, then the pods, then all containers.
fn entry(world: &World, row: usize) -> Option<Entry<'_>> {
    let kube = &world.observed.kube;
    if let Some(workload) = kube.workloads[..].get(row) {
        return Some(Entry::Workload(workload));
    }
    let row = row - kube.workloads.len();
    if let Some(pod) = kube.pods[..].get(row) {
        return Some(Entry::Pod(pod));
    }
    let (pod, place) = kube.container_at(row - kube.pods.len())?;
    Some(Entry::Container(pod, pod.containers.get(place)?))
}

fn len(world: &World) -> usize {
    let kube = &world.observed.kube;
    kube.workloads.len() + kube.pods.len() + kube.container_count()
}

fn parent(entry: Entry<'_>) -> Option<CompactString> {
    match entry {
        Entry::Workload(workload) => {
            let owner = workload.owner.as_ref()?;
            Some(workloads::owner_key(&workload.context, &workload.namespace, owner))
        }
        Entry::Pod(pod) => Some(workloads::owner_key(&pod.context, &pod.namespace, pod.owner.as_ref()?)),
        Entry::Container(pod, _) => Some(Entry::Pod(pod).key()),
        Entry::Node(_) => None,
    }
}

static TABLE: KubeTree = KubeTree { entry, len, parent };

/// The tree of owners.
pub static PANE: KubeList = KubeList {
    name: "xray",
    title: "Tree",
    about: "What owns what: workloads, their ReplicaSets or Jobs, their pods, their containers. f folds a branch, Alt-f all of them; a filter looks into every branch. Enter opens a row, of a container its pod.",
    topics: &[Topic::Pods, Topic::Workloads, Topic::PodUsage],
    resources: &["pods", "deployments.apps", "replicasets.apps"],
    none: "no workload and no pod",
    table: &TABLE,
    reason_below: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{panes::tests::world, view::list::ListState};

    #[test]
    fn the_tree_leads_from_a_deployment_to_its_containers() {
        let world = world();
        let mut list = ListState::default();
        list.within.namespaces.insert("shop".into());
        list.refresh(&TABLE, &world, true, 50);
        let lines: Vec<String> = list
            .order
            .iter()
            .filter_map(|(row, depth)| {
                Some(format!(
                    "{depth} {}",
                    entry(&world, *row as usize)?.value(&world, 3).printed(crate::view::table::Unit::Text, world.now)
                ))
            })
            .collect();
        let at = lines.iter().position(|line| line == "0 deployment checkout").expect("a root");
        assert_eq!(
            lines[at + 1..at + 4],
            ["1 replicaset checkout-7d9f5c", "2 pod checkout-7d9f5c-m8w2q", "3 container app"]
        );
        assert!(!lines.iter().any(|line| line.contains("checkout-59ccd7") || line.contains("agent")), "{lines:?}");
        list.within.idle = true;
        list.refresh(&TABLE, &world, true, 50);
        assert!(list.order.len() > lines.len());
    }
}
