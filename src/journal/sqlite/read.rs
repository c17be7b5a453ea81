//! What is asked of the local file, beside pages of a timeline.

use super::row::{self, Entry, entry, entry_columns};
use crate::model::journal::{EventId, IncidentId, WriterId};
use compact_str::CompactString;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The kinds of [`crate::model::journal::Body::is_state`], as the index `events_state` has them.
macro_rules! state_kinds {
    () => {
        "('declared', 'title', 'severity', 'status', 'role', 'pin', 'update', 'task', 'link', 'merged', 'milestone', 'withdrawn', \
         'resolved', 'reopened', 'attached', 'escalated', 'account', 'review')"
    };
}

#[cfg(test)]
pub(super) use state_kinds;

/// From events to their bodies.
macro_rules! from {
    () => {
        " FROM events e LEFT JOIN bodies b ON b.event = e.local "
    };
}

fn entries(rows: &[SqliteRow]) -> Result<Vec<Entry>, sqlx::Error> {
    rows.iter().map(entry).collect()
}

/// What makes the incidents what they are: all their state events, by incident, and in the order in which they came.
pub async fn incidents(connection: &mut SqliteConnection) -> Result<Vec<Entry>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        entry_columns!(),
        " FROM events e INDEXED BY events_state LEFT JOIN bodies b ON b.event = e.local WHERE e.incident IS NOT NULL AND e.kind IN ",
        state_kinds!(),
        " ORDER BY e.incident, e.local"
    );
    entries(&sqlx::query(sql).fetch_all(connection).await?)
}

/// Everything that belongs to an incident, in display order.
pub async fn incident(connection: &mut SqliteConnection, incident: IncidentId) -> Result<Vec<Entry>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        entry_columns!(),
        from!(),
        "WHERE e.incident = ? ORDER BY e.occurred_at, e.wall_ms, e.counter, e.writer, e.sequence"
    );
    entries(&sqlx::query(sql).bind(incident.0).fetch_all(connection).await?)
}

/// Everything that belongs to a run of a runbook, in the order in which it came.
pub async fn run(connection: &mut SqliteConnection, run: &str) -> Result<Vec<Entry>, sqlx::Error> {
    let sql = concat!("SELECT ", entry_columns!(), from!(), "WHERE e.run = ? ORDER BY e.local");
    entries(&sqlx::query(sql).bind(run).fetch_all(connection).await?)
}

/// The steps of all runs of runbooks, in the order in which they came.
pub async fn runs(connection: &mut SqliteConnection) -> Result<Vec<Entry>, sqlx::Error> {
    let sql =
        concat!("SELECT ", entry_columns!(), from!(), "WHERE e.run IS NOT NULL AND e.kind = 'step' ORDER BY e.local");
    entries(&sqlx::query(sql).fetch_all(connection).await?)
}

/// What came into the file after a place, oldest first, at most so many.
pub async fn since(connection: &mut SqliteConnection, local: u64, limit: u32) -> Result<Vec<Entry>, sqlx::Error> {
    let sql = concat!("SELECT ", entry_columns!(), from!(), "WHERE e.local > ? ORDER BY e.local LIMIT ?");
    entries(&sqlx::query(sql).bind(local.cast_signed()).bind(limit).fetch_all(connection).await?)
}

/// One event.
pub async fn event(connection: &mut SqliteConnection, id: EventId) -> Result<Option<Entry>, sqlx::Error> {
    row::by_id(connection, id).await
}

/// The newest place in the file, which is also how many events it holds.
pub async fn newest(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(local) FROM events").fetch_one(connection).await?;
    Ok(newest.unwrap_or(0).cast_unsigned())
}

/// How many events of each kind an incident has.
pub async fn counts(
    connection: &mut SqliteConnection,
    incident: IncidentId,
) -> Result<BTreeMap<CompactString, u64>, sqlx::Error> {
    let sql = "SELECT kind, count(*) FROM events WHERE incident = ? GROUP BY kind";
    let rows = sqlx::query(sql).bind(incident.0).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get::<&str, _>(0)?.into(), row.try_get::<i64, _>(1)?.cast_unsigned()))).collect()
}

/// A writer whose events are in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterInfo {
    pub id: WriterId,
    pub host: CompactString,
    /// Ed25519.
    pub public_key: [u8; 32],
    pub begun_at: crate::model::Timestamp,
    /// Whether it is, or was, a writer of this file.
    pub own: bool,
}

/// All writers, in the order in which they began.
pub async fn writers(connection: &mut SqliteConnection) -> Result<Vec<WriterInfo>, sqlx::Error> {
    let sql = "SELECT id, host, public_key, begun_at, machine IS NOT NULL FROM writers ORDER BY begun_at, id";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(WriterInfo {
                id: WriterId(row.try_get::<Uuid, _>(0)?),
                host: row.try_get::<&str, _>(1)?.into(),
                public_key: row::digest(row.try_get(2)?).0,
                begun_at: row::time(row.try_get(3)?),
                own: row.try_get(4)?,
            })
        })
        .collect()
}

/// A number that changes whenever another connection has written.
pub async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}
