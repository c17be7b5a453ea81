//! What the cockpit itself costs.

use std::sync::atomic::AtomicU64;

/// Counted by the runtime, read by the source.
#[derive(Debug, Default)]
pub struct OwnCounters {
    /// Bytes written to the terminal since the start.
    pub output_bytes: AtomicU64,
    /// Bytes that the flight recorder holds.
    pub recorder_bytes: AtomicU64,
}
