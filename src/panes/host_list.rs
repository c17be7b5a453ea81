//! Lists of what this host has: one table for rows that bear a name, and one pane for all such lists.

use super::{
    Pane,
    fields::{self, Read},
};
use crate::{
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::{
        View,
        table::{Column, Table, Value},
    },
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows of one kind. How they are doing the attention list says.
pub(super) struct HostTable<T: 'static> {
    /// What a row is.
    pub kind: ObjectKind,
    pub columns: &'static [Column],
    pub read: &'static [Read<T>],
    /// Column that it is sorted by at first, and whether descending.
    pub sort: (&'static str, bool),
    pub rows: fn(&World) -> &[T],
    /// The name of a row, which no other bears.
    pub name: fn(&T) -> &CompactString,
}

impl<T> HostTable<T> {
    fn name<'w>(&self, world: &'w World, row: usize) -> &'w CompactString {
        (self.name)(&(self.rows)(world)[row])
    }
}

impl<T> Table for HostTable<T> {
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
        self.name(world, row).clone()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(self.kind, self.name(world, row).clone()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        self.read[column](&(self.rows)(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        super::severity_of(world, self.kind, self.name(world, row))
    }
}

/// A pane with a list of what this host has.
pub struct HostList {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// What it needs; first what its rows are of.
    pub topics: &'static [Topic],
    pub table: &'static dyn Table,
    /// Whether it has been heard what there is.
    pub is_known: fn(&World) -> bool,
    /// What is said where there is no row.
    pub none: &'static str,
    /// Words of its own beside the number of rows; none where that is empty.
    pub words: fn(&World) -> String,
    /// Columns that cost more, which are hidden at first, and what is asked for while one is shown.
    pub dear: &'static [(&'static str, Topic)],
}

impl Pane for HostList {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        fields::status(scene, (self.name, self.table), &(self.words)(scene.world))
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(self.topics)
    }
    fn topics_in(&self, view: &View) -> TopicSet {
        let toggled = &view.pane(self.name).list.toggled;
        let is_shown = |name: &str| toggled.contains(&fields::index(self.table.columns(), name));
        let shown = self.dear.iter().filter(|(name, _)| is_shown(name)).map(|(_, topic)| *topic);
        self.topics().union(shown.collect())
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(self.table)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let empty = (self.topics[0], (self.is_known)(scene.world), self.none);
        fields::draw(scene, (self.name, self.table), empty, area, buffer);
    }
}
