//! The time that is shown: now, a moment of the past, or a place in a recording.

use super::{
    App,
    effect::{Effect, PlayerCommand, SPEEDS},
    event::PlayerState,
};
use crate::{
    model::{Timestamp, attention::Severity, series::SeriesStore, units},
    ops::gate::Past,
    world::World,
};

impl App {
    /// Shows a moment of the past in every pane; `None` is back to now. In a recording, now is its end.
    pub fn go_to(&mut self, at: Option<Timestamp>) {
        if let Some(player) = self.player {
            self.ask(Effect::Player(PlayerCommand::Seek(at.unwrap_or(player.last))));
            return;
        }
        match at.filter(|at| *at < self.now) {
            Some(at) => {
                self.view.cursor = Some(at);
                self.ask(Effect::Moment(Some(at)));
            }
            None => self.leave_past(),
        }
    }

    /// Moves the shared time cursor by seconds.
    pub fn step_time(&mut self, seconds: i64) {
        if self.player.is_some() {
            self.ask(Effect::Player(PlayerCommand::Skip(seconds as f64)));
            return;
        }
        let from = self.view.cursor.unwrap_or(self.now);
        let to = from.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(from);
        self.go_to(Some(to));
    }

    /// Goes to the oldest moment that is kept, or to the recording's start.
    pub fn go_to_oldest(&mut self) {
        let oldest = self.player.map_or(Timestamp::UNIX_EPOCH, |player| player.first);
        self.go_to(Some(oldest));
    }

    /// Moves by single events in a recording, by seconds in the live cockpit.
    pub fn step_events(&mut self, step: i32) {
        if self.player.is_some() {
            self.ask(Effect::Player(PlayerCommand::Step(step)));
        } else {
            self.step_time(i64::from(step));
        }
    }

    /// Plays or pauses a recording; the live cockpit returns to now.
    pub fn toggle_play(&mut self) {
        if self.player.is_some() {
            self.ask(Effect::Player(PlayerCommand::Toggle));
        } else {
            self.go_to(None);
        }
    }

    /// Plays `factor` times as fast as now.
    pub fn change_speed(&mut self, factor: f64) {
        let Some(player) = self.player else {
            self.notice(Severity::Info, "only a recording has a speed");
            return;
        };
        let speed = (player.speed * factor).clamp(*SPEEDS.start(), *SPEEDS.end());
        self.ask(Effect::Player(PlayerCommand::Speed(speed)));
    }

    /// Starts or stops recording into a file.
    pub fn toggle_recording(&mut self) {
        if self.player.is_some() {
            self.notice(Severity::Info, "this is a recording already");
        } else {
            self.ask(Effect::ToggleRecording);
        }
    }

    /// Tells the outside that events are being written to a file, or not any more.
    pub fn set_recording(&mut self, recording: bool) {
        self.recording = recording;
        self.dirty = true;
    }

    fn leave_past(&mut self) {
        // A moment that was asked for is not waited for any more.
        if self.view.cursor.take().is_some() {
            self.ask(Effect::Moment(None));
        }
        self.policy.past = self.player.as_ref().map(|_| Past::Recorded);
        self.moment = None;
        self.hold_logs();
        self.relayout();
    }

    /// Takes the answer to [`Effect::Moment`]: the moment that was asked for or, where nothing that old is kept, the oldest.
    pub(super) fn set_moment(&mut self, moment: Option<Box<World>>) {
        // Whoever went back to now meanwhile stays there.
        let Some(asked) = self.view.cursor else { return };
        match moment {
            Some(mut world) => {
                // Moments are kept without the log; what it held then is its older part.
                world.log = self.world.log.iter().filter(|line| line.at <= world.now).cloned().collect();
                // Runbooks are files of now.
                world.runbooks.clone_from(&self.world.runbooks);
                if world.now > asked {
                    self.view.cursor = Some(world.now);
                    let oldest = units::clock(world.now);
                    self.notice(Severity::Info, format!("{oldest} is the oldest moment kept"));
                }
                self.policy.past = self.policy.past.or(Some(Past::Earlier));
                self.moment = Some(world);
                self.hold_logs();
            }
            None => {
                self.view.cursor = self.moment.as_ref().map(|world| world.now);
                self.notice(Severity::Info, "nothing that old is kept");
            }
        }
        self.relayout();
    }

    pub(super) fn set_world(&mut self, world: World) {
        // The series of a recording are read once, at its opening, and reach over all of it.
        let series = std::mem::take(&mut self.world.series);
        let log = std::mem::take(&mut self.world.log);
        // Recordings hold none: they are files of here.
        let runbooks = self.world.runbooks.take();
        self.world = world;
        self.world.series = series;
        self.world.log = log;
        self.world.runbooks = runbooks;
        self.relayout();
    }

    /// Says whether a recording's history is being read.
    pub fn set_reading(&mut self, reading: bool) {
        self.reading = reading;
        self.dirty = true;
    }

    /// Takes the history of the whole recording in place of what was played until now.
    pub(super) fn set_history(&mut self, series: SeriesStore) {
        self.world.series = series;
        self.set_reading(false);
    }

