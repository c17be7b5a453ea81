//! What is read every second: CPU, load, memory, pressure, devices, interfaces, kernel counters. A sample is read from files
//! that stay open, and a pure function derives the rates from two of them.

pub mod cpu;
pub mod device;
pub mod kernel;
pub mod memory;
pub mod network;
pub mod pressure;

use super::read::{Kept, Root, Seldom};
use crate::{
    clock,
    model::{
        host::{ClockSync, Gauges, Pressures},
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, SourceError, Spec},
};
use std::time::{Duration, Instant};

/// Counters and levels of one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    pub taken: Instant,
    pub uptime_seconds: Option<f64>,
    pub load: Option<[f64; 3]>,
    pub cpu: cpu::Sample,
    pub frequency_hertz: Option<u64>,
    pub memory: memory::Sample,
    pub pressure: Pressures,
    pub devices: Vec<device::Sample>,
    pub networks: Vec<network::Sample>,
    pub kernel: kernel::Sample,
    pub clock: ClockSync,
}

/// Gauges from two samples; without the one before there are no rates.
pub fn derive(before: Option<&Sample>, now: &Sample) -> Gauges {
    let seconds = before.map_or(0.0, |before| now.taken.saturating_duration_since(before.taken).as_secs_f64());
    Gauges {
        uptime_seconds: now.uptime_seconds,
        cpu: cpu::derive(before.map(|before| &before.cpu), &now.cpu, now.frequency_hertz),
        load: now.load,
        memory: memory::derive(before.map(|before| &before.memory), &now.memory, seconds),
        pressure: now.pressure,
        devices: device::derive(before.map_or(&[], |before| &before.devices), &now.devices, seconds),
        networks: network::derive(before.map_or(&[], |before| &before.networks), &now.networks, seconds),
        kernel: kernel::derive(before, now, seconds),
        clock: now.clock,
    }
}

/// Reads samples; holds the files open, one buffer for all of them, and what changes seldom.
#[derive(Debug)]
pub struct Reader {
    root: Root,
    buffer: Vec<u8>,
    stat: Kept,
    uptime: Kept,
    loadavg: Kept,
    vmstat: Kept,
    diskstats: Kept,
    memory: memory::Reader,
    pressure: pressure::Reader,
    networks: network::Reader,
    kernel: kernel::Reader,
    frequency: cpu::Frequency,
    disks: Seldom<Vec<compact_str::CompactString>>,
    clock: Seldom<ClockSync>,
}

impl Reader {
    /// A reader of what lies below `root`.
    pub fn new(root: Root) -> Self {
        let kept = |path: &str| Kept::new(root.join(path));
        Self {
            buffer: Vec::with_capacity(16 << 10),
            stat: kept("proc/stat"),
            uptime: kept("proc/uptime"),
            loadavg: kept("proc/loadavg"),
            vmstat: kept("proc/vmstat"),
            diskstats: kept("proc/diskstats"),
            memory: memory::Reader::new(&root),
            pressure: pressure::Reader::new(&root),
            networks: network::Reader::new(&root),
            kernel: kernel::Reader::new(&root),
            frequency: cpu::Frequency::new(&root),
            disks: Seldom::new(Duration::from_secs(10)),
            clock: Seldom::new(Duration::from_secs(10)),
            root,
        }
    }

    /// Reads a sample.
    pub fn read(&mut self) -> Sample {
        let taken = clock::instant();
        let buffer = &mut self.buffer;
        let cpu = self.stat.read(buffer).map(cpu::parse).unwrap_or_default();
        let vm = self.vmstat.read(buffer).map(kernel::parse_vmstat).unwrap_or_default();
        let disks = self.disks.get(taken, || device::whole_disks(&self.root));
        let devices = self.diskstats.read(buffer).map(|text| device::parse(text, disks)).unwrap_or_default();
        Sample {
            taken,
            uptime_seconds: self.uptime.read(buffer).and_then(kernel::first_decimal),
            load: self.loadavg.read(buffer).and_then(cpu::parse_load),
            frequency_hertz: self.frequency.read(taken),
            memory: self.memory.read(taken, buffer, vm.major_faults),
            pressure: self.pressure.read(buffer),
            devices,
            networks: self.networks.read(taken, buffer),
            kernel: self.kernel.read(buffer, vm.oom_kills),
            clock: *self.clock.get(taken, || kernel::clock_sync(&self.root)),
            cpu,
        }
    }
}

/// The source of [`Gauges`].
#[derive(Debug)]
pub struct GaugesSource {
    reader: Reader,
    before: Option<Sample>,
}

impl GaugesSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { reader: Reader::new(root), before: None }
    }
}

impl Source for GaugesSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/gauges".into(),
            kind: "host".into(),
            topics: Topic::Gauges.into(),
            foreground: Duration::from_secs(1),
            background: Some(Duration::from_secs(1)),
            deadline: Duration::from_secs(2),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        let now = self.reader.read();
        let gauges = derive(self.before.as_ref(), &now);
        self.before = Some(now);
        Ok(vec![Update::Gauges(Box::new(gauges))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_machine_is_unknown_and_not_zero() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut reader = Reader::new(Root::at(folder.path()));
        let (first, second) = (reader.read(), reader.read());
        let gauges = derive(Some(&first), &second);
        assert_eq!(gauges, Gauges::default());
    }

    #[test]
    fn this_machine_agrees_with_its_files() {
        let mut reader = Reader::new(Root::real());
        let first = reader.read();
        let second = reader.read();
        let gauges = derive(Some(&first), &second);
        let text = std::fs::read_to_string("/proc/meminfo").expect("readable");
        let kib = |key: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(key)).expect("is there");
            line.split_whitespace().nth(1).expect("has a value").parse().expect("is a number")
        };
        assert_eq!(gauges.memory.total_bytes, Some(kib("MemTotal:") * 1024));
        let available = gauges.memory.available_bytes.expect("known") as f64;
        let expected = (kib("MemAvailable:") * 1024) as f64;
        assert!((available - expected).abs() < kib("MemTotal:") as f64 * 1024.0 * 0.01);
        let mut names: Vec<String> = std::fs::read_dir("/sys/class/net")
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .filter(|name| name != "bonding_masters")
            .collect();
        let mut found: Vec<String> = gauges.networks.iter().map(|network| network.name.to_string()).collect();
        names.sort();
        found.sort();
        assert_eq!(found, names);
        assert!(gauges.networks.iter().all(|network| network.received_bytes_per_second.is_some()));
        assert!(gauges.kernel.files_max.is_some() && gauges.load.is_some() && gauges.uptime_seconds.is_some());
        assert!(!gauges.cpu.per_core.is_empty());
    }
}
