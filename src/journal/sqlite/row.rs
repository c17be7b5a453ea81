//! From rows to events and back.

use crate::{
    journal::{
        chain::Sealed,
        encode::{self, DecodeError},
    },
    model::{
        Timestamp,
        journal::{Body, Digest, Event, EventId},
    },
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// An event as it stands in the local file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the file, from 1: grows in the order in which events came into it.
    pub local: u64,
    /// When it came into the file: later than it was recorded where it was merged.
    pub arrived_at: Timestamp,
    pub event: Event,
}

/// The columns of an [`Entry`], for a query whose events are `e` and whose bodies are `b`.
macro_rules! entry_columns {
    () => {
        "e.local, e.arrived_at, e.header, b.json"
    };
}
pub(super) use entry_columns;

/// Reads an entry. A header that cannot be read is an error: nothing can be said about its event.
pub fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let local: i64 = row.try_get(0)?;
    let bytes: &[u8] = row.try_get(2)?;
    let header = encode::decode(bytes).map_err(|error| unreadable(local, &error))?;
    let json: Option<&[u8]> = row.try_get(3)?;
    let body = json.map(|json| body(&header.kind, json));
    Ok(Entry { local: local.cast_unsigned(), arrived_at: time(row.try_get(1)?), event: Event { header, body } })
}

fn unreadable(local: i64, error: &DecodeError) -> sqlx::Error {
    let text = format!(
        "the header of the event at {local} in the file cannot be read: {error}; run `flightdeck incident verify`"
    );
    sqlx::Error::Decode(text.into())
}

/// A body from its JSON. One that is none is kept as a text, so that a reader sees it.
pub fn body(kind: &str, json: &[u8]) -> Body {
    serde_json::from_slice(json).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(json);
        Body::Other(serde_json::json!({ "kind": kind, "unreadable": text }))
    })
}

/// A time from microseconds.
pub fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(if microseconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A digest from a column; zeros for what is none, which no hash is.
pub fn digest(bytes: &[u8]) -> Digest {
    bytes.try_into().map_or(Digest::default(), Digest)
}

/// Writes an event, and its body where it has one and may have it. The place is the next one.
pub async fn insert(connection: &mut SqliteConnection, event: &Sealed, arrived: Timestamp) -> Result<(), sqlx::Error> {
    /// An event alone, and with its body: one request, because each costs two changes of threads.
    macro_rules! sql {
        ($rest:literal) => {
            concat!(
                "INSERT INTO events (id, writer, sequence, incident, occurred_at, wall_ms, counter, kind, actor, object, run, supersedes, \
                 key, hash, header, arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                $rest
            )
        };
    }
    let header = &event.header;
    let sql = match event.body {
        Some(_) => sql!("; INSERT INTO bodies (event, salt, json) VALUES (last_insert_rowid(), ?, ?)"),
        None => sql!(""),
    };
    let query = sqlx::query(sql)
        .bind(header.id.0)
        .bind(header.writer.0)
        .bind(header.sequence.cast_signed())
        .bind(header.incident.map(|id| id.0))
        .bind(header.occurred_at.as_microsecond())
        .bind(header.clock.wall_ms)
        .bind(i64::from(header.clock.counter))
        .bind(header.kind.as_str())
        .bind(header.actor.name.as_str())
        .bind(header.object.as_ref().map(object_column))
        .bind(header.run.as_deref())
        .bind(header.supersedes.map(|id| id.0))
        .bind(header.key.as_deref())
        .bind(header.hash.0.as_slice())
        .bind(event.bytes.as_slice())
        .bind(arrived.as_microsecond());
    let query = match &event.body {
        Some((salt, json)) => query.bind(salt.as_slice()).bind(json.as_slice()),
        None => query,
    };
    query.execute(connection).await.map(drop)
}

/// An object as its column has it.
pub fn object_column(object: &crate::model::object::ObjectRef) -> String {
    format!("{} {}", object.kind.word(), object.id)
}

/// The event with this identity.
pub async fn by_id(connection: &mut SqliteConnection, id: EventId) -> Result<Option<Entry>, sqlx::Error> {
    let sql =
        concat!("SELECT ", entry_columns!(), " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.id = ?");
    sqlx::query(sql).bind(id.0).fetch_optional(connection).await?.as_ref().map(entry).transpose()
}
