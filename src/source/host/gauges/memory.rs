//! Memory from `/proc/meminfo` (<https://docs.kernel.org/filesystems/proc.html#meminfo>), compressed swap, ZFS's cache, and the
//! limit of the control group that we run in.

use super::super::{
    bytes::{fields, lines, number, only_number, rate, value_of},
    cgroup_fs::{Hierarchies, MemoryLimit, memory_limit},
    read::{Kept, Root, Seldom, read_into},
};
use crate::model::host::Memory;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Levels, and the one counter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    pub levels: Memory,
    /// Since boot.
    pub major_faults: Option<u64>,
}

/// Reads memory.
#[derive(Debug)]
pub struct Reader {
    root: Root,
    meminfo: Kept,
    arcstats: Kept,
    /// Statistics of the compressed swap devices that there are.
    zram: Seldom<Vec<PathBuf>>,
    limit: Seldom<Option<MemoryLimit>>,
}

impl Reader {
    /// A reader of what lies below `root`.
    pub fn new(root: &Root) -> Self {
        Self {
            meminfo: Kept::new(root.join("proc/meminfo")),
            arcstats: Kept::new(root.join("proc/spl/kstat/zfs/arcstats")),
            zram: Seldom::new(Duration::from_secs(10)),
            limit: Seldom::new(Duration::from_secs(30)),
            root: root.clone(),
        }
    }

    /// Reads all of it.
    pub fn read(&mut self, now: Instant, buffer: &mut Vec<u8>, major_faults: Option<u64>) -> Sample {
        let mut levels = self.meminfo.read(buffer).map(parse).unwrap_or_default();
        levels.arc_bytes = self.arcstats.read(buffer).and_then(parse_arc);
        for path in self.zram.get(now, || zram_devices(&self.root)) {
            let occupied = read_into(path, buffer).then(|| parse_zram(buffer)).flatten();
            levels.zram_bytes = match (levels.zram_bytes, occupied) {
                (Some(sum), Some(more)) => Some(sum + more),
                (sum, more) => sum.or(more),
            };
        }
        let limit = self.limit.get(now, || memory_limit(&self.root, &Hierarchies::find(&self.root)));
        let is_tighter = |limit: &&MemoryLimit| levels.total_bytes.is_none_or(|total| limit.bytes < total);
        if let Some(limit) = limit.as_ref().filter(is_tighter) {
            levels.limit_bytes = Some(limit.bytes);
            levels.limit_used_bytes = working_set(limit, buffer);
        }
        Sample { levels, major_faults }
    }
}

/// Usage less inactive file pages: what the kernel cannot take back without writing (the kubelet's working set).
fn working_set(limit: &MemoryLimit, buffer: &mut Vec<u8>) -> Option<u64> {
    let (usage, key): (_, &[u8]) = match limit.version {
        1 => ("memory.usage_in_bytes", b"total_inactive_file"),
        _ => ("memory.current", b"inactive_file"),
    };
    let usage = read_into(&limit.folder.join(usage), buffer).then(|| only_number(buffer)).flatten()?;
    let inactive = read_into(&limit.folder.join("memory.stat"), buffer).then(|| value_of(buffer, key)).flatten();
    Some(usage.saturating_sub(inactive.unwrap_or(0)))
}

/// `mm_stat` of the zram devices that are set up.
fn zram_devices(root: &Root) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("sys/block")).into_iter().flatten().flatten();
    let paths = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("zram"));
    let is_set_up = |folder: &PathBuf| {
        let mut size = Vec::new();
        read_into(&folder.join("disksize"), &mut size) && only_number(&size).is_some_and(|size| size > 0)
    };
    paths.map(|entry| entry.path()).filter(is_set_up).map(|folder| folder.join("mm_stat")).collect()
}

/// `mem_used_total`, the third field of `mm_stat` (<https://docs.kernel.org/admin-guide/blockdev/zram.html>).
fn parse_zram(text: &[u8]) -> Option<u64> {
    fields(text.trim_ascii()).nth(2).and_then(number)
}

