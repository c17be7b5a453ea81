//! Who is what in an incident: claimed, released, offered and accepted, each with compare and set.
//!
//! A change names the newest change of its role that its writer knew. Read in the order of what was known, it has effect where that is
//! the newest one that had effect; otherwise it came too late and has none. So of two that claim at once everybody sees the same one win.

use super::{
    record::{Entry, Record},
    state::Incident,
};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, IncidentId, Role, RoleChange},
};
use compact_str::CompactString;
use serde::Serialize;
use std::collections::BTreeMap;

/// Somebody who has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    pub person: CompactString,
    pub since: Timestamp,
    /// The event by which.
    pub event: EventId,
}

/// A time for which somebody had a role; `until` is `None` while it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    pub person: CompactString,
    pub since: Timestamp,
    pub until: Option<Timestamp>,
}

/// A role that is offered and not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    pub to: CompactString,
    pub by: CompactString,
    pub at: Timestamp,
    /// What the next one has to know.
    pub brief: String,
    pub event: EventId,
}

/// A change of a role that has no effect, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoEffect {
    pub event: EventId,
    pub person: CompactString,
    pub change: RoleChange,
    pub at: Timestamp,
    /// `came too late, held by ops-b`.
    pub why: String,
}

/// One role of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RoleState {
    /// At most one, but for roles that several may have.
    pub holders: Vec<Holder>,
    pub offer: Option<Offer>,
    /// What the next change has to name as its `after`.
    pub newest: Option<EventId>,
    /// Everybody who had it, in order.
    pub history: Vec<Held>,
    pub without_effect: Vec<NoEffect>,
}

impl RoleState {
    /// Who has it; the first where several do.
    pub fn holder(&self) -> Option<&str> {
        self.holders.first().map(|holder| holder.person.as_str())
    }

    /// Who had it at a time; the first where several did.
    pub fn holder_at(&self, at: Timestamp) -> Option<&str> {
        let held = self.history.iter().find(|held| held.since <= at && held.until.is_none_or(|until| at < until));
        held.map(|held| held.person.as_str())
    }

    fn too_late(&self) -> String {
        format!("came too late, held by {}", self.holder().unwrap_or("nobody"))
    }

    fn end(&mut self, person: Option<&str>, at: Timestamp) {
        let ends = |held: &&mut Held| held.until.is_none() && person.is_none_or(|person| held.person == person);
        self.history.iter_mut().filter(ends).for_each(|held| held.until = Some(at));
        self.holders.retain(|holder| person.is_some_and(|person| holder.person != person));
    }

    fn begin(&mut self, person: &CompactString, at: Timestamp, event: EventId) {
        self.holders.push(Holder { person: person.clone(), since: at, event });
        self.history.push(Held { person: person.clone(), since: at, until: None });
    }
}

/// The roles of an incident; those that nobody ever had are left out.
pub type Roles = BTreeMap<Role, RoleState>;

/// What one change of a role asks for.
struct Asked<'a> {
    event: EventId,
    role: Role,
    change: RoleChange,
    person: &'a CompactString,
    by: &'a CompactString,
    after: Option<EventId>,
    brief: &'a str,
    at: Timestamp,
    /// Whether it was withdrawn since: it keeps its place, and changes nothing.
    withdrawn: bool,
}

impl<'a> Asked<'a> {
    fn read(entry: &Entry<'a>) -> Option<Self> {
        let shown = entry.shown();
        let Some(Body::Role { role, change, person, brief, .. }) = shown.body else { return None };
        // What was known when it was first written is not edited.
        let after = match entry.first().body {
            Some(Body::Role { after, .. }) => *after,
            _ => None,
        };
        Some(Self {
            event: entry.id,
            role: *role,
            change: *change,
            person,
            by: &shown.event.header.actor.name,
            after,
            brief,
            at: entry.at(),
            withdrawn: entry.withdrawn().is_some(),
        })
    }
}

/// The roles of an incident.
pub fn roles(incident: IncidentId, record: &Record<'_>) -> Roles {
    let mut entries: Vec<_> = record.of_incident(incident).collect();
    entries.sort_by_key(|entry| entry.clock_order());
    let mut roles = Roles::new();
    for asked in entries.into_iter().filter_map(Asked::read) {
        let state = roles.entry(asked.role).or_default();
        let outdated = !asked.role.is_shared() && is_outdated(&asked, state, record);
        let refusal = if outdated { Some(state.too_late()) } else { refusal(&asked, state, record) };
        match refusal {
            Some(why) => state.without_effect.push(NoEffect {
                event: asked.event,
                person: asked.person.clone(),
                change: asked.change,
                at: asked.at,
                why,
            }),
            None => take(&asked, state),
        }
    }
    roles
}

fn is_outdated(asked: &Asked<'_>, state: &RoleState, record: &Record<'_>) -> bool {
    let after = asked.after.map(|event| record.root(event));
    // What was erased is not held against those who knew it.
    let is_erased = after.and_then(|event| record.entry(event)).is_some_and(Entry::is_erased);
    after != state.newest && !is_erased
}

/// Why a change that did not come too late has no effect all the same.
fn refusal(asked: &Asked<'_>, state: &RoleState, record: &Record<'_>) -> Option<String> {
    if asked.withdrawn {
        return None;
    }
    let holds = state.holders.iter().any(|holder| holder.person == *asked.person);
    match asked.change {
        RoleChange::Claimed | RoleChange::Offered => None,
        RoleChange::Released if holds => None,
        RoleChange::Released => Some(format!("{} does not have it", asked.person)),
        RoleChange::Accepted => match &state.offer {
            Some(offer) if offer.to == *asked.person => None,
            Some(offer) => Some(format!("it was offered to {}", offer.to)),
            None => {
                let after = asked.after.and_then(|event| record.entry(event));
                (!after.is_some_and(Entry::is_erased)).then(|| "it was not offered".to_owned())
            }
        },
    }
}

fn take(asked: &Asked<'_>, state: &mut RoleState) {
    state.newest = Some(asked.event);
    if asked.withdrawn {
        return;
    }
    match asked.change {
        RoleChange::Claimed | RoleChange::Accepted => {
            if asked.role.is_shared() {
                state.end(Some(asked.person), asked.at);
            } else {
                state.end(None, asked.at);
            }
            state.begin(asked.person, asked.at, asked.event);
            state.offer = None;
        }
        RoleChange::Released => {
            state.end(Some(asked.person), asked.at);
            state.offer = None;
        }
        RoleChange::Offered => {
            state.offer = Some(Offer {
                to: asked.person.clone(),
                by: asked.by.clone(),
                at: asked.at,
                brief: asked.brief.to_owned(),
                event: asked.event,
            });
        }
    }
}

/// Operations of a commander who had the role at that time: whoever leads should not have their hands in it.
pub fn operations_of_the_commander(incident: &Incident, record: &Record<'_>) -> Vec<EventId> {
    let Some(commander) = incident.roles.get(&Role::Commander) else { return Vec::new() };
    let operates = |entry: &&Entry<'_>| {
        let by = entry.shown().event.header.actor.name.as_str();
        matches!(entry.body(), Some(Body::Operation { .. })) && commander.holder_at(entry.at()) == Some(by)
    };
    incident.seen(record).into_iter().filter(operates).map(|entry| entry.id).collect()
}

#[cfg(test)]
#[path = "roles_tests.rs"]
mod tests;
