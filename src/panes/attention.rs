//! What is not as it should be: worst and newest first, each row with its cause in words, its age and the next step.

use super::Pane;
use crate::{
    model::{object::ObjectRef, topic::{Topic, TopicSet}, attention::Severity},
    ui::{paint, scene::Scene, theme::Role},
    model::units,
    view::table::{Column, Table, Unit, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// The attention list.
pub struct AttentionPane;

struct AttentionTable;

const fn column(name: &'static str, title: &'static str, unit: Unit, width: u16, about: &'static str) -> Column {
    Column { name, title, unit, width, grows: false, shown: true, about }
}

static COLUMNS: &[Column] = &[
    column("severity", "", Unit::Text, 1, "how bad it is"),
    column("kind", "KIND", Unit::Text, 8, "what sort of thing"),
    column("object", "OBJECT", Unit::Text, 20, "which one"),
    Column { grows: true, ..column("cause", "CAUSE", Unit::Text, 30, "what is wrong, in words") },
    column("age", "AGE", Unit::Time, 7, "since when"),
    column("next", "NEXT STEP", Unit::Text, 24, "what to do about it"),
];

impl Table for AttentionTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        world.attention.len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let condition = &world.attention[row].condition;
        compact_str::format_compact!("{} {}", condition.rule, condition.object)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(world.attention[row].condition.object.clone())
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let item = &world.attention[row];
        match COLUMNS[column].name {
            "severity" => Value::text(item.condition.severity.word()),
            "kind" => Value::text(&item.condition.kind),
            "object" => Value::text(&item.condition.name),
            "cause" => Value::text(&item.condition.cause),
            "age" => Value::Time(item.began),
            _ => Value::text(&item.condition.next_step),
        }
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        Some(world.attention[row].condition.severity)
    }
}

impl Pane for AttentionPane {
    fn name(&self) -> &'static str {
        "attention"
    }
    fn title(&self) -> &'static str {
        "Attention"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        scene.world.attention.len().to_string()
    }
    fn about(&self) -> &'static str {
        "Everything that is not as it should be, worst and newest first. Enter opens the object, w says why."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Gauges, Topic::Mounts, Topic::Facts])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&AttentionTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let _ = units::UNKNOWN;
        paint::put(buffer, area, (0, 0), "calm", scene.style(Role::Ok));
    }
}
