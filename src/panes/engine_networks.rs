//! Networks of all engines, with who is in them.

use super::{
    engine_list::{EngineList, EngineTable, used_by},
    fields::fields,
};
use crate::{
    model::{
        container::{EngineNetwork, short_id},
        object::ObjectKind,
    },
    view::table::Value,
    world::World,
};
use std::{borrow::Cow, sync::Arc};

fields! { EngineNetwork;
    "network" "NETWORK" Text 24 [grow] "name" => |n, _| Value::text(&n.name),
    "engine" "ENGINE" Text 10 [] "the engine that made it; left out where there is one only" => |n, _| Value::text(&n.engine),
    "driver" "DRIVER" Text 8 [] "driver" => |n, _| Value::text(&n.driver),
    "subnets" "SUBNETS" Text 20 [] "addresses" => |n, _| Value::Text(Cow::Owned(n.subnets.join(" "))),
    "containers" "USED" Count 5 [] "containers in it, running or not" => |n, _| Value::Number(n.used_by.len() as f64),
    "internal" "INTERNAL" Text 8 [] "whether it leads nowhere outside" => |n, _| if n.internal { Value::text("internal") } else { Value::None },
    "created" "AGE" Time 7 [] "since when it exists" => |n, _| n.created_at.map_or(Value::Unknown, Value::Time),
    "used-by" "USED BY" Text 28 [grow] "containers in it" => |n, _| if n.builtin && n.used_by.is_empty() { Value::text("built in") } else { used_by(&n.used_by) },
    "id" "ID" Text 12 [hide] "id, short" => |n, _| Value::text(short_id(&n.id)),
}

fn rows(world: &World) -> &[Arc<EngineNetwork>] {
    &world.observed.containers.networks
}

static TABLE: EngineTable<EngineNetwork> =
    EngineTable { kind: ObjectKind::EngineNetwork, columns: COLUMNS, read: READ, sort: ("network", false), rows };

/// The list of networks.
pub static PANE: EngineList = EngineList {
    name: "engine-networks",
    title: "Engine networks",
    about: "Networks of the engines and the containers in them. Those that the engine makes itself are never pruned.",
    none: "no network here",
    table: &TABLE,
    unused: |world| rows(world).iter().filter(|row| row.used_by.is_empty() && !row.builtin).count(),
};
