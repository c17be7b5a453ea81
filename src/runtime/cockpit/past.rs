//! The cockpit's past: the flight recorder, the moments that are made from it, and the player of a recording.

use super::{Cockpit, Feed};
use crate::{
    app::{
        App,
        effect::PlayerCommand,
        event::{Done, Event, EventKind},
    },
    clock,
    model::{Timestamp, journal::IncidentId, own::OwnCounters},
    runtime::{
        player::Player,
        recorder::{
            Limits, Recorder, Stopped,
            file::{FILE_LIMIT, FileSink},
            format::Header,
        },
    },
    world::World,
};
use std::{io, path::Path, sync::Arc, time::Instant};
use tokio::sync::mpsc;

/// A moment, and the time that was asked for.
pub(super) type Answer = (Timestamp, Option<Box<World>>);

pub(super) struct Past {
    /// There is none while a recording is played.
    recorder: Option<Recorder>,
    player: Option<Box<Player>>,
    answers: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    /// The time that was asked for last: answers to older questions are not shown.
    asked: Option<Timestamp>,
}

impl Past {
    /// # Errors
    /// Where the file to record into exists already, or cannot be made.
    pub(super) fn new(
        feed: Feed,
        record: Option<&Path>,
        limits: Limits,
        counters: Arc<OwnCounters>,
    ) -> io::Result<Self> {
        let (recorder, player) = match feed {
            Feed::Live => {
                let mut recorder = Recorder::new(limits, counters);
                if let Some(path) = record {
                    recorder.start_file(FileSink::create(path, &Header::new(clock::now(), None), FILE_LIMIT)?);
                }
                (Some(recorder), None)
            }
            Feed::Recording(player) => (None, Some(player)),
        };
        Ok(Self { recorder, player, answers: mpsc::channel(4), asked: None })
    }

    /// Takes an event that comes to this cockpit, as far as it may be kept.
    pub(super) fn record(&mut self, event: &Event, app: &App) -> Option<Stopped> {
        let recorder = self.recorder.as_mut()?;
        match event.kind.hidden(!app.modals.is_empty()) {
            Some(kind) => recorder.record(&Event { at: event.at, kind }, &app.world),
            None => recorder.record(event, &app.world),
        }
    }

    /// Asks for a moment; it is made on another thread and comes as an answer. What is older than all that is kept becomes the
    /// oldest.
    pub(super) fn ask(&mut self, at: Option<Timestamp>) {
        self.asked = at;
        let (Some(at), Some(recorder)) = (at, &mut self.recorder) else { return };
        let reachable = recorder.oldest().map_or(at, |oldest| at.max(oldest));
        let kept = recorder.find(reachable);
        let answers = self.answers.0.clone();
        tokio::task::spawn_blocking(move || {
            let world = kept.and_then(|kept| kept.world(reachable));
            // Nobody listens any more only when the cockpit is leaving.
            let _ = answers.blocking_send((at, world));
        });
    }

    pub(super) async fn answer(&mut self) -> Answer {
        loop {
            match self.answers.1.recv().await {
                Some(answer) if self.asked == Some(answer.0) => return answer,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// The recorder; there is none while a recording is played.
    pub(super) fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Whether this is the machine as it is, not a recording.
    pub(super) fn is_live(&self) -> bool {
        self.player.is_none()
    }

    /// When the player has something to do.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.player.as_ref()?.next_at()
    }
}

impl Cockpit {
    /// Shows the recording's start and plays it; or says that the sources are to be asked.
    pub(super) fn begin_past(&mut self) -> bool {
        let recording = self.past.recorder.as_ref().is_some_and(Recorder::is_recording);
        if recording {
            self.app.set_recording(true);
            self.record_size();
        }
        let Some(player) = &mut self.past.player else { return true };
        // Graphs are drawn once all of it has been read; everything else does not wait for that.
        self.work.read_history(player.recording().clone());
        self.app.set_reading(true);
        let mut events: Vec<Event> = player.world().into_iter().collect();
        let damage = player.recording().damage.clone();
        events.extend(player.command(PlayerCommand::Toggle, clock::instant()));
        self.feed(events);
        if let Some(text) = damage {
            self.take(EventKind::Done(Done::new(false, text)), clock::now());
        }
        false
    }

    /// Gives recorded events to the app at their recorded times, and tells it where the recording stands.
    fn feed(&mut self, events: Vec<Event>) -> bool {
        let mut leave = false;
        for event in events {
            leave |= self.take(event.kind, event.at);
        }
        if let Some(player) = &self.past.player {
            let state = player.state();
            leave |= self.take(EventKind::Player(state), clock::now());
        }
        leave
    }

    pub(super) fn play(&mut self) -> bool {
        let events = self.past.player.as_mut().map(|player| player.due(clock::instant()));
        self.feed(events.unwrap_or_default())
    }

    pub(super) fn command_player(&mut self, command: PlayerCommand) -> bool {
        let events = self.past.player.as_mut().map(|player| player.command(command, clock::instant()));
        self.feed(events.unwrap_or_default())
    }

    pub(super) fn take_moment(&mut self, (_, world): Answer, now: Timestamp) -> bool {
        self.past.asked = None;
        self.take(EventKind::Moment(world), now)
    }

    /// A recording begins with the size of the screen.
    pub(super) fn record_size(&mut self) {
        let (columns, rows) = self.app.view.size;
        self.take(EventKind::Resize { columns, rows }, clock::now());
    }

    /// Keeps the last half hour beside an incident that is declared.
    pub(super) fn attach_past(&mut self, incident: IncidentId) {
        let Some(past) = self.past.recorder.as_mut().and_then(Recorder::dump) else { return };
        let (journal, folder) = (self.journal.clone(), self.state_folder.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(why) = journal.attach(incident, &past, &folder) {
                tracing::error!(why, "the flight recorder was not kept beside the incident");
            }
        });
    }

    /// The recording ended by itself.
    pub(super) fn recording_stopped(&mut self, stopped: Stopped, at: Timestamp) -> bool {
        self.app.set_recording(false);
        self.take(EventKind::Done(Done::new(false, stopped.0)), at)
    }
}
