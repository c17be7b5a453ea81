//! The rules of this host over made-up time: what is raised, after how long, how bad it is called, and when it is over.

use super::World;
use crate::model::{
    Timestamp,
    attention::Severity,
    hardware::{Array, ArrayWork, Bond, BondMember, Hardware, MemoryController},
    host::{ClockSync, Cpu, Device, Gauges, HostFacts, KernelCounters, Memory, Network, Pressure, Units},
    mount::{Mount, MountState},
    update::Update,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

/// A host whose time goes by in steps of ten seconds.
struct Story {
    world: World,
    second: i64,
}

const STEP: i64 = 10;

impl Story {
    fn new() -> Self {
        Self { world: World::at(at(0)), second: 0 }
    }

    /// Lets so many seconds pass in which the host is as it is told for each second.
    fn pass(&mut self, seconds: i64, tell: impl Fn(i64) -> Update) -> &mut Self {
        let end = self.second + seconds;
        while self.second < end {
            self.second += STEP;
            self.world.apply(at(self.second), "host/test", vec![tell(self.second)]);
        }
        self
    }

    /// Rows of a rule, as `severity name: cause`.
    fn rows(&self, rule: &str) -> Vec<String> {
        let rows = self.world.attention.iter().map(|row| &row.condition).filter(|row| row.rule == rule);
        rows.map(|row| format!("{} {}: {}", row.severity.word(), row.name, row.cause)).collect()
    }

    #[track_caller]
    fn has(&self, rule: &str, expected: &[&str]) {
        assert_eq!(self.rows(rule), expected, "after {} s", self.second);
    }

    fn pending(&self, rule: &str) -> usize {
        self.world.pending().iter().filter(|pending| pending.row.condition.rule == rule).count()
    }
}

const GIB: u64 = 1 << 30;

fn mount(free: f64, inodes_free: f64) -> Mount {
    Mount {
        mount: "/var".into(),
        device: "/dev/sda1".into(),
        block: Some("sda1".into()),
        fs: "ext4".into(),
        read_only: false,
        remote: false,
        state: MountState::Ready,
        total_bytes: Some(100 * GIB),
        free_bytes: None,
        available_bytes: Some((free * 100.0 * GIB as f64) as u64),
        inodes_total: Some(1_000_000),
        inodes_free: Some((inodes_free * 1e6) as u64),
        fills: Default::default(),
    }
}

fn disk(free: f64) -> Update {
    Update::Mounts(vec![mount(free, 0.9)])
}

fn gauges(change: impl FnOnce(&mut Gauges)) -> Update {
    let mut gauges = Gauges::default();
    change(&mut gauges);
    Update::Gauges(Box::new(gauges))
}

#[test]
fn a_file_system_that_is_nearly_full_is_told_after_half_an_hour() {
    let mut story = Story::new();
    story.pass(1_800, |_| disk(0.04)).has("mount-space", &[]);
    assert_eq!(story.pending("mount-space"), 1);
    story.pass(10, |_| disk(0.04)).has("mount-space", &["warn /var: 96 % used, 4.0 GiB left"]);
    // Worse is called so when that has held as long, milder at once, and over only above the way back.
    story.pass(1_790, |_| disk(0.02)).has("mount-space", &["warn /var: 98 % used, 2.0 GiB left"]);
    story.pass(20, |_| disk(0.02)).has("mount-space", &["critical /var: 98 % used, 2.0 GiB left"]);
    story.pass(20, |_| disk(0.035)).has("mount-space", &["critical /var: 96 % used, 3.5 GiB left"]);
    story.pass(20, |_| disk(0.045)).has("mount-space", &["warn /var: 96 % used, 4.5 GiB left"]);
    story.pass(300, |_| disk(0.055)).has("mount-space", &["warn /var: 94 % used, 5.5 GiB left"]);
    story.pass(50, |_| disk(0.07)).has("mount-space", &["warn /var: 94 % used, 5.5 GiB left"]);
    story.pass(20, |_| disk(0.07)).has("mount-space", &[]);
}

#[test]
fn a_moment_of_room_starts_the_half_hour_anew_and_read_only_ones_are_left_alone() {
    let mut story = Story::new();
    story.pass(1_700, |_| disk(0.02)).pass(10, |_| disk(0.2)).pass(1_700, |_| disk(0.02)).has("mount-space", &[]);
    story.pass(110, |_| disk(0.02));
    assert_eq!(story.rows("mount-space").len(), 1);
    let mut story = Story::new();
    let read_only = Mount { read_only: true, ..mount(0.0, 0.0) };
    story.pass(4_000, |_| Update::Mounts(vec![read_only.clone()]));
    assert!(story.world.attention.is_empty());
}

#[test]
fn inodes_too() {
    let mut story = Story::new();
    let told = |free| move |_| Update::Mounts(vec![mount(0.9, free)]);
    story.pass(1_810, told(0.02)).has("mount-inodes", &["critical /var: 98 % of inodes used: no new files soon"]);
    // A tenth of them an hour.
    let mut story = Story::new();
    story.pass(7_200, |second| Update::Mounts(vec![mount(0.9, 0.5 - second as f64 / 36_000.0)]));
    story.has("inodes-fill", &["warn /var: 70 % of inodes used, full in 3 h"]);
}

#[test]
fn what_fills_up_is_told_with_the_time_that_is_left() {
    let mut story = Story::new();
    // Ten percent in an hour: 50 % to begin with, 40 % after one, 20 % after three.
    let free = |second: i64| disk(0.5 - second as f64 / 36_000.0);
    story.pass(3_600, free).has("mount-fills", &[]);
    story.pass(120, free).has("mount-fills", &["warn /var: 60 % used, full in 3 h 58 m"]);
    story.pass(3_600 * 2 - 60, free).has("mount-fills", &["warn /var: 80 % used, full in 1 h 59 m"]);
    story.pass(60, free).has("mount-fills", &["critical /var: 80 % used, full in 1 h 58 m"]);
    // Half an hour below 3 percent is not told a second time.
    story.pass(3_600 + 2_700, free).has("mount-fills", &["critical /var: 98 % used, full in 12 m"]);
    story.has("mount-space", &[]);
    story.pass(1_200, |_| disk(0.0)).has("mount-full", &["critical /var: 100 % used: full"]);
    story.has("mount-fills", &[]);
    story.has("mount-space", &[]);
    let fills = story.world.observed.mounts.as_ref().expect("known")[0].fills;
    assert_eq!(fills.space_at, Some(story.world.now));
}

#[test]
fn a_cleanup_ends_it_and_what_stands_still_is_told_by_its_level() {
    let mut story = Story::new();
    let free = |second: i64| disk(0.3 - second as f64 / 36_000.0);
    story.pass(7_200, free);
    assert_eq!(story.rows("mount-fills"), ["critical /var: 90 % used, full in 59 m"]);
    story.pass(290, |_| disk(0.6));
    assert_eq!(story.rows("mount-fills").len(), 1, "it might be a burst");
    story.pass(20, |_| disk(0.6)).has("mount-fills", &[]);
    // It stops with 2 % left: the forecast is gone, and half an hour later the level is told.
    let mut story = Story::new();
    story.pass(7_200, |second| disk(0.22 - second as f64 / 36_000.0)).pass(3_600, |_| disk(0.02));
    story.has("mount-fills", &[]);
    story.has("mount-space", &["critical /var: 98 % used, 2.0 GiB left"]);
}

#[test]
fn what_is_full_is_told_at_once_and_once() {
    let mut story = Story::new();
    story.pass(60, |_| disk(0.5)).has("mount-full", &[]);
    story.pass(2, |_| disk(0.0)).has("mount-full", &["critical /var: 100 % used: full"]);
    story.pass(4_000, |_| disk(0.0)).has("mount-fills", &[]);
    story.has("mount-space", &[]);
    assert_eq!(story.rows("mount-full").len(), 1);
    story.pass(30, |_| disk(0.5));
    assert_eq!(story.rows("mount-full").len(), 1, "it might fill up again at once");
    story.pass(60, |_| disk(0.5)).has("mount-full", &[]);
}

#[test]
fn slow_growth_with_much_room_is_no_matter() {
    let mut story = Story::new();
    // A percent an hour: full in 20 hours with 20 % left, and in 45 with 45 %.
    story.pass(3_600 * 3, |second| disk(0.48 - second as f64 / 360_000.0)).has("mount-fills", &[]);
    let mut story = Story::new();
    story.pass(3_600 * 3, |second| disk(0.23 - second as f64 / 360_000.0));
    story.has("mount-fills", &["warn /var: 80 % used, full in 20 h"]);
}

#[test]
fn memory_swap_and_faults() {
    let memory = |used: f64, swap: f64, faults: f64| {
        move |_| {
            gauges(|gauges| {
                gauges.memory = Memory {
                    total_bytes: Some(1_000),
                    used_bytes: Some((used * 1e3) as u64),
                    swap_total_bytes: Some(1_000),
                    swap_used_bytes: Some((swap * 1e3) as u64),
                    major_faults_per_second: Some(faults),
                    ..Memory::default()
                };
            })
        }
    };
    let mut story = Story::new();
    story.pass(120, memory(0.92, 0.85, 600.0)).has("swap-used", &[]);
    story.pass(10, memory(0.92, 0.85, 600.0)).has("swap-used", &["warn memory: swap 85 % used"]);
    story.pass(770, memory(0.92, 0.78, 600.0));
    assert!(story.rows("memory-used").is_empty() && story.rows("major-faults").is_empty());
    story.pass(10, memory(0.92, 0.78, 600.0)).has("memory-used", &["warn memory: 92 % used"]);
    story.has("major-faults", &["warn memory: 600 pages a second are read back from disk"]);
    story.has("swap-used", &["warn memory: swap 78 % used"]);
    story.pass(60, memory(0.89, 0.5, 450.0)).has("swap-used", &[]);
    assert!(story.rows("memory-used").len() == 1 && story.rows("major-faults").len() == 1, "between raised and clear");
    story.pass(100, memory(0.8, 0.5, 10.0));
    assert!(story.world.attention.is_empty());
}

#[test]
fn pressure_of_memory() {
    let pressure = |some, full| {
        move |_| gauges(|gauges| gauges.pressure.memory = Pressure { some10: Some(some), full10: Some(full) })
    };
    let mut story = Story::new();
    story.pass(30, pressure(0.5, 0.45)).has("memory-pressure", &[]);
    story.pass(10, pressure(0.5, 0.45));
    story.has("memory-pressure", &["warn memory: every task waited for memory 45 % of the last 10 s"]);
    story.pass(20, pressure(0.7, 0.45));
    assert!(story.rows("memory-pressure")[0].starts_with("warn"), "not for half a minute yet");
    story.pass(20, pressure(0.7, 0.45));
    story.has("memory-pressure", &["critical memory: some task waited for memory 70 % of the last 10 s"]);
    story.pass(40, pressure(0.2, 0.1)).has("memory-pressure", &[]);
}

#[test]
fn a_kill_is_remembered_for_half_an_hour() {
    let kills = |n| move |_| gauges(|gauges| gauges.kernel.oom_kills = Some(n));
    let mut story = Story::new();
    story.pass(100, kills(7)).has("oom-kill", &[]);
    story.pass(10, kills(9)).has("oom-kill", &["error memory: 2 processes killed for want of memory"]);
    assert_eq!(story.world.attention[0].began, at(110));
    story.pass(1_780, kills(9));
    assert_eq!(story.rows("oom-kill").len(), 1);
    story.pass(20, kills(9)).has("oom-kill", &[]);
}

#[test]
fn processors() {
    let cpu = |used, steal, load| {
        move |_| {
            gauges(|gauges| {
                gauges.cpu = Cpu { used_ratio: Some(used), steal_ratio: Some(steal), ..Cpu::default() };
                gauges.load = Some([load, 0.0, 0.0]);
            })
        }
    };
    let mut story = Story::new();
    let facts = HostFacts { cores: 4, ..HostFacts::default() };
    story.pass(10, |_| Update::Facts(Box::new(facts.clone())));
    story.pass(300, cpu(0.95, 0.12, 9.0)).has("cpu-steal", &[]);
    story.pass(10, cpu(0.95, 0.12, 9.0)).has("cpu-steal", &["warn cpu: 12 % of the time went to other guests"]);
    story.pass(590, cpu(0.95, 0.09, 9.0));
    assert!(story.rows("cpu-used").is_empty() && story.rows("load").is_empty());
    story.pass(10, cpu(0.95, 0.09, 9.0)).has("cpu-used", &["info cpu: 95 % busy"]);
    story.has("load", &["warn cpu: load 9.0 on 4 cores"]);
    assert_eq!(story.rows("cpu-steal").len(), 1, "nine percent are not below eight");
    story.pass(70, cpu(0.3, 0.0, 1.0));
    assert!(story.world.attention.is_empty());
}

#[test]
fn disks_that_are_slow_or_have_a_queue() {
    let device = |latency, queue| {
        move |_| {
            gauges(|gauges| {
                gauges.devices = vec![Device {
                    name: "sda".into(),
                    latency_seconds: latency,
                    queue: Some(queue),
                    ..Device::default()
                }];
            })
        }
    };
    let mut story = Story::new();
    story.pass(120, device(Some(0.15), 12.0)).has("device-latency", &[]);
    story.pass(10, device(Some(0.15), 12.0)).has("device-latency", &["warn sda: requests take 150 ms"]);
    story.pass(1_670, device(Some(0.01), 12.0)).has("device-queue", &[]);
    story.pass(10, device(Some(0.01), 12.0)).has("device-queue", &["warn sda: 12 requests wait on the mean"]);
    story.pass(300, device(None, 9.0));
    assert_eq!(story.rows("device-queue").len(), 1);
    story.pass(70, device(None, 1.0)).has("device-queue", &[]);
}

/// Packets, errors and drops since the start, so many of each in ten seconds.
fn network(packets: u64, errors: u64, drops: u64) -> impl Fn(i64) -> Update {
    move |second| {
        let so_far = |an_interval: u64| Some(an_interval * second as u64 / 10);
        gauges(|gauges| {
            gauges.networks = vec![Network {
                name: "eth0".into(),
                packets: so_far(packets),
                errors: so_far(errors),
                drops: so_far(drops),
                ..Network::default()
            }];
        })
    }
}

#[test]
fn errors_of_an_interface_are_a_share_of_an_hour() {
    let mut story = Story::new();
    story.pass(3_590, network(1_000, 20, 0)).has("network-errors", &[]);
    story
        .pass(30, network(1_000, 20, 0))
        .has("network-errors", &["warn eth0: 2.0 % of packets broken over the last hour"]);
    // Four minutes with many errors are no hour: 0.6 % of it.
    let mut story = Story::new();
    story.pass(7_200, |second| network(1_000, 0, 0)(second));
    let burst = |second: i64| {
        let errors = 2 * (second - 7_200) as u64;
        let mut update = network(1_000, 0, 0)(second);
        if let Update::Gauges(gauges) = &mut update {
            gauges.networks[0].errors = Some(errors.min(2_200));
        }
        update
    };
    story.pass(3_600, burst).has("network-errors", &[]);
    // Nobody uses it: a few broken packets say nothing.
    let mut story = Story::new();
    story.pass(7_200, network(1, 1, 0)).has("network-errors", &[]);
}

#[test]
fn drops_of_an_interface_are_a_share_of_ten_minutes_with_enough_packets() {
    let mut story = Story::new();
    story.pass(590, network(980, 0, 20)).has("network-drops", &[]);
    story
        .pass(30, network(980, 0, 20))
        .has("network-drops", &["warn eth0: 2.0 % of packets dropped over the last 10 m"]);
    let mut story = Story::new();
    story.pass(3_600, network(100, 0, 50)).has("network-drops", &[]);
    let mut story = Story::new();
    story.pass(3_600, network(990, 0, 15)).has("network-drops", &[]);
}

#[test]
fn tables_of_the_kernel_and_its_clock() {
    let kernel = |conntrack, files, offset| {
        move |_| {
            gauges(|gauges| {
                gauges.kernel = KernelCounters {
                    conntrack_used: Some(conntrack),
                    conntrack_max: Some(100),
                    files_used: Some(files),
                    files_max: Some(100),
                    ..KernelCounters::default()
                };
                gauges.clock = ClockSync { synchronized: Some(true), offset_seconds: Some(offset) };
            })
        }
    };
    let mut story = Story::new();
    story.pass(10, kernel(76, 71, 0.0));
    story.has("conntrack", &["warn this host: connection table 76 % full: new ones are dropped at 100 %"]);
    story.has("open-files", &["warn this host: 71 % of the kernel's file handles in use"]);
    story.pass(10, kernel(72, 91, 0.0));
    story.has("open-files", &["critical this host: 91 % of the kernel's file handles in use"]);
    assert_eq!(story.rows("conntrack").len(), 1);
    story.pass(70, kernel(60, 60, -0.08));
    assert!(story.world.attention.is_empty());
    story.pass(540, kernel(0, 0, -0.08)).has("clock", &["warn this host: clock is off by 80 ms"]);
    let mut story = Story::new();
    let unsynchronized = |_| gauges(|gauges| gauges.clock.synchronized = Some(false));
    story.pass(600, unsynchronized).has("clock", &[]);
    story.pass(10, unsynchronized).has("clock", &["warn this host: clock is not synchronised"]);
}

#[test]
fn a_unit_that_stays_failed() {
    let failed = |_| Update::Units(Units { systemd: true, failed: vec!["db.service".into()] });
    let mut story = Story::new();
    story.pass(300, failed).has("unit-failed", &[]);
    story.pass(10, failed).has("unit-failed", &["error db.service: systemd unit failed"]);
}

#[test]
fn hardware_that_goes_on_with_less() {
    let array = Array {
        name: "md0".into(),
        level: "raid1".into(),
        state: "clean".into(),
        members: Some(2),
        missing: Some(1),
        work: Some(ArrayWork { name: "recover".into(), done_ratio: Some(0.12) }),
    };
    let stopped = Array { name: "md1".into(), state: "inactive".into(), missing: None, ..array.clone() };
    let member = |name: &str, is_up| BondMember { name: name.into(), is_up };
    let members = vec![member("eth0", true), member("eth1", false)];
    let bond = Bond { name: "bond0".into(), mode: "802.3ad".into(), members };
    let controller = MemoryController { name: "mc0".into(), corrected: Some(5), uncorrected: Some(1) };
    let hardware = Hardware { arrays: vec![array, stopped], bonds: vec![bond], controllers: vec![controller] };
    let mut story = Story::new();
    story.pass(10, |_| Update::Hardware(Box::new(hardware.clone())));
    story.has(
        "array-degraded",
        &["critical md1: array is inactive: it serves nothing", "error md0: raid1 with 1 of 2 disks, recover 12 %"],
    );
    story.has("memory-uncorrected", &["error memory: 1 memory error since boot that could not be corrected (mc0)"]);
    story.has("bond-degraded", &[]);
    story.pass(60, |_| Update::Hardware(Box::new(hardware.clone())));
    story.has("bond-degraded", &["warn bond0: 1 of 2 interfaces up, eth1 down"]);
    story.pass(20, |_| Update::Hardware(Box::default()));
    assert!(story.world.attention.is_empty());
}

#[test]
fn a_moment_knows_its_past_and_its_cost() {
    let mut story = Story::new();
    let free = |second: i64| disk(0.3 - second as f64 / 36_000.0);
    story.pass(7_200, free);
    let text = serde_json::to_string(&story.world.moment()).expect("serialises");
    let mut again = Story { world: serde_json::from_str(&text).expect("reads back"), second: story.second };
    assert_eq!(again.world.lookback, story.world.lookback);
    again.pass(10, free).has("mount-fills", &["critical /var: 90 % used, full in 59 m"]);
    assert!(again.world.attention.iter().all(|row| row.condition.severity == Severity::Critical));
    // Six hours of thirty file systems and sixteen interfaces: what a large host costs.
    let mut world = World::at(at(0));
    let networks: Vec<Network> = (0..16)
        .map(|n| Network {
            name: format!("eth{n}").into(),
            packets: Some(1),
            errors: Some(0),
            drops: Some(0),
            ..Network::default()
        })
        .collect();
    for minute in 0..=400 {
        let mounts = (0..30).map(|n| Mount { mount: format!("/{n}").into(), block: None, ..mount(0.5, 0.5) }).collect();
        world.apply(at(minute * 60), "host/mounts", vec![Update::Mounts(mounts)]);
        let gauges = Gauges { networks: networks.clone(), ..Gauges::default() };
        world.apply(at(minute * 60), "host/gauges", vec![Update::Gauges(Box::new(gauges))]);
    }
    let bytes = world.lookback.size_bytes();
    assert!((80_000..200_000).contains(&bytes), "{bytes}");
}
