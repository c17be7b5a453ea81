//! An incident as it stands, folded from its events.

use super::{
    milestones::{Milestones, milestones},
    record::{Entry, Record},
    related::related,
    review::{Postmortem, review},
    roles::{Roles, roles},
    tasks::{Task, tasks},
    update::{Sent, updates_sent},
};
use crate::model::{
    Timestamp,
    journal::{Actor, Body, Digest, EventId, IncidentId, KnownBy, LinkKind, Milestone, Phase, Role, Sev},
    object::ObjectRef,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How long before an incident what happened belongs into its timeline.
pub const LEAD: SignedDuration = SignedDuration::from_mins(30);

/// A severity, from when on, why, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Severed {
    pub severity: Sev,
    pub at: Timestamp,
    pub reason: String,
    pub by: CompactString,
    pub event: EventId,
}

/// What was last said of how far the work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    pub phase: Phase,
    pub text: String,
    pub at: Timestamp,
    pub by: CompactString,
    pub event: EventId,
}

/// A time for which the incident was open; `to` is `None` while it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spell {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

/// That it was resolved, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    pub at: Timestamp,
    pub text: String,
    pub by: CompactString,
    pub event: EventId,
}

/// What the incident has to do with something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    pub link: LinkKind,
    pub incident: Option<IncidentId>,
    pub target: String,
    pub event: EventId,
}

/// A file that belongs to the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    pub what: String,
    pub path: String,
    pub digest: Digest,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub event: EventId,
}

/// Somebody who took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Participant {
    pub name: CompactString,
    /// How it is known who that is, in each way that it was.
    pub known_by: Vec<KnownBy>,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// How many entries are by them.
    pub entries: usize,
}

/// That a level of the escalation policy was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalation {
    pub level: u32,
    pub to: Vec<CompactString>,
    pub at: Timestamp,
    pub event: EventId,
}

/// An incident as its events make it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    pub id: IncidentId,
    /// `None` where the declaration was erased.
    pub number: Option<u32>,
    /// As it is shown: `INC-7`; two of one number are told apart by [`super::Incidents`].
    pub name: CompactString,
    pub title: String,
    /// `None` where the declaration was erased and nothing was said since.
    pub severity: Option<Sev>,
    /// Every severity that it had, in the order in which they took effect.
    pub severities: Vec<Severed>,
    pub phase: Phase,
    pub status: Option<Status>,
    pub drill: bool,
    pub declared_at: Timestamp,
    pub declared_by: Actor,
    /// `None` while it is open.
    pub resolved: Option<Resolution>,
    /// The times for which it was open, in order; more than one where it was reopened.
    pub spells: Vec<Spell>,
    /// Why the whole incident was withdrawn, where it was.
    pub withdrawn: Option<String>,
    pub roles: Roles,
    pub tasks: Vec<Task>,
    pub links: Vec<Link>,
    pub merged_into: Option<IncidentId>,
    /// Entries that everybody should read.
    pub pins: BTreeSet<EventId>,
    pub milestones: Milestones,
    pub updates: Vec<Sent>,
    pub files: Vec<File>,
    pub participants: Vec<Participant>,
    /// What it is about: everything that its own and its pinned entries name.
    pub objects: BTreeSet<ObjectRef>,
    pub escalations: Vec<Escalation>,
    pub postmortem: Postmortem,
    /// How many entries belong to it by themselves.
    pub entries: usize,
}

