//! What the flight recorder costs: time an event, memory of a full ring, and the time until a moment or a recording is there.

use divan::{Bencher, black_box};
use flightdeck::{
    app::event::{Event, EventKind},
    clock,
    model::{
        Timestamp,
        host::{Device, Gauges, Network},
        process::Process,
        update::Update,
    },
    runtime::recorder::{Limits, Recorder, lines::apply, read::Recording, repack},
    world::World,
};
use jiff::SignedDuration;
use std::{io::Write as _, sync::Arc};

fn main() {
    half_an_hour(100);
    half_an_hour(400);
    opening();
    divan::main();
}

/// Figures that change from sample to sample as real ones do: most stay, some move a little.
fn noise(n: u64) -> f64 {
    let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (n >> 7).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 33) as f64 / f64::from(1u32 << 31)
}

fn gauges(second: u64) -> Update {
    let some = |n: u64| Some(noise(second * 97 + n));
    let mut gauges =
        Gauges { uptime_seconds: Some(1e6 + second as f64), load: Some([0.31, 0.27, 0.22]), ..Gauges::default() };
    gauges.cpu.used_ratio = some(1);
    gauges.cpu.user_ratio = some(2);
    gauges.cpu.system_ratio = some(3);
    gauges.cpu.per_core = (0..8).map(|core| some(10 + core)).collect();
    gauges.memory.total_bytes = Some(16 << 30);
    gauges.memory.used_bytes = Some((6 << 30) + (noise(second) * 1e7) as u64 / 4096 * 4096);
    gauges.pressure.cpu.some10 = Some(0.01);
    gauges.devices = (0..3)
        .map(|n| Device {
            name: format!("sd{n}").into(),
            write_bytes_per_second: Some((noise(second + n) * 1e5).floor()),
            busy_ratio: some(30 + n),
            ..Device::default()
        })
        .collect();
    gauges.networks = (0..3)
        .map(|n| Network {
            name: format!("eth{n}").into(),
            received_bytes_per_second: Some((noise(second + n) * 1e6).floor()),
            sent_bytes_per_second: Some((noise(second * 3 + n) * 1e6).floor()),
            ..Network::default()
        })
        .collect();
    Update::Gauges(Box::new(gauges))
}

fn processes(second: u64, count: u64) -> Update {
    let process = |n: u64| {
        // One in six does something.
        let busy = n.is_multiple_of(6);
        Process {
            pid: 1_000 + n as i32,
            start_ticks: 5_000 + n * 321,
            parent: 1,
            name: format!("worker-{n}").into(),
            command: format!("/usr/lib/service/worker --config /etc/service/{n}.toml --listen 127.0.0.1:{n}").into(),
            uid: Some(1_000),
            user: Some("service".into()),
            cpu_ratio: Some(if busy { (noise(second * n) * 100.0).floor() / 100.0 } else { 0.0 }),
            memory_bytes: Some((20 << 20) + if busy { (noise(second + n) * 1e3) as u64 * 4096 } else { n * 4096 }),
            threads: Some(4),
            state: 'S',
            nice: Some(0),
            started_at: Timestamp::from_second(1_795_000_000 + n as i64).ok(),
            cgroup: Some(format!("/system.slice/service-{n}.service").into()),
            unit: Some(format!("service-{n}.service").into()),
            read_bytes_per_second: None,
            ..Process::default()
        }
    };
    Update::Processes((0..count).map(process).collect())
}

fn event(second: u64, update: Update, source: &str) -> Event {
    let at = Timestamp::from_second(1_795_400_000 + second as i64).expect("in range");
    Event { at, kind: EventKind::Updates { source: source.into(), updates: vec![update] } }
}

/// Fills a ring with half an hour of gauges each second and processes every other, and prints what it costs.
fn half_an_hour(count: u64) {
    let mut recorder = Recorder::new(Limits::default(), Arc::default());
    let mut world = World::default();
    let (mut spent, mut longest) = (0.0f64, 0.0f64);
    for second in 0..1_800 {
        let mut events = vec![event(second, gauges(second), "host/gauges")];
        if second % 2 == 0 {
            events.push(event(second, processes(second, count), "host/processes"));
        }
        for event in events {
            let begin = clock::instant();
            recorder.record(&event, &world);
            let took = begin.elapsed().as_secs_f64();
            (spent, longest) = (spent + took, longest.max(took));
            apply(&mut world, event);
        }
    }
    let oldest = recorder.oldest().expect("something is kept");
    let reach = world.now.duration_since(oldest).as_secs_f64() / 60.0;
    let begin = clock::instant();
    let moment = recorder.moment(oldest.checked_add(SignedDuration::from_secs(25)).expect("in range"));
    let took = begin.elapsed().as_secs_f64() * 1e3;
    assert!(moment.is_some());
    say(&format!(
        "{count} processes every 2 s: ring {:.2} MiB (all {:.2} MiB) reaching back {reach:.1} min; {:.3} % of a core, longest \
         {:.1} ms; a moment in {took:.1} ms",
        recorder.ring_bytes() as f64 / 1_048_576.0,
        recorder.bytes() as f64 / 1_048_576.0,
        spent / 1_800.0 * 100.0,
        longest * 1e3,
    ));
}

fn opening() {
    let events = (0..1_800).flat_map(|second| {
        let processes = (second % 2 == 0).then(|| event(second, processes(second, 100), "host/processes"));
        [Some(event(second, gauges(second), "host/gauges")), processes].into_iter().flatten()
    });
    let packed = repack::from_events(events.map(|event| (event.at, event.kind))).expect("packs");
    let size = packed.len();
    let begin = clock::instant();
    let recording = Recording::read(packed).expect("whole");
    let series = recording.series();
    let took = begin.elapsed().as_secs_f64() * 1e3;
    black_box(series);
    say(&format!(
        "opening a recording of 30 min, {:.2} MiB, with all its history: {took:.0} ms",
        size as f64 / 1_048_576.0
    ));
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn record(bencher: Bencher<'_, '_>, make: impl Fn(u64) -> Event) {
    let mut recorder = Recorder::new(Limits::default(), Arc::default());
    let mut world = World::default();
    apply(&mut world, event(0, processes(0, 200), "host/processes"));
    let mut second = 0;
    bencher.bench_local(|| {
        second += 1;
        recorder.record(black_box(&make(second % 1_000_000)), &world);
    });
}

/// One event of gauges, its making included (see `make_gauges`), packing spread over all.
#[divan::bench]
fn record_gauges(bencher: Bencher<'_, '_>) {
    record(bencher, |second| event(second, gauges(second), "host/gauges"));
}

#[divan::bench]
fn record_200_processes(bencher: Bencher<'_, '_>) {
    record(bencher, |second| event(second, processes(second, 200), "host/processes"));
}

#[divan::bench]
fn make_gauges() -> Event {
    event(7, gauges(black_box(7)), "host/gauges")
}

#[divan::bench]
fn make_200_processes() -> Event {
    event(7, processes(black_box(7), 200), "host/processes")
}
