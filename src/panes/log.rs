//! The program's own log: what it did, what it could not do. The same lines are in the log file.

use super::Pane;
use crate::{
    model::{
        attention::Severity,
        object::ObjectRef,
        topic::TopicSet,
        units,
    },
    ui::{self, scene::Scene},
    view::table::{Column, Table, Unit, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The program's own log.
pub struct LogPane;

struct LogTable;

const fn column(name: &'static str, title: &'static str, width: u16, grows: bool, about: &'static str) -> Column {
    Column { name, title, unit: Unit::Text, width, grows, shown: true, about }
}

static COLUMNS: &[Column] = &[
    column("time", "UTC", 9, false, "when"),
    column("level", "LEVEL", 5, false, "how grave"),
    column("part", "PART", 16, false, "which part of the program"),
    column("text", "TEXT", 40, true, "what"),
];

impl Table for LogTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    /// By time, newest first.
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        world.log.len()
    }
    /// Counted from the oldest line, so that a line keeps its key when newer ones come.
    fn key(&self, world: &World, row: usize) -> CompactString {
        let line = &world.log[row];
        compact_str::format_compact!("{} {} {}", line.at, line.target, world.log.len() - row)
    }
    fn object(&self, _: &World, _: usize) -> Option<ObjectRef> {
        None
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let line = &world.log[row];
        match column {
            0 => Value::Text(Cow::Owned(units::clock(line.at))),
            1 => Value::text(&line.level),
            2 => Value::text(&line.target),
            _ => Value::text(&line.text),
        }
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        match world.log[row].level.as_str() {
            "ERROR" => Some(Severity::Error),
            "WARN" => Some(Severity::Warn),
            _ => None,
        }
    }
}

impl Pane for LogPane {
    fn name(&self) -> &'static str {
        "log"
    }
    fn title(&self) -> &'static str {
        "Log"
    }
    fn about(&self) -> &'static str {
        "What this program did and could not do, newest first. The same lines are in the log file (`flightdeck doctor` names it)."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::EMPTY
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&LogTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        ui::table::draw(scene, &LogTable, &scene.view.pane(self.name()).list, area, buffer);
    }
}
