//! The snapshot for a person: the same figures as lines. Text from outside is made harmless here.

use super::clusters_text;
use super::report::{Disk, Host, Row, Snapshot, SourceRow};
use crate::model::{host::ratio, text::clean_to, units};

/// Longest text of one field.
const LONGEST: usize = 200;
/// Processes that are listed, by CPU.
const PROCESSES: usize = 10;

pub(super) fn lines(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = vec![format!("flightdeck {}, {}", snapshot.version, units::date_clock(snapshot.taken_at))];
    if let Some(rows) = &snapshot.attention {
        lines.push(String::new());
        lines.push(if rows.is_empty() { "Attention: nothing".into() } else { format!("Attention ({})", rows.len()) });
        lines.extend(rows.iter().map(|row| attention(row, snapshot)));
    }
    if let Some(host) = &snapshot.host {
        lines.push(String::new());
        host_lines(host, &mut lines);
    }
    if let Some(gpus) = snapshot.gpus.as_deref().filter(|gpus| !gpus.is_empty()) {
        lines.push(String::new());
        super::gpus::lines(gpus, &mut lines);
    }
    if let Some(servers) = snapshot.ai.as_deref().filter(|servers| !servers.is_empty()) {
        lines.push(String::new());
        super::ai::lines(servers, &mut lines);
    }
    if let Some(room) = &snapshot.room {
        lines.push(String::new());
        super::ai::room_lines(room, &mut lines);
    }
    if let Some(alerts) = &snapshot.alerts {
        lines.push(String::new());
        super::watch::alert_lines(alerts, snapshot.taken_at, &mut lines);
    }
    if let Some(slos) = &snapshot.slos {
        lines.push(String::new());
        super::watch::slo_lines(slos, &mut lines);
    }
    if let Some(hosts) = &snapshot.fleet {
        lines.push(String::new());
        super::watch::fleet_lines(hosts, &mut lines);
    }
    if let Some(clusters) = &snapshot.postgres {
        lines.push(String::new());
        super::postgres::lines(clusters, &mut lines);
    }
    if let Some(containers) = &snapshot.containers {
        lines.push(String::new());
        super::containers::lines(containers, &mut lines);
    }
    let workloads = snapshot.workloads.as_deref().filter(|rows| !rows.is_empty()).map(clusters_text::workloads);
    let pods = snapshot.pods.as_deref().filter(|rows| !rows.is_empty()).map(clusters_text::pods);
    let nodes = snapshot.nodes.as_deref().filter(|rows| !rows.is_empty()).map(clusters_text::nodes);
    for rows in [workloads, pods, nodes].into_iter().flatten() {
        lines.push(String::new());
        lines.extend(rows);
    }
    if let Some(sources) = &snapshot.sources {
        lines.push(String::new());
        lines.push("Sources".into());
        lines.extend(sources.iter().map(source));
    }
    lines
}

pub(super) fn clean(text: &str) -> String {
    clean_to(text, LONGEST).into_owned()
}

fn or_unknown<T>(value: Option<T>, print: impl Fn(T) -> String) -> String {
    value.map_or_else(|| units::UNKNOWN.into(), print)
}

fn bytes(value: Option<u64>) -> String {
    or_unknown(value, |value| units::bytes(value as f64))
}

fn attention(row: &Row, snapshot: &Snapshot) -> String {
    let held = match row.raised_at {
        None => format!("for {}", units::age(snapshot.taken_at, row.since)),
        Some(at) => format!("just seen; raised if it still holds in {}", units::age(at, snapshot.taken_at)),
    };
    format!(
        "  {:8} {} {}: {} ({held}). {}",
        row.severity.word(),
        clean(&row.kind),
        clean(&row.name),
        clean(&row.cause),
        clean(&row.next_step),
    )
}

fn host_lines(host: &Host, lines: &mut Vec<String>) {
    let name = |name: &Option<compact_str::CompactString>| or_unknown(name.as_deref(), clean);
    let up = or_unknown(host.uptime_seconds, units::span);
    lines.push(format!("Host {}, kernel {}, up {up}", name(&host.hostname), name(&host.kernel)));
    let load = or_unknown(host.load, |[one, five, fifteen]| format!("{one:.2} {five:.2} {fifteen:.2}"));
    let used = or_unknown(host.cpu.used_ratio, units::percent);
    lines.push(format!("  cpu {used} of {} cores, load {load}", or_unknown(host.cpu.cores, |n| n.to_string())));
    let memory = &host.memory;
    lines.push(format!(
        "  memory {} of {}, {} available; swap {} of {}",
        bytes(memory.used_bytes),
        bytes(memory.total_bytes),
        bytes(memory.available_bytes),
        bytes(memory.swap_used_bytes),
        bytes(memory.swap_total_bytes),
    ));
    if let Some(pressure) = &host.pressure {
        let some = |pressure: &crate::model::host::Pressure| or_unknown(pressure.some10, units::percent);
        let (cpu, memory, io) = (some(&pressure.cpu), some(&pressure.memory), some(&pressure.io));
        lines.push(format!("  pressure over 10 s: cpu {cpu}, memory {memory}, io {io}"));
    }
    lines.extend(host.disks.iter().flatten().map(disk));
    for network in host.networks.iter().flatten() {
        let rate = |value| or_unknown(value, units::bytes_per_second);
        let (received, sent) = (rate(network.received_bytes_per_second), rate(network.sent_bytes_per_second));
        lines.push(format!("  net {} received {received}, sent {sent}", clean(&network.name)));
    }
    process_lines(host, lines);
}

fn disk(disk: &Disk) -> String {
    let state = if disk.state == "ready" { String::new() } else { format!(", {}", disk.state) };
    format!(
        "  disk {} ({}): {} available of {} ({}){state}",
        clean(&disk.mount),
        clean(&disk.fs),
        bytes(disk.available_bytes),
        bytes(disk.total_bytes),
        // Not how much is used: what is kept for root is neither.
        or_unknown(ratio(disk.available_bytes, disk.total_bytes), units::percent),
    )
}

fn process_lines(host: &Host, lines: &mut Vec<String>) {
    let Some(processes) = &host.processes else { return };
    let mut busiest: Vec<_> = processes.iter().collect();
    busiest.sort_by(|a, b| b.cpu_ratio.unwrap_or(-1.0).total_cmp(&a.cpu_ratio.unwrap_or(-1.0)).then(a.pid.cmp(&b.pid)));
    lines.push(format!("  {} processes, busiest first:", processes.len()));
    for process in busiest.into_iter().take(PROCESSES) {
        let cpu = or_unknown(process.cpu_ratio, units::percent_fine);
        let memory = bytes(process.memory_bytes);
        lines.push(format!("    {:>7} {cpu:>8} {memory:>9}  {}", process.pid, clean(&process.name)));
    }
}

fn source(source: &SourceRow) -> String {
    let age = source.age_seconds.map_or_else(String::new, |age| format!(", {} ago", units::span(age)));
    let reason = source.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", clean(reason)));
    let hint = source.hint.as_deref().map_or_else(String::new, |hint| format!(" ({})", clean(hint)));
    format!("  {:5} {}{age}{reason}{hint}", source.state, clean(&source.name))
}
