//! A list to choose from by typing a part of a name. What there is to choose, and what choosing does, is told by [`Choices`].

use super::{
    Modal, Outcome,
    window::{self, Line, List, Motion},
};
use crate::{
    app::App,
    model::input::{Key, KeyCode},
    ui::{paint, scene::Scene, theme::Role},
};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use std::cmp::Reverse;

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// What it is chosen by.
    pub value: String,
    /// Name on the screen; what is typed is looked for here first.
    pub title: String,
    /// More words, to find it by and to know it by.
    pub detail: String,
    /// Whether it is on, where several can be.
    pub on: Option<bool>,
}

/// What there is to choose.
pub trait Choices: Sync {
    /// Name in tests and help.
    fn name(&self) -> &'static str;
    /// Heading of the window.
    fn title(&self) -> &'static str;
    /// Everything that can be chosen, in the order in which it is shown while nothing is typed.
    fn items(&self, app: &App) -> Vec<Item>;
    /// Takes what was chosen; the window closes.
    fn choose(&self, app: &mut App, value: &str);
    /// Switches one on or off, the window stays; `false` where only one can be chosen.
    fn toggle(&self, _app: &mut App, _value: &str) -> bool {
        false
    }
    /// What is said where there is nothing to choose.
    fn none(&self) -> &'static str;
}

/// The window.
pub struct Picker {
    choices: &'static dyn Choices,
    items: Vec<Item>,
    line: Line,
    /// Indices of the items that match, the best first.
    found: Vec<usize>,
    cursor: usize,
    /// Whether something was switched on or off here: then Enter only closes.
    toggled: bool,
}

/// Size that the window wants.
const SIZE: (u16, u16) = (76, 20);

/// Opens the window.
pub fn open(app: &mut App, choices: &'static dyn Choices) {
    let items = choices.items(app);
    let mut picker = Picker { choices, items, line: Line::default(), found: Vec::new(), cursor: 0, toggled: false };
    picker.search();
    window::open(app, Box::new(picker));
}

impl Picker {
    fn search(&mut self) {
        self.cursor = 0;
        if self.line.0.is_empty() {
            self.found = (0..self.items.len()).collect();
            return;
        }
        let pattern = Pattern::parse(&self.line.0, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            // A word of the details that is typed whole is a name too: `svc` is services.
            let exact = item.title == self.line.0 || item.detail.split([' ', ',']).any(|word| word == self.line.0);
            let found = score(&item.title).map(|score| score + 1_000).or_else(|| score(&item.detail));
            if let Some(score) = found.map(|score| score + if exact { 10_000 } else { 0 }) {
                scored.push((Reverse(score), at));
            }
        }
        scored.sort_unstable();
        self.found = scored.into_iter().map(|(_, at)| at).collect();
    }

    /// The list inside the window: below the line that is typed and above the hint.
    fn list(&self, inner: Rect) -> List {
        let area = Rect { y: inner.y + 1.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
        List { area, rows: self.found.len() }
    }

    fn list_on_screen(&self, app: &App) -> List {
        self.list(window::inside(window::place(window::screen(app), SIZE)))
    }

    fn value(&self) -> Option<String> {
        self.found.get(self.cursor).map(|at| self.items[*at].value.clone())
    }

    fn choose(&self, app: &mut App) -> Outcome {
        if let Some(value) = self.value().filter(|_| !self.toggled) {
            self.choices.choose(app, &value);
        }
        Outcome::Close
    }

    /// Chooses this one at once, whatever was switched on or off before.
    fn choose_at(&mut self, at: usize, app: &mut App) -> Outcome {
        self.cursor = at;
        self.toggled = false;
        self.choose(app)
    }

    fn toggle(&mut self, app: &mut App) {
        let Some(value) = self.value() else { return };
        if self.choices.toggle(app, &value) {
            self.toggled = true;
            self.items = self.choices.items(app);
            let cursor = self.cursor;
            self.search();
            self.cursor = cursor.min(self.found.len().saturating_sub(1));
        }
    }

    fn draw_row(&self, scene: &Scene<'_>, (at, item): (usize, &Item), line: Rect, buffer: &mut Buffer) {
        let selected = at == self.cursor;
        let style = |role| scene.style(if selected { Role::Selected } else { role });
        if selected {
            paint::fill(buffer, line, scene.style(Role::Selected));
        }
        let digit = if self.line.0.is_empty() && at < 9 { format!("{} ", at + 1) } else { "  ".into() };
        let mut x = paint::put(buffer, line, (0, 0), &digit, style(Role::Key));
        if let Some(on) = item.on {
            x += paint::put(buffer, line, (x, 0), if on { "[x] " } else { "[ ] " }, style(Role::Text));
        }
        x += paint::put_cut(scene, buffer, line, (x, 0), &item.title, style(Role::Text));
        let from = (x + 2).max(line.width * 2 / 5);
        paint::put_cut(scene, buffer, line, (from, 0), &item.detail, style(Role::Dim));
    }
}

impl Modal for Picker {
    fn name(&self) -> &'static str {
        self.choices.name()
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let count = format!("{} of {}", self.found.len(), self.items.len());
        let inner = window::draw(scene, buffer, window::place(area, SIZE), self.choices.title(), &count);
        self.line.draw(scene, buffer, Rect { height: 1.min(inner.height), ..inner }, "> ");
        let list = self.list(inner);
        // What is said of each is that of now, though the list stands still.
        let now = self.choices.items(app);
        for (at, line) in list.shown(self.cursor) {
            let item = &self.items[self.found[at]];
            let item = now.iter().find(|now| now.value == item.value).unwrap_or(item);
            self.draw_row(scene, (at, item), line, buffer);
        }
        if self.found.is_empty() {
            let text = if self.items.is_empty() { self.choices.none() } else { "nothing is called like this" };
            paint::put_cut(scene, buffer, list.area, (0, 0), text, scene.style(Role::Dim));
        }
        if inner.height > 2 {
            let several = self.items.iter().any(|item| item.on.is_some());
            let text = if several {
                "space on or off  Enter only this, or done  1-9 at once  Esc close"
            } else {
                "Enter choose  1-9 at once  Esc close"
            };
            let line = Rect { y: inner.bottom() - 1, height: 1, ..inner };
            paint::put_cut(scene, buffer, line, (0, 0), text, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) {
            return Outcome::Close;
        }
        let digit = key.typed().and_then(|c| c.to_digit(10)).filter(|digit| *digit > 0 && self.line.0.is_empty());
        if let Some(at) = digit.map(|digit| digit as usize - 1).filter(|at| *at < self.found.len()) {
            return self.choose_at(at, app);
        }
        match key.code {
            KeyCode::Enter => return self.choose(app),
            KeyCode::Char(' ') => self.toggle(app),
            _ => {
                if let Some(motion) = Motion::of(key, app, true) {
                    self.step(motion, app);
                } else if self.line.on_key(key) {
                    self.search();
                }
            }
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.line.paste(text);
        self.search();
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        self.cursor = self.list_on_screen(app).step(self.cursor, motion);
    }

    fn press(&mut self, place: Position, app: &mut App) -> Outcome {
        match self.list_on_screen(app).at(self.cursor, place) {
            Some(at) => self.choose_at(at, app),
            None => Outcome::Stay,
        }
    }
}
