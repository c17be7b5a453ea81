//! Whom to call when nobody takes an incident up: level after level, each once, until somebody does.

use super::OnCall;
use crate::incident::state::Incident;
use crate::model::{
    Timestamp,
    journal::{Actor, Body, Draft, Milestone, Role, Sev},
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;

/// A policy: whom to call in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub name: CompactString,
    /// The severities that it is for.
    pub severities: Vec<Sev>,
    /// From the first that is called on. Never empty.
    pub levels: Vec<Level>,
}

/// One level of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub call: Vec<Target>,
    /// Minutes that it has to answer before the next level is called.
    pub wait_minutes: u32,
}

/// Whom a level calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Person(CompactString),
    /// Whoever is on call in the rota of this name.
    Rota(CompactString),
}

/// A level that is to be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// From 1.
    pub level: u32,
    /// Nobody where nobody is on call; the next level is called at once, then.
    pub to: Vec<CompactString>,
    pub text: String,
    /// Since when the incident has been open, this time: part of what makes the call one.
    since: Timestamp,
}

impl Call {
    /// What is to be written. Two cockpits that call the same level write one event.
    pub fn draft(&self, incident: &Incident, now: Timestamp) -> Draft {
        let body = Body::Escalated { level: self.level, to: self.to.clone(), text: self.text.clone() };
        let mut draft = Draft::new(Some(incident.id), now, Actor::program(), body);
        draft.key = Some(format_compact!("escalated/{}/{}/{}", incident.id, self.since.as_second(), self.level));
        draft
    }
}

/// What a policy asks for at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Levels to be called now, none of which was called before.
    pub calls: Vec<Call>,
    /// When the next level is due if nobody takes it up until then.
    pub next: Option<Timestamp>,
}

/// What is due for an incident. Nothing for drills, which call nobody; nothing once somebody has taken it up or has command; each level is
/// called once, and again only after the incident was reopened. A level has its time from when it was called, however late that was.
pub fn due(on_call: &OnCall, incident: &Incident, now: Timestamp) -> Asked {
    let mut asked = Asked::default();
    let policy = incident.severity.and_then(|severity| on_call.policy(severity));
    let since = incident.spells.last().map(|spell| spell.from);
    let (Some(policy), Some(since)) = (policy, since) else { return asked };
    if !incident.is_running() || incident.drill || is_taken_up(incident, since) {
        return asked;
    }
    let mut at = since;
    for (level, number) in policy.levels.iter().zip(1_u32..) {
        let called = incident.escalations.iter().find(|call| call.level == number && call.at >= since);
        let (when, reaches) = match called {
            Some(call) => (call.at, !call.to.is_empty()),
            None if at > now => {
                asked.next = Some(at);
                break;
            }
            None => {
                let to = reached(on_call, level, now);
                let reaches = !to.is_empty();
                asked.calls.push(Call { level: number, to, text: reason(on_call, level, number, since, now), since });
                (now, reaches)
            }
        };
        let wait = if reaches { i64::from(level.wait_minutes) } else { 0 };
        at = when.checked_add(SignedDuration::from_mins(wait)).unwrap_or(when);
    }
    asked
}

/// Whether somebody has taken the incident up since it was opened this time.
fn is_taken_up(incident: &Incident, since: Timestamp) -> bool {
    let acknowledged = incident.milestones.get(&Milestone::Acknowledged);
    acknowledged.is_some_and(|moment| moment.at >= since) || incident.holder(Role::Commander).is_some()
}

fn reached(on_call: &OnCall, level: &Level, at: Timestamp) -> Vec<CompactString> {
    let mut people: Vec<CompactString> = Vec::new();
    for person in level.call.iter().filter_map(|target| on_call.reached(target, at)) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

fn reason(on_call: &OnCall, level: &Level, number: u32, since: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(since).as_secs() / 60;
    let waited = match (number, minutes) {
        (1, 0) => "just declared".to_owned(),
        _ => format!("nobody has taken it up for {minutes} min"),
    };
    let empty = level.call.iter().filter(|target| on_call.reached(target, now).is_none());
    let empty: Vec<_> =
        empty.filter_map(|target| if let Target::Rota(name) = target { Some(name.as_str()) } else { None }).collect();
    if empty.is_empty() { waited } else { format!("{waited}; nobody is on call in {}", empty.join(", ")) }
}

#[cfg(test)]
#[path = "escalation_tests.rs"]
mod tests;
