//! Tests of what keys and modals do to lists, through the cockpit's own door.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::Settings,
    },
    keymap::{Keymap, Scope},
    model::{
        Timestamp,
        attention::{Attention, Condition, Severity},
        input::{Key, KeyCode, Mouse, MouseKind},
        object::{ObjectKind, ObjectRef},
    },
    ops::gate::Policy,
    panes,
    screen::{self, kit::drawn},
    view::layout::{Cell, Layout, Page},
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("in range")
}

fn app() -> App {
    let mut keymap = Keymap::default();
    for (key, action) in [
        ('/', "filter"),
        ('S', "sort-menu"),
        ('s', "sort-by"),
        ('>', "sort-column-next"),
        (' ', "mark"),
        ('y', "copy-row"),
        ('Y', "copy-table"),
        ('c', "copy-cell"),
        ('e', "export-csv"),
        ('E', "export-json"),
        ('j', "row-down"),
        ('g', "row-first"),
        ('G', "row-last"),
        ('x', "filter-clear"),
        ('f', "fold"),
        ('l', "scroll-right"),
        ('h', "scroll-left"),
    ] {
        keymap.bind(Scope::List, vec![Key::char(key)], action);
    }
    keymap.bind(Scope::Pane("attention"), vec![Key::char('w')], "why");
    let cell = Cell { panes: vec!["attention".into()], ..Cell::default() };
    let page = Page {
        name: "all".into(),
        title: "All".into(),
        short: None,
        key: '1',
        layouts: vec![Layout { min_columns: 0, min_rows: 0, cell }],
    };
    let settings = Settings { keymap, pages: vec![page], ..panes::tests::settings() };
    let mut app = App::new(settings, Policy::default(), now(), (100, 12));
    let row = |(name, severity, cause): (&str, Severity, &str)| {
        let object = ObjectRef::new(ObjectKind::Mount, name);
        let condition = Condition {
            rule: "space".into(),
            severity,
            kind: "disk".into(),
            object: object.clone(),
            name: name.into(),
            cause: cause.into(),
            next_step: "free space".into(),
            count: 1,
            since: None,
        };
        Attention { condition, began: now(), members: vec![object] }
    };
    app.world.attention = [
        ("/var", Severity::Critical, "94 % used"),
        ("/home", Severity::Error, "no inodes"),
        ("/srv", Severity::Warn, "=1+1 used"),
    ]
    .map(row)
    .to_vec();
    app.relayout();
    app
}

fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let effects = app.update(Event { at: now(), kind: EventKind::Key(key) });
    // Any state must be drawable.
    drawn(app);
    effects
}

fn types(app: &mut App, keys: &str) {
    for c in keys.chars() {
        press(app, Key::char(c));
    }
}

fn names(app: &App) -> Vec<&str> {
    let list = &app.view.pane("attention").list;
    list.order.iter().map(|(row, _)| app.world.attention[*row as usize].condition.name.as_str()).collect()
}

const ESC: Key = Key::plain(KeyCode::Esc);
const ENTER: Key = Key::plain(KeyCode::Enter);
const UP: Key = Key::plain(KeyCode::Up);

#[test]
fn a_filter_is_live_and_a_fault_in_it_empties_nothing() {
    let mut app = app();
    types(&mut app, "/used");
    assert_eq!(names(&app), ["/var", "/srv"]);
    assert!(drawn(&app).contains("2/3"));
    types(&mut app, " /[");
    assert_eq!(names(&app), ["/var", "/srv"], "the last good filter holds");
    assert!(drawn(&app).contains("column 6: the regular expression is not closed"), "{}", drawn(&app));
    press(&mut app, ENTER);
    assert_eq!(app.modals.len(), 1, "a fault is not kept, nor thrown away");
    press(&mut app, Key::plain(KeyCode::Backspace));
    press(&mut app, Key::plain(KeyCode::Backspace));
    press(&mut app, ENTER);
    assert!(app.modals.is_empty());
    assert_eq!(names(&app), ["/var", "/srv"]);
    assert!(drawn(&app).contains("2 of 3 «used»"), "{}", drawn(&app));
    types(&mut app, "x");
    assert_eq!(names(&app).len(), 3);
}

