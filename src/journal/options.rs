//! What a journal is opened with.

use super::presence::Attendee;
use crate::{clock, model::Timestamp};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// Tells wall-clock time.
#[derive(Clone)]
pub struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Now {
    /// A clock of one's own, for tests.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    pub fn get(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Now {
    fn default() -> Self {
        Self::new(clock::now)
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

/// Where the journal is, and how it is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// The local file.
    pub path: PathBuf,
    /// The store that several machines share.
    pub shared: Option<SharedOptions>,
    /// Name of this host, as readers of other machines see it.
    pub host: String,
    /// What tells this machine from others; `/etc/machine-id` where `None`.
    pub machine: Option<String>,
    /// Who sits here, for others to see; `None` for a command that comes and goes.
    pub attendee: Option<Attendee>,
    /// A checkpoint is signed after this many events of one's own, and whenever an incident is resolved.
    pub checkpoint_every: u64,
    /// How long another process may hold the file before it counts as not writable.
    pub busy: Duration,
    /// How often it is looked whether another process wrote.
    pub poll: Duration,
    /// How many events are kept in memory while the file cannot be written.
    pub keep: usize,
    pub now: Now,
}

impl Options {
    /// A journal in this file, on this host, not shared.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            shared: None,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            machine: None,
            attendee: None,
            checkpoint_every: 256,
            busy: Duration::from_secs(5),
            poll: Duration::from_millis(500),
            keep: 100_000,
            now: Now::default(),
        }
    }
}

/// A PostgreSQL server that machines exchange events through.
#[derive(Clone)]
pub struct SharedOptions {
    /// `postgres://user:password@host/database?sslmode=verify-full`.
    pub url: String,
    /// Deadline of every request.
    pub deadline: Duration,
    /// How often it is asked for news, whether or not it told of any.
    pub interval: Duration,
    /// The longest wait before it is tried again.
    pub longest_backoff: Duration,
}

impl SharedOptions {
    /// This server, with the usual deadlines.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            deadline: Duration::from_secs(5),
            interval: Duration::from_secs(15),
            longest_backoff: Duration::from_secs(10),
        }
    }
}

/// The URL may hold a password.
impl fmt::Debug for SharedOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedOptions").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
