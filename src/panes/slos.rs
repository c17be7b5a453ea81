//! Service level objectives: how fast each budget burns, what is left of it, and when it is gone.

use super::{
    fields::fields,
    host_list::HostList,
    watch_list::{WatchTable, nth},
};
use crate::{
    model::{attention::Severity, slo::Slo, topic::Topic, units},
    view::table::Value,
    world::World,
};
use compact_str::CompactString;
use std::borrow::Cow;

fields! { Slo;
    "severity" "" Text 1 [] "how bad it is, as the attention list says" => |_, _| Value::Unknown,
    "objective" "OBJECTIVE" Text 24 [grow] "its name" => |s, _| Value::text(&s.title),
    "service" "SERVICE" Text 14 [] "the service that it is of" => |s, _| Value::text(&s.service),
    "target" "TARGET" Text 9 [] "share of events that have to be good" => |s, _| Value::Text(Cow::Owned(s.target_words())),
    "burn" "BURN" Number 6 [] "how many times faster than the budget lasts: over the long window that fires, else over the shortest" => burn,
    "over" "OVER" Seconds 5 [] "the window of that burn" => |s, _| Value::number(s.present_burn().map(|(_, seconds)| seconds as f64)),
    "left" "LEFT" Ratio 8 [] "what is left of the budget; below 0 it is overspent" => |s, _| Value::number(s.budget_left),
    "gone" "GONE IN" Seconds 8 [] "when the budget is gone at this burn; blank where that is later than it comes back" => gone,
    "fires" "FIRES" Text 14 [] "the pair of windows that fires" => |s, _| Value::Text(Cow::Owned(fires(s))),
    "period" "PERIOD" Seconds 6 [hide] "the rolling period of the budget" => |s, _| Value::Number(s.period_seconds as f64),
    "why" "STANDS" Text 40 [hide] "how it stands, in words" => |s, _| Value::Text(Cow::Owned(s.words())),
    "from" "FROM" Text 10 [] "the Prometheus, as the configuration calls it" => |_, _| Value::Unknown,
}

fn burn<'w>(slo: &'w Slo, _: &'w World) -> Value<'w> {
    Value::number(slo.present_burn().map(|(burn, _)| (burn * 10.0).round() / 10.0))
}

fn gone<'w>(slo: &'w Slo, _: &'w World) -> Value<'w> {
    let soon = slo.exhausted_in_seconds.filter(|seconds| *seconds < slo.period_seconds as f64);
    soon.map_or(Value::None, Value::Number)
}

fn fires(slo: &Slo) -> String {
    slo.firing().map_or_else(String::new, |pair| {
        let span = |seconds: u64| units::span(seconds as f64);
        format!("{} {} & {}", pair.urgency.word(), span(pair.long_seconds), span(pair.short_seconds))
    })
}

fn row(world: &World, at: usize) -> Option<(&CompactString, &Slo)> {
    nth(world.observed.watch.slos.iter().map(|(name, slos)| (name, slos.as_slice())), at)
}

static TABLE: WatchTable<Slo> = WatchTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    len: |world| world.observed.watch.objectives().count(),
    row,
    object: |_, slo| slo.object(),
    severity: Slo::severity,
    // In steps of a tenth of the budget, so that rows keep their places.
    urgency: |slo| slo.budget_left.map_or(0.0, |left| ((1.0 - left).clamp(0.0, 1.0) * 10.0).round() / 10.0),
};

/// How many burn.
fn words(world: &World) -> String {
    let burning = world.observed.watch.objectives().filter(|slo| slo.severity() >= Some(Severity::Warn)).count();
    if burning == 0 { String::new() } else { format!("{burning} to look at") }
}

/// The list of objectives.
pub static PANE: HostList = HostList {
    name: "slos",
    title: "Objectives",
    about: "Service level objectives from the files of [slo] and the folder slos beside the configuration, asked of a Prometheus. At a burn of 1 a budget lasts its period. It pages where both windows of a pair burn faster than its threshold (14.4 over 1 h and 5 m, 6 over 6 h and 30 m for a period of 30 d), and asks for a ticket at 3 over 1 d and 2 h, and 1 over 3 d and 6 h. Absent series are unknown, never good.",
    topics: &[Topic::Slos],
    table: &TABLE,
    is_known: |world| !world.observed.watch.slos.is_empty(),
    none: "no objective is defined",
    words,
    dear: &[],
};
