//! Keys, mouse, paste and resize from the terminal; and the news that the terminal is gone.

use super::{tty, watch};
use crate::{
    app::event::EventKind,
    clock,
    model::input::{Key, KeyCode, Mouse, MouseKind},
};
use rustix::{fs::OFlags, io::Errno};
use std::{
    collections::VecDeque,
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};
use termina::{
    Event, Parser,
    event::{self as ct, KeyEventKind, Modifiers, MouseButton, MouseEventKind},
};
use tokio::io::{Interest, unix::AsyncFd};

/// How long an escape may stand alone before it is the key: what follows in a sequence comes in the same packet, or in the next one of a
/// slow line. Cut apart, an arrow (`ESC [ A`) would be the key that arms.
const ALONE: Duration = Duration::from_millis(25);
/// How long the rest of a sequence is waited for. What begins one that never ends (Alt-P begins a DCS) would swallow all keys for ever.
const TORN: Duration = Duration::from_secs(1);
/// Events that are taken before a frame may be drawn.
const AT_A_TIME: usize = 512;
/// Bytes that are read at a time: as many as the kernel's side of a terminal holds.
const CHUNK: usize = 4096;
const ESCAPE: u8 = 0x1b;
const PASTE_BEGINS: [u8; 6] = *b"\x1b[200~";
const PASTE_ENDS: [u8; 6] = *b"\x1b[201~";

/// The terminal as a place to read from.
pub struct Input {
    fd: AsyncFd<OwnedFd>,
    parser: Parser,
    /// What was heard and not yet taken.
    heard: VecDeque<EventKind>,
    /// Whether the last bytes may be the begin of something.
    open: bool,
    /// Whether what comes is text that was pasted.
    pasting: bool,
    /// The bytes that came last.
    tail: [u8; 6],
    /// Until when the rest of what was begun is waited for.
    until: Option<Instant>,
    /// [`ALONE`] and [`TORN`].
    patience: (Duration, Duration),
}

/// The terminal is gone: hung up, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the terminal is gone")]
pub struct Gone;

impl Input {
    /// Opens the terminal once more, as one that does not block. Whoever else has the terminal open (the shell) keeps a blocking one.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn open() -> io::Result<Self> {
        let fd = tty::again(rustix::stdio::stdin(), OFlags::RDWR | OFlags::NONBLOCK)?;
        Self::from(fd, (ALONE, TORN))
    }

    fn from(fd: OwnedFd, patience: (Duration, Duration)) -> io::Result<Self> {
        let fd = watch::watch(fd, Interest::READABLE)?;
        let (parser, heard, tail) = (Parser::default(), VecDeque::new(), [0; 6]);
        Ok(Self { fd, parser, heard, open: false, pasting: false, tail, until: None, patience })
    }

    /// Waits for input and returns all that is there, so that a burst costs one frame; of a flood a part. What was read and not returned
    /// is kept where the wait is given up.
    ///
    /// # Errors
    /// [`Gone`] where the terminal hung up.
    pub async fn next(&mut self) -> Result<Vec<EventKind>, Gone> {
        loop {
            if !self.heard.is_empty() {
                return Ok(self.heard.drain(..self.heard.len().min(AT_A_TIME)).collect());
            }
            match self.until {
                None => self.fd.readable().await.map_err(|_| Gone)?.retain_ready(),
                Some(until) => tokio::select! {
                    biased;
                    readable = self.fd.readable() => readable.map_err(|_| Gone)?.retain_ready(),
                    () = tokio::time::sleep_until(until.into()) => {
                        self.end();
                        continue;
                    }
                },
            }
            self.read()?;
        }
    }

    /// Forgets what was begun: somebody else had the terminal meanwhile.
    pub fn forget(&mut self) {
        self.parser = Parser::default();
        (self.open, self.pasting, self.until) = (false, false, None);
    }

    /// Reads what is there, a chunk at most.
    fn read(&mut self) -> Result<(), Gone> {
        let mut chunk = [0; CHUNK];
        let mut read = 0;
        while read < chunk.len() {
            let found = self.fd.try_io(Interest::READABLE, |fd| match rustix::io::read(fd, &mut chunk[read..]) {
                Err(Errno::INTR) => Ok(None),
                found => Ok(Some(found?)),
            });
            match found {
                Ok(None) => {}
                // What came before the end is heard first.
                Ok(Some(0)) | Err(_) if read > 0 => break,
                Ok(Some(bytes)) if bytes > 0 => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Readable with nothing to read is the end of input.
                Ok(Some(_)) | Err(_) => return Err(Gone),
            }
        }
        for byte in &chunk[..read] {
            self.hear(*byte);
        }
        if read > 0 {
            let (alone, torn) = self.patience;
            let patience = if self.tail[5] == ESCAPE { alone } else { torn };
            self.until = (self.open && !self.pasting).then(|| clock::instant() + patience);
        }
        Ok(())
    }

    fn hear(&mut self, byte: u8) {
        // An escape begins anew, whatever was begun before it: Escape and an arrow are two keys. In pasted text it is text.
        if byte == ESCAPE && self.open && !self.pasting {
            self.end();
        }
        self.parser.parse(&[byte], true);
        self.open = true;
        self.take_parsed();
        self.tail.rotate_left(1);
        self.tail[5] = byte;
        match self.tail {
            PASTE_BEGINS => self.pasting = true,
            PASTE_ENDS => self.pasting = false,
            _ => {}
        }
    }

    /// Ends what was begun: an escape that nothing followed is the key, half a sequence is nothing.
    fn end(&mut self) {
        self.parser.parse(&[], false);
        self.take_parsed();
        self.forget();
    }

    fn take_parsed(&mut self) {
        while let Some(event) = self.parser.pop() {
            self.open = false;
            self.heard.extend(translate(event));
        }
    }
}

