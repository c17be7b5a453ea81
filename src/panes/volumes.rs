//! Volumes of all engines, with who uses them.

use super::{
    engine_list::{EngineList, EngineTable, used_by},
    fields::fields,
};
use crate::{
    model::{container::Volume, object::ObjectKind},
    view::table::Value,
    world::World,
};
use std::sync::Arc;

fields! { Volume;
    "volume" "VOLUME" Text 30 [grow] "name" => |v, _| Value::text(&v.name),
    "engine" "ENGINE" Text 10 [] "the engine that holds it; left out where there is one only" => |v, _| Value::text(&v.engine),
    "size" "SIZE" Bytes 8 [] "what it takes; the engine counts it, which takes a while" => |v, _| Value::whole(v.size_bytes),
    "containers" "USED" Count 5 [] "containers that mount it, running or not" => |v, _| Value::Number(v.used_by.len() as f64),
    "created" "AGE" Time 7 [] "since when it exists" => |v, _| v.created_at.map_or(Value::Unknown, Value::Time),
    "project" "PROJECT" Text 12 [] "compose project that made it" => |v, _| v.project.as_deref().map_or(Value::None, Value::text),
    "used-by" "USED BY" Text 28 [grow] "containers that mount it" => |v, _| used_by(&v.used_by),
    "driver" "DRIVER" Text 8 [] "driver" => |v, _| Value::text(&v.driver),
    "mountpoint" "MOUNTPOINT" Text 40 [hide] "where it lies on the engine's machine" => |v, _| Value::text(&v.mountpoint),
}

fn rows(world: &World) -> &[Arc<Volume>] {
    &world.observed.containers.volumes
}

static TABLE: EngineTable<Volume> =
    EngineTable { kind: ObjectKind::Volume, columns: COLUMNS, read: READ, sort: ("size", true), rows };

/// The list of volumes.
pub static PANE: EngineList = EngineList {
    name: "volumes",
    title: "Volumes",
    about: "Volumes of the engines, the largest first. One that no container mounts holds data that nobody reads now; it may be all that is left of something.",
    none: "no volume here",
    table: &TABLE,
    unused: |world| rows(world).iter().filter(|row| row.used_by.is_empty()).count(),
};
