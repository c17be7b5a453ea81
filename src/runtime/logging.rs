//! The program's own log: into a file, and as events into the log pane. Never onto the screen.

mod file;

use crate::{
    clock,
    model::{log::LogLine, text},
};
use file::LogFile;
use std::{
    fmt::{self, Write as _},
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::mpsc::Sender;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, util::SubscriberInitExt};

/// The file that is logged into.
static FILE: OnceLock<Arc<LogFile>> = OnceLock::new();

/// Starts logging. Lines are dropped while the pane's queue, or the file's, is full: a log must not hold the program up.
pub fn start(file: Option<PathBuf>, level: Level, pane: Option<Sender<LogLine>>) {
    let file = file.map(|path| Arc::new(LogFile::new(path)));
    let log = Log { level, file: file.clone(), pane };
    // A second start (tests) keeps the first.
    if let (Ok(()), Some(file)) = (tracing_subscriber::registry().with(log).try_init(), file) {
        let _ = FILE.set(file);
    }
}

/// Waits until what was logged stands in the file, at most this long: a disk that hangs must not hold up leaving.
pub fn finish(patience: Duration) {
    if let Some(file) = FILE.get() {
        file.flush(patience);
    }
}

struct Log {
    level: Level,
    file: Option<Arc<LogFile>>,
    pane: Option<Sender<LogLine>>,
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
