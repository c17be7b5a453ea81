//! Events of the clusters that are watched: warnings before what is usual, each the newest first.

use super::{
    fields::{self, fields},
    k8s,
    kube_list::{KubeList, ObjectTable},
};
use crate::{
    model::{attention::Severity, kubernetes::KubeEvent, object::ObjectRef, topic::Topic},
    view::table::Value,
    world::World,
};
use std::borrow::Cow;

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

/// What an event is about.
pub(crate) fn about(world: &World, event: &KubeEvent) -> ObjectRef {
    let namespace = if event.about_kind == "Node" { "" } else { event.namespace.as_str() };
    k8s::object_of_kind(world, &event.context, &event.about_kind, namespace, &event.about_name)
}

/// The newest first: the share of a span that ends long after any event.
fn urgency(event: &KubeEvent) -> f64 {
    event.last_at.map_or(0.0, |at| (at.as_millisecond() as f64 / FAR_MS).clamp(0.0, 0.999))
}

static TABLE: ObjectTable<KubeEvent> = ObjectTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    fixed_columns: 3,
    first_to_go: &[6, 3],
    rows: |world| &world.observed.kube.events,
    object: about,
    severity,
    urgency,
    labels: |_| &[],
    is_within: Some(|event, within| within.holds(&event.namespace)),
    parent: None,
};

/// The list of events.
pub static PANE: KubeList = KubeList {
    name: "kube-events",
    title: "Events",
    about: "What the clusters say about their objects: warnings first, the newest of each first. W shows warnings only; s on the column LAST sorts by time alone. Enter opens what an event is about.",
    topics: &[Topic::KubeEvents, Topic::Pods],
    resources: &["events", "events.events.k8s.io"],
    none: "no event",
    table: &TABLE,
    reason_below: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::rows::Delta, view::list::ListState};
    use std::sync::Arc;

    #[test]
    fn warnings_come_first_and_the_newest_of_each() {
        let event = |name: &str, warning, last: Option<i64>| {
            let last_at = last.map(|second| crate::model::Timestamp::from_second(second).expect("in range"));
            Arc::new(KubeEvent {
                context: "c".into(),
                name: name.into(),
                reason: name.into(),
                warning,
                last_at,
                ..KubeEvent::default()
            })
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
        list.refresh(&TABLE, &world, false, 9);
        let order: Vec<_> =
            list.order.iter().map(|(row, _)| world.observed.kube.events[*row as usize].reason.as_str()).collect();
        assert_eq!(order, ["warning, new", "warning, old", "warning, unknown", "usual, new", "usual, old"]);
    }
}
