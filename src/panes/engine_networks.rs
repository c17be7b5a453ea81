//! Networks of all engines, with who is in them.

use super::{
    Pane, engines,
    fields::{self, fields},
};
use crate::{
    model::{
        container::EngineNetwork,
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

/// The list of networks.
pub struct EngineNetworksPane;

struct EngineNetworksTable;

fields! { EngineNetwork;
    "network" "NETWORK" Text 24 [grow] "name" => |n, _| Value::text(&n.name),
    "engine" "ENGINE" Text 10 [] "the engine that made it; left out where there is one only" => |n, _| Value::text(&n.engine),
    "driver" "DRIVER" Text 8 [] "driver" => |n, _| Value::text(&n.driver),
    "subnets" "SUBNETS" Text 20 [] "addresses" => |n, _| Value::Text(Cow::Owned(n.subnets.join(" "))),
    "containers" "USED" Count 5 [] "containers in it, running or not" => |n, _| Value::Number(n.used_by.len() as f64),
    "internal" "INTERNAL" Text 8 [] "whether it leads nowhere outside" => |n, _| if n.internal { Value::text("internal") } else { Value::None },
    "created" "AGE" Time 7 [] "since when it exists" => |n, _| n.created_at.map_or(Value::Unknown, Value::Time),
    "used-by" "USED BY" Text 28 [grow] "containers in it" => |n, _| if n.builtin && n.used_by.is_empty() { Value::text("built in") } else { used(&n.used_by) },
    "id" "ID" Text 12 [hide] "id, short" => |n, _| Value::text(n.id.get(..12).unwrap_or(&n.id)),
}

fn used(names: &[CompactString]) -> Value<'_> {
    if names.is_empty() { Value::text("unused") } else { Value::Text(Cow::Owned(names.join(" "))) }
}

fn rows(world: &World) -> &[Arc<EngineNetwork>] {
    &world.observed.containers.networks
}

impl Table for EngineNetworksTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "network"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        format_compact!("{}/{}", rows(world)[row].engine, rows(world)[row].id)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let row = rows(world).get(row)?;
        Some(ObjectRef::in_engine(ObjectKind::EngineNetwork, &row.engine, &row.id))
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

impl Pane for EngineNetworksPane {
    fn name(&self) -> &'static str {
        "engine-networks"
    }
    fn title(&self) -> &'static str {
        "Engine networks"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let unused = rows(scene.world).iter().filter(|row| row.used_by.is_empty() && !row.builtin).count();
        fields::status(scene, (self.name(), &EngineNetworksTable), &format!("{unused} unused"))
    }
    fn about(&self) -> &'static str {
        "Networks of the engines and the containers in them. Those that the engine makes itself are never pruned."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::EngineStores])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&EngineNetworksTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        engines::draw_of_engines(scene, (self.name(), &EngineNetworksTable), "no network here", area, buffer);
    }
}
