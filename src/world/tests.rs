//! What `World` makes of time: pauses, clocks that are set, sources that are asked more often, and figures that only rise.

use super::{LARGE, World};
use crate::model::{
    Timestamp,
    attention::Severity,
    change::ChangeKind,
    health::Health,
    host::{Gauges, KernelCounters, Memory},
    kubernetes::{KubeNews, KubePart, Pod},
    mount::{Mount, MountState},
    reading::{Reading, Readings},
    rows::Delta,
    source::{SourceReport, SourceState},
    topic::Topic,
    update::Update,
};
use jiff::SignedDuration;
use std::sync::Arc;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn report(name: &str, topic: Topic, cadence: f64) -> SourceReport {
    SourceReport {
        name: name.into(),
        kind: "host".into(),
        topics: topic.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(cadence),
    }
}

fn gauges(used: u64, oom_kills: u64) -> Vec<Update> {
    let memory = Memory { total_bytes: Some(100), used_bytes: Some(used), ..Memory::default() };
    let kernel = KernelCounters { oom_kills: Some(oom_kills), ..KernelCounters::default() };
    vec![Update::Gauges(Box::new(Gauges { memory, kernel, ..Gauges::default() }))]
}

/// A file system of 100 bytes.
fn mount(at: &str, fs: &str, available: u64) -> Mount {
    Mount {
        mount: at.into(),
        device: "x".into(),
        block: None,
        fs: fs.into(),
        read_only: false,
        remote: false,
        state: MountState::Ready,
        total_bytes: Some(100),
        free_bytes: None,
        available_bytes: Some(available),
        inodes_total: None,
        inodes_free: None,
        fills: Default::default(),
    }
}

/// A world with three sources that answered at second 0.
fn world() -> World {
    let mut world = World::at(at(0));
    for (name, topic, cadence) in [
        ("host/gauges", Topic::Gauges, 1.0),
        ("host/mounts", Topic::Mounts, 10.0),
        ("host/processes", Topic::Processes, 10.0),
    ] {
        world.report(at(0), report(name, topic, cadence));
    }
    world.apply(at(0), "host/gauges", gauges(10, 0));
    world.apply(at(0), "host/mounts", vec![]);
    world.apply(at(0), "host/processes", vec![]);
    world
}

#[test]
fn what_is_mounted_is_told_and_a_containers_root_is_not() {
    let mut world = world();
    let mounts = vec![mount("/data", "ext4", 50), mount("/var/lib/docker/overlay2/a/merged", "overlay", 50)];
    for (second, mounts) in [(1, vec![]), (2, mounts), (3, vec![])] {
        world.apply(at(second), "host/mounts", vec![Update::Mounts(mounts)]);
    }
    let texts: Vec<_> = world.changes.iter().map(|change| change.text.as_str()).collect();
    assert_eq!(texts, ["/data unmounted", "/data mounted (ext4)"]);
}

#[test]
fn readings_are_those_of_their_source_until_it_is_off() {
    let mut world = world();
    let read = |source: &str, drift| {
        let all = vec![Reading::number("drift", drift), Reading::text("source", Some("tsc".into()))];
        vec![Update::Readings(Readings { source: source.into(), all })]
    };
    world.report(at(0), report("host/clock", Topic::Readings, 10.0));
    assert_eq!(world.apply(at(1), "host/clock", read("host/clock", Some(1.0))).topics, Topic::Readings.into());
    world.apply(at(2), "host/other", read("host/other", Some(2.0)));
    world.apply(at(3), "host/clock", read("host/clock", Some(3.0)));
    let drift = |world: &World, source| world.observed.readings.get(source).and_then(|read| read.number("drift"));
    assert_eq!((drift(&world, "host/clock"), drift(&world, "host/other")), (Some(3.0), Some(2.0)));
    assert_eq!(world.observed.readings["host/clock"].number("source"), None, "it is a text");
    let text = serde_json::to_string(&world.moment()).expect("serialises");
    let again: World = serde_json::from_str(&text).expect("reads back");
    assert_eq!(again.observed.readings, world.observed.readings);
    world.report(at(4), SourceReport { state: SourceState::Off, ..report("host/clock", Topic::Readings, 10.0) });
    assert!(!world.observed.readings.contains_key("host/clock") && world.observed.readings.contains_key("host/other"));
}

