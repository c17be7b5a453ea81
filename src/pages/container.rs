//! One container: what it is, what it uses, and why it is not well.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        container::{CheckState, Container, ContainerDetails, ContainerState, ContainerUsage, short_id},
        container_health::exit_words,
        host::ratio,
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
    },
    panes::containers as pane,
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One container.
pub struct ContainerPage;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Container> {
    let (engine, id) = object.engine_and_id()?;
    world.observed.containers.containers.get(engine, id).map(|row| &**row)
}

/// What is known of the object that is open, whole.
pub(super) fn details<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w ContainerDetails> {
    let (engine, id) = object.engine_and_id()?;
    world.observed.containers.details.as_deref().filter(|details| details.engine == engine && details.id == id)
}

/// Words, or that there are none.
pub(super) fn or_none(words: String) -> String {
    if words.is_empty() { "none".into() } else { words }
}

fn state(scene: &Scene<'_>, container: &Container, lines: &mut Vec<Line>) {
    let word = container.state.word();
    let line = Line::pair("state", "").and(Scene::health_role(container.health), word);
    lines.push(match container.reason.as_str() {
        "" => line,
        reason => line.and(Role::Text, format!(": {reason}")),
    });
    if container.check != CheckState::None {
        let streak = container.failing_streak.filter(|streak| *streak > 0);
        let streak = streak.map_or_else(String::new, |n| format!(", {n} failures in a row"));
        lines.push(Line::pair("health check", format!("{}{streak}", container.check.word())));
    }
    for (label, at) in
        [("created", container.created_at), ("started", container.started_at), ("ended", container.finished_at)]
    {
        lines.extend(at.map(|at| Line::pair(label, units::moment(scene.now, at))));
    }
    lines.extend(container.exit_code.map(|code| Line::pair("last end", exit_words(code))));
    let policy = or_none(container.restart_policy.to_string());
    lines.push(Line::maybe("restarts", container.restarts, |n| format!("{n}, policy {policy}")));
}

fn figures(container: &Container, usage: &ContainerUsage) -> Vec<Line> {
    let size = |bytes: u64| units::bytes(bytes as f64);
    let cpu = container.cpu_limit_cores.map_or_else(|| ", no limit".into(), |cores| format!(" of {cores:.2} cores"));
    let share = ratio(usage.memory_bytes, container.memory_limit_bytes)
        .map_or_else(String::new, |s| format!(" ({})", units::percent(s)));
    let limit =
        container.memory_limit_bytes.map_or_else(|| ", no limit".into(), |bytes| format!(" of {}", size(bytes)));
    let mut lines = vec![
        Line::maybe("cpu", usage.cpu_ratio, |cpu_ratio| format!("{} of one core{cpu}", units::percent_fine(cpu_ratio))),
        Line::maybe("memory", usage.memory_bytes, |bytes| format!("{} working set{limit}{share}", size(bytes))),
        Line::maybe("network", usage.received_bytes_per_second.zip(usage.sent_bytes_per_second), |(rx, tx)| {
            format!("{} received, {} sent", units::bytes_per_second(rx), units::bytes_per_second(tx))
        }),
        Line::maybe(
            "block devices",
            usage.read_bytes_per_second.zip(usage.written_bytes_per_second),
            |(read, written)| {
                format!("{} read, {} written", units::bytes_per_second(read), units::bytes_per_second(written))
            },
        ),
        Line::maybe("processes", usage.pids, |n| {
            usage.pids_limit.map_or_else(|| n.to_string(), |limit| format!("{n} of {limit}"))
        }),
    ];
    let throttled = usage.throttled_ratio.filter(|part| *part > 0.0);
    lines.extend(
        throttled.map(|part| Line::pair("throttled", format!("in {} of its periods", units::percent_fine(part)))),
    );
    lines
}

