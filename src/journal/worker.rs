//! The task that writes the local file. Nothing that it has taken is lost while the process lives: what cannot be written is kept in
//! order and tried again.

use super::{
    backoff::Backoff,
    chain::Prepared,
    error::JournalError,
    job::Job,
    news::{LocalState, Teller},
    presence,
    sqlite::{
        self, Site, Writing,
        append::{Appending, Written},
    },
    tasks::Closed,
};
use crate::{
    clock,
    model::{Timestamp, journal::Draft},
};
use std::{
    collections::VecDeque,
    future::pending,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Sleep, sleep},
};
use uuid::Uuid;

/// What the task is asked for.
pub(super) enum Command {
    Append(Call),
    Job(WriteJob),
    Close { deadline: Duration, answer: oneshot::Sender<Result<Closed, JournalError>> },
}

/// Events that are written together, or not at all.
pub(super) struct Call {
    pub events: Vec<Prepared>,
    pub answer: oneshot::Sender<Result<Vec<Written>, JournalError>>,
}

/// Something else that writes.
pub(super) type WriteJob = Box<dyn Job<Writing>>;

/// How many events are written in one transaction, unless one call has more.
const BATCH: usize = 256;
/// How many other jobs may wait.
const JOBS: usize = 1024;
/// How long closing may take where nobody has said.
const UNASKED: Duration = Duration::from_secs(2);
/// The longest wait before the file is tried again.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    site: Arc<Site>,
    commands: mpsc::Receiver<Command>,
    look: Arc<Notify>,
    teller: Teller,
    keep: usize,
    writing: Option<Writing>,
    calls: VecDeque<Call>,
    /// How many events those are.
    kept: usize,
    jobs: VecDeque<WriteJob>,
    trouble: Option<Trouble>,
    closing: Option<Closing>,
    /// Under which this cockpit is noted as present.
    pub session: Option<Uuid>,
}

/// Why nothing can be written at the moment.
struct Trouble {
    error: JournalError,
    since: Timestamp,
    backoff: Backoff,
}

/// What is left when the task has ended.
pub(super) struct Ended {
    /// What could not be written.
    pub left: Vec<Draft>,
    /// Who wants to know.
    pub answer: Option<oneshot::Sender<Result<Closed, JournalError>>>,
    /// How much of the time for closing is left.
    pub time: Duration,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    until: Instant,
    answer: oneshot::Sender<Result<Closed, JournalError>>,
}

/// One transaction's work, and what came of it.
struct Turn {
    writing: Option<Writing>,
    calls: Vec<Call>,
    result: Result<Vec<Result<Vec<Written>, JournalError>>, JournalError>,
}

type Running = Pin<Box<dyn Future<Output = Turn> + Send>>;

impl Worker {
    pub fn new(
        site: Arc<Site>,
        commands: mpsc::Receiver<Command>,
        look: Arc<Notify>,
        teller: Teller,
        keep: usize,
    ) -> Self {
        Self {
            site,
            commands,
            look,
            teller,
            keep,
            writing: None,
            calls: VecDeque::new(),
            kept: 0,
            jobs: VecDeque::new(),
            trouble: None,
            closing: None,
            session: None,
        }
    }

    /// Opens the file.
    ///
    /// # Errors
    /// Only where trying again is of no use.
    pub async fn open(&mut self) -> Result<(), JournalError> {
        match sqlite::open(&self.site).await {
            Ok(writing) => {
                self.writing = Some(writing);
                Ok(())
            }
            Err(error @ JournalError::Refused { .. }) => Err(error),
            Err(error) => {
                self.fail(error);
                Ok(())
            }
        }
    }

    /// Serves until it is closed. The file has been let go of when this returns.
    pub async fn run(mut self) -> Ended {
        let mut running: Option<Running> = None;
        let mut retry: Option<Pin<Box<Sleep>>> = self.trouble.as_mut().map(|trouble| trouble.backoff.sleep());
        loop {
            if running.is_none() && retry.is_none() {
                running = self.next_turn();
            }
            if running.is_none() && self.closing.is_some() && self.calls.is_empty() {
                break;
            }
            let open = self.closing.is_none();
            tokio::select! {
                biased;
                turn = async { running.as_mut().expect("there is one").await }, if running.is_some() => {
                    running = None;
                    retry = self.finish(turn);
                }
                command = self.commands.recv(), if open => self.take(command),
                () = async { retry.as_mut().expect("there is one").await }, if retry.is_some() => retry = None,
                () = deadline(&mut self.closing) => break,
            }
        }
        self.end(running).await
    }

