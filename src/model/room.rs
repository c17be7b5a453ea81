//! The guard value: whether this host has room for a heavy run, such as loading a model. Whoever wants to start one asks here; panes,
//! `snapshot` and rule 16 show the same answer.

use super::{
    Timestamp,
    gpu::{Gpu, health},
    health::Health,
    host::ratio,
    mount::{Mount, fillable},
    observed::Observed,
    source::SourceState,
    topic::Topic,
    units,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// What a run needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Want {
    pub memory_bytes: u64,
    /// On one GPU, or spread over several; 0 for a run without.
    pub gpu_memory_bytes: u64,
    pub disk_bytes: u64,
}

/// What must be left over, as shares.
const MEMORY_LEFT: f64 = 0.10;
const DISK_LEFT: f64 = 0.10;
const GPU_LEFT: f64 = 0.05;
/// Pressure from which the host is busy enough (PSI over ten seconds, some task waiting).
const PRESSURE: f64 = 0.20;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fits {
    Yes,
    No,
    /// It cannot be told; whoever asks must not take it for a yes.
    Unknown,
}

impl Fits {
    /// The word that screens and JSON print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// `memory`, `gpu`, `disk /var`, `pressure`.
    pub what: CompactString,
    pub fits: Fits,
    /// The figures, in words.
    pub detail: String,
}

/// Whether there is room, and what was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub fits: Fits,
    pub parts: Vec<Part>,
}

/// Whether there is room for a run now.
pub fn room(observed: &Observed, now: Timestamp, want: Want) -> Room {
    let mut parts = vec![memory(observed, now, want.memory_bytes), pressure(observed, now)];
    parts.extend(disks(observed, now, want.disk_bytes));
    // A run without a GPU does not ask after one, and a host without one has no part for it.
    if want.gpu_memory_bytes > 0 || observed.gpus.iter().next().is_some() {
        parts.push(gpus(observed, now, want.gpu_memory_bytes));
    }
    let any = |fits| parts.iter().any(|part| part.fits == fits);
    let fits = if any(Fits::No) {
        Fits::No
    } else if any(Fits::Unknown) {
        Fits::Unknown
    } else {
        Fits::Yes
    };
    Room { fits, parts }
}

/// Whether a model of this size would fit now: onto the GPUs, or into the memory of a host that has none.
pub fn model(observed: &Observed, now: Timestamp, bytes: u64) -> Part {
    if observed.gpus.iter().next().is_some() { gpus(observed, now, bytes) } else { memory(observed, now, bytes) }
}

/// Whether what a topic's sources said is current.
fn is_fresh(observed: &Observed, now: Timestamp, topic: Topic) -> bool {
    let mut sources = observed.sources.values().filter(|source| source.report.topics.contains(topic));
    sources.any(|source| source.state(now) == SourceState::Ok)
}

fn part(what: impl Into<CompactString>, fits: Fits, detail: impl Into<String>) -> Part {
    Part { what: what.into(), fits, detail: detail.into() }
}

const fn fits(yes: bool) -> Fits {
    if yes { Fits::Yes } else { Fits::No }
}

fn bytes(value: u64) -> String {
    units::bytes(value as f64)
}

fn memory(observed: &Observed, now: Timestamp, wanted: u64) -> Part {
    let memory = observed.gauges.as_ref().map(|gauges| gauges.memory);
    let known = memory.filter(|_| is_fresh(observed, now, Topic::Gauges));
    let Some((available, total)) = known.and_then(|memory| Some((memory.available_bytes?, memory.total_bytes?))) else {
        return part("memory", Fits::Unknown, "not known now");
    };
    // The limit that the cockpit itself runs under is no limit of what is to run.
    let left = available.saturating_sub(wanted) as f64 / total.max(1) as f64;
    let is_enough = available >= wanted && left >= MEMORY_LEFT;
    let of_want = if wanted > 0 { format!(", {} wanted", bytes(wanted)) } else { String::new() };
    part("memory", fits(is_enough), format!("{} of {} available{of_want}", bytes(available), bytes(total)))
}

fn pressure(observed: &Observed, now: Timestamp) -> Part {
    let Some(gauges) = observed.gauges.as_ref().filter(|_| is_fresh(observed, now, Topic::Gauges)) else {
        return part("pressure", Fits::Unknown, "not known now");
    };
    let all = [("memory", gauges.pressure.memory.some10), ("io", gauges.pressure.io.some10)];
    let known: Vec<_> = all.iter().filter_map(|(what, ratio)| Some((*what, (*ratio)?))).collect();
    if known.is_empty() {
        // Kernels without PSI have no such figure; the others decide.
        return part("pressure", Fits::Yes, "this kernel does not measure it");
    }
    let words: Vec<_> = known.iter().map(|(what, ratio)| format!("{what} {}", units::percent_fine(*ratio))).collect();
    part("pressure", fits(known.iter().all(|(_, ratio)| *ratio < PRESSURE)), words.join(", "))
}

