//! What amdgpu tells of a GPU.

use super::{Counters, files::Folder, files::generation};
use crate::model::gpu::{EccCounts, Gpu};
use std::path::Path;

pub fn read(_: &Path, folder: &Folder, gpu: &mut Gpu, _: &mut Counters) {
    let percent = |file: &str| folder.count(file).map(|percent| (percent as f64 / 100.0).min(1.0));
    gpu.name = folder.text("product_name").filter(|name| !name.is_empty()).unwrap_or_default().into();
    gpu.serial = folder.word("serial_number").or_else(|| folder.word("unique_id"));
    gpu.utilization_ratio = percent("gpu_busy_percent");
    gpu.memory_busy_ratio = percent("mem_busy_percent");
    gpu.memory.total_bytes = folder.count("mem_info_vram_total");
    gpu.memory.used_bytes = folder.count("mem_info_vram_used");
    gpu.memory.free_bytes =
        gpu.memory.total_bytes.zip(gpu.memory.used_bytes).map(|(all, used)| all.saturating_sub(used));
    clocks(folder, gpu);
    if let Some(sensors) = folder.sensors() {
        // The edge is the sensor that every amdgpu has; the hottest spot decides where there is one.
        gpu.temperature.gpu_celsius = sensors.celsius(&["junction", "edge"], "input");
        gpu.temperature.memory_celsius = sensors.celsius(&["mem"], "input");
        gpu.temperature.slowdown_celsius = sensors.celsius(&["junction", "edge"], "crit").filter(|limit| *limit > 0.0);
        gpu.temperature.shutdown_celsius =
            sensors.celsius(&["junction", "edge"], "emergency").filter(|limit| *limit > 0.0);
        gpu.power.watts = sensors.watts(&["power1_average", "power1_input"]);
        gpu.power.limit_watts = sensors.watts(&["power1_cap"]);
        gpu.power.default_limit_watts = sensors.watts(&["power1_cap_default"]);
        gpu.fan_ratio = sensors.count("pwm1").map(|of_255| (of_255 as f64 / 255.0).min(1.0));
    }
    if gpu.fan_ratio.is_none() {
        gpu.unsupported.push("fan".into());
    }
    gpu.pcie.generation = folder.text("current_link_speed").and_then(|speed| generation(&speed));
    gpu.pcie.max_generation = folder.text("max_link_speed").and_then(|speed| generation(&speed));
    let width = |file: &str| folder.count(file).and_then(|width| u32::try_from(width).ok()).filter(|width| *width > 0);
    (gpu.pcie.width, gpu.pcie.max_width) = (width("current_link_width"), width("max_link_width"));
    gpu.pcie.replays = folder.count("pcie_replay_count");
    gpu.ecc.volatile = errors(folder);
    if gpu.ecc.volatile == EccCounts::default() {
        gpu.unsupported.push("ecc".into());
    } else {
        gpu.ecc.enabled = Some(true);
    }
}

/// The level with the star of a list such as `1: 1800Mhz *`, and the last one.
fn clocks(folder: &Folder, gpu: &mut Gpu) {
    let read = |file: &str| {
        let text = folder.text(file)?;
        let hertz = |line: &str| {
            let word = line.split_whitespace().nth(1)?.to_ascii_lowercase();
            word.strip_suffix("mhz")?.parse::<u64>().ok().map(|mega| mega * 1_000_000)
        };
        let now = text.lines().find(|line| line.trim_end().ends_with('*')).and_then(hertz);
        Some((now, text.lines().filter_map(hertz).max()))
    };
    (gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz) = read("pp_dpm_sclk").unwrap_or_default();
    (gpu.clocks.memory_hertz, gpu.clocks.memory_max_hertz) = read("pp_dpm_mclk").unwrap_or_default();
}

/// Memory errors since the driver was loaded: `ue: 0` and `ce: 3`.
fn errors(folder: &Folder) -> EccCounts {
    let text = folder.text("ras/umc_err_count").unwrap_or_default();
    let count = |word: &str| text.lines().find_map(|line| line.trim().strip_prefix(word)?.trim().parse().ok());
    EccCounts { corrected: count("ce:"), uncorrected: count("ue:") }
}
