//! Text from outside never reaches the terminal raw, whichever field it stands in and whichever pane shows it.

use crate::stage;
use flightdeck::{
    action,
    app::{
        App,
        event::{Event, EventKind},
    },
    model::{attention::Severity, text},
    panes,
    runtime::screen::Screen,
};
use serde_json::Value;

/// What may stand in a name, a command, a mount point, a label or a log line.
fn hostile_texts() -> Vec<String> {
    vec![
        "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}".into(),
        "\u{9b}31m\u{90}q\u{9c}\u{1b}Pq\u{1b}\\".into(),
        "one\ntwo\rthree\tfour\u{b}\u{c}\u{8}\u{7f}\u{0}".into(),
        "gnp.\u{202e}exe\u{2066}x\u{2069}\u{200b}\u{feff}\u{ad}".into(),
        format!("\u{1b}{}", "長い名前".repeat(2_500)),
        "e\u{301}\u{301}\u{301}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{e0041}\u{fffd}".into(),
        "\u{1b}]52;c;ZWNobyBoaQ==\u{7}\u{1b}[6n\u{1b}[?1049l".into(),
    ]
}

/// Replaces every string in the value that may hold any text, one after the other, as long as the whole can still be read.
/// Returns how many were replaced.
fn poison<T: serde::de::DeserializeOwned>(value: &mut Value, hostile: &str) -> usize {
    let mut pointers = Vec::new();
    strings(value, &mut String::new(), &mut pointers);
    let mut replaced = 0;
    for pointer in pointers {
        let place = value.pointer_mut(&pointer).expect("found there");
        let old = std::mem::replace(place, Value::String(hostile.into()));
        // Names of variants, times and single characters cannot hold any text.
        if serde_json::from_value::<T>(value.clone()).is_ok() {
            replaced += 1;
        } else {
            *value.pointer_mut(&pointer).expect("still there") = old;
        }
    }
    replaced
}

fn strings(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let mut descend = |part: &str, value: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(&part.replace('~', "~0").replace('/', "~1"));
        strings(value, at, found);
        at.truncate(length);
    };
    match value {
        Value::String(_) => found.push(at.clone()),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| descend(&i.to_string(), item)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| descend(name, value)),
        _ => {}
    }
}

/// The events of the story's last moments, which hold one of everything, with hostile text in every place that can hold it.
fn hostile_events(hostile: &str) -> Vec<Event> {
    let story = stage::story();
    let mut kinds = std::collections::BTreeSet::new();
    let mut events = Vec::new();
    for event in story.into_iter().rev() {
        let mut value = serde_json::to_value(&event).expect("an event can be written");
        let kind = match &event.kind {
            EventKind::Updates { updates, .. } => {
                format!("{:?}", updates.iter().map(std::mem::discriminant).collect::<Vec<_>>())
            }
            EventKind::Report(report) => format!("{} {:?}", report.name, report.state),
            kind => format!("{:?}", std::mem::discriminant(kind)),
        };
        if kinds.insert(kind) {
            assert!(poison::<Event>(&mut value, hostile) > 0 || !has_text(&event), "nothing to poison in {value}");
            events.push(serde_json::from_value(value).expect("checked after each replacement"));
        }
    }
    assert!(events.len() > 10, "the story has become poor: {} kinds of events", events.len());
    events.reverse();
    events
}

/// Whether the event says anything that is not a figure.
fn has_text(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Wake)
}

/// What is left of the bytes once the sequences that our own backend emits are taken out: printable text, or the first fault.
fn printable(bytes: &[u8]) -> Result<String, String> {
    let all = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    let mut rest = all;
    let mut text = String::new();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == '\u{1b}' {
            let body =
                rest.strip_prefix('[').ok_or_else(|| format!("an escape that is no CSI before {:.20?}", rest))?;
            let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?');
            let (parameters, after) = body.split_at(end.ok_or("a sequence without end")?);
            let last = after.chars().next().expect("found there");
            if !matches!((last, parameters), ('H' | 'm', _) | ('J', "2") | ('h' | 'l', "?2026")) {
                return Err(format!("CSI {parameters}{last}"));
            }
            rest = &after[last.len_utf8()..];
        } else if text::is_harmless(c) {
            text.push(c);
        } else {
            return Err(format!("{c:?} after {:?}", text.chars().rev().take(20).collect::<String>()));
        }
    }
    Ok(text)
}

#[test]
fn the_checker_finds_what_it_looks_for() {
    assert_eq!(printable("\u{1b}[?2026h\u{1b}[3;1Hhi\u{1b}[0m".as_bytes()).as_deref(), Ok("hi"));
    for raw in hostile_texts() {
        if raw.contains('\u{1b}') || raw.chars().any(|c| !text::is_harmless(c)) {
            assert!(printable(raw.as_bytes()).is_err(), "{raw:.30?}");
        }
    }
    for raw in ["\u{1b}[6n", "\u{1b}[?1049l", "\u{1b}]0;x\u{7}", "\r", "\u{9b}m", "\u{202e}"] {
        assert!(printable(raw.as_bytes()).is_err(), "{raw:?}");
    }
}

fn look(app: &App, replaced: &mut bool, what: &str) {
    let bytes = Screen::new().frame(app).expect("into memory");
    match printable(&bytes) {
        Ok(text) => *replaced |= text.contains('\u{fffd}'),
        Err(fault) => panic!("{what}: {fault}"),
    }
}

/// A cockpit that got the events after the story.
fn poisoned(mut app: App, events: &[Event]) -> App {
    for event in events {
        app.update(serde_json::to_value(event).and_then(serde_json::from_value).expect("written and read"));
    }
    app
}

/// Whether the text holds something for which a stand-in must be seen.
fn leaves_a_trace(hostile: &str) -> bool {
    hostile.chars().any(|c| !text::is_harmless(c) && !matches!(c, '\n' | '\r' | '\t'))
}

#[test]
fn no_pane_prints_hostile_text_raw() {
    for hostile in hostile_texts() {
        let events = hostile_events(&hostile);
        let mut replaced = false;
        for pane in panes::PANES {
            for (columns, rows) in stage::SIZES {
                let what = format!("{} at {columns}x{rows} with {hostile:.30?}", pane.name());
                let mut app = poisoned(stage::app(stage::settings_of_pane(pane.name()), (*columns, *rows)), &events);
                look(&app, &mut replaced, &what);
                app.open_selected();
                look(&app, &mut replaced, &what);
            }
        }
        assert!(replaced || !leaves_a_trace(&hostile), "{hostile:.30?} was not shown: this test looks at nothing");
    }
}

#[test]
fn no_action_leads_to_a_screen_that_prints_hostile_text_raw() {
    for hostile in hostile_texts() {
        let events = hostile_events(&hostile);
        let mut replaced = false;
        for action in action::all() {
            let mut app = poisoned(stage::app_for(action, (120, 40)), &events);
            app.run(action.name);
            stage::give(&mut app, EventKind::Paste(hostile.clone()));
            let what = format!("after {} with {hostile:.30?}", action.name);
            look(&app, &mut replaced, &what);
            app.notice(Severity::Warn, hostile.as_str());
            look(&app, &mut replaced, &what);
        }
        assert!(replaced || !leaves_a_trace(&hostile), "{hostile:.30?} was not shown: this test looks at nothing");
    }
}
