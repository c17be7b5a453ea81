//! What makes no sense is not written, whatever the command was: empty words, times that have not come yet, an incident that goes on in
//! itself, an end of what is over.

use super::session::Session;
use crate::model::{
    Timestamp,
    journal::{Body, Draft, Milestone, RoleChange},
    units,
};
use jiff::SignedDuration;

/// Clocks of two machines may be so far apart.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

/// Looks whether a draft makes sense beside what is written already.
///
/// # Errors
/// Why not, and what to write instead.
pub fn check(draft: &Draft, session: &Session, now: Timestamp) -> Result<(), String> {
    words(&draft.body)?;
    passed(draft.occurred_at, now)?;
    if let Body::Milestone { at, .. } = &draft.body {
        passed(*at, now)?;
    }
    let found = draft.incident.and_then(|id| session.incidents().get(id));
    let Some(incident) = found else { return Ok(()) };
    let name = &incident.name;
    match &draft.body {
        Body::Merged { into } if *into == incident.id => Err(format!("{name} cannot go on in itself: name another")),
        Body::Merged { .. } if incident.merged_into.is_some() => Err(format!("{name} goes on in another already")),
        Body::Link { incident: Some(other), .. } if *other == incident.id => {
            Err(format!("{name} cannot be linked with itself: name another, or an address"))
        }
        Body::Resolved { .. } if !incident.is_open() => Err(format!("{name} is resolved already")),
        Body::Reopened { .. } if incident.is_open() => Err(format!("{name} is open")),
        Body::Milestone { milestone: Milestone::Resolved, .. } if incident.is_open() => {
            Err(format!("{name} is open: incident resolve says that it is over"))
        }
        Body::Role { role, change: RoleChange::Released, person, .. } => {
            let holds =
                incident.roles.get(role).is_some_and(|state| state.holders.iter().any(|one| one.person == *person));
            if holds { Ok(()) } else { Err(format!("{person} does not have that role in {name}")) }
        }
        _ => Ok(()),
    }
}

fn words(body: &Body) -> Result<(), String> {
    let (text, what) = match body {
        Body::Title { title } | Body::Declared { title, .. } | Body::Task { title, .. } => (title.as_str(), "a title"),
        Body::Deploy { text, .. } => (text.as_str(), "what was rolled out"),
        Body::Update { text, .. } => (text.as_str(), "the text of the update"),
        Body::Reopened { reason } => (reason.as_str(), "a reason"),
        Body::Withdrawn { reason } => (reason.as_str(), "a reason"),
        Body::Link { target, .. } => (target.as_str(), "what is linked"),
        Body::Role { person, .. } => (person.as_str(), "a person"),
        _ => return Ok(()),
    };
    if text.trim().is_empty() { Err(format!("{what} is needed: a few words")) } else { Ok(()) }
}

fn passed(at: Timestamp, now: Timestamp) -> Result<(), String> {
    if at.duration_since(now) <= SLACK {
        return Ok(());
    }
    Err(format!("{} has not come yet: it is {}", units::date_clock(at), units::date_clock(now)))
}
