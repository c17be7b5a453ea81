//! Takes the terminal and gives it back, whatever happens: at the end, at a panic, before a stop, and when it is already gone.

use super::contain;
use crossterm::{
    cursor,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    queue, terminal,
};
use std::{
    io::{self, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, ThreadId},
};

/// Whether the terminal is ours now; a panic hook has no other way to know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Ends an escape sequence that was cut (ECMA-48), and shows nothing.
pub const CAN: u8 = 0x18;

/// Bytes that set the terminal up for the cockpit.
pub fn enter_bytes(mouse: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    let _ = queue!(bytes, terminal::EnterAlternateScreen, cursor::Hide, EnableBracketedPaste);
    bytes.extend(mouse_bytes(mouse));
    bytes
}

/// Bytes that let the terminal report the mouse, or not.
pub fn mouse_bytes(mouse: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = if mouse { queue!(bytes, EnableMouseCapture) } else { queue!(bytes, DisableMouseCapture) };
    bytes
}

/// Bytes that clear the way for whoever has the terminal next: the main screen, a cursor, no mouse. It stays raw.
pub fn lend_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = queue!(
        bytes,
        terminal::EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        cursor::Show,
        terminal::LeaveAlternateScreen,
    );
    bytes
}

/// Bytes that undo what a session may have left behind: a soft reset (DECSTR), and the modes that it leaves alone.
pub fn reset_bytes() -> Vec<u8> {
    let mut bytes = b"\x1b[!p\x1b[?1049l\x1b[?1l\x1b>\x1b(B\x1b[r\x1b[0m\x1b[?1004l".to_vec();
    bytes.extend(lend_bytes());
    bytes
}

/// Puts the terminal into raw mode and remembers that it has to be given back.
///
/// # Errors
/// Where there is no terminal.
pub fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    Ok(())
}

/// Gives the terminal back as it was. Does nothing the second time, and does not fail: there is nobody left to tell.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if takes_bytes() {
        let mut stdout = io::stdout();
        // What was written last may have been cut in the middle of an escape sequence: CAN ends it (ECMA-48).
        let bytes = [&[CAN][..], &lend_bytes()].concat();
        let _ = stdout.write_all(&bytes).and_then(|()| stdout.flush());
    }
    let _ = terminal::disable_raw_mode();
}

/// Whether the terminal takes bytes within 0.6 seconds: one that was stopped (Ctrl-S) or cut off would hold us for ever, and one on a
/// machine that is busy, or behind a slow line, needs its time.
fn takes_bytes() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::OUT)];
    let patience = Timespec { tv_sec: 0, tv_nsec: 600_000_000 };
    poll(&mut fds, Some(&patience)).is_ok_and(|ready| ready > 0) && fds[0].revents().contains(PollFlags::OUT)
}

/// From now on a panic of this thread gives the terminal back before it speaks. A panic that does not end the program, one of
/// another thread (a source's) or of a contained task (its supervisor), is logged only: the screen says what became of it.
pub fn restore_at_panic() {
    let main: ThreadId = thread::current().id();
    let speak = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == main && !contain::is_contained() {
            give_back();
            speak(info);
        }
        tracing::error!(panic = %info, "panic");
    }));
}

/// Gives the terminal back when it goes out of scope.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}
