//! One process: everything that the table and the kernel tell of it.

use super::{Details, yaml};
use crate::{
    model::{
        host::Pressure,
        object::{ObjectKind, ObjectRef},
        process::{Process, ProcessDetails},
        units,
    },
    ui::{
        lines::{Line, known},
        scene::Scene,
        theme::Role,
    },
    world::World,
};

/// One process.
pub struct ProcessPage;

/// The process that an object names: the one with this pid and this start, and no other.
pub(crate) fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Process> {
    let (pid, _) = object.id.split_once('/')?;
    let pid: i32 = pid.parse().ok()?;
    world.observed.processes.as_ref()?.iter().find(|process| process.pid == pid && process.key() == object.id)
}

fn details_of<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w ProcessDetails> {
    world.observed.process_details.as_ref().filter(|details| details.key == object.id)
}

/// The word for a state letter of `/proc/PID/stat`.
const fn state_word(state: char) -> &'static str {
    match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "waiting for a disk (cannot be interrupted)",
        'Z' => "zombie: ended, and its parent has not collected it",
        'T' | 't' => "stopped",
        'I' => "idle",
        'X' => "dead",
        _ => "in a state that is not known",
    }
}

/// The rates are not collected unless somebody looks at them: they cost one more file a process.
fn io(label: &str, rate: Option<f64>) -> Line {
    let line = Line::maybe(label, rate, units::bytes_per_second);
    if rate.is_some() { line } else { line.and(Role::Dim, "  collected while the columns read and write are shown") }
}

fn figures(scene: &Scene<'_>, process: &Process) -> Vec<Line> {
    let world = scene.world;
    let parent = world.observed.processes.iter().flatten().find(|p| p.pid == process.parent);
    let parent = parent.map_or_else(String::new, |parent| format!(" {}", parent.name));
    let total = world.observed.gauges.as_ref().and_then(|gauges| gauges.memory.total_bytes);
    let share = crate::model::host::ratio(process.memory_bytes, total);
    let share = share.map_or_else(String::new, |share| format!(" ({})", units::percent_fine(share)));
    let size = |bytes: u64| units::bytes(bytes as f64);
    vec![
        Line::pair("pid", process.pid.to_string()),
        Line::pair("parent", format!("{}{parent}", process.parent)),
        Line::pair("name", &process.name),
        Line::pair("command", if process.command.is_empty() { "none: a kernel thread" } else { &process.command }),
        Line::pair("state", format!("{} {}", process.state, state_word(process.state))),
        Line::maybe("user", process.user.as_deref(), |user| {
            process.uid.map_or_else(|| user.into(), |uid| format!("{user} ({uid})"))
        }),
        Line::maybe("cpu", process.cpu_ratio, |cpu| format!("{} of one core", units::percent_fine(cpu))),
        Line::maybe("memory", process.memory_bytes, |bytes| format!("{} resident{share}", size(bytes))),
        Line::maybe("threads", process.threads, |threads| threads.to_string()),
        Line::maybe("nice", process.nice, |nice| nice.to_string()),
        io("read", process.read_bytes_per_second),
        io("written", process.write_bytes_per_second),
        Line::maybe("started", process.started_at, |at| units::moment(scene.now, at)),
        Line::maybe("cgroup", process.cgroup.as_deref(), str::to_owned),
        Line::pair("unit", process.unit.as_deref().unwrap_or("none")),
        Line::pair("container", process.container.as_deref().unwrap_or("none")),
    ]
}

fn more(details: &ProcessDetails, lines: &mut Vec<Line>) {
    lines.push(Line::pair("executable", known(details.executable.as_deref())));
    lines.push(Line::pair("directory", known(details.directory.as_deref())));
    if let Some(pressures) = &details.pressure {
        let figure = |part: Pressure| part.some10.map_or(units::UNKNOWN.into(), units::percent_fine);
        let [cpu, memory, io] = [pressures.cpu, pressures.memory, pressures.io].map(figure);
        lines.push(Line::pair("cgroup pressure", format!("cpu {cpu}, memory {memory}, io {io}")));
    }
    for text in &details.unreadable {
        lines.push(Line::pair("not readable", "").and(Role::Unknown, text));
    }
    let mut part = |title: String, rows: Vec<Line>| {
        lines.push(Line::empty());
        lines.push(Line::heading(&title));
        lines.extend(rows);
    };
    let arguments = details.arguments.iter().enumerate().map(|(n, text)| Line::pair(&format!("  {n}"), text));
    part(format!("arguments ({})", details.arguments.len()), arguments.collect());
    let limit = |(name, soft, hard): &_| Line::pair(&format!("  {name}"), format!("{soft} (soft), {hard} (hard)"));
    part("limits".into(), details.limits.iter().map(limit).collect());
    let all = details.files_total.map_or(units::UNKNOWN.into(), |all| all.to_string());
    let title = format!("open files ({} of {all})", details.files.len());
    part(title, details.files.iter().map(|(fd, path)| Line::pair(&format!("  {fd}"), path)).collect());
    let variable = |(name, value): &_| Line::of(Role::Dim, format!("  {name}=")).and(Role::Text, value);
    part(format!("environment ({})", details.environment.len()), details.environment.iter().map(variable).collect());
}

impl Details for ProcessPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Process]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        let pid = object.id.split('/').next().unwrap_or_default();
        find(world, object).map_or_else(|| pid.to_owned(), |process| format!("{pid} {}", process.name))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match (find(scene.world, object), &scene.world.observed.processes) {
            (Some(process), _) => state_word(process.state).into(),
            (None, Some(_)) => "has ended".into(),
            (None, None) => units::UNKNOWN.into(),
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mut lines = figures(scene, find(scene.world, object)?);
        match details_of(scene.world, object) {
            Some(details) => more(details, &mut lines),
            None => lines.push(Line::of(Role::Dim, "files, limits and environment: being read")),
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        let process = yaml::of(find(world, object)?)?;
        match details_of(world, object).and_then(yaml::of) {
            Some(details) => Some(format!("{process}\n{details}")),
            None => Some(process),
        }
    }
}
