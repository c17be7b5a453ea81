//! Which writer this file on this machine is.

use super::{Site, failed, file::FileId};
use crate::{
    journal::{
        error::JournalError,
        key::{self, SigningKey},
        random,
    },
    model::journal::WriterId,
};
use sqlx::{Connection, Row, Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

/// The writer that events are appended for.
pub struct Writer {
    pub id: WriterId,
    pub key: SigningKey,
}

/// The writer of this file on this machine. Where the file is a copy, came from another machine or was put back from a backup, or
/// where the writer's key is gone, a new one is begun: two that go on with one chain would fork it.
///
/// # Errors
/// The file or the key cannot be read or written.
pub async fn current(connection: &mut SqliteConnection, site: &Site, file: FileId) -> Result<Writer, JournalError> {
    let error = |error: sqlx::Error| failed("find the writer of", &site.path, &error);
    if let Some(writer) = known(connection, site, file).await.map_err(error)? {
        return Ok(writer);
    }
    // Of several processes that find none, one begins it.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(error)?;
    if let Some(writer) = known(&mut transaction, site, file).await.map_err(error)? {
        return Ok(writer);
    }
    begin_in(transaction, site, file).await
}

/// Begins a new writer though there is one: its chain has gone on elsewhere.
///
/// # Errors
/// The file or the key cannot be written.
pub async fn begin_anew(connection: &mut SqliteConnection, site: &Site, file: FileId) -> Result<Writer, JournalError> {
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    begin_in(begun.map_err(|error| failed("begin a writer in", &site.path, &error))?, site, file).await
}

async fn begin_in(mut transaction: Transaction<'_, Sqlite>, site: &Site, file: FileId) -> Result<Writer, JournalError> {
    let error = |error: sqlx::Error| failed("begin a writer in", &site.path, &error);
    let id = WriterId(random::uuid().map_err(JournalError::Invalid)?);
    let key_path = key::path(&site.path, id);
    let begun = begin(&mut transaction, site, file, id).await;
    let done = match begun {
        Ok(writer) => transaction.commit().await.map_err(error).map(|()| writer),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // The key of a writer that is not written down is of no use.
        let _ = std::fs::remove_file(key_path);
    }
    done
}

async fn known(connection: &mut SqliteConnection, site: &Site, file: FileId) -> Result<Option<Writer>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, public_key FROM writers WHERE machine = ? AND inode = ? AND born = ? ORDER BY begun_at DESC, id DESC LIMIT 1",
    )
    .bind(site.machine.as_str())
    .bind(file.inode.cast_signed())
    .bind(file.born)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (id, public): (Uuid, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
    let id = WriterId(id);
    let key = SigningKey::load(&key::path(&site.path, id)).ok();
    Ok(key.filter(|key| key.public().as_slice() == public).map(|key| Writer { id, key }))
}

async fn begin(
    connection: &mut SqliteConnection,
    site: &Site,
    file: FileId,
    id: WriterId,
) -> Result<Writer, JournalError> {
    let key = SigningKey::create(&key::path(&site.path, id))
        .map_err(|error| JournalError::local("write a key beside", &site.path, error))?;
    sqlx::query(
        "INSERT INTO writers (id, host, public_key, begun_at, machine, inode, born) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.0)
    .bind(site.host.as_str())
    .bind(key.public().to_vec())
    .bind(site.now.get().as_microsecond())
    .bind(site.machine.as_str())
    .bind(file.inode.cast_signed())
    .bind(file.born)
    .execute(connection)
    .await
    .map_err(|error| failed("begin a writer in", &site.path, &error))?;
    Ok(Writer { id, key })
}
