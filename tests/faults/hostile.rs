//! Text from outside never reaches the terminal raw, whichever field it stands in and whichever pane shows it.

use crate::{
    bed::{amount, tell},
    samples, stage,
};
use flightdeck::{
    action,
    app::{
        App,
        event::{Event, EventKind},
    },
    model::{attention::Severity, text},
    pages, panes,
    runtime::screen::Screen,
    world::World,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What may stand in a name, a command, a mount point, a label or a log line.
fn hostile_texts() -> Vec<String> {
    vec![
        "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}".into(),
        "\u{9b}31m\u{90}q\u{9c}\u{1b}Pq\u{1b}\\".into(),
        "one\ntwo\rthree\tfour\u{b}\u{c}\u{8}\u{7f}\u{0}".into(),
        "gnp.\u{202e}exe\u{2066}x\u{2069}\u{200b}\u{feff}\u{ad}".into(),
        format!("\u{1b}{}", "長い名前".repeat(250)),
        "e\u{301}\u{301}\u{301}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{e0041}\u{fffd}".into(),
        "\u{1b}]52;c;ZWNobyBoaQ==\u{7}\u{1b}[6n\u{1b}[?1049l".into(),
    ]
}

/// Every event as JSON with a mark in each place for a text, and how many places those are.
static POISONED: LazyLock<(Vec<String>, usize)> = LazyLock::new(|| {
    let mut places = 0;
    let mut written = Vec::new();
    for event in samples::events() {
        let mut value = serde_json::to_value(&event).expect("an event can be written");
        let found = Poison::of::<Event>(&mut value);
        assert!(found > 0 || matches!(event.kind, EventKind::Wake), "nothing to poison in {value}");
        places += found;
        written.push(value.to_string());
    }
    (written, places)
});

/// The same events with hostile text in every place that can hold it.
fn hostile_events(hostile: &str) -> Vec<Event> {
    let hostile = serde_json::to_string(hostile).expect("a string");
    let with = |text: &String| text.replace(MARK, &hostile[1..hostile.len() - 1]);
    POISONED.0.iter().map(|text| serde_json::from_str(&with(text)).expect("checked after each replacement")).collect()
}

/// Stands for the hostile text while places for it are looked for.
const MARK: &str = "hostile-text-stands-here";

/// Puts the mark into every place that may hold any text: strings, keys of maps, texts that are not known and lists that are empty.
struct Poison<'v> {
    value: &'v mut Value,
    replaced: usize,
}

impl<'v> Poison<'v> {
    /// How many places there are.
    fn of<T: DeserializeOwned + Serialize>(value: &'v mut Value) -> usize {
        let mut poison = Self { value, replaced: 0 };
        let mut pointers = Vec::new();
        places(poison.value, &mut String::new(), &mut pointers);
        for pointer in pointers {
            poison.place::<T>(&pointer);
        }
        poison.replaced
    }

    fn place<T: DeserializeOwned + Serialize>(&mut self, pointer: &str) {
        let mark = || Value::String(MARK.into());
        // Keys of maps are text as well.
        let (above, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let is_key = matches!(self.value.pointer(above), Some(Value::Object(_)));
        let mut tries = match self.value.pointer(pointer) {
            Some(Value::String(_) | Value::Null) => vec![mark()],
            Some(Value::Array(items)) if items.is_empty() => vec![json!([MARK])],
            Some(Value::Object(fields)) if fields.is_empty() => vec![json!({ MARK: MARK }), json!({ MARK: 1.0 })],
            _ => vec![],
        };
        tries.retain(|new| {
            let place = self.value.pointer_mut(pointer).expect("found there");
            let old = std::mem::replace(place, new.clone());
            let keeps = self.keeps::<T>(pointer);
            if !keeps {
                *self.value.pointer_mut(pointer).expect("still there") = old;
            }
            keeps
        });
        self.replaced += usize::from(!tries.is_empty());
        if is_key && !key.is_empty() && self.rename::<T>(above, &key.replace("~1", "/").replace("~0", "~")) {
            self.replaced += 1;
        }
    }

    /// Whether the whole can be read, and still has what stands there: names of variants, times and figures cannot hold any text, and a
    /// field that is not known would only be left out.
    fn keeps<T: DeserializeOwned + Serialize>(&self, pointer: &str) -> bool {
        let read = serde_json::from_value::<T>(self.value.clone()).and_then(serde_json::to_value);
        read.is_ok_and(|read| read.pointer(pointer).is_some_and(|place| place.to_string().contains(MARK)))
    }

    fn rename<T: DeserializeOwned + Serialize>(&mut self, above: &str, key: &str) -> bool {
        let at = |value: &mut Value, old: &str, new: &str| {
            if let Some(Value::Object(fields)) = value.pointer_mut(above)
                && !fields.contains_key(new)
                && let Some(held) = fields.remove(old)
            {
                fields.insert(new.into(), held);
                return true;
            }
            false
        };
        if !at(self.value, key, MARK) {
            return false;
        }
        if self.keeps::<T>(&format!("{above}/{MARK}")) || self.keeps_key::<T>(above) {
            return true;
        }
        at(self.value, MARK, key);
        false
    }

    fn keeps_key<T: DeserializeOwned + Serialize>(&self, above: &str) -> bool {
        let read = serde_json::from_value::<T>(self.value.clone()).and_then(serde_json::to_value);
        read.is_ok_and(|read| read.pointer(above).is_some_and(|map| map.get(MARK).is_some()))
    }
}

/// Where anything may stand, the innermost first, so that a key is renamed when what lies below it is done.
fn places(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let mut descend = |part: &str, value: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(&part.replace('~', "~0").replace('/', "~1"));
        places(value, at, found);
        found.push(at.clone());
        at.truncate(length);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| descend(&i.to_string(), item)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| descend(name, value)),
        _ => {}
    }
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

