//! The palette: anything by name. Fuzzy search over actions, pages, panes and objects.

mod candidates;

use super::{
    Modal, Outcome,
    k8s::{NAMESPACES, RESOURCES},
    picker::Choices,
    window::{self, Line, List, Motion},
};
use crate::{
    app::App,
    model::{
        input::{Key, KeyCode},
        text,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use candidates::{Candidate, Target};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};
use std::cmp::Reverse;
use unicode_segmentation::UnicodeSegmentation;

/// The palette.
pub struct Palette {
    candidates: Vec<Candidate>,
    text: Line,
    /// Indices of the candidates that match, the best first.
    found: Vec<usize>,
    /// How many match in all.
    total: usize,
    cursor: usize,
    /// Its working memory is a hundred kilobytes, so it is made once.
    matcher: Box<Matcher>,
}

/// Size that the window wants.
const SIZE: (u16, u16) = (84, 20);
/// Matches that are kept; nobody scrolls further.
const KEPT: usize = 200;
/// Choices that are remembered.
const RECENT: usize = 20;
/// What a match in the name counts more than one elsewhere.
const NAME_BONUS: u32 = 1_000;
/// Columns of the kind.
const KIND: u16 = 9;

impl Palette {
    /// A palette over everything that can be found now.
    pub fn new(app: &App) -> Self {
        let mut palette = Self {
            candidates: candidates::all(app),
            text: Line::default(),
            found: Vec::new(),
            total: 0,
            cursor: 0,
            matcher: Box::new(Matcher::new(Config::DEFAULT)),
        };
        // What was chosen before comes first, the newest at the top; the rest keeps its order.
        let recent = &app.view.recent;
        palette.candidates.sort_by_cached_key(|candidate| {
            let at = recent.iter().rposition(|key| *key == candidate.key());
            Reverse(at.map_or(0, |at| at + 1))
        });
        palette.search();
        palette
    }

    /// What a name is compared with, letter by letter, and what a description has to hold word by word: in a sentence almost any
    /// letters are found in order.
    fn patterns(&self) -> (Pattern, Pattern) {
        let of_kind = |kind| Pattern::new(&self.text.0, CaseMatching::Smart, Normalization::Smart, kind);
        (of_kind(AtomKind::Fuzzy), of_kind(AtomKind::Substring))
    }

    /// Finds what matches the text, the best first.
    fn search(&mut self) {
        self.cursor = 0;
        let (name, description) = self.patterns();
        let mut buffer = Vec::new();
        let mut scored: Vec<(Reverse<u32>, usize)> = Vec::new();
        for (at, candidate) in self.candidates.iter().enumerate() {
            let mut score =
                |pattern: &Pattern, text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut self.matcher);
            let by_name = score(&name, &candidate.title).map(|score| score + NAME_BONUS);
            if let Some(score) = by_name.or_else(|| score(&description, &whole(candidate))) {
                scored.push((Reverse(score), at));
            }
        }
        self.total = scored.len();
        if !self.text.0.is_empty() {
            scored.sort();
        }
        self.found = scored.into_iter().take(KEPT).map(|(_, at)| at).collect();
    }

    /// Places of the signs that matched, in [`whole`].
    fn matched(&self, candidate: &Candidate) -> Vec<u32> {
        let (name, description) = self.patterns();
        let mut matcher = Matcher::new(Config::DEFAULT);
        let (mut places, mut buffer) = (Vec::new(), Vec::new());
        // A name that matches stands at the beginning of the whole, so its places are the whole's.
        if name.indices(Utf32Str::new(&candidate.title, &mut buffer), &mut matcher, &mut places).is_none() {
            places.clear();
            let _ = description.indices(Utf32Str::new(&whole(candidate), &mut buffer), &mut matcher, &mut places);
        }
        places
    }

    /// The list inside the window: below the line that is typed.
    fn list(&self, inner: Rect) -> List {
        let area = Rect { y: inner.y + 1.min(inner.height), height: inner.height.saturating_sub(1), ..inner };
        List { area, rows: self.found.len() }
    }

    fn list_on_screen(&self, app: &App) -> List {
        self.list(window::inside(window::place(window::screen(app), SIZE)))
    }

    fn choose(&self, app: &mut App) {
        let Some(candidate) = self.found.get(self.cursor).map(|at| &self.candidates[*at]) else { return };
        let key = candidate.key();
        app.view.recent.retain(|other| *other != key);
        app.view.recent.push(key);
        let excess = app.view.recent.len().saturating_sub(RECENT);
        app.view.recent.drain(..excess);
        match &candidate.target {
            Target::Action(name) => app.run(name),
            Target::Page(index) => app.show_page(*index),
            Target::Pane(name) => {
                app.view.stack.clear();
                app.focus(name);
            }
            Target::Object(object) => app.open(object.clone()),
            Target::Resource(name) => RESOURCES.choose(app, name),
            Target::Namespace(name) => NAMESPACES.choose(app, name),
        }
    }

    fn draw_row(&self, scene: &Scene<'_>, buffer: &mut Buffer, line: Rect, candidate: &Candidate, selected: bool) {
        let style = |role| if selected { scene.style(Role::Selected) } else { scene.style(role) };
        if selected {
            paint::fill(buffer, line, scene.style(Role::Selected));
        }
        let mut room = line;
        if line.width >= 40 {
            paint::put(buffer, Rect { width: KIND - 1, ..line }, (0, 0), candidate.kind, style(Role::Dim));
            room = Rect { x: line.x + KIND, width: line.width - KIND, ..line };
        }
        let keys = paint::width(&candidate.keys);
        if keys > 0 && room.width > keys + 12 {
            paint::put_right(buffer, room, (0, 0), &candidate.keys, style(Role::Key));
            room.width -= keys + 1;
        }
        let matched = if self.text.0.is_empty() { Vec::new() } else { self.matched(candidate) };
        let title = candidate.title.graphemes(true).count();
        put_marked(buffer, room, &whole(candidate), |at| {
            let style = if at < title { style(Role::Text) } else { style(Role::Dim) };
            if matched.contains(&(at as u32)) { style.patch(marked(scene, selected)) } else { style }
        });
    }
}

