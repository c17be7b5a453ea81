//! Attacks on the terminal, secrets, and what ordinary loggers write.

use super::*;
use proptest::prelude::*;

fn clean(raw: &str) -> Cleaned {
    Cleaner::default().line(raw.as_bytes())
}

fn text(raw: &str) -> String {
    clean(raw).text.into_string()
}

#[test]
fn attacks_are_neutralised() {
    for (raw, expected) in [
        ("a\u{1b}[2Jb", "a\u{fffd}b"),
        ("a\u{1b}[999;1Hb", "a\u{fffd}b"),
        ("\u{1b}]0;title\u{7}x", "\u{fffd}x"),
        ("\u{1b}]52;c;cm0gLXJm\u{1b}\\x", "\u{fffd}x"),
        ("\u{1b}]8;;http://evil\u{1b}\\click\u{1b}]8;;\u{1b}\\", "\u{fffd}click\u{fffd}"),
        ("\u{1b}P+q544e\u{1b}\\x", "\u{fffd}x"),
        ("\u{9b}2Jx", "\u{fffd}x"),
        ("\u{9d}0;t\u{9c}x", "\u{fffd}x"),
        // One that does not end hides nothing.
        ("\u{1b}]0;rm -rf", "\u{fffd}0;rm -rf"),
        ("\u{1b}[31", "\u{fffd}31"),
        ("\u{1b}[?1049hx\u{1b}c", "\u{fffd}x\u{fffd}"),
        ("\u{1b}(0lqk\u{1b}(B", "\u{fffd}lqk\u{fffd}"),
        ("a\u{8}\u{8}b\u{0}\u{7f}", "a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}"),
        ("a\u{202e}b\u{200b}", "a\u{fffd}b\u{fffd}"),
        ("\u{1b}[6n\u{5}", "\u{fffd}\u{fffd}"),
        ("\u{1b}", "\u{fffd}"),
        ("\u{1b}\u{1b}[31mx", "\u{fffd}x"),
    ] {
        assert_eq!(text(raw), expected, "{raw:?}");
    }
    assert_eq!(&*Cleaner::default().line(b"a\xff\xfeb").text, "a\u{fffd}\u{fffd}b");
}

#[test]
fn colours_are_kept_beside_the_text() {
    let line = clean("\u{1b}[1;32mINFO\u{1b}[0m job \u{1b}[38;5;208mx\u{1b}[38;2;1;2;3;44my\u{1b}[m");
    assert_eq!((&*line.text, line.level), ("INFO job xy", Level::Info));
    let inks: Vec<_> = line.inks.iter().map(|span| (span.from, span.ink.colour, span.ink.bold)).collect();
    assert_eq!(
        inks,
        [
            (0, InkColour::Indexed(2), true),
            (4, InkColour::Plain, false),
            (9, InkColour::Indexed(208), false),
            (10, InkColour::Rgb(1, 2, 3), false),
            (11, InkColour::Plain, false),
        ]
    );
}

#[test]
fn secrets_are_gone_also_behind_colours() {
    assert_eq!(text("login password=hunter2 ok"), "login password=[redacted] ok");
    assert_eq!(text("pass\u{1b}[0mword=hunter2"), "password=[redacted]");
    assert_eq!(text(r#"{"user":"a","token":"abc"}"#), r#"{"user":"a","token":"[redacted]"}"#);
    assert_eq!(text("Authorization: Bearer abc.def"), "Authorization: Bearer [redacted]");
    let mut cleaner = Cleaner::default();
    let mut line = |text: &str| cleaner.line(text.as_bytes()).text.into_string();
    assert_eq!(line("-----BEGIN RSA PRIVATE KEY-----"), "[redacted]");
    assert_eq!(line("MIIEow"), "[redacted]");
    assert_eq!(line("-----END RSA PRIVATE KEY-----"), "[redacted]");
    assert_eq!(line("after it"), "after it");
}

#[test]
fn progress_tabs_and_long_lines() {
    assert_eq!(text("10%\r50%\r100%\r\n"), "…100%");
    assert_eq!(text("one\r\n"), "one");
    assert_eq!(text("a\tb"), "a       b");
    let long = text(&"x".repeat(LONGEST + 10));
    assert!(long.ends_with("x… [cut: 10 bytes more]"), "{}", &long[LONGEST..]);
}

#[test]
fn a_trace_has_the_level_of_its_error() {
    let mut cleaner = Cleaner::default();
    let mut level = |text: &str| cleaner.line(text.as_bytes()).level;
    assert_eq!(level("ERROR it broke"), Level::Error);
    assert_eq!(level("    at shop.Cart(Cart.java:7)"), Level::Error);
    assert_eq!(level("Caused by: x"), Level::Error);
    assert_eq!(level("plain"), Level::Unknown);
    assert_eq!(level("  indented"), Level::Unknown);
}

proptest! {
    #[test]
    fn nothing_dangerous_is_left(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let line = Cleaner::default().line(&raw);
        prop_assert!(line.text.chars().all(text::is_harmless), "{:?}", line.text);
        prop_assert!(line.inks.iter().all(|span| line.text.is_char_boundary(span.from as usize)));
    }

    #[test]
    fn no_sequence_survives(parts in prop::collection::vec("\u{1b}|\\[|\\]|[0-9;]|m|P|\u{7}|\u{9b}|x", 0..40)) {
        let line = clean(&parts.concat());
        prop_assert!(line.text.chars().all(text::is_harmless));
    }
}

#[test]
fn no_planted_secret_is_in_a_line() {
    for planted in crate::model::secrets::planted::all() {
        let mut cleaner = Cleaner::default();
        for line in [planted.line(), planted.variable()] {
            // A key comes line by line.
            for part in line.lines() {
                let shown = cleaner.line(part.as_bytes()).text;
                assert!(!planted.survives(&shown), "{}: {line}: {shown}", planted.kind);
            }
        }
    }
}
