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

impl App {
    /// Shows a moment of the past in every pane; `None` is back to now.
    pub fn go_to(&mut self, at: Option<Timestamp>) {
        if self.player.is_some() {
            if let Some(at) = at {
                self.ask(Effect::Player(PlayerCommand::Seek(at)));
            }
            return;
        }
        match at.filter(|at| *at < self.now) {
            Some(at) => {
                self.view.cursor = Some(at);
                self.ask(Effect::Moment(Some(at)));
            }
            None => self.set_moment(None),
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

    pub(super) fn set_moment(&mut self, moment: Option<Box<World>>) {
        if moment.is_none() && self.moment.is_none() && self.view.cursor.is_some() {
            self.notice(Severity::Info, "nothing that old is kept");
        }
        self.view.cursor = moment.as_ref().map(|world| world.now);
        self.policy.past = moment.is_some() || self.player.is_some();
        self.moment = moment;
        self.relayout();
    }

    pub(super) fn set_world(&mut self, world: World) {
        // The series of a recording are read once, at its opening, and reach over all of it.
        let series = std::mem::take(&mut self.world.series);
        self.world = world;
        self.world.series = series;
        self.relayout();
    }

    pub(super) fn set_player(&mut self, state: PlayerState) {
        self.policy.past = true;
        self.player = Some(state);
        self.dirty = true;
    }
}