fn identity(container: &Container) -> Vec<Line> {
    let mut lines = vec![
        Line::pair("name", &container.name),
        Line::pair("id", &container.id),
        Line::pair("engine", &container.engine),
        Line::pair("image", container.image_title()),
        Line::pair("image id", &container.image_id),
    ];
    lines.extend(container.image_digest.as_deref().map(|digest| Line::pair("image digest", digest)));
    lines.push(Line::pair("command", &container.command));
    if let Some(compose) = &container.compose {
        lines.push(Line::pair("compose", format!("service {} of project {}", compose.service, compose.project)));
        lines.extend(compose.config_files.iter().map(|file| Line::pair("compose file", file)));
    }
    if let Some(of) = container.pod_of() {
        lines.push(Line::pair("pod", format!("container {} of {}/{}", of.container, of.namespace, of.pod)));
    }
    let private = container.ports.iter().filter(|port| port.public.is_none());
    let private: Vec<_> = private.map(|port| format!("{}/{}", port.private, port.protocol)).collect();
    lines.push(Line::pair("published ports", or_none(pane::ports(&container.ports))));
    if !private.is_empty() {
        lines.push(Line::pair("other ports", private.join(" ")));
    }
    lines.push(Line::pair("networks", or_none(container.networks.join(" "))));
    lines.push(Line::maybe("privileged", container.privileged, |yes| {
        if yes { "yes: it is as good as root on the machine" } else { "no" }.into()
    }));
    lines
}

fn more(container: &Container, details: &ContainerDetails, lines: &mut Vec<Line>) {
    lines.extend(details.problems.iter().map(|text| Line::pair("not readable", "").and(Role::Unknown, text)));
    let mut part = |title: String, rows: Vec<Line>| {
        lines.push(Line::empty());
        lines.push(Line::heading(&title));
        lines.extend(rows);
    };
    let process = |p: &crate::model::container::ContainerProcess| {
        Line::of(Role::Dim, format!("  {:>7} {:<10} {:>5} {:>9} ", p.pid, p.user, p.cpu, p.time))
            .and(Role::Text, &p.command)
    };
    part(format!("processes ({})", details.processes.len()), details.processes.iter().map(process).collect());
    let mount = |m: &crate::model::container::ContainerMount| {
        let access = if m.writable { "read and write" } else { "read-only" };
        Line::of(Role::Dim, format!("  {:<7} ", m.kind))
            .and(Role::Text, format!("{} -> {}", m.source, m.destination))
            .and(Role::Dim, format!("  {access}"))
    };
    part(format!("mounts ({})", details.mounts.len()), details.mounts.iter().map(mount).collect());
    let variable = |(name, value): &_| Line::of(Role::Dim, format!("  {name}=")).and(Role::Text, value);
    part(format!("environment ({})", details.environment.len()), details.environment.iter().map(variable).collect());
    let label = |(name, value): (&compact_str::CompactString, &String)| {
        Line::of(Role::Dim, format!("  {name}=")).and(Role::Text, value)
    };
    part(format!("labels ({})", container.labels.len()), container.labels.iter().map(label).collect());
}

/// The last runs of its check, with what each said.
fn probes(scene: &Scene<'_>, container: &Container, lines: &mut Vec<Line>) {
    if container.probes.is_empty() {
        return;
    }
    lines.push(Line::empty());
    lines.push(Line::heading("last runs of its health check, newest first"));
    for probe in container.probes.iter().rev() {
        let at = probe
            .at
            .map_or(units::UNKNOWN.into(), |at| format!("{} ({} ago)", units::clock(at), units::age(scene.now, at)));
        let end = probe.exit_code.map_or(units::UNKNOWN.into(), exit_words);
        lines.push(Line::of(Role::Dim, format!("  {at}  ")).and(Role::Text, end));
        lines.extend(probe.output.lines().map(|line| Line::of(Role::Text, format!("    {line}"))));
    }
}

fn drift(details: &ContainerDetails, lines: &mut Vec<Line>) {
    lines.push(Line::empty());
    match (&details.drift, &details.drift_unknown) {
        (Some(drift), _) if drift.is_empty() => {
            lines.push(Line::heading("compose file"));
            lines.push(Line::of(Role::Text, "  runs as its compose file says"));
        }
        (Some(drift), _) => {
            lines.push(Line::heading(&format!("differs from its compose file in {} fields", drift.len())));
            for field in drift {
                lines.push(Line::of(Role::Warn, format!("  {}", field.field)));
                lines.push(Line::of(Role::Dim, "    file  ").and(Role::Text, &field.file));
                lines.push(Line::of(Role::Dim, "    live  ").and(Role::Text, &field.live));
            }
        }
        (None, why) => {
            lines.push(Line::heading("compose file"));
            lines.push(Line::of(Role::Dim, format!("  {}", why.as_deref().unwrap_or("not compared yet"))));
        }
    }
    lines.extend(
        details
            .drift_unknown
            .iter()
            .filter(|_| details.drift.is_some())
            .map(|why| Line::of(Role::Dim, format!("  {why}"))),
    );
}

