//! What sources that judge get from others: the files of the repository, what engines hold, and the figures of this host. They are read once, by
//! whoever reads them anyway.

use super::{Request, Source, SourceError, Spec};
use crate::{
    model::{
        Timestamp,
        gpu::Gpus,
        host::{Memory, Pressures},
        mount::Mount,
        topic::{Topic, TopicSet},
        update::Update,
    },
    rulebook::{
        resource::Resource,
        subject::live::{HostFigures, HostView},
        tree::Tree,
    },
};
use compact_str::CompactString;
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// What one engine holds; `None` while it does not answer.
type Held = Option<Arc<[Arc<Resource>]>>;

/// The place where they leave it.
#[derive(Debug, Clone)]
pub struct Shared {
    tree: watch::Sender<Option<Arc<Tree>>>,
    engines: watch::Sender<BTreeMap<CompactString, Held>>,
    host: watch::Sender<HostSeen>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            tree: watch::Sender::new(None),
            engines: watch::Sender::new(BTreeMap::new()),
            host: watch::Sender::new(HostSeen::default()),
        }
    }
}

impl Shared {
    /// Leaves the repository's files as they are now.
    pub fn put_tree(&self, tree: Arc<Tree>) {
        self.tree.send_replace(Some(tree));
    }

    /// The repository's files, and whenever they change; `None` until they were read.
    pub fn tree(&self) -> watch::Receiver<Option<Arc<Tree>>> {
        self.tree.subscribe()
    }

    /// Leaves what an engine holds.
    pub fn put_engine(&self, engine: &str, held: &[Arc<Resource>]) {
        self.engines.send_modify(|engines| drop(engines.insert(engine.into(), Some(held.into()))));
    }

    /// Says that an engine does not answer.
    pub fn lose_engine(&self, engine: &str) {
        self.engines.send_modify(|engines| drop(engines.insert(engine.into(), None)));
    }

    /// What engines hold, and whenever that changes. One that has not been heard yet is not there.
    pub fn engines(&self) -> watch::Receiver<BTreeMap<CompactString, Held>> {
        self.engines.subscribe()
    }

    /// The figures of this host, and whenever they change.
    pub fn host(&self) -> watch::Receiver<HostSeen> {
        self.host.subscribe()
    }

    /// A source of figures that leaves them here as well.
    pub fn tap(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        const TAPPED: TopicSet = TopicSet::of(&[Topic::Facts, Topic::Gauges, Topic::Mounts, Topic::GpuHealth]);
        if !source.spec().topics.intersects(TAPPED) {
            return source;
        }
        Box::new(Tapped { source, host: self.host.clone() })
    }
}

/// Figures of this host with the time that they are of.
#[derive(Debug, Clone, Default)]
pub struct HostSeen {
    name: CompactString,
    gauges: Option<(Timestamp, Memory, Pressures)>,
    mounts: Option<(Timestamp, Arc<[Mount]>)>,
    gpus: Option<(Timestamp, Gpus)>,
}

/// Older figures are not those of now.
const OLD: SignedDuration = SignedDuration::from_secs(90);

impl HostSeen {
    /// Takes what a source says, if it is of this host's figures.
    pub fn take(&mut self, at: Timestamp, update: &Update) {
        match update {
            Update::Facts(facts) => self.name = facts.hostname.clone(),
            Update::Gauges(gauges) => self.gauges = Some((at, gauges.memory, gauges.pressure)),
            Update::Mounts(mounts) => self.mounts = Some((at, mounts.as_slice().into())),
            Update::Gpus(news) => {
                let (_, mut gpus) = self.gpus.take().unwrap_or_default();
                gpus.apply((**news).clone());
                self.gpus = Some((at, gpus));
            }
            _ => {}
        }
    }

    /// Whether memory and disks are known.
    pub const fn is_known(&self) -> bool {
        self.gauges.is_some() && self.mounts.is_some()
    }

