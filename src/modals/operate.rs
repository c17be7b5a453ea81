//! What can be done to the chosen objects: every operation with its effect, how it is confirmed, or why it is refused. The gate is asked
//! before anything is chosen.

use super::{
    Modal, Outcome,
    form::Form,
    window::{self, Motion},
};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        object::{ObjectKind, ObjectRef},
    },
    ops::{
        gate::{Confirmation, Decision, Gate},
        offer::{self, Offer, finding::ACTOR},
        operation::Operation,
    },
    pages,
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The operations that the chosen objects offer.
pub struct Operate {
    targets: Vec<ObjectRef>,
    offers: Vec<&'static Offer>,
    chosen: usize,
}

/// Opens the menu of what can be done to the page's object, the marked rows or the selected one.
pub fn open(app: &mut App) {
    let targets = match app.targets() {
        Ok(targets) => targets,
        Err(why) => return app.notice(Severity::Info, why),
    };
    if targets.iter().all(|target| target.kind == ObjectKind::Process) {
        return super::signal::open(app);
    }
    let offers = offers(&targets);
    if offers.is_empty() {
        return app.notice(Severity::Info, format!("nothing can be done to {}", named(app, &targets)));
    }
    let wanted: Vec<_> = offers.iter().filter_map(|offer| usual(offer, &targets, app)).flatten().collect();
    if is_open_to_acts(app) {
        app.ask_permissions(&wanted);
    }
    window::open(app, Box::new(Operate { targets, offers, chosen: 0 }));
}

/// Begins an operation by its word.
pub fn start(app: &mut App, word: &'static str) {
    let targets = match app.targets() {
        Ok(targets) => targets,
        Err(why) => return app.notice(Severity::Info, why),
    };
    // A signal is all that can be done to a process; the key that enters a container sends it, as in its list.
    if ["exec", "kill"].contains(&word) && targets.iter().all(|target| target.kind == ObjectKind::Process) {
        return super::signal::open(app);
    }
    match offers(&targets).into_iter().find(|offer| offer.word == word) {
        Some(offer) => begin(app, offer, targets),
        None => {
            let text = match targets.as_slice() {
                [_] => format!("{} cannot be done to {}", word, named(app, &targets)),
                _ => format!("{word} is not for all of {} at once", named(app, &targets)),
            };
            app.notice(Severity::Info, text);
        }
    }
}

/// What all of these offer: one alone offers more.
fn offers(targets: &[ObjectRef]) -> Vec<&'static Offer> {
    let Some(first) = targets.first() else { return Vec::new() };
    let for_all =
        |offer: &&Offer| (targets.len() == 1 || !offer.single) && targets.iter().all(|target| (offer.fits)(target));
    offer::of(first).filter(for_all).collect()
}

fn named(app: &App, targets: &[ObjectRef]) -> String {
    match targets {
        [target] => format!("{} {}", target.kind.word(), pages::name(app.shown(), target)),
        targets => format!("{} objects", targets.len()),
    }
}

/// Whether the gate is open at all, so that it makes sense to ask servers what they would allow.
fn is_open_to_acts(app: &App) -> bool {
    app.policy.armed && !app.policy.locked && app.policy.past.is_none()
}

/// The operations with what stands in their fields first; `None` where something has to be said before.
fn usual(offer: &Offer, targets: &[ObjectRef], app: &App) -> Option<Vec<Operation>> {
    let world = app.shown();
    let one = |target: &ObjectRef| {
        let values = offer.defaults(target, world);
        offer.operation(target, world, &values.iter().map(String::as_str).collect::<Vec<_>>()).ok()
    };
    targets.iter().map(one).collect()
}

/// Why it cannot be done to one of these, whatever is said.
fn why_not(offer: &Offer, targets: &[ObjectRef], app: &App) -> String {
    let world = app.shown();
    let one = |target: &ObjectRef| {
        let values = offer.defaults(target, world);
        offer.operation(target, world, &values.iter().map(String::as_str).collect::<Vec<_>>()).err()
    };
    let wrong = targets.iter().find_map(one).map_or_else(String::new, |wrong| wrong.why);
    format!("{} cannot be done: {wrong}", offer.title)
}

/// Refused at once where the gate would refuse whatever is said; otherwise the form, or the proposal.
fn begin(app: &mut App, offer: &'static Offer, targets: Vec<ObjectRef>) {
    let fields = targets.first().map(|target| (offer.fields)(target, app.shown())).unwrap_or_default();
    let usual = usual(offer, &targets, app);
    if fields.is_empty() {
        return match usual {
            Some(operations) => app.propose(operations),
            None => app.notice(Severity::Info, why_not(offer, &targets, app)),
        };
    }
    // A refusal that is about what stands there now (it is scaled to that already) is no reason not to ask.
    if !is_open_to_acts(app) {
        let any = usual.or_else(|| any(offer, &targets, app)).unwrap_or_default();
        if let Decision::Refused(why) = Gate::decide_all(&any, app.shown(), &app.policy) {
            return app.notice(Severity::Warn, why);
        }
    }
    if let Some(operations) = usual_or_any(offer, &targets, app) {
        app.ask_permissions(&operations);
    }
    let form = Form::new(offer, targets, app);
    window::open(app, Box::new(form));
}

fn usual_or_any(offer: &Offer, targets: &[ObjectRef], app: &App) -> Option<Vec<Operation>> {
    usual(offer, targets, app).or_else(|| any(offer, targets, app))
}

