//! Pressure stall information: what tasks had to wait for.

use super::{Pane, fields};
use crate::{
    model::{
        host::Pressure,
        series::Metric,
        topic::{Topic, TopicSet},
    },
    ui::{
        figures::{self, Figure},
        graph::{self, Graph, Scale},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The pressure pane.
pub struct PressurePane;

impl Pane for PressurePane {
    fn name(&self) -> &'static str {
        "pressure"
    }
    fn title(&self) -> &'static str {
        "Pressure"
    }
    fn about(&self) -> &'static str {
        "Pressure stall information: the share of the last ten seconds in which some task, or all tasks at once (full), had to wait for CPU, memory or I/O. The kernel has to be built and booted with PSI; without it the figures are unknown."
    }
    fn topics(&self) -> TopicSet {
        Topic::Gauges.into()
    }
    fn has_graph(&self) -> bool {
        true
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(gauges) = &scene.world.observed.gauges else {
            return fields::draw_unknown(scene, Topic::Gauges, area, buffer);
        };
        let pressure = &gauges.pressure;
        let rows = [
            ("cpu", pressure.cpu, Metric::PressureCpu),
            ("memory", pressure.memory, Metric::PressureMemory),
            ("io", pressure.io, Metric::PressureIo),
        ];
        let height = (area.height / 3).max(1);
        for (at, (word, Pressure { some10, full10 }, metric)) in rows.into_iter().enumerate() {
            let y = at as u16 * height;
            if y >= area.height {
                return;
            }
            let row = Rect { y: area.y + y, height: height.min(area.height - y), ..area };
            let text = [Figure::fine("some", some10), Figure::fine("full", full10)];
            paint::put(buffer, row, (0, 0), word, scene.style(Role::Dim));
            let after = Rect { x: row.x + 7.min(row.width), width: row.width.saturating_sub(7), height: 1, ..row };
            figures::draw(scene, &text, after, buffer);
            let history = scene.history(metric);
            if row.height > 1 {
                let below = Rect { y: row.y + 1, height: row.height - 1, ..row };
                graph::draw(scene, &Graph::of(Scale::Ratio, "", history), below, buffer);
            } else if row.width > 40 {
                let spark = Rect { x: row.x + 34, width: row.width - 34, ..row };
                graph::spark(scene, history, Scale::Ratio, spark, buffer);
            }
        }
    }
}
