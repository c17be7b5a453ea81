//! Events of others, as they come into the local file: a union of sets. What does not fit is left out and told, and never keeps the rest
//! from coming.

use super::{
    Site, Writing, append, erase, failed,
    read::WriterInfo,
    row::{self, insert},
};
use crate::{
    journal::{chain::Sealed, encode, error::JournalError},
    model::{
        Timestamp,
        journal::{Digest, EventId, Header, HybridClock, WriterId},
    },
};
use compact_str::CompactString;
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

/// An event of the shared store.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// Its number there.
    pub number: u64,
    pub id: EventId,
    pub writer: WriterId,
    /// `None` for one that was written here.
    pub content: Option<Content>,
}

/// What an event is.
#[derive(Debug, Clone)]
pub struct Content {
    /// The hash that the store has for it.
    pub hash: Digest,
    pub header: Vec<u8>,
    /// Salt and JSON, where it has not been erased.
    pub body: Option<(Vec<u8>, Vec<u8>)>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    pub added: u64,
    /// Whether one of them says that bodies of others may go.
    pub erasing: bool,
    /// Events that were left out, and why.
    pub left_out: Vec<String>,
}

/// Takes events and their writers in, and remembers how far the store was read.
///
/// # Errors
/// The file cannot be written; then nothing of the batch was taken in.
pub async fn merge(
    writing: &mut Writing,
    site: &Site,
    store: Uuid,
    writers: &[WriterInfo],
    events: &[Foreign],
) -> Result<Merged, JournalError> {
    append::same_file(site, writing.file)?;
    let error = |error: sqlx::Error| failed("merge into", &site.path, &error);
    // The store has it all: what a power cut takes is pulled again.
    writing.relax().await.map_err(error)?;
    let mut transaction = writing.connection.begin_with("BEGIN IMMEDIATE").await.map_err(error)?;
    let mut merged = Merged::default();
    let (now, mut latest) = (site.now.get(), HybridClock::default());
    for writer in writers {
        if let Some(why) = pin(&mut transaction, writer).await.map_err(error)? {
            merged.left_out.push(why);
        }
    }
    for event in events {
        let Some(content) = &event.content else { continue };
        match take(&mut transaction, event, content, now).await.map_err(error)? {
            Taken::Added(kind, clock) => {
                latest = latest.max(clock);
                merged.added += 1;
                merged.erasing |= kind == "erased" || kind == "expired";
            }
            Taken::Known => {}
            Taken::LeftOut(why) => {
                merged.left_out.push(format!("event {} of writer {}: {why}", event.id, event.writer))
            }
        }
    }
    receive(&mut transaction, latest).await.map_err(error)?;
    if let Some(last) = events.last() {
        sqlx::query("INSERT OR REPLACE INTO pulls (store, sequence, event) VALUES (?, ?, ?)")
            .bind(store)
            .bind(last.number.cast_signed())
            .bind(last.id.0)
            .execute(&mut *transaction)
            .await
            .map_err(error)?;
    }
    transaction.commit().await.map_err(error)?;
    writing.strict().await.map_err(error)?;
    append::same_file(site, writing.file)?;
    Ok(merged)
}

/// Keeps a writer's key as it was when it was first seen. Says so where it is another now.
async fn pin(connection: &mut SqliteConnection, writer: &WriterInfo) -> Result<Option<String>, sqlx::Error> {
    sqlx::query("INSERT OR IGNORE INTO writers (id, host, public_key, begun_at) VALUES (?, ?, ?, ?)")
        .bind(writer.id.0)
        .bind(writer.host.as_str())
        .bind(writer.public_key.as_slice())
        .bind(writer.begun_at.as_microsecond())
        .execute(&mut *connection)
        .await?;
    let known: Vec<u8> = sqlx::query_scalar("SELECT public_key FROM writers WHERE id = ?")
        .bind(writer.id.0)
        .fetch_one(connection)
        .await?;
    let same = known == writer.public_key;
    Ok((!same).then(|| {
        format!(
            "writer {} ({}) shows another key than before; the one that was seen first is kept",
            writer.id, writer.host
        )
    }))
}

enum Taken {
    /// Of this kind, and at this clock.
    Added(CompactString, HybridClock),
    Known,
    LeftOut(String),
}

