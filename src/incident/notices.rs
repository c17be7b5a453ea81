//! What of incidents is told to people outside of the cockpit: that one began, got worse or better, is looked after, or is over; whom the
//! escalation policy calls; and status updates.

use super::{Incident, Incidents, Record, record::Entry};
use crate::model::{
    Timestamp,
    attention::Severity,
    journal::{Body, EventId, IncidentId, Milestone, Phase, Role, RoleChange, Sev},
    message::{Kind, Message},
    units,
};
use std::collections::BTreeMap;

/// Something that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event that it tells of.
    pub event: EventId,
    pub incident: IncidentId,
    /// When it was written down.
    pub written: Timestamp,
    /// The severity of the incident now.
    pub severity: Sev,
    pub drill: bool,
    pub message: Message,
}

/// What was written down since a time and is worth being told, in the order in which it took effect.
pub fn notices(incidents: &Incidents, record: &Record<'_>, since: Timestamp) -> Vec<Notice> {
    let mut all = Vec::new();
    for incident in incidents.all() {
        let Some(severity) = incident.severity else { continue };
        let mut entries: Vec<_> = record.of_incident(incident.id).filter(|entry| entry.withdrawn().is_none()).collect();
        entries.retain(|entry| entry.first().event.header.recorded_at >= since);
        entries.sort_by_key(|entry| entry.effect());
        for entry in entries {
            let Some((kind, summary)) = told(incident, entry) else { continue };
            let message = message(incident, entry, kind, summary, severity);
            let written = entry.first().event.header.recorded_at;
            let (event, incident, drill) = (entry.id, incident.id, incident.drill);
            all.push(Notice { event, incident, written, severity, drill, message });
        }
    }
    all
}

/// What an entry says to those outside; `None` where it is none of their business.
fn told(incident: &Incident, entry: &Entry<'_>) -> Option<(Kind, String)> {
    let Incident { name, title, .. } = incident;
    let with = |words: String, text: &str| if text.is_empty() { words } else { format!("{words}: {text}") };
    let raised = |text: String| Some((Kind::Raised, text));
    match entry.body()? {
        Body::Declared { severity, .. } => raised(format!("{name} {}: {title}", severity.word())),
        Body::Severity { severity, reason } => {
            raised(with(format!("{name} is {} now: {title}", severity.word()), reason))
        }
        Body::Reopened { reason } => raised(with(format!("{name} is open again: {title}"), reason)),
        Body::Escalated { level, to, text } => {
            let whom = if to.is_empty() { "nobody".to_owned() } else { to.join(", ") };
            raised(with(format!("{name}: {title}: {whom} is called (level {level})"), text))
        }
        Body::Update { text, .. } => raised(format!("{name}: {text}")),
        Body::Role { role: Role::Commander, change: RoleChange::Claimed | RoleChange::Accepted, person, .. } => {
            Some((Kind::Acknowledged, format!("{name}: {person} has command: {title}")))
        }
        Body::Milestone { milestone: Milestone::Acknowledged, proposed: false, .. } => {
            Some((Kind::Acknowledged, format!("{name} is looked after: {title}")))
        }
        Body::Resolved { text } | Body::Status { phase: Phase::Resolved, text } => {
            let open = units::span(incident.open_seconds(entry.at()));
            Some((Kind::Cleared, with(format!("{name} is resolved after {open}: {title}"), text)))
        }
        Body::Merged { .. } => Some((Kind::Cleared, format!("{name} goes on in another incident: {title}"))),
        _ => None,
    }
}

fn message(incident: &Incident, entry: &Entry<'_>, kind: Kind, summary: String, severity: Sev) -> Message {
    let by = &entry.first().event.header.actor.name;
    let commander = incident.holder(Role::Commander).unwrap_or("nobody");
    let mut details = BTreeMap::new();
    for (key, value) in [
        ("incident", incident.name.as_str()),
        ("title", &incident.title),
        ("severity", severity.word()),
        ("commander", commander),
        ("by", by),
    ] {
        details.insert(key.to_owned(), value.to_owned());
    }
    if let Some(Body::Escalated { to, .. }) = entry.body() {
        details.insert("called".into(), to.join(", "));
    }
    if incident.drill {
        details.insert("drill".into(), "yes".into());
    }
    let summary = if incident.drill { format!("DRILL: {summary}") } else { summary };
    Message {
        event: entry.id.to_string(),
        kind,
        key: format!("flightdeck/{}", incident.id),
        at: entry.at(),
        severity: weight(severity),
        summary,
        source: "flightdeck".into(),
        details,
        link: None,
    }
}

/// How much an incident weighs for receivers that know no other words.
const fn weight(severity: Sev) -> Severity {
    match severity {
        Sev::Sev1 | Sev::Sev2 => Severity::Critical,
        Sev::Sev3 => Severity::Error,
        Sev::Sev4 => Severity::Warn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::sample::{Story, at};

    fn told_since(story: Story, since: &str) -> Vec<(Kind, String)> {
        let events = story.events();
        let record = Record::of(&events);
        let incidents = Incidents::of(&record);
        let all = notices(&incidents, &record, at(since));
        all.into_iter().map(|notice| (notice.message.kind, notice.message.summary)).collect()
    }

    fn story(drill: bool) -> Story {
        let mut story = Story::new();
        story.declared_as("02:00", "checkout is down", 7, Sev::Sev2, drill);
        let claim = |change| Body::Role {
            role: Role::Commander,
            change,
            person: "ops-a".into(),
            after: None,
            brief: String::new(),
        };
        story.says("02:01", "ops-a", claim(RoleChange::Claimed));
        story.says("02:02", "ops-a", Body::Note { text: "only for us".into() });
        story.says("02:03", "ops-a", Body::Severity { severity: Sev::Sev1, reason: "all of Europe".into() });
        let to = vec!["ops-b".into(), "ops-c".into()];
        story.says("02:04", "flightdeck", Body::Escalated { level: 2, to, text: "nobody answers".into() });
        story.says("02:05", "ops-a", Body::Update { audience: "customers".into(), text: "we are at it".into() });
        story.says("02:30", "ops-a", Body::Resolved { text: "rolled back".into() });
        story
    }

    #[test]
    fn what_matters_outside_is_told_and_notes_are_not() {
        let expected = [
            (Kind::Raised, "INC-7 sev2: checkout is down"),
            (Kind::Acknowledged, "INC-7: ops-a has command: checkout is down"),
            (Kind::Raised, "INC-7 is sev1 now: checkout is down: all of Europe"),
            (Kind::Raised, "INC-7: checkout is down: ops-b, ops-c is called (level 2): nobody answers"),
            (Kind::Raised, "INC-7: we are at it"),
            (Kind::Cleared, "INC-7 is resolved after 30m: checkout is down: rolled back"),
        ];
        let seen = told_since(story(false), "01:00");
        assert_eq!(seen.iter().map(|(kind, text)| (*kind, text.as_str())).collect::<Vec<_>>(), expected);
        // What is old is no news.
        assert_eq!(told_since(story(false), "02:05").len(), 2);
    }

    #[test]
    fn drills_say_that_they_are() {
        assert!(told_since(story(true), "01:00").iter().all(|(_, text)| text.starts_with("DRILL: ")));
    }
}
