//! An action: what is to be done after an incident, of which kind, by whom, until when.

use super::wrong;
use crate::{
    app::App,
    incident::Incident,
    modals::ask::{Ask, Kept},
    model::{
        attention::Severity,
        journal::{ActionKind, Body, TaskState},
        moment::{self, Towards},
        redact,
    },
    ops::offer::{Field, Wrong},
};

const KINDS: &str = "investigate, mitigate, repair, detect, prevent";

/// Asks for an action of the incident that is shown.
pub fn action(app: &mut App) {
    if let Some(incident) = app.incident() {
        new_action(app, &incident);
    }
}

/// Asks for an action of this incident.
pub fn new_action(app: &mut App, incident: &Incident) {
    if app.is_past() {
        return;
    }
    let fields = vec![
        Field::new("to", "prevent", KINDS),
        Field::new("what", "", "what is to be done, so that one can tell when it is"),
        Field::new("owner", "", "one person"),
        Field::new("due", "14d", "by when: 14d, 2026-12-31T12:00:00Z"),
    ];
    let (id, name) = (incident.id, incident.name.clone());
    let take = move |values: &[&str], app: &mut App| {
        let (body, title) = read(values, app)?;
        let draft = app.draft(Some(id), body);
        if app.record(vec![draft]) {
            app.notice(Severity::Info, format!("{name}: {title}"));
        }
        Ok(())
    };
    let title = format!("{} {}: action", incident.name, incident.title);
    let kept = Kept::all(format!("new action {}", incident.id));
    Ask::open(app, kept, (title, ""), fields, Box::new(take));
}

fn read(values: &[&str], app: &App) -> Result<(Body, String), Wrong> {
    let [kind, title, owner, due] = values else { return Err(wrong(0, KINDS)) };
    let kind = super::read::<ActionKind>(kind).ok_or_else(|| wrong(0, KINDS))?;
    let title = redact::text(title.trim()).into_owned();
    if title.is_empty() {
        return Err(wrong(1, "a few words"));
    }
    let owner = owner.trim();
    if owner.is_empty() {
        return Err(wrong(2, "an action needs one owner"));
    }
    let due = moment::read(due, app.now, Towards::Future).map_err(|why| wrong(3, why))?;
    let (state, action) = (TaskState::Open, Some(kind));
    Ok((Body::Task { title: title.clone(), owner: owner.into(), due: Some(due), state, action }, title))
}
