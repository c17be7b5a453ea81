//! What the cockpit itself costs.

use serde::{Deserialize, Serialize};

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
