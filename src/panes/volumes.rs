//! Volumes of all engines, with who uses them.

use super::{
    Pane, engines,
    fields::{self, fields},
};
use crate::{
    model::{
        container::Volume,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
        topic::TopicSet,
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{borrow::Cow, sync::Arc};

/// The list of volumes.
pub struct VolumesPane;

struct VolumesTable;

fields! { Volume;
    "volume" "VOLUME" Text 30 [grow] "name" => |v, _| Value::text(&v.name),
    "engine" "ENGINE" Text 10 [] "the engine that holds it; left out where there is one only" => |v, _| Value::text(&v.engine),
    "size" "SIZE" Bytes 8 [] "what it takes; the engine counts it, which takes a while" => |v, _| Value::whole(v.size_bytes),
    "containers" "USED" Count 5 [] "containers that mount it, running or not" => |v, _| Value::Number(v.used_by.len() as f64),
    "created" "AGE" Time 7 [] "since when it exists" => |v, _| v.created_at.map_or(Value::Unknown, Value::Time),
    "project" "PROJECT" Text 12 [] "compose project that made it" => |v, _| v.project.as_deref().map_or(Value::None, Value::text),
    "used-by" "USED BY" Text 28 [grow] "containers that mount it" => |v, _| used(&v.used_by),
    "driver" "DRIVER" Text 8 [] "driver" => |v, _| Value::text(&v.driver),
    "mountpoint" "MOUNTPOINT" Text 40 [hide] "where it lies on the engine's machine" => |v, _| Value::text(&v.mountpoint),
}

fn used(names: &[CompactString]) -> Value<'_> {
    if names.is_empty() { Value::text("unused") } else { Value::Text(Cow::Owned(names.join(" "))) }
}

fn rows(world: &World) -> &[Arc<Volume>] {
    &world.observed.containers.volumes
}

impl Table for VolumesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "size"), true)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        format_compact!("{}/{}", rows(world)[row].engine, rows(world)[row].name)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let row = rows(world).get(row)?;
        Some(ObjectRef::in_engine(ObjectKind::Volume, &row.engine, &row.name))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        COLUMNS[column].name != "engine" || world.observed.containers.has_several_engines()
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        engines::is_old(world, &rows(world)[row].engine)
    }
}

impl Pane for VolumesPane {
    fn name(&self) -> &'static str {
        "volumes"
    }
    fn title(&self) -> &'static str {
        "Volumes"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let unused = rows(scene.world).iter().filter(|row| row.used_by.is_empty()).count();
        fields::status(scene, (self.name(), &VolumesTable), &format!("{unused} unused"))
    }
    fn about(&self) -> &'static str {
        "Volumes of the engines, the largest first. One that no container mounts holds data that nobody reads now; it may be all that is left of something."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::EngineStores])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&VolumesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        engines::draw_of_engines(scene, (self.name(), &VolumesTable), "no volume here", area, buffer);
    }
}
