//! Hardware that is made of several parts and goes on when one fails: arrays of disks, bonds of interfaces, memory that corrects errors.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What there is of it; empty lists where this host has none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hardware {
    /// Software RAID.
    pub arrays: Vec<Array>,
    pub bonds: Vec<Bond>,
    /// Controllers of memory that tell errors.
    pub controllers: Vec<MemoryController>,
}

/// An array of the kernel's MD driver (<https://docs.kernel.org/admin-guide/md.html>).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Array {
    pub name: CompactString,
    /// `raid1`, `raid6` …
    pub level: CompactString,
    /// `clean`, `active`, `inactive` …, as the kernel's `array_state`.
    pub state: CompactString,
    /// Disks that it should have.
    pub members: Option<u32>,
    /// Disks that it lacks; `None` for levels that cannot lack any.
    pub missing: Option<u32>,
    /// What it is busy with, where it is.
    pub work: Option<ArrayWork>,
}

impl Array {
    /// Whether it serves nothing.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state.as_str(), "inactive" | "broken")
    }
}

/// What an array is busy with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrayWork {
    /// `recover`, `resync`, `check`, `repair`, `reshape`.
    pub name: CompactString,
    /// 0–1.
    pub done_ratio: Option<f64>,
}

/// A bond of interfaces (<https://docs.kernel.org/networking/bonding.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bond {
    pub name: CompactString,
    /// `active-backup`, `802.3ad` …
    pub mode: CompactString,
    pub members: Vec<BondMember>,
}

/// An interface of a bond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BondMember {
    pub name: CompactString,
    /// As the bond's link monitoring sees it.
    pub is_up: bool,
}

/// A memory controller and what it counted since boot (<https://docs.kernel.org/admin-guide/ras.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MemoryController {
    pub name: CompactString,
    pub corrected: Option<u64>,
    pub uncorrected: Option<u64>,
}
