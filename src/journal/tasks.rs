//! The journal's thread: who writes, who reads, and who exchanges with the shared store.

use super::{
    error::JournalError,
    news::Teller,
    options::Options,
    postgres::{
        Store,
        replicate::{Replicator, SharedJob},
    },
    presence::{Board, Own, PresenceTask},
    reader::{self, ReadJob},
    sqlite::Site,
    worker::{Command, Ended, Worker},
};
use crate::model::journal::Draft;
use std::sync::Arc;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// What is left when a journal has been closed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Closed {
    /// What could not be written. Each keeps its identity, so that it can be written later without being doubled.
    pub unwritten: Vec<Draft>,
    /// How many events of the local file the shared store does not have yet; the next cockpit on this file pushes them. `None` where
    /// there is no store, or it could not be asked.
    pub unpushed: Option<u64>,
}

/// The receiving ends of a handle's queues.
pub(super) struct Queues {
    pub commands: mpsc::Receiver<Command>,
    /// For tasks that have something to be written.
    pub writing: mpsc::WeakSender<Command>,
    pub reads: mpsc::Receiver<ReadJob>,
    pub shared: mpsc::Receiver<SharedJob>,
}

/// What the thread is begun with.
pub(super) struct Tasks {
    pub site: Arc<Site>,
    pub store: Option<Store>,
    pub queues: Queues,
    pub teller: Teller,
    /// This cockpit's presence, where somebody sits here.
    pub own: Option<Own>,
    pub options: Options,
}

impl Tasks {
    /// Runs until the journal is closed. Says when it is open.
    pub fn run(self, opened: oneshot::Sender<Result<(), JournalError>>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.serve(opened)),
            Err(error) => {
                let _ = opened.send(Err(JournalError::local("begin an event loop for", &self.site.path, error)));
            }
        }
    }

    async fn serve(self, opened: oneshot::Sender<Result<(), JournalError>>) {
        let Self { site, store, queues, teller, own, options } = self;
        let (look, came) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut worker = Worker::new(site.clone(), queues.commands, look.clone(), teller.clone(), options.keep);
        worker.session = own.as_ref().map(|own| own.session);
        if let Err(error) = worker.open().await {
            let _ = opened.send(Err(error));
            return;
        }
        let reader = reader::begin(&site, queues.reads, look, teller.clone(), options.poll, came.clone()).await;
        let reader = Task::new(|stop| reader.run(stop));
        let board = Arc::new(Board::new(teller.clone()));
        let presence = own.clone().map(|own| {
            let commands = queues.writing.clone();
            let presence = PresenceTask { site: site.clone(), own, board: board.clone(), commands };
            Task::new(|stop| presence.run(stop))
        });
        let replicator = store.zip(options.shared).map(|(store, options)| {
            let (commands, jobs) = (queues.writing, queues.shared);
            let replicator = Replicator { site, store, options, commands, jobs, came, teller, own, board };
            Task::new(|stop| replicator.run(stop))
        });
        let _ = opened.send(Ok(()));
        let Ended { left, answer, time } = worker.run().await;
        let unpushed = match replicator {
            Some(replicator) => timeout(time, replicator.end()).await.ok().flatten().flatten(),
            None => None,
        };
        if let Some(presence) = presence {
            presence.end().await;
        }
        // Who is told that the journal is closed finds its file closed.
        reader.end().await;
        if let Some(answer) = answer {
            let _ = answer.send(Ok(Closed { unwritten: left, unpushed }));
        }
    }
}

/// A task that is told when to stop.
struct Task<T> {
    stop: oneshot::Sender<()>,
    handle: JoinHandle<T>,
}

impl<T: Send + 'static> Task<T> {
    fn new<F>(run: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self { stop, handle: tokio::spawn(run(stopped)) }
    }

    /// Tells it, and waits until it has. `None` where it broke off.
    async fn end(self) -> Option<T> {
        let _ = self.stop.send(());
        self.handle.await.ok()
    }
}
