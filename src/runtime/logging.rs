//! The program's own log: into a file, and as events into the log pane. Never onto the screen.

use crate::{
    clock,
    model::{log::LogLine, text},
};
use std::{
    fmt::{self, Write as _},
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Mutex,
};
use tokio::sync::mpsc::Sender;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, util::SubscriberInitExt};

/// At this size the log is begun anew; one former file is kept.
const FILE_LIMIT: u64 = 1 << 20;

/// Starts logging. Lines for the pane are dropped while its queue is full: a log must not hold the program up.
pub fn start(file: Option<PathBuf>, level: Level, pane: Option<Sender<LogLine>>) {
    let log = Log { level, file: file.map(|path| LogFile { path, open: Mutex::new(None) }), pane };
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(log).try_init();
}

struct Log {
    level: Level,
    file: Option<LogFile>,
    pane: Option<Sender<LogLine>>,
}

struct LogFile {
    path: PathBuf,
    open: Mutex<Option<File>>,
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let metadata = event.metadata();
        let target = metadata.target().trim_start_matches("flightdeck::");
        let line = LogLine {
            at: clock::now(),
            level: metadata.level().as_str().into(),
            target: target.into(),
            text: text::clean_to(&words.0, 2_000).into_owned(),
        };
        if let Some(file) = &self.file {
            file.append(&line);
        }
        if let Some(pane) = &self.pane {
            let _ = pane.try_send(line);
        }
    }
}

impl LogFile {
    fn append(&self, line: &LogLine) {
        let Ok(mut open) = self.open.lock() else { return };
        if open.is_none() {
            *open = open_log(&self.path);
        }
        if let Some(file) = open.as_mut() {
            let _ = writeln!(file, "{} {:5} {}: {}", line.at, line.level, line.target, line.text);
        }
    }
}

fn open_log(path: &Path) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    if fs::metadata(path).is_ok_and(|found| found.len() > FILE_LIMIT) {
        let _ = fs::rename(path, path.with_extension("log.1"));
    }
    File::options().create(true).append(true).open(path).ok()
}

/// The message and the fields of an event as words.
#[derive(Default)]
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // Writing into a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let _ = match field.name() {
            "message" => write!(self.0, "{value}"),
            name => write!(self.0, "{name}={value}"),
        };
    }
}
