//! Asks for a few words that are written down, and changes nothing outside: a declaration, a note, a task.

use super::{Modal, Outcome, fields::Fields, window};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
    },
    ops::offer::{Field, Wrong},
    ui::{scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Takes what stands in the fields.
pub type Take = Box<dyn Fn(&[&str], &mut App) -> Result<(), Wrong> + Send>;

/// The question.
pub struct Ask {
    title: String,
    /// What the answer means, below the fields.
    about: String,
    fields: Fields,
    take: Take,
}

impl Ask {
    /// Asks under a title, which tells this question from all others: what was written under it and not sent stands there again.
    pub fn open(app: &mut App, title: impl Into<String>, about: impl Into<String>, fields: Vec<Field>, take: Take) {
        let (title, mut fields) = (title.into(), Fields::new(fields));
        if let Some(written) = app.unsent.remove(&title) {
            fields.restore(written);
        }
        window::open(app, Box::new(Self { title, about: about.into(), fields, take }));
    }

    /// Keeps what was written and not sent.
    fn keep(&self, app: &mut App) {
        let written = self.fields.written();
        if written.iter().flatten().any(|text| !text.trim().is_empty()) {
            app.unsent.insert(self.title.clone(), written);
            app.notice(Severity::Info, "not sent, and kept: it stands there again when this is asked again");
        }
    }
}

impl Modal for Ask {
    fn name(&self) -> &'static str {
        "ask"
    }

    fn draw(&self, _: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let verdict = match &self.fields.wrong {
            Some(wrong) => (Role::Warn, wrong.why.as_str()),
            None => (Role::Dim, self.about.as_str()),
        };
        self.fields.draw(scene, area, buffer, &self.title, verdict);
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match key.code {
            KeyCode::Esc => {
                self.keep(app);
                return Outcome::Close;
            }
            KeyCode::Enter => match (self.take)(&self.fields.values(), app) {
                Ok(()) => return Outcome::Close,
                Err(wrong) => self.fields.refuse(wrong),
            },
            _ => self.fields.on_key(key),
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.fields.on_paste(text);
        Outcome::Stay
    }
}
