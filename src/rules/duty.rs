//! What people owe and did not do in time: actions after an incident, postmortems, drills; and runs of runbooks that wait for somebody. It is never worse than a warning: nothing is
//! broken by it now.

use super::{Check, Context};
use crate::model::{
    attention::{Condition, Severity},
    duty::{Duty, DutyKind},
    object::ObjectRef,
    topic::Topic,
    units,
};
use std::collections::BTreeMap;

/// What is owed of one kind and was not done in time; one row an object.
pub struct Overdue {
    id: &'static str,
    kind: DutyKind,
}

/// Tasks of incidents, and actions of their postmortems.
pub const ACTION: Overdue = Overdue { id: "action-overdue", kind: DutyKind::Action };
/// Reviews of postmortems.
pub const POSTMORTEM: Overdue = Overdue { id: "postmortem-overdue", kind: DutyKind::Postmortem };
/// Drills of runbooks.
pub const DRILL: Overdue = Overdue { id: "drill-overdue", kind: DutyKind::Drill };

impl Check for Overdue {
    fn id(&self) -> &'static str {
        self.id
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Journal)
    }
    fn raise_after_seconds(&self) -> f64 {
        0.0
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let owed = context.observed.duties.iter().filter(|duty| duty.kind == self.kind && duty.is_overdue(context.now));
        let late = |due| format!("overdue by {}: ", units::age(context.now, due));
        rows(self.id, owed, |duty| duty.due.map(late).unwrap_or_default(), found);
    }
}

/// Runs of runbooks that are not over, and wait for somebody: they are owed at once, and nothing about them is late.
pub struct RunWaits;

impl Check for RunWaits {
    fn id(&self) -> &'static str {
        "run-waits"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Journal)
    }
    /// A question that is being answered is no news.
    fn raise_after_seconds(&self) -> f64 {
        10.0
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let waiting = context.observed.duties.iter().filter(|duty| duty.kind == DutyKind::Run);
        rows(self.id(), waiting, |_| String::new(), found);
    }
}

/// One row an object, in the words of what has been owed the longest; `before` says what goes before them.
fn rows<'d>(
    rule: &str,
    owed: impl Iterator<Item = &'d Duty>,
    before: impl Fn(&Duty) -> String,
    found: &mut Vec<Condition>,
) {
    let mut of_object: BTreeMap<&ObjectRef, Vec<&Duty>> = BTreeMap::new();
    owed.for_each(|duty| of_object.entry(&duty.object).or_default().push(duty));
    for (object, mut duties) in of_object {
        duties.sort_by_key(|duty| duty.due);
        let Some(first) = duties.first() else { continue };
        let more = match duties.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        found.push(Condition {
            rule: rule.into(),
            severity: Severity::Warn,
            kind: first.kind.word().into(),
            object: object.clone(),
            name: first.name.clone(),
            cause: format!("{}{}{more}", before(first), first.text),
            next_step: next_step(first.kind, &first.name),
            count: duties.len() as u32,
            since: first.due,
        });
    }
}

fn next_step(kind: DutyKind, name: &str) -> String {
    match kind {
        DutyKind::Action => "do it, or give it another day: the list of actions (page 7)".into(),
        DutyKind::Postmortem => "incident-postmortem (V) opens it".into(),
        DutyKind::Run => "Enter opens it, run-newest (Alt-r) the newest".into(),
        DutyKind::Drill => format!("flightdeck runbook run {name} --mode drill"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, object::ObjectKind, observed::Observed};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn what_is_late_is_told_once_an_object() {
        let object = ObjectRef::new(ObjectKind::Incident, "1");
        let duty = |text: &str, due: &str| Duty {
            kind: DutyKind::Action,
            object: object.clone(),
            name: "INC-7".into(),
            text: text.into(),
            due: Some(at(due)),
        };
        let duties = vec![
            duty("later (ann)", "2026-11-24T00:00:00Z"),
            duty("second (ann)", "2026-11-22T00:00:00Z"),
            duty("first (bob)", "2026-11-20T00:00:00Z"),
        ];
        let observed = Observed { duties, ..Observed::default() };
        let mut found = Vec::new();
        let now = at("2026-11-23T00:00:00Z");
        ACTION.examine(&Context::at(now, &observed), &mut found);
        DRILL.examine(&Context::at(now, &observed), &mut found);
        let [row] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((row.count, row.since), (2, Some(at("2026-11-20T00:00:00Z"))));
        assert_eq!(row.cause, "overdue by 3d: first (bob), and 1 more");
    }

    #[test]
    fn what_never_was_done_is_late() {
        let duty = Duty {
            kind: DutyKind::Drill,
            object: ObjectRef::new(ObjectKind::Postgres, "orders"),
            name: "patroni-failover".into(),
            text: "it never passed as a drill".into(),
            due: None,
        };
        let observed = Observed { duties: vec![duty], ..Observed::default() };
        let mut found = Vec::new();
        DRILL.examine(&Context::at(Timestamp::UNIX_EPOCH, &observed), &mut found);
        assert_eq!(found[0].cause, "it never passed as a drill");
        assert_eq!(found[0].next_step, "flightdeck runbook run patroni-failover --mode drill");
    }

    #[test]
    fn a_run_that_waits_is_owed_at_once() {
        let now = at("2026-11-23T00:00:00Z");
        let duty = Duty {
            kind: DutyKind::Run,
            object: ObjectRef::new(ObjectKind::Run, "run-1"),
            name: "k8s-rollback".into(),
            text: "waits for a person: Roll back".into(),
            due: Some(at("2026-11-23T00:00:05Z")),
        };
        let observed = Observed { duties: vec![duty], ..Observed::default() };
        let mut found = Vec::new();
        RunWaits.examine(&Context::at(now, &observed), &mut found);
        let [row] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (row.cause.as_str(), &*row.rule, row.kind.as_str()),
            ("waits for a person: Roll back", "run-waits", "run")
        );
    }
}
