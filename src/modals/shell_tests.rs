//! The modals of this room, driven by keys and read from the screen.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
    },
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        process::Process,
        update::Update,
    },
    screen::kit::{app, drawn, press, screen, types},
    ui::theme::Role,
};

const SIZES: [(u16, u16); 5] = [(160, 50), (80, 24), (40, 10), (20, 5), (3, 2)];

#[test]
fn every_modal_draws_at_every_size_and_esc_closes_it() {
    for size in SIZES {
        for key in ["?", ":", "T", "N", "ctrl-p", "f1"] {
            let mut app = app(size);
            app.notice(Severity::Warn, "a message that is long enough to be wrapped on a small terminal");
            press(&mut app, key);
            assert_eq!(app.modals.len(), 1, "{key}");
            screen(&app);
            press(&mut app, "pagedown down end home up");
            screen(&app);
            press(&mut app, "esc");
            assert!(app.modals.is_empty(), "{key} at {size:?}");
        }
    }
}

#[test]
fn the_palette_finds_by_name_and_runs() {
    let mut app = app((100, 30));
    let process = Process {
        pid: 80,
        start_ticks: 7,
        name: "nginx".into(),
        command: "nginx -g daemon".into(),
        state: 'S',
        ..Process::default()
    };
    app.update(Event {
        at: app.now,
        kind: EventKind::Updates { source: "p".into(), updates: vec![Update::Processes(vec![process])] },
    });
    press(&mut app, ":");
    types(&mut app, "nginx");
    let shown = drawn(&app);
    assert!(shown.contains("process  nginx  80 nginx -g daemon"), "{shown}");
    press(&mut app, "enter");
    assert!(app.modals.is_empty());
    assert_eq!(app.view.stack.last().map(|page| page.object.to_string()), Some("process 80/7".into()));

    press(&mut app, "esc :");
    assert!(
        screen(&app).iter().find(|line| line.contains("process")).is_some_and(|line| line.contains("nginx")),
        "recent first"
    );
    types(&mut app, "host");
    press(&mut app, "enter");
    assert_eq!(app.view.page, 1, "the page Host");

    press(&mut app, ":");
    types(&mut app, "zoom");
    press(&mut app, "enter");
    assert!(app.view.zoom);

    press(&mut app, ":");
    types(&mut app, "qqqqqq");
    assert!(drawn(&app).contains("nothing is called like this"));
    press(&mut app, "enter");
    assert!(app.modals.is_empty());
}

#[test]
fn letters_that_matched_are_marked() {
    let mut app = app((100, 30));
    press(&mut app, ":");
    types(&mut app, "zoom");
    press(&mut app, "down");
    let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect { x: 0, y: 0, width: 100, height: 30 });
    crate::screen::draw(&app, &mut buffer);
    let wanted = app.settings.theme.style(Role::Match).fg;
    let marked: String =
        buffer.content.iter().filter(|cell| Some(cell.fg) == wanted).map(|cell| cell.symbol()).collect();
    let under: String = buffer
        .content
        .iter()
        .filter(|cell| cell.modifier.contains(ratatui::style::Modifier::UNDERLINED))
        .map(|cell| cell.symbol())
        .collect();
    assert!(under.contains("zoom"), "{under} {marked}");
}

#[test]
fn a_theme_is_shown_while_it_is_selected() {
    let mut app = app((100, 30));
    assert_eq!(app.settings.theme.name, "dark");
    press(&mut app, "T down");
    assert_eq!(app.settings.theme.name, "light");
    press(&mut app, "esc");
    assert_eq!(app.settings.theme.name, "dark", "Esc brings the old one back");
    press(&mut app, "T down down enter");
    assert_eq!(app.settings.theme.name, "high-contrast");
    assert!(app.current_notice().is_some_and(|notice| notice.text.contains("theme = \"high-contrast\"")));
}

#[test]
fn help_explains_the_pane_and_can_be_searched() {
    let mut app = app((80, 24));
    press(&mut app, "?");
    let shown = drawn(&app);
    assert!(shown.contains("Everything that is not as it should be") && shown.contains("In lists"), "{shown}");
    assert!(shown.contains("Enter            Opens the page of the selected object."), "{shown}");
    press(&mut app, "/");
    types(&mut app, "leaves");
    let shown = drawn(&app);
    assert!(shown.contains("q, ^c") && shown.contains("Leaves the cockpit") && !shown.contains("In lists"), "{shown}");
    press(&mut app, "enter q");
    assert!(app.modals.is_empty());
}

#[test]
fn notices_are_listed_newest_first() {
    let mut app = app((80, 24));
    app.notice(Severity::Info, "first");
    app.notice(Severity::Error, "second");
    press(&mut app, "N");
    let shown = drawn(&app);
    let at = |word: &str| shown.find(word).unwrap_or_else(|| panic!("{word} in {shown}"));
    assert!(at("second") < at("first") && shown.contains("✖ error"), "{shown}");
}

#[test]
fn keys_that_can_follow_are_shown_after_a_pause() {
    let mut app = app((80, 24));
    app.settings.keymap = crate::keymap::file::built_in("emacs", &crate::action::names()).0;
    press(&mut app, "ctrl-x");
    assert!(!drawn(&app).contains("^c quit"));
    let later = app.now.checked_add(jiff::SignedDuration::from_millis(500)).expect("a time");
    app.update(Event { at: later, kind: EventKind::Wake });
    let shown = drawn(&app);
    assert!(shown.contains("ctrl-x") && shown.contains("^c quit") && shown.contains("o next pane"), "{shown}");
    press(&mut app, "esc");
    assert!(!drawn(&app).contains("^c quit"));
}

#[test]
fn the_cockpit_is_armed_only_where_it_may_be() {
    let mut app = app((80, 24));
    press(&mut app, "A");
    assert!(app.policy.armed);
    press(&mut app, "A");
    assert!(!app.policy.armed);
    app.policy.locked = true;
    press(&mut app, "A");
    assert!(!app.policy.armed);
    assert!(app.current_notice().is_some_and(|notice| notice.text.contains("--read-only")));
}

#[test]
fn ctrl_c_leaves_from_anywhere_and_q_only_from_the_top() {
    let key = |text: &str| EventKind::Key(text.parse().expect("a key"));
    let quits = |app: &mut App, text: &str| {
        let effects = app.update(Event { at: app.now, kind: key(text) });
        effects.iter().any(|effect| matches!(effect, Effect::Quit))
    };
    let mut app = app((80, 24));
    press(&mut app, ":");
    assert!(!quits(&mut app, "q"), "q is a letter in the palette");
    assert!(quits(&mut app, "ctrl-c"));
    press(&mut app, "esc");
    app.open(ObjectRef::new(ObjectKind::Mount, "/"));
    assert!(!quits(&mut app, "q") && app.view.stack.is_empty(), "q goes back from a page");
    assert!(quits(&mut app, "q"));
}

#[test]
fn new_settings_take_the_weapon_away() {
    let mut app = app((80, 24));
    press(&mut app, "A");
    let mut settings = app.settings.clone();
    settings.config.read_only = true;
    settings.config.mouse = false;
    let effects = app.update(Event { at: app.now, kind: EventKind::Settings(Box::new(settings)) });
    assert!(app.policy.locked && !app.policy.armed);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Mouse(false))));
}
