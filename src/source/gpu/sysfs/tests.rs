//! Machines made up of files, laid out as the kernel does it.

use super::*;
use std::{fs, os::unix::fs::symlink, path::Path};

/// A made-up `/sys` with one card, laid out as the kernel does it: no such GPU can be had here.
fn machine(address: &str, driver: &str, files: &[(&str, &str)], of_card: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let device = folder.path().join("sys/devices/pci0000:00").join(address);
    let card = folder.path().join("sys/class/drm/card1");
    let write = |base: &Path, files: &[(&str, &str)]| {
        for (path, text) in files {
            let path = base.join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("made");
            fs::write(path, text).expect("written");
        }
    };
    fs::create_dir_all(&device).and_then(|()| fs::create_dir_all(&card)).expect("made");
    write(&device, files);
    symlink(&device, card.join("device")).expect("linked");
    symlink(Path::new("/sys/bus/pci/drivers").join(driver), device.join("driver")).expect("linked");
    write(&card, of_card);
    let root = Root::at(folder.path());
    (folder, root)
}

fn collect(source: &mut SysfsSource, second: i64) -> Result<Vec<Gpu>, SourceError> {
    let at = Timestamp::from_second(second).expect("in range");
    let request = Request { at, wanted: TopicSet::all(), ..Request::default() };
    let updates = source.collect(&request)?;
    let [Update::Gpus(news)] = &updates[..] else { panic!("{updates:?}") };
    Ok(news.gpus.clone())
}

const AMD: &[(&str, &str)] = &[
    ("vendor", "0x1002\n"),
    ("device", "0x740f\n"),
    ("product_name", "AMD INSTINCT MI210\n"),
    ("unique_id", "1a2b3c\n"),
    ("numa_node", "1\n"),
    ("power/runtime_status", "active\n"),
    ("gpu_busy_percent", "87\n"),
    ("mem_busy_percent", "41\n"),
    ("mem_info_vram_total", "68702699520\n"),
    ("mem_info_vram_used", "61203283968\n"),
    ("pp_dpm_sclk", "0: 500Mhz\n1: 1700Mhz *\n"),
    ("current_link_speed", "16.0 GT/s PCIe\n"),
    ("max_link_speed", "16.0 GT/s PCIe\n"),
    ("current_link_width", "8\n"),
    ("max_link_width", "16\n"),
    ("pcie_replay_count", "4\n"),
    ("ras/umc_err_count", "ue: 1\nce: 12\n"),
    ("hwmon/hwmon3/name", "amdgpu\n"),
    ("hwmon/hwmon3/temp1_label", "edge\n"),
    ("hwmon/hwmon3/temp1_input", "52000\n"),
    ("hwmon/hwmon3/temp2_label", "junction\n"),
    ("hwmon/hwmon3/temp2_input", "63000\n"),
    ("hwmon/hwmon3/temp2_crit", "100000\n"),
    ("hwmon/hwmon3/temp3_label", "mem\n"),
    ("hwmon/hwmon3/temp3_input", "58000\n"),
    ("hwmon/hwmon3/power1_average", "251000000\n"),
    ("hwmon/hwmon3/power1_cap", "300000000\n"),
];

#[test]
fn amd_tells_use_memory_heat_and_power() {
    let (_folder, root) = machine("0000:c3:00.0", "amdgpu", AMD, &[]);
    let gpus = collect(&mut SysfsSource::new(root), 1_000).expect("a GPU");
    let gpu = &gpus[0];
    assert_eq!((gpu.name.as_str(), gpu.id.as_str(), gpu.numa_node), ("AMD INSTINCT MI210", "0000:c3:00.0", Some(1)));
    assert_eq!((gpu.utilization_ratio, gpu.memory_busy_ratio), (Some(0.87), Some(0.41)));
    assert_eq!((gpu.memory.total_bytes, gpu.memory.used_bytes), (Some(68_702_699_520), Some(61_203_283_968)));
    assert_eq!((gpu.temperature.gpu_celsius, gpu.temperature.memory_celsius), (Some(63.0), Some(58.0)));
    assert_eq!((gpu.power.watts, gpu.power.limit_watts), (Some(251.0), Some(300.0)));
    assert_eq!((gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz), (Some(1_700_000_000), Some(1_700_000_000)));
    assert_eq!((gpu.pcie.generation, gpu.pcie.width, gpu.pcie.max_width), (Some(4), Some(8), Some(16)));
    assert_eq!((gpu.ecc.volatile.corrected, gpu.ecc.volatile.uncorrected), (Some(12), Some(1)));
    assert!(gpu.lacks("fan") && gpu.lacks("processes"));
}

#[test]
fn what_sleeps_is_not_woken() {
    let asleep: Vec<_> = AMD
        .iter()
        .map(|(file, text)| if *file == "power/runtime_status" { (*file, "suspended\n") } else { (*file, *text) })
        .collect();
    let (_folder, root) = machine("0000:c3:00.0", "amdgpu", &asleep, &[]);
    let gpus = collect(&mut SysfsSource::new(root), 1_000).expect("a GPU");
    assert_eq!((gpus[0].name.as_str(), gpus[0].utilization_ratio), ("AMD GPU 740f", None));
    assert_eq!(gpus[0].problem.as_deref(), Some("asleep, and left so"));
}

#[test]
fn intel_tells_use_and_power_by_their_counters() {
    let files = [
        ("vendor", "0x8086\n"),
        ("device", "0x56c0\n"),
        ("hwmon/hwmon2/name", "xe\n"),
        ("hwmon/hwmon2/temp2_label", "pkg\n"),
        ("hwmon/hwmon2/temp2_input", "47000\n"),
        ("hwmon/hwmon2/temp3_label", "vram\n"),
        ("hwmon/hwmon2/temp3_input", "51000\n"),
        ("hwmon/hwmon2/power1_max", "150000000\n"),
        ("hwmon/hwmon2/energy1_input", "1000000000\n"),
        ("tile0/gt0/gtidle/idle_residency_ms", "50000\n"),
        ("tile0/gt0/freq0/act_freq", "2050\n"),
        ("tile0/gt0/freq0/max_freq", "2400\n"),
    ];
    let (folder, root) = machine("0000:3a:00.0", "xe", &files, &[]);
    let mut source = SysfsSource::new(root);
    let first = collect(&mut source, 1_000).expect("a GPU").remove(0);
    assert_eq!((first.utilization_ratio, first.power.watts), (None, None), "there is nothing to compare with yet");
    let device = folder.path().join("sys/devices/pci0000:00/0000:3a:00.0");
    fs::write(device.join("hwmon/hwmon2/energy1_input"), "1480000000\n").expect("written");
    fs::write(device.join("tile0/gt0/gtidle/idle_residency_ms"), "51000\n").expect("written");
    let gpu = collect(&mut source, 1_004).expect("a GPU").remove(0);
    assert_eq!((gpu.utilization_ratio, gpu.power.watts, gpu.power.limit_watts), (Some(0.75), Some(120.0), Some(150.0)));
    assert_eq!((gpu.temperature.gpu_celsius, gpu.temperature.memory_celsius), (Some(47.0), Some(51.0)));
    assert_eq!((gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz), (Some(2_050_000_000), Some(2_400_000_000)));
    assert!(gpu.lacks("memory"));
}

#[test]
fn other_cards_are_none_and_no_card_is_off() {
    let (_folder, root) = machine("0000:00:02.0", "virtio-pci", &[("vendor", "0x1af4\n")], &[]);
    assert!(matches!(collect(&mut SysfsSource::new(root), 1_000), Err(SourceError::Off { .. })));
}
