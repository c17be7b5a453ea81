//! Events on their way from the shared store.

use super::Store;
use crate::{
    journal::{
        error::JournalError,
        sqlite::{
            merge::{Content, Foreign},
            read::WriterInfo,
            row::{digest, time},
        },
    },
    model::journal::{EventId, WriterId},
};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// How many events are pulled at a time.
pub const BATCH: i64 = 500;

/// What was pulled.
#[derive(Debug, Default)]
pub struct Pulled {
    pub writers: Vec<WriterInfo>,
    /// In the store's order.
    pub events: Vec<Foreign>,
}

/// Whether the store still has this event at this number. One that was put back from a backup gives the same numbers to others.
///
/// # Errors
/// The store does not answer.
pub async fn goes_on(
    connection: &mut PgConnection,
    store: &Store,
    number: u64,
    event: EventId,
) -> Result<bool, JournalError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM flightdeck.events WHERE number = $1 AND id = $2)";
    let query = sqlx::query_scalar(sql).bind(number.cast_signed()).bind(event.0);
    store.timed("look at", query.fetch_one(connection)).await
}

/// The next events after a number, and their writers. Of writers that are one's own only the place is told.
///
/// # Errors
/// The store does not answer.
pub async fn pull(
    connection: &mut PgConnection,
    store: &Store,
    after: u64,
    own: &[Uuid],
) -> Result<Pulled, JournalError> {
    store.timed("pull from", read(connection, after, own)).await
}

async fn read(connection: &mut PgConnection, after: u64, own: &[Uuid]) -> Result<Pulled, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT e.number, e.id, e.writer, CASE WHEN e.writer <> ALL($2) THEN e.hash END, CASE WHEN e.writer <> ALL($2) THEN e.header END, b.salt, b.json \
         FROM flightdeck.events e LEFT JOIN flightdeck.bodies b ON b.event = e.id AND e.writer <> ALL($2) \
         WHERE e.number > $1 ORDER BY e.number LIMIT $3",
    )
    .bind(after.cast_signed())
    .bind(own)
    .bind(BATCH)
    .fetch_all(&mut *connection)
    .await?;
    let events: Vec<Foreign> = rows.iter().map(foreign).collect::<Result<_, _>>()?;
    let mut writers: Vec<Uuid> = events.iter().map(|event| event.writer.0).collect();
    writers.sort_unstable();
    writers.dedup();
    let sql = "SELECT id, host, public_key, begun_at FROM flightdeck.writers WHERE id = ANY($1)";
    let rows = sqlx::query(sql).bind(writers).fetch_all(connection).await?;
    let writers = rows.iter().map(writer).collect::<Result<_, _>>()?;
    Ok(Pulled { writers, events })
}

fn foreign(row: &PgRow) -> Result<Foreign, sqlx::Error> {
    let (hash, header): (Option<&[u8]>, Option<Vec<u8>>) = (row.try_get(3)?, row.try_get(4)?);
    let (salt, json): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get(5)?, row.try_get(6)?);
    let content = |(hash, header)| Content { hash: digest(hash), header, body: salt.zip(json) };
    Ok(Foreign {
        number: row.try_get::<i64, _>(0)?.cast_unsigned(),
        id: EventId(row.try_get(1)?),
        writer: WriterId(row.try_get(2)?),
        content: hash.zip(header).map(content),
    })
}

fn writer(row: &PgRow) -> Result<WriterInfo, sqlx::Error> {
    Ok(WriterInfo {
        id: WriterId(row.try_get(0)?),
        host: row.try_get::<&str, _>(1)?.into(),
        public_key: digest(row.try_get(2)?).0,
        begun_at: time(row.try_get(3)?),
        own: false,
    })
}
