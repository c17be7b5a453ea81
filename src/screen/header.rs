//! The first line: where we are, the pages, whether a key can do harm, and the time.

use crate::{
    app::App,
    model::units,
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Places of the page titles: first column, last column (exclusive), page, text.
fn titles(app: &App) -> Vec<(u16, u16, usize, String)> {
    let host = app.shown().observed.facts.as_ref().map_or("", |facts| &facts.hostname);
    let mut x = 13 + paint::width(host);
    let narrow = app.view.size.0 < 120;
    let mut titles = Vec::new();
    for (index, page) in app.settings.pages.iter().enumerate() {
        let word = page.short.as_deref().filter(|_| narrow).unwrap_or(&page.title);
        let text = format!(" {} {word} ", page.key);
        let end = x + paint::width(&text);
        titles.push((x, end, index, text));
        x = end;
    }
    titles
}

/// The page whose title lies at a column of the header.
pub fn page_at(app: &App, column: u16) -> Option<usize> {
    titles(app).into_iter().find(|(from, to, ..)| (*from..*to).contains(&column)).map(|(_, _, page, _)| page)
}

/// Draws the header.
pub fn draw(app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    paint::put(buffer, area, (0, 0), "flightdeck", scene.style(Role::Title));
    if let Some(facts) = &scene.world.observed.facts {
        paint::put(buffer, area, (12, 0), &facts.hostname, scene.style(Role::Text));
    }
    for (x, _, page, text) in titles(app) {
        let role = if page == app.view.page { Role::Selected } else { Role::Dim };
        paint::put(buffer, area, (x, 0), &text, scene.style(role));
    }
    let (word, role) = if app.policy.past {
        ("PAST", Role::Past)
    } else if app.policy.armed {
        ("ARMED", Role::Armed)
    } else {
        ("READ-ONLY", Role::ReadOnly)
    };
    let clock = units::clock(scene.now);
    paint::put_right(buffer, area, (0, 0), &clock, scene.style(Role::Text));
    paint::put_right(buffer, area, (paint::width(&clock) + 2, 0), word, scene.style(role));
}
