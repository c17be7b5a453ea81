//! Leases with fencing tokens: one runs at a time, and what an earlier holder still does can be told from what the present one does by
//! its token, which only grows. (M. Kleppmann, "How to do distributed locking", 2016:
//! <https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html>.)
//!
//! They lie in the shared store where one is configured and reachable, and otherwise in the local file, which keeps apart only those who
//! share it; a lease says where it lies.

use super::{
    answer::block_on,
    error::JournalError,
    handle::Journal,
    news::SharedState,
    postgres::Store,
    sqlite::{self, Site, Writing, row::time},
};
use crate::model::Timestamp;
use compact_str::CompactString;
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::time::Duration;

/// Where a lease lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeasePlace {
    /// It holds for all machines.
    Shared,
    /// It holds for this machine's cockpits on the same file only.
    Local,
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: CompactString,
    /// Unlike that of anybody else, and of the same one after a crash.
    pub holder: CompactString,
    /// Greater than that of every earlier lease of this name.
    pub token: u64,
    pub expires_at: Timestamp,
    pub place: LeasePlace,
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Wanted {
    name: CompactString,
    holder: CompactString,
    time: Duration,
    /// The greatest token that is known from elsewhere.
    above: u64,
}

impl Journal {
    /// Takes a lease for a time. The same holder takes it anew, with a greater token.
    ///
    /// # Errors
    /// [`JournalError::Held`] where another holds it.
    pub async fn acquire_lease(
        &self,
        name: CompactString,
        holder: CompactString,
        time: Duration,
    ) -> Result<Lease, JournalError> {
        let mut wanted = Wanted { name, holder, time, above: 0 };
        if self.shared.is_none() || matches!(self.shared_state(), SharedState::Down { .. }) {
            return self.acquire_local(wanted).await;
        }
        // One that was taken here while the store could not be reached holds on.
        let asked = wanted.clone();
        wanted.above =
            self.write("look at a lease in", move |site, writing| Box::pin(peek(site, writing, asked))).await?;
        let asked = wanted.clone();
        let store = self.store.clone();
        let taken = self.ask_shared("take a lease in", move |_, connection| {
            Box::pin(async move { acquire_shared(connection, store.as_ref(), &asked).await })
        });
        match taken.await {
            Ok(lease) => {
                let (name, token) = (lease.name.clone(), lease.token);
                // So that a lease that is taken here later has a greater token still.
                let kept =
                    self.write("note a lease in", move |site, writing| Box::pin(note(site, writing, name, token)));
                kept.await.map(|()| lease)
            }
            Err(JournalError::Shared { .. } | JournalError::Busy(_)) => self.acquire_local(wanted).await,
            Err(error) => Err(error),
        }
    }

    /// The same as [`Journal::acquire_lease`], on a thread that has no event loop.
    ///
    /// # Errors
    /// Those, and [`JournalError::Late`]: then it may be held until it expires.
    pub fn acquire_lease_blocking(
        &self,
        name: CompactString,
        holder: CompactString,
        time: Duration,
        deadline: Duration,
    ) -> Result<Lease, JournalError> {
        let late = JournalError::Late { what: "take a lease", seconds: deadline.as_secs(), why: None };
        block_on(self.acquire_lease(name, holder, time), deadline).unwrap_or(Err(late))
    }

    async fn acquire_local(&self, wanted: Wanted) -> Result<Lease, JournalError> {
        self.write("take a lease in", move |site, writing| Box::pin(acquire(site, writing, wanted))).await
    }

