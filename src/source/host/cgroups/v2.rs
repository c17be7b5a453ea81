//! Files of a v2 group (<https://docs.kernel.org/admin-guide/cgroup-v2.html>).

use super::{
    super::{
        bytes::{fields, lines, number, only_number, value_of},
        cgroup_fs::{Hierarchies, cpu_max, limit},
        gauges::pressure,
        read::{Folder, Root},
    },
    Limits, Sample,
};
use crate::model::host::Pressures;

fn folder(hierarchies: &Hierarchies, path: &str) -> Option<Folder> {
    let hierarchy = hierarchies.unified.as_ref()?;
    Folder::open(&Root::at(&hierarchy.folder).join(path))
}

/// Reads the counters and levels of the group with this path below the hierarchy's mount.
pub fn read(hierarchies: &Hierarchies, path: &str, buffer: &mut Vec<u8>) -> Sample {
    let Some(folder) = folder(hierarchies, path) else { return Sample::default() };
    let mut sample = Sample::default();
    if let Some(text) = folder.read("cpu.stat", buffer) {
        sample.cpu_nanoseconds = value_of(text, b"usage_usec").and_then(|usage| usage.checked_mul(1000));
        sample.periods = value_of(text, b"nr_periods");
        sample.throttled_periods = value_of(text, b"nr_throttled");
    }
    let usage = folder.read("memory.current", buffer).and_then(only_number);
    let inactive = usage.and_then(|_| value_of(folder.read("memory.stat", buffer)?, b"inactive_file"));
    sample.memory_bytes = usage.map(|usage| usage.saturating_sub(inactive.unwrap_or(0)));
    sample.oom_kills = folder.read("memory.events", buffer).and_then(|text| value_of(text, b"oom_kill"));
    if let Some(text) = folder.read("io.stat", buffer) {
        (sample.read_bytes, sample.written_bytes) = (Some(sum_io(text, b"rbytes=")), Some(sum_io(text, b"wbytes=")));
    }
    sample.pids = folder.read("pids.current", buffer).and_then(only_number);
    let mut stalls = |file: &str| folder.read(file, buffer).map(pressure::parse).unwrap_or_default();
    sample.pressure =
        Pressures { cpu: stalls("cpu.pressure"), memory: stalls("memory.pressure"), io: stalls("io.pressure") };
    sample
}

/// The sum over all devices of one figure of `io.stat`: `8:0 rbytes=1 wbytes=2 …`.
fn sum_io(text: &[u8], key: &[u8]) -> u64 {
    let values = lines(text).flat_map(fields).filter_map(|field| number(field.strip_prefix(key)?));
    values.fold(0, u64::saturating_add)
}

/// Reads the limits of the group.
pub fn limits(hierarchies: &Hierarchies, path: &str, buffer: &mut Vec<u8>) -> Limits {
    let Some(folder) = folder(hierarchies, path) else { return Limits::default() };
    Limits {
        cpu_cores: folder.read("cpu.max", buffer).and_then(cpu_max),
        memory_bytes: folder.read("memory.max", buffer).and_then(limit),
        pids: folder.read("pids.max", buffer).and_then(limit),
    }
}
