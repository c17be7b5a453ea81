//! Control groups, v2 and v1.

use super::host::Pressures;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// One control group, in the order of a depth-first walk, so that a list of them is a tree.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cgroup {
    /// Path below the hierarchy's root; `/` is the root.
    pub path: CompactString,
    /// 0 is the root.
    pub depth: u16,
    pub unit: Option<CompactString>,
    pub container: Option<CompactString>,
    /// 1.0 is one core, over the last interval.
    pub cpu_ratio: Option<f64>,
    /// Quota in cores.
    pub cpu_limit_cores: Option<f64>,
    /// Share of scheduling periods in which the group was throttled, over the last interval.
    pub throttled_ratio: Option<f64>,
    /// Working set: usage less inactive file pages.
    pub memory_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
    /// OOM kills in the group since it was made.
    pub oom_kills: Option<u64>,
    pub read_bytes_per_second: Option<f64>,
    pub write_bytes_per_second: Option<f64>,
    pub pids: Option<u64>,
    pub pids_limit: Option<u64>,
    pub pressure: Pressures,
}

/// All groups, and how they were found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cgroups {
    /// 1 or 2; `None` where no hierarchy is mounted.
    pub version: Option<u8>,
    pub groups: Vec<Cgroup>,
    /// Groups beyond the source's cap, counted and not read.
    pub left_out: u64,
}
