//! Writing events of one's own: any number in one transaction, which is on the disk when it is answered.

use super::{Site, Writing, erase, failed, file, row, schema, writer::Writer};
use crate::{
    journal::{
        chain::{self, Head, Prepared},
        error::JournalError,
        merkle::Frontier,
    },
    model::{
        Timestamp,
        journal::{Actor, Body, CheckpointBody, Draft, EventId, Header, HybridClock, WriterId},
    },
};
use sqlx::{Row, SqliteConnection};

/// What became of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub header: Header,
    /// Whether it stood there already: written before with the same key, or the same identity.
    pub existed: bool,
}

/// A transaction in which a chain is made longer. Where it is not committed the connection stays [`Writing::midway`]: whoever has it
/// drops it, and nothing of it was written.
pub struct Appending<'c> {
    transaction: &'c mut SqliteConnection,
    site: &'c Site,
    file: file::FileId,
    writer: &'c Writer,
    midway: &'c mut bool,
    head: Head,
    signed: u64,
    now: Timestamp,
}

/// What a transaction begins with.
struct Start {
    /// The form of the file.
    form: i64,
    head: Head,
    /// How many events the writer's newest checkpoint signs.
    signed: u64,
}

/// Locks the file for writing, and reads its form, the end of a writer's chain, the clock that goes on from it, and how much of it is
/// signed. It is one request, because each costs two changes of threads.
async fn start(connection: &mut SqliteConnection, writer: WriterId) -> Result<Start, sqlx::Error> {
    let row = sqlx::query(
        "BEGIN IMMEDIATE; \
         SELECT e.sequence, e.hash, e.wall_ms, e.counter, r.wall_ms, r.counter, (SELECT user_version FROM pragma_user_version), \
         (SELECT size FROM trees WHERE writer = ?1) \
         FROM received r LEFT JOIN (SELECT * FROM events WHERE writer = ?1 ORDER BY sequence DESC LIMIT 1) e",
    )
    .bind(writer.0)
    .fetch_one(connection)
    .await?;
    let clock =
        |wall_ms: i64, counter: i64| HybridClock { wall_ms, counter: u32::try_from(counter).unwrap_or(u32::MAX) };
    let received = clock(row.try_get(4)?, row.try_get(5)?);
    let head = match row.try_get::<Option<i64>, _>(0)? {
        None => Head { clock: received, ..Head::default() },
        Some(sequence) => {
            let own = clock(row.try_get(2)?, row.try_get(3)?);
            let hash = row::digest(row.try_get(1)?);
            Head { sequence: sequence.cast_unsigned(), hash, clock: own.max(received) }
        }
    };
    let signed: Option<i64> = row.try_get(7)?;
    Ok(Start { form: row.try_get(6)?, head, signed: signed.unwrap_or(0).cast_unsigned() })
}

impl<'c> Appending<'c> {
    /// Begins: from here on no other process writes, until [`Appending::commit`].
    ///
    /// # Errors
    /// The file is not what it was, locked for too long, or not writable.
    pub async fn begin(writing: &'c mut Writing, site: &'c Site) -> Result<Self, JournalError> {
        same_file(site, writing.file)?;
        let error = |error: sqlx::Error| failed("write", &site.path, &error);
        let Writing { connection: transaction, writer, file, midway } = writing;
        *midway = true;
        let Start { form, head, signed } = start(transaction, writer.id).await.map_err(error)?;
        schema::still(&site.path, form)?;
        Ok(Self { transaction, site, file: *file, writer, midway, head, signed, now: site.now.get() })
    }

