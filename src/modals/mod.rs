//! What lies over the panes and takes the keys: help, palette, confirmations, choosers. One file a modal, one type of stack.

pub mod ask;
pub mod columns;
pub mod confirm;
pub mod engines;
pub mod fields;
pub mod filter;
pub mod form;
pub mod forwards;
pub mod help;
pub mod incident;
pub mod k8s;
pub mod log_choice;
pub mod logs;
pub mod notices;
pub mod operate;
pub mod palette;
pub mod picker;
pub mod postmortem;
pub mod preflight;
pub mod reveal;
pub mod selector;
pub mod signal;
pub mod themes;
pub mod which_key;
pub mod window;
pub mod wizard;

use crate::{
    app::App,
    model::{
        input::{Key, Mouse, MouseKind},
        topic::TopicSet,
    },
    ui::scene::Scene,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use window::Motion;

/// Whether a modal stays after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Stay,
    Close,
}

/// Something over the panes. Keys go to the topmost one only; Esc always closes it.
pub trait Modal: Send {
    /// Name in tests and help.
    fn name(&self) -> &'static str;
    /// Draws itself somewhere in the area, over what is there.
    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer);
    /// Takes a key. The modal is off the stack while it does, so it may open another.
    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome;
    /// Whether it shows how this run of a runbook stands.
    fn is_about(&self, _run: &str) -> bool {
        false
    }
    /// Whether it shows something that changes every second by itself.
    fn ticks(&self, _app: &App) -> bool {
        false
    }
    /// Something that was asked for has been answered.
    fn on_answer(&mut self, _app: &mut App) {}
    /// What it needs while it is open.
    fn topics(&self, _app: &App) -> TopicSet {
        TopicSet::EMPTY
    }
    /// Takes pasted text.
    fn on_paste(&mut self, _text: &str, _app: &mut App) -> Outcome {
        Outcome::Stay
    }
    /// Moves what is selected, or the text.
    fn step(&mut self, _motion: Motion, _app: &mut App) {}
    /// Takes a press of the mouse's button there on the screen.
    fn press(&mut self, _at: Position, _app: &mut App) -> Outcome {
        Outcome::Stay
    }
    /// Takes a mouse event: the wheel is a step.
    fn on_mouse(&mut self, mouse: Mouse, app: &mut App) -> Outcome {
        if let Some(motion) = Motion::of_mouse(mouse) {
            self.step(motion, app);
        } else if mouse.kind == MouseKind::Press {
            return self.press((mouse.column, mouse.row).into(), app);
        }
        Outcome::Stay
    }
}

#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod shell_tests;
#[cfg(test)]
mod tests;
