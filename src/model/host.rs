//! This host: facts that seldom change, and the gauges of one moment.

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Names and limits that seldom change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HostFacts {
    pub hostname: CompactString,
    /// Kernel release, as `uname -r` prints it.
    pub kernel: CompactString,
    /// `PRETTY_NAME` of os-release.
    pub os: Option<CompactString>,
    /// Machine architecture, as `uname -m` prints it.
    pub architecture: CompactString,
    pub cpu_model: Option<CompactString>,
    /// Logical processors that are online.
    pub cores: u32,
    /// The hypervisor, where one shows itself (`kvm`, `xen`, `vmware` …).
    pub virtualization: Option<CompactString>,
    /// The container runtime that we run in, where there is one (`docker`, `podman`, `lxc`, `kubernetes` …).
    pub container: Option<CompactString>,
    pub booted_at: Option<Timestamp>,
    /// What the control group that we run in allows; it is the limit that counts.
    pub limits: Limits,
}

/// Limits of the control group that the cockpit runs in, the tightest on the way to the root; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// CPU quota in cores.
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// Everything that is read at the gauge cadence (1 s), with rates since the sample before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Gauges {
    pub uptime_seconds: Option<f64>,
    pub cpu: Cpu,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    pub memory: Memory,
    pub pressure: Pressures,
    pub devices: Vec<Device>,
    pub networks: Vec<Network>,
    pub kernel: KernelCounters,
    pub clock: ClockSync,
}

/// CPU time, as ratios of all cores together over the last interval; `None` before there are two samples.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cpu {
    /// All that is neither idle nor waiting for I/O.
    pub used_ratio: Option<f64>,
    pub user_ratio: Option<f64>,
    pub system_ratio: Option<f64>,
    pub iowait_ratio: Option<f64>,
    /// Time that the hypervisor gave to others.
    pub steal_ratio: Option<f64>,
    /// Used ratio of each logical processor.
    pub per_core: Vec<Option<f64>>,
    /// Mean current frequency, where the kernel tells it cheaply.
    pub frequency_hertz: Option<u64>,
    /// Runnable tasks now.
    pub running: Option<u32>,
    /// Tasks blocked on I/O now.
    pub blocked: Option<u32>,
}

/// Memory in bytes. Used is `MemTotal − MemAvailable`, as the kernel's documentation advises
/// (<https://docs.kernel.org/filesystems/proc.html#meminfo>).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    pub total_bytes: Option<u64>,
    pub used_bytes: Option<u64>,
    pub available_bytes: Option<u64>,
    /// Page cache and reclaimable slab.
    pub cached_bytes: Option<u64>,
    pub dirty_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    pub swap_used_bytes: Option<u64>,
    /// Memory that compressed swap in RAM occupies.
    pub zram_bytes: Option<u64>,
    /// ZFS's adaptive replacement cache.
    pub arc_bytes: Option<u64>,
    /// Pages read from swap or file a second because a task waited for them.
    pub major_faults_per_second: Option<f64>,
    /// Limit and use of the memory control group that we run in, where it is tighter than the machine.
    pub limit_bytes: Option<u64>,
    pub limit_used_bytes: Option<u64>,
}

impl Memory {
    /// Used of total, 0–1.
    pub fn used_ratio(&self) -> Option<f64> {
        ratio(self.used_bytes, self.total_bytes)
    }

    /// Swap used of swap total, 0–1; `None` without swap.
    pub fn swap_ratio(&self) -> Option<f64> {
        ratio(self.swap_used_bytes, self.swap_total_bytes)
    }
}

/// `part / whole` where both are known and the whole is not zero.
pub fn ratio(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    match (part, whole) {
        (Some(part), Some(whole)) if whole > 0 => Some(part as f64 / whole as f64),
        _ => None,
    }
}

/// Pressure stall information (<https://docs.kernel.org/accounting/psi.html>): the share of the last ten seconds in which
/// some task, or all tasks at once, waited for the resource; 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Pressure {
    pub some10: Option<f64>,
    pub full10: Option<f64>,
}

/// Pressure of the three resources.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Pressures {
    pub cpu: Pressure,
    pub memory: Pressure,
    pub io: Pressure,
}

/// A block device with its rates over the last interval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Device {
    pub name: CompactString,
    pub read_bytes_per_second: Option<f64>,
    pub write_bytes_per_second: Option<f64>,
    pub reads_per_second: Option<f64>,
    pub writes_per_second: Option<f64>,
    /// Mean time of one request, as iostat's `await`; `None` when there was none.
    pub latency_seconds: Option<f64>,
    /// Mean number of requests in flight, as iostat's `aqu-sz`.
    pub queue: Option<f64>,
    /// Share of the interval with a request in flight.
    pub busy_ratio: Option<f64>,
}

/// A network interface with its rates over the last interval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Network {
    pub name: CompactString,
    /// `up`, `down`, `unknown` …, as the kernel's operstate.
    pub state: Option<CompactString>,
    pub speed_bits_per_second: Option<u64>,
    pub received_bytes_per_second: Option<f64>,
    pub sent_bytes_per_second: Option<f64>,
    pub received_packets_per_second: Option<f64>,
    pub sent_packets_per_second: Option<f64>,
    /// Since boot, both directions.
    #[serde(default)]
    pub packets: Option<u64>,
    /// Since boot, both directions.
    pub errors: Option<u64>,
    /// Since boot, both directions.
    pub drops: Option<u64>,
    pub errors_per_second: Option<f64>,
    pub drops_per_second: Option<f64>,
}

/// Counters and tables of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct KernelCounters {
    pub conntrack_used: Option<u64>,
    pub conntrack_max: Option<u64>,
    pub files_used: Option<u64>,
    pub files_max: Option<u64>,
    /// Since boot.
    pub oom_kills: Option<u64>,
    pub context_switches_per_second: Option<f64>,
    pub forks_per_second: Option<f64>,
}

/// Whether the kernel's clock is disciplined (adjtimex, or systemd-timesyncd's and chrony's marks).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ClockSync {
    pub synchronized: Option<bool>,
    /// Estimated offset from true time.
    pub offset_seconds: Option<f64>,
}

/// One temperature or fan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    pub name: CompactString,
    pub temperature_celsius: Option<f64>,
    pub critical_celsius: Option<f64>,
    pub fan_rpm: Option<f64>,
}

/// systemd, where it runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Units {
    /// Whether systemd is this host's init; without it there is nothing to list.
    pub systemd: bool,
    pub failed: Vec<CompactString>,
}

/// What is remembered of the kernel's count of OOM kills, which only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct OomSeen {
    pub total: u64,
    /// By how much it rose last.
    pub rise: u64,
    pub last_rise_at: Option<Timestamp>,
}
