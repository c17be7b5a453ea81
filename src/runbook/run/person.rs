//! What people are asked, and what they say.

use super::{
    Asking, Choice, Effect, Given, Input, Key, Mode, Out, Question, Record, Reply, Run, Status, Why, judging::later,
    keep,
};
use crate::{
    model::{
        Timestamp,
        journal::{Actor, KnownBy},
        text::clean_to,
        units,
    },
    runbook::{
        definition::{Approval, Branch, Confirm, Kind, ValueKind, Variable},
        field::Field as _,
        plan::Planned,
    },
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Seconds that the clocks of two machines may differ.
const SKEW: u64 = 300;

impl Run {
    pub(super) fn take_from_person(&mut self, input: Input, out: &mut Out) {
        // The entries of a run are those of one process; who only watches tells the journal.
        let may_write = matches!(self.live.lease, super::Lease::Held(_)) || self.state.mode == Mode::Tabletop;
        let is_over = matches!(self.state.status, Status::Finished(..));
        if !may_write && !is_over && self.state.begun_at.is_some() {
            return out.tell("another process carries this run on, and writes what belongs to it");
        }
        match input {
            Input::Answered { ticket, by, reply } => self.answered(ticket, &by, reply, out),
            Input::Approved { by, binding, approved, at, text, event } => {
                let text = keep::text(&text);
                self.approved(by, binding, approved, at, text, event, out);
            }
            Input::Cancel { by } => self.cancel(&by, out),
            Input::Halt { by } if self.state.status == Status::Running && self.state.begun_at.is_some() => {
                self.record(Record::Paused { why: Why::Halted, text: "halted by hand".into() }, Some(&by), out);
            }
            Input::Note { by, text } if self.state.begun_at.is_some() && may_write => {
                self.record(Record::Noted { text: keep::text(&text) }, Some(&by), out);
            }
            Input::WayBack { by } => self.undo_all(&by, out),
            _ => {}
        }
    }

    fn undo_all(&mut self, by: &Actor, out: &mut Out) {
        let is_over = matches!(self.state.status, Status::Finished(..));
        if is_over && self.state.standing().next().is_some() && self.state.doubtful(&self.plan).next().is_none() {
            self.live.wants_back = Some(by.clone());
            self.live.is_started = true;
        } else {
            out.tell("there is nothing to undo: either nothing of it stands, or the run is not over yet");
        }
    }

    fn cancel(&mut self, by: &Actor, out: &mut Out) {
        if self.state.is_cancelled {
            return;
        }
        if !matches!(self.state.status, Status::Running) {
            return out.tell("it does not go on by itself now: stop ends it as it stands");
        }
        if self.state.begun_at.is_none() {
            self.live.is_started = false;
            return out.tell("called off before it began");
        }
        let flight = self.in_flight_text();
        let text = flight.clone().unwrap_or_else(|| "called off; nothing is in flight".into());
        out.tell(text.clone());
        self.record(Record::CancelAsked { text }, Some(by), out);
    }

    /// There is no question any more.
    pub(super) fn close_question(&mut self, out: &mut Out) {
        if self.live.question.take().is_some() {
            out.effects.push(Effect::Unask);
        }
    }

    /// Asks a person, unless the same question is open already.
    fn ask(&mut self, step: Option<&str>, asking: Asking, until: Option<Timestamp>, out: &mut Out) {
        if let Some(at) = until {
            out.wake(at);
        }
        if let Some(open) = &self.live.question
            && open.asking == asking
            && open.step.as_deref() == step
        {
            return;
        }
        let question = Question { ticket: self.ticket(), step: step.map(str::to_owned), asking, until };
        self.live.question = Some(question.clone());
        out.effects.push(Effect::Ask(Box::new(question)));
    }

    /// Asks for a step. Returns nothing to be done where nobody answered in time.
    fn ask_for(&mut self, key: &Key, asking: Asking, out: &mut Out) {
        let timeout = self.plan.step(&key.step).and_then(|planned| planned.step.timeout.as_ref()?.ready().ok());
        let open =
            self.live.question.as_ref().filter(|open| open.asking == asking && open.step.as_deref() == Some(&key.step));
        let until = open.map_or_else(|| timeout.map(|seconds| later(out.now, seconds)), |open| open.until);
        if until.is_some_and(|until| out.now >= until) {
            self.close_question(out);
            let text = format!("{}: nobody answered in time", key.step);
            return self.pause(Why::Unanswered(key.clone()), text, out);
        }
        self.ask(Some(&key.step), asking, until, out);
    }

    pub(super) fn ask_confirm(&mut self, planned: &Planned, confirm: &Confirm, out: &mut Out) {
        let typed = confirm.typed.as_ref().map_or_else(|| self.plan.typed.clone(), ToString::to_string);
        let asking = Asking::Confirm { text: confirm.text.to_string(), typed };
        self.ask_for(&Key::forward(&planned.step.id), asking, out);
    }

    pub(super) fn ask_input(&mut self, planned: &Planned, fields: Vec<Variable>, out: &mut Out) {
        self.ask_for(&Key::forward(&planned.step.id), Asking::Input { fields }, out);
    }

    pub(super) fn ask_by_hand(&mut self, key: Key, text: String, out: &mut Out) {
        self.ask_for(&key, Asking::Manual { text }, out);
    }

    pub(super) fn talk_through(&mut self, planned: &Planned, out: &mut Out) {
        let asking = Asking::TalkThrough { text: planned.effect.clone() };
        self.ask_for(&Key::forward(&planned.step.id), asking, out);
    }

    pub(super) fn ask_way(&mut self, id: &str, branch: &Branch, why: &str, out: &mut Out) {
        let asking = Asking::Way {
            text: format!("at a table nobody can say: {why}"),
            then: branch.then.clone(),
            otherwise: branch.otherwise.clone(),
        };
        self.ask_for(&Key::forward(id), asking, out);
    }

    pub(super) fn ask_what_to_do(&mut self, why: Why, text: String, out: &mut Out) {
        let choices = self.choices(&why);
        self.ask(None, Asking::Choose { why, text, choices }, None, out);
    }

    /// What a person can have done about a pause.
    pub fn choices(&self, why: &Why) -> Vec<Choice> {
        let mut choices = match why {
            Why::Refused(_) => vec![Choice::Again],
            Why::Unverified(key) if self.is_branch(key) => vec![],
            Why::Failed(_) | Why::Unverified(_) | Why::Preflight | Why::Undecided(_) => vec![Choice::LookAgain],
            Why::Inconclusive(_) => vec![Choice::LookAgain, Choice::Accept],
            Why::InDoubt(_) => vec![Choice::LookAgain, Choice::WasDone, Choice::WasNotDone],
            Why::Stopped | Why::Unanswered(_) | Why::Disapproved | Why::Cancelled | Why::Halted => vec![Choice::GoOn],
        };
        let may_go_back = self.state.back.is_none()
            && self.state.standing().next().is_some()
            && self.state.doubtful(&self.plan).next().is_none()
            && !self.is_in_flight();
        if may_go_back {
            choices.push(Choice::WayBack);
        }
        if !self.is_in_flight() {
            choices.push(Choice::Stop);
        }
        choices
    }

    fn is_branch(&self, key: &Key) -> bool {
        matches!(self.plan.step(&key.step).map(|planned| &planned.step.kind), Some(Kind::Branch(_)))
    }

    fn answered(&mut self, ticket: u64, by: &Actor, reply: Reply, out: &mut Out) {
        let Some(question) = self.live.question.clone().filter(|question| question.ticket == ticket) else {
            return out.tell("this question is not open any more");
        };
        if !self.live.unwritten.is_empty() {
            return out.tell("what was decided before is still being written down; answer again in a moment");
        }
        let key = question.step.as_deref().map(Key::forward).unwrap_or_else(|| Key::forward(""));
        match (question.asking, reply) {
            (Asking::Choose { choices, .. }, Reply::Chosen { choice, text }) => {
                self.chosen(&choices, choice, &text, by, out)
            }
            (Asking::Choose { .. }, Reply::Declined) => out.tell("choose one of them, or stop the run"),
            (_, Reply::Declined) => self.cancel(by, out),
            (Asking::Confirm { typed, .. }, Reply::Typed(text)) if text.trim() == typed => {
                self.settled(key, BTreeMap::new(), format!("confirmed by typing {typed}"), by, out);
            }
            (Asking::Confirm { typed, .. }, Reply::Typed(text)) => {
                out.tell(format!("«{}» is not {typed}: nothing is done", clean_to(&text, 40)));
            }
            (Asking::Input { fields }, Reply::Filled { values, secrets }) => {
                self.filled_in(key, &fields, values, &secrets, by, out);
            }
            (Asking::Manual { .. }, Reply::Done) => {
                let key = Key { back: self.state.back.is_some(), ..key };
                self.settled(key, BTreeMap::new(), "done by hand".into(), by, out);
            }
            (Asking::TalkThrough { .. }, Reply::Done) => {
                self.settled(key, BTreeMap::new(), "talked through".into(), by, out)
            }
            (Asking::Way { .. }, Reply::Takes(takes)) => self.way_taken(&key, takes, by, out),
            _ => out.tell("this is no answer to the question"),
        }
    }

    fn settled(&mut self, key: Key, values: BTreeMap<String, Json>, text: String, by: &Actor, out: &mut Out) {
        self.close_question(out);
        self.record(Record::Answered { key, values, text }, Some(by), out);
    }

    fn way_taken(&mut self, key: &Key, takes: bool, by: &Actor, out: &mut Out) {
        let kind = self.plan.step(&key.step).map(|planned| planned.step.kind.clone());
        if let Some(Kind::Branch(branch)) = kind {
            self.close_question(out);
            self.take_way(&key.step, &branch, takes, "said at the table", Some(by), out);
        }
    }

    fn filled_in(
        &mut self,
        key: Key,
        fields: &[Variable],
        mut values: BTreeMap<String, Json>,
        secrets: &[String],
        by: &Actor,
        out: &mut Out,
    ) {
        let mut faults = Vec::new();
        for field in fields {
            if field.kind == ValueKind::Secret {
                values.remove(&field.name);
                if !secrets.contains(&field.name) {
                    faults.push(format!("{} is not given", field.name));
                }
                continue;
            }
            match (values.get(&field.name), field.default_value()) {
                (Some(value), _) => faults.extend(field.check(value).err()),
                (None, Some(Ok(default))) => {
                    values.insert(field.name.clone(), default);
                }
                (None, Some(Err(why))) => faults.push(why),
                (None, None) => faults.push(format!("{} is not given", field.name)),
            }
        }
        values.retain(|name, _| fields.iter().any(|field| field.name == *name));
        if faults.is_empty() {
            let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            self.settled(key, values, format!("filled in: {}", names.join(", ")), by, out);
        } else {
            out.tell(faults.join("; "));
        }
    }

    fn chosen(&mut self, choices: &[Choice], choice: Choice, text: &str, by: &Actor, out: &mut Out) {
        if !choices.contains(&choice) {
            let words: Vec<_> = choices.iter().map(|choice| choice.word()).collect();
            return out.tell(format!("{} is no choice here; there are {}", choice.word(), words.join(", ")));
        }
        self.close_question(out);
        self.live.watch = super::Watch::default();
        self.live.doing.retain(|_, doing| matches!(doing, super::act::Doing::Executing { .. }));
        self.live.opening = None;
        let said = if text.is_empty() { String::new() } else { format!(": {}", keep::text(text)) };
        let text = format!("{}{said}", choice.meaning());
        self.record(Record::Chosen { choice, text }, Some(by), out);
    }
}

/// Approvals.
impl Run {
    pub(super) fn ask_approval(&mut self, planned: &Planned, approval: &Approval, out: &mut Out) {
        let key = Key::forward(&planned.step.id);
        if self.enough(approval, out.now) {
            let names: Vec<_> = self.holding(approval, out.now).map(|person| person.name.to_string()).collect();
            self.close_question(out);
            return self.judged(key, super::Verdict::Verified, format!("approved by {}", names.join(", ")), None, out);
        }
        let asking = self.asking(approval, out.now);
        self.ask_for(&key, asking, out);
    }

    fn asking(&self, approval: &Approval, now: Timestamp) -> Asking {
        let mut approval = approval.clone();
        // Where a value of its text has gone, its name is shown.
        let _ = approval.text.bind(&self.scope());
        let approval = &approval;
        Asking::Approval {
            text: approval.text.to_string(),
            binding: self.binding(),
            people: approval.people,
            given: self.holding(approval, now).cloned().collect(),
            role: approval.role.clone(),
            requester: self.state.requester.clone(),
        }
    }

    /// Who has approved what is to be done now, and whose word still holds.
    fn holding<'a>(&'a self, approval: &'a Approval, now: Timestamp) -> impl Iterator<Item = &'a Actor> {
        let (binding, valid) = (self.binding(), approval.valid.ready().unwrap_or(0));
        let given = self.state.approvals.iter();
        let holds = move |given: &&Given| given.binding == binding && now < later(given.at, valid);
        // Who approved and carries the run on now is not a second person any more.
        let is_second = |given: &&Given| !self.state.operators.iter().any(|one| one.may_be(&given.person));
        given.filter(holds).filter(is_second).map(|given| &given.person)
    }

    fn enough(&self, approval: &Approval, now: Timestamp) -> bool {
        self.holding(approval, now).count() >= approval.people as usize
    }

    /// Asks again for an approval that was got and does not hold any more. Returns whether it has to be waited for.
    pub(super) fn ask_lapsed(&mut self, out: &mut Out) -> bool {
        let approvals = self.plan.steps.iter().filter_map(|planned| match &planned.step.kind {
            Kind::Approval(approval) if self.state.visits.contains_key(&planned.step.id) => {
                Some((planned.step.id.clone(), approval.clone()))
            }
            _ => None,
        });
        // One that was left out was never asked for.
        let got: Vec<_> =
            approvals.filter(|(id, _)| self.state.marks.get(id) == Some(&super::Mark::Verified)).collect();
        let Some((id, approval)) = got.into_iter().find(|(_, approval)| !self.enough(approval, out.now)) else {
            let held = self.live.question.as_ref().is_some_and(|open| matches!(open.asking, Asking::Approval { .. }));
            if held {
                self.close_question(out);
            }
            return false;
        };
        let asking = self.asking(&approval, out.now);
        self.ask_for(&Key::forward(&id), asking, out);
        true
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of one input")]
    fn approved(
        &mut self,
        person: Actor,
        binding: crate::model::journal::Digest,
        approved: bool,
        at: Timestamp,
        text: String,
        event: Option<crate::model::journal::EventId>,
        out: &mut Out,
    ) {
        if let Err(why) = self.may_approve(&person, binding, approved, at, out.now) {
            return out.tell(format!("the approval of {} does not count: {why}", person.name));
        }
        let known = Given { person: person.clone(), binding, at: at.min(out.now) };
        if approved && self.state.approvals.contains(&known) {
            return;
        }
        let word = if approved { "approved" } else { "not approved" };
        let said = if text.is_empty() { String::new() } else { format!(": {text}") };
        let text = format!("{word} by {}{said}", person.name);
        self.record(
            Record::Approved { person, binding, approved, given_at: known.at, text: text.clone(), event },
            None,
            out,
        );
        if !approved && self.state.status == Status::Running {
            self.close_question(out);
            self.pause(Why::Disapproved, text, out);
        }
    }

    fn may_approve(
        &self,
        person: &Actor,
        binding: crate::model::journal::Digest,
        approved: bool,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), String> {
        if self.state.begun_at.is_none() || matches!(self.state.status, Status::Finished(..)) {
            return Err("the run has not begun, or is over".into());
        }
        if person.known_by == KnownBy::Program || person.name.trim().is_empty() {
            return Err("it is not by a person".into());
        }
        if !approved {
            return Ok(());
        }
        if self.state.operators.iter().any(|operator| operator.may_be(person)) {
            return Err("nobody approves what they asked for or carry on, nor from the same session".into());
        }
        if binding != self.binding() {
            return Err(format!("it is for {binding}, and what would be done is {}", self.binding()));
        }
        if at > later(now, SKEW) {
            return Err(format!("its time is in the future, by more than {SKEW} s: look at the clocks"));
        }
        let longest = self.plan.steps.iter().filter_map(|planned| match &planned.step.kind {
            Kind::Approval(approval) => approval.valid.ready().ok(),
            _ => None,
        });
        match longest.max() {
            None => Err("this runbook asks for no approval".into()),
            Some(valid) if now >= later(at, valid) => {
                Err(format!("it is of {at}, and holds for {}", units::span(valid as f64)))
            }
            Some(_) => Ok(()),
        }
    }
}
