//! When the cockpit proposes to declare an incident: something serious has gone on for a while, no open incident is about it, and
//! nobody said no to it within the hour. It only proposes; declaring is for people.

use super::{
    declare::{Proposal, is_noticed, propose},
    state::Incident,
};
use crate::model::{
    Timestamp,
    attention::{Attention, Severity},
    change::Change,
    object::ObjectRef,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When it proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// Minutes for which something serious goes on before.
    pub after_minutes: u32,
    /// Minutes for which a no holds.
    pub dismissed_minutes: u32,
    /// What has gone on for longer than so many hours is known, and no incident.
    pub chronic_hours: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { after_minutes: 5, dismissed_minutes: 60, chronic_hours: 24 }
    }
}

impl Patience {
    fn after(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.after_minutes))
    }
    fn dismissed(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.dismissed_minutes))
    }
    fn chronic(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.chronic_hours))
    }
}

/// Watches what is wrong, and proposes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proposer {
    patience: Patience,
    /// When somebody said no, by rule and object.
    dismissed: BTreeMap<CompactString, Timestamp>,
    /// What stands proposed, by rule and object.
    standing: Vec<CompactString>,
    /// When the next thing has gone on for long enough, or a no is over.
    wake: Option<Timestamp>,
}

impl Proposer {
    /// One that has seen nothing yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Looks at what is wrong now. Returns what to propose for as long as there is a reason for it.
    pub fn look<'a>(
        &mut self,
        now: Timestamp,
        rows: &[Attention],
        changes: impl IntoIterator<Item = &'a Change>,
        incidents: &[&Incident],
    ) -> Option<Proposal> {
        let is_over = |at: &Timestamp| now.duration_since(*at) >= self.patience.dismissed();
        self.dismissed.retain(|_, at| !is_over(at));
        let serious: Vec<_> = rows.iter().filter(|row| self.counts(now, row, incidents)).collect();
        let ripe = |row: &&&Attention| now.duration_since(row.began) >= self.patience.after();
        let reasons: Vec<_> = serious.iter().filter(ripe).map(|row| key(row)).collect();
        let ripens =
            serious.iter().filter(|row| !ripe(row)).filter_map(|row| row.began.checked_add(self.patience.after()).ok());
        let ends = self.dismissed.values().filter_map(|at| at.checked_add(self.patience.dismissed()).ok());
        self.wake = ripens.chain(ends).min();
        self.standing = reasons;
        if self.standing.is_empty() {
            return None;
        }
        // What belongs to an open incident already does not make another.
        let uncovered: Vec<_> = rows.iter().filter(|row| !is_covered(row, incidents)).cloned().collect();
        Some(propose(&uncovered, changes, now))
    }

    /// Takes a no: what stands proposed is not proposed again within the hour.
    pub fn dismiss(&mut self, now: Timestamp) {
        self.dismissed.extend(std::mem::take(&mut self.standing).into_iter().map(|key| (key, now)));
        let ends = self.dismissed.values().filter_map(|at| at.checked_add(self.patience.dismissed()).ok());
        self.wake = self.wake.into_iter().chain(ends).min();
    }

    /// When to look again if nothing changes until then.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// Whether a row may be a reason, once it has gone on for long enough.
    fn counts(&self, now: Timestamp, row: &Attention, incidents: &[&Incident]) -> bool {
        let is_chronic = now.duration_since(row.began) > self.patience.chronic();
        is_serious(row) && !is_chronic && !self.dismissed.contains_key(&key(row)) && !is_covered(row, incidents)
    }
}

/// A blocking finding, or whatever is critical, or a burn rate that uses up the budget.
fn is_serious(row: &Attention) -> bool {
    let condition = &row.condition;
    let is_blocking = condition.kind == "rule" && condition.severity >= Severity::Error;
    is_blocking || condition.severity == Severity::Critical || (condition.kind == "slo" && is_noticed(row))
}

fn key(row: &Attention) -> CompactString {
    format_compact!("{}/{}", row.condition.rule, row.condition.object)
}

