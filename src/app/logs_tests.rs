//! The viewer under keys: opened and closed, followed, filtered, searched and saved.

use super::*;
use crate::{
    action,
    app::event::{Event, EventKind},
    keymap::file,
    model::{
        input::Key,
        logs::{LineKind, LogLine, LogOrigin, OriginState},
        object::ObjectKind,
    },
    ops::gate::Policy,
    panes::tests::{app_of, at, world},
    screen::kit::drawn,
};

fn app() -> App {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    app.settings.keymap = file::built_in("default", &action::names()).0;
    app.open(ObjectRef::in_engine(ObjectKind::Container, "docker", "abcdef"));
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for word in keys.split(' ') {
        let key: Key = word.parse().expect("a key");
        effects.extend(app.update(Event { at: at(2), kind: EventKind::Key(key) }));
    }
    effects.into_iter().filter(|effect| !matches!(effect, Effect::Demand(_))).collect()
}

fn type_in(app: &mut App, text: &str) {
    for c in text.chars() {
        app.update(Event { at: at(2), kind: EventKind::Key(Key::char(c)) });
    }
}

fn line(second: i64, origin: u16, level: Level, text: &str) -> LogLine {
    let at = at(0).checked_add(SignedDuration::from_secs(second)).expect("a time");
    let json = crate::model::logs::json::looks_like_object(text);
    LogLine { at, origin, kind: LineKind::Out, level, json, text: text.into(), inks: Box::default() }
}

fn origins(names: &[&str]) -> Option<Vec<LogOrigin>> {
    Some(names.iter().map(|name| LogOrigin { name: (*name).into(), state: OriginState::Open }).collect())
}

fn tell(app: &mut App, lines: Vec<LogLine>) {
    let id = app.view.logs.as_ref().expect("open").id;
    let batch = LogBatch { id, origins: origins(&["web-1/app", "web-2/app"]), lines, dropped: 0 };
    app.update(Event { at: at(2), kind: EventKind::Logs(batch) });
}

fn some(app: &mut App) {
    let lines = (0..40).map(|second| {
        let level = if second % 10 == 0 { Level::Error } else { Level::Info };
        line(second, (second % 2) as u16, level, &format!("request {second} served"))
    });
    tell(app, lines.collect());
}

fn request(effects: &[Effect]) -> Option<&LogRequest> {
    effects.iter().find_map(|effect| match effect {
        Effect::Logs(Some(request)) => Some(request),
        _ => None,
    })
}

#[test]
fn in_the_past_the_lines_are_held_there_and_said_to_be_live() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    let then = at(0).checked_add(SignedDuration::from_secs(20)).expect("a time");
    let go = |app: &mut App| {
        let mut moment = world();
        moment.now = then;
        app.view.cursor = Some(then);
        app.update(Event { at: at(2), kind: EventKind::Moment(Some(Box::new(moment))) });
    };
    let stands_at = |app: &App| {
        let viewer = app.view.logs.as_ref().expect("open");
        viewer.store.line(viewer.cursor).map(|line| line.at.duration_since(at(0)).as_secs())
    };
    go(&mut app);
    let clock = crate::model::units::clock(then);
    assert!(
        drawn(&app).contains(&format!("held at {clock}, later lines below are not of the past")),
        "{}",
        drawn(&app)
    );
    assert_eq!(stands_at(&app), Some(19));
    tell(&mut app, vec![line(50, 0, Level::Info, "written now")]);
    assert_eq!(stands_at(&app), Some(19), "what is written now moves nothing");
    press(&mut app, "down");
    assert!(drawn(&app).contains(&format!("live lines, not those of {clock}")), "{}", drawn(&app));
    go(&mut app);
    press(&mut app, "0");
    assert!(app.view.logs.as_ref().expect("open").follow, "now they follow again");
    assert!(!drawn(&app).contains(&clock) || !drawn(&app).contains("held at"));

    // Opened in the past: the lines come later, and none is that old.
    press(&mut app, "esc");
    app.open(ObjectRef::in_engine(ObjectKind::Container, "docker", "abcdef"));
    go(&mut app);
    press(&mut app, "l");
    tell(&mut app, vec![line(30, 0, Level::Info, "too young")]);
    assert!(drawn(&app).contains(&format!("no line here is as old as {clock}")), "{}", drawn(&app));
    tell(&mut app, vec![line(10, 0, Level::Info, "old enough")]);
    assert_eq!(stands_at(&app), Some(10));
}

#[test]
fn lines_are_asked_for_while_they_are_looked_at() {
    let mut app = app();
    let effects = press(&mut app, "l");
    let request = request(&effects).expect("asked for");
    assert_eq!(request.targets, [LogTarget::Container { engine: "docker".into(), id: "abcdef".into() }]);
    assert!(request.follow && request.tail == Reach::TAIL);
    some(&mut app);
    let text = drawn(&app);
    assert!(text.contains("request 39 served") && text.contains("following"), "{text}");
    let effects = press(&mut app, "esc");
    assert!(matches!(effects.as_slice(), [Effect::Logs(None)]), "{effects:?}");
    assert!(app.view.logs.is_none(), "nothing is held any more");
}

#[test]
fn answers_to_an_older_request_are_left_out() {
    let mut app = app();
    press(&mut app, "l");
    let old = app.view.logs.as_ref().expect("open").id;
    let effects = press(&mut app, "s");
    assert_eq!(request(&effects).map(|request| request.since_seconds), Some(Some(60)));
    let batch = LogBatch { id: old, lines: vec![line(0, 0, Level::Info, "late")], ..LogBatch::default() };
    app.update(Event { at: at(2), kind: EventKind::Logs(batch) });
    assert!(app.view.logs.as_ref().expect("open").store.is_empty());
}