    /// The connection, inside the transaction.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        self.transaction
    }

    /// Appends events, all or none, except those that stand there already.
    ///
    /// # Errors
    /// The inner one is about these events: the transaction goes on without them. The outer one ends it.
    pub async fn append(&mut self, events: &[Prepared]) -> Result<Result<Vec<Written>, JournalError>, JournalError> {
        for event in events.iter().filter(|event| !event.fresh) {
            if let Some(Err(taken)) = self.same_id(event).await.map_err(|error| self.unreadable(&error))? {
                return Ok(Err(taken));
            }
        }
        let mut written = Vec::with_capacity(events.len());
        for event in events {
            let known = self.known(event).await.map_err(|error| self.unreadable(&error))?;
            written.push(match known {
                Some(known) => known,
                None => self.write(event).await?,
            });
        }
        Ok(Ok(written))
    }

    fn unreadable(&self, error: &sqlx::Error) -> JournalError {
        failed("read", &self.site.path, error)
    }

    async fn write(&mut self, event: &Prepared) -> Result<Written, JournalError> {
        let error = |error: sqlx::Error| failed("write", &self.site.path, &error);
        let salt = chain::salt().map_err(|error| JournalError::local("write", &self.site.path, error))?;
        let sealed = chain::seal(self.writer.id, &mut self.head, event, salt, self.now);
        row::insert(self.transaction, &sealed, self.now).await.map_err(error)?;
        erase::heed(self.transaction, &sealed.header, &event.draft.body).await.map_err(error)?;
        Ok(Written { header: sealed.header, existed: false })
    }

    /// The event that stands there under this identity: the same, where the answer to an attempt was lost, or another.
    async fn same_id(&mut self, event: &Prepared) -> Result<Option<Result<Written, JournalError>>, sqlx::Error> {
        let Some(entry) = row::by_id(self.transaction, event.id).await? else { return Ok(None) };
        let (header, draft) = (entry.event.header, &event.draft);
        let same = header.kind == event.kind && header.occurred_at == draft.occurred_at && header.actor == draft.actor;
        Ok(Some(if same { Ok(Written { header, existed: true }) } else { Err(JournalError::Taken(event.id)) }))
    }

    /// The event that this draft was written as before.
    async fn known(&mut self, event: &Prepared) -> Result<Option<Written>, sqlx::Error> {
        if !event.fresh
            && let Some(Ok(written)) = self.same_id(event).await?
        {
            return Ok(Some(written));
        }
        let Some(key) = &event.draft.key else { return Ok(None) };
        let sql = "SELECT id FROM events WHERE writer = ? AND key = ? ORDER BY sequence LIMIT 1";
        let found = sqlx::query(sql).bind(self.writer.id.0).bind(key.as_str()).fetch_optional(&mut *self.transaction);
        let Some(found) = found.await? else { return Ok(None) };
        let entry = row::by_id(self.transaction, EventId(found.try_get(0)?)).await?;
        Ok(entry.map(|entry| Written { header: entry.event.header, existed: true }))
    }

    /// Signs a checkpoint over all that the writer wrote so far, where enough was written since the last one. Where it is asked for,
    /// anything new is enough, and the newest one is answered where nothing is; `None` where nothing was ever written.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub async fn checkpoint(&mut self, asked: bool) -> Result<Option<Signed>, JournalError> {
        let error = |error: sqlx::Error| failed("sign a checkpoint in", &self.site.path, &error);
        // The last checkpoint is itself an event after those that it signs.
        let new = self.head.sequence.saturating_sub(self.signed + u64::from(self.signed > 0));
        if new < if asked { 1 } else { self.site.checkpoint_every } {
            return if asked { newest(self.transaction, self.writer.id).await.map_err(error) } else { Ok(None) };
        }
        let mut tree = tree(self.transaction, self.writer.id).await.map_err(error)?;
        grow(self.transaction, self.writer.id, &mut tree).await.map_err(error)?;
        let body = self.writer.key.checkpoint(self.writer.id, tree.size(), tree.root());
        let draft = Draft::new(None, self.now, Actor::program(), Body::Checkpoint(body.clone()));
        let prepared = Prepared::new(draft, self.now).map_err(JournalError::Invalid)?;
        let header = self.write(&prepared).await?.header;
        self.signed = tree.size();
        sqlx::query("INSERT OR REPLACE INTO trees (writer, size, tops) VALUES (?, ?, ?)")
            .bind(self.writer.id.0)
            .bind(tree.size().cast_signed())
            .bind(tree.to_bytes())
            .execute(&mut *self.transaction)
            .await
            .map_err(error)?;
        Ok(Some(Signed { header, body }))
    }

    /// Ends the transaction. When this answers, everything is on the disk.
    ///
    /// # Errors
    /// It cannot be written, or the file was taken away meanwhile; then nothing of it counts as written.
    pub async fn commit(self) -> Result<(), JournalError> {
        let done = sqlx::query("COMMIT").execute(self.transaction).await;
        done.map_err(|error| failed("write", &self.site.path, &error))?;
        *self.midway = false;
        same_file(self.site, self.file)
    }
}

/// A checkpoint, and the event that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    pub header: Header,
    pub body: CheckpointBody,
}

/// The newest checkpoint of a writer.
pub async fn newest(connection: &mut SqliteConnection, writer: WriterId) -> Result<Option<Signed>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        row::entry_columns!(),
        " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.kind = 'checkpoint' \
         AND e.kind IN ('erased', 'expired', 'checkpoint') AND e.writer = ? ORDER BY e.local DESC LIMIT 1"
    );
    let Some(row) = sqlx::query(sql).bind(writer.0).fetch_optional(connection).await? else { return Ok(None) };
    let event = row::entry(&row)?.event;
    Ok(match event.body {
        Some(Body::Checkpoint(body)) => Some(Signed { header: event.header, body }),
        _ => None,
    })
}

/// SQLite goes on with a file that was deleted or replaced, as if nothing had happened.
pub(super) fn same_file(site: &Site, opened_on: file::FileId) -> Result<(), JournalError> {
    let why = match file::identity(&site.path) {
        Ok(now) if now == opened_on => return Ok(()),
        Ok(_) => "another file lies in its place now".to_owned(),
        Err(error) => format!("it is gone ({error})"),
    };
    Err(JournalError::local("write", &site.path, why))
}

/// The tree as of the writer's last checkpoint. It is kept beside the chain so that signing does not read the whole chain; one that
/// does not fit is begun anew.
async fn tree(connection: &mut SqliteConnection, writer: WriterId) -> Result<Frontier, sqlx::Error> {
    let row = sqlx::query("SELECT size, tops FROM trees WHERE writer = ?").bind(writer.0).fetch_optional(connection);
    let Some(row) = row.await? else { return Ok(Frontier::default()) };
    let size: i64 = row.try_get(0)?;
    Ok(Frontier::from_bytes(size.cast_unsigned(), row.try_get(1)?).unwrap_or_default())
}

/// How many hashes are read at a time.
const PAGE: i64 = 4096;

/// Adds what the writer wrote since.
pub async fn grow(connection: &mut SqliteConnection, writer: WriterId, tree: &mut Frontier) -> Result<(), sqlx::Error> {
    loop {
        let sql = "SELECT hash FROM events WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT ?";
        let query = sqlx::query(sql).bind(writer.0).bind(tree.size().cast_signed()).bind(PAGE);
        let rows = query.fetch_all(&mut *connection).await?;
        for row in &rows {
            tree.push(&row::digest(row.try_get(0)?));
        }
        if rows.len() < PAGE as usize {
            return Ok(());
        }
    }
}
