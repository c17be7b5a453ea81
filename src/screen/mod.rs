//! The whole screen: header, the cells of the page, modals, footer. Draws from `&App` and changes nothing.

pub mod footer;
pub mod header;
#[cfg(test)]
pub mod kit;

use crate::{
    app::{App, layout_bars},
    modals::which_key,
    panes,
    ui::{paint, scene::Scene, theme::Role},
    view::layout::Placed,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws everything.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let area = buffer.area;
    let scene = app.scene();
    paint::fill(buffer, area, scene.style(Role::Text));
    let (top, bottom) = layout_bars(area.height);
    if top > 0 {
        header::draw(app, &scene, Rect { height: 1, ..area }, buffer);
    }
    for placed in &app.view.placed {
        draw_cell(&scene, placed, buffer);
    }
    if bottom > 0 {
        footer::draw(app, &scene, Rect { y: area.height - 1, height: 1, ..area }, buffer);
    }
    which_key::draw(app, &scene, Rect::from(app.work_area()), buffer);
    for modal in &app.modals {
        modal.draw(app, &scene, Rect::from(app.work_area()), buffer);
    }
}

fn draw_cell(scene: &Scene<'_>, placed: &Placed, buffer: &mut Buffer) {
    let Some(pane) = scene.view.shown_in(placed).and_then(panes::find) else { return };
    let scene = Scene { focused: scene.view.focused() == Some(pane.name()), ..*scene };
    let inner = paint::frame(&scene, buffer, placed.area.into(), pane.title(), &pane.status(&scene));
    pane.draw(&scene, inner, buffer);
}
