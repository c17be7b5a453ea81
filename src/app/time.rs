//! The time that is shown: now, a moment of the past, or a place in a recording.

use super::{
    App,
    effect::{Effect, PlayerCommand},
    event::PlayerState,
};
use crate::{
    model::{Timestamp, attention::Severity},
    world::World,
};

/// Speeds of the player, times real speed.
const SPEEDS: (f64, f64) = (0.25, 64.0);

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
        let speed = (player.speed * factor).clamp(SPEEDS.0, SPEEDS.1);
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
        self.view.cursor = None;
        self.policy.past = self.player.is_some();
        self.moment = None;
        self.relayout();
    }

    /// Takes the answer to [`Effect::Moment`]: the moment that was asked for or, where nothing that old is kept, the oldest.
    pub(super) fn set_moment(&mut self, moment: Option<Box<World>>) {
        // Whoever went back to now meanwhile stays there.
        let Some(asked) = self.view.cursor else { return };
        match moment {
            Some(world) => {
                if world.now > asked {
                    self.view.cursor = Some(world.now);
                    let oldest = crate::model::units::clock(world.now);
                    self.notice(Severity::Info, format!("{oldest} is the oldest moment kept"));
                }
                self.policy.past = true;
                self.moment = Some(world);
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
        self.world = world;
        self.world.series = series;
        self.world.log = log;
        self.relayout();
    }

    pub(super) fn set_player(&mut self, state: PlayerState) {
        self.policy.past = true;
        self.player = Some(state);
        self.dirty = true;
    }

    /// Whether a [`super::event::EventKind::Wake`] at this time is for the world: in a recording only a recorded one is, because
    /// the world's time is the recording's.
    pub(super) fn is_world_time(&self, at: Timestamp) -> bool {
        self.player.is_none_or(|player| at <= player.last)
    }
}
