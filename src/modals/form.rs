//! What has to be said before something is done: a few fields, with what is so now in them.

use super::{Modal, Outcome, window};
use crate::{
    app::App,
    model::{
        input::{Key, KeyCode},
        object::ObjectRef,
    },
    ops::{
        gate::{Decision, Gate},
        offer::{Field, Offer, Wrong},
        operation::Operation,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_segmentation::UnicodeSegmentation as _;
use window::Line;

/// Fields to be filled in, for one offer to some objects.
pub struct Form {
    offer: &'static Offer,
    targets: Vec<ObjectRef>,
    fields: Vec<(Field, Line)>,
    at: usize,
    /// Whether the field still holds what stood there first, so that typing replaces it.
    fresh: bool,
    wrong: Option<Wrong>,
}

/// Columns of the labels.
const LABEL: u16 = 15;

impl Form {
    /// A form with what is so for the first object.
    pub fn new(offer: &'static Offer, targets: Vec<ObjectRef>, app: &App) -> Self {
        let fields = targets.first().map(|target| (offer.fields)(target, app.shown())).unwrap_or_default();
        let fields = fields.into_iter().map(|field| (field.clone(), Line(field.value))).collect();
        Self { offer, targets, fields, at: 0, fresh: true, wrong: None }
    }

    fn operations(&self, app: &App) -> Result<Vec<Operation>, Wrong> {
        let values: Vec<&str> = self.fields.iter().map(|(_, line)| line.0.as_str()).collect();
        self.targets.iter().map(|target| self.offer.operation(target, app.shown(), &values)).collect()
    }

    fn send(&mut self, app: &mut App) -> Outcome {
        match self.operations(app) {
            Ok(operations) => {
                app.propose(operations);
                Outcome::Close
            }
            Err(wrong) => {
                self.at = wrong.field.min(self.fields.len().saturating_sub(1));
                self.wrong = Some(wrong);
                self.fresh = true;
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

    fn go(&mut self, step: isize) {
        let count = self.fields.len().max(1) as isize;
        self.at = (self.at as isize + step).rem_euclid(count) as usize;
        self.fresh = true;
    }

    /// What the gate says of what stands there now.
    fn verdict(&self, app: &App) -> (Role, String) {
        match (&self.wrong, self.operations(app)) {
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
        let width = 78.min(area.width);
        let verdict = window::wrap(&verdict, width.saturating_sub(4));
        let wanted = self.fields.len() as u16 * 2 + verdict.len() as u16 + 4;
        let window = window::place(area, (width, wanted));
        let inner = window::draw(scene, buffer, window, &self.title(app), "");
        let mut y = 0;
        let roomy = inner.height >= wanted.saturating_sub(2);
        // On a low screen the field that is typed into is always there.
        let first = if roomy { 0 } else { self.at };
        for (at, (field, line)) in self.fields.iter().enumerate().skip(first) {
            let chosen = at == self.at;
            let label = if chosen { Role::Key } else { Role::Dim };
            paint::put_cut(scene, buffer, inner, (1, y), field.label, scene.style(label));
            let x = LABEL.min(inner.width);
            let place = Rect { x: inner.x + x, y: inner.y + y, width: inner.width - x, height: 1 };
            if y < inner.height && chosen {
                line.draw(scene, buffer, place, "");
            } else {
                paint::put_cut(scene, buffer, inner, (x, y), &line.0, scene.style(Role::Text));
            }
            if chosen || roomy {
                paint::put_cut(scene, buffer, inner, (x, y + 1), &field.hint, scene.style(Role::Dim));
                y += 1;
            }
            y += 1;
        }
        for (at, line) in verdict.iter().enumerate() {
            paint::put_cut(scene, buffer, inner, (1, y + at as u16), line, scene.style(role));
        }
        if inner.height > 3 {
            let hint = "Enter goes on   Tab the next field   ctrl-u empties it   Esc leaves";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match key.code {
            KeyCode::Esc => return Outcome::Close,
            KeyCode::Enter => return self.send(app),
            KeyCode::Tab if key.shift => self.go(-1),
            KeyCode::Tab | KeyCode::Down => self.go(1),
            KeyCode::Up => self.go(-1),
            _ => {
                self.wrong = None;
                let fresh = std::mem::take(&mut self.fresh);
                if let Some((_, line)) = self.fields.get_mut(self.at) {
                    // A number or a word is replaced; what is corrected is begun with Backspace or an arrow.
                    let one_word = line.0.unicode_words().count() <= 1 && !line.0.contains(['/', ':', '.']);
                    if fresh && key.typed().is_some() && one_word {
                        line.0.clear();
                    }
                    line.on_key(key);
                }
            }
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.wrong = None;
        if let Some((_, line)) = self.fields.get_mut(self.at) {
            line.paste(text);
        }
        Outcome::Stay
    }
}
