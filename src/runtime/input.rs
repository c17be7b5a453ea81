//! Keys, mouse, paste and resize from the terminal; and the news that the terminal is gone.

use super::{tty, watch};
use crate::{
    app::event::EventKind,
    model::input::{Key, KeyCode, Mouse, MouseKind},
};
use crossterm::event::{self as ct, Event as Ct, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
};
use std::{cell::Cell, io, os::fd::OwnedFd, time::Duration};
use tokio::io::{Interest, unix::AsyncFd};

/// As good as no wait; crossterm looks at nothing at all when it is given no time.
const AT_ONCE: Duration = Duration::from_micros(100);
/// Long enough for crossterm to look at what it holds, also where this thread is put aside in between.
const SURELY: Duration = Duration::from_millis(2);
/// Events that are taken before a frame may be drawn.
const AT_A_TIME: usize = 512;

/// The terminal as a place to read from.
pub struct Input {
    fd: AsyncFd<OwnedFd>,
    /// Whether crossterm may hold events that no byte announces: what came between our look at the terminal and its own.
    may_hold: Cell<bool>,
}

/// The terminal is gone: hung up, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the terminal is gone")]
pub struct Gone;

impl Input {
    /// Opens the terminal once more, as one that does not block, and puts it in the place of standard input, where crossterm reads:
    /// half an escape sequence would hold a blocking read up until its other half comes. Whoever else has the terminal open
    /// (the shell) keeps a blocking one.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn open() -> io::Result<Self> {
        let fd = tty::again(rustix::stdio::stdin(), OFlags::RDWR | OFlags::NONBLOCK)?;
        rustix::stdio::dup2_stdin(&fd)?;
        Ok(Self { fd: watch::watch(fd, Interest::READABLE)?, may_hold: Cell::new(false) })
    }

    /// Waits for input and returns all that is there, so that a burst costs one frame; of a flood a part.
    ///
    /// # Errors
    /// [`Gone`] where the terminal hung up.
    pub async fn next(&self) -> Result<Vec<EventKind>, Gone> {
        // After the answer to a key is on its way there is time to look whether it was alone. A further key ends the wait.
        if self.may_hold.take() && ct::poll(SURELY).map_err(|_| Gone)? {
            self.may_hold.set(true);
            return Ok(translate(ct::read().map_err(|_| Gone)?).into_iter().collect());
        }
        let mut guard = self.fd.readable().await.map_err(|_| Gone)?;
        let mut events = Vec::new();
        // crossterm is asked only while there are bytes to read: it takes the end of input for a terminal that is slow.
        loop {
            let unread = self.unread()?;
            if ct::poll(AT_ONCE).map_err(|_| Gone)? {
                let event = ct::read().map_err(|_| Gone)?;
                let alone = is_all(&event, unread);
                events.extend(translate(event));
                // Asking crossterm in vain costs as long as the whole answer to a key, so that is done after the answer.
                if alone {
                    self.may_hold.set(true);
                    break;
                }
            } else if unread == 0 {
                break;
            }
            if events.len() >= AT_A_TIME {
                guard.retain_ready();
                return Ok(events);
            }
        }
        guard.clear_ready();
        Ok(events)
    }

    /// Bytes that wait to be read.
    fn unread(&self) -> Result<u64, Gone> {
        let mut fds = [PollFd::new(self.fd.get_ref(), PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&at_once)).map_err(|_| Gone)?;
        let found = fds[0].revents();
        if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(Gone);
        }
        if !found.contains(PollFlags::IN) {
            return Ok(0);
        }
        // Readable with nothing to read is the end of input.
        match rustix::io::ioctl_fionread(self.fd.get_ref()) {
            Ok(0) | Err(_) => Err(Gone),
            Ok(bytes) => Ok(bytes),
        }
    }
}

/// Whether an event is certainly all that so many bytes meant: one byte is one key, and a few that became a key which is no
/// character were its escape sequence. More may have come meanwhile.
fn is_all(event: &Ct, bytes: u64) -> bool {
    let character = matches!(event, Ct::Key(key) if matches!(key.code, ct::KeyCode::Char(_) | ct::KeyCode::Esc));
    bytes == 1 || (matches!(event, Ct::Key(_)) && !character && (3..=4).contains(&bytes))
}

fn translate(event: Ct) -> Option<EventKind> {
    match event {
        Ct::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(EventKind::Key),
        Ct::Mouse(mouse) => translate_mouse(mouse).map(EventKind::Mouse),
        Ct::Paste(text) => Some(EventKind::Paste(text)),
        Ct::Resize(columns, rows) => Some(EventKind::Resize { columns, rows }),
        _ => None,
    }
}

fn translate_key(key: ct::KeyEvent) -> Option<Key> {
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let code = match key.code {
        ct::KeyCode::Char(c) => {
            shift = false;
            KeyCode::Char(c)
        }
        ct::KeyCode::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        ct::KeyCode::F(n) => KeyCode::F(n),
        ct::KeyCode::Enter => KeyCode::Enter,
        ct::KeyCode::Esc => KeyCode::Esc,
        ct::KeyCode::Tab => KeyCode::Tab,
        ct::KeyCode::Backspace => KeyCode::Backspace,
        ct::KeyCode::Delete => KeyCode::Delete,
        ct::KeyCode::Insert => KeyCode::Insert,
        ct::KeyCode::Up => KeyCode::Up,
        ct::KeyCode::Down => KeyCode::Down,
        ct::KeyCode::Left => KeyCode::Left,
        ct::KeyCode::Right => KeyCode::Right,
        ct::KeyCode::Home => KeyCode::Home,
        ct::KeyCode::End => KeyCode::End,
        ct::KeyCode::PageUp => KeyCode::PageUp,
        ct::KeyCode::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    let (ctrl, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
    Some(Key { code, ctrl, alt, shift })
}

fn translate_mouse(mouse: ct::MouseEvent) -> Option<Mouse> {
    let kind = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        _ => return None,
    };
    Some(Mouse { kind, column: mouse.column, row: mouse.row })
}
