//! The hosts that a Prometheus knows by node_exporter, in a few questions however many they are.

use super::Api;
use crate::model::{
    Timestamp,
    fleet::{Fullest, Instance, worst_first},
    metric::{Evaluated, Labels, Sample},
};
use compact_str::CompactString;
use futures_util::future::try_join_all;
use std::collections::HashMap;

/// Over how long rates are taken: several scrapes, also where one takes a minute.
const RATES: &str = "3m";

/// What is asked, by name. Jobs are those that have had a node_exporter within the last hour: a host that is down has no other series.
fn questions() -> [(&'static str, String); 7] {
    let file_systems = r#"fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|devtmpfs|fuse\\..*|nsfs""#;
    let waits = [
        ("cpu", "node_pressure_cpu_waiting_seconds_total"),
        ("memory", "node_pressure_memory_waiting_seconds_total"),
        ("memory-full", "node_pressure_memory_stalled_seconds_total"),
        ("io", "node_pressure_io_waiting_seconds_total"),
        ("io-full", "node_pressure_io_stalled_seconds_total"),
    ];
    let pressure =
        waits.map(|(what, name)| format!("label_replace(rate({name}[{RATES}]), \"what\", \"{what}\", \"\", \"\")"));
    [
        ("up", "up and on (job) group by (job) (last_over_time(node_uname_info[1h]))".into()),
        ("names", "node_uname_info".into()),
        (
            "cpu",
            format!("avg by (job, instance, mode) (rate(node_cpu_seconds_total{{mode=~\"idle|iowait|steal\"}}[{RATES}]))"),
        ),
        ("cores", "count by (job, instance) (node_cpu_seconds_total{mode=\"idle\"})".into()),
        (
            "figures",
            "{__name__=~\"node_memory_(MemTotal|MemAvailable|Cached|SwapTotal|SwapFree)_bytes|node_load(1|5|15)|node_boot_time_seconds\"}"
                .into(),
        ),
        ("pressure", pressure.join(" or ")),
        (
            "disks",
            format!(
                "topk by (job, instance) (1, 1 - node_filesystem_avail_bytes{{{file_systems}}} / (node_filesystem_size_bytes{{{file_systems}}} - node_filesystem_free_bytes{{{file_systems}}} + node_filesystem_avail_bytes{{{file_systems}}} or node_filesystem_size_bytes{{{file_systems}}}))"
            ),
        ),
    ]
}

/// Asks for every host, the worst first.
///
/// # Errors
/// Why there is no answer, in words.
pub async fn read(api: &Api, now: Timestamp) -> Result<Vec<Instance>, String> {
    let ask = |(what, expression): (&'static str, String)| async move {
        let reply = api.query(&expression, now).await?;
        match reply.result {
            Evaluated::Vector(samples) => Ok::<_, String>((what, samples)),
            other => Err(format!("hosts: a {} instead of a vector", other.word())),
        }
    };
    let answers = try_join_all(questions().map(ask)).await?;
    let mut hosts = Hosts::default();
    for (what, samples) in &answers {
        samples.iter().for_each(|sample| hosts.take(what, sample));
    }
    let mut all: Vec<_> = hosts.0.into_values().map(Found::finished).collect();
    worst_first(&mut all);
    Ok(all)
}

/// Hosts by job and instance.
#[derive(Default)]
struct Hosts(HashMap<(CompactString, CompactString), Found>);

/// A host, and figures that say something only together.
#[derive(Default)]
struct Found {
    host: Instance,
    load: [Option<f64>; 3],
    swap_free_bytes: Option<u64>,
}

impl Found {
    fn finished(self) -> Instance {
        let Self { mut host, load, swap_free_bytes } = self;
        if let [Some(one), Some(five), Some(fifteen)] = load {
            host.load = Some([one, five, fifteen]);
        }
        host.swap_used_bytes =
            host.swap_total_bytes.zip(swap_free_bytes).map(|(total, free)| total.saturating_sub(free));
        host
    }
}

impl Hosts {
    fn take(&mut self, what: &str, sample: &Sample) {
        let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
        let key = (label("job"), label("instance"));
        // What is not scraped as a host now is none: a file system of another exporter.
        let found = if what == "up" || what == "names" {
            let (job, instance) = key.clone();
            let new = || Found { host: Instance { job, instance, ..Instance::default() }, ..Found::default() };
            self.0.entry(key).or_insert_with(new)
        } else if let Some(found) = self.0.get_mut(&key) {
            found
        } else {
            return;
        };
        let Some(value) = sample.point.value.finite() else { return };
        let host = &mut found.host;
        match what {
            "up" => host.up = Some(value > 0.0),
            "names" => {
                let some = |text: CompactString| Some(text).filter(|text| !text.is_empty());
                (host.hostname, host.kernel) = (some(label("nodename")), some(label("release")));
            }
            "cpu" => cpu(host, &label("mode"), value),
            "cores" => host.cores = Some(value as u32),
            "figures" => figure(found, &label("__name__"), value),
            "pressure" => pressure(host, &sample.labels, value),
            _ => host.disk = Some(Fullest { mount: label("mountpoint"), used_ratio: value }),
        }
    }
}

/// Used is what is left of idle and iowait, as on this host; the first of both that comes begins with all.
fn cpu(host: &mut Instance, mode: &str, value: f64) {
    let value = value.clamp(0.0, 1.0);
    match mode {
        "steal" => return host.cpu_steal_ratio = Some(value),
        "iowait" => host.cpu_iowait_ratio = Some(value),
        _ => {}
    }
    host.cpu_used_ratio = Some((host.cpu_used_ratio.unwrap_or(1.0) - value).max(0.0));
}

fn figure(found: &mut Found, name: &str, value: f64) {
    let bytes = Some(value.max(0.0) as u64);
    let host = &mut found.host;
    match name {
        "node_load1" => found.load[0] = Some(value),
        "node_load5" => found.load[1] = Some(value),
        "node_load15" => found.load[2] = Some(value),
        "node_memory_MemTotal_bytes" => host.memory_total_bytes = bytes,
        "node_memory_MemAvailable_bytes" => host.memory_available_bytes = bytes,
        "node_memory_Cached_bytes" => host.memory_cached_bytes = bytes,
        "node_memory_SwapTotal_bytes" => host.swap_total_bytes = bytes,
        "node_memory_SwapFree_bytes" => found.swap_free_bytes = bytes,
        _ => host.booted_at = Timestamp::from_second(value as i64).ok(),
    }
}

fn pressure(host: &mut Instance, labels: &Labels, value: f64) {
    let part = match labels.get("what").map(CompactString::as_str) {
        Some("cpu") => &mut host.pressure.cpu.some10,
        Some("memory") => &mut host.pressure.memory.some10,
        Some("memory-full") => &mut host.pressure.memory.full10,
        Some("io") => &mut host.pressure.io.some10,
        Some("io-full") => &mut host.pressure.io.full10,
        _ => return,
    };
    *part = Some(value.clamp(0.0, 1.0));
}

#[cfg(test)]
#[path = "fleet_tests.rs"]
mod tests;