#[test]
fn esc_restores_the_filter_and_up_fetches_an_older_one() {
    let mut app = app();
    types(&mut app, "j/used");
    press(&mut app, ENTER);
    types(&mut app, "x/zzz");
    assert!(drawn(&app).contains("nothing of 3 matches «zzz»"));
    press(&mut app, ESC);
    assert_eq!(names(&app).len(), 3);
    assert!(app.modals.is_empty());
    types(&mut app, "/");
    press(&mut app, UP);
    assert_eq!(names(&app), ["/var", "/srv"]);
    press(&mut app, Key::plain(KeyCode::Down));
    assert_eq!(names(&app).len(), 3);
    types(&mut app, "obj");
    press(&mut app, Key::plain(KeyCode::Tab));
    types(&mut app, "=/home");
    assert_eq!(names(&app), ["/home"]);
    let at = now();
    app.update(Event { at, kind: EventKind::Paste("\u{1b}[2J\nx".into()) });
    assert!(!drawn(&app).chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn columns_are_chosen_and_sorted_by() {
    let mut app = app();
    types(&mut app, ">>s");
    assert_eq!(names(&app), ["/home", "/srv", "/var"]);
    types(&mut app, "s");
    assert_eq!(names(&app), ["/var", "/srv", "/home"]);
    types(&mut app, "S");
    assert!(drawn(&app).contains("[x] ▾ object"), "{}", drawn(&app));
    types(&mut app, " ");
    assert!(drawn(&app).contains("[ ] ▾ object"));
    types(&mut app, "d");
    press(&mut app, ESC);
    assert!(app.modals.is_empty());
    assert_eq!(names(&app), ["/var", "/home", "/srv"], "as at first");
    let heading = Mouse { kind: MouseKind::Press, column: 5, row: 2 };
    app.update(Event { at: now(), kind: EventKind::Mouse(heading) });
    assert_eq!(app.view.pane("attention").list.sort, Some((1, false)), "a press on a heading sorts");
}

#[test]
fn rows_are_copied_and_exported() {
    let mut app = app();
    let copied = |effects: Vec<Effect>| match effects.into_iter().next() {
        Some(Effect::Copy { text, what }) => (text, what),
        other => panic!("{other:?}"),
    };
    let (text, _) = copied(press(&mut app, Key::char('y')));
    assert_eq!(text, "critical\tdisk\t/var\t94 % used\t0s\tfree space");
    let (text, what) = copied(press(&mut app, Key::char('c')));
    assert_eq!((text.as_str(), what.as_str()), ("critical", "the cell severity"));
    let (text, what) = copied(press(&mut app, Key::char('Y')));
    assert_eq!((text.lines().count(), what.as_str()), (4, "3 rows"));
    match press(&mut app, Key::char('e')).as_slice() {
        [Effect::Write { name, content, what }] => {
            assert_eq!(name.to_str(), Some("flightdeck-attention-{stamp}.csv"));
            assert!(content.contains("warn,disk,/srv,'=1+1 used,2027-01-15T08:00:00Z,free space"), "{content}");
            assert_eq!(what, "3 rows of attention as CSV");
        }
        other => panic!("{other:?}"),
    }
    assert!(
        matches!(press(&mut app, Key::char('E')).as_slice(), [Effect::Write { content, .. }] if content.contains("\"age\""))
    );
    types(&mut app, "  ");
    let (text, what) = copied(press(&mut app, Key::char('Y')));
    assert_eq!((text.lines().count(), what.as_str()), (3, "2 rows"));
    match press(&mut app, Key::char('e')).as_slice() {
        [Effect::Write { what, .. }] => assert_eq!(what, "2 rows of attention as CSV", "the marked ones, as copied"),
        other => panic!("{other:?}"),
    }
    types(&mut app, "/srv");
    press(&mut app, ENTER);
    assert!(press(&mut app, Key::char('Y')).is_empty(), "what is marked and hidden is not copied unseen");
    assert!(press(&mut app, Key::char('e')).is_empty(), "nor written");
}

#[test]
fn why_opens_the_object_of_the_row() {
    let mut app = app();
    types(&mut app, "Gw");
    assert_eq!(app.view.stack.last().map(|page| page.object.id.as_str()), Some("/srv"));
}

#[test]
fn a_list_that_is_no_tree_says_so() {
    let mut app = app();
    types(&mut app, "f");
    assert!(app.current_notice().is_some_and(|notice| notice.text.contains("no tree")));
    types(&mut app, "Gg");
    assert!(!app.view.pane("attention").list.moved, "first pins the cursor");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_keys_at_any_size(keys in prop::collection::vec((0usize..KEYS.len(), prop::option::weighted(0.1, (0u16..130, 0u16..30))), 1..60)) {
        let mut app = app();
        for (key, size) in keys {
            if let Some((columns, rows)) = size {
                app.update(Event { at: now(), kind: EventKind::Resize { columns, rows } });
            }
            app.update(Event { at: now(), kind: EventKind::Key(KEYS[key]) });
            let (columns, rows) = app.view.size;
            let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
            screen::draw(&app, &mut buffer);
            let list = &app.view.pane("attention").list;
            prop_assert!(list.order.is_empty() || list.cursor < list.order.len());
            prop_assert!(list.offset <= list.cursor);
        }
    }
}

const KEYS: &[Key] = &[
    Key::char('/'),
    Key::char('S'),
    Key::char('s'),
    Key::char('>'),
    Key::char(' '),
    Key::char('y'),
    Key::char('Y'),
    Key::char('e'),
    Key::char('j'),
    Key::char('g'),
    Key::char('G'),
    Key::char('x'),
    Key::char('l'),
    Key::char('h'),
    Key::char('d'),
    Key::char('!'),
    Key::char('"'),
    Key::char('漢'),
    Key::char('\u{202e}'),
    ESC,
    ENTER,
    UP,
    Key::plain(KeyCode::Down),
    Key::plain(KeyCode::Tab),
    Key::plain(KeyCode::Left),
    Key::plain(KeyCode::Backspace),
    Key::plain(KeyCode::F(5)),
];
