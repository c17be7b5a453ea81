//! The process table.

use super::{Timestamp, host::Pressures};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// One process. The pair of `pid` and `start_ticks` is its identity: a pid alone is used again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub start_ticks: u64,
    pub parent: i32,
    /// The kernel's short name for it, as raw as it is there; never printed without cleaning.
    pub name: CompactString,
    /// Arguments joined by blanks; empty for a kernel thread.
    pub command: CompactString,
    pub uid: Option<u32>,
    /// Name of the effective user; the number where it has none.
    pub user: Option<CompactString>,
    /// 1.0 is one core, over the last interval.
    pub cpu_ratio: Option<f64>,
    /// Resident set.
    pub memory_bytes: Option<u64>,
    pub threads: Option<u32>,
    /// `R`, `S`, `D`, `Z`, `T`, `I` …, as `/proc/PID/stat` prints it.
    pub state: char,
    pub nice: Option<i32>,
    pub started_at: Option<Timestamp>,
    pub kernel_thread: bool,
    /// Path in the cgroup v2 hierarchy, or in the v1 one that systemd or the memory controller uses.
    pub cgroup: Option<CompactString>,
    /// systemd unit, from the cgroup path.
    pub unit: Option<CompactString>,
    /// Container id, from the cgroup path.
    pub container: Option<CompactString>,
    pub read_bytes_per_second: Option<f64>,
    pub write_bytes_per_second: Option<f64>,
}

impl Process {
    /// Identity as one word, `pid/start_ticks`.
    pub fn key(&self) -> CompactString {
        compact_str::format_compact!("{}/{}", self.pid, self.start_ticks)
    }
}

/// The process with a pid. Sources deliver the table sorted by pid; where one does not, it is searched.
pub fn by_pid(processes: &[Process], pid: i32) -> Option<&Process> {
    match processes.binary_search_by_key(&pid, |process| process.pid) {
        Ok(at) => Some(&processes[at]),
        Err(_) => processes.iter().find(|process| process.pid == pid),
    }
}

/// What is read only for the one process that is open on the screen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProcessDetails {
    /// Identity of the process, as [`Process::key`].
    pub key: CompactString,
    pub executable: Option<CompactString>,
    pub directory: Option<CompactString>,
    pub arguments: Vec<CompactString>,
    /// Descriptor and what it leads to; capped, `files_total` counts all.
    pub files: Vec<(i32, CompactString)>,
    pub files_total: Option<u64>,
    /// Name, soft limit, hard limit, as the kernel prints them.
    pub limits: Vec<(CompactString, CompactString, CompactString)>,
    /// Name and value; values that look like secrets are redacted by the source, before they go anywhere.
    pub environment: Vec<(CompactString, CompactString)>,
    /// Pressure of the process's cgroup.
    pub pressure: Option<Pressures>,
    /// Parts that could not be read, and why (`environment: permission denied`).
    pub unreadable: Vec<CompactString>,
}
