//! CPU: the history of all cores together, each core now, and what waits.

use super::{Pane, fields};
use crate::{
    model::{
        host::{Cpu, Gauges},
        object::ObjectKind,
        series::Metric,
        topic::{Topic, TopicSet},
        units,
    },
    ui::{
        figures::{self, Figure},
        gauge,
        graph::{self, Graph, Scale, Second},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The CPU pane.
pub struct CpuPane;

/// Figures in the order of their weight: what does not fit is what matters least.
pub(crate) fn all_figures(scene: &Scene<'_>, gauges: &Gauges) -> Vec<Figure> {
    let Cpu { used_ratio, user_ratio, system_ratio, iowait_ratio, steal_ratio, .. } = gauges.cpu;
    let role = super::role_of(scene.world, ObjectKind::Cpu, "");
    // Many virtual machines tell no frequency: a figure that can never be known is left out.
    let frequency = gauges.cpu.frequency_hertz.map(|hz| hz as f64 / 1e9);
    let frequency = frequency.map(|ghz| Figure::of("clock", Some(ghz), |ghz| format!("{ghz:.1} GHz"), 7));
    let load = Figure::of("load", gauges.load, |load| load.map(|l| format!("{l:.1}")).join(" "), 11);
    let mut figures = vec![
        Figure::ratio("used", used_ratio).role(role),
        Figure::ratio("iowait", iowait_ratio),
        load,
        Figure::fine("psi", gauges.pressure.cpu.some10),
        Figure::ratio("user", user_ratio),
        Figure::ratio("system", system_ratio),
        Figure::ratio("steal", steal_ratio),
        Figure::whole("running", gauges.cpu.running),
        Figure::whole("blocked", gauges.cpu.blocked),
    ];
    figures.extend(frequency);
    figures
}

/// Divides the rows: figures first, then the graph, then the cores.
fn divide(area: Rect, figures: u16, cores: usize) -> (Rect, Rect, Rect) {
    let top = Rect { height: figures.min(area.height), ..area };
    let rest = Rect { y: top.bottom(), height: area.height - top.height, ..area };
    if area.width >= 100 && rest.height >= 4 {
        // Side by side where it is wide.
        let width = area.width / 2;
        let left = Rect { width: width - 1, ..rest };
        return (top, left, Rect { x: area.x + width, width: area.width - width, ..rest });
    }
    let most = if rest.height >= 4 { rest.height / 2 } else { rest.height.min(1) };
    let wanted = gauge::cores_height(cores, area.width, most);
    let graph = Rect { height: rest.height - wanted, ..rest };
    (top, graph, Rect { y: graph.bottom(), height: wanted, ..rest })
}

impl Pane for CpuPane {
    fn name(&self) -> &'static str {
        "cpu"
    }
    fn title(&self) -> &'static str {
        "CPU"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let Some(facts) = &scene.world.observed.facts else { return String::new() };
        let limit = facts.limits.cpu_cores.map_or_else(String::new, |cores| format!(", our limit {cores:.1}"));
        format!("{} cores{limit}", facts.cores)
    }
    fn about(&self) -> &'static str {
        "CPU time of all cores together, with I/O wait on top of it, and each core now. psi is the share of the last ten seconds in which some task waited for a CPU; steal is time that the hypervisor gave to others."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Gauges, Topic::Facts])
    }
    fn has_graph(&self) -> bool {
        true
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(gauges) = &scene.world.observed.gauges else {
            return fields::draw_unknown(scene, Topic::Gauges, area, buffer);
        };
        let figures = all_figures(scene, gauges);
        let rows = figures::height(&figures, area.width).min((area.height / 3).max(1));
        let (top, history, cores) = divide(area, rows, gauges.cpu.per_core.len());
        figures::draw(scene, &figures, top, buffer);
        let graph = Graph::of(Scale::Ratio, "", scene.history(Metric::CpuUsed)).with(
            "iowait",
            scene.history(Metric::CpuIowait),
            Second::Stacked,
        );
        graph::draw(scene, &graph, history, buffer);
        if gauges.cpu.per_core.is_empty() {
            paint::put(buffer, cores, (0, 0), units::UNKNOWN, scene.style(Role::Unknown));
        }
        gauge::cores(scene, &gauges.cpu.per_core, cores, buffer);
    }
}
