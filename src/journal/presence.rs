//! Who is here: on this machine through the local file, on others through the shared store. It passes, and stands in no chain.

use super::{
    error::JournalError,
    job,
    news::Teller,
    postgres::Store,
    sqlite::{self, Site, Writing, row::time},
    worker::Command,
};
use crate::model::{Timestamp, journal::Actor};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};
use uuid::Uuid;

/// Somebody at a cockpit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    pub actor: Actor,
    pub host: CompactString,
    /// What they look at, in words; empty where that is nobody's business.
    #[serde(default)]
    pub at: CompactString,
}

/// Somebody who was here a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub attendee: Attendee,
    pub since: Timestamp,
    pub seen_at: Timestamp,
    /// Whether it is this cockpit itself.
    pub own: bool,
}

/// How often a cockpit says that it is still here.
pub(super) const BEAT: Duration = Duration::from_secs(15);
/// After this many seconds without a sign one counts as gone.
const GONE_SECONDS: i64 = 45;

/// This cockpit's own presence.
#[derive(Clone)]
pub(super) struct Own {
    pub session: Uuid,
    pub since: Timestamp,
    /// What it says of itself.
    pub attendee: watch::Receiver<Attendee>,
}

type List = BTreeMap<Uuid, Present>;

/// Puts together who is here by the local file and by the shared store.
pub(super) struct Board {
    lists: Mutex<[List; 2]>,
    teller: Teller,
}

/// Where a list is from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Local,
    Shared,
}

impl Board {
    pub fn new(teller: Teller) -> Self {
        Self { lists: Mutex::default(), teller }
    }

    /// Takes a list, and tells who is here now.
    pub fn take(&self, side: Side, list: List, now: Timestamp) {
        let all = {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            lists[side as usize] = list;
            let gone = |present: &Present| now.duration_since(present.seen_at).as_secs() >= GONE_SECONDS;
            lists.iter_mut().for_each(|list| list.retain(|_, present| !gone(present)));
            // One who is on both is told once, as the one who was seen last.
            let mut all = lists[0].clone();
            for (session, present) in &lists[1] {
                let known = all.entry(*session).or_insert_with(|| present.clone());
                if present.seen_at > known.seen_at {
                    *known = present.clone();
                }
            }
            all
        };
        let mut present: Vec<_> = all.into_values().collect();
        present.sort_by_key(|present| (present.since, present.attendee.host.clone()));
        self.teller.presence(present);
    }
}

/// Says in the local file that this cockpit is here, until it is stopped. The one who writes takes it out at the end.
pub(super) struct PresenceTask {
    pub site: Arc<Site>,
    pub own: Own,
    pub board: Arc<Board>,
    pub commands: mpsc::WeakSender<Command>,
}

impl PresenceTask {
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        loop {
            // Where it cannot be written, others find out by not seeing it.
            if let Some(Ok(list)) = self.beat().await {
                self.board.take(Side::Local, list, self.site.now.get());
            }
            tokio::select! {
                () = sleep(BEAT) => {}
                changed = self.own.attendee.changed() => if changed.is_err() { return },
                _ = &mut stop => return,
            }
        }
    }

    async fn beat(&mut self) -> Option<Result<List, JournalError>> {
        let (session, since) = (self.own.session, self.own.since);
        let attendee = serde_json::to_string(&*self.own.attendee.borrow_and_update()).ok()?;
        let (job, answer) = job::job("note who is here in", move |site: &Site, writing: &mut Writing| {
            Box::pin(async move {
                let now = site.now.get();
                let noted = async {
                    writing.relax().await?;
                    let list = local(writing, session, &attendee, since, now).await?;
                    writing.strict().await?;
                    Ok(list)
                };
                noted.await.map_err(|error| sqlite::failed("note who is here in", &site.path, &error))
            })
        });
        // Not kept: a journal ends when nobody but its own tasks can write any more.
        let commands = self.commands.upgrade()?;
        commands.send(Command::Job(job)).await.ok()?;
        drop(commands);
        Some(answer.await)
    }
}

