//! Whatever comes, in whatever order, at whatever size: nothing panics, everything can be drawn, and the terminal is given back.

use crate::{
    bed::{Random, amount, tell},
    home::Home,
    samples, stage,
    wait::{self, PATIENCE},
};
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

/// How many events one cockpit takes before the next one begins: states that keys lead into are left again.
const LIFE: u64 = 4_000;
/// Every so many events the screen is drawn.
const DRAWN: u64 = 50;

/// Keys, clicks, pastes and sizes above all, as they come from a terminal; news, actions and time between them.
fn at_random(random: &mut Random) -> Happens {
    use KeyCode::{Backspace, Char, Delete, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};
    let named = [Enter, Enter, Esc, Esc, Tab, Backspace, Delete, Up, Down, Left, Right, Home, End, PageUp, PageDown];
    match random.below(100) {
        0..40 => {
            let code = Char(char::from(b'!' + random.below(94) as u8));
            Happens::Key(Key { code, ctrl: random.below(12) == 0, alt: random.below(30) == 0, shift: false })
        }
        40..60 => Happens::Key(Key::plain(named[random.below(named.len() as u64) as usize])),
        60..63 => Happens::Key(Key::char(char::from_u32(random.below(0x11_0000) as u32).unwrap_or('\u{202e}'))),
        63..80 => {
            let kinds =
                [MouseKind::Press, MouseKind::Drag, MouseKind::Release, MouseKind::ScrollUp, MouseKind::ScrollDown];
            let (column, row) = (random.below(260) as u16, random.below(80) as u16);
            Happens::Mouse(Mouse { kind: kinds[random.below(5) as usize], column, row })
        }
        80..85 => {
            let length = random.below(40);
            let pasted = (0..length).map(|_| char::from_u32(random.below(0x3000) as u32).unwrap_or('\n'));
            Happens::Paste(pasted.collect())
        }
        85..90 => {
            let sizes = [(0, 0), (1, 1), (3, 2), (40, 10), (80, 24), (120, 40), (220, 70), (1_000, 1), (1, 1_000)];
            let (columns, rows) = sizes[random.below(sizes.len() as u64) as usize];
            Happens::Resize(columns, rows)
        }
        90..94 => Happens::Action(random.below(action::all().count() as u64) as usize),
        94..96 => Happens::News(1 + random.below(3) as u8),
        96..98 => Happens::Wake(random.below(600) as u16),
        98 => Happens::Done(random.below(2) == 0, "it\u{1b}[2J is done".into()),
        _ => Happens::Player(random.below(2) == 0),
    }
}

/// One cockpit's life; says how often it was drawn.
fn live(random: &mut Random, events: u64) -> u64 {
    let size = (1 + random.below(220) as u16, 1 + random.below(70) as u16);
    let settings = if random.below(2) == 0 { stage::settings() } else { stage::settings_of_all() };
    // One that knows nothing, one that knows everything.
    let mut app = if random.below(4) == 0 { stage::empty(settings, size) } else { samples::app(settings, size) };
    app.policy.armed = random.below(2) == 0;
    let mut news = stage::story().into_iter();
    let mut screen = Screen::new();
    let mut drawn = 0;
    for count in 0..events {
        play(&mut app, &mut news, at_random(random));
        let wake = app.next_wake();
        assert!(wake.is_none_or(|wake| wake > app.now), "woken at once for ever: {wake:?} at {}", app.now);
        if count % DRAWN == 0 {
            let bytes = screen.frame(&app).expect("into memory");
            assert!(bytes.is_empty() || bytes.ends_with(b"\x1b[?2026l"));
            drawn += 1;
        }
    }
    drawn
}

/// What the events without end have found, by itself: blanks are not all one byte long.
#[test]
fn a_column_is_completed_behind_any_blank() {
    let mut app = stage::app(stage::settings_of_pane("processes"), (120, 40));
    app.run("filter");
    stage::give(&mut app, EventKind::Paste("x\u{2001}comm".into()));
    stage::press(&mut app, "tab");
    let bytes = Screen::new().frame(&app).expect("into memory");
    assert!(String::from_utf8_lossy(&bytes).contains("command"));
    assert!(app.view.pane("processes").list.filter.ends_with("command"), "the column's name is whole");
}

#[test]
fn events_without_end_are_taken() {
    let (mut random, seed) = Random::new();
    let wanted = amount(12_000, 1_000_000);
    let (mut taken, mut drawn) = (0, 0);
    while taken < wanted {
        let events = LIFE.min(wanted - taken);
        // What is said where it panics tells how to come there again.
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(&mut random, events)));
        drawn += lived.unwrap_or_else(|_| panic!("after {taken} events or more of the seed {seed}"));
        taken += events;
    }
    tell(
        "random events",
        &format!(
            "{taken} random keys, clicks, pastes, sizes, actions and news (seed {seed}), drawn {drawn} times: 0 panics"
        ),
    );
}

/// Bytes as a terminal sends them that has gone mad.
fn mad(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => format!("\x1b[<{};{};{}M", random.below(70), random.below(250), random.below(80)).into_bytes(),
        1 => format!("\x1b[200~{}\x1b[201~", "pasted\x1b ".repeat(random.below(9) as usize)).into_bytes(),
        2 => format!("\x1b[{}", char::from(b'A' + random.below(26) as u8)).into_bytes(),
        // Without what makes a terminal that was just given back forget its output, read or not (INTR, QUIT, SUSP; termios(3), NOFLSH).
        3 => {
            let bytes = (0..random.below(12)).map(|_| random.below(256) as u8);
            bytes.filter(|byte| !matches!(byte, 0x03 | 0x1a | 0x1c)).collect()
        }
        _ => vec![b' ' + random.below(95) as u8],
    }
}

#[test]
fn a_terminal_that_went_mad_is_given_back() {
    let (mut random, seed) = Random::new();
    let wanted = amount(4_000, 100_000);
    let home = Home::new();
    let (mut sent, mut lives) = (0, 0);
    while sent < wanted {
        lives += 1;
        // Never armed: what keys come to by chance is not done to this machine.
        let mut pty = home.setup().size(120, 40).flightdeck(&home.arguments(&["--read-only"]));
        pty.wait_for_cockpit();
        while sent < wanted && !pty.seen().closed && wait::process_end(pty.pid(), std::time::Duration::ZERO).is_none() {
            if random.below(60) == 0 {
                pty.resize(1 + random.below(220) as u16, 1 + random.below(70) as u16);
            }
            pty.try_send(&mad(&mut random));
            sent += 1;
        }
        if wait::process_end(pty.pid(), std::time::Duration::ZERO).is_none() {
            pty.signal(rustix::process::Signal::TERM);
        }
        let status = pty.exit(PATIENCE);
        // Keys may have asked it to leave, to be interrupted, or have ended its input.
        let left = pty.seen().bytes.len().saturating_sub(1_500);
        let last = String::from_utf8_lossy(&pty.seen().bytes[left..]).into_owned();
        assert!(matches!(status.exit_code(), 0 | 129..=131), "{status}, seed {seed}: {last}");
        pty.assert_restored();
    }
    tell(
        "random input",
        &format!(
            "{sent} pieces of random input (seed {seed}) to {lives} real cockpits in a terminal: 0 panics, the terminal restored {lives} times"
        ),
    );
}
