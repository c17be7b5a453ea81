//! What is still owed after incidents: tasks and actions with a day, and the review of postmortems.

use super::{postmortem, state::Incident, tasks::Task};
use crate::model::{
    Timestamp,
    duty::{Duty, DutyKind},
    journal::{ActionKind, IncidentId, ReviewState},
    object::{ObjectKind, ObjectRef},
};
use compact_str::{CompactString, format_compact};
use serde::Serialize;

/// A task, or an action, with the incident that it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Followed {
    pub incident: IncidentId,
    /// `INC-7`.
    pub name: CompactString,
    /// What was wrong.
    pub about: String,
    /// Practice: what is found there is worth doing all the same.
    pub drill: bool,
    pub task: Task,
}

impl Followed {
    /// How it stands: `overdue`, `open`, `dropped`, `done`. From the end of the alphabet, what is to be looked at first comes first.
    pub fn state(&self, now: Timestamp) -> &'static str {
        if self.task.is_overdue(now) { "overdue" } else { self.task.state.word() }
    }

    /// What it is to do: the kind of an action, or `task`.
    pub fn kind(&self) -> &'static str {
        self.task.action.map_or("task", ActionKind::word)
    }
}

/// Tasks and actions of incidents that count: an incident that was withdrawn asks nothing of anybody.
pub fn followed<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Vec<Followed> {
    let counts = incidents.into_iter().filter(|incident| incident.withdrawn.is_none());
    let of = |incident: &'a Incident| {
        incident.tasks.iter().map(|task| Followed {
            incident: incident.id,
            name: incident.name.clone(),
            about: incident.title.clone(),
            drill: incident.drill,
            task: task.clone(),
        })
    };
    counts.flat_map(of).collect()
}

/// What is owed, whether its time is over or not.
pub fn duties(incident: &Incident) -> Vec<Duty> {
    let object = ObjectRef::new(ObjectKind::Incident, format_compact!("{}", incident.id));
    let duty =
        |kind, text, due| Duty { kind, object: object.clone(), name: incident.name.clone(), text, due: Some(due) };
    let open = incident.tasks.iter().filter(|task| task.is_open() && incident.withdrawn.is_none());
    let tasks = open.filter_map(|task| {
        let owner = if task.owner.is_empty() { "nobody yet" } else { task.owner.as_str() };
        Some(duty(DutyKind::Action, format!("{} ({owner})", task.title), task.due?))
    });
    let review = &incident.postmortem;
    let due = postmortem::due(incident).filter(|_| review.state() < ReviewState::Reviewed);
    let text = format!("its postmortem is {}", review.state().word());
    tasks.chain(due.map(|due| duty(DutyKind::Postmortem, text, due))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents, Record,
        sample::{at, outage},
    };

    #[test]
    fn what_is_open_and_has_a_day_is_owed() {
        let events = outage();
        let incidents = Incidents::of(&Record::of(&events));
        let incident = incidents.resolve("INC-7").expect("is declared");
        let owed: Vec<_> = duties(incident).into_iter().map(|duty| (duty.kind, duty.text, duty.due)).collect();
        let expected = [
            (DutyKind::Action, "tell the shop's team (ops-b)".to_owned(), Some(at("24 08:00"))),
            (
                DutyKind::Action,
                "raise the limit, and alert on the working set (ops-c)".to_owned(),
                Some(at("30 12:00")),
            ),
            (DutyKind::Postmortem, "its postmortem is in-review".to_owned(), Some(at("27 00:10"))),
        ];
        assert_eq!(owed, expected);
        let drill = incidents.resolve("INC-8").expect("is declared");
        assert_eq!(duties(drill), []);
        let all = followed(incidents.all());
        let now = at("24 09:00");
        let told: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.kind(), one.state(now))).collect();
        assert_eq!(told, [("INC-7", "task", "overdue"), ("INC-7", "prevent", "open"), ("INC-7", "detect", "open")]);
    }
}
