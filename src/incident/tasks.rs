//! The tasks of an incident, and the actions of its postmortem.

use super::record::{Entry, Record};
use crate::model::{
    Timestamp,
    journal::{ActionKind, Body, EventId, IncidentId, TaskState},
};
use compact_str::CompactString;
use serde::Serialize;

/// Something that somebody has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Identity of the event that opened it.
    pub id: EventId,
    pub title: String,
    /// Empty where nobody has it yet.
    pub owner: CompactString,
    pub due: Option<Timestamp>,
    pub state: TaskState,
    /// What an action of the postmortem is to do; `None` for a task of the incident itself.
    pub action: Option<ActionKind>,
    pub opened_at: Timestamp,
    pub opened_by: CompactString,
    /// When it was done or dropped.
    pub closed_at: Option<Timestamp>,
    /// How often it was written, the first time included.
    pub versions: usize,
}

impl Task {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }

    /// Whether it is still to be done and its time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due.is_some_and(|due| due < now)
    }

    /// What it lacks, in words: an owner, a time; empty where it lacks nothing.
    pub fn lacks(&self) -> Vec<&'static str> {
        let lacks = [(self.owner.is_empty(), "an owner"), (self.due.is_none(), "a due date")];
        lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
    }
}

/// The tasks of an incident, in the order in which they were opened. Those that were withdrawn are left out.
pub fn tasks(incident: IncidentId, record: &Record<'_>) -> Vec<Task> {
    let mut tasks: Vec<_> = record.of_incident(incident).filter_map(task).collect();
    tasks.sort_by_key(|task| (task.opened_at, task.id));
    tasks
}

fn task(entry: &Entry<'_>) -> Option<Task> {
    let Body::Task { title, owner, due, state, action } = entry.body()? else { return None };
    let first = &entry.first().event.header;
    Some(Task {
        id: entry.id,
        title: title.clone(),
        owner: owner.clone(),
        due: *due,
        state: *state,
        action: *action,
        opened_at: first.occurred_at,
        opened_by: first.actor.name.clone(),
        closed_at: closed_at(entry),
        versions: entry.versions().len(),
    })
}

/// When the newest unbroken stretch of versions began that say it is closed.
fn closed_at(entry: &Entry<'_>) -> Option<Timestamp> {
    let newest = entry.versions().iter().rev();
    let closed = newest.take_while(|version| match version.body {
        Some(Body::Task { state, .. }) => *state != TaskState::Open,
        _ => false,
    });
    closed.last().map(|version| version.event.header.occurred_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::sample::{Story, at};

    fn body(title: &str, owner: &str, due: Option<&str>, state: TaskState) -> Body {
        Body::Task { title: title.into(), owner: owner.into(), due: due.map(at), state, action: None }
    }

    #[test]
    fn a_task_is_opened_given_on_and_done() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let first = story.says("02:05", "ops-a", body("find the leak", "", None, TaskState::Open));
        story.says("02:06", "ops-a", body("call the vendor", "ops-c", Some("02:30"), TaskState::Open));
        let second =
            story.edits("02:10", "ops-b", first, body("find the leak", "ops-b", Some("03:00"), TaskState::Open));
        let events = story.clone().events();
        let before = tasks(id, &Record::of(&events));
        assert_eq!(
            before.iter().map(|task| task.title.as_str()).collect::<Vec<_>>(),
            ["find the leak", "call the vendor"]
        );
        assert_eq!((before[0].owner.as_str(), before[0].versions), ("ops-b", 2));
        assert!(before[0].is_open() && before[0].closed_at.is_none() && before[0].lacks().is_empty());
        assert!(!before[0].is_overdue(at("02:59")) && before[0].is_overdue(at("03:01")));
        story.edits("02:40", "ops-b", second, body("find the leak", "ops-b", Some("03:00"), TaskState::Done));
        let events = story.events();
        let after = tasks(id, &Record::of(&events));
        assert_eq!((after[0].state, after[0].closed_at), (TaskState::Done, Some(at("02:40"))));
        assert!(!after[0].is_overdue(at("09:00")));
    }

    #[test]
    fn a_task_that_was_taken_up_again_was_closed_when_it_was_closed_last() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let mut last = story.says("02:05", "ops-a", body("x", "", None, TaskState::Open));
        for (when, state) in [("02:10", TaskState::Done), ("02:20", TaskState::Open), ("02:30", TaskState::Done)] {
            last = story.edits(when, "ops-a", last, body("x", "", None, state));
        }
        let events = story.events();
        assert_eq!(tasks(id, &Record::of(&events))[0].closed_at, Some(at("02:30")));
    }

    #[test]
    fn what_a_task_lacks_is_said() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let task = story.says("02:05", "ops-a", body("find the leak", "", None, TaskState::Open));
        let events = story.clone().events();
        assert_eq!(tasks(id, &Record::of(&events))[0].lacks(), ["an owner", "a due date"]);
        story.withdraws("02:06", "ops-a", task, "entered twice");
        let events = story.events();
        assert!(tasks(id, &Record::of(&events)).is_empty());
    }
}
