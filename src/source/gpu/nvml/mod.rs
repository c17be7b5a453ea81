//! NVIDIA GPUs, by NVIDIA's management library.
//!
//! The library is opened while somebody looks, and otherwise only where the driver is in use anyway, for as long as a reading takes: a
//! machine whose GPUs rest keeps them resting.

mod ask;
mod events;
mod facts;
mod kernel_log;
mod library;
mod links;
mod mig;
mod processes;
mod raw;
mod reading;
mod session;
mod worker;
mod xids;

use super::super::{Request, Source, SourceError, Spec, host::read::Root};
use crate::model::{
    Timestamp,
    gpu::{Gpu, GpuNews, GpuState, PairLink, Xid},
    topic::{Topic, TopicSet},
    update::Update,
};
use kernel_log::KernelLog;
use library::OpenCount;
use links::Topology;
use reading::Question;
use session::{Said, Session};
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    time::Duration,
};
use xids::Xids;

/// Name of the source.
pub const NAME: &str = "gpu/nvml";
/// Replays of so many seconds are recent.
const RECENT: i64 = 600;
/// How often it is worked out how GPUs are connected, in seconds: the links are asked as often.
const PAIRS_EVERY: i64 = 10;

/// Asks NVIDIA's driver.
pub struct NvmlSource {
    root: Root,
    path: Option<PathBuf>,
    open: OpenCount,
    session: Option<Session>,
    /// What is known of each GPU, by its number, whether or not the library is open.
    known: BTreeMap<u32, Known>,
    topology: Topology,
    pairs: Vec<PairLink>,
    pairs_at: Option<Timestamp>,
    /// Whether the pairs hold all that can be known.
    paths_told: bool,
    log: Option<KernelLog>,
    xids: Xids,
    /// Whether the GPUs keep their driver awake by themselves.
    persistent: bool,
    told: bool,
}

/// What is remembered of a GPU.
#[derive(Debug, Default)]
struct Known {
    /// As it was when it answered last.
    gpu: Option<Gpu>,
    /// How it was last, and since when.
    state: Option<(GpuState, Timestamp)>,
    replays: Growth,
}

impl NvmlSource {
    /// A source that opens the library `path`, or the one that the loader finds, when it is first needed.
    pub fn new(root: Root, path: Option<PathBuf>) -> Self {
        Self {
            root,
            path,
            open: OpenCount::default(),
            session: None,
            known: BTreeMap::new(),
            topology: Topology::default(),
            pairs: Vec::new(),
            pairs_at: None,
            paths_told: false,
            log: None,
            xids: Xids::default(),
            persistent: false,
            told: false,
        }
    }

    /// Whether the library is open, or is still being closed.
    pub fn is_open(&self) -> bool {
        !self.open.is_zero()
    }

    /// Whether nobody looks and the driver is to be left alone; ends what only somebody who looks needs.
    fn rest(&mut self) -> Result<(), SourceError> {
        if self.session.as_ref().is_some_and(Session::is_idle) {
            self.session = None;
        }
        if let Some(session) = &mut self.session {
            // A call hangs: the driver is held anyway, until it returns.
            session.events = None;
            return Ok(());
        }
        if self.is_open() {
            return Err(SourceError::Off { reason: "the driver is being let go".into() });
        }
        library::in_use(&self.root, self.persistent)
    }

    fn read(&mut self, at: Timestamp, traffic: bool, looking: bool) -> Result<GpuNews, SourceError> {
        if self.session.is_none() {
            self.session = Some(Session::open(self.path.as_deref(), &self.root, &self.open, &self.topology)?);
        }
        let session = self.session.as_mut().expect("opened above");
        if looking {
            session.watch_events();
        }
        let said = session.round(Question { at, traffic });
        let mut gpus: Vec<_> =
            said.into_iter().map(|(index, said)| self.known.entry(index).or_default().take(at, index, said)).collect();
        self.hear(&gpus);
        for gpu in &mut gpus {
            gpu.xids = self.xids.of(gpu.pci_address.as_deref().unwrap_or(&gpu.id));
        }
        self.persistent = !gpus.is_empty() && gpus.iter().all(|gpu| gpu.persistence == Some(true));
        self.connect(at, &gpus);
        let driver = self.session.as_ref().map(|session| session.driver.clone()).unwrap_or_default();
        Ok(GpuNews { source: NAME.into(), driver, gpus, links: self.pairs.clone() })
    }