#[test]
fn the_run_before_is_read_and_not_followed() {
    let mut app = app();
    press(&mut app, "l");
    let effects = press(&mut app, "p");
    assert_eq!(request(&effects).map(|request| (request.previous, request.follow)), Some((true, false)));
    assert!(drawn(&app).contains("previous"));
}

#[test]
fn scrolling_filtering_and_searching() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    press(&mut app, "up");
    assert!(drawn(&app).contains("paused"));
    press(&mut app, "end");
    assert!(drawn(&app).contains("following"));
    press(&mut app, "/");
    type_in(&mut app, "level>=error 2");
    press(&mut app, "enter");
    let text = drawn(&app);
    assert!(text.contains("request 20 served") && !text.contains("request 39"), "{text}");
    assert!(text.contains("1 of 40 lines"), "{text}");
    press(&mut app, "F f");
    type_in(&mut app, "request 1");
    press(&mut app, "enter");
    let text = drawn(&app);
    assert!(text.contains("«request 1»") && text.contains("11/11"), "{text}");
    press(&mut app, "n");
    assert!(drawn(&app).contains("1/11"));
}

#[test]
fn a_filter_with_a_fault_is_said_and_esc_takes_it_back() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    press(&mut app, "/");
    type_in(&mut app, "/a(/");
    assert!(drawn(&app).contains("fault"), "{}", drawn(&app));
    press(&mut app, "esc");
    assert!(app.modals.is_empty() && app.view.logs.as_ref().is_some_and(|logs| logs.judge.filter.is_empty()));
}

#[test]
fn a_time_is_gone_to() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    let wanted = at(0).checked_add(SignedDuration::from_secs(7)).expect("a time");
    press(&mut app, "@");
    type_in(&mut app, &wanted.to_string());
    press(&mut app, "enter");
    let viewer = app.view.logs.as_ref().expect("open");
    assert_eq!(viewer.current().map(|(_, line)| &*line.text), Some("request 7 served"));
    assert!(app.go_to_log_time("noon").is_err());
    let now: Timestamp = "2026-11-23T02:14:07Z".parse().expect("a time");
    assert_eq!(read_time("03:00", now).map(|at| at.to_string()), Some("2026-11-22T03:00:00Z".into()));
    assert_eq!(read_time("02:14", now).map(|at| at.to_string()), Some("2026-11-23T02:14:00Z".into()));
}

#[test]
fn marked_lines_are_copied_and_shown_ones_saved() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    let effects = press(&mut app, "up up m m y");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(copied, Some("request 37 served\nrequest 38 served"));
    let effects = press(&mut app, "e");
    let Some(Effect::Write { content, name, .. }) = effects.first() else { panic!("{effects:?}") };
    assert!(name.to_string_lossy().starts_with("flightdeck-logs-"), "{name:?}");
    assert!(content.starts_with("# lines of container") && content.contains("web-1/app request 0 served\n"));
}

#[test]
fn json_lies_in_columns_and_colours_and_times_are_chosen() {
    let mut app = app();
    press(&mut app, "l");
    tell(&mut app, vec![line(0, 0, Level::Info, r#"{"level":"info","msg":"served","status":200}"#)]);
    assert!(drawn(&app).contains(r#"{"level":"info""#));
    press(&mut app, "J");
    let text = drawn(&app);
    assert!(text.contains("served  status=200"), "{text}");
    press(&mut app, "t");
    assert!(drawn(&app).contains(&at(0).strftime("%H:%M:%S.000").to_string()), "{}", drawn(&app));
    press(&mut app, "c space enter");
    assert_eq!(app.view.logs.as_ref().map(|logs| logs.judge.hidden.len()), Some(1));
}

#[test]
fn it_is_drawn_at_every_size() {
    let mut app = app();
    press(&mut app, "l");
    some(&mut app);
    press(&mut app, "w t");
    for size in [(0, 0), (1, 1), (5, 3), (20, 5), (40, 10), (80, 24), (200, 60)] {
        app.update(Event { at: at(2), kind: EventKind::Resize { columns: size.0, rows: size.1 } });
        for keys in ["up", "pageup", "home", "down", "end"] {
            press(&mut app, keys);
            drawn(&app);
        }
    }
}

#[test]
fn several_rows_are_read_together() {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    let objects = [
        ObjectRef::in_engine(ObjectKind::Container, "docker", "abc"),
        ObjectRef::in_cluster(ObjectKind::Pod, "prod", "shop", "web-1"),
    ];
    app.open(together(&objects));
    let effects = press(&mut app, "down");
    assert_eq!(request(&effects).map(|request| request.targets.len()), Some(2));
    assert!(app.shows_logs());
    assert_eq!(app.scopes()[0], crate::keymap::Scope::Logs);
}

#[test]
fn left_and_right_leave_the_lines_where_nothing_is_to_be_scrolled() {
    let mut app = app();
    let tab = |app: &App| app.view.stack.last().expect("a page").tab;
    press(&mut app, "l");
    let logs = tab(&app);
    assert!(app.view.logs.as_ref().expect("open").store.is_empty());
    press(&mut app, "right");
    assert_eq!(tab(&app), logs + 1, "no line is there");
    press(&mut app, "left");
    some(&mut app);
    press(&mut app, "right");
    assert_eq!((tab(&app), app.view.logs.as_ref().expect("open").shift > 0), (logs, true));
    press(&mut app, "left");
    assert_eq!((tab(&app), app.view.logs.as_ref().expect("open").shift), (logs, 0));
    press(&mut app, "left");
    assert_eq!(tab(&app), logs - 1);
}