/// Operations with anything at all in their fields, to ask the gate about what does not depend on them.
fn any(offer: &Offer, targets: &[ObjectRef], app: &App) -> Option<Vec<Operation>> {
    let world = app.shown();
    let one = |target: &ObjectRef| {
        let defaults = offer.defaults(target, world);
        ["1", "/x"].into_iter().find_map(|text| {
            let fill = |value: &'_ String| if value.is_empty() { text.to_owned() } else { value.clone() };
            let values: Vec<_> = defaults.iter().map(fill).collect();
            offer.operation(target, world, &values.iter().map(String::as_str).collect::<Vec<_>>()).ok()
        })
    };
    targets.iter().map(one).collect()
}

impl Operate {
    /// What the menu says of an offer: its effect or the reason of the refusal, and how it is confirmed.
    fn about(&self, offer: &'static Offer, app: &App) -> (bool, String, &'static str) {
        let asks = self.targets.first().is_some_and(|target| !(offer.fields)(target, app.shown()).is_empty());
        let operations = match usual_or_any(offer, &self.targets, app) {
            Some(operations) => Operation::joined(operations),
            None if asks => Vec::new(),
            None => return (false, why_not(offer, &self.targets, app), "refused"),
        };
        match Gate::decide_all(&operations, app.shown(), &app.policy) {
            // It may be allowed with something else in its fields.
            Decision::Refused(why) if asks && is_about_values(&why) => {
                (true, offer_words(offer, app, &self.targets), "asks")
            }
            Decision::Refused(why) => (false, why, "refused"),
            Decision::Allowed(terms) => {
                let how = match terms.confirmation {
                    Confirmation::TypeName => "type the name",
                    Confirmation::YesNo => "y or n",
                    Confirmation::None if asks => "asks",
                    Confirmation::None => "at once",
                };
                let effect = match operations.as_slice() {
                    _ if asks => offer_words(offer, app, &self.targets),
                    [one] => one.effect(),
                    many => format!("{} operations alike", many.len()),
                };
                (true, effect, how)
            }
        }
    }

    fn choose(&self, at: usize, app: &mut App) -> Outcome {
        let Some(offer) = self.offers.get(at) else { return Outcome::Stay };
        let (allowed, why, _) = self.about(offer, app);
        if !allowed {
            app.notice(Severity::Warn, why);
            return Outcome::Stay;
        }
        begin(app, offer, self.targets.clone());
        Outcome::Close
    }
}

/// Refusals that say nothing of other values of the fields.
fn is_about_values(why: &str) -> bool {
    why.ends_with("already") || why.contains("has no container")
}

/// What an offer asks for.
fn offer_words(offer: &Offer, app: &App, targets: &[ObjectRef]) -> String {
    let fields = targets.first().map(|target| (offer.fields)(target, app.shown())).unwrap_or_default();
    let one = |field: &offer::Field| {
        let value = if field.value == ACTOR { app.policy.actor.name.as_str() } else { field.value.as_str() };
        if field.value.is_empty() { field.label.to_string() } else { format!("{} ({value})", field.label) }
    };
    fields.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Modal for Operate {
    fn name(&self) -> &'static str {
        "operate"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let height = self.offers.len() as u16 + 4;
        let window = window::place(area, (110, height));
        let title = format!("Do to {}", named(app, &self.targets));
        let context = self.targets.first().and_then(|target| Some(target.in_kube()?.context));
        let asking = context.is_some_and(|context| app.is_reviewing(context));
        let right = if asking { "asking what you may do" } else { "" };
        let inner = window::draw(scene, buffer, window, &title, right);
        let rows = usize::from(inner.height.saturating_sub(1).max(1));
        let first = (self.chosen + 1).saturating_sub(rows);
        for (y, (at, offer)) in self.offers.iter().enumerate().skip(first).take(rows).enumerate() {
            let (allowed, text, how) = self.about(offer, app);
            let role = match (at == self.chosen, allowed) {
                (true, _) => Role::Selected,
                (false, true) => Role::Text,
                (false, false) => Role::Dim,
            };
            let row = Rect { y: inner.y + y as u16, height: 1, ..inner };
            let end = paint::width(how) + 2;
            let left = Rect { width: row.width.saturating_sub(end), ..row };
            if at == self.chosen {
                paint::fill(buffer, row, scene.style(role));
            }
            let line = format!(" {} {:<20} {text}", offer.key, offer.title);
            paint::put_cut(scene, buffer, left, (0, 0), &line, scene.style(role));
            let how_role = if at == self.chosen { role } else { Role::Dim };
            paint::put_right(buffer, row, (0, 0), &format!("{how} "), scene.style(how_role));
        }
        if inner.height > 2 {
            let hint = "Enter or its letter goes on   Esc leaves";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        let by_letter = key.typed().and_then(|c| self.offers.iter().position(|offer| offer.key == c));
        if let Some(at) = by_letter {
            self.chosen = at;
            return self.choose(at, app);
        }
        if window::closes(key, app) || key.typed() == Some('q') {
            return Outcome::Close;
        }
        if key.code == KeyCode::Enter {
            return self.choose(self.chosen, app);
        }
        if let Some(motion) = Motion::of(key, app, false) {
            self.step(motion, app);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, _: &mut App) {
        self.chosen = motion.from(self.chosen, self.offers.len().saturating_sub(1), self.offers.len());
    }
}