impl Incident {
    /// The incident of this identity; `None` where the event that declares it is not in the record.
    ///
    /// What belongs to no incident by itself but was seen in its time may be in the record: milestones are derived from it.
    pub fn of(id: IncidentId, record: &Record<'_>) -> Option<Self> {
        let declared = record.entry(EventId(id.0)).filter(|entry| entry.first().event.header.kind == "declared")?;
        let mut by_effect: Vec<_> = record.of_incident(id).collect();
        by_effect.sort_by_key(|entry| entry.effect());
        let header = &declared.first().event.header;
        let (number, drill) = match declared.shown().body.zip(declared.first().body) {
            Some((Body::Declared { drill, .. }, Body::Declared { number, .. })) => (Some(*number), *drill),
            _ => (None, false),
        };
        let mut incident = Self {
            id,
            number,
            name: number.map_or_else(|| format_compact!("INC-?"), |number| format_compact!("INC-{number}")),
            title: "?".into(),
            severity: None,
            severities: Vec::new(),
            phase: Phase::Investigating,
            status: None,
            drill,
            declared_at: declared.at(),
            declared_by: header.actor.clone(),
            resolved: None,
            spells: vec![Spell { from: declared.at(), to: None }],
            withdrawn: declared.withdrawn().map(ToOwned::to_owned),
            roles: roles(id, record),
            tasks: tasks(id, record),
            links: Vec::new(),
            merged_into: None,
            pins: BTreeSet::new(),
            milestones: Milestones::new(),
            updates: updates_sent(&by_effect),
            files: Vec::new(),
            participants: participants(&by_effect),
            objects: BTreeSet::new(),
            escalations: Vec::new(),
            postmortem: review(&by_effect),
            entries: by_effect.len(),
        };
        let mut reopened = None;
        by_effect.iter().for_each(|entry| incident.take(entry, record, &mut reopened));
        incident.title_of_withdrawn(declared);
        incident.find_objects(record);
        incident.milestones = milestones(&incident, record, reopened);
        Some(incident)
    }

    /// Takes one of its entries, in the order in which they took effect.
    fn take<'r, 'a>(&mut self, entry: &'r Entry<'a>, record: &Record<'_>, reopened: &mut Option<&'r Entry<'a>>) {
        let Some(body) = entry.body() else { return };
        let (at, event, by) = (entry.at(), entry.id, &entry.shown().event.header.actor.name);
        match body {
            Body::Declared { title, severity, .. } if event.0 == self.id.0 => {
                self.title.clone_from(title);
                self.sever(*severity, at, "", by, event);
            }
            Body::Title { title } => self.title.clone_from(title),
            Body::Severity { severity, reason } => self.sever(*severity, at, reason, by, event),
            Body::Status { phase, text } => {
                self.status = Some(Status { phase: *phase, text: text.clone(), at, by: by.clone(), event });
                if *phase == Phase::Resolved {
                    self.resolve(at, text, by, event);
                } else if self.is_open() {
                    self.phase = *phase;
                }
            }
            Body::Resolved { text } => self.resolve(at, text, by, event),
            Body::Reopened { .. } if !self.is_open() => {
                self.resolved = None;
                self.phase = Phase::Investigating;
                self.spells.push(Spell { from: at, to: None });
                *reopened = Some(entry);
            }
            Body::Pin { event, pinned } => {
                let event = record.root(*event);
                if *pinned {
                    self.pins.insert(event)
                } else {
                    self.pins.remove(&event)
                };
            }
            Body::Link { link, incident, target } => {
                self.links.push(Link { link: *link, incident: *incident, target: target.clone(), event });
            }
            Body::Merged { into } if *into != self.id => self.merged_into = Some(*into),
            Body::Attached { what, path, digest, from, to } => {
                let (what, path, digest, from, to) = (what.clone(), path.clone(), *digest, *from, *to);
                self.files.push(File { what, path, digest, from, to, event });
            }
            Body::Escalated { level, to, .. } => {
                self.escalations.push(Escalation { level: *level, to: to.clone(), at, event });
            }
            _ => {}
        }
    }

    fn sever(&mut self, severity: Sev, at: Timestamp, reason: &str, by: &CompactString, event: EventId) {
        self.severity = Some(severity);
        self.severities.push(Severed { severity, at, reason: reason.into(), by: by.clone(), event });
    }

    fn resolve(&mut self, at: Timestamp, text: &str, by: &CompactString, event: EventId) {
        if !self.is_open() {
            return;
        }
        self.phase = Phase::Resolved;
        self.resolved = Some(Resolution { at, text: text.into(), by: by.clone(), event });
        if let Some(spell) = self.spells.last_mut() {
            spell.to = Some(at);
        }
    }

