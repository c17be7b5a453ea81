//! What is done to the selected event of the timeline.

use super::{ask_of, wrong};
use crate::{
    app::App,
    model::{
        attention::Severity,
        journal::{Body, Event},
    },
    ops::offer::Field,
};
use std::sync::Arc;

/// The event of the selected row.
fn selected(app: &mut App) -> Option<Arc<Event>> {
    let row = app.view.pane("timeline").list.row();
    let found = row.and_then(|row| app.shown().incidents.event_at(row));
    if found.is_none() {
        app.notice(Severity::Info, "no event is selected");
    }
    found
}

/// Shows the cockpit as it was when the event happened.
pub fn show_moment(app: &mut App) {
    if let Some(event) = selected(app) {
        app.go_to(Some(event.header.occurred_at));
    }
}

/// Pins the event, or takes the pin away.
pub fn pin(app: &mut App) {
    let (Some(event), Some(incident)) = (selected(app), app.incident()) else { return };
    let id = event.header.id;
    let pinned = !incident.pins.contains(&id);
    let body = Body::Pin { event: id, pinned };
    app.say(body, if pinned { "pinned" } else { "no longer pinned" });
}

/// Writes another version of a note.
pub fn edit(app: &mut App) {
    let Some(event) = selected(app) else { return };
    let text = match &event.body {
        Some(Body::Note { text }) => text.clone(),
        _ => {
            return app
                .notice(Severity::Info, "only notes are written anew; a note or a milestone says what was otherwise");
        }
    };
    let of = event.header.id.to_string();
    let take = move |values: &[&str], app: &mut App| match values.first().map(|text| text.trim()) {
        None | Some("") => Err(wrong(0, "a few words; to take it away, strike it out")),
        Some(text) => {
            let header = &event.header;
            app.supersede(header.incident, header.id, header.occurred_at, Body::Note { text: text.into() });
            Ok(())
        }
    };
    let fields = vec![Field::new("note", text, "the old text stays to be seen")];
    ask_of(app, ("edit", &of), "", fields, Box::new(take));
}

/// Strikes the event out.
pub fn withdraw(app: &mut App) {
    let Some(event) = selected(app) else { return };
    let of = event.header.id.to_string();
    let take = move |values: &[&str], app: &mut App| match values.first().map(|text| text.trim()) {
        None | Some("") => Err(wrong(0, "why it was a mistake")),
        Some(reason) => {
            let header = &event.header;
            app.supersede(header.incident, header.id, header.occurred_at, Body::Withdrawn { reason: reason.into() });
            Ok(())
        }
    };
    ask_of(
        app,
        ("strike out", &of),
        "It stays to be seen, struck out.",
        vec![Field::new("why", "", "the reason")],
        Box::new(take),
    );
}
