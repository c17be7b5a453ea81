//! Rows as they stand, for whoever proves or exports them.

use super::row::{digest, object_column};
use crate::model::{
    Timestamp,
    journal::{Digest, EventId, Header, IncidentId, WriterId},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    pub local: u64,
    pub hash: Digest,
    pub header: Vec<u8>,
    /// Salt and JSON.
    pub body: Option<(Vec<u8>, Vec<u8>)>,
    pub columns: Columns,
}

/// What is repeated beside the header for searching.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    pub id: EventId,
    pub sequence: u64,
    pub incident: Option<IncidentId>,
    occurred_at: i64,
    wall_ms: i64,
    counter: i64,
    pub kind: String,
    actor: String,
    object: Option<String>,
    run: Option<String>,
    supersedes: Option<Uuid>,
    key: Option<String>,
}

impl Columns {
    /// Name of a column that says something else than the header.
    pub fn differ(&self, header: &Header) -> Option<&'static str> {
        // The object of a kind that this version does not know is not read from the header.
        let object = header.object.as_ref().map(object_column);
        let pairs = [
            ("id", self.id == header.id),
            ("sequence", self.sequence == header.sequence),
            ("incident", self.incident == header.incident),
            ("occurred_at", self.occurred_at == header.occurred_at.as_microsecond()),
            ("wall_ms", self.wall_ms == header.clock.wall_ms),
            ("counter", self.counter == i64::from(header.clock.counter)),
            ("kind", self.kind == header.kind),
            ("actor", self.actor == header.actor.name),
            ("object", object.is_none() || self.object == object),
            ("run", self.run.as_deref() == header.run.as_deref()),
            ("supersedes", self.supersedes == header.supersedes.map(|id| id.0)),
            ("key", self.key.as_deref() == header.key.as_deref()),
        ];
        pairs.iter().find(|(_, same)| !same).map(|(name, _)| *name)
    }
}

/// The columns of a [`Raw`].
macro_rules! raw_columns {
    () => {
        "e.local, e.hash, e.header, b.salt, b.json, e.id, e.sequence, e.incident, e.occurred_at, e.wall_ms, e.counter, e.kind, e.actor, \
         e.object, e.run, e.supersedes, e.key"
    };
}

/// Reads a row.
pub fn raw(row: &SqliteRow) -> Result<Raw, sqlx::Error> {
    let salt: Option<Vec<u8>> = row.try_get(3)?;
    let json: Option<Vec<u8>> = row.try_get(4)?;
    Ok(Raw {
        local: row.try_get::<i64, _>(0)?.cast_unsigned(),
        hash: digest(row.try_get(1)?),
        header: row.try_get(2)?,
        body: salt.zip(json),
        columns: Columns {
            id: EventId(row.try_get(5)?),
            sequence: row.try_get::<i64, _>(6)?.cast_unsigned(),
            incident: row.try_get::<Option<Uuid>, _>(7)?.map(IncidentId),
            occurred_at: row.try_get(8)?,
            wall_ms: row.try_get(9)?,
            counter: row.try_get(10)?,
            kind: row.try_get(11)?,
            actor: row.try_get(12)?,
            object: row.try_get(13)?,
            run: row.try_get(14)?,
            supersedes: row.try_get(15)?,
            key: row.try_get(16)?,
        },
    })
}

/// The next events of a writer's chain after this sequence, at most so many.
pub async fn chain(
    connection: &mut SqliteConnection,
    writer: WriterId,
    after: u64,
    limit: u32,
) -> Result<Vec<Raw>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        raw_columns!(),
        " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.writer = ? AND e.sequence > ? ORDER BY e.sequence LIMIT ?"
    );
    let rows = sqlx::query(sql).bind(writer.0).bind(after.cast_signed()).bind(limit).fetch_all(connection).await?;
    rows.iter().map(raw).collect()
}

/// What belongs to an incident, and what belongs to none within a time, from and up to and with; no checkpoints.
pub async fn of_incident(
    connection: &mut SqliteConnection,
    incident: IncidentId,
    ambient: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<Raw>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        raw_columns!(),
        " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.incident = ?"
    );
    let mut rows = sqlx::query(sql).bind(incident.0).fetch_all(&mut *connection).await?;
    if let (false, Some((from, to))) = (rows.is_empty(), ambient) {
        let sql = concat!(
            "SELECT ",
            raw_columns!(),
            " FROM events e LEFT JOIN bodies b ON b.event = e.local \
             WHERE e.incident IS NULL AND e.occurred_at BETWEEN ? AND ? AND e.kind <> 'checkpoint'"
        );
        let query = sqlx::query(sql).bind(from.as_microsecond()).bind(to.as_microsecond());
        rows.extend(query.fetch_all(connection).await?);
    }
    rows.iter().map(raw).collect()
}

/// All events that say why bodies of others are gone.
pub async fn saying(connection: &mut SqliteConnection) -> Result<Vec<Raw>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        raw_columns!(),
        " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.kind IN ('erased', 'expired', 'checkpoint') \
         AND e.kind <> 'checkpoint'"
    );
    sqlx::query(sql).fetch_all(connection).await?.iter().map(raw).collect()
}

/// Hashes of a writer's events, from the first up to one.
pub async fn hashes(
    connection: &mut SqliteConnection,
    writer: WriterId,
    size: u64,
) -> Result<Vec<Digest>, sqlx::Error> {
    let sql = "SELECT hash FROM events WHERE writer = ? AND sequence <= ? ORDER BY sequence";
    let rows = sqlx::query(sql).bind(writer.0).bind(size.cast_signed()).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(digest(row.try_get(0)?))).collect()
}
