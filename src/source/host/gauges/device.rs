//! Block devices from `/proc/diskstats` (<https://docs.kernel.org/admin-guide/iostats.html>), with iostat's formulas
//! (`rd_stats.c` and `iostat.c` of sysstat): `await` is time of requests by requests, `aqu-sz` is weighted time by interval,
//! `%util` is busy time by interval.

use super::super::{
    bytes::{fields, lines, lossy, number, rate, rise},
    read::Root,
};
use crate::model::host::Device;
use compact_str::CompactString;

/// Sectors of the kernel's statistics are of 512 bytes, whatever the device's are.
const SECTOR_BYTES: u64 = 512;

/// Counters of one device since boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    pub name: CompactString,
    pub reads: Option<u64>,
    pub read_sectors: Option<u64>,
    pub read_milliseconds: Option<u64>,
    pub writes: Option<u64>,
    pub write_sectors: Option<u64>,
    pub write_milliseconds: Option<u64>,
    pub busy_milliseconds: Option<u64>,
    pub weighted_milliseconds: Option<u64>,
}

/// Names of the devices that are no partitions: the entries of `/sys/block`, sorted. RAM disks are none.
pub fn whole_disks(root: &Root) -> Vec<CompactString> {
    let entries = std::fs::read_dir(root.join("sys/block")).into_iter().flatten().flatten();
    // A stroke in a device's name is a `!` in sysfs: `cciss!c0d0`.
    let mut names: Vec<CompactString> =
        entries.map(|entry| entry.file_name().to_string_lossy().replace('!', "/").into()).collect();
    names.retain(|name| !name.starts_with("ram"));
    names.sort_unstable();
    names
}

/// Reads the lines of whole disks; loop devices that were never read from are left out.
pub fn parse(text: &[u8], whole_disks: &[CompactString]) -> Vec<Sample> {
    let is_whole = |name: &[u8]| whole_disks.binary_search_by(|disk| disk.as_bytes().cmp(name)).is_ok();
    let mut samples = Vec::with_capacity(whole_disks.len());
    for line in lines(text) {
        let mut fields = fields(line).skip(2);
        let Some(name) = fields.next().filter(|name| is_whole(name)) else { continue };
        let mut value = || fields.next().and_then(number);
        let (reads, _, read_sectors, read_milliseconds) = (value(), value(), value(), value());
        let (writes, _, write_sectors, write_milliseconds) = (value(), value(), value(), value());
        let (_in_flight, busy_milliseconds, weighted_milliseconds) = (value(), value(), value());
        if name.starts_with(b"loop") && reads == Some(0) {
            continue;
        }
        samples.push(Sample {
            name: lossy(name),
            reads,
            read_sectors,
            read_milliseconds,
            writes,
            write_sectors,
            write_milliseconds,
            busy_milliseconds,
            weighted_milliseconds,
        });
    }
    samples
}

/// Rates between two samples.
pub fn derive(before: &[Sample], now: &[Sample], seconds: f64) -> Vec<Device> {
    let unknown = Sample::default();
    let one = |(at, now): (usize, &Sample)| {
        // Devices come and go seldom, so that the one before is nearly always in the same place.
        let same = before.get(at).filter(|before| before.name == now.name);
        let before = same.or_else(|| before.iter().find(|before| before.name == now.name)).unwrap_or(&unknown);
        rates(before, now, seconds)
    };
    now.iter().enumerate().map(one).collect()
}

fn rates(before: &Sample, now: &Sample, seconds: f64) -> Device {
    let bytes = |before, now| rate(before, now, seconds).map(|sectors| sectors * SECTOR_BYTES as f64);
    let busy = |before, now| rate(before, now, seconds).map(|milliseconds| milliseconds / 1000.0);
    Device {
        name: now.name.clone(),
        read_bytes_per_second: bytes(before.read_sectors, now.read_sectors),
        write_bytes_per_second: bytes(before.write_sectors, now.write_sectors),
        reads_per_second: rate(before.reads, now.reads, seconds),
        writes_per_second: rate(before.writes, now.writes, seconds),
        latency_seconds: latency(before, now),
        queue: busy(before.weighted_milliseconds, now.weighted_milliseconds),
        busy_ratio: busy(before.busy_milliseconds, now.busy_milliseconds).map(|ratio| ratio.min(1.0)),
    }
}

fn latency(before: &Sample, now: &Sample) -> Option<f64> {
    let requests = rise(before.reads, now.reads)? + rise(before.writes, now.writes)?;
    let milliseconds = rise(before.read_milliseconds, now.read_milliseconds)?
        + rise(before.write_milliseconds, now.write_milliseconds)?;
    (requests > 0).then(|| milliseconds as f64 / requests as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &[u8] = b"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n   1       0 ram0 1 0 0 0 0 0 0 0 0 0 0\n\
        254       0 vda 100 5 2000 400 50 5 1000 100 2 300 500 1 2 3 4 5 6\n 254 1 vda1 1 2 3 4 5 6 7 8 9 10 11\n\
        259 0 nvme0n1 9 9 9 9 9 9 9 9 9 9 9\n";
    const AFTER: &[u8] = b"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n\
        254       0 vda 120 5 2400 480 60 5 1200 220 2 1300 2500 1 2 3 4 5 6\n\
        259 0 nvme0n1 1 1 1 1 1 1 1 1 1 1 1\n 8 0 sda 1 1\n";

    fn disks() -> Vec<CompactString> {
        ["loop0", "nvme0n1", "sda", "vda"].map(CompactString::from).to_vec()
    }

    #[test]
    fn rates_are_those_of_iostat() {
        let devices = derive(&parse(BEFORE, &disks()), &parse(AFTER, &disks()), 2.0);
        let vda = &devices[0];
        assert_eq!(vda.name, "vda");
        assert_eq!(vda.reads_per_second, Some(10.0));
        assert_eq!(vda.read_bytes_per_second, Some(102_400.0));
        assert_eq!(vda.write_bytes_per_second, Some(51_200.0));
        assert_eq!(vda.latency_seconds, Some(200.0 / 30.0 / 1000.0));
        assert_eq!(vda.queue, Some(1.0));
        assert_eq!(vda.busy_ratio, Some(0.5));
    }

    #[test]
    fn a_replaced_device_and_a_short_line_are_unknown() {
        let devices = derive(&parse(BEFORE, &disks()), &parse(AFTER, &disks()), 2.0);
        assert_eq!(devices.iter().map(|device| device.name.as_str()).collect::<Vec<_>>(), ["vda", "nvme0n1", "sda"]);
        for device in &devices[1..] {
            assert_eq!(*device, Device { name: device.name.clone(), ..Device::default() });
        }
    }
}