async fn take(
    connection: &mut SqliteConnection,
    event: &Foreign,
    content: &Content,
    now: Timestamp,
) -> Result<Taken, sqlx::Error> {
    let header = match check(event, content) {
        Ok(header) => header,
        Err(why) => return Ok(Taken::LeftOut(why)),
    };
    if let Some(taken) = known(connection, &header).await? {
        return Ok(taken);
    }
    let body = content.body.as_ref().map(|(_, json)| row::body(&header.kind, json));
    let (clock, kind) = (header.clock, header.kind.clone());
    let sealed = Sealed { header, bytes: content.header.clone(), body: content.body.clone() };
    insert(connection, &sealed, now).await?;
    if let Some(body) = body {
        erase::heed(connection, &sealed.header, &body).await?;
    }
    Ok(Taken::Added(kind, clock))
}

/// Looks whether an event stands here already, whether another stands in its place, and whether it follows on the one before it, where
/// that is here.
async fn known(connection: &mut SqliteConnection, header: &Header) -> Result<Option<Taken>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, hash, sequence FROM events WHERE id = ?1 OR (writer = ?2 AND sequence IN (?3, ?3 - 1))",
    )
    .bind(header.id.0)
    .bind(header.writer.0)
    .bind(header.sequence.cast_signed())
    .fetch_all(connection)
    .await?;
    let first = header.sequence == 1 && header.previous != Digest::default();
    let mut wrong = first.then(|| "it is the first of its chain and follows on something".to_owned());
    for row in &rows {
        let (id, hash) = (EventId(row.try_get(0)?), row::digest(row.try_get(1)?));
        if hash == header.hash {
            return Ok(Some(Taken::Known));
        }
        let before = row.try_get::<i64, _>(2)?.cast_unsigned() + 1 == header.sequence && id != header.id;
        if !before {
            wrong =
                Some(format!("another event, {id}, stands here in its place; one of the two was changed or forked"));
        } else if hash != header.previous {
            wrong = Some(format!("it follows on {}, but the one before it is {hash}", header.previous));
        }
    }
    Ok(wrong.map(Taken::LeftOut))
}

/// Looks whether an event is what its hashes say.
fn check(event: &Foreign, content: &Content) -> Result<Header, String> {
    let header = encode::decode(&content.header).map_err(|error| format!("its header cannot be read: {error}"))?;
    if header.hash != content.hash || (header.id, header.writer) != (event.id, event.writer) {
        return Err("its header is not what the store says of it".to_owned());
    }
    match &content.body {
        Some((salt, json)) if encode::body_digest(salt, json) != header.body_hash => {
            Err("its body is not the one that was written".to_owned())
        }
        _ => Ok(header),
    }
}

/// A clock that is further ahead than time can be told is a broken one, and is not followed.
fn sane(clock: HybridClock) -> bool {
    Timestamp::from_millisecond(clock.wall_ms).is_ok()
}

/// Remembers the latest clock of others, so that what is written next comes after it.
async fn receive(connection: &mut SqliteConnection, clock: HybridClock) -> Result<(), sqlx::Error> {
    if sane(clock) {
        sqlx::query("UPDATE received SET wall_ms = ?1, counter = ?2 WHERE (wall_ms, counter) < (?1, ?2)")
            .bind(clock.wall_ms)
            .bind(i64::from(clock.counter))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// How far a store was read, and the event that was found there.
pub async fn pulled(connection: &mut SqliteConnection, store: Uuid) -> Result<Option<(u64, EventId)>, sqlx::Error> {
    let sql = "SELECT sequence, event FROM pulls WHERE store = ?";
    let row = sqlx::query(sql).bind(store).fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), EventId(row.try_get(1)?)))).transpose()
}

/// Hash of a writer's event here.
pub async fn hash_at(
    connection: &mut SqliteConnection,
    writer: WriterId,
    sequence: u64,
) -> Result<Option<Digest>, sqlx::Error> {
    let sql = "SELECT hash FROM events WHERE writer = ? AND sequence = ?";
    let row = sqlx::query(sql).bind(writer.0).bind(sequence.cast_signed()).fetch_optional(connection).await?;
    row.map(|row| row.try_get(0).map(row::digest)).transpose()
}

/// The newest sequence of a writer here.
pub async fn newest_of(connection: &mut SqliteConnection, writer: WriterId) -> Result<u64, sqlx::Error> {
    let sql = "SELECT max(sequence) FROM events WHERE writer = ?";
    let newest: Option<i64> = sqlx::query_scalar(sql).bind(writer.0).fetch_one(connection).await?;
    Ok(newest.unwrap_or(0).cast_unsigned())
}
