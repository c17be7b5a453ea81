//! What can follow the keys that were pressed, shown after a pause. It takes no keys itself.

use super::window;
use crate::{
    action,
    app::App,
    keymap::{shown, written},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Columns of one entry.
const COLUMN: u16 = 26;
/// Most rows of entries.
const ROWS: u16 = 8;

/// Draws the keys that can follow at the lower edge of the area, if it is time to.
pub fn draw(app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if !app.shows_which_key() || area.height < 3 {
        return;
    }
    let next = app.settings.keymap.continuations(&app.scopes(), &app.pending);
    let columns = (area.width.saturating_sub(2) / COLUMN).max(1);
    let wanted = (next.len() as u16).div_ceil(columns).clamp(1, ROWS);
    let height = (wanted + 2).min(area.height);
    let window = Rect { y: area.bottom() - height, height, ..area };
    let title = written(&app.pending);
    let inner = window::draw(scene, buffer, window, &title, "Esc forget");
    let rows = inner.height.max(1);
    for (at, (key, action)) in next.into_iter().enumerate() {
        let (x, y) = (at as u16 / rows * COLUMN, at as u16 % rows);
        let cell = Rect { x: inner.x + x.min(inner.width), width: inner.width.saturating_sub(x).min(COLUMN), ..inner };
        let took = paint::put(buffer, cell, (1, y), &shown(&[key]), scene.style(Role::Key));
        let title = action.map_or("more", |name| action::find(name).map_or(name, |action| action.title));
        paint::put_cut(scene, buffer, cell, (took + 2, y), title, scene.style(Role::Text));
    }
}
