//! What changed, newest first: the time column that every page shares.

use super::{Pane, fields::fields};
use crate::{
    model::{
        attention::Severity,
        change::{Change, ChangeKind},
        object::ObjectRef,
        topic::TopicSet,
    },
    ui::{self, paint, scene::Scene, theme::Role},
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};

/// The time column.
pub struct ChangesPane;

struct ChangesTable;

fields! { Change;
    "time" "UTC" Clock 8 [] "when it happened" => |change, _| Value::Time(change.at),
    "change" "TEXT" Text 30 [grow] "what happened, in words" => |change, _| Value::text(&change.text),
    "sort" "SORT" Text 7 [] "a problem, the end of one, something seen, or something done" => |change, _| Value::text(sort(change.kind)),
}

const fn sort(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Problem => "problem",
        ChangeKind::Cleared => "over",
        ChangeKind::Observed => "seen",
        ChangeKind::Deploy => "deploy",
        ChangeKind::Restart => "restart",
        ChangeKind::Oom => "oom",
        ChangeKind::Node => "node",
        ChangeKind::Xid => "xid",
        ChangeKind::Operation => "done",
    }
}

impl Table for ChangesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, false)
    }
    fn len(&self, world: &World) -> usize {
        world.changes.len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let change = &world.changes[row];
        format_compact!("{} {} {}", change.at, change.object, change.text)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(world.changes[row].object.clone())
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&world.changes[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        let change = &world.changes[row];
        matches!(change.kind, ChangeKind::Problem | ChangeKind::Oom | ChangeKind::Xid).then_some(change.severity)
    }
    fn is_ordered(&self) -> bool {
        true
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[2]
    }
}

impl Pane for ChangesPane {
    fn name(&self) -> &'static str {
        "changes"
    }
    fn title(&self) -> &'static str {
        "What changed"
    }
    fn about(&self) -> &'static str {
        "What changed, newest first: problems that came and went, links, mounts, operations. Enter opens what it happened to; z shows long texts whole."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::EMPTY
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ChangesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if scene.world.changes.is_empty() {
            let text = "nothing has changed since the cockpit looks";
            paint::put_cut(scene, buffer, area, (0, 0), text, scene.style(Role::Dim));
            return;
        }
        ui::table::draw(scene, &ChangesTable, &scene.view.pane(self.name()).list, area, buffer);
    }
}
