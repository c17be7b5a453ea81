//! Lists of Kubernetes objects: one table for rows of one kind, and one pane for all such lists.

use super::{
    Pane,
    fields::{self, Read},
    k8s,
};
use crate::{
    model::{
        attention::Severity,
        object::ObjectRef,
        rows::{Keyed, Rows},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::{
        natural,
        table::{Column, Table, Value},
        within::Within,
    },
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::cmp::Ordering;

/// Labels of a row.
pub(super) type Labels = [(CompactString, CompactString)];

/// Rows of one kind, of all contexts that are watched.
pub(super) struct ObjectTable<T: 'static> {
    pub columns: &'static [Column],
    pub read: &'static [Read<T>],
    /// Column that it is sorted by at first, and whether descending.
    pub sort: (&'static str, bool),
    /// As [`Table::fixed_columns`].
    pub fixed_columns: usize,
    /// As [`Table::first_to_go`].
    pub first_to_go: &'static [usize],
    pub rows: fn(&World) -> &Rows<T>,
    /// What a row opens.
    pub object: fn(&World, &T) -> ObjectRef,
    pub severity: fn(&T) -> Option<Severity>,
    /// As [`Table::urgency`].
    pub urgency: fn(&T) -> f64,
    pub labels: fn(&T) -> &Labels,
    /// Whether a row lies within what is looked at; `None` where nothing narrows the list.
    pub is_within: Option<fn(&T, &Within) -> bool>,
    /// Key of the row that a row belongs to; `None` where the list is never a tree.
    pub parent: Option<fn(&T) -> Option<CompactString>>,
}

impl<T: Keyed> ObjectTable<T> {
    fn row<'w>(&self, world: &'w World, row: usize) -> &'w T {
        &(self.rows)(world)[row]
    }
}

impl<T: Keyed> Table for ObjectTable<T> {
    fn columns(&self) -> &'static [Column] {
        self.columns
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(self.columns, self.sort.0), self.sort.1)
    }
    fn len(&self, world: &World) -> usize {
        (self.rows)(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let row = self.row(world, row);
        format_compact!("{}/{}", row.origin(), row.key())
    }
    fn compare_keys(&self, world: &World, a: usize, b: usize) -> Option<Ordering> {
        let (a, b) = (self.row(world, a), self.row(world, b));
        let parts = a.key_parts().into_iter().zip(b.key_parts());
        let pairs = std::iter::once((a.origin(), b.origin())).chain(parts);
        Some(pairs.map(|(a, b)| natural::compare(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
    }
    fn find(&self, world: &World, key: &str) -> Option<usize> {
        // Contexts may have slashes in their names too.
        key.match_indices('/').find_map(|(at, _)| (self.rows)(world).position(&key[..at], &key[at + 1..]))
    }
    fn stamps(&self, world: &World) -> Option<Vec<u64>> {
        Some((self.rows)(world).stamps().collect())
    }
    fn follows_sources(&self) -> bool {
        false
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some((self.object)(world, self.row(world, row)))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        self.read[column](self.row(world, row), world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        (self.severity)(self.row(world, row))
    }
    fn urgency(&self, world: &World, row: usize) -> f64 {
        (self.urgency)(self.row(world, row))
    }
    fn fixed_columns(&self) -> usize {
        self.fixed_columns
    }
    fn first_to_go(&self) -> &'static [usize] {
        self.first_to_go
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        k8s::is_needed(world, self.columns, column)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        k8s::is_old(world, self.row(world, row).origin())
    }
    fn labels<'w>(&self, world: &'w World, row: usize) -> &'w Labels {
        (self.labels)(self.row(world, row))
    }
    fn can_be_narrowed(&self) -> bool {
        self.is_within.is_some()
    }
    fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
        self.is_within.is_none_or(|is_within| is_within(self.row(world, row), within))
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        self.parent?(self.row(world, row))
    }
    fn can_be_tree(&self) -> bool {
        self.parent.is_some()
    }
}

/// A pane with a list of Kubernetes objects.
pub struct KubeList {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub topics: &'static [Topic],
    /// Resources that its rows are of: what is still being read of them, and what may not be seen, is said.
    pub resources: &'static [&'static str],
    /// What is said where there is no row.
    pub none: &'static str,
    pub table: &'static dyn Table,
    /// Whether the selected row's column `reason` stands below a list that has no room for it.
    pub reason_below: bool,
}

impl Pane for KubeList {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        if self.table.can_be_narrowed() {
            k8s::status(scene, self.name, self.resources)
        } else {
            k8s::status_of_all(scene, self.name, self.resources)
        }
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(self.topics)
    }
    fn rows_below(&self, width: u16, height: u16) -> u16 {
        if self.reason_below { k8s::rows_below(width, height) } else { 0 }
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(self.table)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let draw = if self.reason_below { k8s::draw_with_reason } else { k8s::draw };
        draw(scene, (self.name, self.table), (self.resources, self.none), area, buffer);
    }
}
