//! Nothing is written while nothing changes.

use crate::stage;
use flightdeck::{
    app::event::{Event, EventKind},
    runtime::screen::Screen,
};

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
