//! What can go wrong with a journal, in words that say what to do.

use crate::model::{Timestamp, journal::EventId};
use std::path::{Path, PathBuf};

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// This file is not used as a journal, now or later, without somebody doing something about it.
    #[error("the journal {path} is not opened: {why}")]
    Refused { path: PathBuf, why: String },
    /// Not now; it may go in a moment.
    #[error("cannot {what} the journal {path}: {why}")]
    Local { what: &'static str, path: PathBuf, why: String },
    /// What was to be written cannot be an event.
    #[error("nothing is written: {0}")]
    Invalid(String),
    /// Another event has this identity already.
    #[error("nothing is written: there is another event {0}; give this one an identity of its own")]
    Taken(EventId),
    /// Too much waits for being written.
    #[error(
        "nothing is written: {waiting} events wait in memory for the journal's file, and no more are taken; see what is wrong with the file"
    )]
    Full { waiting: usize },
    /// Too many requests wait.
    #[error("the journal has {0} requests waiting and takes no more; ask again")]
    Busy(usize),
    /// It has been closed.
    #[error("the journal is closed")]
    Closed,
    /// No answer came in time. What was asked for may still be done.
    #[error("the journal did not {what} within {seconds} s{}; it goes on trying", why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Late { what: &'static str, seconds: u64, why: Option<String> },
    /// The store that is shared through PostgreSQL.
    #[error("cannot {what} the shared journal {name}: {why}")]
    Shared { what: &'static str, name: String, why: String },
    /// Somebody else has the lease.
    #[error("{name} is held by {holder} until {until}; wait, or ask them to give it back")]
    Held { name: String, holder: String, until: Timestamp },
    /// The lease has run out, or somebody else has it.
    #[error("the lease {name} with the token {token} is no longer held; stop, and look at what was done")]
    Lost { name: String, token: u64 },
    /// The bundle is not what it says it is, or no bundle.
    #[error("the bundle {path} {why}")]
    Bundle { path: PathBuf, why: String },
    /// What was asked for is not there.
    #[error("there is no {0}")]
    Missing(String),
}

impl JournalError {
    /// Something could not be done with the local file.
    pub(super) fn local(what: &'static str, path: &Path, why: impl std::fmt::Display) -> Self {
        Self::Local { what, path: path.to_owned(), why: why.to_string() }
    }

    /// The file is not used.
    pub(super) fn refused(path: &Path, why: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), why: why.into() }
    }
}
