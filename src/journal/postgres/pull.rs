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
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// How many events are pulled at a time, and how many bytes their bodies have together, but for the last one.
const BATCH: i64 = 500;
const BATCH_BYTES: i64 = 4 << 20;

/// What was pulled.
#[derive(Debug, Default)]
pub struct Pulled {
    /// Those that were not known.
    pub writers: Vec<WriterInfo>,
    /// Whether there may be more.
    pub more: bool,
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

/// The next events after a number, and their writers but for those that are known. Of writers that are one's own only the place is told.
///
/// # Errors
/// The store does not answer.
pub async fn pull(
    connection: &mut PgConnection,
    store: &Store,
    after: u64,
    own: &[Uuid],
    known: &HashSet<WriterId>,
) -> Result<Pulled, JournalError> {
    store.timed("pull from", read(connection, after, own, known)).await
}

async fn read(
    connection: &mut PgConnection,
    after: u64,
    own: &[Uuid],
    known: &HashSet<WriterId>,
) -> Result<Pulled, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT * FROM ( \
         SELECT e.number, e.id, e.writer, CASE WHEN e.writer <> ALL($2) THEN e.hash END, CASE WHEN e.writer <> ALL($2) THEN e.header END, \
         b.salt, b.json, sum(octet_length(b.json)) OVER (ORDER BY e.number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before \
         FROM flightdeck.events e LEFT JOIN flightdeck.bodies b ON b.event = e.id AND e.writer <> ALL($2) \
         WHERE e.number > $1 ORDER BY e.number LIMIT $3) AS page WHERE coalesce(before, 0) < $4",
    )
    .bind(after.cast_signed())
    .bind(own)
    .bind(BATCH)
    .bind(BATCH_BYTES)
    .fetch_all(&mut *connection)
    .await?;
    let events: Vec<Foreign> = rows.iter().map(foreign).collect::<Result<_, _>>()?;
    let sizes = events.iter().filter_map(|event| event.content.as_ref()?.body.as_ref());
    let bytes: usize = sizes.map(|(_, json)| json.len()).sum();
    let more = events.len() as i64 == BATCH || bytes as i64 >= BATCH_BYTES;
    let new = events.iter().map(|event| event.writer).filter(|writer| !known.contains(writer));
    let new: BTreeSet<Uuid> = new.map(|writer| writer.0).collect();
    if new.is_empty() {
        return Ok(Pulled { writers: Vec::new(), more, events });
    }
    let writers: Vec<Uuid> = new.into_iter().collect();
    let sql = "SELECT id, host, public_key, begun_at FROM flightdeck.writers WHERE id = ANY($1)";
    let rows = sqlx::query(sql).bind(writers).fetch_all(connection).await?;
    let writers = rows.iter().map(writer).collect::<Result<_, _>>()?;
    Ok(Pulled { writers, more, events })
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
