//! The log's file: written by a thread of its own, so that a disk that hangs holds nothing up, and never longer than twice
//! [`LIMIT`] with the former one.

use crate::model::log::LogLine;
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// Before it grows over this size the log is begun anew; one former file is kept.
const LIMIT: u64 = 1 << 20;
/// Lines that wait for the disk at most.
const QUEUE: usize = 512;

/// A file that lines can be appended to without waiting. Nothing is opened, and no thread started, before the first.
pub struct LogFile {
    path: PathBuf,
    /// `None` where no thread could be started.
    writer: OnceLock<Option<SyncSender<Order>>>,
    /// Lines that were dropped since the last one that was not.
    dropped: AtomicU64,
}

/// What the writer is told.
enum Order {
    /// To append a line, without its line break.
    Line(String),
    /// To say when everything before is written.
    Flush(SyncSender<()>),
}

impl LogFile {
    /// The log at this path.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, writer: OnceLock::new(), dropped: AtomicU64::new(0) }
    }

    /// Hands a line to the writer; drops and counts it where too many wait already.
    pub fn append(&self, line: &LogLine) {
        let Some(writer) = self.writer.get_or_init(|| start(self.path.clone())) else { return };
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        let lost =
            if dropped == 0 { String::new() } else { format!(" ({dropped} lines before this one were dropped)") };
        let text = format!("{} {:5} {}: {}{lost}", line.at, line.level, line.target, line.text);
        if writer.try_send(Order::Line(text)).is_err() {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }

    /// Waits until every line is written, at most this long.
    pub fn flush(&self, patience: Duration) {
        let Some(Some(writer)) = self.writer.get() else { return };
        let (done_in, done) = sync_channel(1);
        if writer.try_send(Order::Flush(done_in)).is_ok() {
            let _ = done.recv_timeout(patience);
        }
    }
}

fn start(path: PathBuf) -> Option<SyncSender<Order>> {
    let (orders_in, orders) = sync_channel(QUEUE);
    let work = move || write_all(&path, &orders);
    thread::Builder::new().name("log".into()).spawn(work).ok().map(|_| orders_in)
}

/// Writes until nobody can send any more.
fn write_all(path: &Path, orders: &Receiver<Order>) {
    let mut open: Option<Open> = None;
    for order in orders {
        match order {
            Order::Line(mut line) => {
                line.push('\n');
                if open.as_ref().is_none_or(|open| !open.has_room(&line)) {
                    open = Open::new(path, line.len());
                }
                if let Some(open) = &mut open {
                    open.write(&line);
                }
            }
            Order::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

/// The open file and its length.
struct Open {
    file: File,
    length: u64,
}

impl Open {
    /// Opens the log with room for so many bytes: begins it anew where it has none. Its reader is its user alone, and a link in
    /// its place is not followed.
    fn new(path: &Path, bytes: usize) -> Option<Self> {
        // What there is keeps its permissions.
        DirBuilder::new().recursive(true).mode(0o700).create(path.parent()?).ok();
        let is_full = |found: &fs::Metadata| found.is_file() && !fits(found.len(), bytes);
        let renamed =
            fs::symlink_metadata(path).is_ok_and(|found| is_full(&found)) && fs::rename(path, former(path)).is_ok();
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let file = File::options().create(true).append(true).mode(0o600).custom_flags(no_follow).open(path).ok()?;
        let found = file.metadata().ok()?;
        let mut length = if found.is_file() { found.len() } else { 0 };
        if !renamed && is_full(&found) {
            // It cannot be put aside, and must not grow for ever.
            file.set_len(0).ok()?;
            length = 0;
        }
        Some(Self { file, length })
    }

    fn has_room(&self, line: &str) -> bool {
        fits(self.length, line.len())
    }

    fn write(&mut self, line: &str) {
        if self.file.write_all(line.as_bytes()).is_ok() {
            self.length += line.len() as u64;
        }
    }
}

/// Whether so many bytes go into a file of this length.
const fn fits(length: u64, bytes: usize) -> bool {
    length == 0 || length.saturating_add(bytes as u64) <= LIMIT
}

/// `flightdeck.log.1`.
fn former(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use std::{io::Read as _, os::unix::fs::PermissionsExt as _};

    const PATIENCE: Duration = Duration::from_secs(20);

    fn line(text: String) -> LogLine {
        LogLine { at: Timestamp::UNIX_EPOCH, level: "INFO".into(), target: "test".into(), text }
    }

    #[test]
    fn lines_are_for_their_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/f.log");
        let log = LogFile::new(path.clone());
        assert!(!path.exists(), "nothing is opened before the first line");
        log.append(&line("one".into()));
        log.append(&line("two".into()));
        log.flush(PATIENCE);
        let text = fs::read_to_string(&path).expect("written");
        assert_eq!(text, "1970-01-01T00:00:00Z INFO  test: one\n1970-01-01T00:00:00Z INFO  test: two\n");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("state"))), (0o600, 0o700));
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, target) = (folder.path().join("f.log"), folder.path().join("precious"));
        fs::write(&target, "kept").expect("written");
        std::os::unix::fs::symlink(&target, &path).expect("made");
        let log = LogFile::new(path);
        log.append(&line("one".into()));
        log.flush(PATIENCE);
        assert_eq!(fs::read_to_string(&target).expect("there"), "kept");
    }

    #[test]
    fn the_log_is_begun_anew_within_one_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.log");
        let log = LogFile::new(path.clone());
        let long = "x".repeat(10_000);
        for number in 0..300 {
            log.append(&line(format!("{number} {long}")));
            log.flush(PATIENCE);
        }
        let size = |path: &Path| fs::metadata(path).expect("there").len();
        assert!(size(&path) <= LIMIT && size(&former(&path)) <= LIMIT);
        assert!(fs::read_to_string(&path).expect("there").contains("test: 299 "));
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 2, "one former file is kept");
    }

    #[test]
    fn a_disk_that_hangs_holds_nothing_up_and_what_was_dropped_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.log");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        let log = LogFile::new(path.clone());
        // Opening a pipe that nobody reads hangs.
        for number in 0..QUEUE + 100 {
            log.append(&line(number.to_string()));
        }
        log.flush(Duration::from_millis(1));
        let reader = thread::spawn(move || {
            let mut text = String::new();
            let _ = File::open(path).expect("opens").read_to_string(&mut text);
            text
        });
        while log.dropped.load(Ordering::Relaxed) > 0 {
            log.append(&line("last".into()));
            thread::yield_now();
        }
        log.flush(PATIENCE);
        drop(log);
        let text = reader.join().expect("read");
        let said = text.lines().filter_map(|line| line.strip_suffix(" lines before this one were dropped)"));
        let counts =
            said.map(|line| line.rsplit_once('(').expect("it is counted").1.parse::<usize>().expect("a number"));
        assert!(counts.sum::<usize>() >= 99, "{text}");
    }
}
