//! Images of all engines, with who uses them.

use super::{
    Pane, engines,
    fields::{self, fields},
};
use crate::{
    model::{
        container::Image,
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

/// The list of images.
pub struct ImagesPane;

struct ImagesTable;

fields! { Image;
    "image" "IMAGE" Text 34 [grow] "tags; <none> for one that has none any more" => |i, _| title(i),
    "engine" "ENGINE" Text 10 [] "the engine that holds it; left out where there is one only" => |i, _| Value::text(&i.engine),
    "size" "SIZE" Bytes 8 [] "its layers, those that it shares with others included" => |i, _| Value::whole(i.size_bytes),
    "containers" "USED" Count 5 [] "containers that use it, running or not" => |i, _| Value::Number(i.used_by.len() as f64),
    "created" "AGE" Time 7 [] "since when it exists" => |i, _| i.created_at.map_or(Value::Unknown, Value::Time),
    "used-by" "USED BY" Text 30 [grow] "containers that use it" => |i, _| used(&i.used_by),
    "id" "ID" Text 12 [] "id, short" => |i, _| Value::text(short(&i.id)),
    "digest" "DIGEST" Text 24 [hide] "digest in the registry" => |i, _| i.digests.first().map_or(Value::None, |digest| Value::text(digest)),
}

fn title(image: &Image) -> Value<'_> {
    if image.tags.is_empty() { Value::text("<none>") } else { Value::Text(Cow::Owned(image.tags.join(" "))) }
}

/// The first twelve digits of an id.
fn short(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}

fn used(names: &[CompactString]) -> Value<'_> {
    if names.is_empty() { Value::text("unused") } else { Value::Text(Cow::Owned(names.join(" "))) }
}

fn rows(world: &World) -> &[Arc<Image>] {
    &world.observed.containers.images
}

impl Table for ImagesTable {
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
        format_compact!("{}/{}", rows(world)[row].engine, rows(world)[row].id)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let row = rows(world).get(row)?;
        Some(ObjectRef::in_engine(ObjectKind::Image, &row.engine, &row.id))
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

impl Pane for ImagesPane {
    fn name(&self) -> &'static str {
        "images"
    }
    fn title(&self) -> &'static str {
        "Images"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let unused = rows(scene.world).iter().filter(|row| row.used_by.is_empty()).count();
        fields::status(scene, (self.name(), &ImagesTable), &format!("{unused} unused"))
    }
    fn about(&self) -> &'static str {
        "Images of the engines, the largest first. One that no container uses is waste, as far as nothing will be started from it; one without a tag is dangling. What prune would free stands in the list of engines."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::EngineStores])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ImagesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        engines::draw_of_engines(scene, (self.name(), &ImagesTable), "no image here", area, buffer);
    }
}
