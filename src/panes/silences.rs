//! Silences of Alertmanagers: what is kept quiet, by whom, why, and until when.

use super::{
    fields::fields,
    host_list::HostList,
    watch_list::{WatchTable, nth},
};
use crate::{
    model::{
        alert::{Silence, SilenceState},
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    view::table::Value,
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::{borrow::Cow, sync::Arc};

fields! { Arc<Silence>;
    "matchers" "MATCHERS" Text 30 [grow] "what it keeps quiet" => |s, _| Value::Text(Cow::Owned(s.text())),
    "state" "STATE" Text 8 [] "active, pending (it begins later), expired" => |s, _| Value::text(s.state.word()),
    "left" "LEFT" Seconds 7 [] "how long it still counts" => left,
    "by" "BY" Text 12 [] "who asked for it" => |s, _| Value::text(&s.created_by),
    "comment" "COMMENT" Text 30 [grow] "why" => |s, _| Value::text(&s.comment),
    "alerts" "ALERTS" Count 6 [] "alerts that it keeps quiet now" => |s, w| Value::Number(kept(s, w) as f64),
    "id" "ID" Text 36 [hide] "its identity" => |s, _| Value::text(&s.id),
    "from" "FROM" Text 10 [] "the Alertmanager, as the configuration calls it" => |_, _| Value::Unknown,
}

fn left<'w>(silence: &'w Arc<Silence>, world: &'w World) -> Value<'w> {
    let end = silence.ends_at.filter(|_| silence.state != SilenceState::Expired);
    end.map_or(Value::None, |end| Value::Number(end.duration_since(world.now).as_secs_f64().max(0.0)))
}

fn kept(silence: &Silence, world: &World) -> usize {
    world.observed.watch.alerts().filter(|alert| alert.silenced_by.contains(&silence.id)).count()
}

fn row(world: &World, at: usize) -> Option<(&CompactString, &Arc<Silence>)> {
    nth(world.observed.watch.alertmanagers.iter().map(|(name, manager)| (name, manager.silences.as_slice())), at)
}

static TABLE: WatchTable<Arc<Silence>> = WatchTable {
    columns: COLUMNS,
    read: READ,
    sort: ("state", false),
    len: |world| world.observed.watch.alertmanagers.values().map(|manager| manager.silences.len()).sum(),
    row,
    object: |place, silence| ObjectRef::new(ObjectKind::Silence, format_compact!("{place}/{}", silence.id)),
    severity: |_| None,
    urgency: |_| 0.0,
};

/// The list of silences.
pub static PANE: HostList = HostList {
    name: "silences",
    title: "Silences",
    about: "Silences of the Alertmanagers, those that count first. S changes one: with other matchers, or another begin, it becomes a new one. D ends it.",
    topics: &[Topic::Alerts],
    table: &TABLE,
    is_known: |world| !world.observed.watch.alertmanagers.is_empty(),
    none: "nothing is silenced",
    words: |_| String::new(),
    dear: &[],
};
