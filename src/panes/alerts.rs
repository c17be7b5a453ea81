//! Alerts of Alertmanagers: what fires, since when, and what is kept quiet by what.

use super::{
    fields::fields,
    host_list::HostList,
    watch_list::{WatchTable, nth},
};
use crate::{
    model::{alert::Alert, attention::Severity, topic::Topic},
    view::table::Value,
    world::World,
};
use compact_str::CompactString;
use std::{borrow::Cow, sync::Arc};

fields! { Arc<Alert>;
    "severity" "" Text 1 [] "how bad it is, by its label severity; blank where nobody is told" => |_, _| Value::Unknown,
    "alert" "ALERT" Text 24 [] "name of the alert" => |a, _| Value::text(a.name()),
    "on" "ON" Text 30 [grow] "the labels that tell it from others of its name" => |a, _| Value::Text(Cow::Owned(a.target())),
    "state" "STATE" Text 10 [] "active, suppressed (silenced, inhibited or muted), unprocessed" => |a, _| Value::text(a.state.word()),
    "since" "SINCE" Time 7 [] "how long it has fired" => |a, _| a.starts_at.map_or(Value::Unknown, Value::Time),
    "summary" "SUMMARY" Text 40 [grow] "what its rule says of it" => |a, _| Value::Text(Cow::Owned(a.summary())),
    "quiet" "QUIET BY" Text 20 [hide] "silences and alerts that keep it quiet" => |a, _| Value::Text(Cow::Owned(a.hush())),
    "receivers" "RECEIVERS" Text 16 [hide] "who is told" => |a, _| Value::Text(Cow::Owned(a.receivers.join(", "))),
    "from" "FROM" Text 10 [] "the Alertmanager, as the configuration calls it" => |_, _| Value::Unknown,
}

fn row(world: &World, at: usize) -> Option<(&CompactString, &Arc<Alert>)> {
    nth(world.observed.watch.alertmanagers.iter().map(|(name, manager)| (name, manager.alerts.as_slice())), at)
}

static TABLE: WatchTable<Arc<Alert>> = WatchTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    len: |world| world.observed.watch.alerts().count(),
    row,
    object: |_, alert| alert.object(),
    severity: |alert| Some(alert.severity).filter(|_| alert.is_loud()),
    urgency: |_| 0.0,
};

/// How many somebody is told of, and how many are quiet.
fn words(world: &World) -> String {
    let (mut loud, mut quiet, mut critical) = (0, 0, 0);
    for alert in world.observed.watch.alerts() {
        loud += usize::from(alert.is_loud());
        quiet += usize::from(!alert.is_loud());
        critical += usize::from(alert.is_loud() && alert.severity == Severity::Critical);
    }
    match (loud + quiet, quiet) {
        (0, _) => String::new(),
        (_, 0) => format!("{critical} critical"),
        _ => format!("{critical} critical, {quiet} quiet"),
    }
}

/// The list of alerts.
pub static PANE: HostList = HostList {
    name: "alerts",
    title: "Alerts",
    about: "Alerts of the Alertmanagers that the configuration names ([[alertmanager]]), each once though all members of a cluster tell it. Those that are silenced, inhibited or muted are here and not in the attention list. S silences what fits the alert's labels: which alerts that are is shown before. Enter shows labels, annotations, the expression and its graph.",
    topics: &[Topic::Alerts, Topic::MetricRules],
    table: &TABLE,
    is_known: |world| !world.observed.watch.alertmanagers.is_empty(),
    none: "no alert fires",
    words,
    dear: &[],
};
