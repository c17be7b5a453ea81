//! Help: what the focused pane shows, and every key that works here, the narrowest scope first.

use super::{
    Modal, Outcome,
    window::{self, Line, Motion},
};
use crate::{
    action,
    app::App,
    keymap::{Keymap, Scope, shown},
    model::input::{Key, KeyCode},
    panes,
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::BTreeSet;

/// The help.
pub struct Help {
    /// Scopes at the time it was opened.
    scopes: Vec<Scope>,
    title: String,
    about: String,
    filter: Line,
    typing: bool,
    scroll: usize,
}

/// Size that the window wants.
const SIZE: (u16, u16) = (92, 40);

/// A line of the help.
enum Row {
    Heading(String),
    Text(String),
    /// Keys, and a piece of the sentence about them.
    Key(String, String),
}

impl Help {
    /// Help on what has the focus now.
    pub fn new(app: &App) -> Self {
        let pane = app.view.focused().and_then(panes::find).filter(|_| app.view.stack.is_empty());
        let (title, about) = match (pane, app.view.stack.last()) {
            (_, Some(page)) => (
                page.object.to_string(),
                "The page of one object: what it is, how it does and what changed.".to_owned(),
            ),
            (Some(pane), None) => (pane.title().to_owned(), pane.about().to_owned()),
            (None, None) => ("Flightdeck".to_owned(), String::new()),
        };
        Self { scopes: app.scopes(), title, about, filter: Line::default(), typing: false, scroll: 0 }
    }

    fn rows(&self, keymap: &Keymap, width: u16) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.filter.0.is_empty() && !self.about.is_empty() {
            rows.push(Row::Heading(self.title.clone()));
            rows.extend(window::wrap(&self.about, width).into_iter().map(Row::Text));
            rows.push(Row::Text(String::new()));
        }
        let margin = if width >= 60 { 18 } else { 11 };
        let mut taken = BTreeSet::new();
        for scope in &self.scopes {
            let mut found = bound(keymap, *scope, &mut taken);
            found.retain(|entry| self.wants(entry));
            if found.is_empty() {
                continue;
            }
            rows.push(Row::Heading(place(*scope)));
            for entry in found {
                let mut keys = Some(entry.keys);
                for text in window::wrap(entry.doc, width.saturating_sub(margin)) {
                    rows.push(Row::Key(keys.take().unwrap_or_default(), text));
                }
            }
            rows.push(Row::Text(String::new()));
        }
        if rows.is_empty() {
            rows.push(Row::Text(format!("nothing here is like «{}»", self.filter.0)));
        }
        rows
    }

    fn wants(&self, entry: &Entry) -> bool {
        let wanted = self.filter.0.to_lowercase();
        entry.words.contains(&wanted) || entry.keys.to_lowercase().contains(&wanted)
    }
}

/// A line about an action: its keys, what it does, and the words that it is found by.
struct Entry {
    keys: String,
    doc: &'static str,
    words: String,
}

/// Every bound action of a scope with its keys, in the order of the action table; without the keys that a narrower scope has taken.
fn bound(keymap: &Keymap, scope: Scope, taken: &mut BTreeSet<String>) -> Vec<Entry> {
    let narrower = taken.clone();
    let mut entries: Vec<Entry> = Vec::new();
    let mut pages = Vec::new();
    for action in action::all() {
        let keys = keymap.keys_in(scope, action.name).into_iter().map(shown);
        let keys: Vec<_> = keys.filter(|key| !narrower.contains(key)).collect();
        taken.extend(keys.iter().cloned());
        if keys.is_empty() {
            continue;
        }
        if action.name.starts_with("page-") {
            pages.extend(keys);
            continue;
        }
        let words = format!("{} {} {}", action.name, action.title, action.doc).to_lowercase();
        entries.push(Entry { keys: keys.join(", "), doc: action.doc, words });
    }
    if let (Some(first), Some(last)) = (pages.first(), pages.last()) {
        let doc = "Shows the page of this number.";
        entries.insert(0, Entry { keys: format!("{first} to {last}"), doc, words: doc.to_lowercase() });
    }
    entries
}

fn place(scope: Scope) -> String {
    match scope {
        Scope::Pane(name) => panes::find(name).map_or(name, |pane| pane.title()).to_owned(),
        Scope::List => "In lists".into(),
        Scope::Graph => "In graphs".into(),
        Scope::Text => "In text".into(),
        Scope::Logs => "Among log lines".into(),
        Scope::Object => "On an object's page".into(),
        Scope::Player => "In the past and in recordings".into(),
        Scope::Global => "Everywhere".into(),
    }
}

impl Modal for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let inner = window::draw(scene, buffer, window::place(area, SIZE), "Help", "Esc close");
        let rows = self.rows(&app.settings.keymap, inner.width);
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let margin = if inner.width >= 60 { 18 } else { 11 };
        for (y, row) in rows.iter().skip(self.scroll).take(usize::from(body.height)).enumerate() {
            let y = y as u16;
            match row {
                Row::Heading(text) => {
                    paint::put_cut(scene, buffer, body, (0, y), text, scene.style(Role::Title));
                }
                Row::Text(text) => {
                    paint::put(buffer, body, (0, y), text, scene.style(Role::Text));
                }
                Row::Key(keys, text) => {
                    let column = Rect { width: (margin - 1).min(body.width), ..body };
                    paint::put_cut(scene, buffer, column, (1, y), keys, scene.style(Role::Key));
                    paint::put(buffer, body, (margin, y), text, scene.style(Role::Text));
                }
            }
        }
        let foot = Rect { y: body.bottom(), height: inner.height - body.height, ..inner };
        if self.typing || !self.filter.0.is_empty() {
            self.filter.draw(scene, buffer, foot, "/");
        } else {
            let shown = self.scroll + usize::from(body.height);
            let more = if shown < rows.len() { "  more below" } else { "" };
            paint::put(buffer, foot, (0, 0), &format!("/ search{more}"), scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) {
            return Outcome::Close;
        }
        if let Some(motion) = Motion::of(key, app, self.typing) {
            self.step(motion, app);
        } else if self.typing {
            if key.code == KeyCode::Enter {
                self.typing = false;
            } else if self.filter.on_key(key) {
                self.scroll = 0;
            }
        } else if key == Key::char('/') || key == (Key { ctrl: true, ..Key::char('s') }) {
            self.typing = true;
        } else if key == Key::char('?') || key == Key::char('q') {
            return Outcome::Close;
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        if self.typing {
            self.filter.paste(text);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let inner = window::inside(window::place(window::screen(app), SIZE));
        let height = usize::from(inner.height.saturating_sub(1));
        let last = self.rows(&app.settings.keymap, inner.width).len().saturating_sub(height);
        self.scroll = motion.from(self.scroll, last, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::file;

    #[test]
    fn a_key_stands_once_where_it_works() {
        let keymap = file::built_in("default", &action::names()).0;
        let (mut taken, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for scope in [Scope::Player, Scope::List, Scope::Global] {
            for entry in bound(&keymap, scope, &mut taken) {
                for key in entry.keys.split(", ").filter(|key| !key.contains(" to ")) {
                    assert!(seen.insert(key.to_owned()), "{key} stands twice: {}", entry.doc);
                }
            }
        }
        assert!(seen.contains("Space"));
    }
}
