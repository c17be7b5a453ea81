//! One GPU: everything that its driver says of it, what is wrong and what to do.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        Timestamp,
        gpu::{Gpu, GpuState, NvLink, health, owner, xid},
        object::{ObjectKind, ObjectRef},
        rows::Keyed,
        series::{Metric, SeriesKey},
        units,
    },
    panes::gpus::short_name,
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One GPU.
pub struct GpuPage;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Gpu> {
    world.observed.gpus.get(&object.id)
}

/// Figures of one subject: a label, and a word of what the GPU may lack.
struct Figures<'a> {
    gpu: &'a Gpu,
    lines: Vec<Line>,
}

impl Figures<'_> {
    /// A figure; what the GPU does not have, or who runs the cockpit may not read, is said.
    fn add(&mut self, label: &str, word: &str, value: Option<String>) {
        self.lines.push(match value {
            Some(value) => Line::pair(label, value),
            None if self.gpu.lacks(word) => Line::pair(label, "").and(Role::Dim, "not supported by this GPU or driver"),
            None if self.gpu.denied.iter().any(|denied| denied == word) => {
                Line::pair(label, "").and(Role::Warn, "no permission to read it")
            }
            None => Line::pair(label, "").and(Role::Unknown, units::UNKNOWN),
        });
    }
}

fn bytes(value: u64) -> String {
    units::bytes(value as f64)
}

fn of<T>(value: Option<T>, limit: Option<T>, print: impl Fn(T) -> String) -> Option<String> {
    let limit = limit.map_or_else(String::new, |limit| format!(" of {}", print(limit)));
    value.map(|value| format!("{}{limit}", print(value)))
}

fn use_lines(figures: &mut Figures<'_>) {
    let gpu = figures.gpu;
    let busy = gpu.memory_busy_ratio.map_or_else(String::new, |busy| format!(", memory busy {}", units::percent(busy)));
    figures.add(
        "utilisation",
        "utilization",
        gpu.utilization_ratio.map(|used| format!("{}{busy}", units::percent(used))),
    );
    let reserved = gpu.memory.reserved_bytes.map_or_else(String::new, |kept| format!(", {} reserved", bytes(kept)));
    let memory = of(gpu.memory.used_bytes, gpu.memory.total_bytes, bytes).map(|memory| format!("{memory}{reserved}"));
    figures.add("memory", "memory", memory);
    let coders = gpu.encoder_ratio.zip(gpu.decoder_ratio);
    figures.add(
        "encoder, decoder",
        "encoder",
        coders.map(|(encoder, decoder)| format!("{}, {}", units::percent(encoder), units::percent(decoder))),
    );
    let celsius = |value: f64| format!("{value:.0} °C");
    let limits = [("slows down", gpu.temperature.slowdown_celsius), ("switches off", gpu.temperature.shutdown_celsius)];
    let limits: String =
        limits.iter().filter_map(|(what, at)| Some(format!(", {what} at {}", celsius((*at)?)))).collect();
    figures.add(
        "temperature",
        "temperature",
        gpu.temperature.gpu_celsius.map(|now| format!("{}{limits}", celsius(now))),
    );
    figures.add("memory temp.", "memory-temperature", gpu.temperature.memory_celsius.map(celsius));
    let default = gpu
        .power
        .default_limit_watts
        .filter(|default| gpu.power.limit_watts.is_some_and(|limit| (limit - default).abs() >= 1.0));
    let default = default.map_or_else(String::new, |default| format!(" (made for {default:.0} W)"));
    let power = of(gpu.power.watts, gpu.power.limit_watts, |watts| format!("{watts:.0} W"));
    figures.add("power", "power", power.map(|power| format!("{power}{default}")));
    let mega = |hertz: u64| format!("{} MHz", hertz / 1_000_000);
    figures.add("clock", "clocks", of(gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz, mega));
    figures.add("memory clock", "clocks", of(gpu.clocks.memory_hertz, gpu.clocks.memory_max_hertz, mega));
    let slowed: Vec<_> = gpu.throttle.iter().map(|reason| reason.word()).collect();
    let role = if gpu.throttle.iter().any(|reason| reason.is_bad()) { Role::Warn } else { Role::Text };
    let words = if slowed.is_empty() { "nothing".into() } else { slowed.join(", ") };
    figures.lines.push(Line::pair("slowed by", "").and(role, words));
    figures.add("fan", "fan", gpu.fan_ratio.map(units::percent));
}

