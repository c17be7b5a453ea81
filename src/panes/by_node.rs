//! Nodes, and on each the pods that are bound to it.

use super::{
    Pane, k8s,
    kube_tree::{self, Entry},
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

/// The tree of nodes and pods.
pub struct ByNodePane;

struct ByNodeTable;

/// Rows are the nodes, then the pods.
fn entry(world: &World, row: usize) -> Option<Entry<'_>> {
    let kube = &world.observed.kube;
    match kube.nodes[..].get(row) {
        Some(node) => Some(Entry::Node(node)),
        None => kube.pods[..].get(row - kube.nodes.len()).map(|pod| Entry::Pod(pod)),
    }
}

impl Table for ByNodeTable {
    fn columns(&self) -> &'static [Column] {
        kube_tree::COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.kube.nodes.len() + world.observed.kube.pods.len()
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
            Entry::Pod(pod) if !pod.node.is_empty() => Some(kube_tree::node_key(&pod.context, &pod.node)),
            _ => None,
        }
    }
    fn can_be_tree(&self) -> bool {
        true
    }
    fn starts_as_tree(&self) -> bool {
        true
    }
}

const RESOURCES: &[&str] = &["nodes", "pods"];

impl Pane for ByNodePane {
    fn name(&self) -> &'static str {
        "by-node"
    }
    fn title(&self) -> &'static str {
        "By node"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        k8s::status(scene, self.name(), RESOURCES)
    }
    fn about(&self) -> &'static str {
        "Nodes, and on each the pods that are bound to it, the worst first. Pods that are bound to no node stand at the end or, where something is wrong with them, at the top."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Nodes, Topic::Pods, Topic::PodUsage])
    }
    fn rows_below(&self, width: u16, height: u16) -> u16 {
        k8s::rows_below(width, height)
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ByNodeTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        k8s::draw_with_reason(scene, (self.name(), &ByNodeTable), (RESOURCES, "no node and no pod"), area, buffer);
    }
}
