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

/// What of a question outlasts an Escape.
pub struct Kept {
    /// Tells this question, about this object, from all others.
    pub key: String,
    /// How many of the first fields are kept: what hangs on the moment (when it began) is not.
    pub fields: usize,
}

impl Kept {
    /// Everything that was written.
    pub fn all(key: String) -> Self {
        Self { key, fields: usize::MAX }
    }
}

/// The question.
pub struct Ask {
    kept: Kept,
    title: String,
    /// What the answer means, below the fields.
    about: String,
    fields: Fields,
    take: Take,
}

impl Ask {
    /// Asks. What was written into the same question before and not sent stands there again.
    pub fn open(
        app: &mut App,
        kept: Kept,
        (title, about): (impl Into<String>, impl Into<String>),
        fields: Vec<Field>,
        take: Take,
    ) {
        let mut fields = Fields::new(fields);
        if let Some(written) = app.unsent.remove(&kept.key) {
            fields.restore(written);
        }
        window::open(app, Box::new(Self { kept, title: title.into(), about: about.into(), fields, take }));
    }

    /// Keeps what was written and not sent.
    fn keep(&self, app: &mut App) {
        let mut written = self.fields.written();
        written.truncate(self.kept.fields);
        if written.iter().flatten().any(|text| !text.trim().is_empty()) {
            app.unsent.insert(self.kept.key.clone(), written);
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