/// Whether an open incident is about a row. One that names nothing is about all that began before it was declared, and shortly after.
fn is_covered(row: &Attention, incidents: &[&Incident]) -> bool {
    const AFTER: SignedDuration = SignedDuration::from_mins(30);
    let objects = || row.members.iter().chain([&row.condition.object]);
    incidents.iter().filter(|incident| incident.is_running()).any(|incident| {
        if incident.objects.is_empty() {
            return row.began.duration_since(incident.declared_at) <= AFTER;
        }
        objects().any(|object: &ObjectRef| incident.names(object))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incident::{
            Record,
            sample::{Story, at, deployment, pod, row},
        },
        model::journal::Body,
    };

    fn page(began: &str) -> Attention {
        row("alert", Severity::Critical, began, deployment("checkout"), "CheckoutErrors", "5 % fail")
    }

    fn look(proposer: &mut Proposer, now: &str, rows: &[Attention], incidents: &[&Incident]) -> Option<String> {
        proposer.look(at(now), rows, &[], incidents).map(|proposal| proposal.title)
    }

    #[test]
    fn it_waits_until_it_has_gone_on_for_a_while() {
        let mut proposer = Proposer::default();
        assert_eq!(look(&mut proposer, "02:03", &[page("02:00")], &[]), None);
        assert_eq!(proposer.next_wake(), Some(at("02:05")));
        assert_eq!(look(&mut proposer, "02:05", &[page("02:00")], &[]).as_deref(), Some("CheckoutErrors: 5 % fail"));
        assert_eq!(look(&mut proposer, "02:06", &[], &[]), None, "what is over is not proposed");
    }

    #[test]
    fn warnings_errors_and_what_is_known_for_long_are_no_reason() {
        let mut proposer = Proposer::default();
        let rows = [
            row("disk", Severity::Warn, "02:00", pod("a"), "/var", "94 % used"),
            row("deploy", Severity::Error, "02:00", deployment("web"), "web", "2/6 ready"),
            row("rule", Severity::Error, "22 01:00", deployment("x"), "11f", "privileged"),
        ];
        assert_eq!(look(&mut proposer, "03:00", &rows, &[]), None);
        let rule = [row("rule", Severity::Error, "02:00", deployment("x"), "11f", "privileged")];
        assert!(look(&mut proposer, "03:00", &rule, &[]).is_some());
        let burn = [row("slo", Severity::Error, "02:00", deployment("x"), "checkout 99.9 %", "burning 22×")];
        assert!(look(&mut proposer, "03:00", &burn, &[]).is_some());
    }

    #[test]
    fn a_no_holds_for_an_hour_and_for_that_alone() {
        let mut proposer = Proposer::default();
        assert!(look(&mut proposer, "02:10", &[page("02:00")], &[]).is_some());
        proposer.dismiss(at("02:11"));
        assert_eq!(look(&mut proposer, "02:12", &[page("02:00")], &[]), None);
        assert_eq!(proposer.next_wake(), Some(at("03:11")));
        let other = row("gpu", Severity::Critical, "02:20", pod("g"), "3 H100", "XID 79");
        assert!(
            look(&mut proposer, "02:30", &[page("02:00"), other], &[]).is_some(),
            "another thing is another matter"
        );
        assert_eq!(look(&mut proposer, "03:10", &[page("02:00")], &[]), None);
        assert!(look(&mut proposer, "03:11", &[page("02:00")], &[]).is_some());
    }

    #[test]
    fn what_an_open_incident_is_about_is_not_proposed() {
        let mut story = Story::new();
        let id = story.declared("02:06", "checkout down");
        story.last().header.object = Some(deployment("checkout"));
        let open = story.clone().events();
        let incident = Incident::of(id, &Record::of(&open)).expect("is declared");
        let mut proposer = Proposer::default();
        assert_eq!(look(&mut proposer, "02:10", &[page("02:00")], &[&incident]), None);
        let other = row("gpu", Severity::Critical, "02:00", pod("g"), "3 H100", "XID 79");
        let both = [page("02:00"), other];
        assert_eq!(look(&mut proposer, "02:10", &both, &[&incident]).as_deref(), Some("3 H100: XID 79"));
        story.says("02:20", "ops-a", Body::Resolved { text: String::new() });
        let over = story.events();
        let incident = Incident::of(id, &Record::of(&over)).expect("is declared");
        assert!(look(&mut proposer, "02:21", &[page("02:00")], &[&incident]).is_some(), "it is resolved and goes on");
    }

    #[test]
    fn an_incident_that_names_nothing_is_about_what_went_on_then() {
        let mut story = Story::new();
        let id = story.declared("02:06", "something is down");
        let events = story.events();
        let incident = Incident::of(id, &Record::of(&events)).expect("is declared");
        let mut proposer = Proposer::default();
        assert_eq!(look(&mut proposer, "02:30", &[page("02:10")], &[&incident]), None);
        assert!(look(&mut proposer, "04:00", &[page("03:50")], &[&incident]).is_some());
    }

    #[test]
    fn its_state_is_read_back() {
        let mut proposer = Proposer::default();
        look(&mut proposer, "02:10", &[page("02:00")], &[]);
        proposer.dismiss(at("02:11"));
        let text = serde_json::to_string(&proposer).expect("writes");
        assert_eq!(serde_json::from_str::<Proposer>(&text).expect("reads"), proposer);
    }
}
