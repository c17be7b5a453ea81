//! The way of a signal from a key to an effect, as a person goes it.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
    },
    keymap::Scope,
    model::{
        input::{Key, KeyCode},
        process::Process,
        update::Update,
    },
    ops::gate::{Past, Policy},
    panes::tests::{app_of, at, text_of, world},
    screen::{self, kit::notice},
    view::layout::{Area, Placed},
};
use ratatui::{buffer::Buffer, layout::Rect};

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);

fn armed() -> Policy {
    Policy { armed: true, own_pid: 70, ..Policy::default() }
}

/// A cockpit on the process list with one process selected.
fn app(policy: Policy, selected: &str) -> App {
    let mut app = app_of(world(), policy, (80, 24));
    app.settings.keymap.bind(Scope::Pane("processes"), vec![Key::char('K')], "signal");
    app.settings.keymap.bind(Scope::Object, vec![Key::char('K')], "object-signal");
    app.view.placed = vec![Placed { area: Area { x: 0, y: 1, width: 80, height: 22 }, panes: vec!["processes"] }];
    app.view.pane_mut("processes").list.selected = Some(selected.into());
    app
}

fn press(app: &mut App, keys: &[Key]) -> Vec<Effect> {
    let event = |key: &Key| Event { at: at(2), kind: EventKind::Key(*key) };
    let effects: Vec<_> = keys.iter().flat_map(|key| app.update(event(key))).collect();
    effects.into_iter().filter(|effect| !matches!(effect, Effect::Demand(_))).collect()
}

fn keys(text: &str) -> Vec<Key> {
    text.chars().map(Key::char).collect()
}

fn done(effects: &[Effect]) -> Vec<String> {
    let name = |effect: &Effect| match effect {
        Effect::Execute(permit) => permit.operation().to_string(),
        other => format!("{other:?}"),
    };
    effects.iter().map(name).collect()
}

fn drawn(app: &App, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    screen::draw(app, &mut buffer);
    text_of(&buffer)
}

#[test]
fn read_only_refuses_before_anything_is_opened() {
    for (policy, why) in [
        (Policy { armed: false, ..armed() }, "READ-ONLY"),
        (Policy { locked: true, ..armed() }, "READ-ONLY"),
        (Policy { past: Some(Past::Earlier), ..armed() }, "past"),
    ] {
        let mut app = app(policy, "80/7");
        assert!(press(&mut app, &keys("K")).is_empty());
        assert!(app.modals.is_empty() && notice(&app).contains(why), "{}", notice(&app));
    }
}

#[test]
fn yes_sends_and_nothing_else_does() {
    for no in [vec![Key::char('n')], vec![ENTER], vec![ESC], keys("YZ "), vec![ENTER, Key::char('y')]] {
        let mut app = app(armed(), "80/7");
        assert!(press(&mut app, &keys("K1")).is_empty());
        assert_eq!(app.modals.last().map(|modal| modal.name()), Some("confirm"));
        assert!(press(&mut app, &no).is_empty(), "{no:?}");
    }
    let mut app = app(armed(), "80/7");
    press(&mut app, &keys("K"));
    println!("{}", drawn(&app, 80, 24));
    press(&mut app, &[ENTER]);
    let text = drawn(&app, 80, 24);
    println!("{text}");
    assert!(text.contains("SIGTERM to process 80 (nginx): asks it to end.") && text.contains("[default]"), "{text}");
    assert_eq!(done(&press(&mut app, &keys("y"))), ["SIGTERM to process 80 (nginx)"]);
    assert!(app.modals.is_empty());
}

#[test]
fn kill_wants_the_name() {
    let mut app = app(armed(), "80/7");
    press(&mut app, &keys("K8"));
    assert!(press(&mut app, &keys("y")).is_empty() && press(&mut app, &[ENTER]).is_empty());
    assert!(notice(&app).contains("nothing is done"), "{}", notice(&app));
    assert!(press(&mut app, &keys("nginx")).is_empty());
    assert_eq!(done(&press(&mut app, &[ENTER])), ["SIGKILL to process 80 (nginx)"]);
}