/// The style of a sign that matched; on the selected row it keeps the row's colours.
fn marked(scene: &Scene<'_>, selected: bool) -> Style {
    let style = scene.style(Role::Match);
    if selected { Style::new().add_modifier(style.add_modifier | ratatui::style::Modifier::UNDERLINED) } else { style }
}

/// Name and detail, as they are shown and searched.
fn whole(candidate: &Candidate) -> String {
    if candidate.detail.is_empty() {
        candidate.title.to_string()
    } else {
        format!("{}  {}", candidate.title, candidate.detail)
    }
}

/// Writes a text with a style for each of its signs.
fn put_marked(buffer: &mut Buffer, area: Rect, text: &str, style: impl Fn(usize) -> Style) {
    let mut x = 0;
    for (at, sign) in text.graphemes(true).enumerate() {
        if x >= area.width {
            return;
        }
        x += paint::put(buffer, area, (x, 0), &text::clean(sign), style(at));
    }
}

impl Modal for Palette {
    fn name(&self) -> &'static str {
        "palette"
    }

    fn draw(&self, _: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let count = format!("{} of {}", self.total, self.candidates.len());
        let inner = window::draw(scene, buffer, window::place(area, SIZE), "Find", &count);
        self.text.draw(scene, buffer, Rect { height: 1.min(inner.height), ..inner }, ": ");
        let list = self.list(inner);
        for (at, line) in list.shown(self.cursor) {
            self.draw_row(scene, buffer, line, &self.candidates[self.found[at]], at == self.cursor);
        }
        if self.found.is_empty() {
            paint::put(buffer, list.area, (0, 0), "nothing is called like this", scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) {
            return Outcome::Close;
        }
        if key.code == KeyCode::Enter {
            self.choose(app);
            return Outcome::Close;
        }
        if let Some(motion) = Motion::of(key, app, true) {
            self.step(motion, app);
        } else if self.text.on_key(key) {
            self.search();
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.text.paste(text);
        self.search();
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        self.cursor = self.list_on_screen(app).step(self.cursor, motion);
    }

    fn press(&mut self, place: Position, app: &mut App) -> Outcome {
        let Some(at) = self.list_on_screen(app).at(self.cursor, place) else { return Outcome::Stay };
        self.cursor = at;
        self.choose(app);
        Outcome::Close
    }
}
