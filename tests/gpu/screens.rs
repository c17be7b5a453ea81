//! What a person sees of each scenario: the GPU page, and the reasons of the worst GPU. `UPDATE_GOLDEN=1 cargo test --test gpu screens`
//! writes them anew; look at what git shows then.

use crate::{bed::Bed, common};
use flightdeck::{
    app::{
        App,
        event::{Event, EventKind},
        settings::Settings,
    },
    model::{
        Timestamp,
        source::{SourceReport, SourceState},
        topic::Topic,
        update::Update,
    },
    ops::gate::Policy,
    screen,
    source::{Request, Source, SourceError, gpu::nvml::NvmlSource, host::read::Root},
    view::layout::{Cell, Layout, Page},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{env, fs, path::PathBuf};

const SIZE: (u16, u16) = (120, 30);

fn now() -> Timestamp {
    "2026-11-23T02:14:07Z".parse().expect("a time")
}

/// A cockpit with nothing but the list of GPUs.
fn cockpit() -> App {
    let cell = Cell { panes: vec!["gpus".into()], ..Cell::default() };
    let layouts = vec![Layout { min_columns: 0, min_rows: 0, cell }];
    let page = Page { name: "gpu".into(), title: "GPU".into(), short: None, key: '3', layouts };
    let settings = Settings { pages: vec![page], ..common::settings() };
    App::new(settings, Policy::default(), now(), SIZE)
}

fn give(app: &mut App, kind: EventKind) {
    app.update(Event { at: now(), kind });
}

fn drawn(app: &App) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    screen::draw(app, &mut buffer);
    let row = |y| (0..SIZE.0).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned() + "\n";
    (0..SIZE.1).map(row).collect()
}

/// The page of a scenario, and below it why its worst GPU is not well.
fn screens(bed: &Bed, mut source: NvmlSource) -> String {
    let mut app = cockpit();
    let spec = source.spec();
    let request = Request { at: now(), wanted: Topic::Gpus.into(), ..Request::default() };
    let report = |state, reason, hint| {
        let (name, kind, topics) = (spec.name.clone(), spec.kind.clone(), spec.topics);
        EventKind::Report(SourceReport { name, kind, topics, state, reason, hint, cadence_seconds: Some(1.0) })
    };
    // Events arrive by themselves.
    let has_xids = |updates: &[Update]| {
        updates
            .iter()
            .any(|update| matches!(update, Update::Gpus(news) if news.gpus.iter().any(|gpu| !gpu.xids.is_empty())))
    };
    let mut collected = source.collect(&request);
    while bed.tells_xids() && collected.as_ref().is_ok_and(|updates| !has_xids(updates)) {
        collected = source.collect(&request);
    }
    match collected {
        Ok(updates) => {
            give(&mut app, report(SourceState::Ok, None, None));
            give(&mut app, EventKind::Updates { source: spec.name.clone(), updates: without_clock(updates) });
        }
        Err(SourceError::Off { reason }) => give(&mut app, report(SourceState::Off, Some(reason.into()), None)),
        Err(SourceError::Down { reason, hint }) => {
            give(&mut app, report(SourceState::Down, Some(reason.into()), Some(hint.into())));
        }
    }
    let list = drawn(&app);
    app.run("why");
    format!("{list}\n{}", drawn(&app))
}

/// Times that the source takes from the machine's clock are of now.
fn without_clock(updates: Vec<Update>) -> Vec<Update> {
    let mut updates = updates;
    for update in &mut updates {
        let Update::Gpus(news) = update else { continue };
        for gpu in &mut news.gpus {
            gpu.xids.iter_mut().for_each(|xid| xid.at = now());
            gpu.state_since = gpu.state_since.map(|_| now());
        }
    }
    updates
}

fn compare(scenario: &str, bed: &Bed, source: NvmlSource) {
    let now = screens(bed, source);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gpu/screens").join(format!("{scenario}.txt"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("has one")).and_then(|()| fs::write(&path, &now)).expect("written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == now,
        "{scenario}: was\n{kept}\nis\n{now}\nif that is as it should be: UPDATE_GOLDEN=1 cargo test --test gpu screens"
    );
}

#[test]
fn of_every_scenario() {
    for scenario in [
        "healthy",
        "ecc-double-bit",
        "throttled",
        "mig",
        "lost",
        "not-supported",
        "no-permission",
        "driver-not-loaded",
        "version-mismatch",
        "reset-required",
        "sixteen",
        "slow",
        "xid-48",
        "xid-79",
        "xid-94",
    ] {
        let bed = Bed::new(scenario);
        compare(scenario, &bed, bed.source());
    }
}

fn is_driver_here() -> bool {
    let known = std::process::Command::new("/sbin/ldconfig").arg("-p").output();
    known.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("libnvidia-ml.so.1"))
}

#[test]
fn without_any_library() {
    if is_driver_here() {
        eprintln!("NOT RUN: a machine without an NVIDIA library: this one has one");
        return;
    }
    compare("no-library", &Bed::new("healthy"), NvmlSource::new(Root::real(), None));
}
