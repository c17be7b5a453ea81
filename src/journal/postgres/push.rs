//! Events on their way to the shared store. How far each chain has come is asked of the store, so that one that was lost or put back
//! from a backup gets what it lacks.

use super::Store;
use crate::{
    journal::{
        encode,
        error::JournalError,
        sqlite::{raw::Raw, read::WriterInfo, row},
    },
    model::{
        journal::{Body, Digest, Header, WriterId},
        text::hex,
    },
};
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// The newest sequence of each of these writers in the store, and its event's hash.
///
/// # Errors
/// The store does not answer.
pub async fn heads(
    connection: &mut PgConnection,
    store: &Store,
    writers: &[WriterInfo],
) -> Result<HashMap<WriterId, (u64, Digest)>, JournalError> {
    let ids: Vec<Uuid> = writers.iter().map(|writer| writer.id.0).collect();
    let sql = "SELECT w, e.sequence, e.hash FROM unnest($1::uuid[]) AS w CROSS JOIN LATERAL \
               (SELECT sequence, hash FROM flightdeck.events WHERE writer = w ORDER BY sequence DESC LIMIT 1) AS e";
    store
        .timed("ask for the chains of", async {
            let rows = sqlx::query(sql).bind(ids).fetch_all(connection).await?;
            rows.iter()
                .map(|row| {
                    let sequence: i64 = row.try_get(1)?;
                    Ok((WriterId(row.try_get(0)?), (sequence.cast_unsigned(), row::digest(row.try_get(2)?))))
                })
                .collect()
        })
        .await
}

/// What it means that the same place of a chain holds two events.
pub const FORKED: &str = "its chain is another one in the shared store: two machines have gone on with one chain, or one of the two \
                          was changed; run `flightdeck incident verify` on both";

/// Events as columns.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    sequences: Vec<i64>,
    hashes: Vec<Vec<u8>>,
    headers: Vec<Vec<u8>>,
    incidents: Vec<Option<Uuid>>,
    occurred: Vec<i64>,
    walls: Vec<i64>,
    kinds: Vec<String>,
    actors: Vec<String>,
    /// Of those that have one.
    body_ids: Vec<Uuid>,
    salts: Vec<Vec<u8>>,
    jsons: Vec<Vec<u8>>,
    /// What they say about bodies of others.
    said: Vec<(Header, Body)>,
}

impl Columns {
    fn new(events: Vec<Raw>) -> Result<Self, String> {
        let mut columns = Self::default();
        for raw in events {
            let wrong = |error| format!("the event {} of this journal cannot be read: {error}", raw.columns.id);
            let header = encode::decode(&raw.header).map_err(wrong)?;
            columns.ids.push(header.id.0);
            columns.sequences.push(header.sequence.cast_signed());
            columns.hashes.push(raw.hash.0.to_vec());
            columns.headers.push(raw.header);
            columns.incidents.push(header.incident.map(|id| id.0));
            columns.occurred.push(header.occurred_at.as_microsecond());
            columns.walls.push(header.clock.wall_ms);
            columns.kinds.push(header.kind.to_string());
            columns.actors.push(header.actor.name.to_string());
            let Some((salt, json)) = raw.body else { continue };
            if ["erased", "expired"].contains(&header.kind.as_str()) {
                columns.said.push((header.clone(), row::body(&header.kind, &json)));
            }
            columns.body_ids.push(header.id.0);
            columns.salts.push(salt);
            columns.jsons.push(json);
        }
        Ok(columns)
    }
}

