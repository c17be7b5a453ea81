//! The flight recorder and the player: what is recorded comes back exactly, within its bounds, and damage costs only itself.

mod common;

use flightdeck::{
    app::{
        effect::PlayerCommand,
        event::{Event, EventKind},
    },
    model::{Timestamp, host::Gauges, input::Key, log::LogLine, process::Process, series::Metric, update::Update},
    runtime::{
        player::Player,
        recorder::{Limits, Recorder, file::FileSink, format::Header, lines::apply, read::Recording},
        rehearse::{Rehearsal, replay_screens},
    },
    source::script::{Scenario, What},
    world::World,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

const STORY: &str = include_str!("scenarios/memory-pressure.toml");
const LARGE: u64 = 1 << 30;

/// A scenario's events, with keys of a user who looks around, as they would be taken.
fn story() -> Vec<(Timestamp, EventKind)> {
    let scenario = Scenario::load(STORY).expect("reads");
    let mut events = Vec::new();
    for (n, step) in scenario.steps.into_iter().enumerate() {
        if matches!(step.what, What::Check(_)) {
            continue;
        }
        events.push((step.at, step.what.into()));
        if n % 7 == 3 {
            events.push((step.at, EventKind::Key("tab".parse::<Key>().expect("a key"))));
        }
        // Some news carry the time at which they were asked for.
        if n % 5 == 2 {
            let earlier = step.at.checked_sub(SignedDuration::from_millis(1_700)).expect("in range");
            let gauges = Gauges { load: Some([n as f64 / 3.0, 0.1 + 0.2, 1e-7]), ..Gauges::default() };
            let updates = vec![Update::Gauges(Box::new(gauges))];
            events.push((earlier, EventKind::Updates { source: "host/gauges".into(), updates }));
        }
    }
    events
}

fn text(world: &World) -> String {
    serde_json::to_string(world).expect("serialises")
}

/// Records the story into a file and returns its bytes and the world after each time.
fn record(limits: Limits, path: &Path) -> (Vec<u8>, Vec<(Timestamp, String)>) {
    let mut recorder = Recorder::new(limits, Arc::default());
    let start = Timestamp::from_second(1_795_400_040).expect("in range");
    recorder.start_file(FileSink::create(path, &Header::new(start, None), LARGE).expect("made"));
    let mut world = World::at(start);
    let mut worlds = vec![];
    let mut clock = start;
    for (at, kind) in story() {
        let event = Event { at, kind };
        assert_eq!(recorder.record(&event, &world), None);
        apply(&mut world, event);
        clock = clock.max(at);
        worlds.retain(|(at, _)| *at != clock);
        worlds.push((clock, text(&world)));
    }
    recorder.stop_file().expect("was recording").expect("written");
    (fs::read(path).expect("there"), worlds)
}

fn small() -> Limits {
    Limits { chunk_bytes: 8 << 10, ..Limits::default() }
}

#[test]
fn every_moment_comes_back_exactly() {
    for limits in [Limits::default(), small(), Limits { chunk_bytes: 0, ..Limits::default() }] {
        let mut recorder = Recorder::new(limits, Arc::default());
        let mut world = World::at(story()[0].0);
        let mut clock = world.now;
        let mut worlds: Vec<(Timestamp, String)> = vec![];
        for (at, kind) in story() {
            let event = Event { at, kind };
            recorder.record(&event, &world);
            apply(&mut world, event);
            clock = clock.max(at);
            worlds.retain(|(at, _)| *at != clock);
            worlds.push((clock, text(&world)));
        }
        let oldest = recorder.oldest().expect("something is kept");
        let mut compared = 0;
        for (at, world) in worlds.iter().filter(|(at, _)| *at >= oldest) {
            assert_eq!(&text(&recorder.moment(*at).expect("kept")), world, "at {at}");
            let later = at.checked_add(SignedDuration::from_millis(300)).expect("in range");
            assert_eq!(&text(&recorder.moment(later).expect("kept")), world, "after {at}");
            compared += 1;
        }
        assert!(compared > 50, "{compared}");
        // What is kept beside an incident plays the same.
        let (bytes, first, last) = recorder.dump().expect("something is kept");
        let recording = Recording::read(bytes).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!((recording.first(), recording.last()), (first, last));
        assert!(first <= oldest && recording.damage.is_none(), "{:?}", recording.damage);
        let chunk = recording.lines(recording.len() - 1).expect("the open chunk");
        let end = chunk.world_after(chunk.until(last)).expect("a world");
        assert_eq!(&text(&end), &worlds.last().expect("some").1);
        assert!(recorder.moment(oldest.checked_sub(SignedDuration::from_secs(1)).expect("in range")).is_none());
    }
}

#[test]
fn a_file_is_private_new_and_ends_at_its_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sub/a.flightdeck");
    let (bytes, worlds) = record(small(), &path);
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let header = Header::new(Timestamp::UNIX_EPOCH, None);
    let error = FileSink::create(&path, &header, LARGE).err().expect("is there already").to_string();
    assert!(error.contains("exists already") && error.contains("a.flightdeck"), "{error}");
    assert_eq!(fs::read(&path).expect("there"), bytes, "left as it was");
    let recording = Recording::read(bytes).expect("whole");
    assert_eq!(recording.damage, None);
    assert_eq!(Some(recording.last()), worlds.last().map(|(at, _)| *at));

    let mut recorder = Recorder::new(small(), Arc::default());
    recorder.start_file(FileSink::create(&folder.path().join("b"), &header, 4_000).expect("made"));
    let mut world = World::default();
    let mut stopped = vec![];
    for (at, kind) in story() {
        let event = Event { at, kind };
        stopped.extend(recorder.record(&event, &world));
        apply(&mut world, event);
    }
    assert_eq!(stopped.len(), 1, "said once");
    assert!(stopped[0].0.contains("limit") && !recorder.is_recording(), "{stopped:?}");
    assert!(fs::metadata(folder.path().join("b")).expect("there").len() <= 4_000);
}