    /// Holds a lease for a time from now on. It stays where it lies: where that cannot be reached, it runs out.
    ///
    /// # Errors
    /// [`JournalError::Lost`] where it has run out or another has it.
    pub async fn renew_lease(&self, lease: Lease, time: Duration) -> Result<Lease, JournalError> {
        match lease.place {
            LeasePlace::Local => {
                self.write("renew a lease in", move |site, writing| Box::pin(set(site, writing, lease, time))).await
            }
            LeasePlace::Shared => {
                let store = self.store.clone();
                self.ask_shared("renew a lease in", move |_, connection| {
                    Box::pin(async move { set_shared(connection, store.as_ref(), lease, time).await })
                })
                .await
            }
        }
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// [`JournalError::Lost`] where it has run out or another has it.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), JournalError> {
        self.renew_lease(lease, Duration::ZERO).await.map(drop)
    }
}

/// A row: holder, token, when it expires.
type Kept = (String, i64, i64);

async fn kept(connection: &mut SqliteConnection, name: &str) -> Result<Option<Kept>, sqlx::Error> {
    let sql = "SELECT holder, token, expires_at FROM leases WHERE name = ?";
    let row = sqlx::query(sql).bind(name).fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).transpose()
}

/// The token that the local file has; an error where somebody else holds the lease there.
async fn peek(site: &Site, writing: &mut Writing, wanted: Wanted) -> Result<u64, JournalError> {
    let error = |error: sqlx::Error| sqlite::failed("look at a lease in", &site.path, &error);
    let kept = kept(&mut writing.connection, &wanted.name).await.map_err(error)?;
    let Some((holder, token, expires_at)) = kept else { return Ok(0) };
    if holder != wanted.holder && expires_at > site.now.get().as_microsecond() {
        return Err(held(&wanted.name, holder, time(expires_at)));
    }
    Ok(token.cast_unsigned())
}

fn held(name: &str, holder: String, until: Timestamp) -> JournalError {
    JournalError::Held { name: name.to_owned(), holder, until }
}

async fn acquire(site: &Site, writing: &mut Writing, wanted: Wanted) -> Result<Lease, JournalError> {
    let error = |error: sqlx::Error| sqlite::failed("take a lease in", &site.path, &error);
    let mut transaction = writing.connection.begin_with("BEGIN IMMEDIATE").await.map_err(error)?;
    let now = site.now.get();
    let known = kept(&mut transaction, &wanted.name).await.map_err(error)?;
    if let Some((holder, _, expires_at)) = &known
        && *holder != wanted.holder
        && *expires_at > now.as_microsecond()
    {
        return Err(held(&wanted.name, holder.clone(), time(*expires_at)));
    }
    let token = known.map_or(0, |(_, token, _)| token.cast_unsigned()).max(wanted.above) + 1;
    let expires_at = after(now, wanted.time);
    write(&mut transaction, &wanted.name, &wanted.holder, token, expires_at).await.map_err(error)?;
    transaction.commit().await.map_err(error)?;
    Ok(Lease { name: wanted.name, holder: wanted.holder, token, expires_at, place: LeasePlace::Local })
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    SignedDuration::try_from(time).ok().and_then(|time| now.checked_add(time).ok()).unwrap_or(Timestamp::MAX)
}

