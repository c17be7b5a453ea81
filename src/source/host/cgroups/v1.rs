//! Files of a group in the v1 hierarchies (<https://docs.kernel.org/admin-guide/cgroup-v1/>), each controller's in its own.

use super::{
    super::{
        bytes::{fields, lines, number, only_number, value_of},
        cgroup_fs::{Hierarchies, cfs_quota, limit},
        read::{Folder, Root},
    },
    Limits, Sample,
};

fn folder(hierarchies: &Hierarchies, controller: &str, path: &str) -> Option<Folder> {
    let hierarchy = hierarchies.v1(controller)?;
    Folder::open(&Root::at(&hierarchy.folder).join(path))
}

/// Reads the counters and levels of the group with this path, from every controller that has it.
pub fn read(hierarchies: &Hierarchies, path: &str, buffer: &mut Vec<u8>) -> Sample {
    let mut sample = Sample::default();
    if let Some(folder) = folder(hierarchies, "cpuacct", path) {
        sample.cpu_nanoseconds = folder.read("cpuacct.usage", buffer).and_then(only_number);
    }
    if let Some(folder) = folder(hierarchies, "cpu", path)
        && let Some(text) = folder.read("cpu.stat", buffer)
    {
        sample.periods = value_of(text, b"nr_periods");
        sample.throttled_periods = value_of(text, b"nr_throttled");
    }
    if let Some(folder) = folder(hierarchies, "memory", path) {
        let usage = folder.read("memory.usage_in_bytes", buffer).and_then(only_number);
        let inactive = folder.read("memory.stat", buffer).and_then(|text| value_of(text, b"total_inactive_file"));
        sample.memory_bytes = usage.map(|usage| usage.saturating_sub(inactive.unwrap_or(0)));
        sample.oom_kills = folder.read("memory.oom_control", buffer).and_then(|text| value_of(text, b"oom_kill"));
    }
    if let Some(folder) = folder(hierarchies, "blkio", path) {
        // The recursive file counts what the groups below did, as v2 does; kernels before 4.20 have only the other one.
        let files = ["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"];
        if let Some(io) = files.iter().find_map(|file| folder.read(file, buffer).map(io)) {
            (sample.read_bytes, sample.written_bytes) = (Some(io.0), Some(io.1));
        }
    }
    if let Some(folder) = folder(hierarchies, "pids", path) {
        sample.pids = folder.read("pids.current", buffer).and_then(only_number);
    }
    sample
}

/// Bytes read and written, over all devices: lines `8:0 Read 123`, `8:0 Write 45`.
fn io(text: &[u8]) -> (u64, u64) {
    let mut sums = (0u64, 0u64);
    for line in lines(text) {
        let mut fields = fields(line).skip(1);
        let (Some(kind), Some(value)) = (fields.next(), fields.next().and_then(number)) else { continue };
        match kind {
            b"Read" => sums.0 = sums.0.saturating_add(value),
            b"Write" => sums.1 = sums.1.saturating_add(value),
            _ => {}
        }
    }
    sums
}

/// Reads the limits of the group.
pub fn limits(hierarchies: &Hierarchies, path: &str, buffer: &mut Vec<u8>) -> Limits {
    let mut one =
        |controller: &str, file: &str| folder(hierarchies, controller, path)?.read(file, buffer).map(<[u8]>::to_vec);
    let quota = one("cpu", "cpu.cfs_quota_us").zip(one("cpu", "cpu.cfs_period_us"));
    Limits {
        cpu_cores: quota.and_then(|(quota, period)| cfs_quota(&quota, &period)),
        memory_bytes: one("memory", "memory.limit_in_bytes").and_then(|text| limit(&text)),
        pids: one("pids", "pids.max").and_then(|text| limit(&text)),
    }
}
