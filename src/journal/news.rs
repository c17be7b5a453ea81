//! What the journal tells by itself.

use super::{answer::block_on, presence::Present, sqlite::row::Entry};
use crate::model::Timestamp;
use std::{sync::Arc, time::Duration};
use tokio::sync::{broadcast, watch};

/// A piece of news.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalNews {
    /// Events that came into the local file, whoever wrote them, in the order of their places in it.
    Events(Arc<[Entry]>),
    /// More events came than this receiver took; read those after the last place that it knows.
    Missed,
    /// Something in the shared store does not fit what is here, and was left alone: somebody has to look at it.
    Conflict(Arc<str>),
    /// How the local file is.
    Local(LocalState),
    /// How the shared store is.
    Shared(SharedState),
    /// Who is here, in the order in which they came.
    Presence(Arc<[Present]>),
}

/// How the local file is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LocalState {
    #[default]
    Ok,
    /// Nothing can be written. What was to be is kept in memory, and written as soon as that is possible.
    Unwritable {
        why: String,
        since: Timestamp,
        /// How many events are kept.
        kept: usize,
    },
}

/// How the shared store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SharedState {
    /// None is configured.
    #[default]
    Off,
    /// It is being connected to for the first time.
    Connecting,
    Connected,
    /// Connected, and events are still on their way.
    Behind {
        unpushed: u64,
        unpulled: u64,
    },
    /// It cannot be reached, or refuses. Writing goes on in the local file.
    Down {
        why: String,
        since: Timestamp,
    },
}

/// What a journal's tasks tell their news with.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    told: broadcast::Sender<JournalNews>,
    local: watch::Sender<LocalState>,
    shared: watch::Sender<SharedState>,
    presence: watch::Sender<Arc<[Present]>>,
}

/// How many batches of events a receiver may be behind.
const BATCHES: usize = 64;

impl Teller {
    pub fn new() -> Self {
        Self {
            told: broadcast::Sender::new(BATCHES),
            local: watch::Sender::default(),
            shared: watch::Sender::default(),
            presence: watch::Sender::new(Arc::default()),
        }
    }

    pub fn events(&self, entries: Vec<Entry>) {
        // Nobody need be listening.
        let _ = self.told.send(JournalNews::Events(entries.into()));
    }

    pub fn conflict(&self, why: String) {
        let _ = self.told.send(JournalNews::Conflict(why.into()));
    }

    /// Tells how the file is, where that is something new.
    pub fn local(&self, state: LocalState) {
        self.local.send_if_modified(|known| {
            let new = *known != state;
            *known = state;
            new
        });
    }

    /// Tells how the store is, where that is something new.
    pub fn shared(&self, state: SharedState) {
        self.shared.send_if_modified(|known| {
            let new = *known != state;
            *known = state;
            new
        });
    }

    /// Tells who is here, where that is something new.
    pub fn presence(&self, present: Vec<Present>) {
        self.presence.send_if_modified(|known| {
            // That somebody is still here is no news.
            let said = |present: &Present| (present.attendee.clone(), present.since, present.own);
            let new = !known.iter().map(said).eq(present.iter().map(said));
            *known = present.into();
            new
        });
    }

    pub fn local_now(&self) -> LocalState {
        self.local.borrow().clone()
    }

    pub fn shared_now(&self) -> SharedState {
        self.shared.borrow().clone()
    }

    pub fn stream(&self) -> NewsStream {
        let (mut local, mut shared) = (self.local.subscribe(), self.shared.subscribe());
        let mut presence = self.presence.subscribe();
        // How things are now is news to who has just come.
        local.mark_changed();
        shared.mark_changed();
        presence.mark_changed();
        NewsStream { told: self.told.subscribe(), local, shared, presence }
    }
}

/// News as they come, beginning with how things are now. Of states only the newest is kept for a receiver that is slow.
#[derive(Debug)]
pub struct NewsStream {
    told: broadcast::Receiver<JournalNews>,
    local: watch::Receiver<LocalState>,
    shared: watch::Receiver<SharedState>,
    presence: watch::Receiver<Arc<[Present]>>,
}

impl NewsStream {
    /// The next piece of news; `None` when the journal has ended. May be called off at any time.
    pub async fn next(&mut self) -> Option<JournalNews> {
        tokio::select! {
            biased;
            Ok(()) = self.local.changed() => Some(JournalNews::Local(self.local.borrow_and_update().clone())),
            Ok(()) = self.shared.changed() => Some(JournalNews::Shared(self.shared.borrow_and_update().clone())),
            Ok(()) = self.presence.changed() => Some(JournalNews::Presence(self.presence.borrow_and_update().clone())),
            told = self.told.recv() => match told {
                Ok(told) => Some(told),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(JournalNews::Missed),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }

    /// The next piece of news, on a thread that has no event loop; `None` after this time, or when the journal has ended.
    pub fn wait(&mut self, deadline: Duration) -> Option<JournalNews> {
        block_on(self.next(), deadline).flatten()
    }
}
