//! The timeline of the incident that is shown: what was seen, said and done, in UTC.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    incident::{sentence::Tone, timeline::Row},
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
        units,
    },
    view::table::{Column, Table, Value},
    world::{World, incidents::event_of},
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Row;
    "time" "UTC" Clock 8 [] "when it happened" => |r, _| Value::Time(r.at),
    "text" "WHAT" Text 40 [grow] "in words; … and how often it happened again" => |r, _| what(r),
    "badge" "BADGES" Text 12 [hide] "late: written down more than a minute after it happened; edited; struck out; pinned" => |r, _| badge(r),
    "actor" "WHO" Text 12 [] "who did or said it; flightdeck saw it by itself" => |r, _| Value::text(&r.actor),
    "kind" "KIND" Text 10 [] "note, alert, health, deploy, operation …" => |r, _| Value::text(&r.kind),
    "object" "OBJECT" Text 30 [hide] "what it is about" => |r, _| r.object.as_ref().map_or(Value::None, |object| Value::Text(Cow::Owned(object.to_string()))),
    "date" "DATE" Text 10 [hide] "the day" => |r, _| Value::Text(Cow::Owned(units::day(r.at))),
    "late" "LATE" Seconds 7 [hide] "by how much it was written down late" => |r, _| r.late_seconds.map_or(Value::None, Value::Number),
    "count" "COUNT" Count 5 [hide] "how many alike it stands for" => |r, _| Value::Number(r.count.into()),
    "id" "ID" Text 36 [hide] "identity of the event" => |r, _| Value::Text(Cow::Owned(id(r))),
}

/// How an event stands among others; good news and plain words bear no sign.
pub(crate) const fn severity(row: &Row) -> Option<Severity> {
    match row.tone {
        Tone::Bad => Some(Severity::Error),
        Tone::Warn => Some(Severity::Warn),
        Tone::Unknown => Some(Severity::Unknown),
        _ => None,
    }
}

/// Its words, and what has to be known of them.
fn what(row: &Row) -> Value<'_> {
    match badges(row) {
        badges if badges.is_empty() => Value::text(&row.text),
        badges => Value::Text(Cow::Owned(format!("[{badges}] {}", row.text))),
    }
}

fn badge(row: &Row) -> Value<'_> {
    let words = badges(row);
    if words.is_empty() { Value::None } else { Value::Text(Cow::Owned(words)) }
}

/// What has to be known of a row beside its words.
pub(crate) fn badges(row: &Row) -> String {
    let words = [
        (row.withdrawn.is_some(), "struck out"),
        (row.pinned, "pinned"),
        (row.edited, "edited"),
        (row.late_seconds.is_some(), "late"),
        (row.skew_seconds.is_some(), "clock off"),
    ];
    words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

fn id(row: &Row) -> String {
    event_of(row).map_or_else(String::new, |id| id.to_string())
}

struct TimelineTable;

impl Table for TimelineTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "time"), false)
    }
    fn len(&self, world: &World) -> usize {
        world.incidents.rows().len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        format_compact!("{:?}", world.incidents.rows()[at].id)
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Event, id(&world.incidents.rows()[at])))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        READ[column](&world.incidents.rows()[at], world)
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(&world.incidents.rows()[at])
    }
    fn is_ordered(&self) -> bool {
        true
    }
    fn fixed_columns(&self) -> usize {
        1
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[4, 3]
    }
}

/// Which incident it is, and whether that is everything.
fn words(world: &World) -> String {
    let Some(incident) = world.incidents.shown() else { return String::new() };
    let what = if world.incidents.shows_all() { "all events" } else { "the story; o all events" };
    let more = if world.incidents.has_earlier() { ", O older ones" } else { "" };
    format!("{} {}, {what}{more}", incident.name, incident.title)
}

/// The timeline.
pub static PANE: HostList = HostList {
    name: "timeline",
    title: "Timeline",
    about: "What was seen, said and done about the incident that is shown, newest first, in UTC: nobody types it but the notes. First the story: updates, pins, milestones, operations and deploys; o shows every event. Enter opens an event with its older versions; P pins it, E writes a note anew, X strikes out what was a mistake; nothing is ever overwritten. Filter with kind=note, who=ann, object:web, text. i writes a note from anywhere.",
    topics: &[Topic::Journal],
    table: &TimelineTable,
    is_known: |world| world.incidents.is_known(),
    none: "no incident is shown; I declares one",
    words,
    dear: &[],
};
