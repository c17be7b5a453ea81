//! Events of the clusters that are watched: warnings before what is usual, each the newest first.

use super::{
    Pane,
    fields::{self, fields},
    k8s,
};
use crate::{
    model::{
        attention::Severity,
        kubernetes::KubeEvent,
        object::ObjectRef,
        rows::Keyed,
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::{
        table::{Column, Table, Value},
        within::Within,
    },
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{borrow::Cow, sync::Arc};

/// The list of events.
pub struct KubeEventsPane;

struct KubeEventsTable;

fields! { KubeEvent;
    "severity" "" Text 1 [] "whether it is a warning" => |e, _| fields::severity(severity(e)),
    "context" "CONTEXT" Text 12 [] "context of its cluster; left out where there is one only" => |e, _| Value::text(&e.context),
    "last" "LAST" Time 5 [] "when it was last seen" => |e, _| e.last_at.map_or(Value::Unknown, Value::Time),
    "namespace" "NAMESPACE" Text 11 [] "its namespace" => |e, _| Value::text(&e.namespace),
    "object" "OBJECT" Text 28 [] "what it is about" => |e, _| Value::Text(Cow::Owned(format!("{}/{}", e.about_kind.to_lowercase(), e.about_name))),
    "reason" "REASON" Text 16 [] "its reason, in one word" => |e, _| k8s::text(&e.reason),
    "count" "COUNT" Count 5 [] "how often it was seen" => |e, _| Value::Number(e.count.into()),
    "message" "MESSAGE" Text 30 [grow] "what it says" => |e, _| Value::text(&e.message),
    "first" "FIRST" Time 5 [hide] "when it was first seen" => |e, _| e.first_at.map_or(Value::Unknown, Value::Time),
    "from" "FROM" Text 18 [hide] "who says it" => |e, _| k8s::text(&e.reporter),
    "field" "FIELD" Text 20 [hide] "part of the object that it is about" => |e, _| k8s::text(&e.about_field),
}

/// A moment in the year 2286, in milliseconds.
const FAR_MS: f64 = 1e13;

fn severity(event: &KubeEvent) -> Option<Severity> {
    event.warning.then_some(Severity::Warn)
}

fn rows(world: &World) -> &[Arc<KubeEvent>] {
    &world.observed.kube.events
}

/// What an event is about.
pub(crate) fn about(world: &World, event: &KubeEvent) -> ObjectRef {
    let namespace = if event.about_kind == "Node" { "" } else { event.namespace.as_str() };
    k8s::object_of_kind(world, &event.context, &event.about_kind, namespace, &event.about_name)
}

impl Table for KubeEventsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "severity"), true)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let event = &rows(world)[row];
        format_compact!("{}/{}", event.context, event.key())
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(about(world, &rows(world)[row]))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        severity(&rows(world)[row])
    }
    /// The newest first: the share of a span that ends long after any event.
    fn urgency(&self, world: &World, row: usize) -> f64 {
        rows(world)[row].last_at.map_or(0.0, |at| (at.as_millisecond() as f64 / FAR_MS).clamp(0.0, 0.999))
    }
    fn fixed_columns(&self) -> usize {
        3
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[6, 3]
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        COLUMNS[column].name != "context" || k8s::several(world)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        k8s::is_old(world, &rows(world)[row].context)
    }
    fn can_be_narrowed(&self) -> bool {
        true
    }
    fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
        within.holds(&rows(world)[row].namespace)
    }
}

const RESOURCES: &[&str] = &["events", "events.events.k8s.io"];

impl Pane for KubeEventsPane {
    fn name(&self) -> &'static str {
        "kube-events"
    }
    fn title(&self) -> &'static str {
        "Events"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        k8s::status(scene, self.name(), RESOURCES)
    }
    fn about(&self) -> &'static str {
        "What the clusters say about their objects: warnings first, the newest of each first. W shows warnings only; s on the column LAST sorts by time alone. Enter opens what an event is about."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::KubeEvents, Topic::Pods])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&KubeEventsTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        k8s::draw(scene, (self.name(), &KubeEventsTable), (RESOURCES, "no event"), area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::rows::Delta, view::list::ListState};

    #[test]
    fn warnings_come_first_and_the_newest_of_each() {
        let event = |name: &str, warning, last: Option<i64>| {
            let last_at = last.map(|second| crate::model::Timestamp::from_second(second).expect("in range"));
            Arc::new(KubeEvent { context: "c".into(), name: name.into(), reason: name.into(), warning, last_at, ..KubeEvent::default() })
        };
        let mut world = World::default();
        let (old, new) = (1_800_000_000, 1_800_000_001);
        let events = vec![
            event("usual, old", false, Some(old)),
            event("warning, unknown", true, None),
            event("warning, old", true, Some(old)),
            event("usual, new", false, Some(new)),
            event("warning, new", true, Some(new)),
        ];
        world.observed.kube.events.apply("c", Delta::All(events));
        let mut list = ListState::default();
        list.refresh(&KubeEventsTable, &world, false, 9);
        let order: Vec<_> = list.order.iter().map(|(row, _)| rows(&world)[*row as usize].reason.as_str()).collect();
        assert_eq!(order, ["warning, new", "warning, old", "warning, unknown", "usual, new", "usual, old"]);
    }
}