#[test]
fn a_source_that_is_asked_more_often_is_not_silent() {
    let mut world = world();
    for second in 1..=9 {
        world.apply(at(second), "host/gauges", gauges(10, 0));
    }
    // A pane became visible: the last answer is nine seconds old, and the next one is due.
    world.report(at(9), report("host/processes", Topic::Processes, 2.0));
    world.apply(at(10), "host/gauges", gauges(10, 0));
    assert!(world.attention.is_empty() && world.changes.is_empty(), "{:?}", world.changes);
    // It is silent when it stays away.
    for second in 11..=30 {
        world.apply(at(second), "host/gauges", gauges(10, 0));
    }
    assert!(world.attention.iter().any(|row| row.condition.name == "host/processes"));
}

#[test]
fn a_pause_raises_nothing() {
    let mut world = world();
    world.apply(at(1), "host/gauges", gauges(95, 0));
    // Stopped for six minutes; then every source answers within a moment.
    world.apply(at(361), "host/gauges", gauges(95, 0));
    world.apply(at(361), "host/mounts", vec![]);
    world.apply(at(362), "host/processes", vec![]);
    world.apply(at(363), "host/gauges", gauges(95, 0));
    world.apply(at(364), "host/gauges", gauges(95, 0));
    assert!(world.attention.is_empty() && world.changes.is_empty(), "{:?}", world.changes);
    assert_eq!(world.pending().len(), 1, "memory is high, and has been seen for three seconds");
    for second in 365..=1_270 {
        world.apply(at(second), "host/gauges", gauges(95, 0));
    }
    assert!(world.attention.iter().any(|row| row.condition.rule == "memory-used"));
}

#[test]
fn old_figures_neither_raise_nor_clear() {
    let mut world = world();
    for second in 1..=70 {
        world.apply(at(second), "host/mounts", vec![Update::Mounts(vec![mount("/full", "ext4", 0)])]);
    }
    assert_eq!(world.attention[0].condition.severity, Severity::Critical);
    for second in 71..=190 {
        world.apply(at(second), "host/gauges", gauges(10, 0));
    }
    let rules: Vec<_> = world.attention.iter().map(|row| row.condition.rule.as_str()).collect();
    assert!(rules.contains(&"mount-full") && rules.contains(&"source-stale"), "{rules:?}");
}

#[test]
fn every_oom_kill_is_told_whatever_it_is_stamped() {
    let mut world = world();
    // Another source's news was stamped later than the gauges that bring it.
    world.apply(at(3), "host/mounts", vec![]);
    world.apply(at(2), "host/gauges", gauges(10, 1));
    assert!(world.attention.iter().any(|row| row.condition.rule == "oom-kill"));
    world.apply(at(60), "host/gauges", gauges(10, 3));
    let told = world.changes.iter().filter(|change| {
        matches!(change.kind, ChangeKind::Problem | ChangeKind::Oom) && change.text.contains("memory")
    });
    assert_eq!(told.count(), 2, "{:?}", world.changes);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut world = world();
    world.apply(at(1), "host/gauges", gauges(10, 0));
    world.shift_time(SignedDuration::from_mins(-10));
    assert_eq!(world.now, at(1 - 600));
    assert!(world.changes[0].text.contains("set back by 10m"), "{:?}", world.changes[0]);
    let status = &world.observed.sources["host/gauges"];
    assert_eq!((status.state(world.now), status.age_seconds(world.now)), (SourceState::Ok, Some(0.0)));
    let points =
        |world: &World| world.series.get(&crate::model::series::Metric::MemoryUsed.into()).map_or(0, |s| s.len());
    assert_eq!(points(&world), 0, "points that lie in the future are gone");
    world.apply(at(2 - 600), "host/gauges", gauges(10, 0));
    assert_eq!(points(&world), 1, "and new ones are taken");
}

#[test]
fn in_a_large_world_the_rules_look_in_a_turn_of_their_own() {
    let news = |pods: Vec<Pod>| {
        let delta = Delta::Changed { changed: pods.into_iter().map(Arc::new).collect(), gone: Vec::new() };
        vec![Update::Kube(Box::new(KubeNews { context: "c".into(), part: KubePart::Pods(delta) }))]
    };
    let pod =
        |n, health| Pod { context: "c".into(), name: compact_str::format_compact!("p{n}"), health, ..Pod::default() };
    let mut world = World::at(at(0));
    world.apply(at(0), "kube/c", news((0..=LARGE).map(|n| pod(n, Health::Ok)).collect()));
    world.pass(at(10));
    assert_eq!(world.judge_at(), None);
    let changed = world.apply(at(10), "kube/c", news(vec![pod(7, Health::Failing)]));
    assert!(changed.topics.contains(Topic::Pods) && !changed.attention);
    assert_eq!((world.judge_at(), world.pending().len()), (Some(at(11)), 0));
    world.pass(at(11));
    assert_eq!((world.judge_at(), world.pending().len()), (None, 1));
    world.pass(at(17));
    assert_eq!(world.attention.len(), 1);
}
