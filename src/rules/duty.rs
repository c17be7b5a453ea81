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

/// What is owed of one kind; one row an object.
pub struct Overdue(pub DutyKind);

impl Check for Overdue {
    fn id(&self) -> &'static str {
        match self.0 {
            DutyKind::Action => "action-overdue",
            DutyKind::Postmortem => "postmortem-overdue",
            DutyKind::Drill => "drill-overdue",
            DutyKind::Run => "run-waits",
        }
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Journal)
    }
    /// A question that is being answered is no news.
    fn raise_after_seconds(&self) -> f64 {
        if self.0 == DutyKind::Run { 10.0 } else { 0.0 }
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let mut late: BTreeMap<&ObjectRef, Vec<&Duty>> = BTreeMap::new();
        let duties = context.observed.duties.iter().filter(|duty| duty.kind == self.0);
        // A run that waits is owed at once.
        for duty in duties.filter(|duty| self.0 == DutyKind::Run || duty.is_overdue(context.now)) {
            late.entry(&duty.object).or_default().push(duty);
        }
        for (object, mut duties) in late {
            duties.sort_by_key(|duty| duty.due);
            let Some(first) = duties.first() else { continue };
            let more = match duties.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            // A run has waited since, and was not owed before.
            let by = first.due.filter(|_| self.0 != DutyKind::Run);
            let by = by.map(|due| format!("overdue by {}: ", units::age(context.now, due))).unwrap_or_default();
            found.push(Condition {
                rule: self.id().into(),
                severity: Severity::Warn,
                kind: self.0.word().into(),
                object: object.clone(),
                name: first.name.clone(),
                cause: format!("{by}{}{more}", first.text),
                next_step: next_step(self.0, &first.name),
                count: duties.len() as u32,
                since: first.due,
            });
        }
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
        Overdue(DutyKind::Action).examine(&Context::at(now, &observed), &mut found);
        Overdue(DutyKind::Drill).examine(&Context::at(now, &observed), &mut found);
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
        Overdue(DutyKind::Drill).examine(&Context::at(Timestamp::UNIX_EPOCH, &observed), &mut found);
        assert_eq!(found[0].cause, "it never passed as a drill");
        assert_eq!(found[0].next_step, "flightdeck runbook run patroni-failover --mode drill");
    }
}
