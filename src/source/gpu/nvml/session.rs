//! The time for which the library is open: its GPUs are asked in rounds, all at once, and whoever is late is told as silent.

use super::{
    ask::Fault,
    events::Events,
    facts::unknown_id,
    library::{Library, OpenCount, refused},
    links::Topology,
    reading::Question,
    worker::{Answer, Worker},
};
use crate::{
    clock,
    model::{
        Timestamp,
        gpu::{Driver, Gpu, GpuState, Vendor},
    },
    source::{SourceError, host::read::Root},
};
use compact_str::format_compact;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// After this time an answer is given with what is there.
const DEADLINE: Duration = Duration::from_millis(700);
/// The same in the round in which the first one answers: a driver that was asleep takes its time.
const FIRST_DEADLINE: Duration = Duration::from_secs(3);

/// An open library.
pub struct Session {
    library: Arc<Library>,
    root: Root,
    pub driver: Driver,
    slots: Vec<Slot>,
    answers: Receiver<Answer>,
    /// Kept for workers that are started anew.
    to_us: SyncSender<Answer>,
    pub events: Option<Events>,
    answered: bool,
}

/// The place of a GPU.
#[derive(Debug, Default)]
struct Slot {
    worker: Option<Worker>,
    /// Since when a question is open.
    asked: Option<Timestamp>,
}

/// What a GPU had to say in a round.
#[derive(Debug)]
pub enum Said {
    Figures(Box<Gpu>),
    Fault(Fault),
    /// Nothing, since that time.
    Nothing(Timestamp),
}

impl Session {
    /// Opens the library.
    ///
    /// # Errors
    /// Why there is nothing to ask.
    pub fn open(path: Option<&Path>, root: &Root, open: &OpenCount, topology: &Topology) -> Result<Self, SourceError> {
        let library = Library::open(path, root, open)?;
        let count = library.nvml().device_count().map_err(|error| refused(root, &error))?;
        if count == 0 {
            return Err(SourceError::Off { reason: "the NVIDIA driver is loaded, and has no GPU".into() });
        }
        let slots = (0..count).map(|_| Slot::default()).collect();
        let (to_us, answers) = sync_channel(count as usize);
        topology.begin(&library, count);
        let driver = versions(&library);
        let root = root.clone();
        Ok(Self { library, root, driver, slots, answers, to_us, events: None, answered: false })
    }

    /// Whether no question is open: the library can be closed.
    pub fn is_idle(&self) -> bool {
        self.slots.iter().all(|slot| slot.asked.is_none())
    }

    /// Begins to wait for events, where that is not done yet.
    pub fn watch_events(&mut self) {
        let count = self.slots.len() as u32;
        self.events.get_or_insert_with(|| Events::begin(&self.library, count));
    }

    /// Asks every GPU that has no open question, and waits for the answers, but not longer than the deadline.
    pub fn round(&mut self, question: Question) -> BTreeMap<u32, Said> {
        self.hear_late();
        for index in 0..self.slots.len() {
            self.ask(index, question);
        }
        let mut said = BTreeMap::new();
        let start = clock::instant();
        let (is_first, longest) = (!self.answered, start + FIRST_DEADLINE);
        let mut until = if is_first { longest } else { start + DEADLINE };
        while said.len() < self.slots.len() {
            let left = until.saturating_duration_since(clock::instant());
            let Ok(answer) = self.answers.recv_timeout(left) else { break };
            self.take(answer, &mut said);
            if is_first {
                // They wake one after the other.
                until = longest.min(clock::instant() + DEADLINE);
            }
        }
        for (index, slot) in self.slots.iter().enumerate() {
            let since = slot.asked.unwrap_or(question.at);
            said.entry(index as u32).or_insert(Said::Nothing(since));
        }
        said
    }

    fn take(&mut self, answer: Answer, said: &mut BTreeMap<u32, Said>) {
        self.answered = true;
        if let Some(slot) = self.slots.get_mut(answer.index as usize) {
            slot.asked = None;
        }
        let word = match answer.gpu {
            Ok(gpu) => Said::Figures(Box::new(gpu)),
            Err(fault) => Said::Fault(fault),
        };
        said.insert(answer.index, word);
    }

    /// Answers that came after their round are too old to be shown; who gave them can be asked again.
    fn hear_late(&mut self) {
        while let Ok(answer) = self.answers.try_recv() {
            if let Some(slot) = self.slots.get_mut(answer.index as usize) {
                slot.asked = None;
            }
        }
    }

    /// Asks one, starting its thread where there is none (any more).
    fn ask(&mut self, index: usize, question: Question) {
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.asked.is_none()) else { return };
        if slot.worker.as_ref().is_some_and(|worker| worker.ask(question)) {
            slot.asked = Some(question.at);
            return;
        }
        match Worker::start(&self.library, self.root.clone(), index as u32, self.to_us.clone()) {
            Ok(worker) => {
                slot.asked = worker.ask(question).then_some(question.at);
                slot.worker = Some(worker);
            }
            Err(error) => tracing::error!(gpu = index, %error, "no thread for it: it is not read"),
        }
    }
}

/// Versions of the driver, of CUDA and of the library.
fn versions(library: &Library) -> Driver {
    let nvml = library.nvml();
    let cuda = nvml.sys_cuda_driver_version().ok();
    Driver {
        name: "nvidia".into(),
        version: nvml.sys_driver_version().ok().map(Into::into),
        cuda: cuda.map(|number| format_compact!("{}.{}", number / 1000, number % 1000 / 10)),
        library: nvml.sys_nvml_version().ok().map(Into::into),
    }
}

/// A GPU that cannot be read: who it is, and what is the matter.
pub fn without_figures(index: u32, known: Option<&Gpu>, fault: Fault) -> Gpu {
    let mut gpu = match known {
        Some(known) => Gpu {
            id: known.id.clone(),
            name: known.name.clone(),
            uuid: known.uuid.clone(),
            serial: known.serial.clone(),
            pci_address: known.pci_address.clone(),
            numa_node: known.numa_node,
            ..Gpu::default()
        },
        None => Gpu { id: unknown_id(index), ..Gpu::default() },
    };
    (gpu.index, gpu.vendor) = (index, Vendor::Nvidia);
    (gpu.state, gpu.problem) = (fault.state, Some(fault.problem));
    gpu
}

/// A GPU that does not answer: with its last figures, where it ever had any.
pub fn silent(index: u32, known: Option<&Gpu>) -> Gpu {
    let problem = if known.is_some() { "no answer: a call to the driver hangs" } else { "no answer yet" };
    match known {
        Some(known) => Gpu { state: GpuState::Silent, problem: Some(problem.into()), ..known.clone() },
        None => without_figures(index, None, Fault { state: GpuState::Silent, problem: problem.into() }),
    }
}
