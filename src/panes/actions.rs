//! Tasks and actions of all incidents, until they are done.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    incident::duties::Followed,
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
        units,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Followed;
    "severity" "" Text 1 [] "overdue" => |f, w| fields::severity(severity(f, w)),
    "state" "STATE" Text 8 [] "overdue, open, dropped, done" => |f, w| Value::text(f.state(w.now)),
    "kind" "TO" Text 11 [] "investigate, mitigate, repair, detect, prevent; task: of the incident itself" => |f, _| Value::text(f.kind()),
    "title" "WHAT" Text 30 [grow] "what is to be done" => |f, _| Value::text(&f.task.title),
    "owner" "OWNER" Text 12 [] "who does it" => |f, _| if f.task.owner.is_empty() { Value::Unknown } else { Value::text(&f.task.owner) },
    "due" "DUE" Text 10 [] "the day by which it is to be done, UTC" => |f, _| f.task.due.map_or(Value::Unknown, day),
    "incident" "INCIDENT" Text 9 [] "the incident that it is from" => |f, _| Value::text(&f.name),
    "age" "AGE" Time 6 [] "since it was opened" => |f, _| Value::Time(f.task.opened_at),
    "about" "ABOUT" Text 24 [hide] "what was wrong" => |f, _| Value::text(&f.about),
    "closed" "CLOSED" Text 10 [hide] "the day on which it was done or dropped" => |f, _| f.task.closed_at.map_or(Value::None, day),
    "by" "OPENED BY" Text 12 [hide] "who opened it" => |f, _| Value::text(&f.task.opened_by),
    "versions" "VERSIONS" Count 8 [hide] "how often it was written" => |f, _| Value::Number(f.task.versions as f64),
    "drill" "DRILL" Text 5 [hide] "from practice" => |f, _| if f.drill { Value::text("drill") } else { Value::None },
    "id" "ID" Text 36 [hide] "identity of the event that opened it" => |f, _| Value::Text(Cow::Owned(f.task.id.to_string())),
}

fn day(at: jiff::Timestamp) -> Value<'static> {
    Value::Text(Cow::Owned(units::day(at)))
}

fn severity(one: &Followed, world: &World) -> Option<Severity> {
    one.task.is_overdue(world.now).then_some(Severity::Warn)
}

fn row(world: &World, at: usize) -> &Followed {
    &world.incidents.actions()[at]
}

struct ActionsTable;

impl Table for ActionsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "state"), true)
    }
    fn len(&self, world: &World) -> usize {
        world.incidents.actions().len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        format_compact!("{}", row(world, at).task.id)
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Incident, format_compact!("{}", row(world, at).incident)))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        READ[column](row(world, at), world)
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(row(world, at), world)
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[7, 2, 6]
    }
}

/// How many are open, and how many of them late.
fn words(world: &World) -> String {
    let open = world.incidents.actions().iter().filter(|one| one.task.is_open());
    let late = open.clone().filter(|one| one.task.is_overdue(world.now)).count();
    match (open.count(), late) {
        (0, _) => String::new(),
        (open, 0) => format!("{open} open"),
        (open, late) => format!("{open} open, {late} overdue"),
    }
}

/// The list of actions.
pub static PANE: HostList = HostList {
    name: "actions",
    title: "Actions",
    about: "What is to be done after incidents: actions to investigate, mitigate, repair, detect or prevent, and tasks, of all incidents, the overdue ones first. Filter with state=overdue, owner=ann, kind=prevent. d says that the selected or the marked ones are done, X that they are dropped, E gives one another owner or day; Enter opens the incident. An overdue one stands in the attention list.",
    topics: &[Topic::Journal],
    table: &ActionsTable,
    is_known: |world| world.incidents.is_known(),
    none: "no action and no task yet: t in a postmortem (V) adds one",
    words,
    dear: &[],
};