async fn local(
    writing: &mut Writing,
    session: Uuid,
    attendee: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<List, sqlx::Error> {
    let gone = now.checked_sub(SignedDuration::from_secs(GONE_SECONDS)).unwrap_or(now).as_microsecond();
    let connection = &mut writing.connection;
    sqlx::query("INSERT OR REPLACE INTO presence (session, attendee, since, seen_at) VALUES (?, ?, ?, ?)")
        .bind(session)
        .bind(attendee)
        .bind(since.as_microsecond())
        .bind(now.as_microsecond())
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM presence WHERE seen_at < ?").bind(gone).execute(&mut *connection).await?;
    let sql = "SELECT session, attendee, since, seen_at FROM presence";
    let mut list = List::new();
    for row in sqlx::query(sql).fetch_all(connection).await? {
        let seen = (time(row.try_get(2)?), time(row.try_get(3)?));
        add(&mut list, row.try_get(0)?, row.try_get(1)?, seen, session);
    }
    Ok(list)
}

/// Adds somebody; one whose description cannot be read is left out.
fn add(list: &mut List, session: Uuid, attendee: &str, (since, seen_at): (Timestamp, Timestamp), own: Uuid) {
    if let Ok(attendee) = serde_json::from_str(attendee) {
        list.insert(session, Present { attendee, since, seen_at, own: session == own });
    }
}

/// Takes this cockpit out of the local file.
pub(super) async fn leave_local(writing: &mut Writing, session: Uuid) {
    // Others find out by not seeing it any more.
    let query = sqlx::query("DELETE FROM presence WHERE session = ?").bind(session);
    let _ = query.execute(&mut writing.connection).await;
}

/// Says in the shared store that this cockpit is here, and answers who else is.
///
/// # Errors
/// The store does not answer.
pub(super) async fn beat_shared(
    connection: &mut PgConnection,
    store: &Store,
    own: &mut Own,
    now: Timestamp,
) -> Result<List, JournalError> {
    let attendee = serde_json::to_string(&*own.attendee.borrow_and_update()).unwrap_or_default();
    store.timed("note who is here in", shared(connection, own, &attendee, now)).await
}

async fn shared(connection: &mut PgConnection, own: &Own, attendee: &str, now: Timestamp) -> Result<List, sqlx::Error> {
    sqlx::query(
        "INSERT INTO flightdeck.presence (session, attendee, since) VALUES ($1, $2, $3) \
         ON CONFLICT (session) DO UPDATE SET attendee = $2, seen_at = clock_timestamp()",
    )
    .bind(own.session)
    .bind(attendee)
    .bind(own.since.as_microsecond())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM flightdeck.presence WHERE seen_at < clock_timestamp() - make_interval(secs => $1)")
        .bind(GONE_SECONDS as f64)
        .execute(&mut *connection)
        .await?;
    // Ages by the server's clock: that of this machine may be another.
    let sql = "SELECT session, attendee, since, extract(epoch FROM clock_timestamp() - seen_at)::float8 FROM flightdeck.presence";
    let mut list = List::new();
    for row in sqlx::query(sql).fetch_all(connection).await? {
        let age = SignedDuration::try_from_secs_f64(row.try_get(3)?).unwrap_or_default();
        let seen_at = now.checked_sub(age).unwrap_or(now);
        add(&mut list, row.try_get(0)?, row.try_get(1)?, (time(row.try_get(2)?), seen_at), own.session);
    }
    Ok(list)
}

/// Takes this cockpit out of the shared store.
pub(super) async fn leave_shared(connection: &mut PgConnection, store: &Store, session: Uuid) {
    // Others find out by not seeing it any more.
    let query = sqlx::query("DELETE FROM flightdeck.presence WHERE session = $1").bind(session);
    let _ = store.timed("leave", query.execute(connection)).await;
}
