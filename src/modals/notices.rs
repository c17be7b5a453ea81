//! The messages of this session, newest first.

use super::{
    Modal, Outcome,
    window::{self, Motion},
};
use crate::{
    app::App,
    model::{attention::Severity, input::Key, units},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The history of notices.
#[derive(Debug, Default)]
pub struct Notices {
    scroll: usize,
}

/// Size that the window wants.
const SIZE: (u16, u16) = (100, 30);
/// Columns of time and severity.
const MARGIN: u16 = 21;

/// A line of the history; a message that is wrapped goes on without a head.
struct Row {
    head: Option<(String, Severity)>,
    text: String,
}

fn rows(app: &App, width: u16) -> Vec<Row> {
    let margin = if width > 2 * MARGIN { MARGIN } else { 0 };
    let mut rows = Vec::new();
    for notice in app.view.notices.iter().rev() {
        let mut head = Some((units::clock(notice.at), notice.severity));
        if margin == 0 {
            rows.push(Row { head: head.take(), text: String::new() });
        }
        for text in window::wrap(&notice.text, width - margin) {
            rows.push(Row { head: head.take(), text });
        }
    }
    rows
}

impl Modal for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let count = app.view.notices.len().to_string();
        let inner = window::draw(scene, buffer, window::place(area, SIZE), "Notices", &count);
        let rows = rows(app, inner.width);
        if rows.is_empty() {
            paint::put(buffer, inner, (0, 0), "nothing was said yet", scene.style(Role::Dim));
        }
        let margin = if inner.width > 2 * MARGIN { MARGIN } else { 0 };
        for (y, row) in rows.iter().skip(self.scroll).take(usize::from(inner.height)).enumerate() {
            let y = y as u16;
            if let Some((time, severity)) = &row.head {
                let role = Scene::severity_role(*severity);
                let x = paint::put(buffer, inner, (0, y), time, scene.style(Role::Dim)) + 1;
                let word = format!("{} {}", scene.glyphs.severity(*severity), severity.word());
                paint::put(buffer, inner, (x, y), &word, scene.style(role));
            }
            paint::put(buffer, inner, (margin, y), &row.text, scene.style(Role::Text));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) {
            return Outcome::Close;
        }
        if let Some(motion) = Motion::of(key, app, false) {
            self.step(motion, app);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let inner = window::inside(window::place(window::screen(app), SIZE));
        let last = rows(app, inner.width).len().saturating_sub(usize::from(inner.height));
        self.scroll = motion.from(self.scroll, last, usize::from(inner.height));
    }
}
