//! What the cockpit itself costs, and what its flight recorder holds.

use super::Pane;
use crate::{
    model::{
        topic::{Topic, TopicSet},
        units,
    },
    ui::{
        lines::{self, Line},
        scene::Scene,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The cockpit's own cost.
pub struct OwnPane;

fn text(scene: &Scene<'_>) -> Vec<Line> {
    let own = &scene.world.observed.own;
    vec![
        Line::pair("version", env!("CARGO_PKG_VERSION")),
        Line::maybe("cpu", own.cpu_ratio, |ratio| format!("{} of a core", units::percent_fine(ratio))),
        Line::maybe("memory", own.memory_bytes, |bytes| format!("{} resident", units::bytes(bytes as f64))),
        Line::maybe("to the terminal", own.output_bytes_per_second, units::bytes_per_second),
        Line::maybe("flight recorder", own.recorder_bytes, |bytes| format!("holds {}", units::bytes(bytes as f64))),
    ]
}

impl Pane for OwnPane {
    fn name(&self) -> &'static str {
        "own"
    }
    fn title(&self) -> &'static str {
        "This cockpit"
    }
    fn about(&self) -> &'static str {
        "What the cockpit itself costs: CPU, memory, bytes to the terminal, and what the flight recorder's ring holds. Its bounds are in the configuration: [recorder] minutes and bytes."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Own])
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        text(scene).len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        lines::draw(scene, &text(scene), scene.view.pane(self.name()).scroll, area, buffer);
    }
}
