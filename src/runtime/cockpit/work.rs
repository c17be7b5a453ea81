//! Work that may have to wait for a disk. It is done on threads, and what comes of it wakes the loop: a home that hangs costs the
//! answer, not the cockpit.

use super::Cockpit;
use crate::{
    app::{
        event::{Done, EventKind},
        settings::Settings,
    },
    clock,
    model::{Timestamp, series::SeriesStore, units},
    runbook::definition::Catalogue,
    runtime::recorder::{
        file::{FILE_LIMIT, FileSink},
        format::Header,
        read::Recording,
    },
    runtime::{effects, handover::Back},
};
use std::{path::PathBuf, sync::Arc, thread};
use tokio::sync::mpsc;

/// Reads the configuration anew.
pub type Reload = dyn Fn() -> Settings + Send + Sync;
/// Reads the runbooks, and what is wrong with them.
pub type ReadRunbooks = dyn Fn() -> (Catalogue, Vec<String>) + Send + Sync;

/// What came of it.
pub(super) enum Worked {
    Settings(Box<Settings>),
    Runbooks((Catalogue, Vec<String>)),
    RecordingBegun(Result<FileSink, String>),
    /// Where the recording lies and how long it is.
    RecordingEnded(Result<(PathBuf, u64), String>),
    History(Box<SeriesStore>),
    /// The terminal is given back.
    HandedBack(Box<Back>),
}

pub(super) struct Work {
    reload: Arc<Reload>,
    runbooks: Arc<ReadRunbooks>,
    answers: (mpsc::Sender<Worked>, mpsc::Receiver<Worked>),
    /// Whether the configuration is being read.
    reloading: bool,
    /// Whether the runbooks are being read.
    reading_runbooks: bool,
    /// Whether they are to be read once more, as they were asked for meanwhile.
    read_again: bool,
    /// Whether a recording is being begun or ended.
    turning: bool,
    /// The thread that ends a recording: leaving waits for it, which waits for the disk but not for ever.
    ending: Option<thread::JoinHandle<()>>,
}

impl Work {
    pub(super) fn new(reload: Arc<Reload>, runbooks: Arc<ReadRunbooks>) -> Self {
        Self {
            reload,
            runbooks,
            answers: mpsc::channel(4),
            reloading: false,
            reading_runbooks: false,
            read_again: false,
            turning: false,
            ending: None,
        }
    }

    pub(super) async fn answer(&mut self) -> Option<Worked> {
        self.answers.1.recv().await
    }

    /// Where the end of something is told that runs on a thread of its own.
    pub(super) fn teller(&self) -> mpsc::Sender<Worked> {
        self.answers.0.clone()
    }

    fn begin(&self, work: impl FnOnce() -> Worked + Send + 'static) {
        let answers = self.answers.0.clone();
        tokio::task::spawn_blocking(move || {
            // Nobody listens any more only when the cockpit is leaving.
            let _ = answers.blocking_send(work());
        });
    }

    /// Reads the runbooks: that takes longer than drawing the first screen.
    pub(super) fn read_runbooks(&mut self) {
        if self.reading_runbooks {
            self.read_again = true;
            return;
        }
        self.reading_runbooks = true;
        let read = Arc::clone(&self.runbooks);
        self.begin(move || Worked::Runbooks(read()));
    }

    /// Reads the history of a whole recording.
    pub(super) fn read_history(&self, recording: Recording) {
        self.begin(move || Worked::History(Box::new(recording.series())));
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.answers.1.close();
        if let Some(ending) = self.ending.take() {
            let _ = ending.join();
        }
    }
}

impl Cockpit {
    pub(super) fn reload(&mut self) -> bool {
        if self.work.reloading {
            return self.say(false, "the configuration is still being read: its disk does not answer");
        }
        self.work.reloading = true;
        let reload = Arc::clone(&self.work.reload);
        self.work.begin(move || Worked::Settings(Box::new(reload())));
        false
    }

    /// Takes what came of some work; says whether to leave.
    pub(super) fn take_worked(&mut self, worked: Worked, now: Timestamp) -> bool {
        match worked {
            Worked::Settings(settings) => {
                self.work.reloading = false;
                self.work.read_runbooks();
                self.take(EventKind::Settings(settings), now)
            }
            Worked::Runbooks((runbooks, problems)) => {
                self.work.reading_runbooks = false;
                if std::mem::take(&mut self.work.read_again) {
                    self.work.read_runbooks();
                    return false;
                }
                self.take(EventKind::Runbooks(Arc::new(runbooks), problems), now)
            }
            Worked::HandedBack(back) => self.take_back(*back),
            Worked::History(series) => self.take(EventKind::History(series), now),
            Worked::RecordingBegun(begun) => {
                self.work.turning = false;
                match begun {
                    Ok(file) => self.recording_begun(file),
                    Err(why) => self.say(false, why),
                }
            }
            Worked::RecordingEnded(ended) => {
                self.work.turning = false;
                match ended {
                    Ok((path, size)) => {
                        self.say(true, format!("recorded {} into {}", units::bytes(size as f64), path.display()))
                    }
                    Err(why) => self.say(false, why),
                }
            }
        }
    }

    fn say(&mut self, ok: bool, text: impl Into<String>) -> bool {
        self.take(EventKind::Done(Done::new(ok, text)), clock::now())
    }

    pub(super) fn copy(&mut self, text: &str, what: &str) {
        let done = match effects::copy_bytes(text, self.tmux) {
            Ok(bytes) => {
                let _ = self.output.write(&bytes);
                Done::new(true, format!("{what} copied ({} bytes)", text.len()))
            }
            Err(text) => Done::new(false, text),
        };
        self.take(EventKind::Done(done), clock::now());
    }

    pub(super) fn toggle_recording(&mut self) -> bool {
        if self.work.turning {
            return self.say(false, "the recording's disk has not answered yet");
        }
        let Some(recorder) = self.past.recorder() else { return false };
        match recorder.end_file() {
            None => self.begin_recording(clock::now()),
            Some(ended) => {
                self.app.set_recording(false);
                match ended {
                    Ok(file) => self.end_recording(file),
                    Err(why) => self.say(false, why),
                }
            }
        }
    }

    fn begin_recording(&mut self, now: Timestamp) -> bool {
        let name = format!("recording-{}.flightdeck", now.strftime("%Y%m%dT%H%M%SZ"));
        let path = self.state_folder.join(name);
        let hostname = self.app.world.observed.facts.as_ref().map(|facts| facts.hostname.clone());
        self.work.turning = true;
        self.work.begin(move || {
            let made = FileSink::create(&path, &Header::new(now, hostname), FILE_LIMIT);
            Worked::RecordingBegun(made.map_err(|error| error.to_string()))
        });
        false
    }

    fn recording_begun(&mut self, file: FileSink) -> bool {
        let text = format!("recording into {}", file.path().display());
        let Some(recorder) = self.past.recorder() else { return false };
        recorder.start_file(file);
        self.app.set_recording(true);
        self.record_size();
        self.say(true, text)
    }

    fn end_recording(&mut self, file: FileSink) -> bool {
        let answers = self.work.answers.0.clone();
        let end = move || {
            let _ = answers.blocking_send(Worked::RecordingEnded(file.end()));
        };
        // A thread of its own: the others may all be held up by what hangs.
        match thread::Builder::new().name("recording's end".into()).spawn(end) {
            Ok(thread) => {
                self.work.turning = true;
                self.work.ending = Some(thread);
                false
            }
            Err(error) => self.say(false, format!("the end of the recording may be missing: {error}")),
        }
    }
}
