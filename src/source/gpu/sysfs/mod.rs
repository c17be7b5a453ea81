//! GPUs of AMD and Intel, by what their drivers put under `/sys`: amdgpu
//! (<https://docs.kernel.org/gpu/amdgpu/driver-misc.html>, <https://docs.kernel.org/gpu/amdgpu/thermal.html>), xe and i915
//! (`Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon`, `sysfs-driver-intel-i915-hwmon` of the kernel). A GPU that the kernel has put to
//! sleep is not asked, since that would wake it.

mod amd;
mod files;
mod intel;

use super::super::{
    Request, Source, SourceError, Spec,
    host::{bytes::word, read::Root},
};
use crate::model::{
    Timestamp,
    gpu::{Driver, Gpu, GpuNews, Vendor},
    topic::{Topic, TopicSet},
    update::Update,
};
use compact_str::CompactString;
use files::Folder;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// Name of the source.
pub const NAME: &str = "gpu/sysfs";

/// Reads GPUs from `/sys/class/drm`.
pub struct SysfsSource {
    root: Root,
    /// Counters of the sample before, by the GPU's identity.
    before: HashMap<CompactString, Counters>,
}

/// What only rises, and when it was read.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    at: Option<Timestamp>,
    /// Energy used, in microjoules.
    energy: Option<u64>,
    /// Time without work, in milliseconds.
    idle: Option<u64>,
}

impl SysfsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root, before: HashMap::new() }
    }

    /// The folders of the GPUs whose drivers are known here, in the order of their cards.
    fn cards(&self) -> Vec<(u32, PathBuf)> {
        let entries = std::fs::read_dir(self.root.join("sys/class/drm")).into_iter().flatten().flatten();
        let number = |name: &str| name.strip_prefix("card")?.parse().ok();
        let cards = entries.filter_map(|entry| Some((number(entry.file_name().to_str()?)?, entry.path())));
        let mut cards: Vec<(u32, PathBuf)> = cards.collect();
        cards.sort();
        cards
    }

    /// A GPU and the name of its driver; `None` where that is not known here.
    fn read(&mut self, card: &Path, at: Timestamp) -> Option<(CompactString, Gpu)> {
        let folder = Folder::new(card.join("device"));
        let driver = folder.link("driver")?;
        let (vendor, read): (_, fn(&Path, &Folder, &mut Gpu, &mut Counters)) =
            match (folder.word("vendor")?.as_str(), driver.as_str()) {
                ("0x1002", "amdgpu") => (Vendor::Amd, amd::read),
                ("0x8086", "xe" | "i915") => (Vendor::Intel, intel::read),
                _ => return None,
            };
        let address = folder.own_name()?;
        let mut gpu = Gpu {
            id: address.clone(),
            vendor,
            pci_address: Some(address.clone()),
            numa_node: folder.number("numa_node").and_then(|node| u32::try_from(node).ok()),
            read_at: Some(at),
            ..Gpu::default()
        };
        let before = self.before.get(&address).copied().unwrap_or_default();
        let mut counters = Counters { at: Some(at), ..Counters::default() };
        if folder.word("power/runtime_status").as_deref() == Some("suspended") {
            gpu.problem = Some("asleep, and left so".into());
        } else {
            read(card, &folder, &mut gpu, &mut counters);
            rates(&mut gpu, before, counters);
        }
        if gpu.name.is_empty() {
            gpu.name = name(&folder, gpu.vendor);
        }
        // Without the driver's library nobody tells whose memory it is.
        gpu.unsupported.extend(
            ["processes", "nvlink", "remapped", "recovery", "mig", "compute-mode", "persistence"].map(Into::into),
        );
        self.before.insert(address, counters);
        Some((driver, gpu))
    }
}

/// Figures that are differences of counters.
fn rates(gpu: &mut Gpu, before: Counters, now: Counters) {
    let (Some(then), Some(at)) = (before.at, now.at) else { return };
    let seconds = at.duration_since(then).as_secs_f64();
    if seconds <= 0.0 {
        return;
    }
    let rise = |before: Option<u64>, after: Option<u64>| Some(after?.checked_sub(before?)? as f64);
    let watts = rise(before.energy, now.energy).map(|microjoules| microjoules / 1e6 / seconds);
    gpu.power.watts = gpu.power.watts.or(watts);
    let busy = rise(before.idle, now.idle).map(|idle| (1.0 - idle / 1e3 / seconds).clamp(0.0, 1.0));
    gpu.utilization_ratio = gpu.utilization_ratio.or(busy);
}

/// What the PCI bus knows it by, where the driver has no name for it.
fn name(folder: &Folder, vendor: Vendor) -> CompactString {
    let maker = if vendor == Vendor::Amd { "AMD" } else { "Intel" };
    let device = folder.word("device").unwrap_or_default();
    compact_str::format_compact!("{maker} GPU {}", device.trim_start_matches("0x"))
}

impl Source for SysfsSource {
    fn spec(&self) -> Spec {
        Spec {
            name: NAME.into(),
            kind: "gpu".into(),
            topics: TopicSet::of(&[Topic::Gpus, Topic::GpuHealth]),
            foreground: Duration::from_secs(1),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(3),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let mut gpus = Vec::new();
        let mut driver = Driver::default();
        for (_, card) in self.cards() {
            if let Some((name, gpu)) = self.read(&card, request.at) {
                driver.name = name;
                gpus.push(gpu);
            }
        }
        if gpus.is_empty() {
            return Err(SourceError::Off { reason: "no GPU of AMD (amdgpu) or Intel (xe, i915) is here".into() });
        }
        for (index, gpu) in gpus.iter_mut().enumerate() {
            gpu.index = index as u32;
        }
        // They come with the kernel, and have its version.
        driver.version = self.root.read("proc/sys/kernel/osrelease").and_then(|text| word(&text));
        Ok(vec![Update::Gpus(Box::new(GpuNews { source: NAME.into(), driver, gpus, links: Vec::new() }))])
    }
}

#[cfg(test)]
mod tests;
