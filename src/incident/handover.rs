//! The brief for who takes over command, made from the log: what is wrong, since when, what was done, what goes on, who is who.

use super::{
    names::Names,
    record::{Entry, Record},
    sentence::{one_line, told},
    state::Incident,
    timeline::ended_operations,
    update::{Cadence, due},
    wrong::wrong,
};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, KnownBy, Milestone, OperationStage, Role, StepStage},
    units,
};
use compact_str::CompactString;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// How much of a list is told; the rest is counted.
const MOST: usize = 8;

/// What the next commander has to know, each as a line of words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Brief {
    /// What it is, how bad, since when, how far.
    pub state: Vec<String>,
    /// What is wrong still.
    pub wrong: Vec<String>,
    /// What was done, and with what outcome, the newest last.
    pub done: Vec<String>,
    /// Operations and steps that were begun and of which no end is known.
    pub running: Vec<String>,
    pub tasks: Vec<String>,
    pub people: Vec<String>,
    /// What somebody found worth reading by everybody.
    pub pinned: Vec<String>,
    /// What comes next: the update that is due.
    pub next: Vec<String>,
}

impl Brief {
    /// The brief as text, section by section; sections without anything are left out, but for what is wrong and what goes on.
    pub fn text(&self) -> String {
        let nothing =
            |lines: &[String], words: &str| if lines.is_empty() { vec![words.to_owned()] } else { lines.to_vec() };
        let sections = [
            ("", self.state.clone()),
            ("Wrong now", nothing(&self.wrong, "nothing that is known")),
            ("Done", self.done.clone()),
            ("Going on", nothing(&self.running, "nothing that is known")),
            ("Tasks", self.tasks.clone()),
            ("Who is who", self.people.clone()),
            ("Read this", self.pinned.clone()),
            ("Next", self.next.clone()),
        ];
        let mut text = String::new();
        for (head, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
            if head.is_empty() {
                text.push_str(&lines.join("\n"));
            } else {
                let lines: Vec<_> = lines.iter().map(|line| format!("- {line}")).collect();
                text.push_str(&format!("\n{head}:\n{}", lines.join("\n")));
            }
            text.push('\n');
        }
        text
    }
}

/// Makes the brief of an incident.
pub fn brief(incident: &Incident, record: &Record<'_>, names: &Names, cadence: &Cadence, now: Timestamp) -> Brief {
    let seen = incident.seen(record);
    let next = due(incident, cadence).map(|due| due.words(now));
    Brief {
        state: state(incident, now),
        wrong: still_wrong(incident, record, now),
        done: done(&seen, now, names),
        running: running(&seen, record, now, names),
        tasks: tasks(incident, now),
        people: people(incident, now),
        pinned: pinned(incident, record, now, names),
        next: next.into_iter().collect(),
    }
}

/// `02:14:07Z`, with the date where it is not today.
fn when(now: Timestamp, at: Timestamp) -> String {
    let day = |at: Timestamp| at.as_second().div_euclid(86_400);
    if day(now) == day(at) { units::clock(at) } else { units::date_clock(at) }
}

fn state(incident: &Incident, now: Timestamp) -> Vec<String> {
    let severity = incident.severity.map_or("severity ?", |severity| severity.word());
    let drill = if incident.drill { " (a drill)" } else { "" };
    let mut lines = vec![format!("{} {severity}{drill}: {}", incident.name, one_line(&incident.title))];
    let began = incident.milestones.get(&Milestone::ImpactStarted).map(|moment| moment.at);
    let since = began.unwrap_or(incident.declared_at);
    let what = if began.is_some() { "impact since" } else { "declared at" };
    lines.push(format!("{what} {}, {} ago; {}", when(now, since), units::age(now, since), incident.phase.word()));
    if let Some(status) = incident.status.as_ref().filter(|status| !status.text.trim().is_empty()) {
        lines.push(format!(
            "last said at {} by {}: {}",
            when(now, status.at),
            one_line(&status.by),
            one_line(&status.text)
        ));
    }
    lines
}

fn still_wrong(incident: &Incident, record: &Record<'_>, now: Timestamp) -> Vec<String> {
    let mut told = HashSet::new();
    let wrong = wrong(incident, record);
    let open = wrong.iter().filter(|wrong| wrong.ends && wrong.over.is_none() && told.insert(wrong.text.clone()));
    some(open.map(|wrong| format!("{}, since {}", one_line(&wrong.text), when(now, wrong.began))).collect())
}

