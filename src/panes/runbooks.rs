//! Runbooks that there are.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    runbook::definition::Shelved,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use std::borrow::Cow;

type Row<'w> = (&'w str, &'w Shelved);

fields! { Shelved;
    "severity" "" Text 1 [] "whether it has errors" => |s, _| fields::severity(severity(s)),
    "name" "RUNBOOK" Text 22 [] "its name" => |s, _| Value::Text(Cow::Owned(s.name())),
    "about" "WHAT IT DOES" Text 40 [grow] "in a sentence" => |s, _| about(s),
    "target" "ON" Text 9 [] "what it acts on" => |s, _| s.definition.as_ref().map_or(Value::Unknown, |it| Value::text(it.target.word())),
    "drill" "LAST DRILL" Time 10 [] "when it last passed as a drill" => |s, w| drill(s, w),
    "layer" "FROM" Text 10 [] "the program, the user or the repository" => |s, _| Value::text(s.layer.word()),
    "file" "FILE" Text 30 [hide] "where it stands" => |s, _| Value::text(&s.file),
}

fn about(shelved: &Shelved) -> Value<'_> {
    match &shelved.definition {
        Some(definition) => Value::Text(Cow::Owned(definition.summary())),
        None => Value::text("has errors: flightdeck runbook lint names them"),
    }
}

/// Only what says how often it has to be practised is asked for when that was.
fn drill<'w>(shelved: &'w Shelved, world: &'w World) -> Value<'w> {
    match shelved.definition.as_ref().and_then(|it| it.drill_days) {
        Some(_) => match world.incidents.drills() {
            Some(passed) => passed.get(shelved.name().as_str()).map_or(Value::text("never"), |at| Value::Time(*at)),
            // The journal has not said.
            None => Value::Unknown,
        },
        None => Value::None,
    }
}

fn severity(shelved: &Shelved) -> Option<Severity> {
    shelved.definition.is_none().then_some(Severity::Error)
}

fn row(world: &World, at: usize) -> Option<Row<'_>> {
    world.runbooks.as_ref()?.at(at)
}

struct RunbooksTable;

impl Table for RunbooksTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "name"), false)
    }
    fn len(&self, world: &World) -> usize {
        world.runbooks.as_ref().map_or(0, |all| all.len())
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        row(world, at).map_or_else(CompactString::default, |(name, _)| name.into())
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Runbook, row(world, at)?.0))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        row(world, at).map_or(Value::Unknown, |(_, shelved)| READ[column](shelved, world))
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        row(world, at).and_then(|(_, shelved)| severity(shelved))
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[5, 3]
    }
}

fn words(world: &World) -> String {
    let all = world.runbooks.iter().flat_map(|all| all.iter());
    let broken = all.filter(|(_, shelved)| shelved.definition.is_none()).count();
    if broken > 0 { format!("{broken} with errors") } else { String::new() }
}

/// The list of runbooks.
pub static PANE: HostList = HostList {
    name: "runbooks",
    title: "Runbooks",
    about: "Runbooks that come with the program, overlaid by yours (runbooks/ beside the configuration) and the repository's (.flightdeck/runbooks). Enter asks what one would do: nothing is done before its plan was seen and begun. From anything that is not well, r opens the one that fits, with its variables filled in.",
    topics: &[Topic::Journal],
    table: &RunbooksTable,
    is_known: |_| true,
    // Some come with the program.
    none: "? the runbooks are still being read",
    words,
    dear: &[],
};
