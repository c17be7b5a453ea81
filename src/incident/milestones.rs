//! The moments that the figures of an incident are made of: set by people, proposed by events, or derived from what was seen.
//!
//! What a person set wins over what was proposed, and the newest over those before it; what nobody wrote is derived here and can be
//! set otherwise. A moment that nothing tells of is missing, never a guess.

use super::{
    record::{Entry, Record, clock_order},
    state::Incident,
    wrong::{Wrong, wrong},
};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, KnownBy, Milestone, OperationStage, Phase, RoleChange},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// How it is known when a milestone was reached, the surest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// Derived from other events, here.
    Derived,
    /// Proposed by an event that nobody has contradicted.
    Proposed,
    /// A person said so.
    Set,
}

/// When a milestone was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: Timestamp,
    pub known: Known,
    /// The event that says so, or that it was derived from.
    pub event: EventId,
    /// In words.
    pub why: String,
}

impl Moment {
    fn derived(at: Timestamp, event: EventId, why: impl Into<String>) -> Self {
        Self { at, known: Known::Derived, event, why: why.into() }
    }
}

/// The milestones of an incident; those that are missing are left out.
pub type Milestones = BTreeMap<Milestone, Moment>;

/// The milestones of an incident whose other state is known. `reopened` is the entry that reopened it last.
pub(super) fn milestones(incident: &Incident, record: &Record<'_>, reopened: Option<&Entry<'_>>) -> Milestones {
    let mut found = derived(incident, record, reopened);
    let first = found.get(&Milestone::ImpactStarted).cloned();
    let newest = |entry: &Entry<'_>| entry.versions().last().map(|version| clock_order(version.event));
    let mut written: Vec<_> = record.of_incident(incident.id).collect();
    written.sort_by_key(|entry| newest(entry));
    for entry in written {
        let Some(Body::Milestone { milestone, at, proposed }) = entry.body() else { continue };
        // What was over before it began again is not the end.
        let ends = matches!(milestone, Milestone::Mitigated | Milestone::Resolved);
        if ends && reopened.is_some_and(|reopened| newest(entry) < newest(reopened)) {
            continue;
        }
        let known = if *proposed { Known::Proposed } else { Known::Set };
        if found.get(milestone).is_some_and(|moment| moment.known > known) {
            continue;
        }
        let by = &entry.shown().event.header.actor.name;
        let why = if *proposed { "proposed".to_owned() } else { format!("set by {by}") };
        found.insert(*milestone, Moment { at: *at, known, event: entry.id, why });
    }
    // Users were hurt no later than it was seen that something is wrong: a guess that says so gives way.
    if let (Some(impact), Some(detected), Some(first)) =
        (found.get(&Milestone::ImpactStarted), found.get(&Milestone::Detected), first)
        && impact.known == Known::Proposed
        && detected.at < impact.at
    {
        found.insert(Milestone::ImpactStarted, first);
    }
    if let Some(acknowledged) = acknowledged(incident, record, &found) {
        found.entry(Milestone::Acknowledged).or_insert(acknowledged);
    }
    found
}

fn derived(incident: &Incident, record: &Record<'_>, reopened: Option<&Entry<'_>>) -> Milestones {
    let wrong = wrong(incident, record);
    let mut found = Milestones::new();
    if let Some(first) = wrong.iter().min_by_key(|wrong| (wrong.began, wrong.event)) {
        found.insert(Milestone::ImpactStarted, Moment::derived(first.began, first.event, first.text.as_str()));
    }
    found.insert(Milestone::Detected, detected(incident, &wrong));
    let mitigated = [cleared(incident, record, reopened, &wrong), watched(incident, record, reopened)];
    if let Some(mitigated) = mitigated.into_iter().flatten().min_by_key(|moment| moment.at) {
        found.insert(Milestone::Mitigated, mitigated);
    }
    if let Some(resolved) = &incident.resolved {
        // That one somebody said.
        let (at, event, why) = (resolved.at, resolved.event, format!("{} resolved it", resolved.by));
        found.insert(Milestone::Resolved, Moment { at, known: Known::Set, event, why });
    }
    found
}

/// The first alert or attention, or that it was declared.
fn detected(incident: &Incident, wrong: &[Wrong]) -> Moment {
    let first = wrong.iter().filter(|wrong| wrong.ends).min_by_key(|wrong| (wrong.seen, wrong.event));
    match first.filter(|wrong| wrong.seen < incident.declared_at) {
        Some(wrong) => Moment::derived(wrong.seen, wrong.event, wrong.text.as_str()),
        None => Moment::derived(incident.declared_at, EventId(incident.id.0), "declared"),
    }
}

/// When somebody first set to work. What is told later of the time before anybody knew of it is no work on it.
fn acknowledged(incident: &Incident, record: &Record<'_>, found: &Milestones) -> Option<Moment> {
    let detected = found.get(&Milestone::Detected).map(|moment| moment.at);
    let is_work = |entry: &Entry<'_>| acknowledges(entry) && detected.is_none_or(|detected| entry.at() >= detected);
    let entry = record.of_incident(incident.id).find(|entry| is_work(entry))?;
    let why = format!("{} set to work", entry.shown().event.header.actor.name);
    Some(Moment::derived(entry.at(), entry.id, why))
}

/// Whether somebody shows by it that he or she is at work on the incident.
fn acknowledges(entry: &Entry<'_>) -> bool {
    if entry.shown().event.header.actor.known_by == KnownBy::Program {
        return false;
    }
    match entry.body() {
        Some(Body::Role { change, .. }) => matches!(change, RoleChange::Claimed | RoleChange::Accepted),
        Some(Body::Operation { stage, .. }) => *stage == OperationStage::Intended,
        Some(Body::Note { .. } | Body::Status { .. }) => true,
        _ => false,
    }
}

/// When the last thing was over of all that went wrong before somebody went over to watching, or resolved it.
fn cleared(incident: &Incident, record: &Record<'_>, reopened: Option<&Entry<'_>>, wrong: &[Wrong]) -> Option<Moment> {
    let watched = watched(incident, record, reopened).map(|moment| moment.at);
    // What went wrong after that is another matter.
    let end = watched.or(incident.resolved.as_ref().map(|resolved| resolved.at));
    let mut last: Option<(Timestamp, &Wrong)> = None;
    for wrong in wrong.iter().filter(|wrong| wrong.ends && end.is_none_or(|end| wrong.seen <= end)) {
        let over = wrong.over?;
        if last.is_none_or(|(last, _)| last < over) {
            last = Some((over, wrong));
        }
    }
    let (at, last) = last.filter(|(over, _)| reopened.is_none_or(|reopened| *over > reopened.at()))?;
    Some(Moment::derived(at, last.event, format!("the last that was wrong is over: {}", last.text)))
}

/// When somebody first went over to watching, since it was reopened.
fn watched(incident: &Incident, record: &Record<'_>, reopened: Option<&Entry<'_>>) -> Option<Moment> {
    let again = reopened.map(Entry::effect);
    let mut entries = record.of_incident(incident.id);
    let entry = entries.find(|entry| {
        let watches = matches!(entry.body(), Some(Body::Status { phase: Phase::Monitoring, .. }));
        watches && again.is_none_or(|again| entry.effect() > again)
    })?;
    Some(Moment::derived(entry.at(), entry.id, "went over to monitoring"))
}

#[cfg(test)]
#[path = "milestones_tests.rs"]
mod tests;
