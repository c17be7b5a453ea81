//! What the cockpit itself costs.

use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicU64;

/// The cockpit's own cost over the last interval.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct OwnUsage {
    /// 1.0 is one core.
    pub cpu_ratio: Option<f64>,
    /// Resident set.
    pub memory_bytes: Option<u64>,
    /// Bytes written to the terminal a second.
    pub output_bytes_per_second: Option<f64>,
    /// Bytes that the flight recorder holds.
    pub recorder_bytes: Option<u64>,
}

/// What the cockpit counts about itself while it runs; whoever writes adds, and the source of the own cost reads.
#[derive(Debug, Default)]
pub struct OwnCounters {
    /// Bytes written to the terminal since the start.
    pub output_bytes: AtomicU64,
    /// Bytes that the flight recorder holds now.
    pub recorder_bytes: AtomicU64,
}