/// `size` of ZFS's cache: `size 4 123`.
fn parse_arc(text: &[u8]) -> Option<u64> {
    let line = lines(text).find(|line| fields(line).next() == Some(b"size"))?;
    fields(line).nth(2).and_then(number)
}

/// Reads `/proc/meminfo`.
fn parse(text: &[u8]) -> Memory {
    let mut memory = Memory::default();
    let (mut cached, mut reclaimable, mut buffers, mut swap_free) = (None, None, None, None);
    for line in lines(text) {
        let mut fields = fields(line);
        let (Some(key), Some(value)) = (fields.next(), fields.next()) else { continue };
        let slot = match key {
            b"MemTotal:" => &mut memory.total_bytes,
            b"MemAvailable:" => &mut memory.available_bytes,
            b"Buffers:" => &mut buffers,
            b"Cached:" => &mut cached,
            b"SReclaimable:" => &mut reclaimable,
            b"Dirty:" => &mut memory.dirty_bytes,
            b"SwapTotal:" => &mut memory.swap_total_bytes,
            b"SwapFree:" => &mut swap_free,
            _ => continue,
        };
        *slot = number(value).and_then(|kibibytes| kibibytes.checked_mul(1024));
    }
    let less = |whole: Option<u64>, part: Option<u64>| whole?.checked_sub(part?);
    memory.used_bytes = less(memory.total_bytes, memory.available_bytes);
    memory.swap_used_bytes = less(memory.swap_total_bytes, swap_free);
    memory.cached_bytes = cached.map(|cached| cached + buffers.unwrap_or(0) + reclaimable.unwrap_or(0));
    memory
}

/// Levels of now, with the rate of major faults since the sample before.
pub fn derive(before: Option<&Sample>, now: &Sample, seconds: f64) -> Memory {
    let faults = before.and_then(|before| before.major_faults);
    Memory { major_faults_per_second: rate(faults, now.major_faults, seconds), ..now.levels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_total_less_available() {
        let text = b"MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\nBuffers: 5 kB\nCached: 100 kB\nSwapCached: 9 kB\n\
            SwapTotal: 200 kB\nSwapFree: 150 kB\nDirty: 3 kB\nSReclaimable: 20 kB\nHugePages_Total: 0\n";
        let memory = parse(text);
        assert_eq!(memory.used_bytes, Some(600 * 1024));
        assert_eq!(memory.cached_bytes, Some(125 * 1024));
        assert_eq!(memory.swap_used_bytes, Some(50 * 1024));
        assert_eq!(memory.dirty_bytes, Some(3 * 1024));
        assert_eq!(parse(b"MemTotal: 5 kB\n").used_bytes, None);
    }

    #[test]
    fn zram_and_arc_are_read() {
        assert_eq!(parse_zram(b"  4096 74 12288 0 12288 0 0 0 0\n"), Some(12_288));
        let arc = b"13 1 0x01 96 26112 1 2\nname type data\nhits 4 5\nsize                            4    777\n";
        assert_eq!(parse_arc(arc), Some(777));
    }

    #[test]
    fn faults_are_a_rate() {
        let sample = |faults| Sample { major_faults: Some(faults), ..Sample::default() };
        assert_eq!(derive(Some(&sample(10)), &sample(30), 2.0).major_faults_per_second, Some(10.0));
        assert_eq!(derive(None, &sample(30), 0.0).major_faults_per_second, None);
    }

    #[test]
    fn the_limit_of_our_group_is_told_where_it_is_tighter() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write("proc/meminfo", "MemTotal: 1000 kB\n");
        write("proc/self/mountinfo", "31 23 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        write("proc/self/cgroup", "0::/a\n");
        write("sys/fs/cgroup/a/memory.max", "512000\n");
        write("sys/fs/cgroup/a/memory.current", "300000\n");
        write("sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 100000\n");
        let mut reader = Reader::new(&Root::at(folder.path()));
        let levels = reader.read(crate::clock::instant(), &mut Vec::new(), None).levels;
        assert_eq!((levels.limit_bytes, levels.limit_used_bytes), (Some(512_000), Some(200_000)));
    }
}
