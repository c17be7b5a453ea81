//! The whole screen: header, the cells of the page, modals, footer. Draws from `&App` and changes nothing.

pub mod footer;
pub mod header;
#[cfg(test)]
pub mod kit;

use crate::{
    app::App,
    modals::which_key,
    pages, panes,
    ui::{paint, scene::Scene, theme::Role},
    view::layout::Placed,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws everything.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let area = buffer.area;
    let scene = app.scene();
    paint::fill(buffer, area, scene.style(Role::Text));
    let (top, bottom) = app.bars();
    if top > 0 {
        header::draw(app, &scene, Rect { height: 1, ..area }, buffer);
    }
    if top > 1 {
        strip(&scene, Rect { y: area.y + 1, height: 1, ..area }, buffer);
    }
    match app.view.stack.last() {
        Some(page) => pages::draw(&scene, page, Rect::from(app.work_area()), buffer),
        None => app.view.placed.iter().for_each(|placed| draw_cell(&scene, placed, buffer)),
    }
    if bottom > 0 {
        footer::draw(app, &scene, Rect { y: area.height - 1, height: 1, ..area }, buffer);
    }
    which_key::draw(app, &scene, Rect::from(app.work_area()), buffer);
    for modal in &app.modals {
        modal.draw(app, &scene, Rect::from(app.work_area()), buffer);
    }
    if app.settings.glyphs.ascii {
        paint::to_ascii(buffer);
    }
}

/// The incident that is running, below the header of every page.
fn strip(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if let Some((severity, words)) = panes::incident_now::strip(scene) {
        let sign = scene.glyphs.severity(severity).to_string();
        let x = paint::put(buffer, area, (0, 0), &sign, scene.style(Scene::severity_role(severity))) + 1;
        paint::put_cut(scene, buffer, area, (x, 0), &words, scene.style(Role::Text));
    }
}

fn draw_cell(scene: &Scene<'_>, placed: &Placed, buffer: &mut Buffer) {
    let Some(pane) = scene.view.shown_in(placed).and_then(panes::find) else { return };
    let scene = Scene { focused: scene.view.focused() == Some(pane.name()), ..*scene };
    let area = Rect::from(placed.area);
    if placed.panes.len() < 2 {
        let inner = paint::frame(&scene, buffer, area, pane.title(), &pane.status(&scene));
        return pane.draw(&scene, inner, buffer);
    }
    let framed = area.height >= 3 && area.width >= 6;
    let bar = Rect {
        x: area.x + u16::from(framed),
        width: area.width.saturating_sub(2 * u16::from(framed)),
        height: 1,
        ..area
    };
    let inner = if framed {
        let inner = paint::frame(&scene, buffer, area, "", "");
        paint::put_status(&scene, buffer, bar, tabs_width(&placed.panes), &pane.status(&scene));
        inner
    } else {
        area
    };
    if area.height > 1 {
        draw_tabs(&scene, placed, pane.name(), bar, buffer);
    }
    let inner =
        if framed || area.height < 2 { inner } else { Rect { y: inner.y + 1, height: inner.height - 1, ..inner } };
    pane.draw(&scene, inner, buffer);
}

/// Columns of the tab names with a separator after each.
fn tabs_width(names: &[&'static str]) -> u16 {
    names.iter().filter_map(|name| panes::find(name)).map(|pane| paint::width(pane.title()) + 3).sum()
}

/// The names of the panes that share a cell, the shown one in its place among them. Where they do not all fit, the shown one
/// comes with its number.
fn draw_tabs(scene: &Scene<'_>, placed: &Placed, shown: &'static str, bar: Rect, buffer: &mut Buffer) {
    let role = |is: bool| match (is, scene.focused) {
        (true, true) => Role::Selected,
        (true, false) => Role::Title,
        (false, _) => Role::Dim,
    };
    if tabs_width(&placed.panes) > bar.width {
        let at = placed.panes.iter().position(|name| *name == shown).unwrap_or(0) + 1;
        let title = panes::find(shown).map_or("", |pane| pane.title());
        let text = format!(" {title} {at}/{} ", placed.panes.len());
        paint::put(buffer, bar, (0, 0), &text, scene.style(role(true)));
        return;
    }
    let mut x = 0;
    for (at, pane) in placed.panes.iter().filter_map(|name| panes::find(name)).enumerate() {
        if at > 0 {
            let separator = if scene.glyphs.ascii { "|" } else { "│" };
            x += paint::put(buffer, bar, (x, 0), separator, scene.style(Role::Border));
        }
        x += paint::put(buffer, bar, (x, 0), &format!(" {} ", pane.title()), scene.style(role(pane.name() == shown)));
    }
}

#[cfg(test)]
mod tests;
