//! The last line: what can be done here, how fresh each source is, and what the cockpit costs.

use crate::{
    app::App,
    ui::{paint, scene::Scene},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the footer: the newest notice while it is fresh, otherwise the hints.
pub fn draw(app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if let Some(notice) = app.current_notice() {
        let role = Scene::severity_role(notice.severity);
        paint::put_cut(scene, buffer, area, (0, 0), &notice.text, scene.style(role));
    }
}