impl Details for ContainerPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Container]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        let id = || object.engine_and_id().map_or(object.id.as_str(), |(_, id)| short_id(id)).to_owned();
        find(world, object).map_or_else(id, |container| container.title().into_owned())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(container) = find(scene.world, object) else { return units::UNKNOWN.into() };
        let since = pane::in_state_since(container)
            .map_or_else(String::new, |at| format!(" for {}", units::age(scene.now, at)));
        let check = if container.check == CheckState::None { "" } else { container.check.word() };
        let check = if check.is_empty() { String::new() } else { format!(", {check}") };
        format!("{}{check}{since}", container.state.word())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let container = find(scene.world, object)?;
        let nothing = ContainerUsage::default();
        let usage = scene.world.observed.containers.usage_of(container).unwrap_or(&nothing);
        let mut lines = Vec::new();
        state(scene, container, &mut lines);
        if matches!(container.state, ContainerState::Running | ContainerState::Paused) {
            lines.extend(figures(container, usage));
        }
        lines.push(Line::empty());
        lines.extend(identity(container));
        match details(scene.world, object) {
            Some(details) => more(container, details, &mut lines),
            None => lines.push(Line::of(Role::Dim, "processes, mounts and environment: being read")),
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        match details(world, object).filter(|details| !details.inspect.is_null()) {
            Some(details) => yaml::of(&details.inspect),
            None => yaml::of(find(world, object)?),
        }
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some(container) = find(scene.world, object) else { return Vec::new() };
        let reason = if container.reason.is_empty() { "nothing is wrong with it" } else { &container.reason };
        let word = format!("{}: ", container.health.word());
        let mut lines = vec![Line::of(Scene::health_role(container.health), word).and(Role::Text, reason)];
        let used = scene.world.observed.containers.usage_of(container).and_then(|usage| usage.memory_bytes);
        let near = units::near(used, container.memory_limit_bytes);
        if container.oom_killed || near {
            let limit = container
                .memory_limit_bytes
                .map_or("it has no limit of its own: the machine was out of memory".into(), |bytes| {
                    format!("its limit is {}", units::bytes(bytes as f64))
                });
            let running = container.state == ContainerState::Running;
            let now = used
                .filter(|_| running)
                .map_or_else(String::new, |used| format!(", its working set is {}", units::bytes(used as f64)));
            let seen = scene.series.get(&SeriesKey::new(Metric::ContainerMemory, object.id.clone()));
            let most =
                seen.and_then(|series| series.between(i64::MIN, i64::MAX).map(|(_, value)| value).reduce(f64::max));
            let most = most.map_or_else(String::new, |most| format!(", at most {} was seen", units::bytes(most)));
            let role = if near { Role::Warn } else { Role::Text };
            lines.push(Line::of(Role::Dim, "  memory    ").and(role, format!("{limit}{now}{most}")));
        }
        probes(scene, container, &mut lines);
        let Some(details) = details(scene.world, object) else {
            lines.push(Line::of(Role::Dim, "its last words: being read"));
            return lines;
        };
        lines.push(Line::empty());
        lines.push(Line::heading("its last words"));
        if details.last_lines.is_empty() {
            lines.push(Line::of(Role::Dim, "  it wrote nothing"));
        }
        lines.extend(details.last_lines.iter().map(|line| Line::of(Role::Text, format!("  {line}"))));
        drift(details, &mut lines);
        lines
    }
    fn has_logs(&self) -> bool {
        true
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let kept = |word, metric, scale| Kept { word, key: SeriesKey::new(metric, object.id.clone()), scale };
        vec![
            kept("cpu, of one core", Metric::ContainerCpu, Scale::Cores),
            kept("memory, working set", Metric::ContainerMemory, Scale::Bytes),
        ]
    }
}
