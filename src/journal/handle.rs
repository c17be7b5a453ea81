//! The handle that the rest of the program has.

use super::{
    answer::{Answer, block_on},
    chain::Prepared,
    error::JournalError,
    job::job,
    news::{LocalState, NewsStream, SharedState, Teller},
    options::{Now, Options},
    postgres::{Store, replicate::SharedJob},
    presence::{Attendee, Own},
    random,
    reader::ReadJob,
    sqlite::{
        self, Site, Writing,
        append::{Signed, Written},
        page::{self, Page, PageRequest},
        read::{self, WriterInfo},
        row::Entry,
    },
    tasks::{Closed, Queues, Tasks},
    verify::{Anchor, Verdict},
    worker::{Call, Command},
};
use crate::model::{
    Timestamp,
    journal::{Draft, EventId, IncidentId},
};
use compact_str::CompactString;
use futures_util::future::BoxFuture;
use sqlx::{PgConnection, SqliteConnection};
use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};
use tokio::sync::{mpsc, watch};

/// A journal that is open. Clones are handles of the same one. It lives on a thread of its own; nothing here blocks, except where the
/// name says so.
#[derive(Clone)]
pub struct Journal {
    commands: mpsc::Sender<Command>,
    reads: mpsc::Sender<ReadJob>,
    /// `None` where no store is configured.
    pub(super) shared: Option<mpsc::Sender<SharedJob>>,
    pub(super) store: Option<Store>,
    attendee: Option<watch::Sender<Attendee>>,
    teller: Teller,
    now: Now,
    site: Arc<Site>,
}

/// Drafts that were not taken, and why.
#[derive(Debug)]
pub struct Refused {
    pub drafts: Vec<Draft>,
    pub error: JournalError,
}

/// How many requests may wait.
const QUEUE: usize = 1024;
/// How long opening may take before it counts as failed: another process may be bringing the file to a new form.
const OPENING: Duration = Duration::from_secs(60);

