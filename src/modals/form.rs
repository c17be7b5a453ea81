//! What has to be said before something is done: a few fields, with what is so now in them.

use super::{Modal, Outcome, fields::Fields};
use crate::{
    app::App,
    model::{
        input::{Key, KeyCode},
        object::ObjectRef,
    },
    ops::{
        gate::{Decision, Gate},
        offer::{Field, Offer, Wrong, finding::ACTOR},
        operation::Operation,
    },
    ui::{scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Fields to be filled in, for one offer to some objects.
pub struct Form {
    offer: &'static Offer,
    targets: Vec<ObjectRef>,
    fields: Fields,
}

impl Form {
    /// A form with what is so for the first object.
    pub fn new(offer: &'static Offer, targets: Vec<ObjectRef>, app: &App) -> Self {
        let fields = targets.first().map(|target| (offer.fields)(target, app.shown())).unwrap_or_default();
        let actor = app.policy.actor.name.to_string();
        let named = |field: Field| if field.value == ACTOR { Field { value: actor.clone(), ..field } } else { field };
        Self { offer, targets, fields: Fields::new(fields.into_iter().map(named).collect()) }
    }

    fn operations(&self, app: &App) -> Result<Vec<Operation>, Wrong> {
        let values = self.fields.values();
        let all = self.targets.iter().map(|target| self.offer.operation(target, app.shown(), &values));
        all.collect::<Result<Vec<_>, _>>().map(Operation::joined)
    }

    fn send(&mut self, app: &mut App) -> Outcome {
        match self.operations(app) {
            Ok(operations) => {
                app.propose(operations);
                Outcome::Close
            }
            Err(wrong) => {
                self.fields.refuse(wrong);
                Outcome::Stay
            }
        }
    }

    fn title(&self, app: &App) -> String {
        let what = self.offer.title;
        match self.targets.as_slice() {
            [target] => {
                format!("{what}: {} {}", target.kind.word(), crate::pages::name(app.shown(), target))
            }
            targets => format!("{what}: {} objects", targets.len()),
        }
    }

    /// What the gate says of what stands there now.
    fn verdict(&self, app: &App) -> (Role, String) {
        match (&self.fields.wrong, self.operations(app)) {
            (Some(wrong), _) => (Role::Warn, wrong.why.clone()),
            (None, Err(_)) => (Role::Dim, String::new()),
            (None, Ok(operations)) => match Gate::decide_all(&operations, app.shown(), &app.policy) {
                Decision::Refused(why) => (Role::Warn, format!("refused: {why}")),
                Decision::Allowed(_) => (Role::Dim, operations.first().map(Operation::effect).unwrap_or_default()),
            },
        }
    }
}

impl Modal for Form {
    fn name(&self) -> &'static str {
        "form"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let (role, verdict) = self.verdict(app);
        self.fields.draw(scene, area, buffer, &self.title(app), (role, &verdict));
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match key.code {
            KeyCode::Esc => return Outcome::Close,
            KeyCode::Enter => return self.send(app),
            _ => self.fields.on_key(key),
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.fields.on_paste(text);
        Outcome::Stay
    }
}
