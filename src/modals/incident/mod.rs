//! What is asked and chosen about incidents.

mod action;
mod actions;
mod menu;
mod timeline;

pub use action::{action, new_action};
pub use actions::{close, edit as edit_action};
pub use menu::{INCIDENTS, MENU};
pub use timeline::{edit, pin, show_moment, withdraw};

use super::ask::{Ask, Kept};
use crate::{
    app::App,
    incident::Incident,
    model::{
        attention::Severity,
        journal::Sev,
        moment::{self, Towards},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ops::offer::{Field, Wrong},
};
use serde::de::DeserializeOwned;

/// Asks what an incident is declared with; what is wrong now stands there already.
pub fn declare(app: &mut App) {
    if app.is_past() {
        return;
    }
    let proposed = app.proposal();
    let about = format!("{}: {}", proposed.severity.word(), proposed.reason);
    let began = proposed.impact_started.map_or_else(String::new, units::date_clock);
    let fields = vec![
        Field::new("title", proposed.title, "what is wrong, in a few words"),
        Field::new("severity", proposed.severity.word(), "sev1: all users hurt … sev4: nobody yet"),
        Field::new("began", began, "when users began to be hurt: 02:10, 20m ago; empty where that is not known"),
        Field::new("drill", "no", "yes: practice, left out of the figures"),
    ];
    let first = proposed.impact_started;
    let take = move |values: &[&str], app: &mut App| {
        let [title, severity, began, drill] = values else { return Ok(()) };
        let title = title.trim();
        if title.is_empty() {
            return Err(wrong(0, "a few words on what is wrong"));
        }
        let severity = read::<Sev>(severity).ok_or_else(|| wrong(1, "sev1, sev2, sev3 or sev4"))?;
        let began = match began.trim() {
            "" => None,
            text if first.map(units::date_clock).as_deref() == Some(text) => first,
            text => Some(moment::read(text, app.now, Towards::Past).map_err(|why| wrong(2, why))?),
        };
        let drill = yes(drill).ok_or_else(|| wrong(3, "yes or no"))?;
        app.declare(title, severity, drill, began);
        Ok(())
    };
    let kept = Kept { key: "declare".into(), fields: 1 };
    Ask::open(app, kept, ("Declare an incident", about), fields, Box::new(take));
}

/// Asks for a note about what is selected, or declares an incident where there is none.
pub fn note(app: &mut App) {
    if app.is_past() {
        return;
    }
    let Some(incident) = app.incident().filter(|incident| incident.is_open()) else { return declare(app) };
    let object = app.targets().ok().and_then(|targets| targets.first().cloned());
    let object = object.filter(is_worth_naming);
    let about = match &object {
        Some(object) => format!("about {} {}", object.kind.word(), crate::pages::name(app.shown(), object)),
        None => "into the timeline, with the time and your name".into(),
    };
    let id = incident.id;
    let kept = Kept::all(format!("note {id} {}", object.as_ref().map_or_else(String::new, ToString::to_string)));
    let take = move |values: &[&str], app: &mut App| match values.first().map(|text| text.trim()) {
        None | Some("") => Err(wrong(0, "a few words")),
        Some(text) => {
            app.note(id, text, object.clone());
            Ok(())
        }
    };
    let fields = vec![Field::new("note", "", "what was seen, decided or done")];
    Ask::open(app, kept, (heading(&incident, "note"), about), fields, Box::new(take));
}

/// Asks one question about the incident that is shown.
fn ask(app: &mut App, what: &str, about: &str, fields: Vec<Field>, take: super::ask::Take) {
    ask_of(app, (what, ""), about, fields, take);
}

/// Asks one question about something of the incident that is shown, by its identity.
fn ask_of(app: &mut App, (what, of): (&str, &str), about: &str, fields: Vec<Field>, take: super::ask::Take) {
    if app.is_past() {
        return;
    }
    let Some(incident) = app.incident() else {
        return app.notice(Severity::Info, "there is no incident: incident-declare (I) declares one");
    };
    let kept = Kept::all(format!("{what} {} {of}", incident.id));
    Ask::open(app, kept, (heading(&incident, what), about), fields, take);
}

fn heading(incident: &Incident, what: &str) -> String {
    format!("{} {}: {what}", incident.name, incident.title)
}

/// What a note can be about: things, and not what is only there to be looked at.
fn is_worth_naming(object: &ObjectRef) -> bool {
    !matches!(object.kind, ObjectKind::Logs | ObjectKind::Incident | ObjectKind::Event)
}

fn wrong(field: usize, why: impl Into<String>) -> Wrong {
    Wrong { field, why: why.into() }
}

fn yes(text: &str) -> Option<bool> {
    match text.trim() {
        "yes" | "y" => Some(true),
        "no" | "n" | "" => Some(false),
        _ => None,
    }
}

/// What a word of the journal means.
fn read<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.trim().to_owned())).ok()
}
