//! Watching a file descriptor of our own for readiness. The one place of this program that needs `unsafe`.

use std::{io, os::fd::OwnedFd};
use tokio::io::{Interest, unix::AsyncFd};

/// Watches a descriptor that nobody else can close.
///
/// # Errors
/// Where the kernel cannot watch it (a regular file).
#[allow(
    unsafe_code,
    reason = "tokio has no safe way for descriptors that it does not know; an OwnedFd fulfils the conditions"
)]
pub fn watch(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open until it is dropped, always answers with the same descriptor, and the `AsyncFd` owns it.
    Ok(unsafe { AsyncFd::register_with_interest(fd, interest) }?)
}
