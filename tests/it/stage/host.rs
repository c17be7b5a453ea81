//! What the made-up host tells, so many seconds before the end of the story.

use super::at;
use compact_str::{CompactString, format_compact};
use flightdeck::model::{
    cgroup::{Cgroup, Cgroups},
    host::{
        ClockSync, Cpu, Device, Gauges, HostFacts, KernelCounters, Limits, Memory, Network, Pressure, Pressures,
        Sensor, Units,
    },
    mount::{Mount, MountState},
    own::OwnUsage,
    process::{Process, ProcessDetails},
    source::{SourceReport, SourceState},
    topic::Topic,
};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Its sources, and what each tells.
pub const SOURCES: &[(&str, Topic)] = &[
    ("host/facts", Topic::Facts),
    ("host/gauges", Topic::Gauges),
    ("host/mounts", Topic::Mounts),
    ("host/processes", Topic::Processes),
    ("host/cgroups", Topic::Cgroups),
    ("host/sensors", Topic::Sensors),
    ("host/units", Topic::Units),
    ("host/own", Topic::Own),
];

pub fn report(name: &str, topic: Topic, state: SourceState, reason: Option<&str>) -> SourceReport {
    SourceReport {
        name: name.into(),
        kind: "host".into(),
        topics: topic.into(),
        state,
        reason: reason.map(Into::into),
        hint: reason.map(|_| "it is asked again as soon as it answers".into()),
        cadence_seconds: Some(if matches!(topic, Topic::Gauges | Topic::Mounts | Topic::Processes) {
            5.0
        } else {
            30.0
        }),
    }
}

pub fn facts() -> HostFacts {
    HostFacts {
        hostname: "bastion-1".into(),
        kernel: "6.12.48-amd64".into(),
        os: Some("Debian GNU/Linux 13 (trixie)".into()),
        architecture: "x86_64".into(),
        cpu_model: Some("AMD EPYC 7543P 32-Core Processor".into()),
        cores: 8,
        virtualization: Some("kvm".into()),
        container: None,
        booted_at: Some(at(6 * 86_400 + 4 * 3_600)),
        limits: Limits { cpu_cores: None, memory_bytes: None, pids: Some(18_000) },
    }
}

/// A number in 0–1 that looks like noise and is the same at every run.
fn noise(seed: u64) -> f64 {
    let mixed = (seed ^ (seed >> 13)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24)
}

/// A figure that wanders around a level, at a time before the end.
fn wander(level: f64, seconds_before: i64, seed: u64) -> f64 {
    let slow = (seconds_before as f64 / 47.0 + seed as f64).sin();
    level * (1.0 + 0.25 * slow + 0.2 * (noise(seconds_before as u64 * 31 + seed) - 0.5))
}

pub fn gauges(before: i64) -> Gauges {
    let busy = if before < 240 { 0.55 } else { 0.22 };
    let used = wander(busy, before, 1).min(1.0);
    let per_core = (0..8).map(|core| Some(wander(busy, before, 10 + core).min(1.0))).collect();
    let used_bytes = 19 * GIB + (600 - before) as u64 * 4 * MIB;
    Gauges {
        uptime_seconds: Some(532_800.0 - before as f64),
        cpu: Cpu {
            used_ratio: Some(used),
            user_ratio: Some(used * 0.7),
            system_ratio: Some(used * 0.3),
            iowait_ratio: Some(if before < 180 { 0.12 } else { 0.01 }),
            steal_ratio: Some(0.003),
            per_core,
            frequency_hertz: Some(2_794_000_000),
            running: Some(3),
            blocked: Some(if before < 180 { 2 } else { 0 }),
        },
        load: Some([wander(4.2, before, 2), 3.1, 2.4]),
        memory: Memory {
            total_bytes: Some(32 * GIB),
            used_bytes: Some(used_bytes),
            available_bytes: Some(32 * GIB - used_bytes),
            cached_bytes: Some(8 * GIB),
            dirty_bytes: Some(120 * MIB),
            swap_total_bytes: Some(4 * GIB),
            swap_used_bytes: Some(300 * MIB),
            major_faults_per_second: Some(2.0),
            ..Memory::default()
        },
        pressure: Pressures {
            cpu: Pressure { some10: Some(0.08), full10: Some(0.0) },
            memory: Pressure { some10: Some(0.01), full10: Some(0.0) },
            io: Pressure { some10: Some(if before < 180 { 0.31 } else { 0.02 }), full10: Some(0.01) },
        },
        devices: vec![device("nvme0n1", 42.0, before), device("sdb", 3.0, before)],
        networks: vec![
            network("eth0", "up", 11.0, before),
            network("eth1", if before < 90 { "down" } else { "up" }, 0.2, before),
            network("lo", "unknown", 0.1, before),
        ],
        kernel: KernelCounters {
            conntrack_used: Some(12_840),
            conntrack_max: Some(262_144),
            files_used: Some(6_912),
            files_max: Some(9_223_372),
            oom_kills: Some(u64::from(before < 150)),
            context_switches_per_second: Some(wander(21_000.0, before, 3)),
            forks_per_second: Some(14.0),
        },
        clock: ClockSync { synchronized: Some(true), offset_seconds: Some(0.000_4) },
    }
}

