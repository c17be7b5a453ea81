//! What xe and i915 tell of a GPU. Use is the time in which it was not idle; power is the energy that was used meanwhile.

use super::{Counters, files::Folder};
use crate::model::gpu::Gpu;
use std::path::Path;

/// Times without work, in milliseconds: of xe's first GT, of i915's, and of i915 before Linux 5.19.
const IDLE: &[&str] =
    &["device/tile0/gt0/gtidle/idle_residency_ms", "gt/gt0/rc6_residency_ms", "power/rc6_residency_ms"];
/// Clocks in megahertz, now and at most.
const CLOCKS: &[(&str, &str)] = &[
    ("device/tile0/gt0/freq0/act_freq", "device/tile0/gt0/freq0/max_freq"),
    ("gt/gt0/rps_act_freq_mhz", "gt/gt0/rps_max_freq_mhz"),
    ("gt_act_freq_mhz", "gt_max_freq_mhz"),
];

pub fn read(card: &Path, folder: &Folder, gpu: &mut Gpu, counters: &mut Counters) {
    let card = Folder::new(card.into());
    counters.idle = IDLE.iter().find_map(|file| card.count(file));
    let mega = |file: &str| card.count(file).map(|mega| mega * 1_000_000);
    if let Some((now, most)) = CLOCKS.iter().find(|(now, _)| card.count(now).is_some()) {
        (gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz) = (mega(now), mega(most));
    }
    if let Some(sensors) = folder.sensors() {
        gpu.temperature.gpu_celsius = sensors.celsius(&["pkg"], "input");
        gpu.temperature.memory_celsius = sensors.celsius(&["vram"], "input");
        gpu.temperature.slowdown_celsius = sensors.celsius(&["pkg"], "crit").filter(|limit| *limit > 0.0);
        gpu.temperature.shutdown_celsius = sensors.celsius(&["pkg"], "emergency").filter(|limit| *limit > 0.0);
        gpu.power.limit_watts = sensors.watts(&["power1_cap", "power1_max"]).filter(|watts| *watts > 0.0);
        counters.energy = sensors.count("energy1_input");
    }
    // The kernel tells how much local memory is free to its own debugger only.
    gpu.memory.total_bytes = card.count("lmem_total_bytes");
    for word in ["memory", "fan", "replays", "ecc"] {
        gpu.unsupported.push(word.into());
    }
}