    /// Takes the XIDs that came since the last time.
    fn hear(&mut self, gpus: &[Gpu]) {
        let log = self.log.get_or_insert_with(|| KernelLog::open(&self.root));
        for (address, xid) in log.heard() {
            self.xids.add(&address, xid);
        }
        let events = self.session.as_ref().and_then(|session| session.events.as_ref());
        for (index, at, code) in events.into_iter().flat_map(events::Events::heard) {
            let Some(gpu) = gpus.iter().find(|gpu| gpu.index == index) else { continue };
            let address = gpu.pci_address.as_deref().unwrap_or(&gpu.id);
            self.xids.add(address, Xid { at, code, pid: None, text: Default::default() });
        }
    }

    fn connect(&mut self, at: Timestamp, gpus: &[Gpu]) {
        let due = self.pairs_at.is_none_or(|last| at.duration_since(last).as_secs().abs() >= PAIRS_EVERY);
        if due || !self.paths_told {
            self.paths_told = self.topology.is_told(gpus.len() as u32);
            self.pairs = self.topology.pairs(gpus.iter());
            self.pairs_at = Some(at);
        }
    }
}

impl Source for NvmlSource {
    fn spec(&self) -> Spec {
        Spec {
            name: NAME.into(),
            kind: "gpu".into(),
            topics: TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic, Topic::GpuHealth]),
            foreground: Duration::from_secs(1),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let looking = request.wanted.intersects(TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic]));
        if !looking && let Err(reason) = self.rest() {
            // What was told stays as it was.
            return if self.told { Ok(Vec::new()) } else { Err(reason) };
        }
        let news = self.read(request.at, request.wanted.contains(Topic::GpuTraffic), looking);
        self.told = news.is_ok();
        if !looking && self.session.as_ref().is_some_and(Session::is_idle) {
            self.session = None;
        }
        Ok(vec![Update::Gpus(Box::new(news?))])
    }
}

impl Known {
    /// Takes what a GPU had to say, or that it said nothing.
    fn take(&mut self, at: Timestamp, index: u32, said: Said) -> Gpu {
        let mut since = at;
        let mut gpu = match said {
            Said::Figures(gpu) => *gpu,
            Said::Fault(fault) => session::without_figures(index, self.gpu.as_ref(), fault),
            Said::Nothing(asked) => {
                since = asked;
                session::silent(index, self.gpu.as_ref())
            }
        };
        if gpu.state == GpuState::Ready {
            gpu.pcie.replays_recent = gpu.pcie.replays.map(|replays| self.replays.note(at, replays));
            self.gpu = Some(gpu.clone());
        }
        let since = match self.state {
            Some((state, since)) if state == gpu.state => since,
            _ => since,
        };
        self.state = Some((gpu.state, since));
        gpu.state_since = (gpu.state != GpuState::Ready).then_some(since);
        gpu
    }
}

/// By how much a count grew in the last minutes.
#[derive(Debug, Default)]
struct Growth(VecDeque<(Timestamp, u64)>);

impl Growth {
    /// Takes the count of now; the growth up to it, as far as it was watched.
    fn note(&mut self, at: Timestamp, count: u64) -> u64 {
        let marks = &mut self.0;
        if marks.back().is_some_and(|(_, last)| *last > count) {
            // Counted anew: the driver was loaded again, or the GPU reset.
            marks.clear();
        }
        if marks.back().is_none_or(|(_, last)| *last != count) {
            marks.push_back((at, count));
        }
        while marks.get(1).is_some_and(|(next, _)| at.duration_since(*next).as_secs() >= RECENT) {
            marks.pop_front();
        }
        marks.front().map_or(0, |(_, first)| count - first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn growth_is_that_of_the_last_minutes() {
        let mut growth = Growth::default();
        let noted = [(0, 7), (60, 9), (61, 9), (599, 9), (600, 9), (660, 9), (700, 12), (800, 2), (900, 3)];
        let told: Vec<_> = noted.iter().map(|(second, count)| growth.note(at(*second), *count)).collect();
        assert_eq!(told, [0, 2, 2, 2, 2, 0, 3, 0, 1]);
    }

    #[test]
    fn without_a_library_it_is_off_and_says_why() {
        let (_folder, root) = crate::source::host::read::fixture(&[("proc/stat", "btime 1\n")]);
        let mut source = NvmlSource::new(root, Some("/nowhere/libnvidia-ml.so.1".into()));
        let mut ask = |topic: Topic| source.collect(&Request { at: at(1), wanted: topic.into(), ..Request::default() });
        assert!(matches!(ask(Topic::Gpus), Err(SourceError::Down { .. })), "who names a library wants it");
        assert_eq!(ask(Topic::GpuHealth), Err(SourceError::Off { reason: "no NVIDIA GPU here".into() }));
    }
}