async fn write(
    connection: &mut SqliteConnection,
    name: &str,
    holder: &str,
    token: u64,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (name) DO UPDATE SET holder = ?2, token = ?3, expires_at = ?4",
    )
    .bind(name)
    .bind(holder)
    .bind(token.cast_signed())
    .bind(expires_at.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the token of a lease that lies elsewhere.
async fn note(site: &Site, writing: &mut Writing, name: CompactString, token: u64) -> Result<(), JournalError> {
    sqlx::query(
        "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, '', ?2, 0) \
         ON CONFLICT (name) DO UPDATE SET holder = '', token = ?2, expires_at = 0 WHERE token < ?2",
    )
    .bind(name.as_str())
    .bind(token.cast_signed())
    .execute(&mut writing.connection)
    .await
    .map(drop)
    .map_err(|error| sqlite::failed("note a lease in", &site.path, &error))
}

/// Lets a lease that is held expire at another time.
async fn set(site: &Site, writing: &mut Writing, lease: Lease, time: Duration) -> Result<Lease, JournalError> {
    let now = site.now.get();
    let expires_at = after(now, time);
    let sql = "UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ? AND token = ? AND expires_at > ?";
    let done = sqlx::query(sql)
        .bind(expires_at.as_microsecond())
        .bind(lease.name.as_str())
        .bind(lease.holder.as_str())
        .bind(lease.token.cast_signed())
        .bind(now.as_microsecond())
        .execute(&mut writing.connection)
        .await
        .map_err(|error| sqlite::failed("renew a lease in", &site.path, &error))?;
    if done.rows_affected() == 1 { Ok(Lease { expires_at, ..lease }) } else { Err(lost(&lease)) }
}

fn lost(lease: &Lease) -> JournalError {
    JournalError::Lost { name: lease.name.to_string(), token: lease.token }
}

/// There is a store where this is asked.
fn there(store: Option<&Store>) -> Result<&Store, JournalError> {
    store.ok_or(JournalError::Closed)
}

async fn acquire_shared(
    connection: &mut PgConnection,
    store: Option<&Store>,
    wanted: &Wanted,
) -> Result<Lease, JournalError> {
    let store = there(store)?;
    // By the server's clock, which is the same for all.
    let taken = sqlx::query(
        "INSERT INTO flightdeck.leases AS l (name, holder, token, expires_at) \
         VALUES ($1, $2, $3 + 1, clock_timestamp() + make_interval(secs => $4)) \
         ON CONFLICT (name) DO UPDATE SET holder = $2, token = greatest(l.token, $3) + 1, \
         expires_at = clock_timestamp() + make_interval(secs => $4) \
         WHERE l.holder = $2 OR l.expires_at <= clock_timestamp() \
         RETURNING token, (extract(epoch FROM expires_at) * 1000000)::bigint",
    )
    .bind(wanted.name.as_str())
    .bind(wanted.holder.as_str())
    .bind(wanted.above.cast_signed())
    .bind(wanted.time.as_secs_f64());
    let what = "take a lease in";
    let row = store.timed(what, taken.fetch_optional(&mut *connection)).await?;
    let error = |error: sqlx::Error| store.failed(what, error.to_string());
    if let Some(row) = row {
        let token: i64 = row.try_get(0).map_err(error)?;
        let expires_at = time(row.try_get(1).map_err(error)?);
        let (name, holder) = (wanted.name.clone(), wanted.holder.clone());
        return Ok(Lease { name, holder, token: token.cast_unsigned(), expires_at, place: LeasePlace::Shared });
    }
    let sql =
        "SELECT holder, (extract(epoch FROM expires_at) * 1000000)::bigint FROM flightdeck.leases WHERE name = $1";
    let row = store.timed(what, sqlx::query(sql).bind(wanted.name.as_str()).fetch_one(connection)).await?;
    Err(held(&wanted.name, row.try_get(0).map_err(error)?, time(row.try_get(1).map_err(error)?)))
}

async fn set_shared(
    connection: &mut PgConnection,
    store: Option<&Store>,
    lease: Lease,
    time_: Duration,
) -> Result<Lease, JournalError> {
    let store = there(store)?;
    let what = "renew a lease in";
    let query = sqlx::query(
        "UPDATE flightdeck.leases SET expires_at = clock_timestamp() + make_interval(secs => $1) \
         WHERE name = $2 AND holder = $3 AND token = $4 AND expires_at > clock_timestamp() \
         RETURNING (extract(epoch FROM expires_at) * 1000000)::bigint",
    )
    .bind(time_.as_secs_f64())
    .bind(lease.name.as_str())
    .bind(lease.holder.as_str())
    .bind(lease.token.cast_signed());
    let row = store.timed(what, query.fetch_optional(connection)).await?.ok_or_else(|| lost(&lease))?;
    let expires_at = row.try_get(0).map_err(|error| store.failed(what, error.to_string()))?;
    Ok(Lease { expires_at: time(expires_at), ..lease })
}
