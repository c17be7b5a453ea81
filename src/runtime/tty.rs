//! The terminal by a descriptor of our own.

use rustix::{
    fs::{Mode, OFlags, open},
    io::Errno,
    process, termios,
};
use std::{
    ffi::{CStr, CString},
    io,
    os::fd::{AsFd, OwnedFd},
};

/// The name that every process has for its own terminal.
const OWN: &CStr = c"/dev/tty";

/// Opens the terminal behind a descriptor once more, so that how it is read and written concerns nobody else who has it open.
///
/// # Errors
/// Where there is no terminal, or it cannot be opened.
pub fn again(of: impl AsFd, flags: OFlags) -> io::Result<OwnedFd> {
    let of = of.as_fd();
    // It may have no name here (a container that was given only the descriptor).
    let path = termios::ttyname(of, Vec::new()).unwrap_or_else(|_| OWN.to_owned());
    let flags = flags | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = match open(&path, flags, Mode::empty()) {
        // It belongs to who called su, and is ours all the same.
        Err(Errno::ACCESS) if is_own(of) => open(OWN, flags, Mode::empty()),
        opened => opened,
    };
    opened.map_err(|error| named(&path, error))
}

/// Whether it is the terminal of this process's session.
fn is_own(of: impl AsFd) -> bool {
    termios::tcgetsid(of).is_ok_and(|session| process::getsid(None) == Ok(session))
}

fn named(path: &CString, error: Errno) -> io::Error {
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("{}: {error}", path.to_string_lossy()))
}
