//! The name of anything that can be looked at, acted on, or complained about.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of thing an [`ObjectRef`] names. The word is what screens and JSON print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    Host,
    Cpu,
    Memory,
    Process,
    Mount,
    Device,
    Network,
    Cgroup,
    Unit,
    Sensor,
    Source,
}

impl ObjectKind {
    /// The word for this kind, as screens and JSON print it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Process => "process",
            Self::Mount => "mount",
            Self::Device => "device",
            Self::Network => "network",
            Self::Cgroup => "cgroup",
            Self::Unit => "unit",
            Self::Sensor => "sensor",
            Self::Source => "source",
        }
    }
}

/// A stable name for one object: kind and identity within that kind. It keeps its meaning when lists are re-sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub kind: ObjectKind,
    /// Identity within the kind: a mount point, an interface name, `pid/start-ticks` for a process.
    pub id: CompactString,
}

impl ObjectRef {
    pub fn new(kind: ObjectKind, id: impl Into<CompactString>) -> Self {
        Self { kind, id: id.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.id.is_empty() { f.write_str(self.kind.word()) } else { write!(f, "{} {}", self.kind.word(), self.id) }
    }
}
