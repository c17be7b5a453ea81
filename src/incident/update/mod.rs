//! Status updates: when the next is due, and what they are made from.

pub mod template;

use super::{record::Entry, state::Incident};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, Sev},
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::Serialize;

/// A status update that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    pub at: Timestamp,
    pub audience: CompactString,
    pub text: String,
    pub by: CompactString,
    pub event: EventId,
}

/// How often updates go out by severity, in minutes; `None` for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    pub sev1: Option<u32>,
    pub sev2: Option<u32>,
    pub sev3: Option<u32>,
    pub sev4: Option<u32>,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { sev1: Some(15), sev2: Some(30), sev3: Some(60), sev4: None }
    }
}

impl Cadence {
    /// Minutes between two updates.
    pub fn minutes(&self, severity: Sev) -> Option<u32> {
        match severity {
            Sev::Sev1 => self.sev1,
            Sev::Sev2 => self.sev2,
            Sev::Sev3 => self.sev3,
            Sev::Sev4 => self.sev4,
        }
    }
}

/// The update that is due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Due {
    pub at: Timestamp,
    pub severity: Sev,
    pub minutes: u32,
}

impl Due {
    /// Seconds until it is due; negative once it is overdue.
    pub fn seconds_left(&self, now: Timestamp) -> f64 {
        self.at.duration_since(now).as_secs_f64()
    }

    /// `status update due in 4:10 (sev2: every 30 min)`, `status update overdue by 3:05 (…)`.
    pub fn words(&self, now: Timestamp) -> String {
        let how = format!("({}: every {} min)", self.severity.word(), self.minutes);
        let left = self.seconds_left(now);
        // Rounded up, so that 0:00 is shown when it is due and not a second before.
        let seconds = left.ceil() as i64;
        if seconds > 0 {
            format!("status update due in {} {how}", minutes_and_seconds(seconds.unsigned_abs()))
        } else if seconds == 0 {
            format!("status update due now {how}")
        } else {
            format!("status update overdue by {} {how}", minutes_and_seconds(seconds.unsigned_abs()))
        }
    }
}

/// `4:10`, `1:02:03`.
pub fn minutes_and_seconds(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// When the next update is due: so long after the last one, or after the incident began where there is none yet. `None` for one that needs
/// no people any more, and where nobody waits for updates.
pub fn due(incident: &Incident, cadence: &Cadence) -> Option<Due> {
    let severity = incident.severity.filter(|_| incident.is_running())?;
    let minutes = cadence.minutes(severity)?;
    let began = incident.spells.last().map(|spell| spell.from)?;
    let last = incident.updates.iter().map(|sent| sent.at).filter(|at| *at >= began).max();
    let at = last.unwrap_or(began).checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()?;
    Some(Due { at, severity, minutes })
}

pub(super) fn updates_sent(entries: &[&Entry<'_>]) -> Vec<Sent> {
    let sent = entries.iter().filter_map(|entry| match entry.body()? {
        Body::Update { audience, text } => Some(Sent {
            at: entry.at(),
            audience: audience.clone(),
            text: text.clone(),
            by: entry.shown().event.header.actor.name.clone(),
            event: entry.id,
        }),
        _ => None,
    });
    sent.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        record::Record,
        sample::{Story, at},
    };

    fn due_of(story: &Story, id: crate::model::journal::IncidentId) -> Option<Due> {
        let events = story.clone().events();
        due(&Incident::of(id, &Record::of(&events)).expect("is declared"), &Cadence::default())
    }

    #[test]
    fn the_next_update_follows_the_last_and_the_severity() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let first = due_of(&story, id).expect("sev2 has updates");
        assert_eq!((first.at, first.minutes), (at("02:30"), 30));
        assert_eq!(first.words(at("02:25:50")), "status update due in 4:10 (sev2: every 30 min)");
        assert_eq!(first.words(at("02:30")), "status update due now (sev2: every 30 min)");
        assert_eq!(first.words(at("03:33:05")), "status update overdue by 1:03:05 (sev2: every 30 min)");
        let update = Body::Update { audience: "internal".into(), text: "we are on it".into() };
        story.says("02:20", "ops-a", update);
        assert_eq!(due_of(&story, id).map(|due| due.at), Some(at("02:50")));
        story.says("02:21", "ops-a", Body::Severity { severity: Sev::Sev1, reason: "all of it".into() });
        assert_eq!(due_of(&story, id).map(|due| due.at), Some(at("02:35")));
        story.says("02:22", "ops-a", Body::Severity { severity: Sev::Sev4, reason: "over".into() });
        assert_eq!(due_of(&story, id), None);
    }

    #[test]
    fn nobody_waits_for_updates_of_what_is_resolved_until_it_is_reopened() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        story.says("02:10", "ops-a", Body::Update { audience: "internal".into(), text: "…".into() });
        story.says("02:20", "ops-a", Body::Resolved { text: String::new() });
        assert_eq!(due_of(&story, id), None);
        story.says("04:00", "ops-a", Body::Reopened { reason: "again".into() });
        assert_eq!(due_of(&story, id).map(|due| due.at), Some(at("04:30")));
    }
}
