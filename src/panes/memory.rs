//! Memory: its history, and what it is used for.

use super::{Pane, fields};
use crate::{
    model::{
        host::{self, Gauges},
        object::ObjectKind,
        series::Metric,
        topic::{Topic, TopicSet},
        units,
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

/// Where the figure for used memory comes from.
pub(crate) const SOURCE: &str = "used = MemTotal - MemAvailable (/proc/meminfo)";

/// Figures in the order of their weight. What a machine does not have (swap, zram, ARC) is not listed.
pub(crate) fn all_figures(scene: &Scene<'_>, gauges: &Gauges) -> Vec<Figure> {
    let memory = &gauges.memory;
    let role = super::role_of(scene.world, ObjectKind::Memory, "");
    let both = |share: Option<f64>, bytes: Option<u64>| {
        let bytes = units::bytes(bytes? as f64);
        Some(share.map_or_else(|| bytes.clone(), |share| format!("{:>4} {bytes:>7}", units::percent(share))))
    };
    let used = both(memory.used_ratio(), memory.used_bytes);
    let mut figures = vec![Figure::of("used", used, |text| text, 12).role(role)];
    figures.push(Figure::bytes("available", memory.available_bytes));
    if let Some(limit) = memory.limit_bytes {
        let share = host::ratio(memory.limit_used_bytes, memory.limit_bytes).map_or("?".into(), units::percent);
        figures.push(Figure::new("our limit", format!("{share:>4} of {}", units::bytes(limit as f64)), 15));
    }
    figures.push(Figure::fine("psi", gauges.pressure.memory.some10));
    match memory.swap_total_bytes {
        Some(0) => figures.push(Figure::new("swap", "none".into(), 4)),
        _ => figures.push(Figure::of("swap", both(memory.swap_ratio(), memory.swap_used_bytes), |text| text, 12)),
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
        total.map_or_else(String::new, |total| units::bytes(total as f64))
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
            return fields::draw_unknown(scene, Topic::Gauges, area, buffer);
        };
        let figures = all_figures(scene, gauges);
        let wanted = figures::height(&figures, area.width);
        let rows = wanted.min(if area.height >= 5 { area.height - 3 } else { area.height });
        let top = Rect { height: rows, ..area };
        figures::draw(scene, &figures, top, buffer);
        let mut rest = Rect { y: top.bottom(), height: area.height - rows, ..area };
        if rest.height >= 5 {
            let source = SOURCE;
            paint::put_cut(scene, buffer, rest, (0, 0), source, scene.style(Role::Dim));
            rest = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
        }
        let graph = Graph::of(Scale::Ratio, "", scene.history(Metric::MemoryUsed));
        graph::draw(scene, &graph, rest, buffer);
    }
}
