//! The signals of the operating system, each a stream.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that the loop answers.
pub(super) struct Signals {
    pub(super) terminate: Signal,
    pub(super) interrupt: Signal,
    pub(super) quit: Signal,
    pub(super) stop: Signal,
    pub(super) hangup: Signal,
    pub(super) resize: Signal,
    pub(super) resume: Signal,
}

impl Signals {
    /// Begins to listen to them.
    ///
    /// # Errors
    /// The operating system does not let us.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            hangup: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}
