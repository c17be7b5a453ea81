//! What is gone through before work on a repository begins: what a machine has seen stands there with its evidence, what it cannot see a
//! person confirms, and the whole is kept with the time and who it was.

use super::{
    Modal, Outcome,
    window::{self, List, Motion},
};
use crate::{
    app::{App, effect::Effect},
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        preflight::{Item, Preflight as Points, State},
        ruling::RuleNews,
        units,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use compact_str::CompactString;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use std::collections::BTreeSet;

/// The window. The points are those of now, also while it is open.
pub struct Preflight {
    /// The source that tells of the repository.
    source: CompactString,
    cursor: usize,
    confirmed: BTreeSet<CompactString>,
}

/// Rows of a point: what has to be so, and what says so. On a low screen the chosen one alone says that.
const ROWS: u16 = 2;
/// Rows below the points.
const BELOW: u16 = 3;
const WIDTH: u16 = 78;

/// Opens the window for the repository that is watched.
pub fn open(app: &mut App) {
    let told = app.shown().observed.rulings.news().find(|news| news.preflight.is_some());
    match told.map(|news| news.source.clone()) {
        Some(source) => window::open(app, Box::new(Preflight { source, cursor: 0, confirmed: BTreeSet::new() })),
        None => app.notice(Severity::Info, "no repository has been judged yet: the pre-flight list is about one"),
    }
}

impl Preflight {
    fn told<'a>(&self, app: &'a App) -> Option<(&'a RuleNews, &'a Points)> {
        let news = app.shown().observed.rulings.news().find(|news| news.source == self.source)?;
        Some((news, news.preflight.as_ref()?))
    }

    /// The list with what was confirmed here.
    fn points(&self, app: &App) -> Points {
        let ids: Vec<&str> = self.confirmed.iter().map(CompactString::as_str).collect();
        self.told(app).map(|(_, points)| points.clone().confirmed(&ids)).unwrap_or_default()
    }

    fn window(points: &Points, area: Rect) -> Rect {
        window::place(area, (WIDTH, points.items.len() as u16 * ROWS + 5))
    }

    /// The part of the window in which the points stand, and the rows that each has.
    fn list(points: &Points, inner: Rect) -> (List, u16) {
        let height = inner.height.saturating_sub(BELOW);
        let rows = if usize::from(height / ROWS) >= points.items.len() { ROWS } else { 1 };
        (List { area: Rect { height: height / rows, ..inner }, rows: points.items.len() }, rows)
    }

    fn toggle(&mut self, app: &mut App) {
        let points = self.points(app);
        let Some(item) = points.items.get(self.cursor) else { return };
        match item.state {
            State::Open => drop(self.confirmed.insert(item.id.clone())),
            State::Confirmed => drop(self.confirmed.remove(&item.id)),
            _ => app.notice(Severity::Info, "that is no matter of confirming: it is seen, or it is not"),
        }
    }

    fn keep(&self, app: &mut App) -> Outcome {
        if app.moment.is_some() || app.player.is_some() {
            app.notice(Severity::Warn, "this is the past: nobody goes through the list there");
            return Outcome::Stay;
        }
        let Some(root) = self.told(app).and_then(|(news, _)| news.root.clone()) else { return Outcome::Close };
        let kept = self.points(app).into_kept(app.now, &app.policy.actor.name, &root);
        app.ask(Effect::KeepPreflight(Box::new(kept)));
        Outcome::Close
    }
}

/// The sign before a point, and its role.
fn sign(scene: &Scene<'_>, state: State) -> (String, Role) {
    match state {
        State::Ok => (format!(" {} ", scene.glyphs.ok), Role::Ok),
        State::Violated => (format!(" {} ", scene.glyphs.severity(Severity::Error)), Role::Error),
        State::Unknown => (format!(" {} ", scene.glyphs.severity(Severity::Unknown)), Role::Unknown),
        State::Open => ("[ ]".into(), Role::Key),
        State::Confirmed => ("[x]".into(), Role::Ok),
        State::NotAsked => (" - ".into(), Role::Dim),
    }
}

fn draw_item(scene: &Scene<'_>, (item, is_chosen): (&Item, bool), place: Rect, buffer: &mut Buffer) {
    let (sign, role) = sign(scene, item.state);
    let style = |role| scene.style(if is_chosen { Role::Selected } else { role });
    if is_chosen {
        paint::fill(buffer, Rect { height: 1.min(place.height), ..place }, scene.style(Role::Selected));
    }
    let state = item.state.word();
    let end = place.width.saturating_sub(paint::width(state) + 1);
    paint::put(buffer, place, (0, 0), &sign, style(role));
    let title = Rect { width: end.saturating_sub(1), ..place };
    paint::put_cut(scene, buffer, title, (4, 0), &item.title, style(Role::Text));
    paint::put(buffer, place, (end, 0), state, style(role));
    if place.height > 1 {
        paint::put_cut(scene, buffer, place, (4, 1), &item.evidence, scene.style(Role::Dim));
    }
}

impl Modal for Preflight {
    fn name(&self) -> &'static str {
        "preflight"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let points = self.points(app);
        let window = Self::window(&points, area);
        let last = points.last.as_ref().map_or_else(String::new, |last| {
            let word = if last.passed { "passed" } else { "not passed" };
            format!("last {word} {} ago, {}", units::age(scene.now, last.at), last.actor)
        });
        let inner = window::draw(scene, buffer, window, "Pre-flight", &last);
        let (list, rows) = Self::list(&points, inner);
        for (row, (at, _)) in list.shown(self.cursor).enumerate() {
            let place = Rect { y: inner.y + row as u16 * rows, height: rows, ..inner };
            draw_item(scene, (&points.items[at], at == self.cursor), place, buffer);
        }
        if inner.height > BELOW {
            if let Some(item) = points.items.get(self.cursor).filter(|_| rows == 1) {
                paint::put_cut(scene, buffer, inner, (1, inner.height - BELOW), &item.evidence, scene.style(Role::Dim));
            }
            let (role, words) = if points.passes() {
                (Role::Ok, "all of it is so: work may begin")
            } else {
                (Role::Warn, "not all of it is so")
            };
            paint::put_cut(scene, buffer, inner, (1, inner.height - 2), words, scene.style(role));
            let hint = "space confirms   Enter keeps it, with who and when   Esc leaves";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key.typed() == Some('q') {
            return Outcome::Close;
        }
        match key.code {
            KeyCode::Enter => return self.keep(app),
            KeyCode::Char(' ') => self.toggle(app),
            _ => {
                if let Some(motion) = Motion::of(key, app, false) {
                    self.step(motion, app);
                }
            }
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let points = self.points(app);
        let (list, _) = Self::list(&points, window::inside(Self::window(&points, window::screen(app))));
        self.cursor = list.step(self.cursor, motion);
    }

    fn press(&mut self, place: Position, app: &mut App) -> Outcome {
        let points = self.points(app);
        let inner = window::inside(Self::window(&points, window::screen(app)));
        let (list, rows) = Self::list(&points, inner);
        let row = place.y.checked_sub(inner.y).map(|y| usize::from(y / rows));
        if let Some((at, _)) = row.filter(|_| inner.contains(place)).and_then(|row| list.shown(self.cursor).nth(row)) {
            self.cursor = at;
            self.toggle(app);
        }
        Outcome::Stay
    }
}
