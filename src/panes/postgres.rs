//! PostgreSQL clusters and their members: who leads, who follows and how far behind, what is paused.

use super::{
    fields::fields,
    host_list::HostList,
    watch_list::{WatchTable, nth},
};
use crate::{
    model::{attention::Severity, postgres::row::Row, topic::Topic},
    view::table::Value,
    world::World,
};
use compact_str::CompactString;
use std::borrow::Cow;

fields! { Row;
    "severity" "" Text 1 [] "the worst that is found about it" => |_, _| Value::Unknown,
    "cluster" "CLUSTER" Text 11 [] "the cluster, as the configuration calls it" => |row, _| Value::text(cluster(row)),
    "member" "MEMBER" Text 10 [] "the member or server; * for the cluster as a whole" => |row, _| Value::text(row.member.as_deref().unwrap_or("*")),
    "role" "ROLE" Text 12 [] "leader, replica, sync standby; primary and standby where there is no Patroni" => |row, _| text(&row.role),
    "state" "STATE" Text 13 [] "as Patroni says; of a cluster who leads it" => |row, _| Value::text(&row.state),
    "tl" "TL" Number 3 [] "timeline: who is on another one than its leader does not follow it" => |row, _| Value::number(row.timeline),
    "lag" "LAG" Bytes 9 [] "how far it is behind; of a cluster the most of its members" => lag,
    "lsn" "LSN" Text 11 [] "how far it has the log; of a cluster where its primary was seen last" => |row, _| row.lsn.map_or(Value::Unknown, |lsn| Value::Text(Cow::Owned(lsn.to_string()))),
    "sync" "SYNC" Text 7 [] "how its sender counts it; of a cluster whether commits wait for a standby" => sync,
    "notes" "NOTES" Text 16 [grow] "paused, scheduled, missing members, a restart that is due, tags" => |row, _| Value::text(&row.notes),
    "cause" "CAUSE" Text 40 [hide] "the worst that is found about it, in words" => |row, _| row.cause.as_deref().map_or(Value::None, Value::text),
    "address" "ADDRESS" Text 21 [hide] "where it answers by SQL" => |row, _| text(&row.address),
}

fn cluster(row: &Row) -> &str {
    row.object.in_postgres().map_or("", |(cluster, _)| cluster)
}

fn text(text: &Option<CompactString>) -> Value<'_> {
    text.as_deref().map_or(Value::Unknown, Value::text)
}

/// Who leads has none.
fn lag<'w>(row: &'w Row, _: &'w World) -> Value<'w> {
    if row.leads() { Value::None } else { Value::whole(row.lag_bytes) }
}

fn sync<'w>(row: &'w Row, _: &'w World) -> Value<'w> {
    if row.leads() { Value::None } else { text(&row.sync) }
}

fn row(world: &World, at: usize) -> Option<(&CompactString, &Row)> {
    nth(world.observed.postgres.iter().map(|(name, cluster)| (name, cluster.rows.as_slice())), at)
}

static TABLE: WatchTable<Row> = WatchTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    len: |world| world.observed.postgres.values().map(|cluster| cluster.rows.len()).sum(),
    row,
    object: |_, row| row.object.clone(),
    severity: |row| row.severity,
    urgency: |_| 0.0,
};

/// How many have nobody who takes writes.
fn words(world: &World) -> String {
    let clusters = world.observed.postgres.values();
    let lost =
        clusters.filter(|cluster| cluster.rows.first().is_some_and(|row| row.severity >= Some(Severity::Critical)));
    match lost.count() {
        0 => String::new(),
        lost => format!("{lost} critical"),
    }
}

/// The list of clusters and members.
pub static PANE: HostList = HostList {
    name: "postgres",
    title: "PostgreSQL",
    about: "PostgreSQL clusters of [[postgres]], under Patroni or plain, and their members, the worst first. * is the cluster as a whole. Lag is told by Patroni every loop_wait seconds; without Patroni it is what the primary had written when both were asked.",
    topics: &[Topic::Postgres],
    table: &TABLE,
    is_known: |world| !world.observed.postgres.is_empty(),
    none: "no cluster has answered",
    words,
    dear: &[],
};
