//! Where data comes from, and how fresh each source is.

use super::{
    Pane,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        observed::SourceStatus,
        source::SourceState,
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The list of sources.
pub struct SourcesPane;

struct SourcesTable;

fields! { SourceStatus;
    "severity" "" Text 1 [] "whether it keeps something from being seen" => |s, w| fields::severity(severity(s, w)),
    "source" "SOURCE" Text 18 [] "family and name" => |s, _| Value::text(&s.report.name),
    "state" "STATE" Text 8 [] "ok, waiting, stale, down or off" => |s, w| Value::text(s.state(w.now).word()),
    "since" "SINCE" Time 7 [] "for how long it has been in this state" => |s, _| Value::Time(s.since),
    "age" "ANSWERED" Time 8 [] "age of its last answer" => |s, _| s.answered_at.map_or(Value::Unknown, Value::Time),
    "cadence" "EVERY" Text 6 [] "how often it is asked now; blank while nobody needs it" => cadence,
    "reason" "REASON" Text 30 [grow] "why it is not ok" => |s, _| s.report.reason.as_deref().map_or(Value::None, Value::text),
    "hint" "WHAT TO DO" Text 34 [] "what to do about it" => |s, _| s.report.hint.as_deref().map_or(Value::None, Value::text),
}

fn cadence<'w>(status: &'w SourceStatus, _: &'w World) -> Value<'w> {
    status.report.cadence_seconds.map_or(Value::None, |seconds| Value::Text(Cow::Owned(every(seconds))))
}

/// A cadence: `1s`, `0.5s`, `5m`.
pub(crate) fn every(seconds: f64) -> String {
    if seconds < 1.0 { format!("{seconds:.1}s") } else { crate::model::units::span(seconds) }
}

/// A source among what is not as it should be.
pub(super) fn severity(status: &SourceStatus, world: &World) -> Option<Severity> {
    match status.state(world.now) {
        SourceState::Ok | SourceState::Waiting | SourceState::Off => None,
        SourceState::Stale => Some(Severity::Unknown),
        SourceState::Down => Some(Severity::Error),
    }
}

fn row(world: &World, row: usize) -> Option<&SourceStatus> {
    world.observed.sources.values().nth(row)
}

impl Table for SourcesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "source"), false)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.sources.len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        row(world, at).map(|status| status.report.name.clone()).unwrap_or_default()
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        row(world, at).map(|status| ObjectRef::new(ObjectKind::Source, status.report.name.clone()))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        row(world, at).map_or(Value::Unknown, |status| READ[column](status, world))
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(row(world, at)?, world)
    }
}

impl Pane for SourcesPane {
    fn name(&self) -> &'static str {
        "sources"
    }
    fn title(&self) -> &'static str {
        "Sources"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let sources = &scene.world.observed.sources;
        let ok = sources.values().filter(|s| s.state(scene.world.now) == SourceState::Ok).count();
        fields::status(scene, (self.name(), &SourcesTable), &format!("{ok} ok"))
    }
    fn about(&self) -> &'static str {
        "Where data comes from: the state of each source, the age of its last answer, and what to do about one that is silent. What a silent source told last stays on the screen."
    }
    fn topics(&self) -> TopicSet {
        // Its ages count in seconds, and are drawn anew with what comes every second anyway.
        Topic::Gauges.into()
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&SourcesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let empty = (Topic::Own, true, "no source has reported yet");
        fields::draw(scene, (self.name(), &SourcesTable), empty, area, buffer);
    }
}
