//! Asks for a few words that are written down, and changes nothing outside: a declaration, a note, a task.

use super::{Modal, Outcome, fields::Fields};
use crate::{
    app::App,
    model::input::{Key, KeyCode},
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
    /// A question under a title.
    pub fn new(title: impl Into<String>, about: impl Into<String>, fields: Vec<Field>, take: Take) -> Self {
        Self { title: title.into(), about: about.into(), fields: Fields::new(fields), take }
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
            KeyCode::Esc => return Outcome::Close,
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