#[test]
fn a_name_that_cannot_be_typed_needs_other_words() {
    for name in ["", "\u{1b}[2J", "名前"] {
        let mut app = app(armed(), "90/7");
        let odd = Process { pid: 90, start_ticks: 7, parent: 1, name: name.into(), state: 'S', ..Process::default() };
        let kind = EventKind::Updates { source: "host/processes".into(), updates: vec![Update::Processes(vec![odd])] };
        app.update(Event { at: at(2), kind });
        app.view.pane_mut("processes").list.selected = Some("90/7".into());
        assert!(press(&mut app, &keys("K8")).is_empty());
        assert!(press(&mut app, &[ENTER]).is_empty(), "{name:?}: nothing typed is no confirmation");
        assert!(press(&mut app, &keys("yes to 1")).is_empty());
        assert_eq!(press(&mut app, &[ENTER]).len(), 1, "{name:?}");
    }
}

#[test]
fn marks_that_a_filter_hides_are_not_acted_upon() {
    let mut app = app(armed(), "80/7");
    app.view.pane_mut("processes").list.marked.insert("81/7".into());
    app.focus("processes");
    let table = crate::panes::find("processes").and_then(crate::panes::Pane::table).expect("a list");
    let world = app.world.clone();
    app.view.pane_mut("processes").list.set_filter("pid=80", table, &world, false, 10).expect("understood");
    assert!(press(&mut app, &keys("K")).is_empty());
    assert!(app.modals.is_empty() && notice(&app).contains("filter hides"), "{}", notice(&app));
}

#[test]
fn marked_rows_are_listed_and_one_refusal_refuses_all() {
    let mut one = app(armed(), "80/7");
    one.view.pane_mut("processes").list.marked.extend(["80/7".into(), "81/7".into()]);
    press(&mut one, &keys("K2"));
    let text = drawn(&one, 80, 24);
    assert!(text.contains("2 operations") && text.contains("process 81"), "{text}");
    assert_eq!(done(&press(&mut one, &keys("y"))).len(), 2);

    let mut two = app(armed(), "80/7");
    two.view.pane_mut("processes").list.marked.extend(["80/7".into(), "1/1".into()]);
    assert!(press(&mut two, &keys("K")).is_empty());
    assert!(two.modals.is_empty() && notice(&two).contains("pid 1"), "{}", notice(&two));
}

#[test]
fn the_gate_decides_once_more_at_the_last_key() {
    let mut app = app(armed(), "80/7");
    press(&mut app, &keys("K1"));
    // Meanwhile the process ended, and its pid went to another.
    let other = Process { pid: 80, start_ticks: 9, name: "postgres".into(), ..Process::default() };
    let kind = EventKind::Updates { source: "host/processes".into(), updates: vec![Update::Processes(vec![other])] };
    app.update(Event { at: at(2), kind });
    assert!(press(&mut app, &keys("y")).is_empty());
    assert!(notice(&app).contains("has ended"), "{}", notice(&app));

    let mut app = self::app(armed(), "80/7");
    press(&mut app, &keys("K1"));
    app.policy.armed = false;
    assert!(press(&mut app, &keys("y")).is_empty());
    assert!(notice(&app).contains("READ-ONLY"));
}

#[test]
fn from_the_page_of_a_process() {
    let mut app = app(armed(), "1/1");
    app.open(crate::model::object::ObjectRef::new(crate::model::object::ObjectKind::Process, "81/7"));
    assert_eq!(done(&press(&mut app, &keys("K1y"))), ["SIGTERM to process 81 (nginx)"]);
    app.view.stack[0].object.id = "4711/1".into();
    press(&mut app, &keys("K"));
    assert!(app.modals.is_empty() && notice(&app).contains("ended"), "{}", notice(&app));
}

#[test]
fn modals_fit_every_size() {
    let mut app = app(armed(), "80/7");
    app.view.pane_mut("processes").list.marked.extend(["80/7".into(), "81/7".into()]);
    for after in ["K", "8"] {
        press(&mut app, &keys(after));
        for size in (0..100).step_by(3) {
            app.view.size = (size, size / 3);
            drawn(&app, size, size / 3);
        }
    }
}