#[test]
fn what_was_open_is_written_when_the_recorder_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let mut recorder = Recorder::new(Limits::default(), Arc::default());
    recorder.start_file(FileSink::create(&path, &Header::new(Timestamp::UNIX_EPOCH, None), LARGE).expect("made"));
    let event = Event { at: Timestamp::UNIX_EPOCH, kind: EventKind::Wake };
    recorder.record(&event, &World::default());
    drop(recorder);
    assert_eq!(Recording::open(&path).expect("whole").len(), 1);
}

#[test]
fn a_clock_that_was_set_back_is_recorded_and_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let mut recorder = Recorder::new(Limits::default(), Arc::default());
    let start = Timestamp::from_second(1_795_400_040).expect("in range");
    recorder.start_file(FileSink::create(&path, &Header::new(start, None), LARGE).expect("made"));
    let mut world = World::at(start);
    let at = |seconds: i64| start.checked_add(SignedDuration::from_secs(seconds)).expect("in range");
    let mut events: Vec<_> = (0..20).map(|second| (at(second), EventKind::Wake)).collect();
    events.push((at(-3_580), EventKind::ClockStepped { by_seconds: -3_599.0 }));
    events.extend((-3_579..-3_539).map(|second| (at(second), EventKind::Wake)));
    for (at, kind) in events {
        let event = Event { at, kind };
        recorder.record(&event, &world);
        apply(&mut world, event);
    }
    assert_eq!(world.now, at(-3_540), "the world followed");
    let file = recorder.end_file().expect("was recording").expect("goes on");
    assert!(!recorder.is_recording());
    assert_eq!(file.end().expect("written").0, path);
    let recording = Recording::open(&path).expect("whole");
    // A crash costs no more than it does before.
    assert!(recording.len() >= 4 + 8, "{}", recording.len());
    let last = recording.lines(recording.len() - 1).expect("whole");
    assert_eq!(last.world_after(usize::MAX).expect("reads").now, world.now);
}