/// Makes a writer known to the store. Answers what is wrong where it is known there with another key.
///
/// # Errors
/// The store does not answer.
pub async fn introduce(
    connection: &mut PgConnection,
    store: &Store,
    writer: &WriterInfo,
) -> Result<Option<String>, JournalError> {
    let insert = sqlx::query(
        "INSERT INTO flightdeck.writers (id, host, public_key, begun_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(writer.id.0)
    .bind(writer.host.as_str())
    .bind(writer.public_key.as_slice())
    .bind(writer.begun_at.as_microsecond());
    let select = sqlx::query_scalar("SELECT public_key FROM flightdeck.writers WHERE id = $1").bind(writer.id.0);
    let key: Vec<u8> = store
        .timed("push to", async {
            insert.execute(&mut *connection).await?;
            select.fetch_one(connection).await
        })
        .await?;
    let (id, same) = (writer.id, key == writer.public_key);
    Ok((!same).then(|| {
        format!(
            "writer {id} has the key {} in the shared store, and another here: somebody writes in its name",
            hex(&key)
        )
    }))
}

/// Writes events of a chain to the store, in one transaction. Those that are there already are left alone.
///
/// Answers what stands there instead, where another event has one's place: then nothing was written.
///
/// # Errors
/// The store does not answer.
pub async fn push(
    connection: &mut PgConnection,
    store: &Store,
    writer: &WriterInfo,
    events: Vec<Raw>,
) -> Result<Option<String>, JournalError> {
    match Columns::new(events) {
        Ok(columns) => store.timed("push to", write(connection, writer, &columns)).await,
        Err(why) => Ok(Some(why)),
    }
}

/// Writes, or says what stands there instead.
async fn write(
    connection: &mut PgConnection,
    writer: &WriterInfo,
    columns: &Columns,
) -> Result<Option<String>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let written = sqlx::query(
        "INSERT INTO flightdeck.events (id, writer, sequence, hash, header, incident, occurred_at, wall_ms, kind, actor) \
         SELECT id, $1, sequence, hash, header, incident, occurred_at, wall_ms, kind, actor \
         FROM unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[], $6::uuid[], $7::bigint[], $8::bigint[], $9::text[], $10::text[]) \
         AS new (id, sequence, hash, header, incident, occurred_at, wall_ms, kind, actor) ORDER BY sequence ON CONFLICT DO NOTHING",
    )
    .bind(writer.id.0)
    .bind(&columns.ids)
    .bind(&columns.sequences)
    .bind(&columns.hashes)
    .bind(&columns.headers)
    .bind(&columns.incidents)
    .bind(&columns.occurred)
    .bind(&columns.walls)
    .bind(&columns.kinds)
    .bind(&columns.actors)
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    // What was not written stands there already, or something else does.
    if written < columns.ids.len() as u64
        && let Some(other) = other(&mut transaction, writer, columns).await?
    {
        transaction.rollback().await?;
        return Ok(Some(other));
    }
    sqlx::query(
        "INSERT INTO flightdeck.bodies (event, salt, json) SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&columns.body_ids)
    .bind(&columns.salts)
    .bind(&columns.jsons)
    .execute(&mut *transaction)
    .await?;
    say(&mut transaction, &columns.said).await?;
    transaction.commit().await?;
    Ok(None)
}

/// Compares what stands in the store with what was to be written.
async fn other(
    connection: &mut PgConnection,
    writer: &WriterInfo,
    columns: &Columns,
) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT new.id, new.sequence FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS new (id, sequence, hash) \
         LEFT JOIN flightdeck.events e ON e.id = new.id AND e.writer = $1 AND e.sequence = new.sequence AND e.hash = new.hash \
         WHERE e.id IS NULL ORDER BY new.sequence LIMIT 1",
    )
    .bind(writer.id.0)
    .bind(&columns.ids)
    .bind(&columns.sequences)
    .bind(&columns.hashes)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (id, sequence): (Uuid, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Some(format!("event {id}, number {sequence} of writer {}: {FORKED}", writer.id)))
}

/// Tells the store which bodies may go.
async fn say(connection: &mut PgConnection, said: &[(Header, Body)]) -> Result<(), sqlx::Error> {
    for (header, body) in said {
        match body {
            Body::Erased { event, .. } => {
                let sql = "INSERT INTO flightdeck.erasures (event, said_by) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                sqlx::query(sql).bind(event.0).bind(header.id.0).execute(&mut *connection).await?;
            }
            Body::Expired(expired) => {
                let sql = "INSERT INTO flightdeck.expiries (writer, before, said_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                let query = sqlx::query(sql).bind(expired.writer.0).bind(expired.before.as_microsecond());
                query.bind(header.id.0).execute(&mut *connection).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