fn link_lines(figures: &mut Figures<'_>) {
    let gpu = figures.gpu;
    let pcie = &gpu.pcie;
    let link = |generation: Option<u32>, width: Option<u32>| Some(format!("{}.0 x{}", generation?, width?));
    let most = link(pcie.max_generation, pcie.max_width).map_or_else(String::new, |most| format!(" of {most}"));
    figures.add("PCIe", "pcie", link(pcie.generation, pcie.width).map(|now| format!("{now}{most}")));
    let recent = pcie.replays_recent.map_or_else(String::new, |recent| format!(", {recent} in the last ten minutes"));
    figures.add("PCIe replays", "replays", pcie.replays.map(|replays| format!("{replays}{recent}")));
    if let Some((received, sent)) = pcie.received_bytes_per_second.zip(pcie.sent_bytes_per_second) {
        let rate = units::bytes_per_second;
        figures.lines.push(Line::pair("PCIe traffic", format!("{} received, {} sent", rate(received), rate(sent))));
    }
    if gpu.nvlinks.is_empty() {
        return figures.add("NVLink", "nvlink", None);
    }
    let is_fine = |link: &&NvLink| {
        let errors = [link.crc_errors, link.replay_errors, link.recovery_errors];
        link.is_active == Some(true) && errors.iter().all(|errors| *errors == Some(0))
    };
    let fine = gpu.nvlinks.iter().filter(is_fine).count();
    figures.lines.push(Line::pair("NVLink", format!("{fine} of {} up and without errors", gpu.nvlinks.len())));
    for link in gpu.nvlinks.iter().filter(|link| !is_fine(link)) {
        let (role, state) = match link.is_active {
            Some(true) => (Role::Text, "up"),
            Some(false) => (Role::Warn, "down"),
            None => (Role::Unknown, units::UNKNOWN),
        };
        let remote = link.remote.as_ref().map_or_else(String::new, |remote| format!(" to {remote}"));
        let count = |count: Option<u64>| count.map_or_else(|| units::UNKNOWN.to_owned(), |count| count.to_string());
        let errors = [("CRC", link.crc_errors), ("replay", link.replay_errors), ("recovery", link.recovery_errors)];
        let errors = errors.map(|(what, errors)| format!("{what} {}", count(errors))).join(", ");
        figures.lines.push(
            Line::pair(&format!("NVLink {}", link.link), "")
                .and(role, state)
                .and(Role::Text, remote)
                .and(Role::Dim, format!("  errors: {errors}")),
        );
    }
}

fn memory_lines(figures: &mut Figures<'_>) {
    let gpu = figures.gpu;
    let count = |count: Option<u64>| count.map_or_else(|| units::UNKNOWN.to_owned(), |count| count.to_string());
    let ecc = match gpu.ecc.enabled {
        Some(false) => Some("off".to_owned()),
        Some(true) => Some("on".to_owned()),
        None => None,
    };
    figures.add("ECC", "ecc", ecc);
    if gpu.ecc.enabled != Some(false) && !gpu.lacks("ecc") {
        for (label, counts) in [("since loaded", gpu.ecc.volatile), ("over its life", gpu.ecc.aggregate)] {
            let words = format!("{} corrected, {} uncorrected", count(counts.corrected), count(counts.uncorrected));
            figures.lines.push(Line::pair(&format!("  {label}"), words));
        }
    }
    let remapped = gpu.remapped.map(|rows| {
        let pending = if rows.pending == Some(true) { ", one is pending" } else { "" };
        let failed = if rows.failed == Some(true) { ", one failed" } else { "" };
        format!("{} correctable, {} uncorrectable{pending}{failed}", count(rows.correctable), count(rows.uncorrectable))
    });
    figures.add("remapped rows", "remapped", remapped);
    figures.add("recovery action", "recovery", gpu.recovery.map(|action| action.word().to_owned()));
}

fn identity_lines(figures: &mut Figures<'_>, world: &World) {
    let gpu = figures.gpu;
    let on = |on: bool| (if on { "on" } else { "off" }).to_owned();
    figures.add("persistence", "persistence", gpu.persistence.map(on));
    figures.add("compute mode", "compute-mode", gpu.compute_mode.as_ref().map(ToString::to_string));
    let mig = gpu.mig.map(|mig| {
        let later =
            if mig.pending == mig.enabled { String::new() } else { format!(", {} after a reset", on(mig.pending)) };
        format!("{}{later}", on(mig.enabled))
    });
    figures.add("MIG", "mig", mig);
    for (label, text) in [("uuid", &gpu.uuid), ("serial", &gpu.serial), ("PCI address", &gpu.pci_address)] {
        figures.lines.extend(text.as_ref().map(|text| Line::pair(label, text)));
    }
    figures.lines.extend(gpu.numa_node.map(|node| Line::pair("NUMA node", node.to_string())));
    let news = world.observed.gpus.news().find(|news| news.gpus.iter().any(|other| other.id == gpu.id));
    let driver = news.map(|news| &news.driver);
    let words = driver.and_then(|driver| Some(format!("{} {}", driver.name, driver.version.as_ref()?)));
    figures.add("driver", "driver", words);
    figures
        .lines
        .extend(driver.and_then(|driver| driver.cuda.as_ref()).map(|cuda| Line::pair("CUDA", format!("up to {cuda}"))));
}