#[test]
fn a_replay_shows_what_the_live_cockpit_showed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let start = story()[0].0;
    let mut live = Rehearsal::new(common::settings(), start, (100, 30));
    live.app.set_recording(true);
    let mut recorder = Recorder::new(small(), Arc::default());
    recorder.start_file(FileSink::create(&path, &Header::new(start, None), LARGE).expect("made"));
    let mut events = story();
    let key = |text: &str| EventKind::Key(text.parse().expect("a key"));
    let log = LogLine { at: Timestamp::UNIX_EPOCH, level: "INFO".into(), target: "test".into(), text: "a line".into() };
    let middle = events.len() / 2;
    let now = events[middle].0;
    events.insert(middle, (now, EventKind::Resize { columns: 81, rows: 25 }));
    let last = events.last().expect("some").0;
    for kind in [EventKind::Log(log), key("z"), key("tab"), key("["), key("[")] {
        events.push((last, kind));
    }
    for (at, kind) in events {
        let event = Event { at, kind };
        recorder.record(&event, &live.app.world);
        live.take(event);
    }
    recorder.stop_file().expect("was recording").expect("written");
    assert!(live.app.moment.is_some() && live.app.view.zoom, "the session ends zoomed and in the past");
    let recording = Recording::open(&path).expect("whole");
    let screens = replay_screens(&recording, (100, 30), common::settings());
    let (at, screen) = screens.last().expect("drawn");
    assert_eq!(*at, live.app.now);
    assert_eq!(*screen, live.screen());
}

fn player(path: &Path) -> (Player, Vec<(Timestamp, String)>) {
    let (bytes, worlds) = record(small(), path);
    (Player::new(Recording::read(bytes).expect("whole")).expect("plays"), worlds)
}

fn world_of(player: &Player) -> String {
    match player.world().map(|event| event.kind) {
        Some(EventKind::World(world)) => text(&world),
        _ => panic!("no world"),
    }
}

#[test]
fn playing_seeking_and_stepping_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut player, worlds) = player(&folder.path().join("a"));
    let begin = flightdeck::clock::instant();
    let after = |seconds: f64| begin + Duration::from_secs_f64(seconds);
    for (at, world) in worlds.iter().rev().chain(&worlds) {
        player.command(PlayerCommand::Seek(*at), begin);
        assert_eq!(&world_of(&player), world, "at {at}");
    }
    // Played through, the events make the same world as its last moment.
    player.command(PlayerCommand::Seek(Timestamp::MIN), begin);
    let Some(EventKind::World(mut world)) = player.world().map(|event| event.kind) else { panic!("no world") };
    assert_eq!(player.next_at(), None, "standing still asks for nothing");
    player.command(PlayerCommand::Speed(1_000.0), begin);
    assert!((player.state().speed - 64.0).abs() < f64::EPSILON);
    player.command(PlayerCommand::Toggle, begin);
    let mut wakes = 0;
    while let Some(at) = player.next_at() {
        for event in player.due(at) {
            apply(&mut world, event);
        }
        wakes += 1;
    }
    assert!(wakes > 20 && !player.state().playing, "{wakes}");
    assert_eq!(player.state().position, player.state().last);
    assert_eq!(text(&world), worlds.last().expect("some").1);
    assert!(player.due(after(1e6)).is_empty());
}

#[test]
fn a_step_back_undoes_a_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut player, _) = player(&folder.path().join("a"));
    let now = flightdeck::clock::instant();
    let mut worlds = vec![];
    let mut places = vec![];
    while player.state().position < player.state().last {
        worlds.push(world_of(&player));
        places.push(player.state().position);
        player.command(PlayerCommand::Step(1), now);
        assert!(worlds.len() < 10_000, "comes to an end");
    }
    for (world, place) in worlds.iter().zip(&places).skip(1).rev() {
        player.command(PlayerCommand::Step(-1), now);
        assert_eq!((&world_of(&player), &player.state().position), (world, place));
    }
    for _ in 0..5 {
        player.command(PlayerCommand::Step(-1), now);
    }
    assert_eq!(player.state().position, player.state().first);
}

