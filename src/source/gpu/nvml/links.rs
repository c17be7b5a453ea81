//! NVLinks of a GPU, and how pairs of GPUs are connected.

use super::{
    ask::{Ask, is_unsupported},
    facts::pci_address,
    library::Library,
};
use crate::model::gpu::{Gpu, NvLink, PairLink, PairPath};
use nvml_wrapper::{
    Device,
    enum_wrappers::{device::TopologyLevel, nv_link::ErrorCounter},
    error::NvmlError,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Most links that a GPU has (`NVML_NVLINK_MAX_LINKS`).
const MOST: u32 = 18;

/// The links that a GPU has. Those of before lend what does not change.
pub fn read(ask: &mut Ask<'_, '_>, before: &[NvLink]) -> Vec<NvLink> {
    let mut links = Vec::new();
    for link in 0..MOST {
        // A GPU without this link has none with a higher number either.
        let state = ask.ask("", |device| match device.link_wrapper_for(link).is_active() {
            Err(error) if is_unsupported(&error) => Ok(None),
            answer => answer.map(Some),
        });
        if state == Some(None) {
            break;
        }
        let known = before.iter().find(|known| known.link == link);
        links.push(one(ask, link, state.flatten(), known));
    }
    links
}

fn one(ask: &mut Ask<'_, '_>, link: u32, is_active: Option<bool>, known: Option<&NvLink>) -> NvLink {
    let mut found = NvLink { link, is_active, ..NvLink::default() };
    found.version = known.and_then(|known| known.version);
    found.remote = known.and_then(|known| known.remote.clone());
    if is_active != Some(true) {
        return found;
    }
    if found.version.is_none() {
        found.version = ask.ask("", |device| device.link_wrapper_for(link).version());
    }
    if found.remote.is_none() {
        found.remote =
            ask.ask("", |device| device.link_wrapper_for(link).remote_pci_info()).map(|pci| pci_address(&pci));
    }
    let mut count =
        |counter: ErrorCounter| ask.ask("nvlink-errors", |device| device.link_wrapper_for(link).error_counter(counter));
    found.replay_errors = count(ErrorCounter::DlReplay);
    found.recovery_errors = count(ErrorCounter::DlRecovery);
    found.crc_errors = count(ErrorCounter::DlCrcFlit);
    found
}

/// What lies between pairs of GPUs on the PCIe side, by their numbers. Asked once, on a thread of its own: a question about two
/// GPUs may hang for either.
#[derive(Debug, Clone, Default)]
pub struct Topology(Arc<Mutex<Paths>>);

#[derive(Debug, Default)]
struct Paths {
    between: BTreeMap<(u32, u32), PairPath>,
    /// Among how many GPUs nothing more will be known.
    told: Option<u32>,
}

impl Topology {
    /// Begins to ask, unless it is known. What is known is there bit by bit.
    pub fn begin(&self, library: &Arc<Library>, count: u32) {
        if self.is_told(count) {
            return;
        }
        let (library, ours) = (library.clone(), self.clone());
        let ask = move || {
            ask_pairs(&library, count, &ours);
            ours.lock().told = Some(count);
        };
        let _started = thread::Builder::new().name("nvml topology".into()).spawn(ask);
    }

    /// Whether all is known of so many GPUs that will be.
    pub fn is_told(&self, count: u32) -> bool {
        self.lock().told == Some(count)
    }

    fn lock(&self) -> MutexGuard<'_, Paths> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every pair of these GPUs.
    pub fn pairs<'g>(&self, gpus: impl Iterator<Item = &'g Gpu> + Clone) -> Vec<PairLink> {
        let paths = self.lock();
        let addresses: Vec<_> = gpus.clone().filter_map(|gpu| gpu.pci_address.as_deref()).collect();
        let mut pairs = Vec::new();
        for (at, a) in gpus.clone().enumerate() {
            for b in gpus.clone().skip(at + 1) {
                let path = paths.between.get(&(a.index, b.index)).copied().unwrap_or_default();
                let nvlinks = nvlinks_between(a, b, &addresses);
                pairs.push(PairLink { a: a.id.clone(), b: b.id.clone(), path, nvlinks });
            }
        }
        pairs
    }
}

