//! A world of made-up figures, and every pane drawn from it at every size.

use super::*;
use crate::{
    app::{App, settings::Settings},
    config::Config,
    keymap::Keymap,
    model,
    model::{
        Timestamp,
        cgroup::{Cgroup, Cgroups},
        host::{
            Cpu, Device, Gauges, HostFacts, KernelCounters, Limits, Memory, Network, Pressure, Pressures, Sensor, Units,
        },
        mount::{Mount, MountState},
        process::{Process, ProcessDetails},
        source::{SourceReport, SourceState},
        topic::Topic,
        update::Update,
    },
    ops::gate::Policy,
    ui::{glyphs, theme::Theme},
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

#[path = "../../tests/common/moment.rs"]
mod moment;

#[path = "../../tests/common/kube_sample/mod.rs"]
pub(crate) mod kube_sample;

#[path = "../../tests/common/engine_sample.rs"]
pub(crate) mod engine_sample;

/// 2026-11-23 02:14:07Z.
pub(crate) fn noon() -> Timestamp {
    "2026-11-23T02:14:07Z".parse().expect("a time")
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    noon().checked_add(jiff::SignedDuration::from_secs(seconds)).expect("in range")
}

fn gauges(second: i64, cores: usize) -> Gauges {
    let wave = |phase: f64| ((second as f64 / 40.0 + phase).sin() + 1.0) / 2.0;
    let pressure = Pressure { some10: Some(0.003), full10: Some(0.0) };
    Gauges {
        uptime_seconds: Some(532_800.0 + second as f64),
        cpu: Cpu {
            used_ratio: Some(0.2 + 0.5 * wave(0.0)),
            user_ratio: Some(0.4),
            system_ratio: Some(0.1),
            iowait_ratio: Some(0.1 * wave(1.0)),
            steal_ratio: Some(0.0),
            per_core: (0..cores).map(|core| Some(wave(core as f64))).collect(),
            frequency_hertz: Some(2_400_000_000),
            running: Some(3),
            blocked: Some(0),
        },
        load: Some([4.1, 3.9, 3.5]),
        memory: Memory {
            total_bytes: Some(32 << 30),
            used_bytes: Some(23 << 30),
            available_bytes: Some(9 << 30),
            cached_bytes: Some(6 << 30),
            dirty_bytes: Some(12 << 20),
            swap_total_bytes: Some(8 << 30),
            swap_used_bytes: Some(1 << 28),
            major_faults_per_second: Some(2.0),
            limit_bytes: Some(4 << 30),
            limit_used_bytes: Some(2 << 30),
            ..Memory::default()
        },
        pressure: Pressures { cpu: pressure, memory: pressure, io: pressure },
        devices: ["sda", "nvme0n1"].map(|name| device(name, wave(2.0))).into(),
        networks: ["lo", "eth0"].map(|name| network(name, wave(3.0))).into(),
        kernel: KernelCounters {
            files_used: Some(12_345),
            files_max: Some(1_000_000),
            oom_kills: Some(0),
            context_switches_per_second: Some(12_345.0),
            ..KernelCounters::default()
        },
        ..Gauges::default()
    }
}

fn device(name: &str, rate: f64) -> Device {
    Device {
        name: name.into(),
        read_bytes_per_second: Some(rate * 1e7),
        write_bytes_per_second: Some(4096.0),
        reads_per_second: Some(12.0),
        writes_per_second: Some(1.0),
        latency_seconds: Some(0.0004),
        queue: Some(0.1),
        busy_ratio: Some(rate),
    }
}

fn network(name: &str, rate: f64) -> Network {
    Network {
        name: name.into(),
        state: Some("up".into()),
        speed_bits_per_second: Some(10_000_000_000),
        received_bytes_per_second: Some(rate * 1e6),
        sent_bytes_per_second: Some(30_000.0),
        received_packets_per_second: Some(800.0),
        sent_packets_per_second: Some(90.0),
        packets: Some(1_000_000),
        errors: Some(0),
        drops: Some(17),
        errors_per_second: Some(0.0),
        drops_per_second: None,
    }
}

fn mount(mount: &str, used: f64, state: MountState) -> Mount {
    Mount {
        mount: mount.into(),
        device: "/dev/sda1".into(),
        // A partition of its own: what is mounted twice is told once.
        block: Some(format!("sda{}", mount.len()).into()),
        fs: "ext4".into(),
        read_only: false,
        remote: false,
        state,
        total_bytes: Some(100 << 30),
        free_bytes: None,
        available_bytes: Some(((1.0 - used) * (100u64 << 30) as f64) as u64),
        inodes_total: Some(1000),
        inodes_free: Some(900),
        fills: Default::default(),
    }
}

fn process(pid: i32, parent: i32, name: &str) -> Process {
    Process {
        pid,
        parent,
        start_ticks: if pid == 1 { 1 } else { 7 },
        name: name.into(),
        command: if name.starts_with('k') { "".into() } else { format!("/usr/bin/{name} --flag\u{1b}[31m").into() },
        uid: Some(0),
        user: Some("root".into()),
        cpu_ratio: Some(f64::from(pid) / 100.0),
        memory_bytes: Some(12 << 20),
        threads: Some(4),
        state: 'S',
        nice: Some(0),
        started_at: Some(at(-4000)),
        kernel_thread: name.starts_with('k'),
        unit: Some("nginx.service".into()),
        cgroup: Some("/system.slice/nginx.service".into()),
        ..Process::default()
    }
}

fn details() -> ProcessDetails {
    ProcessDetails {
        key: "80/7".into(),
        executable: Some("/usr/bin/nginx".into()),
        directory: Some("/".into()),
        arguments: vec!["/usr/bin/nginx".into(), "--flag".into()],
        files: vec![(0, "/dev/null".into()), (3, "socket:[123]".into())],
        files_total: Some(900),
        limits: vec![("Max open files".into(), "1024".into(), "4096".into())],
        environment: vec![("PATH".into(), "/usr/bin".into())],
        pressure: None,
        unreadable: vec!["environment: permission denied".into()],
    }
}

fn group(path: &str, depth: u16) -> Cgroup {
    Cgroup { path: path.into(), depth, memory_bytes: Some(300 << 20), pids: Some(4), ..Cgroup::default() }
}

fn facts() -> HostFacts {
    HostFacts {
        hostname: "bastion-1".into(),
        kernel: "6.8.0".into(),
        os: Some("Debian 13".into()),
        architecture: "x86_64".into(),
        cores: 8,
        virtualization: Some("kvm".into()),
        booted_at: Some(at(-532_800)),
        limits: Limits { memory_bytes: Some(4 << 30), ..Limits::default() },
        ..HostFacts::default()
    }
}

/// A world with ten minutes of history, one full disk and one mount that does not answer.
pub(crate) fn world() -> World {
    world_of(8)
}

pub(crate) fn world_of(cores: usize) -> World {
    let mut world = World::at(at(-600));
    let report = |name: &str, topic: Topic, state| SourceReport {
        name: name.into(),
        kind: "host".into(),
        topics: topic.into(),
        state,
        reason: None,
        hint: None,
        cadence_seconds: Some(2.0),
    };
    world.report(at(-600), report("host/processes", Topic::Processes, SourceState::Ok));
    world.report(at(-600), report("host/sensors", Topic::Sensors, SourceState::Waiting));
    world.apply(at(-600), "host/facts", vec![Update::Facts(Box::new(facts()))]);
    for second in -600..0 {
        world.apply(at(second), "host/gauges", vec![Update::Gauges(Box::new(gauges(second, cores)))]);
    }
    let pending = MountState::Pending { since: at(-40) };
    let mounts = vec![
        mount("/", 0.4, MountState::Ready),
        mount("/var", 0.96, MountState::Ready),
        mount("/mnt/nfs", 0.1, pending),
    ];
    let sensor =
        Sensor { name: "coretemp".into(), temperature_celsius: Some(61.0), critical_celsius: None, fan_rpm: None };
    let groups = vec![group("/", 0), group("/system.slice", 1), group("/system.slice/nginx.service", 2)];
    let updates = vec![
        Update::Gauges(Box::new(gauges(0, cores))),
        Update::Mounts(mounts),
        Update::Processes(vec![
            process(1, 0, "init"),
            process(2, 0, "kthreadd"),
            process(70, 1, "flightdeck"),
            process(80, 1, "nginx"),
            process(81, 80, "nginx"),
        ]),
        Update::ProcessDetails(Box::new(details())),
        Update::Cgroups(Box::new(Cgroups { version: Some(2), groups, left_out: 3 })),
        Update::Sensors(vec![sensor]),
        Update::Units(Units { systemd: true, failed: vec!["backup.service".into()] }),
    ];
    world.apply(noon(), "host/processes", updates);
    for report in kube_sample::reports().into_iter().chain(engine_sample::reports()) {
        world.report(noon(), report);
    }
    for (source, updates) in kube_sample::news(noon()).into_iter().chain(engine_sample::news(noon())) {
        world.apply(noon(), source, updates);
    }
    for report in kube_sample::reports().into_iter().chain(engine_sample::reports()) {
        world.report(noon(), report);
    }
    world.pass(at(1));
    world
}

pub(crate) fn settings() -> Settings {
    Settings {
        config: Config::default(),
        theme: Theme::monochrome(),
        themes: Vec::new(),
        glyphs: glyphs::UNICODE,
        keymap: Keymap::default(),
        pages: Vec::new(),
        manners: crate::incident::manners::Manners::default(),
        warnings: Vec::new(),
    }
}

/// An app that shows that world, with every list in order.
pub(crate) fn app_of(world: World, policy: Policy, size: (u16, u16)) -> App {
    let mut app = App::new(settings(), policy, world.now, size);
    app.world = world;
    for pane in PANES {
        if let Some(table) = pane.table_in(&app.world) {
            let state = app.view.pane_mut(pane.name());
            state.list.refresh(table, &app.world, false, 20);
        }
    }
    app
}

pub(crate) fn text_of(buffer: &Buffer) -> String {
    let row = |y| -> String {
        (buffer.area.left()..buffer.area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().into()
    };
    (buffer.area.top()..buffer.area.bottom()).map(row).collect::<Vec<String>>().join("\n")
}

pub(crate) fn drawn(app: &App, name: &str, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    find(name).expect("a pane").draw(&app.scene(), area, &mut buffer);
    text_of(&buffer)
}

fn app() -> App {
    app_of(world(), Policy::default(), (120, 40))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn every_pane_fits_every_size(width in 0u16..200, height in 0u16..60, cores in 0usize..300, back in 0i64..900, mode in 0..3) {
        let known = app_of(world_of(cores), Policy::default(), (width, height));
        let mut past = app_of(World::at(noon()), Policy::default(), (width, height));
        past.view.cursor = Some(at(-back));
        for mut app in [known, past] {
            app.view.cursor = (back % 2 == 0).then(|| at(-back));
            (0..mode).for_each(|_| app.view.graph_mode = app.view.graph_mode.next());
            for pane in PANES {
                drawn(&app, pane.name(), width, height);
                pane.status(&app.scene());
                pane.lines(&app.scene());
            }
        }
    }
}

#[test]
fn everything_is_explained() {
    for pane in PANES {
        assert!(pane.about().ends_with('.'), "{}: the text has no end", pane.name());
        for column in pane.table().map_or(&[][..], Table::columns) {
            assert!(!column.about.is_empty() && !column.name.contains([' ', '%', '>']), "{}", column.name);
        }
    }
}

#[test]
fn the_host_in_a_few_lines() {
    let text = drawn(&app(), "host", 78, 5);
    println!("{text}");
    for part in
        ["load 4.1 3.9 3.5", "23 GiB/32 GiB", "of our limit  50 %", "96 % /var", "pending 1", "rx", "psi  0.3 %"]
    {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&part), "«{part}» in\n{text}");
    }
    println!("{}", drawn(&app(), "host", 40, 1));
    println!("{}", drawn(&app(), "host", 150, 3));
}

