//! The program's own log.

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A line of the program's own log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    pub at: Timestamp,
    /// `ERROR`, `WARN`, `INFO` …
    pub level: CompactString,
    /// Which part of the program.
    pub target: CompactString,
    pub text: String,
}