    fn take(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Append(call)) => self.take_call(call),
            Some(Command::Job(job)) if self.jobs.len() < JOBS => self.jobs.push_back(job),
            Some(Command::Job(job)) => job.fail(JournalError::Busy(JOBS)),
            Some(Command::Close { deadline, answer }) => {
                // What was asked for before has been taken; what comes after is answered that it is closed.
                self.commands.close();
                self.close(deadline, answer);
            }
            // Every handle was dropped without being closed.
            None => self.close(UNASKED, oneshot::channel().0),
        }
    }

    fn close(&mut self, time: Duration, answer: oneshot::Sender<Result<Closed, JournalError>>) {
        let now = clock::instant();
        let until = now.checked_add(time).unwrap_or(now);
        self.closing = Some(Closing { deadline: Box::pin(sleep(time)), until, answer });
    }

    fn take_call(&mut self, call: Call) {
        if self.kept + call.events.len() > self.keep {
            let _ = call.answer.send(Err(JournalError::Full { waiting: self.kept }));
            return;
        }
        self.kept += call.events.len();
        self.calls.push_back(call);
        self.tell();
    }

    /// The next transaction, if there is anything to do.
    fn next_turn(&mut self) -> Option<Running> {
        let job = self.jobs.pop_front();
        // A file that cannot be written is tried again though nothing waits: its state is shown.
        if self.calls.is_empty() && job.is_none() && self.trouble.is_none() {
            return None;
        }
        let (mut calls, mut events) = (Vec::new(), 0);
        while let Some(call) = self.calls.front()
            && (calls.is_empty() || events + call.events.len() <= BATCH)
        {
            events += call.events.len();
            calls.extend(self.calls.pop_front());
        }
        let (site, writing) = (self.site.clone(), self.writing.take());
        Some(Box::pin(turn(site, writing, calls, job)))
    }

    /// Takes what a transaction came to. Answers how long to wait where it came to nothing.
    fn finish(&mut self, turn: Turn) -> Option<Pin<Box<Sleep>>> {
        self.writing = turn.writing;
        match turn.result {
            Ok(results) => {
                self.trouble = None;
                for (call, result) in turn.calls.into_iter().zip(results) {
                    self.kept -= call.events.len();
                    // Who asked may no longer want to know.
                    let _ = call.answer.send(result);
                }
                self.look.notify_one();
                self.tell();
                None
            }
            Err(error) => {
                for mut call in turn.calls.into_iter().rev() {
                    // It may have been written all the same.
                    call.events.iter_mut().for_each(|event| event.fresh = false);
                    self.calls.push_front(call);
                }
                self.fail(error);
                self.trouble.as_mut().map(|trouble| trouble.backoff.sleep())
            }
        }
    }

    fn fail(&mut self, error: JournalError) {
        self.writing = None;
        for job in std::mem::take(&mut self.jobs) {
            job.fail(error.clone());
        }
        let now = self.site.now.get();
        let trouble = self.trouble.get_or_insert_with(|| Trouble {
            error: error.clone(),
            since: now,
            backoff: Backoff::new(LONGEST_BACKOFF),
        });
        trouble.error = error;
        self.tell();
    }

    fn tell(&self) {
        self.teller.local(match &self.trouble {
            None => LocalState::Ok,
            Some(trouble) => {
                LocalState::Unwritable { why: trouble.error.to_string(), since: trouble.since, kept: self.kept }
            }
        });
    }

    /// Ends, with what could not be written.
    async fn end(mut self, running: Option<Running>) -> Ended {
        // A transaction that has begun is waited for: it ends within the time that SQLite waits for others.
        if let Some(running) = running {
            let turn = running.await;
            self.finish(turn);
        }
        for job in std::mem::take(&mut self.jobs) {
            job.fail(JournalError::Closed);
        }
        let left = self.calls.drain(..).flat_map(|call| call.events).map(|event| event.draft).collect();
        if let Some(mut writing) = self.writing.take() {
            if let Some(session) = self.session {
                presence::leave_local(&mut writing, session).await;
            }
            // Closing the last connection empties the log into the file; what fails here is done at the next opening.
            let _ = sqlx::Connection::close(writing.connection).await;
        }
        let time = self.closing.as_ref().map_or(UNASKED, |closing| closing.until.duration_since(clock::instant()));
        Ended { left, answer: self.closing.map(|closing| closing.answer), time }
    }
}

async fn deadline(closing: &mut Option<Closing>) {
    match closing {
        Some(closing) => closing.deadline.as_mut().await,
        None => pending().await,
    }
}

/// Opens the file where it is not open, writes the calls in one transaction, and does the job.
async fn turn(site: Arc<Site>, writing: Option<Writing>, calls: Vec<Call>, job: Option<WriteJob>) -> Turn {
    let opened = match writing {
        Some(writing) => Ok(writing),
        None => sqlite::open(&site).await,
    };
    let mut writing = match opened {
        Ok(writing) => writing,
        Err(error) => {
            if let Some(job) = job {
                job.fail(error.clone());
            }
            return Turn { writing: None, calls, result: Err(error) };
        }
    };
    let mut result = if calls.is_empty() { Ok(Vec::new()) } else { append(&site, &mut writing, &calls).await };
    if let Some(job) = job {
        match &result {
            Err(error) => job.fail(error.clone()),
            // What was written before is written, whatever comes of the job.
            Ok(_) if !calls.is_empty() => {
                if job.run(&site, &mut writing).await.is_err() {
                    return Turn { writing: None, calls, result };
                }
            }
            Ok(_) => {
                if let Err(error) = job.run(&site, &mut writing).await {
                    result = Err(error);
                }
            }
        }
    }
    Turn { writing: Some(writing).filter(|writing| !writing.midway), calls, result }
}

async fn append(
    site: &Site,
    writing: &mut Writing,
    calls: &[Call],
) -> Result<Vec<Result<Vec<Written>, JournalError>>, JournalError> {
    let mut appending = Appending::begin(writing, site).await?;
    let mut results = Vec::with_capacity(calls.len());
    for call in calls {
        results.push(appending.append(&call.events).await?);
    }
    // What is over is signed, so that it can be proved from then on.
    let resolved = calls.iter().flat_map(|call| &call.events).any(|event| event.kind == "resolved");
    appending.checkpoint(resolved).await?;
    appending.commit().await?;
    Ok(results)
}