/// What was looked at.
#[derive(Default)]
struct Looked {
    /// Whether a stand-in for what is not printed was seen.
    replaced: bool,
    screens: u64,
}

impl Looked {
    fn at(&mut self, app: &App, what: &str) {
        let bytes = Screen::new().frame(app).expect("into memory");
        self.screens += 1;
        match printable(&bytes) {
            Ok(text) => self.replaced |= text.contains('\u{fffd}'),
            Err(fault) => panic!("{what}: {fault}"),
        }
    }

    /// Every tab of the page that is open.
    fn at_page(&mut self, app: &mut App, what: &str) {
        for _ in 0..app.view.stack.last().map_or(0, |page| pages::tabs(&page.object).len()) {
            self.at(app, what);
            app.run("tab-next");
        }
    }

    fn saw_something(&self, hostile: &str) {
        assert!(self.replaced || !leaves_a_trace(hostile), "{hostile:.30?} was not shown: this test looks at nothing");
    }
}

/// What is there when everything has told hostile text, after it has told what is usual.
fn poisoned(hostile: &str) -> World {
    let mut app = samples::app(stage::settings(), (120, 40));
    for event in hostile_events(hostile) {
        app.update(event);
    }
    app.world
}

/// Whether the text holds something for which a stand-in must be seen.
fn leaves_a_trace(hostile: &str) -> bool {
    hostile.chars().any(|c| !text::is_harmless(c) && !matches!(c, '\n' | '\r' | '\t'))
}

/// The cockpit with another world.
fn with(mut app: App, world: &World) -> App {
    app.world = world.clone();
    app.relayout();
    app
}

/// Sizes at which panes are looked at: a small one and a usual one, or all.
fn sizes() -> impl Iterator<Item = &'static (u16, u16)> {
    stage::SIZES.iter().step_by(amount(2, 1) as usize)
}

#[test]
fn no_pane_and_no_page_prints_hostile_text_raw() {
    let mut screens = 0;
    for hostile in hostile_texts() {
        let world = poisoned(&hostile);
        let mut looked = Looked::default();
        for pane in panes::PANES {
            for (columns, rows) in sizes() {
                let what = format!("{} at {columns}x{rows} with {hostile:.30?}", pane.name());
                let settings = stage::settings_of_pane(pane.name());
                let mut app = with(samples::app(settings, (*columns, *rows)), &world);
                looked.at(&app, &what);
                app.open_selected();
                looked.at_page(&mut app, &what);
            }
        }
        looked.saw_something(&hostile);
        screens += looked.screens;
    }
    let (events, places) = (POISONED.0.len(), POISONED.1);
    let (texts, panes) = (hostile_texts().len(), panes::PANES.len());
    tell(
        "hostile text",
        &format!(
            "{texts} hostile texts in each of {places} places of {events} kinds of news; {screens} screens of {panes} panes and their pages at {} sizes: 0 control bytes, 0 escapes, 0 direction marks",
            sizes().count()
        ),
    );
}

#[test]
fn no_action_leads_to_a_screen_that_prints_hostile_text_raw() {
    let every = amount(0, 1) == 1;
    for (number, hostile) in hostile_texts().into_iter().enumerate() {
        let world = poisoned(&hostile);
        let mut looked = Looked::default();
        // In a run of all tests each action sees one of the texts.
        let its_turn = |(at, _): &(usize, _)| every || at % hostile_texts().len() == number;
        for (_, action) in action::all().enumerate().filter(its_turn) {
            let mut app = with(stage::app_for(action, (120, 40)), &world);
            app.run(action.name);
            stage::give(&mut app, EventKind::Paste(hostile.clone()));
            let what = format!("after {} with {hostile:.30?}", action.name);
            looked.at(&app, &what);
            app.notice(Severity::Warn, hostile.as_str());
            looked.at(&app, &what);
        }
        looked.saw_something(&hostile);
    }
}