fn part_lines(gpu: &Gpu, lines: &mut Vec<Line>) {
    if gpu.mig_devices.is_empty() {
        return;
    }
    lines.push(Line::empty());
    lines.push(Line::heading("MIG devices"));
    for part in &gpu.mig_devices {
        let memory =
            of(part.memory.used_bytes, part.memory.total_bytes, bytes).unwrap_or_else(|| units::UNKNOWN.into());
        let processors = part.multiprocessors.map_or_else(String::new, |n| format!(", {n} multiprocessors"));
        lines.push(Line::pair(
            &format!("{}:{}", gpu.index, part.index),
            format!("{}  {memory}{processors}", short_name(&part.name)),
        ));
    }
}

fn process_lines(scene: &Scene<'_>, gpu: &Gpu, lines: &mut Vec<Line>) {
    let Some(processes) = &gpu.processes else { return };
    lines.push(Line::empty());
    lines.push(Line::heading(if processes.is_empty() { "No process is on it" } else { "Processes" }));
    for process in processes {
        let owner = owner::of(&scene.world.observed, process.pid);
        let memory = process.memory_bytes.map_or_else(|| units::UNKNOWN.to_owned(), bytes);
        let name = owner.process.map_or_else(|| units::UNKNOWN.to_owned(), |known| known.name.to_string());
        let pod = owner.pod.map(|pod| format!("  pod {}", pod.key()));
        let container = owner.container.map(|container| format!("  container {}", container.title()));
        let whose = pod.or(container).unwrap_or_default();
        let line = Line::pair(&process.pid.to_string(), format!("{memory:>9}{whose}  "));
        lines.push(match owner.process {
            Some(known) => line.leading_to(ObjectRef::new(ObjectKind::Process, known.key()), "Summary", &name),
            None => line.and(Role::Unknown, name),
        });
    }
}

fn xid_lines(scene: &Scene<'_>, gpu: &Gpu) -> Vec<Line> {
    let line = |xid: &crate::model::gpu::Xid| {
        let meaning = xid::meaning(xid.code).map_or("not in the catalogue", |meaning| meaning.title);
        let pid = xid.pid.map_or_else(String::new, |pid| format!(", process {pid}"));
        Line::pair(&format!("XID {}", xid.code), format!("{}  {meaning}{pid}", units::moment(scene.now, xid.at)))
    };
    gpu.xids.iter().map(line).collect()
}

fn since(scene: &Scene<'_>, since: Option<Timestamp>) -> String {
    since.map_or_else(String::new, |since| format!("  since {}", units::moment(scene.now, since)))
}

impl Details for GpuPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Gpu]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object).map_or_else(|| object.id.to_string(), |gpu| format!("{} {}", gpu.index, gpu.name))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(gpu) = find(scene.world, object) else { return units::UNKNOWN.into() };
        let findings = health::findings(gpu, scene.world.now);
        let used = gpu.utilization_ratio.map_or_else(|| units::UNKNOWN.to_owned(), units::percent);
        findings.first().map_or(used, |worst| worst.evidence.clone())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let gpu = find(scene.world, object)?;
        let mut figures = Figures { gpu, lines: Vec::new() };
        let role = if gpu.state == GpuState::Ready { Role::Dim } else { Role::Error };
        let problem = gpu.problem.as_deref().or((gpu.state != GpuState::Ready).then_some("no answer"));
        let state = |problem| Line::pair("state", "").and(role, problem).and(Role::Dim, since(scene, gpu.state_since));
        figures.lines.extend(problem.map(state));
        use_lines(&mut figures);
        figures.lines.push(Line::empty());
        link_lines(&mut figures);
        figures.lines.push(Line::empty());
        memory_lines(&mut figures);
        figures.lines.push(Line::empty());
        identity_lines(&mut figures, scene.world);
        let mut lines = figures.lines;
        part_lines(gpu, &mut lines);
        process_lines(scene, gpu, &mut lines);
        Some(lines)
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some(gpu) = find(scene.world, object) else { return Vec::new() };
        let mut lines = Vec::new();
        for (n, finding) in health::findings(gpu, scene.world.now).into_iter().enumerate() {
            let role = Scene::severity_role(finding.severity);
            let head = Line::of(role, format!("{} {}", n + 1, finding.evidence));
            lines.push(head.and(Role::Dim, since(scene, finding.since)));
            lines.push(Line::of(Role::Text, format!("  {}", finding.meaning)));
            lines.push(Line::of(Role::Text, format!("  {}", finding.next_step)));
        }
        lines
    }
    fn events(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        find(scene.world, object).map_or_else(Vec::new, |gpu| xid_lines(scene, gpu))
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let kept = |word, metric, scale| Kept { word, key: SeriesKey::new(metric, object.id.clone()), scale };
        vec![
            kept("utilisation", Metric::GpuUsed, Scale::Ratio),
            kept("memory", Metric::GpuMemory, Scale::Ratio),
            kept("temperature", Metric::GpuTemperature, Scale::Celsius),
            kept("power", Metric::GpuPower, Scale::Watts),
        ]
    }
}
