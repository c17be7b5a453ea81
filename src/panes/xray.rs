//! What owns what: workloads, their ReplicaSets or Jobs, their pods, their containers, as one tree.

use super::{
    Pane, k8s,
    kube_tree::{self, Entry},
    workloads,
};
use crate::{
    model::{
        attention::Severity,
        object::ObjectRef,
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::{
        table::{Column, Table, Value},
        within::Within,
    },
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// The tree of owners.
pub struct XrayPane;

struct XrayTable;

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

impl Table for XrayTable {
    fn columns(&self) -> &'static [Column] {
        kube_tree::COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        let kube = &world.observed.kube;
        kube.workloads.len() + kube.pods.len() + kube.container_count()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        entry(world, row).map(Entry::key).unwrap_or_default()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        entry(world, row).map(Entry::object)
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        entry(world, row).map_or(Value::Unknown, |entry| entry.value(world, column))
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        entry(world, row)?.severity()
    }
    fn first_to_go(&self) -> &'static [usize] {
        kube_tree::FIRST_TO_GO
    }
    fn urgency(&self, world: &World, row: usize) -> f64 {
        entry(world, row).map_or(0.0, Entry::urgency)
    }
    fn fixed_columns(&self) -> usize {
        4
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        column != kube_tree::CONTEXT || k8s::several(world)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        entry(world, row).is_some_and(|entry| k8s::is_old(world, entry.context()))
    }
    fn labels<'w>(&self, world: &'w World, row: usize) -> &'w [(CompactString, CompactString)] {
        entry(world, row).map(Entry::labels).unwrap_or_default()
    }
    fn can_be_narrowed(&self) -> bool {
        true
    }
    fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
        entry(world, row).is_some_and(|entry| entry.is_within(within))
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        match entry(world, row)? {
            Entry::Workload(workload) => {
                let owner = workload.owner.as_ref()?;
                Some(workloads::owner_key(&workload.context, &workload.namespace, owner))
            }
            Entry::Pod(pod) => Some(workloads::owner_key(&pod.context, &pod.namespace, pod.owner.as_ref()?)),
            Entry::Container(pod, _) => Some(Entry::Pod(pod).key()),
            Entry::Node(_) => None,
        }
    }
    fn can_be_tree(&self) -> bool {
        true
    }
    fn starts_as_tree(&self) -> bool {
        true
    }
}

const RESOURCES: &[&str] = &["pods", "deployments.apps", "replicasets.apps"];

impl Pane for XrayPane {
    fn name(&self) -> &'static str {
        "xray"
    }
    fn title(&self) -> &'static str {
        "Tree"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        k8s::status(scene, self.name(), RESOURCES)
    }
    fn about(&self) -> &'static str {
        "What owns what: workloads, their ReplicaSets or Jobs, their pods, their containers. f folds a branch, Alt-f all of them; a filter looks into every branch. Enter opens a row, of a container its pod."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Pods, Topic::Workloads, Topic::PodUsage])
    }
    fn rows_below(&self, width: u16, height: u16) -> u16 {
        k8s::rows_below(width, height)
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&XrayTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        k8s::draw_with_reason(scene, (self.name(), &XrayTable), (RESOURCES, "no workload and no pod"), area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{panes::tests::world, view::list::ListState};

    #[test]
    fn the_tree_leads_from_a_deployment_to_its_containers() {
        let world = world();
        let mut list = ListState::default();
        list.within.namespaces.insert("shop".into());
        list.refresh(&XrayTable, &world, true, 50);
        let lines: Vec<String> = list
            .order
            .iter()
            .filter_map(|(row, depth)| Some(format!("{depth} {}", entry(&world, *row as usize)?.value(&world, 3).printed(crate::view::table::Unit::Text, world.now))))
            .collect();
        let at = lines.iter().position(|line| line == "0 deployment checkout").expect("a root");
        assert_eq!(lines[at + 1..at + 4], ["1 replicaset checkout-7d9f5c", "2 pod checkout-7d9f5c-m8w2q", "3 container app"]);
        assert!(!lines.iter().any(|line| line.contains("checkout-59ccd7") || line.contains("agent")), "{lines:?}");
        list.within.idle = true;
        list.refresh(&XrayTable, &world, true, 50);
        assert!(list.order.len() > lines.len());
    }
}
