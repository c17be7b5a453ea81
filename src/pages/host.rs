//! This host, its CPU and its memory.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        host::Gauges,
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        topic::Topic,
        units,
    },
    panes,
    ui::{figures::Figure, graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// This host, its CPU and its memory.
pub struct HostDetails;

/// Figures one below the other.
fn figures(figures: Vec<Figure>) -> Vec<Line> {
    let label = |label: &'static str| if label.is_empty() { "frequency" } else { label };
    figures.into_iter().map(|f| Line::pair(label(f.label), "").and(f.role, f.value.trim_start())).collect()
}

fn cpu(scene: &Scene<'_>, gauges: &Gauges) -> Vec<Line> {
    let mut lines = figures(panes::cpu::all_figures(scene, gauges));
    lines.push(Line::heading("cores"));
    let core = |(core, used): (usize, &Option<f64>)| Line::maybe(&format!("core {core}"), *used, units::percent);
    lines.extend(gauges.cpu.per_core.iter().enumerate().map(core));
    lines
}

fn memory(scene: &Scene<'_>, gauges: &Gauges) -> Vec<Line> {
    let mut lines = figures(panes::memory::all_figures(scene, gauges));
    lines.push(Line::empty());
    lines.push(Line::of(Role::Dim, panes::memory::SOURCE));
    lines
}

impl Details for HostDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Host, ObjectKind::Cpu, ObjectKind::Memory]
    }
    fn name(&self, world: &World, _: &ObjectRef) -> String {
        world.observed.facts.as_ref().map_or_else(|| "this host".into(), |facts| facts.hostname.to_string())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(gauges) = &scene.world.observed.gauges else { return units::UNKNOWN.into() };
        let used = match object.kind {
            ObjectKind::Memory => gauges.memory.used_ratio(),
            ObjectKind::Cpu => gauges.cpu.used_ratio,
            _ => return gauges.uptime_seconds.map_or(units::UNKNOWN.into(), |s| format!("up {}", units::span(s))),
        };
        used.map_or(units::UNKNOWN.into(), |used| format!("{} used", units::percent(used)))
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        if object.kind == ObjectKind::Host {
            return Some(panes::system::text(scene));
        }
        let Some(gauges) = &scene.world.observed.gauges else {
            return Some(vec![Line::of(Role::Unknown, panes::unknown(scene.world, Topic::Gauges))]);
        };
        Some(if object.kind == ObjectKind::Cpu { cpu(scene, gauges) } else { memory(scene, gauges) })
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        let observed = &world.observed;
        match object.kind {
            ObjectKind::Cpu => yaml::of(&observed.gauges.as_ref()?.cpu),
            ObjectKind::Memory => yaml::of(&observed.gauges.as_ref()?.memory),
            _ => yaml::of(&(
                observed.facts.as_ref(),
                observed.units.as_ref(),
                observed.gauges.as_ref().map(|g| g.kernel),
            )),
        }
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let kept = |word, metric: Metric, scale| Kept { word, key: SeriesKey::from(metric), scale };
        let cpu = [
            kept("used", Metric::CpuUsed, Scale::Ratio),
            kept("I/O wait", Metric::CpuIowait, Scale::Ratio),
            kept("steal", Metric::CpuSteal, Scale::Ratio),
            kept("load, 1 minute", Metric::Load1, Scale::Number),
            kept("pressure", Metric::PressureCpu, Scale::Ratio),
        ];
        let memory = [
            kept("used", Metric::MemoryUsed, Scale::Ratio),
            kept("swap", Metric::SwapUsed, Scale::Ratio),
            kept("pressure", Metric::PressureMemory, Scale::Ratio),
        ];
        match object.kind {
            ObjectKind::Cpu => cpu.into(),
            ObjectKind::Memory => memory.into(),
            _ => vec![
                kept("cpu", Metric::CpuUsed, Scale::Ratio),
                kept("memory", Metric::MemoryUsed, Scale::Ratio),
                kept("load, 1 minute", Metric::Load1, Scale::Number),
                kept("pressure of I/O", Metric::PressureIo, Scale::Ratio),
            ],
        }
    }
}
