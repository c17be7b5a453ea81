//! This host in a few lines: what it uses, what it waits for, and its fullest disk.

use super::Pane;
use crate::{
    model::{
        gpu::{Gpu, health},
        health::Health,
        host::{Device, Gauges, Network},
        mount::{Mount, MountState},
        object::ObjectKind,
        series::{Metric, SeriesKey},
        topic::{Topic, TopicSet},
        units,
    },
    ui::{
        figures::{self, Figure},
        graph::{self, Scale},
        paint,
        scene::Scene,
        theme::Role,
    },
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Gauges of the host.
pub struct HostPane;

/// One line: a word, a history and figures.
struct Row {
    word: &'static str,
    history: Option<(SeriesKey, Scale)>,
    figures: Vec<Figure>,
}

/// Columns from which the lines stand in two columns where there are not enough rows.
const TWO_COLUMNS: u16 = 120;

fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let nothing = Gauges::default();
    let gauges = scene.world.observed.gauges.as_ref().unwrap_or(&nothing);
    vec![cpu(scene, gauges), memory(scene, gauges), disk(scene), io(scene, gauges), net(scene, gauges)]
}

fn cpu(scene: &Scene<'_>, gauges: &Gauges) -> Row {
    let role = super::role_of(scene.world, ObjectKind::Cpu, "");
    let load = Figure::of("load", gauges.load, |load| load.map(|l| format!("{l:.1}")).join(" "), 11);
    let mut figures = vec![
        Figure::ratio("", gauges.cpu.used_ratio).role(role),
        load,
        Figure::fine("psi", gauges.pressure.cpu.some10),
        Figure::ratio("iowait", gauges.cpu.iowait_ratio),
    ];
    if gauges.cpu.steal_ratio.is_some_and(|steal| steal >= 0.005) {
        figures.push(Figure::ratio("steal", gauges.cpu.steal_ratio));
    }
    Row { word: "cpu", history: Some((Metric::CpuUsed.into(), Scale::Ratio)), figures }
}

fn memory(scene: &Scene<'_>, gauges: &Gauges) -> Row {
    let memory = &gauges.memory;
    let role = super::role_of(scene.world, ObjectKind::Memory, "");
    let sizes = memory.used_bytes.zip(memory.total_bytes);
    let mut figures = vec![
        Figure::ratio("", memory.used_ratio()).role(role),
        Figure::of("", sizes, units::bytes_of, 15),
        Figure::fine("psi", gauges.pressure.memory.some10),
    ];
    if let Some(used) = crate::model::host::ratio(memory.limit_used_bytes, memory.limit_bytes) {
        figures.push(Figure::ratio("of our limit", Some(used)));
    }
    if memory.swap_total_bytes.is_some_and(|total| total > 0) {
        figures.push(Figure::ratio("swap", memory.swap_ratio()));
    }
    Row { word: "mem", history: Some((Metric::MemoryUsed.into(), Scale::Ratio)), figures }
}

/// The fullest file system that can be written to.
pub(super) fn fullest(mounts: &[Mount]) -> Option<(&Mount, f64)> {
    let sized = mounts.iter().filter(|m| !m.read_only).filter_map(|m| m.used_ratio().map(|used| (m, used)));
    sized.reduce(|most, next| if next.1 > most.1 { next } else { most })
}

fn disk(scene: &Scene<'_>) -> Row {
    let mounts = scene.world.observed.mounts.as_deref();
    let Some((mount, used)) = mounts.and_then(fullest) else {
        return Row { word: "disk", history: None, figures: vec![Figure::ratio("", None)] };
    };
    let role = super::role_of(scene.world, ObjectKind::Mount, &mount.mount);
    let name = tail(scene.glyphs.ellipsis, &mount.mount, 20);
    let mut figures = vec![
        Figure::ratio("", Some(used)).role(role),
        Figure::new("", name.clone(), paint::width(&name)),
        Figure::bytes("left", mount.available_bytes),
    ];
    let pending = |m: &&Mount| matches!(m.state, MountState::Pending { .. });
    let silent = mounts.unwrap_or_default().iter().filter(pending).count();
    if silent > 0 {
        figures.push(Figure::new("pending", silent.to_string(), 1).role(Role::Error));
    }
    let key = SeriesKey::new(Metric::MountUsed, mount.mount.clone());
    Row { word: "disk", history: Some((key, Scale::Ratio)), figures }
}

/// The end of a long path is what tells it from others.
fn tail(ellipsis: char, path: &str, limit: usize) -> String {
    let clean = crate::model::text::clean(path);
    match clean.char_indices().rev().nth(limit.saturating_sub(2)) {
        Some((at, _)) if clean.chars().count() > limit => format!("{ellipsis}{}", &clean[at..]),
        _ => clean.into_owned(),
    }
}

fn busiest<T>(items: &[T], rate: impl Fn(&T) -> f64) -> Option<&T> {
    items.iter().reduce(|most, next| if rate(next) > rate(most) { next } else { most })
}

