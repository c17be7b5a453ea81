//! The postmortem of an incident: filled in from the record, with places for what only people can write.
//!
//! What is filled in cites the events that it is taken from. What people write is kept as events too (`account`), and so is how far the
//! document is (`review`); see [`super::review`].

mod document;
pub mod wording;

pub use document::{guidance, json, markdown};

use super::{
    milestones::Moment,
    names::Names,
    record::Record,
    review::may_follow,
    sentence::{Cites, one_line},
    state::Incident,
    timeline::{Look, Row, RowId, ended_operations, rows},
};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, Milestone, ReviewState, Section, Sev},
    object::ObjectKind,
};
use jiff::{SignedDuration, ToSpan, civil::Weekday, tz::TimeZone};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeSet};
use wording::Remark;

/// Days after the end in which the postmortem of a severity is due; of the rest none is asked for.
const SEV1_DAYS: i64 = 3;
const SEV2_WORKING_DAYS: u32 = 5;
/// What was rolled out so long before the impact is told.
const DEPLOYS_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// What was measured; `None` where nobody did. The recovery time is taken from the record where a run of a runbook verified it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Measured {
    /// Part of the period's error budget that it used up, 0–1 and more.
    pub error_budget_spent_ratio: Option<f64>,
    /// From the start of the impact to the first path of a user that was verified to work.
    pub recovery_time_seconds: Option<f64>,
    /// How much data was given up, in words with its figures, as the run found it right before.
    pub recovery_point: Option<String>,
}

/// A severity for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeverityInterval {
    pub severity: Sev,
    pub from: Timestamp,
    /// `None` while it goes on.
    pub to: Option<Timestamp>,
    pub event: EventId,
}

/// Something of the record, with where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cited {
    pub at: Timestamp,
    pub text: String,
    pub event: EventId,
}

/// A postmortem, as far as it can be made.
#[derive(Debug)]
pub struct Postmortem<'a> {
    pub incident: Cow<'a, Incident>,
    /// As it stands at this time.
    pub now: Timestamp,
    /// `None` where none is asked for, or the incident goes on.
    pub due: Option<Timestamp>,
    pub severities: Vec<SeverityInterval>,
    /// What turned the incident, and what people said.
    pub timeline: Vec<Row>,
    /// What was rolled out in the day before the impact and while it lasted.
    pub deploys: Vec<Cited>,
    pub alerts: Vec<Cited>,
    /// Operations and steps of runbooks, with their outcomes.
    pub operations: Vec<Cited>,
    pub measured: Measured,
    /// Places in what people wrote where a person is judged, or that are wise after the event.
    pub remarks: Vec<(Section, Remark)>,
    /// What is missing before it can be closed.
    pub lacks: Vec<String>,
    cites: Cites,
}

impl<'a> Postmortem<'a> {
    /// Makes the postmortem of an incident. The record has to reach back a day before the impact, for the deploys.
    pub fn of(incident: &'a Incident, record: &Record<'_>, names: &Names, measured: Measured, now: Timestamp) -> Self {
        let rows = rows(incident, record, names, &Look { all: true, unfolded: true, ..Look::default() });
        let cited = |row: &Row| Cited { at: row.at, text: row.text.clone(), event: row.members[0] };
        let seen = incident.seen(record);
        let ended = ended_operations(&seen, record);
        let is_done = |row: &&Row| {
            let is_ended = matches!(row.id, RowId::Event(event) if ended.contains(&event));
            matches!(row.kind.as_str(), "operation" | "step") && !is_ended
        };
        let ids =
            record.entries().iter().flat_map(|entry| entry.versions().iter().map(|version| version.event.header.id));
        Self {
            incident: Cow::Borrowed(incident),
            now,
            due: due(incident),
            severities: severities(incident),
            timeline: super::export::told_rows(incident, record, names),
            deploys: deploys(incident, record, names),
            alerts: alerts(&seen, names),
            operations: rows.iter().filter(is_done).map(cited).collect(),
            measured: Measured {
                recovery_time_seconds: measured.recovery_time_seconds.or_else(|| recovered(incident, record)),
                ..measured
            },
            remarks: remarks(incident),
            lacks: lacks(incident),
            cites: Cites::of(ids),
        }
    }

    /// The same, to be kept for as long as the record stays as it is.
    pub fn into_owned(self) -> Postmortem<'static> {
        Postmortem { incident: Cow::Owned(self.incident.into_owned()), ..self }
    }

    /// The end of an event's identity, by which it is cited.
    pub fn cite(&self, event: EventId) -> String {
        self.cites.cite(event)
    }

    /// Whether it is late: due, and not reviewed.
    pub fn is_overdue(&self) -> bool {
        let is_done = self.incident.postmortem.state() >= ReviewState::Reviewed;
        !is_done && self.due.is_some_and(|due| due < self.now)
    }
}

/// When the postmortem is due, by the worst severity that the incident had: three days after the end for severity 1, five working days
/// for severity 2. `None` for others, for drills, and while it goes on.
pub fn due(incident: &Incident) -> Option<Timestamp> {
    let counts = !incident.drill && incident.merged_into.is_none() && incident.withdrawn.is_none();
    let over = incident.resolved.as_ref().filter(|_| counts)?.at;
    match incident.worst_severity()? {
        Sev::Sev1 => over.checked_add(SignedDuration::from_hours(24 * SEV1_DAYS)).ok(),
        Sev::Sev2 => after_working_days(over, SEV2_WORKING_DAYS),
        Sev::Sev3 | Sev::Sev4 => None,
    }
}

