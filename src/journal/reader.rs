//! The task that reads the local file: what is asked for, and what came in.

use super::{
    error::JournalError,
    job::Job,
    news::Teller,
    sqlite::{
        self, Site,
        file::{FileId, identity},
        read,
    },
};
use sqlx::SqliteConnection;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

/// Something to be read.
pub(super) type ReadJob = Box<dyn Job<SqliteConnection>>;

/// How many events are told of at once.
const BATCH: u32 = 256;

pub(super) struct ReaderTask {
    pub site: Arc<Site>,
    pub jobs: mpsc::Receiver<ReadJob>,
    /// Something was written by this process.
    pub look: Arc<Notify>,
    pub teller: Teller,
    pub poll: Duration,
    pub connection: Option<SqliteConnection>,
    /// The file that the connection was opened on.
    pub file: Option<FileId>,
    /// The newest place that was told of; `None` where the file has not been read yet.
    pub told: Option<u64>,
    /// Told of whatever comes in.
    pub came: Arc<Notify>,
    /// `PRAGMA data_version` when it was last looked.
    pub version: i64,
}

impl ReaderTask {
    /// Serves until it is stopped, or nobody can ask any more.
    pub async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut poll = interval(self.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let look = self.look.clone();
        loop {
            tokio::select! {
                biased;
                () = look.notified() => self.tell(true).await,
                job = self.jobs.recv() => match job {
                    Some(job) => self.serve(job).await,
                    None => break,
                },
                _ = &mut stopped => break,
                _ = poll.tick() => self.tell(false).await,
            }
        }
        if let Some(connection) = self.connection {
            // There is nothing to be lost.
            let _ = sqlx::Connection::close(connection).await;
        }
    }

    async fn serve(&mut self, job: ReadJob) {
        let site = self.site.clone();
        match self.connect().await {
            Ok(connection) => {
                if job.run(&site, connection).await.is_err() {
                    self.connection = None;
                }
            }
            Err(error) => job.fail(error),
        }
    }

    async fn connect(&mut self) -> Result<&mut SqliteConnection, JournalError> {
        // A file that was replaced would be read on as it was.
        let file = identity(&self.site.path).ok();
        if file != self.file {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(sqlite::connect_reader(&self.site).await?);
            self.version = 0;
            // One that was begun anew counts from 1 again.
            if self.file.is_some() && file != self.file {
                self.told = Some(0);
            }
            self.file = file;
        }
        self.connection.as_mut().ok_or(JournalError::Closed)
    }

    /// Tells of events that came in since it was last looked.
    async fn tell(&mut self, written: bool) {
        // A file that cannot be read just now is looked at again at the next turn.
        if self.try_tell(written).await.is_err() {
            self.connection = None;
        }
    }

    async fn try_tell(&mut self, written: bool) -> Result<(), JournalError> {
        let site = self.site.clone();
        let error = |error: sqlx::Error| sqlite::failed("read", &site.path, &error);
        let connection = self.connect().await?;
        let now = read::data_version(connection).await.map_err(error)?;
        if now == self.version && !written {
            return Ok(());
        }
        let newest = read::newest(self.connect().await?).await.map_err(error)?;
        let mut told = self.told.unwrap_or(newest);
        while told < newest {
            let entries = read::since(self.connect().await?, told, BATCH).await.map_err(error)?;
            let Some(last) = entries.last() else { break };
            told = last.local;
            self.told = Some(told);
            self.teller.events(entries);
            self.came.notify_one();
        }
        (self.told, self.version) = (Some(told), now);
        Ok(())
    }
}

/// A reader that has begun, at the place where the file ends now.
pub(super) async fn begin(
    site: &Arc<Site>,
    jobs: mpsc::Receiver<ReadJob>,
    look: Arc<Notify>,
    teller: Teller,
    poll: Duration,
    came: Arc<Notify>,
) -> ReaderTask {
    let mut task = ReaderTask {
        site: site.clone(),
        jobs,
        look,
        teller,
        poll,
        came,
        connection: None,
        file: None,
        told: None,
        version: 0,
    };
    // Where it cannot be read yet, everything that is read later is news.
    if task.try_tell(false).await.is_err() {
        task.told = Some(0);
        task.connection = None;
    }
    task
}