fn io(scene: &Scene<'_>, gauges: &Gauges) -> Row {
    let sum = |d: &Device| d.read_bytes_per_second.unwrap_or(0.0) + d.write_bytes_per_second.unwrap_or(0.0);
    let device = busiest(&gauges.devices, sum);
    let figures = vec![
        Figure::fine("psi", gauges.pressure.io.some10),
        Figure::rate("read", device.and_then(|d| d.read_bytes_per_second)),
        Figure::rate("write", device.and_then(|d| d.write_bytes_per_second)),
        Figure::of("", device, |d| tail(scene.glyphs.ellipsis, &d.name, 12), 0),
    ];
    let key = device.map(|d| SeriesKey::new(Metric::DeviceBusy, d.name.clone()));
    Row { word: "io", history: key.map(|key| (key, Scale::Ratio)), figures }
}

fn net(scene: &Scene<'_>, gauges: &Gauges) -> Row {
    let sum = |n: &Network| match n.name.as_str() {
        "lo" => -1.0,
        _ => n.received_bytes_per_second.unwrap_or(0.0) + n.sent_bytes_per_second.unwrap_or(0.0),
    };
    // Among interfaces without traffic the one that is up says more than the one that happens to be first.
    let network = busiest(&gauges.networks, |n| sum(n) + if n.state.as_deref() == Some("up") { 1e-3 } else { 0.0 });
    let figures = vec![
        Figure::new("", String::new(), 0),
        Figure::rate("rx", network.and_then(|n| n.received_bytes_per_second)),
        Figure::rate("tx", network.and_then(|n| n.sent_bytes_per_second)),
        Figure::of("", network, |n| tail(scene.glyphs.ellipsis, &n.name, 12), 0),
    ];
    let key = network.map(|n| SeriesKey::new(Metric::NetworkReceived, n.name.clone()));
    Row { word: "net", history: key.map(|key| (key, Scale::BytesPerSecond)), figures }
}

/// Columns of the word before the history.
const WORD: u16 = 5;

fn draw_row(scene: &Scene<'_>, row: &Row, area: Rect, buffer: &mut Buffer) {
    paint::put(buffer, area, (0, 0), row.word, scene.style(Role::Dim));
    let spark = match area.width {
        0..40 => 0,
        40..60 => 8,
        60..100 => 12,
        _ => 20,
    };
    let mut x = WORD.min(area.width);
    if spark > 0 {
        if let Some((key, scale)) = &row.history {
            let at = Rect { x: area.x + x, width: spark, ..area };
            graph::spark(scene, scene.history(key.clone()), *scale, at, buffer);
        }
        x += spark + 1;
    }
    let rest = Rect { x: area.x + x, width: area.width - x, height: 1, ..area };
    figures::draw(scene, &row.figures, rest, buffer);
}

/// How many containers there are, and how many are not well; nothing where there is no engine.
fn containers(world: &World) -> Option<String> {
    let all = &world.observed.containers;
    let unwell = all.containers.iter().filter(|container| container.health >= Health::Degraded).count();
    let unwell = if unwell > 0 { format!(" ({unwell} unwell)") } else { String::new() };
    (!all.engines.is_empty()).then(|| format!("containers {}{unwell}", all.containers.len()))
}

/// The same of GPUs.
fn gpus(scene: &Scene<'_>) -> Option<String> {
    let all = scene.world.observed.gpus.iter();
    let is_unwell = |gpu: &&Gpu| health::judge(gpu, scene.world.now).0.is_unwell();
    let unwell = all.clone().filter(is_unwell).count();
    let unwell = if unwell > 0 { format!(" ({unwell} unwell)") } else { String::new() };
    let count = all.count();
    (count > 0).then(|| format!("GPUs {count}{unwell}"))
}

/// Everything in one line, for a strip.
fn draw_strip(scene: &Scene<'_>, rows: &[Row], area: Rect, buffer: &mut Buffer) {
    let mut strip = Vec::new();
    for row in rows {
        let mut figures = row.figures.iter();
        if let Some(first) = figures.next() {
            let label = if first.label.is_empty() { row.word } else { first.label };
            strip.push(Figure { label, ..first.clone() });
        }
        strip.extend(figures.filter(|figure| figure.label == "psi" || row.word == "net").cloned());
    }
    figures::draw(scene, &strip, area, buffer);
}

impl Pane for HostPane {
    fn name(&self) -> &'static str {
        "host"
    }
    fn title(&self) -> &'static str {
        "Host"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let uptime = scene.world.observed.gauges.as_ref().and_then(|gauges| gauges.uptime_seconds);
        let uptime = uptime.map(|seconds| format!("up {}", units::span(seconds)));
        gpus(scene).into_iter().chain(containers(scene.world)).chain(uptime).collect::<Vec<_>>().join(", ")
    }
    fn about(&self) -> &'static str {
        "This host at a glance: CPU, memory, the fullest disk, the busiest device and interface, each with its history. psi is the share of the last ten seconds in which some task had to wait for it."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Gauges, Topic::Mounts])
    }
    fn has_graph(&self) -> bool {
        true
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let rows = rows(scene);
        if area.height < 2 {
            return draw_strip(scene, &rows, area, buffer);
        }
        let two = area.width >= TWO_COLUMNS && usize::from(area.height) < rows.len();
        let columns = if two { 2 } else { 1 };
        let width = area.width / columns;
        for (at, row) in rows.iter().enumerate() {
            let (column, y) = (at as u16 % columns, at as u16 / columns);
            if y < area.height {
                let cell = Rect { x: area.x + column * width, y: area.y + y, width: width - (columns - 1), height: 1 };
                draw_row(scene, row, cell, buffer);
            }
        }
    }
}