/// So many days from Monday to Friday later, UTC. Holidays are not known here.
fn after_working_days(from: Timestamp, days: u32) -> Option<Timestamp> {
    let mut at = from.to_zoned(TimeZone::UTC);
    let mut left = days;
    while left > 0 {
        at = at.checked_add(1.day()).ok()?;
        if !matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    Some(at.timestamp())
}

/// The state that comes after this one.
pub fn next(from: ReviewState) -> Option<ReviewState> {
    ReviewState::ALL.into_iter().find(|state| may_follow(from, *state) && *state > from)
}

/// Why a postmortem cannot go from where it is to another state, in words; nothing where it can.
///
/// # Errors
/// Every reason.
pub fn check_step(incident: &Incident, to: ReviewState) -> Result<(), Vec<String>> {
    let from = incident.postmortem.state();
    if !may_follow(from, to) {
        let next = next(from).map_or_else(String::new, |next| format!("; what comes next is {}", next.word()));
        return Err(vec![format!("it is {}, and cannot become {} from there{next}", from.word(), to.word())]);
    }
    let lacks = if to > from { lacks_for(incident, to) } else { Vec::new() };
    if lacks.is_empty() { Ok(()) } else { Err(lacks) }
}

/// What people have to have written before it is read by others.
const ASKED_FOR: [Section; 3] = [Section::Summary, Section::Impact, Section::ContributingFactors];

fn lacks(incident: &Incident) -> Vec<String> {
    lacks_for(incident, ReviewState::Closed)
}

/// What is missing before the postmortem of an incident can be in a state.
pub fn lacks_for(incident: &Incident, to: ReviewState) -> Vec<String> {
    let mut lacks = Vec::new();
    let is_written = |section: &Section| {
        incident.postmortem.sections.get(section).is_some_and(|written| !written.text.trim().is_empty())
    };
    if to >= ReviewState::InReview {
        let empty = ASKED_FOR.iter().filter(|section| !is_written(section));
        lacks.extend(empty.map(|section| format!("the section {:?} is empty", section.title())));
    }
    if to == ReviewState::Closed {
        let actions: Vec<_> = incident.tasks.iter().filter(|task| task.action.is_some()).collect();
        if actions.is_empty() {
            lacks.push("there is no action".into());
        }
        for task in actions.iter().filter(|task| task.is_open() && !task.lacks().is_empty()) {
            lacks.push(format!("the action {:?} lacks {}", one_line(&task.title), task.lacks().join(" and ")));
        }
    }
    lacks
}

fn severities(incident: &Incident) -> Vec<SeverityInterval> {
    let end = incident.resolved.as_ref().map(|resolved| resolved.at);
    let ends = incident.severities.iter().skip(1).map(|next| Some(next.at)).chain([end]);
    let interval = |(severed, to): (&super::state::Severed, Option<Timestamp>)| SeverityInterval {
        severity: severed.severity,
        from: severed.at,
        to,
        event: severed.event,
    };
    incident.severities.iter().zip(ends).map(interval).collect()
}

fn deploys(incident: &Incident, record: &Record<'_>, names: &Names) -> Vec<Cited> {
    let began = impact(incident).map_or(incident.declared_at, |moment| moment.at);
    let from = began.saturating_sub(DEPLOYS_BEFORE).unwrap_or(began);
    let to = incident.resolved.as_ref().map(|resolved| resolved.at);
    let near = record.entries().iter().filter(|entry| {
        let in_time = entry.at() >= from && to.is_none_or(|to| entry.at() <= to);
        incident.owns(entry) || (entry.incident().is_none() && in_time)
    });
    let deploys = near.filter(|entry| matches!(entry.body(), Some(Body::Deploy { .. })));
    let told = |entry: &super::record::Entry<'_>| {
        let shown = entry.shown();
        super::sentence::told(&shown.event.header, shown.body, names)
    };
    deploys.map(|entry| Cited { at: entry.at(), text: told(entry), event: entry.id }).collect()
}

/// The alerts that fired in its time, each once. Several that fire within moments are one event.
fn alerts(seen: &[&super::record::Entry<'_>], names: &Names) -> Vec<Cited> {
    let mut known = BTreeSet::new();
    let fired = seen.iter().filter_map(|entry| {
        let shown = entry.shown();
        let Some(Body::Health { cleared: false, members, .. }) = shown.body else { return None };
        let about = members.iter().chain(shown.event.header.object.as_ref());
        let alerts = about.filter(|object| object.kind == ObjectKind::Alert);
        let new = alerts.filter(|alert| known.insert(alert.id.clone())).count();
        let text = super::sentence::told(&shown.event.header, shown.body, names);
        (new > 0).then_some(Cited { at: entry.at(), text, event: entry.id })
    });
    fired.collect()
}

/// Seconds from the start of the impact until a step of a run was verified that says that it is mitigated: what a person or a guess says
/// of it was not measured.
fn recovered(incident: &Incident, record: &Record<'_>) -> Option<f64> {
    let mitigated = incident.milestones.get(&Milestone::Mitigated)?;
    record.entry(mitigated.event)?.shown().event.header.run.as_ref()?;
    let took = mitigated.at.duration_since(impact(incident)?.at).as_secs_f64();
    (took >= 0.0).then_some(took)
}

fn impact(incident: &Incident) -> Option<&Moment> {
    incident.milestones.get(&Milestone::ImpactStarted)
}

fn remarks(incident: &Incident) -> Vec<(Section, Remark)> {
    let people: Vec<&str> = incident.participants.iter().map(|person| person.name.as_str()).collect();
    let of_section = |(section, written): (&Section, &super::review::Written)| {
        wording::check(&written.text, &people).into_iter().map(|remark| (*section, remark)).collect::<Vec<_>>()
    };
    incident.postmortem.sections.iter().flat_map(of_section).collect()
}

#[cfg(test)]
#[path = "postmortem_tests.rs"]
mod tests;
