//! Choosing for the log viewer: of which containers lines are shown, and which fields of JSON lines get a column.

use super::{
    Modal, Outcome,
    window::{self, List, Motion},
};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        logs::OriginState,
    },
    ui::{paint, scene::Scene, theme::Role},
    view::log::columns,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Origins,
    Fields,
}

/// Lines that are looked at for their fields.
const LOOKED_AT: usize = 300;
const SIZE: (u16, u16) = (64, 20);
const HINT: &str = "space show or hide  o only it  a all  Enter done";

struct LogChoice {
    choice: Choice,
    /// Names, and a word on each.
    rows: Vec<(String, String)>,
    cursor: usize,
}

/// Opens the choice.
pub fn open(app: &mut App, choice: Choice) {
    let rows = rows(app, choice);
    if rows.is_empty() {
        let text = match choice {
            Choice::Origins => "there is no container yet",
            Choice::Fields => "no line here is a JSON object",
        };
        return app.notice(Severity::Info, text);
    }
    if choice == Choice::Fields {
        app.change_log_taste(|taste| taste.columns = true);
    }
    window::open(app, Box::new(LogChoice { choice, rows, cursor: 0 }));
}

fn rows(app: &App, choice: Choice) -> Vec<(String, String)> {
    let Some(viewer) = &app.view.logs else { return Vec::new() };
    match choice {
        Choice::Origins => viewer
            .origins
            .iter()
            .map(|origin| {
                let state = match origin.state {
                    OriginState::Waiting => "waiting",
                    OriginState::Open => "open",
                    OriginState::Ended => "ended",
                    OriginState::Down => "silent",
                };
                (origin.name.to_string(), state.to_owned())
            })
            .collect(),
        Choice::Fields => {
            let shown = viewer.store.shown().iter().rev().take(LOOKED_AT);
            let names = columns::names(shown.filter_map(|number| viewer.store.line(*number)));
            names.into_iter().map(|(name, count)| (name, format!("in {count} lines"))).collect()
        }
    }
}

impl LogChoice {
    fn is_on(&self, app: &App, name: &str) -> bool {
        match self.choice {
            Choice::Origins => app.view.logs.as_ref().is_some_and(|viewer| !viewer.judge.hidden.contains(name)),
            Choice::Fields => app.view.log_taste.fields.iter().any(|field| field == name),
        }
    }

    /// Changes what is shown: turns the chosen one, or shows only it, or all (of fields: none).
    fn change(&self, app: &mut App, key: char) {
        let Some((name, _)) = self.rows.get(self.cursor) else { return };
        match self.choice {
            Choice::Fields => app.change_log_taste(|taste| match key {
                ' ' if taste.fields.contains(name) => taste.fields.retain(|field| field != name),
                ' ' => taste.fields.push(name.clone()),
                'o' => taste.fields = vec![name.clone()],
                _ => taste.fields.clear(),
            }),
            Choice::Origins => {
                let all = self.rows.iter().map(|(name, _)| CompactString::from(name.as_str()));
                app.with_logs(|viewer, _, _| {
                    let hidden = &mut viewer.judge.hidden;
                    match key {
                        ' ' if hidden.remove(name.as_str()) => {}
                        ' ' => drop(hidden.insert(name.as_str().into())),
                        'o' => *hidden = all.filter(|other| other != name).collect(),
                        _ => hidden.clear(),
                    }
                    viewer.judge_anew();
                });
            }
        }
    }
}

impl Modal for LogChoice {
    fn name(&self) -> &'static str {
        "log-choice"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let (title, word) = match self.choice {
            Choice::Origins => ("Containers", "shown"),
            Choice::Fields => ("Fields with a column", "of JSON lines"),
        };
        let wanted = (SIZE.0, SIZE.1.min(u16::try_from(self.rows.len()).unwrap_or(u16::MAX).saturating_add(3)));
        let inner = window::draw(scene, buffer, window::place(area, wanted), title, word);
        let list = List { area: Rect { height: inner.height.saturating_sub(1), ..inner }, rows: self.rows.len() };
        for (at, line) in list.shown(self.cursor) {
            let (name, about) = &self.rows[at];
            let role = if at == self.cursor { Role::Selected } else { Role::Text };
            paint::fill(buffer, line, scene.style(role));
            let sign = if self.is_on(app, name) { 'x' } else { ' ' };
            let room = Rect { width: line.width.saturating_sub(14), ..line };
            paint::put_cut(scene, buffer, room, (0, 0), &format!(" [{sign}] {name}"), scene.style(role));
            paint::put_right(buffer, line, (1, 0), about, scene.style(role));
        }
        if inner.height > 1 {
            let hint = Rect { y: inner.bottom() - 1, height: 1, ..inner };
            paint::put_cut(scene, buffer, hint, (1, 0), HINT, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match key.code {
            _ if window::closes(key, app) => return Outcome::Close,
            KeyCode::Enter | KeyCode::Char('q') => return Outcome::Close,
            KeyCode::Char(c @ (' ' | 'o' | 'a')) if !key.ctrl => self.change(app, c),
            _ => {
                if let Some(motion) = Motion::of(key, app, false) {
                    self.step(motion, app);
                }
            }
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let area = window::inside(window::place(window::screen(app), SIZE));
        self.cursor = List { area, rows: self.rows.len() }.step(self.cursor, motion);
    }
}
