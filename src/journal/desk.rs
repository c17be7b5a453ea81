//! Where the cockpit hands in what is to be recorded: at once, also while the journal is still being opened.

use super::{Journal, JournalError, Options, answer::Answer};
use crate::{
    clock,
    model::journal::{Draft, EventId},
};
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many events are kept until the journal is open.
const KEPT: usize = 10_000;

/// A journal that opens in the background. Clones are the same one.
#[derive(Clone, Default)]
pub struct Desk {
    shared: Arc<(Mutex<State>, Condvar)>,
}

enum State {
    /// What was handed in so far, and how many were lost because there was no more room.
    Opening {
        kept: Vec<Draft>,
    },
    Open(Box<Journal>),
    /// Nothing is recorded, and why.
    Closed {
        why: String,
        lost: usize,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Opening { kept: Vec::new() }
    }
}

impl Desk {
    /// One that records nothing.
    pub fn closed(why: impl Into<String>) -> Self {
        let desk = Self::default();
        *desk.state() = State::Closed { why: why.into(), lost: 0 };
        desk
    }

    /// One whose journal is open already.
    pub fn of(journal: Journal) -> Self {
        let desk = Self::default();
        *desk.state() = State::Open(Box::new(journal));
        desk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the journal on this thread, and writes what was handed in meanwhile. Where it is open already it is that one.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn open(&self, options: Options) -> Result<Journal, JournalError> {
        if let State::Open(journal) = &*self.state() {
            return Ok(Journal::clone(journal));
        }
        let opened = Journal::open(options);
        let mut state = self.state();
        let before = std::mem::take(&mut *state);
        match (&opened, before) {
            (Ok(journal), State::Opening { kept }) => {
                if !kept.is_empty() {
                    drop(journal.append(kept));
                }
                *state = State::Open(Box::new(journal.clone()));
            }
            (Ok(journal), _) => *state = State::Open(Box::new(journal.clone())),
            (Err(error), State::Opening { kept }) => {
                *state = State::Closed { why: error.to_string(), lost: kept.len() }
            }
            (Err(_), closed) => *state = closed,
        }
        self.shared.1.notify_all();
        opened
    }

    /// Writes events, and does not wait for it. Each gets its identity here.
    pub fn write(&self, mut drafts: Vec<Draft>) -> Vec<EventId> {
        let ids = name(&mut drafts);
        drop(self.hand_in(drafts));
        ids
    }

    /// Writes an event and returns once it is on the disk, or after this time: then it is kept in memory and written when that is
    /// possible. `None` where nothing is recorded.
    pub fn write_and_wait(&self, draft: Draft, deadline: Duration) -> Option<EventId> {
        let mut drafts = vec![draft];
        let ids = name(&mut drafts);
        self.wait_until_open(deadline);
        if let Some(answer) = self.hand_in(drafts)?
            && let Err(error) = answer.wait(deadline)
        {
            tracing::error!(%error, "an event is not on the disk yet");
        }
        ids.first().copied()
    }

    /// The journal once it is open; `None` where it is not within this time, or never will be.
    pub fn opened(&self, deadline: Duration) -> Option<Journal> {
        self.wait_until_open(deadline);
        self.journal()
    }

    fn wait_until_open(&self, deadline: Duration) {
        let opening = |state: &mut State| matches!(state, State::Opening { .. });
        let waited = self.shared.1.wait_timeout_while(self.state(), deadline, opening);
        drop(waited);
    }

    /// The answer where the journal is open; `None` inside where it is kept, `None` outside where nothing is recorded.
    #[allow(clippy::option_option, reason = "two different absences")]
    fn hand_in(&self, drafts: Vec<Draft>) -> Option<Option<Answer<Vec<super::Written>>>> {
        let mut state = self.state();
        match &mut *state {
            State::Open(journal) => match journal.append(drafts) {
                Ok(answer) => Some(Some(answer)),
                Err(refused) => {
                    tracing::error!(error = %refused.error, events = refused.drafts.len(), "events are not recorded");
                    None
                }
            },
            State::Opening { kept } => {
                let room = KEPT.saturating_sub(kept.len());
                kept.extend(drafts.into_iter().take(room));
                Some(None)
            }
            State::Closed { lost, .. } => {
                *lost += drafts.len();
                None
            }
        }
    }

    /// Why nothing is recorded, where nothing is, and how many events were not.
    pub fn trouble(&self) -> Option<(String, usize)> {
        match &*self.state() {
            State::Closed { why, lost } => Some((why.clone(), *lost)),
            _ => None,
        }
    }

    /// The journal, once it is open.
    pub fn journal(&self) -> Option<Journal> {
        match &*self.state() {
            State::Open(journal) => Some(Journal::clone(journal)),
            _ => None,
        }
    }
}

/// Gives each event an identity, and returns them.
fn name(drafts: &mut [Draft]) -> Vec<EventId> {
    let now = clock::now();
    drafts.iter_mut().map(|draft| *draft.id.get_or_insert_with(|| EventId::new(now))).collect()
}