fn device(name: &str, megabytes: f64, before: i64) -> Device {
    let rate = wander(megabytes, before, name.len() as u64) * 1e6;
    Device {
        name: name.into(),
        read_bytes_per_second: Some(rate * 0.4),
        write_bytes_per_second: Some(rate),
        reads_per_second: Some(rate / 60_000.0),
        writes_per_second: Some(rate / 40_000.0),
        latency_seconds: Some(0.000_8),
        queue: Some(0.4),
        busy_ratio: Some((rate / 1e8).min(1.0)),
    }
}

fn network(name: &str, state: &str, megabytes: f64, before: i64) -> Network {
    let rate = wander(megabytes, before, 20 + name.len() as u64) * 1e6;
    Network {
        name: name.into(),
        state: Some(state.into()),
        speed_bits_per_second: (name != "lo").then_some(10_000_000_000),
        received_bytes_per_second: Some(rate),
        sent_bytes_per_second: Some(rate * 0.3),
        received_packets_per_second: Some(rate / 900.0),
        sent_packets_per_second: Some(rate / 1_300.0),
        packets: Some(40_000_000),
        errors: Some(0),
        drops: Some(if name == "eth0" { 17 } else { 0 }),
        errors_per_second: Some(0.0),
        drops_per_second: Some(0.0),
    }
}

pub fn mounts(before: i64) -> Vec<Mount> {
    let mount = |mount: &str, device: &str, fs: &str, total: u64, free: u64| Mount {
        mount: mount.into(),
        device: device.into(),
        block: device.strip_prefix("/dev/").map(Into::into),
        fs: fs.into(),
        read_only: false,
        remote: false,
        state: MountState::Ready,
        total_bytes: Some(total),
        free_bytes: None,
        available_bytes: Some(free),
        inodes_total: Some(total / 16_384),
        inodes_free: Some(total / 16_384 / 5 * 4),
        fills: Default::default(),
    };
    let free = 12 * GIB * (before as u64 + 40) / 640;
    let mut all = vec![
        mount("/", "/dev/nvme0n1p2", "ext4", 96 * GIB, 41 * GIB),
        mount("/var", "/dev/nvme0n1p3", "xfs", 120 * GIB, free),
        mount("/boot/efi", "/dev/nvme0n1p1", "vfat", GIB, 900 * MIB),
    ];
    let mut remote = mount("/srv/backup", "nas-2:/export/backup", "nfs4", 8_192 * GIB, 3_000 * GIB);
    (remote.remote, remote.block) = (true, None);
    if before < 120 {
        remote.state = MountState::Pending { since: at(120) };
    }
    all.push(remote);
    all
}

