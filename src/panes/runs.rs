//! Runs of runbooks, the newest first.

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
    runbook::run::{Mode, Outcome},
    view::table::{Column, Table, Value},
    world::{World, runs::RunRow},
};
use compact_str::CompactString;
use std::borrow::Cow;

fields! { RunRow;
    "severity" "" Text 1 [] "whether it waits, or went wrong" => |r, _| fields::severity(severity(r)),
    "state" "STATE" Text 9 [] "how it stands" => |r, _| Value::text(word(r)),
    "runbook" "RUNBOOK" Text 18 [] "what it does" => |r, _| Value::text(&r.run.plan().runbook),
    "target" "TARGET" Text 26 [grow] "what it is done to" => |r, _| Value::Text(Cow::Owned(r.run.plan().target.to_string())),
    "mode" "MODE" Text 8 [] "live, a drill, or talked through at a table" => |r, _| Value::text(r.run.state().mode.word()),
    "at" "AT" Text 14 [] "the step that it is at" => |r, _| Value::Text(Cow::Borrowed(r.view().at.as_deref().unwrap_or_default())),
    "by" "BY" Text 10 [] "who asked for it" => |r, _| Value::text(&r.run.state().requester.name),
    "here" "HERE" Text 4 [hide] "whether this cockpit carries it on" => |r, _| if r.carried().is_some() { Value::text("yes") } else { Value::None },
    "began" "AGE" Time 6 [] "since it began" => |r, _| r.began().map_or(Value::Unknown, Value::Time),
    "name" "RUN" Text 30 [hide] "its name, as the command line knows it" => |r, _| Value::text(r.run.id()),
    "next" "NEXT" Text 30 [grow] "what happens next, or why nothing does" => |r, _| Value::Text(Cow::Borrowed(&r.view().next)),
}

/// How a run stands, in a word.
fn word(row: &RunRow) -> &'static str {
    match row.outcome() {
        Some(Outcome::Paused) => "waits",
        Some(outcome) => outcome.word(),
        None if row.carried().is_some() => "goes on",
        None => "open",
    }
}

/// How bad that is. A tabletop changes nothing, so it is never bad.
fn severity(row: &RunRow) -> Option<Severity> {
    if row.run.state().mode == Mode::Tabletop {
        return None;
    }
    match row.outcome() {
        Some(Outcome::Failed | Outcome::Unknown) => Some(Severity::Error),
        Some(Outcome::Paused) => Some(Severity::Warn),
        None if row.carried().is_none() => Some(Severity::Unknown),
        _ => None,
    }
}

fn row(world: &World, at: usize) -> &RunRow {
    &world.runs.all()[at]
}

struct RunsTable;

impl Table for RunsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "began"), false)
    }
    fn len(&self, world: &World) -> usize {
        world.runs.all().len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        row(world, at).run.id().into()
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Run, self.key(world, at)))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        READ[column](row(world, at), world)
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(row(world, at))
    }
    fn fixed_columns(&self) -> usize {
        3
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[10, 6, 5]
    }
}

/// How many wait for a person.
fn words(world: &World) -> String {
    let waiting = world.runs.all().iter().filter(|row| row.outcome() == Some(Outcome::Paused)).count();
    if waiting > 0 { format!("{waiting} wait for a person") } else { String::new() }
}

/// The list of runs.
pub static PANE: HostList = HostList {
    name: "runs",
    title: "Runs",
    about: "Runs of runbooks of every cockpit that shares the journal: those that go on, wait or broke off, and the newest of those that are over. Enter opens one: watch it, answer it, approve it, go on with one that broke off. `flightdeck runbook history` lists all of them.",
    topics: &[Topic::Journal],
    table: &RunsTable,
    is_known: |world| world.incidents.is_known(),
    none: "no runbook has been run; Enter on a runbook, or r on what is not well, begins one",
    words,
    dear: &[],
};
