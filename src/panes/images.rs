//! Images of all engines, with who uses them.

use super::{
    engine_list::{EngineList, EngineTable, used_by},
    fields::fields,
};
use crate::{
    model::{
        container::{Image, short_id},
        object::ObjectKind,
    },
    view::table::Value,
    world::World,
};
use std::{borrow::Cow, sync::Arc};

fields! { Image;
    "image" "IMAGE" Text 34 [grow] "tags; <none> for one that has none any more" => |i, _| title(i),
    "engine" "ENGINE" Text 10 [] "the engine that holds it; left out where there is one only" => |i, _| Value::text(&i.engine),
    "size" "SIZE" Bytes 8 [] "its layers, those that it shares with others included" => |i, _| Value::whole(i.size_bytes),
    "containers" "USED" Count 5 [] "containers that use it, running or not" => |i, _| Value::Number(i.used_by.len() as f64),
    "created" "AGE" Time 7 [] "since when it exists" => |i, _| i.created_at.map_or(Value::Unknown, Value::Time),
    "used-by" "USED BY" Text 30 [grow] "containers that use it" => |i, _| used_by(&i.used_by),
    "id" "ID" Text 12 [] "id, short" => |i, _| Value::text(short_id(&i.id)),
    "digest" "DIGEST" Text 24 [hide] "digest in the registry" => |i, _| i.digests.first().map_or(Value::None, |digest| Value::text(digest)),
}

fn title(image: &Image) -> Value<'_> {
    if image.tags.is_empty() { Value::text("<none>") } else { Value::Text(Cow::Owned(image.tags.join(" "))) }
}

fn rows(world: &World) -> &[Arc<Image>] {
    &world.observed.containers.images
}

static TABLE: EngineTable<Image> =
    EngineTable { kind: ObjectKind::Image, columns: COLUMNS, read: READ, sort: ("size", true), rows };

/// The list of images.
pub static PANE: EngineList = EngineList {
    name: "images",
    title: "Images",
    about: "Images of the engines, the largest first. One that no container uses is waste, as far as nothing will be started from it; one without a tag is dangling. What prune would free stands in the list of engines.",
    none: "no image here",
    table: &TABLE,
    unused: |world| rows(world).iter().filter(|row| row.used_by.is_empty()).count(),
};