pub fn processes(before: i64) -> Vec<Process> {
    let rows: &[(i32, i32, &str, &str, &str, f64, u64)] = &[
        (1, 0, "systemd", "/sbin/init", "root", 0.0, 14),
        (2, 0, "kthreadd", "", "root", 0.0, 0),
        (411, 1, "systemd-journal", "/usr/lib/systemd/systemd-journald", "root", 0.02, 88),
        (640, 1, "sshd", "sshd: /usr/sbin/sshd -D [listener]", "root", 0.0, 9),
        (702, 1, "dockerd", "/usr/sbin/dockerd -H fd://", "root", 0.04, 132),
        (880, 1, "postgres", "postgres: writer process", "postgres", 0.31, 2_210),
        (881, 880, "postgres", "postgres: walwriter", "postgres", 0.08, 310),
        (1_204, 1, "nginx", "nginx: master process /usr/sbin/nginx", "root", 0.0, 12),
        (1_205, 1_204, "nginx", "nginx: worker process", "www-data", 0.19, 61),
        (1_206, 1_204, "nginx", "nginx: worker process", "www-data", 0.17, 58),
        (2_310, 1, "java", "java -Xmx8g -jar /opt/orders/orders.jar", "orders", 1.42, 8_600),
        (3_001, 640, "sshd", "sshd: ada [priv]", "root", 0.0, 11),
        (3_002, 3_001, "bash", "-bash", "ada", 0.0, 5),
        (4_242, 3_002, "flightdeck", "flightdeck", "ada", 0.01, 18),
        (5_120, 1, "rsync", "rsync -a /var/lib/ nas-2:/export/backup/", "root", 0.0, 24),
        (6_001, 2, "kworker/3:1", "", "root", 0.0, 0),
    ];
    let one = |&(pid, parent, name, command, user, cpu, megabytes): &(i32, i32, &str, &str, &str, f64, u64)| Process {
        pid,
        parent,
        start_ticks: 1_000 + pid as u64,
        name: name.into(),
        command: command.into(),
        uid: Some(if user == "root" { 0 } else { 1_000 }),
        user: Some(user.into()),
        cpu_ratio: Some(if cpu == 0.0 { 0.0 } else { wander(cpu, before, pid as u64) }),
        memory_bytes: Some(megabytes * MIB),
        threads: Some(if name == "java" { 84 } else { 1 }),
        state: if name == "rsync" && before < 120 { 'D' } else { 'S' },
        nice: Some(0),
        started_at: Some(at(500_000 - i64::from(pid) * 60)),
        kernel_thread: command.is_empty(),
        cgroup: Some(if user == "root" {
            "/system.slice".into()
        } else {
            format_compact!("/system.slice/{name}.service")
        }),
        unit: (parent == 1).then(|| format_compact!("{name}.service")),
        container: (name == "java").then(|| "4f1d2c9ab7e0".into()),
        read_bytes_per_second: Some(cpu * 1e5),
        write_bytes_per_second: Some(cpu * 3e5),
    };
    rows.iter().map(one).collect()
}

pub fn process_details() -> ProcessDetails {
    let word = |text: &str| CompactString::from(text);
    ProcessDetails {
        key: "2310/3310".into(),
        executable: Some("/usr/lib/jvm/java-21/bin/java".into()),
        directory: Some("/opt/orders".into()),
        arguments: ["java", "-Xmx8g", "-jar", "/opt/orders/orders.jar"].map(word).to_vec(),
        files: vec![(0, word("/dev/null")), (1, word("/var/log/orders.log")), (7, word("socket:[81234]"))],
        files_total: Some(412),
        limits: vec![(word("Max open files"), word("1024"), word("524288"))],
        environment: vec![(word("LANG"), word("C.UTF-8")), (word("DB_PASSWORD"), word("(redacted)"))],
        pressure: Some(Pressures::default()),
        unreadable: vec![],
    }
}

pub fn cgroups() -> Cgroups {
    let group = |path: &str, depth, cpu: f64, megabytes: u64, limit: Option<u64>| Cgroup {
        path: path.into(),
        depth,
        unit: path.ends_with(".service").then(|| path.rsplit('/').next().unwrap_or_default().into()),
        container: path.contains("docker").then(|| "4f1d2c9ab7e0".into()),
        cpu_ratio: Some(cpu),
        cpu_limit_cores: limit.map(|_| 2.0),
        throttled_ratio: limit.map(|_| 0.18),
        memory_bytes: Some(megabytes * MIB),
        memory_limit_bytes: limit.map(|limit| limit * MIB),
        oom_kills: Some(u64::from(limit.is_some())),
        pids: Some(12),
        ..Cgroup::default()
    };
    Cgroups {
        version: Some(2),
        groups: vec![
            group("/", 0, 2.3, 19_000, None),
            group("/system.slice", 1, 2.1, 17_800, None),
            group("/system.slice/nginx.service", 2, 0.36, 131, None),
            group("/system.slice/postgresql.service", 2, 0.39, 2_520, None),
            group("/system.slice/docker-4f1d2c9ab7e0.scope", 2, 1.42, 8_600, Some(9_000)),
            group("/user.slice", 1, 0.01, 34, None),
        ],
        left_out: 0,
    }
}

pub fn sensors() -> Vec<Sensor> {
    let sensor = |name: &str, now: f64, critical: f64| Sensor {
        name: name.into(),
        temperature_celsius: Some(now),
        critical_celsius: Some(critical),
        fan_rpm: None,
    };
    let fan = Sensor { name: "fan1".into(), temperature_celsius: None, critical_celsius: None, fan_rpm: Some(4_320.0) };
    vec![sensor("k10temp Tctl", 61.0, 95.0), sensor("nvme Composite", 44.0, 84.0), fan]
}

pub fn units(before: i64) -> Units {
    let failed = if before < 100 { vec!["backup.service".into()] } else { vec![] };
    Units { systemd: true, failed }
}

pub fn own() -> OwnUsage {
    OwnUsage {
        cpu_ratio: Some(0.004),
        memory_bytes: Some(18 * MIB),
        output_bytes_per_second: Some(310.0),
        recorder_bytes: Some(3 * MIB),
    }
}
