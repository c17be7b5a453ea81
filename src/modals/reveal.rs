//! The values of a Secret, on this screen and nowhere else: closing the window forgets them.

use super::{
    Modal, Outcome,
    window::{self, Motion},
};
use crate::{
    app::App,
    model::input::Key,
    ops::execute::Revealed,
    pages,
    ui::{
        lines::{self, Line},
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Shows the values of a Secret.
pub struct Reveal {
    revealed: Revealed,
    scroll: usize,
}

impl Reveal {
    /// Shows these.
    pub fn new(revealed: Revealed) -> Self {
        Self { revealed, scroll: 0 }
    }

    fn text(&self) -> Vec<Line> {
        let mut text = Vec::new();
        if self.revealed.values.is_empty() {
            text.push(Line::of(Role::Dim, "it holds no values"));
        }
        for (key, value) in &self.revealed.values {
            text.push(Line::heading(key));
            text.extend(value.lines().map(|line| Line::of(Role::Text, format!("  {line}"))));
        }
        text
    }
}

impl Modal for Reveal {
    fn name(&self) -> &'static str {
        "reveal"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let width = 90.min(area.width);
        let text = lines::wrap(self.text(), width.saturating_sub(4));
        let window = window::place(area, (width, text.len() as u16 + 2));
        let title = format!("Secret {}", pages::name(app.shown(), &self.revealed.target));
        let inner = window::draw(scene, buffer, window, &title, "not recorded; Esc forgets it");
        let first = self.scroll.min(text.len().saturating_sub(usize::from(inner.height)));
        lines::draw(scene, &text, first, inner, buffer);
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key.typed() == Some('q') {
            return Outcome::Close;
        }
        if let Some(motion) = Motion::of(key, app, false) {
            self.step(motion, app);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, _: &mut App) {
        self.scroll = motion.from(self.scroll, self.text().len().saturating_sub(1), 10);
    }
}
