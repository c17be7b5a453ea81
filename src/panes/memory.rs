//! Memory: its history, and what it is used for.

use super::{Pane, fields};
use crate::{
    model::{
        host::{self, Gauges},
        object::ObjectKind,
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

/// The memory pane.
pub struct MemoryPane;

/// Figures in the order of their weight. What a machine does not have (swap, zram, ARC) is not listed.
pub(crate) fn all_figures(scene: &Scene<'_>, gauges: &Gauges) -> Vec<Figure> {
    let memory = &gauges.memory;
    let role = super::role_of(scene.world, ObjectKind::Memory, "");
    let mut figures =
        vec![Figure::ratio("used", memory.used_ratio()).role(role), Figure::bytes("", memory.used_bytes)];
    if memory.limit_bytes.is_some() {
        let used = host::ratio(memory.limit_used_bytes, memory.limit_bytes);
        figures.extend([Figure::ratio("of our limit", used), Figure::bytes("", memory.limit_bytes)]);
    }
    figures.push(Figure::bytes("available", memory.available_bytes));
    figures.push(Figure::fine("psi", gauges.pressure.memory.some10));
    if memory.swap_total_bytes.is_none_or(|total| total > 0) {
        figures.extend([Figure::ratio("swap", memory.swap_ratio()), Figure::bytes("", memory.swap_used_bytes)]);
    }
    figures.push(Figure::bytes("cache", memory.cached_bytes));
    figures.push(Figure::bytes("dirty", memory.dirty_bytes));
    let optional = [("zram", memory.zram_bytes), ("ARC", memory.arc_bytes)];
    figures.extend(optional.into_iter().filter(|(_, bytes)| bytes.is_some()).map(|(word, b)| Figure::bytes(word, b)));
    figures.push(Figure::of("major faults/s", memory.major_faults_per_second, |n| format!("{n:.0}"), 4));
    figures
}

impl Pane for MemoryPane {
    fn name(&self) -> &'static str {
        "memory"
    }
    fn title(&self) -> &'static str {
        "Memory"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let total = scene.world.observed.gauges.as_ref().and_then(|gauges| gauges.memory.total_bytes);
        total.map_or_else(String::new, |total| crate::model::units::bytes(total as f64))
    }
    fn about(&self) -> &'static str {
        "Memory. Used is MemTotal − MemAvailable of /proc/meminfo, so it counts no cache that can be given back; swap, dirty and cache are meminfo's too, zram is from its device, ARC from ZFS. Our limit is that of the control group that the cockpit runs in, the tightest on the way up."
    }
    fn topics(&self) -> TopicSet {
        Topic::Gauges.into()
    }
    fn has_graph(&self) -> bool {
        true
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(gauges) = &scene.world.observed.gauges else {
            let why = fields::unknown(scene.world, Topic::Gauges);
            paint::put_cut(scene, buffer, area, (0, 0), &why, scene.style(Role::Unknown));
            return;
        };
        let figures = all_figures(scene, gauges);
        let wanted = figures::height(&figures, area.width);
        let rows = wanted.min(if area.height >= 5 { area.height - 3 } else { area.height });
        let top = Rect { height: rows, ..area };
        figures::draw(scene, &figures, top, buffer);
        let mut rest = Rect { y: top.bottom(), height: area.height - rows, ..area };
        if rest.height >= 5 {
            let source = "used = MemTotal − MemAvailable (/proc/meminfo)";
            paint::put_cut(scene, buffer, rest, (0, 0), source, scene.style(Role::Dim));
            rest = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
        }
        let graph = Graph::of(Scale::Ratio, "", scene.history(Metric::MemoryUsed));
        graph::draw(scene, &graph, rest, buffer);
    }
}
