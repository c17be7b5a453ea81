//! Where one stands while lines come and go.

use super::*;
use crate::model::{
    logs::{Level, LineKind},
    object::ObjectKind,
};

const SIZE: (u16, u16) = (40, 4);

fn line(second: i64, origin: u16, text: &str) -> LogLine {
    let at = Timestamp::from_second(1_795_000_000 + second).expect("a time");
    let (kind, level, inks) = (LineKind::Out, Level::Unknown, Box::default());
    LogLine { at, origin, kind, level, json: false, text: text.into(), inks }
}

fn viewer(lines: i64) -> Viewer {
    let object = ObjectRef::new(ObjectKind::Container, "docker/abc");
    let mut viewer = Viewer::new(object, 1, Limits { lines: 50, bytes: 1 << 20 });
    add(&mut viewer, 0..lines);
    viewer
}

fn add(viewer: &mut Viewer, seconds: std::ops::Range<i64>) {
    let lines = seconds.map(|second| line(second * 10, 0, &format!("line {second}"))).collect();
    viewer.take(LogBatch { id: viewer.id, lines, ..LogBatch::default() });
}

fn current(viewer: &Viewer) -> &str {
    viewer.current().map_or("", |(_, line)| &line.text)
}

#[test]
fn scrolling_up_pauses_and_the_end_follows_again() {
    let taste = Taste::default();
    let mut viewer = viewer(20);
    assert!(viewer.follow);
    assert_eq!((current(&viewer), viewer.first_place(&taste, SIZE)), ("line 19", 16));
    viewer.step(-1, &taste, SIZE);
    assert_eq!((current(&viewer), viewer.follow, viewer.first_place(&taste, SIZE)), ("line 18", false, 16));
    viewer.step(-5, &taste, SIZE);
    assert_eq!((current(&viewer), viewer.first_place(&taste, SIZE)), ("line 13", 13));
    add(&mut viewer, 20..25);
    assert_eq!((current(&viewer), viewer.first_place(&taste, SIZE)), ("line 13", 13), "it stays");
    viewer.step(isize::MAX, &taste, SIZE);
    assert_eq!((current(&viewer), viewer.follow), ("line 24", false));
    viewer.step(1, &taste, SIZE);
    assert!(viewer.follow);
}

#[test]
fn older_lines_of_others_do_not_move_the_place() {
    let taste = Taste::default();
    let mut viewer = viewer(20);
    viewer.step(-5, &taste, SIZE);
    viewer.marks.insert(viewer.cursor);
    let late = (0..20).map(|second| line(second * 10 - 5, 1, "other")).collect();
    viewer.take(LogBatch { id: 1, lines: late, ..LogBatch::default() });
    assert_eq!(current(&viewer), "line 14");
    assert!(viewer.marks.contains(&viewer.cursor));
    add(&mut viewer, 20..65);
    assert!(viewer.marks.is_empty(), "its line has gone");
    assert!(current(&viewer).starts_with("line"));
}

#[test]
fn names_are_shown_by_what_they_differ_in() {
    let origin = |name: &str| LogOrigin { name: name.into(), state: OriginState::Open };
    assert_eq!(common(&[origin("web-7d9f-abc/app"), origin("web-7d9f-abd/app")]), 9);
    assert_eq!(common(&[origin("web-7d9f-abc/app"), origin("web-7d9f-abc/init")]), 13);
    assert_eq!((common(&[origin("web")]), common(&[origin("web"), origin("db")])), (0, 0));
}

#[test]
fn a_search_goes_round() {
    let taste = Taste::default();
    let mut viewer = viewer(20);
    viewer.judge.set_find("line 1").expect("a pattern");
    viewer.judge_anew();
    assert_eq!(viewer.hit_of(), (None, 11));
    assert!(viewer.go_to_hit(false, &taste, SIZE));
    assert_eq!((current(&viewer), viewer.hit_of()), ("line 19", (Some(11), 11)));
    assert!(viewer.go_to_hit(true, &taste, SIZE));
    assert_eq!((current(&viewer), viewer.hit_of()), ("line 1", (Some(1), 11)));
    viewer.judge.set_filter("\"line 7\"").expect("a filter");
    viewer.judge_anew();
    assert!(!viewer.go_to_hit(true, &taste, SIZE));
    assert_eq!(current(&viewer), "line 7");
}

#[test]
fn wrapped_lines_fill_the_screen_from_below() {
    let taste = Taste { wrap: true, ..Taste::default() };
    let mut viewer = viewer(0);
    let lines = (0..5).map(|at| line(at, 0, &"x".repeat(60))).collect();
    viewer.take(LogBatch { id: 1, lines, ..LogBatch::default() });
    assert_eq!(viewer.rows(0, &taste, 40), 2);
    assert_eq!(viewer.first_place(&taste, SIZE), 3);
    assert_eq!(rows_of("漢字漢字a", 4), [(0, 6), (6, 12), (12, 13)]);
}