    /// How full the host is. What is too old is not known, and a GPU that was there is there still.
    pub fn view(&self, now: Timestamp) -> HostView {
        let is_fresh = |at: Timestamp| now.duration_since(at) <= OLD;
        let gauges = self.gauges.filter(|(at, ..)| is_fresh(*at));
        let mounts = self.mounts.as_ref().filter(|(at, _)| is_fresh(*at));
        let mut view = HostView::of(&HostFigures {
            name: if self.name.is_empty() { "this host" } else { &self.name },
            memory: gauges.map(|(_, memory, _)| memory),
            pressure: gauges.map(|(.., pressure)| pressure),
            mounts: mounts.map(|(_, mounts)| &**mounts),
            gpus: self.gpus.as_ref().map(|(_, gpus)| gpus),
        });
        if self.gpus.as_ref().is_some_and(|(at, _)| !is_fresh(*at)) {
            view.gpus.iter_mut().for_each(|(_, used)| *used = None);
        }
        view
    }
}

/// A source that is listened to.
struct Tapped {
    source: Box<dyn Source>,
    host: watch::Sender<HostSeen>,
}

impl Source for Tapped {
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let updates = self.source.collect(request)?;
        self.host.send_modify(|seen| updates.iter().for_each(|update| seen.take(request.at, update)));
        Ok(updates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        gpu::{Gpu, GpuMemory, GpuNews, GpuState},
        host::{Gauges, HostFacts, Pressure},
        mount::MountState,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn gpu(index: u32, used: u64, state: GpuState) -> Gpu {
        let memory = GpuMemory { total_bytes: Some(100), used_bytes: Some(used), ..GpuMemory::default() };
        Gpu { index, memory, state, ..Gpu::default() }
    }

    fn seen() -> HostSeen {
        let mount = |place: &str, block: Option<&str>, read_only| Mount {
            mount: place.into(),
            device: "x".into(),
            block: block.map(Into::into),
            fs: "ext4".into(),
            read_only,
            remote: false,
            state: MountState::Ready,
            total_bytes: Some(100),
            free_bytes: None,
            available_bytes: Some(7),
            inodes_total: None,
            inodes_free: None,
            fills: Default::default(),
        };
        let mut gauges = Gauges::default();
        (gauges.memory.total_bytes, gauges.memory.used_bytes) = (Some(100), Some(80));
        gauges.pressure.memory = Pressure { some10: Some(0.5), full10: Some(0.2) };
        let gpus = vec![gpu(0, 97, GpuState::Ready), gpu(1, 5, GpuState::Silent)];
        let mut seen = HostSeen::default();
        assert!(!seen.is_known());
        for update in [
            Update::Facts(Box::new(HostFacts { hostname: "ml1".into(), ..HostFacts::default() })),
            Update::Gauges(Box::new(gauges)),
            Update::Mounts(vec![
                mount("/", Some("sda1"), false),
                mount("/iso", Some("sr0"), true),
                mount("/tmp", None, false),
            ]),
            Update::Gpus(Box::new(GpuNews { source: "gpu/nvml".into(), gpus, ..GpuNews::default() })),
        ] {
            seen.take(at(100), &update);
        }
        assert!(seen.is_known());
        seen
    }

    #[test]
    fn a_view_has_the_figures_of_now_and_nothing_for_those_of_then() {
        let view = seen().view(at(110));
        assert_eq!((view.name.as_str(), view.memory_used_ratio), ("ml1", Some(0.8)));
        assert_eq!(view.memory_pressure_ratio, Some(0.2));
        assert_eq!(view.disks, [("/".into(), Some(0.07))]);
        assert_eq!(view.gpus, [("0".into(), Some(0.97)), ("1".into(), None)]);
        let old = seen().view(at(191));
        assert_eq!((old.memory_used_ratio, old.memory_pressure_ratio), (None, None));
        assert_eq!(old.disks, [("of this host".into(), None)]);
        assert_eq!(old.gpus, [("0".into(), None), ("1".into(), None)]);
    }

    #[test]
    fn what_was_left_is_seen_by_whoever_waits() {
        let shared = Shared::default();
        let (mut tree, mut engines) = (shared.tree(), shared.engines());
        shared.put_tree(Arc::default());
        assert!(tree.has_changed().expect("held") && tree.borrow_and_update().is_some());
        shared.put_engine("docker", &[]);
        shared.lose_engine("podman");
        let held: Vec<_> =
            engines.borrow_and_update().iter().map(|(name, held)| (name.to_string(), held.is_some())).collect();
        assert_eq!(held, [("docker".into(), true), ("podman".into(), false)]);
    }
}