/// The first few of a list, and how many more there are.
fn some(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The last few of a list, and how many came before.
fn last(mut lines: Vec<String>) -> Vec<String> {
    let before = lines.len().saturating_sub(MOST);
    if before > 0 {
        lines.drain(..before);
        lines.insert(0, format!("{before} before these"));
    }
    lines
}

fn done(entries: &[&Entry<'_>], now: Timestamp, names: &Names) -> Vec<String> {
    let is_done = |entry: &&&Entry<'_>| match entry.body() {
        Some(Body::Operation { stage, .. }) => *stage != OperationStage::Intended,
        Some(Body::Deploy { .. }) => true,
        _ => false,
    };
    last(entries.iter().filter(is_done).map(|entry| line(entry, now, names)).collect())
}

fn line(entry: &Entry<'_>, now: Timestamp, names: &Names) -> String {
    let header = &entry.shown().event.header;
    let said = told(header, entry.shown().body, names);
    let name = one_line(&header.actor.name);
    let is_said = header.actor.known_by == KnownBy::Program || said.contains(&name);
    let by = if is_said { String::new() } else { format!(", {name}") };
    format!("{} {said}{by}", when(now, entry.at()))
}

/// What was begun and not ended: operations without an outcome, steps of which the last word is that they were begun.
fn running(entries: &[&Entry<'_>], record: &Record<'_>, now: Timestamp, names: &Names) -> Vec<String> {
    let ended = ended_operations(entries, record);
    let mut steps: HashMap<(CompactString, CompactString), EventId> = HashMap::new();
    for entry in entries {
        let header = &entry.shown().event.header;
        if let Some(Body::Step { stage, .. }) = entry.body() {
            let key = (header.run.clone().unwrap_or_default(), header.step.clone().unwrap_or_default());
            match stage {
                StepStage::Begun => steps.insert(key, entry.id),
                // It goes on: done and not verified, halted, or nobody knows.
                StepStage::Acted
                | StepStage::Unknown
                | StepStage::Answered
                | StepStage::Noted
                | StepStage::Paused
                | StepStage::Resumed => None,
                _ => steps.remove(&key),
            };
        }
    }
    let begun: HashSet<EventId> = steps.into_values().collect();
    let runs = |entry: &&&Entry<'_>| match entry.body() {
        Some(Body::Operation { stage, .. }) => *stage == OperationStage::Intended && !ended.contains(&entry.id),
        Some(Body::Step { .. }) => begun.contains(&entry.id),
        _ => false,
    };
    some(entries.iter().filter(runs).map(|entry| line(entry, now, names)).collect())
}

fn tasks(incident: &Incident, now: Timestamp) -> Vec<String> {
    let line = |task: &super::tasks::Task| {
        let owner = if task.owner.is_empty() { "nobody yet".to_owned() } else { one_line(&task.owner) };
        let due = match task.due {
            Some(due) if task.is_overdue(now) => format!(", overdue since {}", when(now, due)),
            Some(due) => format!(", due {}", when(now, due)),
            None => String::new(),
        };
        format!("{} ({owner}{due})", one_line(&task.title))
    };
    some(incident.tasks.iter().filter(|task| task.is_open() && task.action.is_none()).map(line).collect())
}

fn people(incident: &Incident, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for role in Role::ALL {
        let Some(state) = incident.roles.get(&role) else { continue };
        for holder in &state.holders {
            lines.push(format!("{}: {}, since {}", role.title(), one_line(&holder.person), when(now, holder.since)));
        }
        if let Some(offer) = &state.offer {
            let (title, to) = (role.title(), one_line(&offer.to));
            lines.push(format!("{title}: offered to {to} at {}, not accepted yet", when(now, offer.at)));
        }
    }
    if incident.holder(Role::Commander).is_none() {
        lines.insert(0, format!("{}: nobody", Role::Commander.title()));
    }
    lines
}

fn pinned(incident: &Incident, record: &Record<'_>, now: Timestamp, names: &Names) -> Vec<String> {
    let mut entries: Vec<_> = incident.pins.iter().filter_map(|pin| record.entry(*pin)).collect();
    entries.retain(|entry| entry.body().is_some());
    entries.sort_by_key(|entry| entry.order());
    some(entries.into_iter().map(|entry| line(entry, now, names)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents,
        sample::{Story, at, deployment},
    };
    use crate::model::{
        attention::Severity,
        journal::{Phase, RoleChange, TaskState},
    };

    fn operation(stage: OperationStage, operation: &str, intended: Option<EventId>) -> Body {
        let (operation, detail) = (operation.into(), String::new());
        Body::Operation { stage, operation, detail, intended, escalated_to: vec![], data: None }
    }

    #[test]
    fn it_tells_what_the_next_one_has_to_know() {
        let mut story = Story::new();
        story.health("02:01", deployment("checkout"), Severity::Error, false, "deploy shop/checkout: 2/6 ready");
        let id = story.declared("02:06", "checkout down");
        story.last().header.object = Some(deployment("checkout"));
        let claimed = story.role("02:07", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
        let note = story.note("02:08", "ops-b", "it began with 1.4.3");
        story.says("02:09", "ops-a", Body::Pin { event: note, pinned: true });
        let begun = story.says("02:10", "ops-b", operation(OperationStage::Intended, "scale shop/checkout to 9", None));
        story.says("02:11", "ops-b", operation(OperationStage::Failed, "scale shop/checkout to 9", Some(begun)));
        story.says(
            "02:12",
            "ops-b",
            operation(OperationStage::Intended, "rollback of shop/checkout to revision 30", None),
        );
        let step = |stage| Body::Step { runbook: "k8s-rollback".into(), stage, text: "apply".into(), data: None };
        for (name, stages) in
            [("preflight", vec![StepStage::Begun, StepStage::Verified]), ("apply", vec![StepStage::Begun])]
        {
            for stage in stages {
                story.says("02:13", "ops-b", step(stage));
                (story.last().header.run, story.last().header.step) = (Some("r1".into()), Some(name.into()));
            }
        }
        let task = |title: &str, due: &str| Body::Task {
            title: title.into(),
            owner: "ops-c".into(),
            due: Some(at(due)),
            state: TaskState::Open,
            action: None,
        };
        story.says("02:14", "ops-a", task("call the vendor", "02:15"));
        story.says("02:14", "ops-a", task("find the leak", "24 09:00"));
        story.says("02:15", "ops-a", Body::Status { phase: Phase::Mitigating, text: "rolling back".into() });
        story.role("02:16", "ops-a", Role::Commander, RoleChange::Offered, "ops-d", Some(claimed));
        let events = story.events();
        let record = Record::of(&events);
        let incidents = Incidents::of(&record);
        let incident = incidents.get(id).expect("is declared");
        let brief = brief(incident, &record, incidents.names(), &Cadence::default(), at("02:20"));
        assert_eq!(
            brief.text(),
            "INC-7 sev2: checkout down
impact since 02:01:00Z, 19m ago; mitigating
last said at 02:15:00Z by ops-a: rolling back

Wrong now:
- deploy shop/checkout: 2/6 ready, since 02:01:00Z

Done:
- 02:11:00Z scale shop/checkout to 9: failed, ops-b

Going on:
- 02:12:00Z rollback of shop/checkout to revision 30: begun, ops-b
- 02:13:00Z k8s-rollback apply: apply, begun, ops-b

Tasks:
- call the vendor (ops-c, overdue since 02:15:00Z)
- find the leak (ops-c, due 2026-11-24 09:00:00Z)

Who is who:
- Incident commander: ops-a, since 02:07:00Z
- Incident commander: offered to ops-d at 02:16:00Z, not accepted yet

Read this:
- 02:08:00Z ops-b: it began with 1.4.3

Next:
- status update due in 16:00 (sev2: every 30 min)
"
        );
    }

    #[test]
    fn of_a_bare_incident_it_says_what_is_not_known() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let events = story.events();
        let record = Record::of(&events);
        let incident = Incident::of(id, &record).expect("is declared");
        let text = brief(&incident, &record, &Names::default(), &Cadence::default(), at("02:10")).text();
        assert_eq!(
            text,
            "INC-7 sev2: checkout down\ndeclared at 02:00:00Z, 10m ago; investigating\n\
             \nWrong now:\n- nothing that is known\n\nGoing on:\n- nothing that is known\n\
             \nWho is who:\n- Incident commander: nobody\n\
             \nNext:\n- status update due in 20:00 (sev2: every 30 min)\n"
        );
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        for n in 0..12 {
            story.says("02:01", "ops-a", operation(OperationStage::Done, &format!("restart {n}"), None));
        }
        let events = story.events();
        let record = Record::of(&events);
        let incident = Incident::of(id, &record).expect("is declared");
        let done = brief(&incident, &record, &Names::default(), &Cadence::default(), at("02:10")).done;
        assert_eq!((done.len(), done[0].as_str()), (MOST + 1, "4 before these"));
        assert!(done[MOST].contains("restart 11"));
    }
}