    /// Follows the machine's clock, which was set back: what is counted from earlier times goes back with it, or it would stand
    /// still until the clock is there again.
    pub(super) fn step_clock(&mut self, at: Timestamp, by_seconds: f64) {
        let by = super::event::clock_step(by_seconds);
        self.world.shift_time(by);
        self.dirty = true;
        // The clock of a recording is not ours.
        if self.player.is_some() {
            return;
        }
        self.now = at;
        self.pending_since = self.pending_since.min(at);
        for notice in &mut self.view.notices {
            notice.at = notice.at.checked_add(by).unwrap_or(notice.at);
        }
        let text = format!("the clock of this machine was set back by {}", units::span(by_seconds.abs()));
        self.notice(Severity::Warn, text);
        self.relayout();
    }

    pub(super) fn set_player(&mut self, state: PlayerState) {
        self.policy.past = Some(Past::Recorded);
        self.player = Some(state);
        self.dirty = true;
    }

    /// Whether a [`super::event::EventKind::Wake`] at this time is for the world: in a recording only a recorded one is, because
    /// the world's time is the recording's.
    pub(super) fn is_world_time(&self, at: Timestamp) -> bool {
        self.player.is_none_or(|player| at <= player.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::event::{Event, EventKind},
        model::{log::LogLine, update::Update},
        screen::kit::app,
    };
    use jiff::SignedDuration;

    fn earlier(app: &App, seconds: i64) -> Timestamp {
        app.now.checked_sub(SignedDuration::from_secs(seconds)).expect("in range")
    }

    fn give(app: &mut App, at: Timestamp, kind: EventKind) -> Vec<Effect> {
        app.update(Event { at, kind })
    }

    #[test]
    fn a_moment_shows_the_log_as_it_was() {
        let mut app = app((80, 24));
        let (before, now) = (earlier(&app, 60), app.now);
        for (at, text) in [(earlier(&app, 90), "old"), (before, "then"), (now, "new")] {
            let line = LogLine { at, level: "INFO".into(), target: "test".into(), text: text.into() };
            give(&mut app, now, EventKind::Log(line));
        }
        app.go_to(Some(before));
        give(&mut app, now, EventKind::Moment(Some(Box::new(World::at(before)))));
        let texts: Vec<_> = app.shown().log.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["then", "old"]);
        assert_eq!(app.world.log.len(), 3);
    }

    #[test]
    fn whoever_leaves_the_past_waits_for_no_moment() {
        let mut app = app((80, 24));
        let (then, now) = (earlier(&app, 60), app.now);
        app.go_to(Some(then));
        app.go_to(None);
        let effects = give(&mut app, now, EventKind::Wake);
        let moments: Vec<_> = effects.iter().filter(|effect| matches!(effect, Effect::Moment(_))).collect();
        assert!(matches!(moments[..], [Effect::Moment(Some(_)), Effect::Moment(None)]), "{moments:?}");
        app.go_to(None);
        assert!(!give(&mut app, now, EventKind::Wake).iter().any(|effect| matches!(effect, Effect::Moment(_))));
    }

    #[test]
    fn a_clock_that_was_set_back_is_followed() {
        let mut app = app((80, 24));
        app.notice(Severity::Info, "before");
        let back = earlier(&app, 3_600);
        give(&mut app, back, EventKind::ClockStepped { by_seconds: -3_600.0 });
        assert_eq!((app.now, app.world.now), (back, back));
        assert!(app.view.notices.iter().all(|notice| notice.at == back), "they run out in their time");
        assert_eq!(app.current_notice().expect("said").text, "the clock of this machine was set back by 1h");
        let later = back.checked_add(SignedDuration::from_secs(1)).expect("in range");
        give(&mut app, later, EventKind::Wake);
        assert_eq!((app.now, app.world.now), (later, later));
    }

    #[test]
    fn history_reaches_as_far_as_the_recorder() {
        for (minutes, kept) in [(60, 2), (1, 2), (10, 2)] {
            let mut settings = app((80, 24)).settings;
            settings.config.recorder.minutes = minutes;
            let start: Timestamp = "2026-11-23T02:14:07Z".parse().expect("a time");
            let mut app = App::new(settings, crate::ops::gate::Policy::default(), start, (80, 24));
            let reach = i64::from(minutes.max(30)) * 60;
            for seconds in [0, reach] {
                let at = start.checked_add(SignedDuration::from_secs(seconds)).expect("in range");
                let load = Some([1.0, 1.0, 1.0]);
                let gauges = crate::model::host::Gauges { load, ..Default::default() };
                let updates = vec![Update::Gauges(Box::new(gauges))];
                give(&mut app, at, EventKind::Updates { source: "host/gauges".into(), updates });
            }
            let world = World::at(app.now);
            give(&mut app, start, EventKind::World(Box::new(world)));
            let points = app.world.series.get(&crate::model::series::Metric::Load1.into()).map(|s| s.len());
            assert_eq!(points, Some(kept), "{minutes}");
        }
    }
}
