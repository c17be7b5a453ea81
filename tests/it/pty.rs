//! A pseudo-terminal with a program in it, and an emulator that shows what a person would see.

use crate::wait::{self, PATIENCE};
use portable_pty::{Child, CommandBuilder, ExitStatus, PtySize, native_pty_system};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::Signal,
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use std::{
    fs::File,
    io::{PipeReader, PipeWriter, Read, Write, pipe},
    num::NonZero,
    os::fd::{BorrowedFd, RawFd},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};
use tempfile::TempDir;

/// The program under test.
pub const FLIGHTDECK: &str = env!("CARGO_BIN_EXE_flightdeck");

/// Words of the header of the first page that are there at every width.
pub const MODE: &str = "1 Overview";

/// What came out of the terminal so far.
pub struct Seen {
    pub emulator: vt100::Parser,
    /// Everything, in order.
    pub bytes: Vec<u8>,
    /// Nobody takes bytes out of the terminal while this is set.
    stalled: bool,
    /// Whether the other side is closed.
    pub closed: bool,
}

impl Seen {
    pub fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// Whether the text is on the screen.
    pub fn shows(&self, text: &str) -> bool {
        self.screen().contents().contains(text)
    }
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A pseudo-terminal. The program in it is killed when this is dropped.
pub struct Pty {
    pub child: Box<dyn Child + Send + Sync>,
    /// Our side of the terminal, and what ends the thread that drains it.
    master: Option<(Arc<File>, PipeWriter, JoinHandle<()>)>,
    seen: Shared,
    /// The terminal's other side, to look at its settings.
    pub tty: PathBuf,
    /// Home of the program: empty at its start, gone at its end.
    _home: TempDir,
}

/// What is started, where, and in which environment.
pub struct Setup {
    size: (u16, u16),
    environment: Vec<(String, String)>,
    home: TempDir,
}

impl Setup {
    /// A terminal of 80 columns and 24 rows, and an environment that owes nothing to that of the tests.
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let at = |folder: &str| home.path().join(folder).to_string_lossy().into_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = [
            ("HOME", at("")),
            ("XDG_CONFIG_HOME", at("config")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_CACHE_HOME", at("cache")),
            ("XDG_DATA_HOME", at("data")),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("PATH", path),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { size: (80, 24), environment, home }
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// Sets a variable in place of what it was.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Variables and their values.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Starts the program under test.
    pub fn flightdeck(self, arguments: &[&str]) -> Pty {
        let command: Vec<_> = [FLIGHTDECK].into_iter().chain(arguments.iter().copied()).collect();
        self.run(&command)
    }

    /// Starts any program.
    pub fn run(self, command: &[&str]) -> Pty {
        let (columns, rows) = self.size;
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut builder = CommandBuilder::from_argv(command.iter().map(Into::into).collect());
        builder.env_clear();
        for (name, value) in &self.environment {
            builder.env(name, value);
        }
        builder.cwd(self.home.path());
        let tty = pair.master.tty_name().expect("a pseudo-terminal has a name");
        let child = pair.slave.spawn_command(builder).expect("the program starts");
        let master = Arc::new(own(pair.master.as_raw_fd().expect("a pseudo-terminal has a descriptor")));
        let seen: Shared = Arc::new((
            Mutex::new(Seen {
                emulator: vt100::Parser::new(some(rows), some(columns), 0),
                bytes: Vec::new(),
                stalled: false,
                closed: false,
            }),
            Condvar::new(),
        ));
        let (until, end) = pipe().expect("a pipe");
        let (shared, terminal) = (Arc::clone(&seen), Arc::clone(&master));
        let thread = thread::spawn(move || drain(&terminal, &until, &shared));
        Pty { child, master: Some((master, end, thread)), seen, tty, _home: self.home }
    }
}

/// A descriptor of our own for the same terminal: the library's closes with an end-of-file character, and cannot be closed
/// while somebody reads from it.
#[allow(
    unsafe_code,
    reason = "the library tells its descriptor as a number only; it is open here, and borrowed for one call"
)]
fn own(fd: RawFd) -> File {
    // SAFETY: the caller holds the library's terminal, whose descriptor this is, over this call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    borrowed.try_clone_to_owned().expect("a descriptor can be doubled").into()
}

/// A terminal has at least one row and one column.
fn some(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("no test uses a terminal of no size")
}

fn lock(shared: &Shared) -> MutexGuard<'_, Seen> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes everything out of the terminal, and answers what a terminal is asked, until `until` is closed.
fn drain(terminal: &File, until: &PipeReader, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut asked = Questions::default();
    loop {
        let mut fds = [PollFd::new(terminal, PollFlags::IN), PollFd::new(until, PollFlags::IN)];
        let _ = poll(&mut fds, None);
        if !fds[1].revents().is_empty() {
            break;
        }
        let stalled = shared.1.wait_while(lock(shared), |seen| seen.stalled);
        drop(stalled.unwrap_or_else(PoisonError::into_inner));
        let count = match { terminal }.read(&mut buffer) {
            Ok(count) if count > 0 => count,
            _ => break,
        };
        let _ = { terminal }.write_all(&asked.answers(&buffer[..count]));
        let mut seen = lock(shared);
        seen.emulator.process(&buffer[..count]);
        seen.bytes.extend(&buffer[..count]);
        shared.1.notify_all();
    }
    lock(shared).closed = true;
    shared.1.notify_all();
}

/// What a program may ask its terminal, and what is answered: where the cursor is, and what the terminal can do.
const QUESTIONS: [(&[u8], &[u8]); 2] = [(b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;22c")];

/// Finds questions in a stream, also where a read cut one in two.
#[derive(Default)]
struct Questions(Vec<u8>);

impl Questions {
    fn answers(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        for byte in bytes {
            self.0.push(*byte);
            if let Some((_, answer)) = QUESTIONS.iter().find(|(question, _)| *question == self.0) {
                answers.extend_from_slice(answer);
            }
            if !QUESTIONS.iter().any(|(question, _)| question.starts_with(&self.0)) {
                self.0.clear();
                self.0.extend(Some(*byte).filter(|byte| *byte == 0x1b));
            }
        }
        answers
    }
}

#[test]
fn questions_are_found_where_a_read_cuts_them() {
    let mut questions = Questions::default();
    assert_eq!(questions.answers(b"text\x1b[?25l\x1b[6"), b"");
    assert_eq!(questions.answers(b"n\x1b[31m\x1b\x1b[c"), b"\x1b[1;1R\x1b[?62;22c");
}

impl Pty {
    pub fn pid(&self) -> i32 {
        self.child.process_id().expect("it was started") as i32
    }

    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn master(&self) -> &File {
        &self.master.as_ref().expect("the terminal was not closed").0
    }

    /// Waits until the screen is like this.
    ///
    /// # Panics
    /// At the deadline, with what the screen shows then.
    pub fn wait_for(&self, what: &str, mut like: impl FnMut(&Seen) -> bool) {
        let waiting = self.seen.1.wait_timeout_while(self.seen(), PATIENCE, |seen| !like(seen) && !seen.closed);
        let (seen, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        let fine = like(&seen);
        let shown = seen.screen().contents();
        drop(seen);
        assert!(fine, "not on the screen within {PATIENCE:?}: {what}\n{shown}");
    }

    /// Whether nothing more came out of the terminal for this long.
    pub fn is_quiet_for(&self, time: Duration) -> bool {
        let before = self.seen().bytes.len();
        let waiting = self.seen.1.wait_timeout_while(self.seen(), time, |seen| seen.bytes.len() == before);
        waiting.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Waits until more than so many bytes have come out of the terminal, but no longer than this.
    pub fn more_than(&self, bytes: usize, time: Duration) {
        let waiting =
            self.seen.1.wait_timeout_while(self.seen(), time, |seen| seen.bytes.len() <= bytes && !seen.closed);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until the cockpit has the terminal and shows its first screen.
    pub fn wait_for_cockpit(&self) {
        self.wait_for("the cockpit", |seen| seen.screen().alternate_screen() && seen.shows(MODE));
    }

    /// Types something.
    pub fn send(&self, keys: impl AsRef<[u8]>) {
        self.master().write_all(keys.as_ref()).expect("the terminal takes keys");
    }

    /// Types something, as long as there is anybody to type to.
    pub fn try_send(&self, keys: &[u8]) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        // One that has left reads nothing any more, and a full terminal would hold us for ever.
        let mut asked = [PollFd::new(self.master(), PollFlags::OUT)];
        let takes = poll(&mut asked, Some(&Timespec { tv_sec: 1, tv_nsec: 0 })).is_ok_and(|ready| ready > 0);
        if takes && asked[0].revents().contains(PollFlags::OUT) {
            let _ = self.master().write_all(keys);
        }
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen().emulator.screen_mut().set_size(some(rows), some(columns));
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master(), size).expect("a size can be set");
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        wait::signal(self.pid(), signal);
    }

    /// Takes no more bytes out of the terminal, or does so again. One last read may still happen.
    pub fn stall(&self, stalled: bool) {
        self.seen().stalled = stalled;
        self.seen.1.notify_all();
    }

    /// Writes to the terminal, beside the program in it, until it takes no more; says how many bytes it took.
    pub fn fill(&self) -> usize {
        let tty = self.open_tty();
        // A terminal ignores this byte, also within a sequence.
        std::iter::from_fn(|| (&tty).write(&[0; 1024]).ok()).sum()
    }

    /// How many bytes were typed that the program has not read.
    pub fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(self.open_tty()).expect("a terminal tells")
    }

    fn open_tty(&self) -> File {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = (rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK).bits() as i32;
        let opened = File::options().read(true).write(true).custom_flags(flags).open(&self.tty);
        opened.expect("the terminal is there while its master is open")
    }

    /// Whether lines are edited and echoed by the kernel, as a shell's user expects.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.open_tty()).expect("a terminal has settings").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Closes the terminal, as a terminal emulator that dies does.
    pub fn close(&mut self) {
        self.stall(false);
        if let Some((terminal, end, thread)) = self.master.take() {
            drop(end);
            thread.join().expect("the thread that drains does not fail");
            drop(terminal);
        }
    }

    /// Waits until the program has ended.
    ///
    /// # Panics
    /// Where it has not ended in time.
    pub fn exit(&mut self, patience: Duration) -> ExitStatus {
        let ended = wait::process_end(self.pid(), patience);
        assert!(ended.is_some(), "still there after {patience:?}\n{}", self.seen().screen().contents());
        self.child.wait().expect("a child of ours")
    }

    /// Waits until the program has ended, as one does that was asked to.
    ///
    /// # Panics
    /// Where it has not ended in time, or not well, with its last words.
    pub fn ends_well(&mut self, patience: Duration) {
        let status = self.exit(patience);
        assert!(status.success(), "{status}\n{}", self.last_words());
    }

    /// What came last out of the terminal, as it came.
    fn last_words(&self) -> String {
        self.wait_for_end();
        let seen = self.seen();
        String::from_utf8_lossy(&seen.bytes[seen.bytes.len().saturating_sub(1_000)..]).into_owned()
    }

    /// Waits until everything that was written has been seen.
    pub fn wait_for_end(&self) {
        let waiting = self.seen.1.wait_timeout_while(self.seen(), PATIENCE, |seen| !seen.closed);
        assert!(waiting.is_ok_and(|(seen, _)| seen.closed), "the terminal is still open on the other side");
    }

    /// Asserts that the terminal is as it was before the cockpit.
    ///
    /// # Panics
    /// Where something is left, with what that is.
    pub fn assert_restored(&self) {
        let left = |seen: &Seen| {
            let screen = seen.screen();
            let found = [
                (screen.alternate_screen(), "the alternate screen"),
                (screen.hide_cursor(), "the hidden cursor"),
                (screen.bracketed_paste(), "bracketed paste"),
                (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse reports"),
            ];
            found.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect::<Vec<_>>()
        };
        // The last bytes may still be on their way.
        let waiting =
            self.seen.1.wait_timeout_while(self.seen(), PATIENCE, |seen| !left(seen).is_empty() && !seen.closed);
        let (seen, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        assert_eq!(left(&seen), [""; 0], "left behind on the terminal");
        drop(seen);
        assert!(self.is_cooked(), "raw mode is still on");
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            wait::end(self.pid());
            let _ = self.child.wait();
        }
        self.close();
    }
}
