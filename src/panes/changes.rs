//! What changed, newest first: the time column that every page shares.

use super::Pane;
use crate::{
    model::{change::Change, topic::TopicSet, units},
    ui::{
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The time column.
pub struct ChangesPane;

/// Columns of time and sign before the text.
const BEFORE: u16 = 9;

/// The lines of one change: its text is broken, not cut, so that a narrow column can be read too. A change of another day than
/// the one above it says which.
fn entry(scene: &Scene<'_>, change: &Change, above: Option<&Change>, width: u16) -> Vec<Line> {
    let day = |change: &Change| change.at.strftime("%Y-%m-%d").to_string();
    let before = above.map_or_else(|| scene.now.strftime("%Y-%m-%d").to_string(), day);
    let mut entry = Vec::new();
    if before != day(change) {
        entry.push(Line::of(Role::Header, day(change)));
    }
    let sign = scene.glyphs.change(change.kind, change.severity);
    let head = Line::of(Role::Dim, format!("{} ", units::clock_minutes(change.at)))
        .and(Scene::severity_role(change.severity), format!("{sign} "));
    let text = lines::wrap(vec![Line::of(Role::Text, &change.text)], width.saturating_sub(BEFORE));
    let indent = " ".repeat(usize::from(BEFORE));
    for (at, line) in text.into_iter().enumerate() {
        let mut whole = if at == 0 { head.clone() } else { Line::of(Role::Dim, &indent) };
        whole.0.extend(line.0);
        entry.push(whole);
    }
    entry
}

fn entries<'a>(scene: &'a Scene<'_>, width: u16) -> impl Iterator<Item = Line> + 'a {
    let changes = &scene.world.changes;
    (0..changes.len()).flat_map(move |at| entry(scene, &changes[at], at.checked_sub(1).map(|above| &changes[above]), width))
}

impl Pane for ChangesPane {
    fn name(&self) -> &'static str {
        "changes"
    }
    fn title(&self) -> &'static str {
        "What changed"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        scene.world.changes.len().to_string()
    }
    fn about(&self) -> &'static str {
        "What changed, newest first: problems that came and went, links, mounts, operations. Times are UTC."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::EMPTY
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        let cell = scene.view.placed.iter().find(|placed| scene.view.shown_in(placed) == Some(self.name()));
        entries(scene, cell.map_or(u16::MAX, |cell| cell.area.width.saturating_sub(2))).count()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if scene.world.changes.is_empty() {
            let text = "nothing has changed since the cockpit looks";
            paint::put_cut(scene, buffer, area, (0, 0), text, scene.style(Role::Dim));
            return;
        }
        let first = scene.view.pane(self.name()).scroll;
        let shown: Vec<_> = entries(scene, area.width).skip(first).take(usize::from(area.height)).collect();
        lines::draw(scene, &shown, 0, area, buffer);
    }
}
