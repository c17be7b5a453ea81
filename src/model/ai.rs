//! Servers of language models that run on this host: what they hold in memory, what waits, how fast they are.

use super::{
    Timestamp,
    gpu::owner,
    object::{ObjectKind, ObjectRef},
    observed::Observed,
    process::{Process, by_pid},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AiKind {
    #[default]
    Ollama,
    Vllm,
}

impl AiKind {
    /// Its name as its makers write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ollama => "Ollama",
            Self::Vllm => "vLLM",
        }
    }
}

/// A server.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AiServer {
    pub kind: AiKind,
    /// Where it is asked: `127.0.0.1:11434`. Its identity.
    pub address: CompactString,
    pub version: Option<CompactString>,
    /// Its process and when that began, in clock ticks since boot: together they are the process's identity.
    pub pid: Option<i32>,
    pub start_ticks: Option<u64>,
    /// Id of its container, from its control group.
    pub container: Option<CompactString>,
    /// Why it does not answer, though its process is there.
    pub problem: Option<String>,
    /// Since when it does not.
    pub problem_since: Option<Timestamp>,
    /// Models that it holds in memory, and those that it could load.
    pub models: Vec<AiModel>,
}

/// A model of a server.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AiModel {
    pub name: CompactString,
    /// Whether it is in memory; otherwise only on disk.
    pub is_loaded: bool,
    /// Its file.
    pub file_bytes: Option<u64>,
    /// All memory that it takes while it is loaded, that of GPUs included.
    pub memory_bytes: Option<u64>,
    /// The part of it that is on GPUs.
    pub gpu_memory_bytes: Option<u64>,
    /// `8.0B`.
    pub parameters: Option<CompactString>,
    /// `Q4_K_M`.
    pub quantization: Option<CompactString>,
    /// Tokens that a conversation may have.
    pub context_tokens: Option<u64>,
    /// When it leaves memory if nobody asks for it.
    pub expires_at: Option<Timestamp>,
    /// Requests that are worked on, and that wait.
    pub running: Option<u64>,
    pub waiting: Option<u64>,
    /// Used share of the cache of keys and values; requests wait where it is full.
    pub cache_ratio: Option<f64>,
    /// Over the last interval.
    pub prompt_tokens_per_second: Option<f64>,
    pub generated_tokens_per_second: Option<f64>,
    /// Mean time to the first token of the requests that got theirs in the last interval.
    pub first_token_seconds: Option<f64>,
}

impl AiModel {
    /// Share of its memory that is on GPUs; the rest is worked on by the CPU, an order of magnitude slower.
    pub fn gpu_ratio(&self) -> Option<f64> {
        super::host::ratio(self.gpu_memory_bytes, self.memory_bytes)
    }

    /// Memory that loading it takes, by rule of thumb: its file and a fifth of it for the context. A longer context takes more.
    pub fn needed_bytes(&self) -> Option<u64> {
        self.file_bytes.map(|bytes| bytes + bytes / 5)
    }
}

impl AiServer {
    /// Identity of its process, as [`super::process::Process::key`].
    pub fn process_key(&self) -> Option<CompactString> {
        Some(compact_str::format_compact!("{}/{}", self.pid?, self.start_ticks?))
    }

    /// What is opened for it: its process, or this host where that is not known.
    pub fn object(&self) -> ObjectRef {
        let process = self.process_key().map(|key| ObjectRef::new(ObjectKind::Process, key));
        process.unwrap_or_else(|| ObjectRef::new(ObjectKind::Host, ""))
    }

    /// What its processes hold on GPUs, by what the GPUs' driver says: for servers that do not tell it themselves.
    pub fn gpu_bytes(&self, observed: &Observed) -> Option<u64> {
        let processes = observed.processes.as_deref().filter(|processes| owner::are_the_hosts(processes))?;
        let is_its = |pid: i32| {
            let process = by_pid(processes, pid);
            let of_container =
                process.is_some_and(|process| process.container.is_some() && process.container == self.container);
            of_container || descends(processes, pid, self.pid)
        };
        let all = observed.gpus.iter().flat_map(|gpu| gpu.processes.iter().flatten());
        let held: Vec<u64> = all.filter(|used| is_its(used.pid)).filter_map(|used| used.memory_bytes).collect();
        (!held.is_empty()).then(|| held.iter().sum())
    }
}

/// Whether a process is another, or a child of its children.
fn descends(processes: &[Process], pid: i32, from: Option<i32>) -> bool {
    let Some(from) = from else { return false };
    let mut at = pid;
    // The way up is short; a table of one moment may hold a circle.
    for _ in 0..32 {
        if at == from {
            return true;
        }
        let Some(process) = by_pid(processes, at).filter(|process| process.parent > 1) else { return false };
        at = process.parent;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gpu::{Gpu, GpuNews, GpuProcess};

    #[test]
    fn workers_of_a_server_hold_its_memory() {
        let process = |pid, parent| Process { pid, parent, kernel_thread: pid == 2, ..Process::default() };
        let mut observed = Observed {
            processes: Some(vec![process(2, 0), process(10, 1), process(11, 10), process(12, 11), process(20, 1)]),
            ..Observed::default()
        };
        let on = |pid, bytes| GpuProcess { pid, memory_bytes: Some(bytes), ..GpuProcess::default() };
        let gpu = Gpu { processes: Some(vec![on(12, 30), on(20, 7)]), ..Gpu::default() };
        observed.gpus.apply(GpuNews { gpus: vec![gpu], ..GpuNews::default() });
        let server = AiServer { pid: Some(10), ..AiServer::default() };
        assert_eq!(server.gpu_bytes(&observed), Some(30));
        assert_eq!(AiServer { pid: Some(99), ..AiServer::default() }.gpu_bytes(&observed), None);
    }
}
