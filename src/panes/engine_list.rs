//! Lists of what engines hold and containers use: images, volumes, networks. One table and one pane for all of them.

use super::{
    Pane, engines,
    fields::{self, Read},
};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        rows::Keyed,
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{borrow::Cow, sync::Arc};

/// Rows of one kind, of all engines.
pub(super) struct EngineTable<T: 'static> {
    /// What a row is.
    pub kind: ObjectKind,
    pub columns: &'static [Column],
    pub read: &'static [Read<T>],
    /// Column that it is sorted by at first, and whether descending.
    pub sort: (&'static str, bool),
    pub rows: fn(&World) -> &[Arc<T>],
}

impl<T: Keyed> Table for EngineTable<T> {
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
        let row = &(self.rows)(world)[row];
        format_compact!("{}/{}", row.origin(), row.key())
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let row = (self.rows)(world).get(row)?;
        Some(ObjectRef::in_engine(self.kind, row.origin(), &row.key()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        self.read[column](&(self.rows)(world)[row], world)
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        engines::is_needed(world, self.columns, column)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        engines::is_old(world, (self.rows)(world)[row].origin())
    }
}

/// What is said where nobody asked the engines yet what they hold.
const NOT_READ: &str = "not read yet; a recording holds it only where this list was open";

/// Whether what engines hold is known. Every engine has networks of its own.
fn is_read(world: &World) -> bool {
    !world.observed.containers.networks.is_empty()
}

/// Who uses it, as one text.
pub(super) fn used_by(names: &[CompactString]) -> Value<'_> {
    if names.is_empty() { Value::text("unused") } else { Value::Text(Cow::Owned(names.join(" "))) }
}

/// A pane with such a list.
pub struct EngineList {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// What is said where an engine has none.
    pub none: &'static str,
    pub table: &'static dyn Table,
    /// How many rows no container uses.
    pub unused: fn(&World) -> usize,
}

impl Pane for EngineList {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let unused = (self.unused)(scene.world);
        fields::status(scene, (self.name, self.table), &format!("{unused} unused"))
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::EngineStores])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(self.table)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let none = if is_read(scene.world) { self.none } else { NOT_READ };
        engines::draw_of_engines(scene, (self.name, self.table), none, area, buffer);
    }
}
