//! Every page of every object, at every size.

use super::*;
use crate::{
    app::App,
    ops::gate::Policy,
    panes::{
        PANES,
        tests::{app_of, noon, text_of, world},
    },
};
use proptest::prelude::*;

fn objects(app: &App) -> Vec<ObjectRef> {
    let tables = PANES.iter().filter_map(|pane| pane.table());
    let rows = tables.flat_map(|table| (0..table.len(&app.world)).filter_map(|row| table.object(&app.world, row)));
    let others = [ObjectKind::Host, ObjectKind::Cpu, ObjectKind::Memory].map(|kind| ObjectRef::new(kind, ""));
    rows.chain(others).chain([ObjectRef::new(ObjectKind::Unit, "backup.service")]).collect()
}

fn drawn(app: &mut App, object: ObjectRef, tab: usize, (width, height): (u16, u16)) -> String {
    app.view.stack = vec![ObjectPage { object, tab, scroll: 0 }];
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(&app.scene(), &app.view.stack[0], buffer.area, &mut buffer);
    text_of(&buffer)
}

fn process(pid_and_start: &str) -> ObjectRef {
    ObjectRef::new(ObjectKind::Process, pid_and_start)
}

#[test]
fn a_process_page_tells_everything() {
    let mut app = app_of(world(), Policy::default(), (80, 60));
    let text = drawn(&mut app, process("80/7"), 0, (80, 60));
    println!("{text}");
    for part in [
        "process 80 nginx",
        "[Summary]",
        "S sleeping",
        "1 init",
        "12 MiB resident",
        "socket:[123]",
        "open files (2 of 900)",
        "1024 (soft), 4096 (hard)",
        "PATH=/usr/bin",
        "environment: permission denied",
        "nginx.service",
        "\u{fffd}[31m",
    ] {
        assert!(text.contains(part), "«{part}» is missing in\n{text}");
    }
}

#[test]
fn why_says_cause_time_and_next_step() {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    let text = drawn(&mut app, ObjectRef::new(ObjectKind::Mount, "/var"), 1, (100, 24));
    for part in ["[Why]", "96 % used", "2026-11-23 02:14:07Z", "next step", "mount-space"] {
        assert!(text.contains(part), "«{part}» is missing in\n{text}");
    }
    let text = drawn(&mut app, ObjectRef::new(ObjectKind::Mount, "/"), 1, (100, 24));
    assert!(text.contains("nothing is known to be wrong with it"), "{text}");
}

#[test]
fn what_is_gone_keeps_its_page() {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    // The same pid, another process.
    let text = drawn(&mut app, process("80/8"), 0, (80, 24));
    assert!(text.contains("not there any more") && text.contains("has ended"), "{text}");
}

#[test]
fn long_pages_scroll_to_their_end_and_no_further() {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    app.view.stack = vec![ObjectPage { object: process("80/7"), tab: 0, scroll: 10_000 }];
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 16));
    draw(&app.scene(), &app.view.stack[0], buffer.area, &mut buffer);
    assert!(text_of(&buffer).contains("PATH=/usr/bin"));
    assert_eq!(most_scroll(&app.scene(), &app.view.stack[0], 80, 200), 0);
}

#[test]
fn every_object_has_a_page() {
    let mut app = app_of(world(), Policy::default(), (80, 24));
    for object in objects(&app) {
        assert!(details(object.kind).is_some(), "{object}");
        for tab in 0..tabs(&object).len() {
            let text = drawn(&mut app, object.clone(), tab, (100, 30));
            assert!(!text.contains("not there any more"), "{object}\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn every_page_fits_every_size(width in 0u16..200, height in 0u16..60, tab in 0usize..7) {
        let known = app_of(world(), Policy::default(), (width, height));
        let unknown = app_of(World::at(noon()), Policy::default(), (width, height));
        let objects = objects(&known);
        for mut app in [known, unknown] {
            for object in &objects {
                drawn(&mut app, object.clone(), tab, (width, height));
            }
        }
    }
}
