//! What changed, newest first: the time column that every page shares.

use super::Pane;
use crate::{
    model::{topic::TopicSet, units},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The time column.
pub struct ChangesPane;

impl Pane for ChangesPane {
    fn name(&self) -> &'static str {
        "changes"
    }
    fn title(&self) -> &'static str {
        "What changed"
    }
    fn about(&self) -> &'static str {
        "What changed, newest first: problems that came and went, links, mounts, operations."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::EMPTY
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        scene.world.changes.len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let first = scene.view.pane(self.name()).scroll;
        for (line, change) in scene.world.changes.iter().skip(first).take(usize::from(area.height)).enumerate() {
            let y = line as u16;
            paint::put(buffer, area, (0, y), &units::clock_minutes(change.at), scene.style(Role::Dim));
            let role = Scene::severity_role(change.severity);
            let glyph = scene.glyphs.change(change.kind, change.severity).to_string();
            paint::put(buffer, area, (7, y), &glyph, scene.style(role));
            paint::put_cut(scene, buffer, area, (9, y), &change.text, scene.style(Role::Text));
        }
    }
}