#[test]
fn the_history_reaches_over_the_whole_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let (player, worlds) = player(&folder.path().join("a"));
    let series = player.series();
    let used = series.get(&Metric::MemoryUsed.into()).expect("kept");
    let (first, last) = (worlds[0].0.as_millisecond(), worlds[worlds.len() - 1].0.as_millisecond());
    let points: Vec<_> = used.between(first, last).collect();
    assert!(points.len() > 50 && points[0].0 == first, "{}", points.len());
}

#[test]
fn the_demo_plays() {
    let mut player = Player::demo().expect("built in");
    assert_eq!(player.recording().damage, None);
    assert!(flightdeck::runtime::player::DEMO.len() <= 400 << 10);
    let now = flightdeck::clock::instant();
    player.command(PlayerCommand::Seek(Timestamp::MAX), now);
    assert!(player.world().is_some());
}

fn bytes() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        record(small(), &folder.path().join("a")).0
    })
}

/// Plays all of it; only that it does not panic counts.
fn play(bytes: Vec<u8>) -> Option<(usize, Option<String>)> {
    let recording = Recording::read(bytes).ok()?;
    let found = (recording.len(), recording.damage.clone());
    if let Ok(mut player) = Player::new(recording) {
        let now = flightdeck::clock::instant();
        for command in [PlayerCommand::Seek(Timestamp::MAX), PlayerCommand::Step(-3), PlayerCommand::Skip(-20.0)] {
            player.command(command, now);
        }
        let _ = player.series();
    }
    Some(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_whole_of_a_truncated_recording_is_played(cut in 0.0f64..1.0) {
        let whole = Recording::read(bytes()).expect("whole").len();
        let cut = (bytes().len() as f64 * cut) as usize;
        let found = play(bytes()[..cut].to_vec());
        if let Some((chunks, damage)) = found {
            prop_assert!(chunks < whole);
            prop_assert!(chunks + 2 > whole * cut / bytes().len() || damage.is_some());
        }
    }

    #[test]
    fn a_flipped_byte_costs_one_chunk(place in 0.0f64..1.0, flip in 1u8..) {
        let whole = Recording::read(bytes()).expect("whole").len();
        let mut damaged = bytes().to_vec();
        let place = (damaged.len() as f64 * place) as usize;
        damaged[place] ^= flip;
        let header = bytes().iter().position(|byte| *byte == b'\n').expect("a line");
        match play(damaged) {
            Some((chunks, damage)) if place > header => {
                prop_assert_eq!(chunks, whole - 1);
                prop_assert!(damage.is_some());
            }
            found => prop_assert!(place <= header, "{:?}", found),
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        play([bytes(), &tail].concat());
        play([&Header::new(Timestamp::UNIX_EPOCH, None).to_bytes()[..], &tail].concat());
        play(tail);
    }

    #[test]
    fn the_ring_keeps_within_its_bounds(sizes in proptest::collection::vec((0usize..3_000, 0i64..40), 1..40)) {
        let limits = Limits { keep_bytes: 20_000, keep_seconds: 120, chunk_bytes: 4_096, ..Limits::default() };
        let mut recorder = Recorder::new(limits, Arc::default());
        let mut world = World::default();
        let mut at = Timestamp::UNIX_EPOCH;
        for (n, (size, wait)) in sizes.into_iter().enumerate() {
            at = at.checked_add(SignedDuration::from_secs(wait)).expect("in range");
            let command: String = (0..size).map(|i| char::from(b'!' + ((i * i + 31 * n) % 90) as u8)).collect();
            let process = Process { state: 'S', command: command.into(), ..Process::default() };
            let event = Event { at, kind: EventKind::Updates { source: "x".into(), updates: vec![Update::Processes(vec![process])] } };
            recorder.record(&event, &world);
            apply(&mut world, event);
            prop_assert!(recorder.ring_bytes() <= limits.keep_bytes);
            let oldest = recorder.oldest().expect("the newest is kept");
            prop_assert!(at.duration_since(oldest).as_secs() <= limits.keep_seconds + 2 * (limits.chunk_seconds + 40));
            prop_assert_eq!(text(&recorder.moment(at).expect("the newest is kept")), text(&world));
        }
    }
}
