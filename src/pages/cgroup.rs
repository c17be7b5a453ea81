//! One control group, with the processes in it.

use super::{Details, yaml};
use crate::{
    model::{
        cgroup::Cgroup,
        host::{Pressure, ratio},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One control group.
pub struct CgroupDetails;

/// Processes that are listed.
const PROCESSES: usize = 200;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Cgroup> {
    world.observed.cgroups.as_ref()?.groups.iter().find(|group| group.path == object.id)
}

fn figures(group: &Cgroup) -> Vec<Line> {
    let size = |bytes: u64| units::bytes(bytes as f64);
    let limit = |limit: Option<String>| limit.map_or_else(|| ", no limit".into(), |limit| format!(" of {limit}"));
    let cpu = limit(group.cpu_limit_cores.map(|cores| format!("{cores:.1} cores")));
    let share = ratio(group.memory_bytes, group.memory_limit_bytes);
    let share = share.map_or_else(String::new, |share| format!(" ({})", units::percent(share)));
    let memory = limit(group.memory_limit_bytes.map(size));
    let pids = limit(group.pids_limit.map(|n| n.to_string()));
    let pressure = |label, Pressure { some10, full10 }| {
        let [some, full] = [some10, full10].map(|part| part.map_or(units::UNKNOWN.into(), units::percent_fine));
        Line::pair(label, format!("some {some}, full {full}"))
    };
    vec![
        Line::maybe("cpu", group.cpu_ratio, |cpu_ratio| format!("{} of one core{cpu}", units::percent_fine(cpu_ratio))),
        Line::maybe("throttled", group.throttled_ratio, |part| {
            format!("in {} of its periods", units::percent_fine(part))
        }),
        Line::maybe("memory", group.memory_bytes, |bytes| format!("{} working set{memory}{share}", size(bytes))),
        Line::maybe("OOM kills", group.oom_kills, |n| n.to_string()),
        Line::maybe("processes", group.pids, |n| format!("{n}{pids}")),
        Line::maybe("read", group.read_bytes_per_second, units::bytes_per_second),
        Line::maybe("written", group.write_bytes_per_second, units::bytes_per_second),
        pressure("pressure, cpu", group.pressure.cpu),
        pressure("pressure, memory", group.pressure.memory),
        pressure("pressure, io", group.pressure.io),
        Line::pair("unit", group.unit.as_deref().unwrap_or("none")),
        Line::pair("container", group.container.as_deref().unwrap_or("none")),
    ]
}

impl Details for CgroupDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Cgroup]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(group) = find(scene.world, object) else { return units::UNKNOWN.into() };
        group
            .throttled_ratio
            .filter(|part| *part > 0.0)
            .map_or_else(String::new, |part| format!("throttled {}", units::percent(part)))
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mut lines = figures(find(scene.world, object)?);
        let inside = |p: &&crate::model::process::Process| p.cgroup.as_deref() == Some(&object.id);
        let all: Vec<_> = scene.world.observed.processes.iter().flatten().filter(inside).collect();
        lines.push(Line::empty());
        lines.push(Line::heading(&format!("processes in it ({})", all.len())));
        for process in all.iter().take(PROCESSES) {
            let text = if process.command.is_empty() { &process.name } else { &process.command };
            lines.push(Line::pair(&format!("  {}", process.pid), text));
        }
        if all.len() > PROCESSES {
            lines.push(Line::of(Role::Dim, format!("  and {} more", all.len() - PROCESSES)));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
}
