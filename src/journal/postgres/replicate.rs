//! The task that exchanges events with the shared store. It never keeps anybody from writing: what it cannot do now it does later.

use super::{
    Store,
    pull::{self, Pulled},
    push, schema,
};
use crate::{
    clock,
    journal::{
        backoff::Backoff,
        error::JournalError,
        job::{self, Job},
        news::{SharedState, Teller},
        options::SharedOptions,
        presence::{self, Board, Own, Side},
        sqlite::{
            self, Site, Writing, erase,
            merge::{self, Merged},
            raw::{self, Raw},
            read::{self, WriterInfo},
        },
        worker::Command,
    },
    model::{Timestamp, journal::WriterId},
};
use sqlx::{
    Connection, PgConnection, SqliteConnection,
    postgres::{PgListener, PgPoolOptions},
};
use std::{
    collections::HashSet,
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Something else to be done with the shared store.
pub type SharedJob = Box<dyn Job<PgConnection>>;

/// How many of one's own events may come back before it is written down how far the store was read.
const NOTED: u64 = 5000;
/// How many events are pushed at a time, and how many bytes their bodies have together, but for the last ones.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 << 20;
/// How many are read at a time for that.
const PAGE: u32 = 100;
/// How long one waits for more, once something has come: what many write at once is taken in few pieces.
const SETTLE: Duration = Duration::from_millis(30);

pub struct Replicator {
    pub site: Arc<Site>,
    pub store: Store,
    pub options: SharedOptions,
    /// The one who writes the local file.
    pub commands: mpsc::WeakSender<Command>,
    pub jobs: mpsc::Receiver<SharedJob>,
    /// Something came into the local file.
    pub came: Arc<Notify>,
    pub teller: Teller,
    /// This cockpit's presence, where somebody sits here.
    pub own: Option<Own>,
    pub board: Arc<Board>,
}

/// A connection to the store, as long as it lasts.
struct Session {
    connection: PgConnection,
    listener: PgListener,
    /// For reading what is to be pushed.
    local: SqliteConnection,
    id: Uuid,
    /// The number in the store up to which events were pulled, and the one that the local file knows of.
    pulled: u64,
    noted: u64,
    /// Writers whose chain is another one there.
    forked: Vec<WriterId>,
    /// Writers that the store knows.
    introduced: HashSet<WriterId>,
    /// Whether the store was asked for every writer's chain: afterwards only own ones grow here first.
    whole: bool,
    /// When it was last said that this cockpit is here.
    beat: Option<Instant>,
}

/// The next events of a chain that are pushed together.
async fn batch(local: &mut SqliteConnection, writer: WriterId, mut after: u64) -> Result<Vec<Raw>, sqlx::Error> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while events.len() < BATCH && bytes < BATCH_BYTES {
        let page = raw::chain(local, writer, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.columns.sequence;
        bytes += page.iter().filter_map(|raw| raw.body.as_ref()).map(|(_, json)| json.len()).sum::<usize>();
        let full = page.len() == PAGE as usize;
        events.extend(page);
        if !full {
            break;
        }
    }
    Ok(events)
}

/// Waits until this cockpit says something else about itself.
async fn changed(own: &mut Option<Own>) {
    match own {
        Some(own) => {
            if own.attendee.changed().await.is_err() {
                pending().await
            }
        }
        None => pending().await,
    }
}

/// Why a session is over.
enum Over {
    Failed(JournalError),
    Stopped,
}

impl From<JournalError> for Over {
    fn from(error: JournalError) -> Self {
        Self::Failed(error)
    }
}

impl Replicator {
    /// Exchanges until it is stopped. Answers how many events the store does not have, where that is known.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Option<u64> {
        let mut backoff = Backoff::new(self.options.longest_backoff);
        let mut since: Option<Timestamp> = None;
        self.teller.shared(SharedState::Connecting);
        loop {
            // A command that comes and goes is done before the store has answered for the first time.
            let patient = since.is_none();
            let opened = tokio::select! {
                opened = self.open() => opened,
                _ = &mut stop, if !patient => return None,
            };
            let over = match opened {
                Err(error) => error,
                Ok(mut session) => {
                    backoff.reset();
                    since = None;
                    match self.exchange(&mut session, &mut stop).await {
                        Over::Stopped => return self.leave(session).await,
                        Over::Failed(error) => error,
                    }
                }
            };
            let since = *since.get_or_insert_with(|| self.site.now.get());
            self.teller.shared(SharedState::Down { why: over.to_string(), since });
            self.wait(backoff.wait(), &over, &mut stop).await?;
        }
    }

    /// Waits before the next attempt, and answers meanwhile that there is no store. `None` where it is stopped.
    async fn wait(&mut self, wait: Duration, why: &JournalError, stop: &mut oneshot::Receiver<()>) -> Option<()> {
        let wait = sleep(wait);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return Some(()),
                _ = &mut *stop => return None,
                job = self.jobs.recv() => match job {
                    Some(job) => job.fail(why.clone()),
                    None => return None,
                },
            }
        }
    }

    async fn open(&mut self) -> Result<Session, JournalError> {
        let store = &self.store;
        let mut connection = store.connect().await?;
        let id = schema::prepare(&mut connection, store).await?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(store.deadline)
            .connect_lazy_with(store.options.clone());
        let listener = store.timed("listen to", async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen("flightdeck_journal").await?;
            Ok(listener)
        });
        let listener = listener.await?;
        let mut local = sqlite::connect_reader(&self.site).await?;
        let error = |error: sqlx::Error| sqlite::failed("read", &self.site.path, &error);
        let pulled = match merge::pulled(&mut local, id).await.map_err(error)? {
            // A store that was put back from a backup is read again from its first event on; what is known is known.
            Some((number, event)) if pull::goes_on(&mut connection, store, number, event).await? => number,
            _ => 0,
        };
        Ok(Session {
            connection,
            listener,
            local,
            id,
            pulled,
            noted: pulled,
            introduced: HashSet::new(),
            whole: false,
            forked: Vec::new(),
            beat: None,
        })
    }

    /// Exchanges events as they come.
    async fn exchange(&mut self, session: &mut Session, stop: &mut oneshot::Receiver<()>) -> Over {
        loop {
            match self.catch_up(session).await {
                Ok(()) => self.teller.shared(SharedState::Connected),
                // The one who writes has ended: nothing more comes in, and what there is goes out when that is asked for.
                Err(Over::Failed(JournalError::Closed)) => {
                    let _ = (&mut *stop).await;
                    return Over::Stopped;
                }
                Err(over) => return over,
            }
            if let Err(error) = self.beat(session).await {
                return Over::Failed(error);
            }
            tokio::select! {
                _ = &mut *stop => return Over::Stopped,
                () = self.came.notified() => sleep(SETTLE).await,
                () = sleep(self.options.interval) => {}
                () = changed(&mut self.own) => session.beat = None,
                told = session.listener.try_recv() => match told {
                    // What it says is only that there is something.
                    Ok(Some(_)) => {
                        sleep(SETTLE).await;
                        while session.listener.next_buffered().is_some() {}
                    }
                    Ok(None) => return Over::Failed(self.store.failed("listen to", "the connection was lost")),
                    Err(error) => return Over::Failed(self.store.failed("listen to", error.to_string())),
                },
                job = self.jobs.recv() => match job {
                    Some(job) => {
                        if let Err(over) = self.serve(session, job).await {
                            return over;
                        }
                    }
                    None => pending().await,
                },
            }
        }
    }

    /// Says now and then that this cockpit is here.
    async fn beat(&mut self, session: &mut Session) -> Result<(), JournalError> {
        let Some(own) = &mut self.own else { return Ok(()) };
        let now = clock::instant();
        if session.beat.is_some_and(|last| now.duration_since(last) < presence::BEAT) {
            return Ok(());
        }
        session.beat = Some(now);
        let time = self.site.now.get();
        let list = presence::beat_shared(&mut session.connection, &self.store, own, time).await?;
        self.board.take(Side::Shared, list, time);
        Ok(())
    }

    async fn serve(&self, session: &mut Session, job: SharedJob) -> Result<(), Over> {
        // Jobs keep deadlines of their own; this one is for what they forget.
        let done = timeout(self.store.deadline * 3, job.run(&self.site, &mut session.connection)).await;
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Over::Failed(error)),
            // Its answer is dropped with it.
            Err(_) => Err(Over::Failed(self.store.failed("ask", "no answer in time"))),
        }
    }

    /// Pushes and pulls until both sides have everything.
    async fn catch_up(&mut self, session: &mut Session) -> Result<(), Over> {
        let writers = read::writers(&mut session.local).await.map_err(|error| self.unreadable(&error))?;
        let growing: Vec<_> = writers.iter().filter(|writer| writer.own || !session.whole).cloned().collect();
        self.push(session, &growing).await?;
        // Keys of writers are compared once.
        let mut known: HashSet<_> = writers.iter().map(|writer| writer.id).filter(|_| session.whole).collect();
        session.whole = true;
        let forked = &session.forked;
        let own = writers.iter().filter(|writer| writer.own && !forked.contains(&writer.id));
        let own: Vec<Uuid> = own.map(|writer| writer.id.0).collect();
        loop {
            let pulled = pull::pull(&mut session.connection, &self.store, session.pulled, &own, &known).await?;
            let Some(last) = pulled.events.last().map(|event| event.number) else { return Ok(()) };
            let more = pulled.more;
            if more {
                self.teller.shared(SharedState::Behind { unpushed: 0, unpulled: pulled.events.len() as u64 });
            }
            session.pulled = last;
            // One's own events that come back need not be written down one by one.
            if last - session.noted < NOTED && pulled.events.iter().all(|event| event.content.is_none()) {
                if more { continue } else { return Ok(()) }
            }
            session.noted = last;
            known.extend(pulled.writers.iter().map(|writer| writer.id));
            let merged = self.merge(session.id, pulled).await?;
            if merged.erasing {
                self.sweep(session).await?;
            }
            merged.left_out.into_iter().for_each(|why| self.teller.conflict(why));
            // Who waits for the store does not wait for all of a long history.
            while let Ok(job) = self.jobs.try_recv() {
                self.serve(session, job).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Pushes what the store lacks, chain by chain.
    async fn push(&mut self, session: &mut Session, writers: &[WriterInfo]) -> Result<(), Over> {
        for (writer, mut after, newest) in self.lacking(session, writers).await? {
            while after < newest {
                let unpushed = newest - after;
                if unpushed > BATCH as u64 {
                    self.teller.shared(SharedState::Behind { unpushed, unpulled: 0 });
                }
                let events = batch(&mut session.local, writer.id, after).await;
                let events = events.map_err(|error| self.unreadable(&error))?;
                let Some(last) = events.last() else { break };
                after = last.columns.sequence;
                if let Some(why) = self.push_batch(session, &writer, events).await? {
                    self.forked(session, writer.id, Some(why)).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Pushes events of a writer. Answers what stands there instead.
    async fn push_batch(
        &self,
        session: &mut Session,
        writer: &WriterInfo,
        events: Vec<Raw>,
    ) -> Result<Option<String>, JournalError> {
        if session.introduced.insert(writer.id) {
            let wrong = push::introduce(&mut session.connection, &self.store, writer).await?;
            if wrong.is_some() {
                return Ok(wrong);
            }
        }
        push::push(&mut session.connection, &self.store, writer, events).await
    }

    /// Writers of whom the store lacks events, how far it has come with them, and how many there are.
    async fn lacking(
        &self,
        session: &mut Session,
        writers: &[WriterInfo],
    ) -> Result<Vec<(WriterInfo, u64, u64)>, JournalError> {
        let heads = push::heads(&mut session.connection, &self.store, writers).await?;
        let mut lacking = Vec::new();
        for writer in writers {
            if session.forked.contains(&writer.id) {
                continue;
            }
            let (there, hash) = heads.get(&writer.id).copied().unwrap_or_default();
            let error = |error: sqlx::Error| self.unreadable(&error);
            let here = merge::newest_of(&mut session.local, writer.id).await.map_err(error)?;
            let known = merge::hash_at(&mut session.local, writer.id, there).await.map_err(error)?;
            if known.is_some_and(|known| known != hash) {
                let why = format!("writer {} ({}): {}", writer.id, writer.host, push::FORKED);
                self.forked(session, writer.id, Some(why)).await?;
            } else if writer.own && there > here {
                // An older state of the file was put back. What it lacks is pulled, and its chain is not gone on with.
                self.forked(session, writer.id, None).await?;
            } else if here > there {
                lacking.push((writer.clone(), there, here));
            }
        }
        Ok(lacking)
    }

    /// A chain is another one in the store: it is no longer pushed, but pulled, and what is written next is of a new writer.
    async fn forked(&self, session: &mut Session, writer: WriterId, why: Option<String>) -> Result<(), JournalError> {
        session.forked.push(writer);
        if let Some(why) = why {
            self.teller.conflict(why);
        }
        self.begin_anew(writer).await
    }

    /// Hands what was pulled to the one who writes.
    async fn merge(&self, store: Uuid, pulled: Pulled) -> Result<Merged, JournalError> {
        let (job, answer) = job::job("merge", move |site: &Site, writing: &mut Writing| {
            Box::pin(async move { merge::merge(writing, site, store, &pulled.writers, &pulled.events).await })
        });
        self.ask(job).await?;
        answer.await
    }

    /// Erases the bodies that others have said may go.
    async fn sweep(&self, session: &mut Session) -> Result<(), JournalError> {
        let bodies = erase::expired(&mut session.local).await.map_err(|error| self.unreadable(&error))?;
        for chunk in bodies.chunks(erase::CHUNK) {
            let chunk = chunk.to_vec();
            let (job, answer) = job::job("erase bodies of", move |site: &Site, writing: &mut Writing| {
                Box::pin(async move { erase::delete(site, writing, &chunk).await })
            });
            self.ask(job).await?;
            answer.await?;
        }
        let (job, answer) = job::job("clean the log of", |site: &Site, writing: &mut Writing| {
            Box::pin(erase::clean_log(site, writing))
        });
        self.ask(job).await?;
        answer.await
    }

    /// Lets what is written next be of a new writer, where this one's chain has gone on elsewhere.
    async fn begin_anew(&self, forked: WriterId) -> Result<(), JournalError> {
        let (job, answer) = job::job("begin a writer in", move |site: &Site, writing: &mut Writing| {
            Box::pin(async move {
                if writing.writer.id == forked {
                    writing.writer = sqlite::writer::begin_anew(&mut writing.connection, site, writing.file).await?;
                }
                Ok(())
            })
        });
        self.ask(job).await?;
        answer.await
    }

    async fn ask(&self, job: Box<dyn Job<Writing>>) -> Result<(), JournalError> {
        // Not kept: a journal ends when nobody but its own tasks can write any more.
        let commands = self.commands.upgrade().ok_or(JournalError::Closed)?;
        commands.send(Command::Job(job)).await.map_err(|_| JournalError::Closed)
    }

    fn unreadable(&self, error: &sqlx::Error) -> JournalError {
        sqlite::failed("read", &self.site.path, error)
    }

    /// Pushes the last events, and leaves. Answers how many the store does not have.
    async fn leave(&mut self, mut session: Session) -> Option<u64> {
        let last = async {
            let writers = read::writers(&mut session.local).await.map_err(|error| self.unreadable(&error))?;
            let lacking = self.lacking(&mut session, &writers).await?;
            let left: u64 = lacking.iter().map(|(_, there, here)| here - there).sum();
            Ok::<_, JournalError>((writers, left))
        };
        let (writers, left) = last.await.ok()?;
        let pushed = if left == 0 { Ok(()) } else { self.push(&mut session, &writers).await };
        if let Some(own) = &self.own {
            presence::leave_shared(&mut session.connection, &self.store, own.session).await;
        }
        // There is nothing to be lost any more.
        let _ = session.connection.close().await;
        let _ = session.local.close().await;
        Some(if pushed.is_ok() { 0 } else { left })
    }
}
