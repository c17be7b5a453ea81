//! Hosts that a Prometheus knows by their node_exporter (<https://github.com/prometheus/node_exporter>), each as a row with the figures that
//! this host's own gauges have.

use super::{
    Timestamp,
    host::{Pressures, ratio},
    object::{ObjectKind, ObjectRef},
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// One host.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Instance {
    /// Where it is scraped: `web-1:9100`.
    pub instance: CompactString,
    pub job: CompactString,
    /// As `uname -n` says; `None` where it was not scraped lately.
    pub hostname: Option<CompactString>,
    /// Kernel release.
    pub kernel: Option<CompactString>,
    /// Whether the last scrape was answered.
    pub up: Option<bool>,
    pub booted_at: Option<Timestamp>,
    /// Logical processors.
    pub cores: Option<u32>,
    /// All that is neither idle nor waiting for I/O, of all cores together.
    pub cpu_used_ratio: Option<f64>,
    pub cpu_iowait_ratio: Option<f64>,
    pub cpu_steal_ratio: Option<f64>,
    /// Over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    pub memory_total_bytes: Option<u64>,
    pub memory_available_bytes: Option<u64>,
    pub memory_cached_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    pub swap_used_bytes: Option<u64>,
    /// Shares of the time over which rates are taken, not of ten seconds.
    pub pressure: Pressures,
    /// Its fullest file system.
    pub disk: Option<Fullest>,
}

/// The file system of a host that has the least room.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fullest {
    pub mount: CompactString,
    pub used_ratio: f64,
}

impl Instance {
    /// Its name as an object of that Prometheus.
    pub fn object(&self, prometheus: &str) -> ObjectRef {
        ObjectRef::new(ObjectKind::Instance, format_compact!("{prometheus}/{}/{}", self.job, self.instance))
    }

    /// The name that people know it by.
    pub fn name(&self) -> &str {
        self.hostname.as_deref().unwrap_or(&self.instance)
    }

    /// Used is total less available, as for this host.
    pub fn memory_used_bytes(&self) -> Option<u64> {
        Some(self.memory_total_bytes?.saturating_sub(self.memory_available_bytes?))
    }

    /// Used of total, 0–1.
    pub fn memory_used_ratio(&self) -> Option<f64> {
        ratio(self.memory_used_bytes(), self.memory_total_bytes)
    }

    /// How near it is to its end: the largest of its shares of CPU, memory, disk and of the time in which everything waited for memory;
    /// above 1 for one that does not answer.
    pub fn strain(&self) -> f64 {
        if self.up == Some(false) {
            return 2.0;
        }
        let full = self.disk.as_ref().map(|disk| disk.used_ratio);
        let shares = [self.cpu_used_ratio, self.memory_used_ratio(), full, self.pressure.memory.full10];
        shares.into_iter().flatten().fold(0.0, f64::max)
    }
}

/// Puts the worst first; those alike by name.
pub fn worst_first(instances: &mut [Instance]) {
    instances.sort_by(|one, other| {
        let by_strain = other.strain().total_cmp(&one.strain());
        by_strain.then_with(|| (&one.instance, &one.job).cmp(&(&other.instance, &other.job)))
    });
}