/// Local, writable disks that are too full; one line for all where none is.
fn disks(observed: &Observed, now: Timestamp, wanted: u64) -> Vec<Part> {
    let Some(mounts) = observed.mounts.as_ref().filter(|_| is_fresh(observed, now, Topic::Mounts)) else {
        return vec![part("disk", Fits::Unknown, "not known now")];
    };
    let figures = local_disks(mounts).filter_map(|mount| Some((mount, mount.available_bytes?, mount.total_bytes?)));
    let is_full = |available: u64, total: u64| {
        available < wanted || (available - wanted) as f64 / (total.max(1) as f64) < DISK_LEFT
    };
    let words = |available: u64, total: u64| format!("{} of {} free", bytes(available), bytes(total));
    let figures: Vec<_> = figures.collect();
    let full = figures.iter().filter(|(_, available, total)| is_full(*available, *total));
    let full: Vec<_> = full
        .map(|(mount, available, total)| {
            part(format_compact!("disk {}", mount.mount), Fits::No, words(*available, *total))
        })
        .collect();
    if !full.is_empty() {
        return full;
    }
    match figures.iter().min_by_key(|(_, available, _)| *available) {
        Some((mount, available, total)) => {
            vec![part(format_compact!("disk {}", mount.mount), Fits::Yes, words(*available, *total))]
        }
        None => vec![part("disk", Fits::Unknown, "no local disk tells its space")],
    }
}

/// Disks of this host that something can be written to, each once.
pub fn local_disks(mounts: &[Mount]) -> impl Iterator<Item = &Mount> {
    fillable(mounts).filter(|mount| !mount.remote && (mount.block.is_some() || mount.mount == "/"))
}

/// Memory that a GPU has free; `None` where that is not known. One that is not well has none.
pub fn free_bytes(gpu: &Gpu, now: Timestamp) -> Option<u64> {
    let (health, _) = health::judge(gpu, now);
    if health == Health::Failing {
        return Some(0);
    }
    let memory = gpu.memory;
    memory.free_bytes.or_else(|| memory.total_bytes?.checked_sub(memory.used_bytes?))
}

fn gpus(observed: &Observed, now: Timestamp, wanted: u64) -> Part {
    if !is_fresh(observed, now, Topic::GpuHealth) {
        return part("gpu", Fits::Unknown, "GPUs are not known now");
    }
    let (mut known, mut unknown) = (Vec::new(), None);
    for gpu in observed.gpus.iter() {
        match (free_bytes(gpu, now), gpu.memory.total_bytes) {
            (Some(free), Some(total)) => known.push((gpu.index, free, total)),
            (Some(_), None) => {}
            (None, _) => unknown = Some(gpu.index),
        }
    }
    if observed.gpus.iter().next().is_none() {
        return part("gpu", Fits::No, "there is no GPU");
    }
    let of_want = if wanted > 0 { format!(", {} wanted", bytes(wanted)) } else { String::new() };
    let is_room = |free: u64, total: u64| {
        free >= wanted && ratio(Some(free - wanted), Some(total)).is_some_and(|left| left >= GPU_LEFT)
    };
    if let Some((index, free, _)) = known.iter().find(|(_, free, total)| is_room(*free, *total)) {
        return part("gpu", Fits::Yes, format!("GPU {index} has {} free{of_want}", bytes(*free)));
    }
    let free: u64 = known.iter().map(|(_, free, _)| free).sum();
    let total: u64 = known.iter().map(|(_, _, total)| total).sum();
    if known.len() > 1 && wanted > 0 && is_room(free, total) {
        return part("gpu", Fits::Yes, format!("{} free over {} GPUs, none alone{of_want}", bytes(free), known.len()));
    }
    if let Some(index) = unknown {
        return part("gpu", Fits::Unknown, format!("the memory of GPU {index} is not known"));
    }
    let most = known.iter().map(|(_, free, _)| *free).max().unwrap_or_default();
    part("gpu", Fits::No, format!("{} free on one GPU at most{of_want}", bytes(most)))
}

#[cfg(test)]
mod tests;