fn ask_pairs(library: &Library, count: u32, topology: &Topology) {
    let nvml = library.nvml();
    let devices: Vec<(u32, Device<'_>)> =
        (0..count).filter_map(|index| Some((index, nvml.device_by_index(index).ok()?))).collect();
    for (at, (a, first)) in devices.iter().enumerate() {
        for (b, second) in &devices[at + 1..] {
            match nvml.topology_common_ancestor(first, second) {
                Ok(level) => topology.lock().between.insert((*a, *b), path_of(&level)),
                Err(NvmlError::NotSupported) => return,
                Err(_) => None,
            };
        }
    }
}

const fn path_of(level: &TopologyLevel) -> PairPath {
    match level {
        TopologyLevel::Internal => PairPath::Board,
        TopologyLevel::Single => PairPath::Switch,
        TopologyLevel::Multiple => PairPath::Switches,
        TopologyLevel::HostBridge => PairPath::HostBridge,
        TopologyLevel::Node => PairPath::Node,
        TopologyLevel::System => PairPath::System,
    }
}

/// NVLinks between two GPUs: those that lead from one to the other, and those by which both hang on the same switches.
/// `gpus` are the addresses of all GPUs: whatever else is at the other end of a link is a switch.
fn nvlinks_between(a: &Gpu, b: &Gpu, gpus: &[&str]) -> u32 {
    let active = |gpu: &Gpu, remote: &str| {
        let leads = |link: &&NvLink| link.is_active == Some(true) && link.remote.as_deref() == Some(remote);
        gpu.nvlinks.iter().filter(leads).count() as u32
    };
    let direct = b.pci_address.as_deref().map_or(0, |address| active(a, address));
    let mut remotes: Vec<_> = a.nvlinks.iter().filter_map(|link| link.remote.as_deref()).collect();
    remotes.sort_unstable();
    remotes.dedup();
    let switches = remotes.into_iter().filter(|remote| !gpus.contains(remote));
    direct + switches.map(|remote| active(a, remote).min(active(b, remote))).sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(index: u32, remotes: &[&str]) -> Gpu {
        let link = |(link, remote): (usize, &&str)| NvLink {
            link: link as u32,
            is_active: Some(!remote.starts_with('!')),
            remote: Some(remote.trim_start_matches('!').into()),
            ..NvLink::default()
        };
        let nvlinks = remotes.iter().enumerate().map(link).collect();
        Gpu {
            index,
            id: format!("g{index}").into(),
            pci_address: Some(format!("p{index}").into()),
            nvlinks,
            ..Gpu::default()
        }
    }

    #[test]
    fn links_count_directly_and_through_switches() {
        let (a, b) = (gpu(0, &["p1", "p1", "s1", "s2", "!s2"]), gpu(1, &["p0", "p0", "s2", "s2"]));
        let all = ["p0", "p1", "p2", "p3", "p4"];
        assert_eq!(nvlinks_between(&a, &b, &all), 3, "two of their own, one through the switch");
        let third = gpu(2, &["p3"]);
        assert_eq!(nvlinks_between(&a, &third, &all), 0);
        // Two GPUs that hang on a third GPU are not connected by it.
        let (c, d) = (gpu(3, &["p2"]), gpu(4, &["p2"]));
        let pairs = Topology::default().pairs([&third, &c, &d].into_iter());
        let told: Vec<_> = pairs.iter().map(|pair| (pair.a.as_str(), pair.b.as_str(), pair.nvlinks)).collect();
        assert_eq!(told, [("g2", "g3", 1), ("g2", "g4", 0), ("g3", "g4", 0)]);
    }
}
