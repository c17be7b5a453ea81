//! What lies over the panes and takes the keys: help, palette, confirmations, choosers. One file a modal, one type of stack.

pub mod columns;
pub mod confirm;
pub mod filter;
pub mod signal;

use crate::{
    app::App,
    model::input::{Key, Mouse},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

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
    /// Takes pasted text.
    fn on_paste(&mut self, _text: &str, _app: &mut App) -> Outcome {
        Outcome::Stay
    }
    /// Takes a mouse event.
    fn on_mouse(&mut self, _mouse: Mouse, _app: &mut App) -> Outcome {
        Outcome::Stay
    }
}

/// A frame in the middle of the area for content of this size, as far as there is room; returns the inside.
pub fn frame(scene: &Scene<'_>, area: Rect, (width, height): (u16, u16), title: &str, buffer: &mut Buffer) -> Rect {
    let scene = Scene { focused: true, ..*scene };
    let (width, height) = (width.min(area.width), height.saturating_add(2).min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    let area = Rect { x, y, width, height };
    paint::fill(buffer, area, scene.style(Role::Text));
    let inner = paint::frame(&scene, buffer, area, title, "");
    let margin = u16::from(inner.width > 20);
    Rect { x: inner.x + margin, width: inner.width - 2 * margin, ..inner }
}

#[cfg(test)]
mod tests;