    /// What was withdrawn as a whole keeps the title and severity that it was declared with, so that it can be named.
    fn title_of_withdrawn(&mut self, declared: &Entry<'_>) {
        let said = declared.shown().body.filter(|_| self.withdrawn.is_some() && self.severities.is_empty());
        if let Some(Body::Declared { title, severity, .. }) = said {
            self.title.clone_from(title);
            self.severity = Some(*severity);
        }
    }

    fn find_objects(&mut self, record: &Record<'_>) {
        let own = record.of_incident(self.id);
        let pinned = self.pins.iter().filter_map(|pin| record.entry(*pin));
        for entry in own.chain(pinned) {
            let Some(body) = entry.body() else { continue };
            self.objects.extend(entry.shown().event.header.object.clone());
            if let Body::Health { members, .. } = body {
                self.objects.extend(members.iter().cloned());
            }
        }
    }

    /// Whether nobody has resolved it.
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }

    /// Whether it still needs people: open, and neither merged into another nor withdrawn.
    pub fn is_running(&self) -> bool {
        self.is_open() && self.merged_into.is_none() && self.withdrawn.is_none()
    }

    /// The worst severity that it ever had.
    pub fn worst_severity(&self) -> Option<Sev> {
        self.severities.iter().map(|severed| severed.severity).min().or(self.severity)
    }

    /// When its impact began, as far as that is known; else when it was declared.
    pub fn began(&self) -> Timestamp {
        let began = self.milestones.get(&Milestone::ImpactStarted).map(|moment| moment.at);
        began.map_or(self.declared_at, |began| began.min(self.declared_at))
    }

    /// The time whose events stand in its timeline; open at its end while it is open.
    pub fn window(&self) -> (Timestamp, Option<Timestamp>) {
        let from = self.began();
        (from.saturating_sub(LEAD).unwrap_or(from), self.resolved.as_ref().map(|resolved| resolved.at))
    }

    /// Whether an entry belongs to it by itself, or was pinned in it.
    pub fn owns(&self, entry: &Entry<'_>) -> bool {
        entry.incident() == Some(self.id) || self.pins.contains(&entry.id)
    }

    /// The entries that stand in its timeline, in a reader's order: its own, what is pinned, and what belongs to no incident and happened in
    /// its time.
    pub fn seen<'r, 'a>(&self, record: &'r Record<'a>) -> Vec<&'r Entry<'a>> {
        record.seen(self.id, self.pins.iter().copied(), self.window())
    }

    /// Whether it is about this object, or something that has to do with it.
    pub fn names(&self, object: &ObjectRef) -> bool {
        self.objects.contains(object) || self.objects.iter().any(|other| related(other, object))
    }

    /// Who has a role; the first where several do.
    pub fn holder(&self, role: Role) -> Option<&str> {
        self.roles.get(&role).and_then(|state| state.holder())
    }

    /// Seconds for which it was open, all spells together; up to `now` while it is.
    pub fn open_seconds(&self, now: Timestamp) -> f64 {
        let seconds = |spell: &Spell| spell.to.unwrap_or(now).duration_since(spell.from).as_secs_f64().max(0.0);
        self.spells.iter().map(seconds).sum()
    }
}

fn participants(entries: &[&Entry<'_>]) -> Vec<Participant> {
    let mut people: BTreeMap<CompactString, Participant> = BTreeMap::new();
    for version in entries.iter().flat_map(|entry| entry.versions()) {
        let header = &version.event.header;
        let Actor { name, known_by, .. } = &header.actor;
        if *known_by == KnownBy::Program {
            continue;
        }
        let at = header.occurred_at;
        let person = people.entry(name.clone()).or_insert_with(|| Participant {
            name: name.clone(),
            known_by: Vec::new(),
            first_at: at,
            last_at: at,
            entries: 0,
        });
        if !person.known_by.contains(known_by) {
            person.known_by.push(*known_by);
            person.known_by.sort_by_key(|known| *known as u8);
        }
        person.first_at = person.first_at.min(at);
        person.last_at = person.last_at.max(at);
        person.entries += 1;
    }
    let mut people: Vec<_> = people.into_values().collect();
    people.sort_by(|a, b| (a.first_at, &a.name).cmp(&(b.first_at, &b.name)));
    people
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