impl Journal {
    /// Opens a journal and begins its thread. A file that cannot be written just now is no error: what is to be written is kept in
    /// memory, and the news say so.
    ///
    /// # Errors
    /// The file is not to be used: it is something else, of a newer version, damaged, or on a network file system.
    pub fn open(options: Options) -> Result<Self, JournalError> {
        let site = Site::new(&options)?;
        let store = options.shared.as_ref().map(Store::new).transpose()?;
        let (commands, command_queue) = mpsc::channel(QUEUE);
        let (reads, read_queue) = mpsc::channel(QUEUE);
        let (shared, shared_queue) = mpsc::channel(QUEUE);
        let teller = Teller::new();
        let (attendee, own) = match options.attendee.clone() {
            None => (None, None),
            Some(attendee) => {
                let session = random::uuid().map_err(JournalError::Invalid)?;
                let (sender, receiver) = watch::channel(attendee);
                (Some(sender), Some(Own { session, since: options.now.get(), attendee: receiver }))
            }
        };
        let handle = Self {
            commands: commands.clone(),
            reads,
            shared: store.is_some().then_some(shared),
            store: store.clone(),
            attendee,
            teller: teller.clone(),
            now: options.now.clone(),
            site: site.clone(),
        };
        let (opened, opening) = Answer::new("open");
        let queues =
            Queues { commands: command_queue, writing: commands.downgrade(), reads: read_queue, shared: shared_queue };
        let tasks = Tasks { site: site.clone(), store, queues, teller, own, options };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || tasks.run(opened))
            .map_err(|error| JournalError::local("begin a thread for", &site.path, error))?;
        opening.wait(OPENING)?;
        Ok(handle)
    }

    /// Appends events in one transaction, and answers when they are on the disk. While the file cannot be written they are kept in
    /// order, and the answer waits.
    ///
    /// # Errors
    /// At once, with the drafts: one of them can be no event, or too many requests wait. Later, as the answer: see [`JournalError`].
    pub fn append(&self, drafts: Vec<Draft>) -> Result<Answer<Vec<Written>>, Refused> {
        let (call, answer) = self.call(drafts)?;
        match self.commands.try_send(Command::Append(call)) {
            Ok(()) => Ok(answer),
            Err(error) => Err(refused(error)),
        }
    }

    /// The same, and waits for room where too many requests wait.
    ///
    /// # Errors
    /// Those of [`Journal::append`].
    pub async fn append_when_possible(&self, drafts: Vec<Draft>) -> Result<Vec<Written>, JournalError> {
        let (call, answer) = self.call(drafts).map_err(|refused| refused.error)?;
        self.commands.send(Command::Append(call)).await.map_err(|_| JournalError::Closed)?;
        answer.await
    }

    /// The same, on a thread that has no event loop.
    ///
    /// # Errors
    /// Those of [`Journal::append`], and [`JournalError::Late`]: then they may still be written.
    pub fn append_blocking(&self, drafts: Vec<Draft>, deadline: Duration) -> Result<Vec<Written>, JournalError> {
        block_on(self.append_when_possible(drafts), deadline).unwrap_or_else(|| {
            let why = match self.local_state() {
                LocalState::Unwritable { why, .. } => Some(why),
                LocalState::Ok => None,
            };
            Err(JournalError::Late { what: "write", seconds: deadline.as_secs(), why })
        })
    }

    fn call(&self, drafts: Vec<Draft>) -> Result<(Call, Answer<Vec<Written>>), Refused> {
        let now = self.now.get();
        let mut events = Vec::with_capacity(drafts.len());
        for draft in &drafts {
            match Prepared::new(draft.clone(), now) {
                Ok(event) => events.push(event),
                Err(why) => return Err(Refused { drafts, error: JournalError::Invalid(why) }),
            }
        }
        let (answer, later) = Answer::new("write");
        Ok((Call { events, answer }, later))
    }

    /// News from here on, beginning with how things are.
    pub fn news(&self) -> NewsStream {
        self.teller.stream()
    }

    /// Says something else about who sits here. It is of no effect where [`Options::attendee`] was `None`.
    pub fn attend(&self, attendee: Attendee) {
        if let Some(sender) = &self.attendee {
            sender.send_replace(attendee);
        }
    }

    /// The time, as the journal is told it.
    pub(super) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// How the local file is.
    pub fn local_state(&self) -> LocalState {
        self.teller.local_now()
    }

    /// How the shared store is.
    pub fn shared_state(&self) -> SharedState {
        self.teller.shared_now()
    }

    /// Where the local file is.
    pub fn path(&self) -> &std::path::Path {
        &self.site.path
    }

    /// All state events of all incidents (see [`crate::model::journal::Body::is_state`]), by incident, in the order in which they came.
    pub fn incidents(&self) -> Answer<Vec<Entry>> {
        self.read(|connection| Box::pin(read::incidents(connection)))
    }

    /// A page of a timeline.
    pub fn page(&self, request: PageRequest) -> Answer<Page> {
        self.read(move |connection| Box::pin(async move { page::page(connection, &request).await }))
    }

    /// Everything that belongs to an incident, in display order.
    pub fn incident(&self, incident: IncidentId) -> Answer<Vec<Entry>> {
        self.read(move |connection| Box::pin(read::incident(connection, incident)))
    }

    /// Everything that belongs to a run of a runbook, in the order in which it came.
    pub fn run(&self, run: CompactString) -> Answer<Vec<Entry>> {
        self.read(move |connection| Box::pin(async move { read::run(connection, &run).await }))
    }

    /// The steps of all runs of runbooks, in the order in which they came.
    pub fn runs(&self) -> Answer<Vec<Entry>> {
        self.read(|connection| Box::pin(read::runs(connection)))
    }

    /// One event; `None` where there is none.
    pub fn event(&self, id: EventId) -> Answer<Option<Entry>> {
        self.read(move |connection| Box::pin(read::event(connection, id)))
    }

    /// What came into the file after a place, oldest first, at most so many.
    pub fn since(&self, local: u64, limit: u32) -> Answer<Vec<Entry>> {
        self.read(move |connection| Box::pin(read::since(connection, local, limit)))
    }

    /// The newest place in the file, which is also how many events it holds.
    pub fn newest(&self) -> Answer<u64> {
        self.read(|connection| Box::pin(read::newest(connection)))
    }

    /// How many events of each kind an incident has.
    pub fn counts(&self, incident: IncidentId) -> Answer<BTreeMap<CompactString, u64>> {
        self.read(move |connection| Box::pin(read::counts(connection, incident)))
    }

    /// All writers whose events are here.
    pub fn writers(&self) -> Answer<Vec<WriterInfo>> {
        self.read(|connection| Box::pin(read::writers(connection)))
    }

    /// Signs a checkpoint over all that this file's writer wrote, and answers it; the newest one where nothing is new, `None` where
    /// nothing was ever written.
    pub fn checkpoint(&self) -> Answer<Option<Signed>> {
        self.write("sign", |site, writing| {
            Box::pin(async move {
                let mut appending = sqlite::append::Appending::begin(writing, site).await?;
                let signed = appending.checkpoint(true).await?;
                appending.commit().await?;
                Ok(signed)
            })
        })
    }

    /// Looks at every event in the file, and at checkpoints that were kept elsewhere. It may take a while, on a thread of its own.
    pub fn verify(&self, anchors: Vec<Anchor>) -> Answer<Verdict> {
        self.long("verify", move |site, connection| {
            Box::pin(async move { sqlite::verify::verify(connection, site, &anchors).await })
        })
    }

    /// Ends the journal. What waits is written and pushed, for as long as `deadline` says. Answers what could not be.
    pub fn close(&self, deadline: Duration) -> Answer<Closed> {
        let (answer, later) = Answer::new("close");
        match self.commands.try_send(Command::Close { deadline, answer }) {
            Ok(()) => later,
            Err(error) => Answer::known("close", Err(queue_error(&error))),
        }
    }

    /// Asks for something to be read.
    pub(super) fn read<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
    {
        let (job, answer) = job("read", move |site: &Site, connection: &mut SqliteConnection| {
            let path = site.path.clone();
            let work = work(connection);
            Box::pin(async move { work.await.map_err(|error| sqlite::failed("read", &path, &error)) })
        });
        match self.reads.try_send(job) {
            Ok(()) => answer,
            Err(error) => Answer::known("read", Err(queue_error(&error))),
        }
    }

    /// Reads for a long while, on a thread and a connection of its own.
    pub(super) fn long<T, F>(&self, what: &'static str, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Site, &'c mut SqliteConnection) -> BoxFuture<'c, Result<T, JournalError>>
            + Send
            + 'static,
    {
        let (answer, later) = Answer::new(what);
        let site = self.site.clone();
        let begun = thread::Builder::new().name("journal-long".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let result = match runtime {
                Err(error) => Err(JournalError::local("begin an event loop for", &site.path, error)),
                Ok(runtime) => runtime.block_on(async {
                    let mut connection = sqlite::connect_reader(&site).await?;
                    work(&site, &mut connection).await
                }),
            };
            let _ = answer.send(result);
        });
        match begun {
            Ok(_) => later,
            Err(error) => Answer::known(what, Err(JournalError::local("begin a thread for", &self.site.path, error))),
        }
    }

    /// Asks for something to be done with the shared store.
    pub(super) fn ask_shared<T, F>(&self, what: &'static str, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Site, &'c mut PgConnection) -> BoxFuture<'c, Result<T, JournalError>> + Send + 'static,
    {
        let Some(shared) = &self.shared else {
            return Answer::known(what, Err(JournalError::Missing("shared journal".to_owned())));
        };
        let (job, answer) = job(what, work);
        match shared.try_send(job) {
            Ok(()) => answer,
            Err(error) => Answer::known(what, Err(queue_error(&error))),
        }
    }

    /// Asks for something to be done by the one who writes.
    pub(super) fn write<T, F>(&self, what: &'static str, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Site, &'c mut Writing) -> BoxFuture<'c, Result<T, JournalError>> + Send + 'static,
    {
        let (job, answer) = job(what, work);
        match self.commands.try_send(Command::Job(job)) {
            Ok(()) => answer,
            Err(error) => Answer::known(what, Err(queue_error(&error))),
        }
    }
}

fn queue_error<T>(error: &mpsc::error::TrySendError<T>) -> JournalError {
    match error {
        mpsc::error::TrySendError::Full(_) => JournalError::Busy(QUEUE),
        mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
    }
}

/// Hands the drafts of a call back.
fn refused(error: mpsc::error::TrySendError<Command>) -> Refused {
    let why = queue_error(&error);
    let (mpsc::error::TrySendError::Full(command) | mpsc::error::TrySendError::Closed(command)) = error;
    let drafts = match command {
        Command::Append(call) => call.events.into_iter().map(|event| event.draft).collect(),
        Command::Job(_) | Command::Close { .. } => Vec::new(),
    };
    Refused { drafts, error: why }
}
