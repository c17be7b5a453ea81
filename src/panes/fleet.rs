//! Hosts that Prometheus knows, the worst first, with the figures that this host's own gauges have.

use super::{
    fields::fields,
    host_list::HostList,
    watch_list::{WatchTable, nth},
};
use crate::{
    model::{attention::Severity, fleet::Instance, topic::Topic},
    view::table::Value,
    world::World,
};
use compact_str::CompactString;

fields! { Instance;
    "severity" "" Text 1 [] "down, or at its end" => |_, _| Value::Unknown,
    "host" "HOST" Text 20 [grow] "its name" => |i, _| Value::text(i.name()),
    "state" "STATE" Text 5 [] "whether its last scrape was answered" => |i, _| state(i),
    "strain" "STRAIN" WholePercent 6 [] "the largest share of CPU, memory, disk and of the time in which everything waited for memory" => |i, _| Value::Number(i.strain().min(1.0)),
    "cpu" "CPU" WholePercent 5 [] "all that is neither idle nor waiting for I/O" => |i, _| Value::number(i.cpu_used_ratio),
    "load" "LOAD" Number 6 [] "load over one minute" => |i, _| Value::number(i.load.map(|load| (load[0] * 10.0).round() / 10.0)),
    "cores" "CORES" Count 5 [] "logical processors" => |i, _| Value::number(i.cores),
    "mem" "MEM" WholePercent 5 [] "used share of the memory" => |i, _| Value::number(i.memory_used_ratio()),
    "total" "TOTAL" Bytes 9 [] "all memory" => |i, _| Value::whole(i.memory_total_bytes),
    "psi-mem" "PSI MEM" Ratio 7 [] "share of the time in which some task waited for memory" => |i, _| Value::number(i.pressure.memory.some10),
    "disk" "DISK" WholePercent 5 [] "used share of its fullest file system" => |i, _| Value::number(i.disk.as_ref().map(|disk| disk.used_ratio)),
    "mount" "MOUNT" Text 12 [] "that file system" => |i, _| i.disk.as_ref().map_or(Value::Unknown, |disk| Value::text(&disk.mount)),
    "up" "UP" Time 7 [] "since it booted" => |i, _| i.booted_at.map_or(Value::Unknown, Value::Time),
    "iowait" "IOWAIT" WholePercent 6 [hide] "share of the time in which CPUs waited for I/O" => |i, _| Value::number(i.cpu_iowait_ratio),
    "steal" "STEAL" WholePercent 5 [hide] "share of the time that the hypervisor gave to others" => |i, _| Value::number(i.cpu_steal_ratio),
    "psi-cpu" "PSI CPU" Ratio 7 [hide] "share of the time in which some task waited for a CPU" => |i, _| Value::number(i.pressure.cpu.some10),
    "psi-io" "PSI IO" Ratio 7 [hide] "share of the time in which some task waited for I/O" => |i, _| Value::number(i.pressure.io.some10),
    "swap" "SWAP" Bytes 9 [hide] "used swap" => |i, _| Value::whole(i.swap_used_bytes),
    "kernel" "KERNEL" Text 20 [hide] "kernel release" => |i, _| i.kernel.as_deref().map_or(Value::Unknown, Value::text),
    "instance" "INSTANCE" Text 22 [hide] "where it is scraped" => |i, _| Value::text(&i.instance),
    "job" "JOB" Text 12 [hide] "the job that scrapes it" => |i, _| Value::text(&i.job),
    "from" "FROM" Text 10 [] "the Prometheus, as the configuration calls it" => |_, _| Value::Unknown,
}

fn state(instance: &Instance) -> Value<'static> {
    match instance.up {
        Some(true) => Value::text("up"),
        Some(false) => Value::text("down"),
        None => Value::Unknown,
    }
}

/// A host that is down is an error; one that is full is worth a look. What is to be done about it alerts say.
fn severity(instance: &Instance) -> Option<Severity> {
    match instance.up {
        Some(false) => Some(Severity::Error),
        None => Some(Severity::Unknown),
        Some(true) => (instance.strain() >= 0.95).then_some(Severity::Warn),
    }
}

fn row(world: &World, at: usize) -> Option<(&CompactString, &Instance)> {
    nth(world.observed.watch.fleets.iter().map(|(name, fleet)| (name, fleet.as_slice())), at)
}

static TABLE: WatchTable<Instance> = WatchTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    len: |world| world.observed.watch.fleets.values().map(|fleet| fleet.len()).sum(),
    row,
    object: |place, instance| instance.object(place),
    severity,
    // In steps of five percent, so that rows keep their places.
    urgency: |instance| (instance.strain().min(1.0) * 20.0).round() / 20.0,
};

/// How many do not answer.
fn words(world: &World) -> String {
    let down = world.observed.watch.fleets.values().flat_map(|fleet| fleet.iter()).filter(|one| one.up == Some(false));
    match down.count() {
        0 => String::new(),
        down => format!("{down} down"),
    }
}

/// The list of hosts.
pub static PANE: HostList = HostList {
    name: "fleet",
    title: "Fleet",
    about: "Hosts that a Prometheus scrapes by node_exporter, the worst first: those that are down, then by how near they are to their end. Rates are over three minutes.",
    topics: &[Topic::Fleet],
    table: &TABLE,
    is_known: |world| !world.observed.watch.fleets.is_empty(),
    none: "no host has a node_exporter that is scraped",
    words,
    dear: &[],
};
