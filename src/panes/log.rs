//! The program's own log: what it did, what it could not do. The same lines are in the log file.

use super::{Pane, fields::fields};
use crate::{
    model::{attention::Severity, log::LogLine, object::ObjectRef, topic::TopicSet},
    ui::{self, scene::Scene},
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// The program's own log.
pub struct LogPane;

struct LogTable;

fields! { LogLine;
    "time" "UTC" Clock 8 [] "when" => |line, _| Value::Time(line.at),
    "level" "LEVEL" Text 5 [] "how grave" => |line, _| Value::text(&line.level),
    "part" "PART" Text 16 [] "which part of the program" => |line, _| Value::text(&line.target),
    "text" "TEXT" Text 40 [grow] "what" => |line, _| Value::text(&line.text),
}

impl Table for LogTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    /// By time, newest first.
    fn default_sort(&self) -> (usize, bool) {
        (0, false)
    }
    fn len(&self, world: &World) -> usize {
        world.log.len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let line = &world.log[row];
        compact_str::format_compact!("{} {} {}", line.at, line.target, line.text)
    }
    fn object(&self, _: &World, _: usize) -> Option<ObjectRef> {
        None
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&world.log[row], world)
    }
    fn is_ordered(&self) -> bool {
        true
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
