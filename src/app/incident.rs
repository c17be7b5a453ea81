//! Incidents as the cockpit handles them: what is written about them, and which one is shown. What is written here changes nothing
//! outside, so it needs no gate; it is refused only where the past or a recording is shown.

use super::{App, effect::Effect};
use crate::{
    incident::{
        Incident,
        declare::{Declaration, Proposal, propose},
    },
    model::{
        Timestamp,
        attention::{Attention, Severity},
        journal::{Body, Draft, EventId, IncidentId, Role, RoleChange, Sev},
        object::ObjectRef,
        redact,
    },
};
use std::sync::Arc;

impl App {
    /// The incident that is shown.
    pub fn incident(&self) -> Option<Arc<Incident>> {
        self.shown().incidents.shown().cloned()
    }

    /// Writes events into the journal; says whether they may be written at all.
    pub fn record(&mut self, drafts: Vec<Draft>) -> bool {
        if self.is_past() {
            return false;
        }
        self.ask(Effect::Record(drafts));
        true
    }

    /// Whether the past or a recording is shown, into which nothing is written; says so.
    pub fn is_past(&mut self) -> bool {
        let Some(past) = self.policy.past else { return false };
        self.notice(Severity::Warn, past.words());
        true
    }

    /// Somebody says something about an incident, now.
    pub fn draft(&self, incident: Option<IncidentId>, body: Body) -> Draft {
        Draft::new(incident, self.now, self.policy.actor.clone(), body)
    }

    /// Writes one thing about the incident that is shown, and says so.
    pub fn say(&mut self, body: Body, what: impl Into<String>) {
        let Some(incident) = self.incident() else {
            return self.notice(Severity::Info, "there is no incident: incident-declare (I) declares one");
        };
        let draft = self.draft(Some(incident.id), body);
        if self.record(vec![draft]) {
            self.notice(Severity::Info, format!("{}: {}", incident.name, what.into()));
        }
    }

    /// What a declaration would start from now.
    pub fn proposal(&self) -> Proposal {
        let world = self.shown();
        let chosen = self.chosen_rows();
        let rows = if chosen.is_empty() { &world.attention } else { &chosen };
        propose(rows, &world.changes, world.now)
    }

    /// What is wrong with what somebody has chosen: a page that is open, rows that are marked, or one that the cursor was moved to.
    fn chosen_rows(&self) -> Vec<Attention> {
        let is_chosen = !self.view.stack.is_empty()
            || self.view.focused().is_some_and(|name| {
                let list = &self.view.pane(name).list;
                list.moved || !list.marked.is_empty()
            });
        let targets = self.targets().ok().filter(|_| is_chosen).unwrap_or_default();
        let is_about = |row: &&Attention| {
            targets.iter().any(|object| row.condition.object == *object || row.members.contains(object))
        };
        self.shown().attention.iter().filter(is_about).cloned().collect()
    }

    /// Declares an incident. Whoever declares it takes command, until somebody else does.
    pub fn declare(&mut self, title: &str, severity: Sev, drill: bool, began: Option<Timestamp>) {
        if self.is_past() {
            return;
        }
        let proposal = self.proposal();
        let says_began = began.is_some() && began != proposal.impact_started;
        let proposal = Proposal { impact_started: began, ..proposal };
        let number = self.world.incidents.next_number();
        let (title, actor) = (redact::text(title).into_owned(), self.policy.actor.clone());
        self.notice(Severity::Info, format!("INC-{number} declared: {title}"));
        // Made known by the runtime: nothing here makes identities.
        let id = EventId(uuid::Uuid::nil());
        let declaration = Declaration { id, number, title, severity, drill, says_began, at: self.now, actor };
        self.world.incidents.choose(None);
        self.ask(Effect::Declare(Box::new((declaration, proposal))));
    }

    /// Shows an incident with its timeline; `None` is the newest that is open.
    pub fn show_incident(&mut self, id: Option<IncidentId>) {
        self.world.incidents.choose(id);
        self.refresh_lists();
        self.touch();
    }

    /// Has the timeline read of an incident that has come to be shown: of others only what they are is known.
    pub(super) fn read_shown(&mut self) {
        let shown = self.world.incidents.shown().map(|incident| incident.id);
        if self.player.is_none() && shown != self.watch.read {
            self.watch.read = shown;
            self.read_timeline(false);
        }
    }

    /// Has the journal read a stretch of the timeline that is shown.
    pub fn read_timeline(&mut self, earlier: bool) {
        if let Some(wanted) = self.world.incidents.wanted(earlier) {
            self.ask(Effect::Stretch(wanted));
        }
    }

    /// Writes a note, about an object where one is meant.
    pub fn note(&mut self, incident: IncidentId, text: &str, object: Option<ObjectRef>) {
        let mut draft = self.draft(Some(incident), Body::Note { text: redact::text(text).into_owned() });
        draft.object = object;
        if self.record(vec![draft]) {
            self.notice(Severity::Info, "noted");
        }
    }

    /// Writes another version of an event, or strikes it out.
    pub fn supersede(&mut self, incident: Option<IncidentId>, event: EventId, at: Timestamp, body: Body) {
        let mut draft = self.draft(incident, body);
        draft.supersedes = Some(event);
        draft.occurred_at = at;
        self.record(vec![draft]);
    }
}

/// What a declaration writes: what it starts from, and that whoever declares it commands.
pub fn declared(declaration: Declaration, proposal: &Proposal) -> Vec<Draft> {
    let (id, at, actor) = (IncidentId(declaration.id.0), declaration.at, declaration.actor.clone());
    let (role, change, person) = (Role::Commander, RoleChange::Claimed, actor.name.clone());
    let claim = Body::Role { role, change, person, after: None, brief: String::new() };
    let mut drafts = declaration.drafts(proposal);
    drafts.push(Draft::new(Some(id), at, actor, claim));
    drafts
}

#[cfg(test)]
#[path = "incident_tests.rs"]
mod tests;
