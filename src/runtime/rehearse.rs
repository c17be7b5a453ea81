//! Doors for tests: a recording or a scenario goes in, screens come out. No terminal, no clock.

use super::{
    recorder::{Limits, Recorder, read::Recording},
    screen::Screen,
};
use crate::{
    app::{App, effect::Effect, event::{Event, EventKind}, settings::Settings},
    model::Timestamp,
    ops::gate::Policy,
};
use ratatui::buffer::Buffer;

/// A cockpit without a terminal. It has the flight recorder, so that going back in time works as in the live one.
pub struct Rehearsal {
    pub app: App,
    recorder: Recorder,
}

impl Rehearsal {
    /// A cockpit that knows nothing yet.
    pub fn new(settings: Settings, now: Timestamp, size: (u16, u16)) -> Self {
        let app = App::new(settings, Policy::default(), now, size);
        Self { app, recorder: Recorder::new(Limits::default(), std::sync::Arc::default()) }
    }

    /// Takes an event and answers what the app asks the recorder for; returns the other effects.
    pub fn take(&mut self, event: Event) -> Vec<Effect> {
        let at = event.at;
        let _ = self.recorder.record(&event, &self.app.world);
        let mut left = Vec::new();
        for effect in self.app.update(event) {
            match effect {
                Effect::Moment(Some(asked)) => {
                    let reachable = self.recorder.oldest().map_or(asked, |oldest| asked.max(oldest));
                    let moment = self.recorder.moment(reachable);
                    left.extend(self.app.update(Event { at, kind: EventKind::Moment(moment) }));
                }
                other => left.push(other),
            }
        }
        left
    }

    /// The screen as it is now.
    pub fn screen(&self) -> Buffer {
        Screen::picture(&self.app)
    }
}

/// Applies every event of a recording, keys and sizes included, to a fresh cockpit, and returns the screen after each event
/// that changed something that is shown. The last one is what the recorded cockpit showed at the end.
pub fn replay_screens(recording: &Recording, size: (u16, u16), settings: Settings) -> Vec<(Timestamp, Buffer)> {
    let mut rehearsal = Rehearsal::new(settings, recording.first(), size);
    if let Some(world) = recording.lines(0).and_then(|lines| lines.world_after(0)) {
        rehearsal.app.world = *world;
    }
    rehearsal.app.set_recording(true);
    let mut screens = Vec::new();
    for lines in (0..recording.len()).filter_map(|index| recording.lines(index)) {
        for event in (0..lines.events.len()).filter_map(|index| lines.event(index)) {
            rehearsal.take(event);
            if rehearsal.app.take_dirty() {
                screens.push((rehearsal.app.now, rehearsal.screen()));
            }
        }
    }
    screens
}