fn translate(event: Event) -> Option<EventKind> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(EventKind::Key),
        Event::Mouse(mouse) => translate_mouse(mouse).map(EventKind::Mouse),
        // Terminals end lines of what is pasted as Enter does.
        Event::Paste(text) => Some(EventKind::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))),
        _ => None,
    }
}

fn translate_key(key: ct::KeyEvent) -> Option<Key> {
    let mut shift = key.modifiers.contains(Modifiers::SHIFT);
    let code = match key.code {
        ct::KeyCode::Char(c) => {
            shift = false;
            KeyCode::Char(c)
        }
        ct::KeyCode::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        ct::KeyCode::Function(n) => KeyCode::F(n),
        ct::KeyCode::Enter => KeyCode::Enter,
        ct::KeyCode::Escape => KeyCode::Esc,
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
    let (ctrl, alt) = (key.modifiers.contains(Modifiers::CONTROL), key.modifiers.contains(Modifiers::ALT));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write as _, os::unix::net::UnixStream};

    const LONG: Duration = Duration::from_secs(3_600);
    const SHORT: Duration = Duration::from_millis(1);
    /// Time for a piece to be read alone; where it was not, the same has to come of it.
    const GIVEN_UP: Duration = Duration::from_millis(10);

    /// What comes of pieces that arrive one after the other, up to the end of input.
    fn heard(patience: Duration, pieces: &[&[u8]]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (mut far, near) = UnixStream::pair().expect("two ends");
            near.set_nonblocking(true).expect("ours");
            let mut input = Input::from(near.into(), (patience, LONG)).expect("it can be watched");
            let mut events = Vec::new();
            for piece in pieces {
                far.write_all(piece).expect("taken");
                if patience == SHORT {
                    events.extend(input.next().await.expect("open"));
                }
                // A wait that is given up loses nothing.
                while let Ok(more) = tokio::time::timeout(GIVEN_UP, input.next()).await {
                    events.extend(more.expect("open"));
                }
            }
            drop(far);
            while let Ok(more) = input.next().await {
                events.extend(more);
            }
            events.into_iter().map(named).collect()
        })
    }

    fn named(event: EventKind) -> String {
        match event {
            EventKind::Key(key) => key.to_string(),
            EventKind::Paste(text) => format!("pasted {text}"),
            EventKind::Mouse(mouse) => format!("{:?} {} {}", mouse.kind, mouse.column, mouse.row),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_sequence_that_is_cut_is_one_key_and_never_its_letters() {
        for pieces in [&[&b"\x1b[A"[..]][..], &[b"\x1b", b"[A"], &[b"\x1b[", b"A"], &[b"\x1b", b"[", b"A"]] {
            assert_eq!(heard(LONG, pieces), ["up"], "{pieces:?}");
        }
        for pieces in [&[&b"\x1b\x1b[A"[..]][..], &[b"\x1b", b"\x1b[A"], &[b"\x1b\x1b", b"[A"]] {
            assert_eq!(heard(LONG, pieces), ["esc", "up"], "{pieces:?}");
        }
        assert_eq!(heard(LONG, &[b"\x1b[\x1b[A"]), ["up"], "Alt-[ means nothing");
        assert_eq!(heard(LONG, &[b"j\x1b", b"[B\x1b[5", b"~k"]), ["j", "down", "pageup", "k"]);
    }

    #[test]
    fn an_escape_that_nothing_follows_is_the_key() {
        assert_eq!(heard(SHORT, &[b"\x1b", b"j"]), ["esc", "j"]);
        assert_eq!(heard(LONG, &[b"\x1bj"]), ["alt-j"]);
    }

    #[test]
    fn what_begins_and_never_ends_swallows_no_keys() {
        // Alt-P, Alt-], half an answer to a question of somebody else, half a character.
        for begun in [&b"\x1bP"[..], b"\x1b]", b"\x1b[>41", b"\x1b[?1", b"\x1b[<5", b"\xe2\x82"] {
            assert_eq!(heard(LONG, &[begun, b"\x1b[A", b"j"]), ["up", "j"], "{begun:?}");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let later = runtime.block_on(async {
            let (mut far, near) = UnixStream::pair().expect("two ends");
            near.set_nonblocking(true).expect("ours");
            let mut input = Input::from(near.into(), (LONG, SHORT)).expect("it can be watched");
            far.write_all(b"\x1bP").expect("taken");
            let mut was_open = false;
            while !was_open || input.open {
                assert!(tokio::time::timeout(GIVEN_UP, input.next()).await.is_err(), "nothing is heard");
                was_open |= input.tail == *b"\0\0\0\0\x1bP";
            }
            far.write_all(b"j").expect("taken");
            input.next().await.expect("open")
        });
        assert_eq!(later.into_iter().map(named).collect::<Vec<_>>(), ["j"]);
    }

    #[test]
    fn a_burst_is_heard_whole_and_a_paste_is_one_event() {
        let burst: Vec<String> = (0..2_000).map(|_| "x".to_owned()).collect();
        assert_eq!(heard(LONG, &[burst.concat().as_bytes()]), burst);
        let paste = format!("\x1b[200~{}\x1b[201~q", "a word ".repeat(2_000));
        let (begin, end) = paste.as_bytes().split_at(7_001);
        assert_eq!(heard(LONG, &[begin, end]), [format!("pasted {}", "a word ".repeat(2_000)), "q".to_owned()]);
        assert_eq!(heard(LONG, &[b"\x1b[200~one\x1b", b"[201~"]), ["pasted one"]);
        assert_eq!(heard(SHORT, &[b"\x1b[200~a\rb\r\nc\x1bP\x1b[201~"]), ["pasted a\nb\nc\u{1b}P"]);
    }

    #[test]
    fn the_mouse_is_heard_in_both_ways_and_nonsense_is_not() {
        assert_eq!(heard(LONG, &[b"\x1b[<0;5;7M"]), ["Press 4 6"]);
        assert_eq!(heard(LONG, &[b"\x1b[M !!"]), ["Press 0 0"]);
        assert_eq!(heard(LONG, &[b"\x1b[M \x00\x00"]).len(), 1);
        assert_eq!(heard(LONG, &[b"\xff\xfe\x1b[999999;;~q"]), ["q"]);
    }
}
