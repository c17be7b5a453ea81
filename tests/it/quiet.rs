//! Nothing is written while nothing changes.

use crate::{
    pty::Setup,
    stage,
    wait::{self, PATIENCE},
};
use flightdeck::{
    app::{
        App,
        event::{Event, EventKind},
    },
    model::update::Update,
    runtime::screen::Screen,
    source,
};
use jiff::SignedDuration;
use std::{fmt::Write as _, fs, sync::Arc, time::Duration};

#[test]
fn an_unchanged_cockpit_writes_nothing() {
    for (columns, rows) in stage::SIZES {
        let mut app = stage::app(stage::settings(), (*columns, *rows));
        let mut screen = Screen::new();
        assert!(!screen.frame(&app).expect("into memory").is_empty(), "the first frame shows everything");
        for _ in 0..3 {
            let bytes = screen.frame(&app).expect("into memory");
            assert!(bytes.is_empty(), "{columns}x{rows}: {:?}", String::from_utf8_lossy(&bytes));
        }
        // The same news again change no cell.
        let news = |event: &Event| matches!(event.kind, EventKind::Updates { .. });
        let last = stage::story().into_iter().rfind(news).expect("a story with news");
        app.update(last);
        stage::give(&mut app, EventKind::Wake);
        let bytes = screen.frame(&app).expect("into memory");
        assert!(bytes.is_empty(), "{columns}x{rows}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_frame_is_wrapped_once_and_small_changes_are_small() {
    let mut app = stage::app(stage::settings(), (120, 40));
    let mut screen = Screen::new();
    let whole = screen.frame(&app).expect("into memory");
    assert!(whole.starts_with(b"\x1b[?2026h") && whole.ends_with(b"\x1b[?2026l"));
    stage::press(&mut app, "tab");
    let part = screen.frame(&app).expect("into memory");
    assert!(part.starts_with(b"\x1b[?2026h") && part.ends_with(b"\x1b[?2026l"));
    assert!(part.len() < whole.len(), "{} of {} bytes for another focus", part.len(), whole.len());
    app.touch();
    assert!(screen.frame(&app).expect("into memory").is_empty(), "touched, but not changed");
    screen.forget();
    assert!(screen.frame(&app).expect("into memory").len() * 10 > whole.len() * 9, "a repaint writes every cell");
}

#[test]
fn events_that_change_nothing_do_not_ask_for_a_frame() {
    let mut app = stage::app(stage::settings(), (120, 40));
    app.take_dirty();
    let size = app.view.size;
    stage::give(&mut app, EventKind::Resize { columns: size.0, rows: size.1 });
    assert!(!app.take_dirty(), "a resize to the same size");
    stage::give(&mut app, EventKind::Updates { source: "nobody".into(), updates: vec![] });
    assert!(!app.take_dirty(), "news without content");
}

/// A cockpit all of whose sources are switched off by its configuration.
#[test]
fn nothing_is_written_while_no_source_answers() {
    let setup = Setup::new();
    let folder = setup.home().join("config/flightdeck");
    let mut config = String::new();
    for source in source::all(Arc::default(), &Arc::default(), &Default::default()) {
        let _ = write!(config, "[sources.\"{}\"]\nenabled = false\n", source.spec().name);
    }
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("config.toml"), config))
        .expect("a home of its own");
    let pty = setup.flightdeck(&[]);
    pty.wait_for_cockpit();
    // Reports that the sources are off come first, and notices are shown for a few seconds; then all is still for longer than
    // the fastest source would be. The clock in the header shows minutes, so one minute's end may fall into a look.
    let began = wait::now();
    while !pty.is_quiet_for(Duration::from_secs(4)) {
        assert!(began.elapsed() < PATIENCE, "{} bytes and no end", pty.seen().bytes.len());
    }
    let before = pty.seen().bytes.len();
    pty.send("\t");
    pty.wait_for("an answer to a key: the cockpit lives", |seen| seen.bytes.len() > before);
}

/// Ages of what changed a moment ago count in seconds, everything else on a page without gauges stands still.
#[test]
fn a_page_without_gauges_is_still_once_its_rows_are_old() {
    let mut app = stage::app(stage::settings(), (160, 45));
    stage::press(&mut app, "5");
    let later = |app: &App, seconds| app.now.checked_add(SignedDuration::from_secs(seconds)).expect("a time");
    let at = app.now;
    for (source, updates) in stage::kube_sample::news(at) {
        app.update(Event { at, kind: EventKind::Updates { source: source.into(), updates } });
    }
    assert!(app.ticks(), "its pods were told a moment ago");
    let next = app.next_wake().expect("the next second");
    assert!(next <= later(&app, 2), "{next}");
    let at = later(&app, 90);
    app.update(Event { at, kind: EventKind::Wake });
    app.take_dirty();
    let of_gauges = |event: &Event| match &event.kind {
        EventKind::Updates { updates, .. } => updates.iter().any(|update| matches!(update, Update::Gauges(_))),
        _ => false,
    };
    let gauges = || stage::story().into_iter().rfind(of_gauges).expect("a story with gauges");
    // The first ones end that they were silent, which the footer shows.
    app.update(Event { at, ..gauges() });
    app.take_dirty();
    app.update(Event { at: later(&app, 1), ..gauges() });
    assert!(!app.take_dirty() && !app.ticks(), "nothing on this page shows them");
}
