//! Facts about this host and its kernel, as text.

use super::{Pane, fields};
use crate::{
    model::{
        attention::Severity,
        hardware::Hardware,
        host::{Gauges, HostFacts, KernelCounters, Units, ratio},
        topic::{Topic, TopicSet},
        units,
    },
    ui::{
        lines::{Line, known},
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The system pane.
pub struct SystemPane;

/// Everything that is known of the host beside its gauges. Also the summary of its object page.
pub(crate) fn text(scene: &Scene<'_>) -> Vec<Line> {
    let observed = &scene.world.observed;
    let mut lines = Vec::new();
    match &observed.facts {
        Some(facts) => facts_lines(facts, scene, &mut lines),
        None => lines.push(Line::of(Role::Unknown, fields::unknown(scene.world, Topic::Facts))),
    }
    let nothing = Gauges::default();
    let gauges = observed.gauges.as_ref().unwrap_or(&nothing);
    lines.push(Line::maybe("uptime", gauges.uptime_seconds, units::span));
    kernel_lines(&gauges.kernel, &mut lines);
    lines.push(clock(gauges));
    match observed.oom.filter(|oom| oom.last_rise_at.is_some()) {
        Some(oom) => lines.push(Line::pair("OOM kills", format!("{} since boot", oom.total)).and(
            Role::Error,
            format!(
                ", {} {}",
                oom.rise,
                oom.last_rise_at.map_or(String::new(), |at| format!("at {}", units::clock(at)))
            ),
        )),
        None => lines.push(Line::maybe("OOM kills", gauges.kernel.oom_kills, |n| format!("{n} since boot"))),
    }
    units_lines(observed.units.as_ref(), &mut lines);
    observed.hardware.iter().for_each(|hardware| hardware_lines(hardware, &mut lines));
    lines
}

fn facts_lines(facts: &HostFacts, scene: &Scene<'_>, lines: &mut Vec<Line>) {
    lines.push(Line::pair("host", &facts.hostname));
    lines.push(Line::pair("os", known(facts.os.as_deref())));
    lines.push(Line::pair("kernel", format!("{} {}", facts.kernel, facts.architecture)));
    let model = facts.cpu_model.as_deref().map_or_else(String::new, |model| format!(", {model}"));
    lines.push(Line::pair("cpu", format!("{} cores{model}", facts.cores)));
    lines.push(Line::pair("virtualisation", facts.virtualization.as_deref().unwrap_or("none seen")));
    lines.push(Line::pair("container", facts.container.as_deref().unwrap_or("none: on the host itself")));
    lines.push(Line::maybe("booted", facts.booted_at, |at| units::moment(scene.now, at)));
    let limits = [
        facts.limits.cpu_cores.map(|n| format!("{n:.1} cores")),
        facts.limits.memory_bytes.map(|b| format!("{} memory", units::bytes(b as f64))),
        facts.limits.pids.map(|n| format!("{n} processes")),
    ];
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    lines.push(Line::pair("our limits", if limits.is_empty() { "none".into() } else { limits.join(", ") }));
}

fn kernel_lines(kernel: &KernelCounters, lines: &mut Vec<Line>) {
    let part = |label: &str, used: Option<u64>, max: Option<u64>| {
        let share = ratio(used, max).map_or_else(String::new, |share| format!(" ({})", units::percent(share)));
        let max = max.map_or(units::UNKNOWN.into(), |max| units::count(max as f64));
        Line::maybe(label, used, |used| format!("{} of {max}{share}", units::count(used as f64)))
    };
    lines.push(part("file handles", kernel.files_used, kernel.files_max));
    if kernel.conntrack_used.is_some() || kernel.conntrack_max.is_some() {
        lines.push(part("conntrack", kernel.conntrack_used, kernel.conntrack_max));
    } else {
        lines.push(Line::pair("conntrack", "not loaded, or not visible here"));
    }
    lines.push(Line::maybe("context switches", kernel.context_switches_per_second, |n| {
        format!("{}/s", units::count(n))
    }));
    lines.push(Line::maybe("forks", kernel.forks_per_second, |n| format!("{}/s", units::count(n))));
}

fn clock(gauges: &Gauges) -> Line {
    let offset = gauges.clock.offset_seconds.map_or_else(String::new, |s| format!(", offset {:.1} ms", s * 1e3));
    match gauges.clock.synchronized {
        Some(true) => Line::pair("clock", format!("synchronised{offset}")),
        Some(false) => Line::pair("clock", "").and(Role::Warn, format!("not synchronised{offset}")),
        None => Line::pair("clock", "").and(Role::Unknown, units::UNKNOWN),
    }
}

fn units_lines(systemd: Option<&Units>, lines: &mut Vec<Line>) {
    match systemd {
        None => lines.push(Line::maybe("failed units", None::<String>, |text| text)),
        Some(Units { systemd: false, .. }) => lines.push(Line::pair("failed units", "no systemd here")),
        Some(Units { failed, .. }) if failed.is_empty() => lines.push(Line::pair("failed units", "none")),
        Some(Units { failed, .. }) => {
            for (at, unit) in failed.iter().enumerate() {
                let label = if at == 0 { "failed units" } else { "" };
                lines.push(Line::pair(label, "").and(Scene::severity_role(Severity::Error), unit));
            }
        }
    }
}

/// What there is of it; most hosts have none.
fn hardware_lines(hardware: &Hardware, lines: &mut Vec<Line>) {
    let mut line = |label: String, text: String, is_well: bool| {
        let role = if is_well { Role::Text } else { Scene::severity_role(Severity::Error) };
        lines.push(Line::pair(&label, "").and(role, text));
    };
    for array in &hardware.arrays {
        let missing = array.missing.unwrap_or(0);
        let disks =
            array.members.map_or_else(String::new, |all| format!(", {} of {all} disks", all.saturating_sub(missing)));
        let work = array.work.as_ref().map_or_else(String::new, |work| {
            let done = work.done_ratio.map_or_else(String::new, |done| format!(" {}", units::percent_whole(done)));
            format!(", {}{done}", work.name)
        });
        let text = format!("{} {}{disks}{work}", array.level, array.state);
        line(format!("array {}", array.name), text, missing == 0 && !array.is_stopped());
    }
    for bond in &hardware.bonds {
        let up = bond.members.iter().filter(|member| member.is_up).count();
        let text = format!("{}, {up} of {} interfaces up", bond.mode, bond.members.len());
        line(format!("bond {}", bond.name), text, up == bond.members.len());
    }
    for controller in hardware.controllers.iter().filter(|controller| controller.uncorrected.is_some()) {
        let (corrected, uncorrected) = (controller.corrected.unwrap_or(0), controller.uncorrected.unwrap_or(0));
        let text = format!("{corrected} errors corrected, {uncorrected} not, since boot");
        line(format!("memory {}", controller.name), text, uncorrected == 0);
    }
}

impl Pane for SystemPane {
    fn name(&self) -> &'static str {
        "system"
    }
    fn title(&self) -> &'static str {
        "System"
    }
    fn about(&self) -> &'static str {
        "What this host is: names, kernel, virtualisation, boot time, limits of the control group that the cockpit runs in, kernel tables, clock, systemd's failed units, and arrays of disks, bonds of interfaces and memory controllers where there are any."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Facts, Topic::Gauges, Topic::Units, Topic::Hardware])
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        text(scene).len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        fields::draw_text(scene, self.name(), &text(scene), area, buffer);
    }
}