#[test]
fn what_is_not_known_is_a_question_mark() {
    let app = app_of(World::at(noon()), Policy::default(), (80, 24));
    let text = drawn(&app, "host", 78, 5);
    assert!(text.lines().all(|line| line.contains('?')), "{text}");
    assert!(!text.contains('0'), "{text}");
    assert!(drawn(&app, "cpu", 78, 5).contains("no source of gauges"));
}

#[test]
fn pictures() {
    for (name, width, height) in [
        ("cpu", 58, 12),
        ("memory", 58, 12),
        ("pressure", 40, 9),
        ("system", 60, 20),
        ("disks", 118, 5),
        ("sources", 118, 4),
    ] {
        println!("--- {name}\n{}", drawn(&app(), name, width, height));
    }
}

/// News of the gauges at a second, as restless as a busy machine's: every figure differs from the one before.
pub(crate) fn gauges_at(second: i64) -> Update {
    let mut state = second as u64 + 1;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1u32 << 24)
    };
    let mut news = gauges(second, 8);
    news.cpu.used_ratio = Some(0.2 + 0.5 * noise());
    news.cpu.iowait_ratio = Some(0.1 * noise());
    news.cpu.per_core.iter_mut().for_each(|core| *core = Some(noise()));
    news.load = Some([4.0 + noise(), 3.9, 3.5]);
    news.memory.used_bytes = Some((23u64 << 30) + (noise() * 1e9) as u64);
    news.memory.dirty_bytes = Some((noise() * 1e8) as u64);
    news.pressure.cpu.some10 = Some(0.01 * noise());
    for device in &mut news.devices {
        device.read_bytes_per_second = Some(noise() * 1e8);
    }
    for network in &mut news.networks {
        network.received_bytes_per_second = Some(noise() * 1e8);
    }
    Update::Gauges(Box::new(news))
}
