//! The line into which a filter, a search or a time for the log viewer is typed. The lines follow while it is typed; what has a
//! fault changes nothing, and the fault stands above the line.

use super::{
    Modal, Outcome,
    window::{self, Line},
};
use crate::{
    app::App,
    model::input::{Key, KeyCode},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Filter,
    Find,
    Time,
}

impl Purpose {
    const fn sign(self) -> &'static str {
        match self {
            Self::Filter => "/",
            Self::Find => "find ",
            Self::Time => "@",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Filter => "text \"two words\" !not /regex/i level>=warn from:web · small letters find capitals too",
            Self::Find => "text or /regex/i · n next, N previous",
            Self::Time => "02:14  02:14:07 (UTC)  2026-11-23T02:14:07Z",
        }
    }
}

struct LogLineModal {
    purpose: Purpose,
    line: Line,
    before: String,
    error: Option<String>,
}

/// Opens the line.
pub fn open(app: &mut App, purpose: Purpose) {
    let Some(viewer) = &app.view.logs else { return };
    let before = match purpose {
        Purpose::Filter => viewer.judge.filter.clone(),
        Purpose::Find => viewer.judge.find.clone(),
        Purpose::Time => String::new(),
    };
    let line = Line(before.clone());
    window::open(app, Box::new(LogLineModal { purpose, line, before, error: None }));
}

impl LogLineModal {
    fn apply(&mut self, app: &mut App, text: &str) {
        let purpose = self.purpose;
        let applied = app.with_logs(|viewer, _, _| {
            match purpose {
                Purpose::Filter => viewer.judge.set_filter(text)?,
                Purpose::Find => viewer.judge.set_find(text)?,
                Purpose::Time => return Ok(()),
            }
            viewer.judge_anew();
            Ok(())
        });
        self.error = applied.and_then(Result::err);
    }

    /// What Enter does, beyond what typing did.
    fn finish(&mut self, app: &mut App) {
        match self.purpose {
            Purpose::Time => self.error = app.go_to_log_time(&self.line.0).err(),
            Purpose::Find if self.error.is_none() && !self.line.0.is_empty() => app.go_to_log_hit(false),
            _ => {}
        }
    }
}

impl Modal for LogLineModal {
    fn name(&self) -> &'static str {
        "log-line"
    }

    fn draw(&self, _: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some((bottom, above)) = window::last_lines(scene, buffer, area) else { return };
        let count = match (&scene.view.logs, self.purpose) {
            (Some(viewer), Purpose::Filter) => format!("{}/{}", viewer.store.shown().len(), viewer.store.len()),
            (Some(viewer), Purpose::Find) => format!("{} found", viewer.store.hits().len()),
            _ => String::new(),
        };
        let field = Rect { width: bottom.width.saturating_sub(paint::width(&count) + 1), ..bottom };
        self.line.draw(scene, buffer, field, self.purpose.sign());
        paint::put_right(buffer, bottom, (0, 0), &count, scene.style(Role::Dim));
        let Some(above) = above else { return };
        let (text, role) = match &self.error {
            Some(error) => (error.as_str(), Role::Error),
            None => (self.purpose.hint(), Role::Dim),
        };
        paint::put_cut(scene, buffer, above, (0, 0), text, scene.style(role));
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key == (Key { ctrl: true, ..Key::char('c') }) {
            let before = std::mem::take(&mut self.before);
            self.apply(app, &before);
            return Outcome::Close;
        }
        if key.code == KeyCode::Enter || (key.ctrl && matches!(key.code, KeyCode::Char('m' | 'j'))) {
            self.finish(app);
            // What has a fault is not kept, and not thrown away either.
            return if self.error.is_some() { Outcome::Stay } else { Outcome::Close };
        }
        if self.line.on_key(key) {
            let text = self.line.0.clone();
            self.apply(app, &text);
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Outcome {
        self.line.paste(text);
        let text = self.line.0.clone();
        self.apply(app, &text);
        Outcome::Stay
    }
}
