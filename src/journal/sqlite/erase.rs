//! Bodies go where an event has said why, and nowhere else.

use super::{Site, Writing, failed};
use crate::{
    journal::error::JournalError,
    model::{
        Timestamp,
        journal::{Body, Header, WriterId},
    },
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

/// Does what an event says about the bodies of others, as it comes in: one's own or another's.
pub async fn heed(connection: &mut SqliteConnection, header: &Header, body: &Body) -> Result<(), sqlx::Error> {
    match body {
        Body::Erased { event, .. } => {
            sqlx::query("INSERT OR IGNORE INTO erasures (event, said_by) VALUES (?, ?)")
                .bind(event.0)
                .bind(header.id.0)
                .execute(connection)
                .await?;
        }
        Body::Expired(expired) => {
            sqlx::query("INSERT OR IGNORE INTO expiries (writer, before, said_by) VALUES (?, ?, ?)")
                .bind(expired.writer.0)
                .bind(expired.before.as_microsecond())
                .bind(header.id.0)
                .execute(connection)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

/// How many bodies are deleted in one transaction, so that others are not kept from writing for long.
pub const CHUNK: usize = 1000;

/// Conditions on an event `e` whose body may expire before a time, but for the time. As in the view `erasable`.
macro_rules! ambient {
    () => {
        "e.incident IS NULL AND e.kind NOT IN ('erased', 'expired', 'checkpoint', 'declared', 'title', 'severity', 'status', 'role', \
         'pin', 'update', 'task', 'link', 'merged', 'milestone', 'withdrawn', 'resolved', 'reopened', 'attached', 'escalated', 'account', 'review')"
    };
}

#[cfg(test)]
pub(super) use ambient;

/// Writers of this file.
pub async fn own_writers(connection: &mut SqliteConnection) -> Result<Vec<WriterId>, sqlx::Error> {
    let sql = "SELECT id FROM writers WHERE machine IS NOT NULL ORDER BY begun_at, id";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(connection).await?;
    Ok(ids.into_iter().map(WriterId).collect())
}

/// How many bodies of a writer are there that are older than a time.
pub async fn count(connection: &mut SqliteConnection, writer: WriterId, before: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = concat!(
        "SELECT count(*) FROM events e INDEXED BY events_timeline JOIN bodies b ON b.event = e.local \
         WHERE e.writer = ?1 AND e.occurred_at < ?2 AND e.wall_ms < ?2 / 1000 AND ",
        ambient!()
    );
    let count: i64 = sqlx::query_scalar(sql).bind(writer.0).bind(before.as_microsecond()).fetch_one(connection).await?;
    Ok(count.cast_unsigned())
}

/// Events whose bodies have expired and are still there.
pub async fn expired(connection: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
    let sql = concat!(
        "SELECT e.local FROM (SELECT writer, max(before) AS before FROM expiries GROUP BY writer) x \
         CROSS JOIN events e INDEXED BY events_timeline CROSS JOIN bodies b ON b.event = e.local \
         WHERE e.writer = x.writer AND e.occurred_at < x.before AND e.wall_ms < x.before / 1000 AND ",
        ambient!()
    );
    sqlx::query_scalar(sql).fetch_all(connection).await
}

/// Deletes bodies. The file itself looks whether they may go.
pub async fn delete(site: &Site, writing: &mut Writing, events: &[i64]) -> Result<(), JournalError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("DELETE FROM bodies WHERE event IN (");
    let mut list = query.separated(", ");
    for event in events {
        list.push_bind(*event);
    }
    query.push(")");
    let done = query.build().execute(&mut writing.connection).await;
    done.map(drop).map_err(|error| failed("erase bodies of", &site.path, &error))
}

/// Empties the log into the file, so that what was erased does not stay in it. Where somebody reads just now, the next one does.
pub async fn clean_log(site: &Site, writing: &mut Writing) -> Result<(), JournalError> {
    let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut writing.connection).await;
    done.map(drop).map_err(|error| failed("clean the log of", &site.path, &error))
}
