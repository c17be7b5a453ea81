//! Bytes to the terminal, without ever waiting for it.
//!
//! A terminal behind a slow or dead connection stops taking bytes. Then what could not be written stays here, no new frame is
//! drawn until it is gone, and keys, signals and sources are served all the while.

use super::{terminal::CAN, tty, watch};
use crate::model::own::OwnCounters;
use rustix::{fs::OFlags, io::Errno, termios};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, atomic::Ordering},
};
use tokio::io::{Interest, unix::AsyncFd};

/// The terminal as a place to write to.
pub struct Output {
    fd: AsyncFd<OwnedFd>,
    pending: Vec<u8>,
    counters: Arc<OwnCounters>,
}

impl Output {
    /// Opens the terminal that standard output leads to once more, so that not waiting is this program's own affair and not that
    /// of everything else that has the terminal open.
    ///
    /// # Errors
    /// Where standard output is no terminal, or the terminal cannot be opened.
    pub fn open(counters: Arc<OwnCounters>) -> io::Result<Self> {
        let stdout = rustix::stdio::stdout();
        if !termios::isatty(stdout) {
            return Err(io::Error::other("standard output is not a terminal"));
        }
        let fd = tty::again(stdout, OFlags::WRONLY | OFlags::NONBLOCK)?;
        Ok(Self { fd: watch::watch(fd, Interest::WRITABLE)?, pending: Vec::new(), counters })
    }

    /// Whether everything has been written.
    pub fn is_clear(&self) -> bool {
        self.pending.is_empty()
    }

    /// Adds bytes behind what is still to be written, and writes what the terminal takes now.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.counters.output_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.pending.extend_from_slice(bytes);
        self.write_pending()
    }

    /// Waits until the terminal takes bytes again, and gives it what is left.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub async fn drain(&mut self) -> io::Result<()> {
        let mut guard = self.fd.writable().await?;
        guard.clear_ready();
        drop(guard);
        self.write_pending()
    }

    fn write_pending(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            match rustix::io::write(self.fd.get_ref().as_fd(), &self.pending) {
                Ok(0) | Err(Errno::AGAIN) => return Ok(()),
                Ok(written) => {
                    self.pending.drain(..written);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // A frame may be large once (a repaint at 300 columns); its memory is not kept.
        self.pending.shrink_to(16 * 1024);
        Ok(())
    }

    /// Forgets what could not be written, and cancels the escape sequence that it may have cut (CAN, ECMA-48).
    pub fn abandon(&mut self) {
        if !self.pending.is_empty() {
            self.pending.clear();
            self.pending.push(CAN);
            let _ = self.write_pending();
            self.pending.clear();
        }
    }
}
