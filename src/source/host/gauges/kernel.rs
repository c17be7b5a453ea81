//! The kernel's tables and counters, and whether something keeps its clock.

use super::super::{
    adjtimex,
    bytes::{decimal, fields, lines, number, only_number, rate},
    read::{Kept, Root},
};
use crate::model::host::{ClockSync, KernelCounters};

/// Levels and counters of one moment; those of `/proc/stat` are in the CPU's sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    pub conntrack_used: Option<u64>,
    pub conntrack_max: Option<u64>,
    pub files_used: Option<u64>,
    pub files_max: Option<u64>,
    pub oom_kills: Option<u64>,
}

/// What is needed of `/proc/vmstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VmStat {
    pub major_faults: Option<u64>,
    pub oom_kills: Option<u64>,
}

/// Reads `/proc/vmstat`; stops at what it needs.
pub fn parse_vmstat(text: &[u8]) -> VmStat {
    let mut found = VmStat::default();
    for line in lines(text) {
        if let Some(value) = line.strip_prefix(b"pgmajfault ") {
            found.major_faults = number(value);
        } else if let Some(value) = line.strip_prefix(b"oom_kill ") {
            found.oom_kills = number(value);
            break;
        }
    }
    found
}

/// The first number of a text: uptime in seconds.
pub fn first_decimal(text: &[u8]) -> Option<f64> {
    decimal(fields(text).next()?)
}

/// Reads the kernel's tables.
#[derive(Debug)]
pub struct Reader {
    files: Kept,
    conntrack_count: Kept,
    conntrack_max: Kept,
}

impl Reader {
    /// A reader of what lies below `root`.
    pub fn new(root: &Root) -> Self {
        let kept = |name: &str| Kept::new(root.join("proc/sys").join(name));
        Self {
            files: kept("fs/file-nr"),
            conntrack_count: kept("net/netfilter/nf_conntrack_count"),
            conntrack_max: kept("net/netfilter/nf_conntrack_max"),
        }
    }

    /// Reads all of them.
    pub fn read(&mut self, buffer: &mut Vec<u8>, oom_kills: Option<u64>) -> Sample {
        let (files_used, files_max) = self.files.read(buffer).map_or((None, None), parse_files);
        Sample {
            conntrack_used: self.conntrack_count.read(buffer).and_then(only_number),
            conntrack_max: self.conntrack_max.read(buffer).and_then(only_number),
            files_used,
            files_max,
            oom_kills,
        }
    }
}

/// Reads `file-nr`: allocated, free (always 0 since 2.6), maximum. A maximum of 2⁶³−1 is none.
fn parse_files(text: &[u8]) -> (Option<u64>, Option<u64>) {
    let mut fields = fields(text.trim_ascii()).map(number);
    let used = fields.next().flatten();
    (used, fields.nth(1).flatten().filter(|max| *max < i64::MAX as u64))
}

/// Rates between two samples.
pub fn derive(before: Option<&super::Sample>, now: &super::Sample, seconds: f64) -> KernelCounters {
    let before = before.map(|before| &before.cpu);
    KernelCounters {
        conntrack_used: now.kernel.conntrack_used,
        conntrack_max: now.kernel.conntrack_max,
        files_used: now.kernel.files_used,
        files_max: now.kernel.files_max,
        oom_kills: now.kernel.oom_kills,
        context_switches_per_second: rate(
            before.and_then(|cpu| cpu.context_switches),
            now.cpu.context_switches,
            seconds,
        ),
        forks_per_second: rate(before.and_then(|cpu| cpu.forks), now.cpu.forks, seconds),
    }
}

/// Whether the clock is kept. The kernel itself knows, whoever keeps it (timesyncd, chrony, ntpd, a hypervisor's agent); below
/// another root than the real one only systemd-timesyncd's mark can tell.
pub fn clock_sync(root: &Root) -> ClockSync {
    if root.is_real()
        && let Some(told) = adjtimex::read()
    {
        return told;
    }
    let timesync = root.join("run/systemd/timesync");
    let synchronized = match (timesync.join("synchronized").exists(), timesync.is_dir()) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    ClockSync { synchronized, offset_seconds: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        assert_eq!(parse_files(b"340\t0\t2466183\n"), (Some(340), Some(2_466_183)));
        assert_eq!(parse_files(b"340\t0\t9223372036854775807\n"), (Some(340), None));
        assert_eq!(parse_files(b""), (None, None));
        let vm = parse_vmstat(b"nr_free_pages 1\npgmajfault 77\npgmajfault_x 5\noom_kill 2\nrest 1\n");
        assert_eq!(vm, VmStat { major_faults: Some(77), oom_kills: Some(2) });
        assert_eq!(first_decimal(b"123.45 99.0\n"), Some(123.45));
    }

    #[test]
    fn the_mark_of_timesyncd_tells() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = Root::at(folder.path());
        assert_eq!(clock_sync(&root).synchronized, None);
        std::fs::create_dir_all(folder.path().join("run/systemd/timesync")).expect("made");
        assert_eq!(clock_sync(&root).synchronized, Some(false));
        std::fs::write(folder.path().join("run/systemd/timesync/synchronized"), "").expect("written");
        assert_eq!(clock_sync(&root).synchronized, Some(true));
    }
}
