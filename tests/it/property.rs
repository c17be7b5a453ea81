//! Whatever comes, in whatever order, at whatever size: nothing panics, and everything can be drawn.

use crate::stage;
use flightdeck::{
    action,
    app::{
        App,
        event::{Done, EventKind, PlayerState},
    },
    model::input::{Key, KeyCode, Mouse, MouseKind},
    runtime::screen::Screen,
};
use jiff::SignedDuration;
use proptest::prelude::*;

/// Something that may happen.
#[derive(Debug, Clone)]
enum Happens {
    Key(Key),
    Mouse(Mouse),
    Paste(String),
    Resize(u16, u16),
    /// An action by its place in the table, whether or not a key leads to it.
    Action(usize),
    /// The next events of the story.
    News(u8),
    Wake(u16),
    Done(bool, String),
    Player(bool),
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        6 => (1u16..220, 1u16..70),
        1 => Just((0, 0)),
        1 => (0u16..4, 0u16..4),
        1 => Just((1_000, 1)),
        1 => Just((1, 1_000)),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    use KeyCode::*;
    let code = prop_oneof![
        8 => prop::sample::select(('!'..='~').collect::<Vec<_>>()).prop_map(Char),
        1 => any::<char>().prop_map(Char),
        6 => prop::sample::select(vec![
            Enter, Esc, Tab, Backspace, Delete, Insert, Up, Down, Left, Right, Home, End, PageUp, PageDown
        ]),
        1 => (1u8..24).prop_map(F),
    ];
    let modifiers = prop_oneof![6 => Just((false, false, false)), 1 => any::<(bool, bool, bool)>()];
    (code, modifiers).prop_map(|(code, (ctrl, alt, shift))| Key { code, ctrl, alt, shift })
}

fn mouse() -> impl Strategy<Value = Mouse> {
    use MouseKind::*;
    let kind = prop::sample::select(vec![Press, Drag, Release, ScrollUp, ScrollDown]);
    let place = prop_oneof![8 => (0u16..220, 0u16..70), 1 => Just((u16::MAX, u16::MAX))];
    (kind, place).prop_map(|(kind, (column, row))| Mouse { kind, column, row })
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => key().prop_map(Happens::Key),
        3 => mouse().prop_map(Happens::Mouse),
        1 => any::<String>().prop_map(Happens::Paste),
        2 => size().prop_map(|(columns, rows)| Happens::Resize(columns, rows)),
        3 => any::<prop::sample::Index>().prop_map(|at| Happens::Action(at.index(action::all().count()))),
        3 => (1u8..30).prop_map(Happens::News),
        1 => any::<u16>().prop_map(Happens::Wake),
        1 => (any::<bool>(), any::<String>()).prop_map(|(ok, text)| Happens::Done(ok, text)),
        1 => any::<bool>().prop_map(Happens::Player),
    ]
}

fn play(app: &mut App, news: &mut impl Iterator<Item = flightdeck::app::event::Event>, what: Happens) {
    match what {
        Happens::Key(key) => stage::give(app, EventKind::Key(key)),
        Happens::Mouse(mouse) => stage::give(app, EventKind::Mouse(mouse)),
        Happens::Paste(text) => stage::give(app, EventKind::Paste(text)),
        Happens::Resize(columns, rows) => stage::give(app, EventKind::Resize { columns, rows }),
        Happens::Action(at) => {
            let action = action::all().nth(at).expect("in the table");
            app.run(action.name);
        }
        Happens::News(count) => {
            for event in news.take(count.into()) {
                app.update(event);
            }
        }
        Happens::Wake(seconds) => {
            let at = app.now.checked_add(SignedDuration::from_secs(seconds.into())).expect("in range");
            app.update(flightdeck::app::event::Event { at, kind: EventKind::Wake });
        }
        Happens::Done(ok, text) => stage::give(app, EventKind::Done(Done::new(ok, text))),
        Happens::Player(playing) => {
            let (first, last) = (stage::now(), app.now);
            let state = PlayerState { first, last, position: first, playing, speed: 1.0 };
            stage::give(app, EventKind::Player(state));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(size in size(), at_once in any::<bool>(), all in prop::collection::vec(happens(), 1..40)) {
        let settings = if at_once { stage::settings_of_all() } else { stage::settings() };
        let mut app = stage::empty(settings, size);
        let mut news = stage::story().into_iter();
        let mut screen = Screen::new();
        for what in all {
            play(&mut app, &mut news, what);
            let wake = app.next_wake();
            prop_assert!(wake.is_none_or(|wake| wake > app.now), "woken at once for ever: {:?} at {}", wake, app.now);
            let bytes = screen.frame(&app).expect("into memory");
            prop_assert!(bytes.is_empty() || bytes.ends_with(b"\x1b[?2026l"));
            // What the terminal shows is what a fresh drawing shows: nothing depends on what was drawn before.
            prop_assert!(screen.frame(&app).expect("into memory").is_empty(), "drawing twice draws something else");
        }
    }
}
