//! What is done to a postmortem as a whole: its state, and files of it.

use crate::{
    app::{App, effect::Effect},
    incident::{
        Incident,
        postmortem::{self, Postmortem, check_step},
    },
    modals::ask::{Ask, Kept},
    model::{attention::Severity, journal::ReviewState},
    ops::offer::{Field, Wrong},
    world::runs,
};

/// Takes it to its next state; where something is missing, says what.
pub fn step_on(app: &mut App, incident: &Incident) -> Result<(), ()> {
    if app.is_past() {
        return Ok(());
    }
    app.review_next(incident).map_err(|lacks| {
        app.notice(Severity::Warn, format!("{}: {}", incident.name, lacks.join("; ")));
    })
}

/// Takes it back by one state, for a reason.
pub fn step_back(app: &mut App, incident: &Incident) {
    if app.is_past() {
        return;
    }
    let state = incident.postmortem.state();
    let before = ReviewState::ALL.into_iter().rfind(|to| *to < state);
    let Some(to) = before else {
        return app.notice(Severity::Info, "it is a draft: nothing comes before that");
    };
    let incident = incident.clone();
    let kept = Kept::all(format!("postmortem {} back to {}", incident.id, to.word()));
    let title = format!("{}: postmortem back to {}", incident.name, to.word());
    let take = move |values: &[&str], app: &mut App| match values.first().map(|text| text.trim()) {
        None | Some("") => Err(Wrong { field: 0, why: "why it goes back".into() }),
        Some(text) => {
            match check_step(&incident, to) {
                Ok(()) => app.review(&incident, to, text),
                Err(why) => app.notice(Severity::Warn, why.join("; ")),
            }
            Ok(())
        }
    };
    let fields = vec![Field::new("why", "", "what is to be written anew")];
    Ask::open(app, kept, (title, ""), fields, Box::new(take));
}

/// Writes it into a file.
pub fn export(app: &mut App, incident: &Incident, json: bool) {
    let incidents = &app.shown().incidents;
    let record = incidents.whole_record();
    let made = Postmortem::of(incident, &record, incidents.names(), runs::measured(incident.id, &record), app.now);
    let (content, ending) = if json {
        match serde_json::to_string_pretty(&postmortem::json(&made)) {
            Ok(text) => (text + "\n", "json"),
            Err(error) => return app.notice(Severity::Error, format!("it cannot be written as JSON: {error}")),
        }
    } else {
        (postmortem::markdown(&made), "md")
    };
    let name = format!("{}-postmortem-{{stamp}}.{ending}", incident.name.to_lowercase()).into();
    app.ask(Effect::Write { name, content, what: format!("the postmortem of {}", incident.name) });
}
