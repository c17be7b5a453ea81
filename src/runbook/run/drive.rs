//! Where a run goes next.

use super::{
    ActResult, Choice, Effect, Input, Key, Lease, Mode, Out, Outcome, Record, Run, Sighting, Status, Verdict, Why,
    act::Doing,
    found::found,
    judging::{Judging, later},
    keep,
};
use crate::runbook::{
    ask::Answer,
    condition::{Condition, Truth},
    definition::{Branch, Check, Deed, Kind},
    field::{Field as _, Period, Templated as _},
    plan::Planned,
};
use serde_json::Value as Json;
use std::sync::Arc;

/// Seconds for which a question about the world is asked where its step does not say; the lint asks for a limit.
const PATIENCE: u64 = 60;

impl Run {
    /// Takes what the house says. Only what is decided comes out here; what follows from it is [`Run::drive`]'s.
    pub(super) fn take(&mut self, input: Input, out: &mut Out) {
        match input {
            Input::Start => self.live.is_started = true,
            Input::Leased { token } => self.leased(token, out),
            Input::LeaseRefused { why } => {
                self.live.lease = Lease::None;
                self.live.is_started = false;
                out.tell(format!("the run is in other hands: {why}"));
            }
            Input::LeaseLost { why } => self.lease_lost(&why, out),
            Input::Journaled { sequence } => {
                self.live.unwritten.remove(&sequence);
            }
            Input::Executed { ticket, result, text, answer } => {
                self.executed(ticket, result, &text, answer.as_ref(), out)
            }
            Input::Looked { ticket, answer } => self.looked(ticket, &answer, out),
            Input::Tick => self.live.woken = None,
            of_person => self.take_from_person(of_person, out),
        }
    }

    fn leased(&mut self, token: u64, out: &mut Out) {
        if self.live.lease != Lease::Asked {
            return;
        }
        if token <= self.state.token {
            self.live.lease = Lease::Lost;
            return out
                .tell(format!("the lease has token {token}, and somebody wrote under {} already", self.state.token));
        }
        self.live.lease = Lease::Held(token);
        if self.state.begun_at.is_some() {
            let after = self.state.sequence;
            self.record(Record::Resumed { after }, None, out);
        }
    }

    fn lease_lost(&mut self, why: &str, out: &mut Out) {
        self.live.lease = Lease::Lost;
        self.close_question(out);
        let flight = self.in_flight_text();
        let flight = flight.map_or_else(String::new, |text| format!("; {text}"));
        out.tell(format!("this run is in other hands now: {why}{flight}"));
    }

    fn looked(&mut self, ticket: u64, answer: &Answer, out: &mut Out) {
        let answer = match answer {
            Answer::Known(known) => Answer::Known(keep::answer(known)),
            Answer::Silent(why) => Answer::Silent(keep::text(why)),
        };
        if let Some(guard) = &mut self.live.opening
            && guard.answer(ticket, &answer, out.now)
        {
            return;
        }
        if self.stop_answered(ticket, &answer, out) {
            return;
        }
        self.live.doing.values_mut().any(|doing| doing.answer(ticket, &answer, out.now));
    }

    /// Goes on, as far as that goes without anybody. Nothing leaves while an entry is not written down.
    pub(super) fn drive(&mut self, out: &mut Out) {
        if !self.live.is_started || !self.live.unwritten.is_empty() || self.live.lease == Lease::Lost {
            return;
        }
        if let Status::Finished(..) = self.state.status {
            return self.after_the_end(out);
        }
        // What is in flight is waited for, whatever else is asked.
        self.overdue(out);
        if !self.live.unwritten.is_empty() {
            return;
        }
        if !self.has_lease(out) {
            return;
        }
        let is_halted = self.state.is_cancelled || matches!(self.state.status, Status::Paused(..));
        if is_halted && self.withdraw(out) {
            return;
        }
        if let Status::Paused(why, text) = self.state.status.clone() {
            return self.ask_what_to_do(why, text, out);
        }
        if self.state.begun_at.is_none() {
            let begun = Record::Begun { plan: Arc::clone(&self.plan), mode: self.state.mode };
            return self.record(begun, None, out);
        }
        if self.state.is_cancelled && !self.is_in_flight() {
            self.live.doing.clear();
            return self.pause(Why::Cancelled, "called off", out);
        }
        if self.state.is_cancelled {
            return;
        }
        self.go(out);
    }

    /// What has been written down as begun and has not left does not leave: what was looked at before it may be old when it goes on.
    fn withdraw(&mut self, out: &mut Out) -> bool {
        let ready = self.live.doing.iter().find(|(_, doing)| matches!(doing, Doing::Ready)).map(|(key, _)| key.clone());
        let Some(key) = ready else { return false };
        self.live.doing.remove(&key);
        let text = format!("{}: it had not left yet", key.step);
        self.record(Record::Sighted { key, sighting: Sighting::NotDone, text }, None, out);
        true
    }

    /// Whether this process may carry the run on. At a table nothing is carried on.
    fn has_lease(&mut self, out: &mut Out) -> bool {
        if self.state.mode == Mode::Tabletop {
            if self.live.is_restored && self.state.begun_at.is_some() {
                self.live.is_restored = false;
                let after = self.state.sequence;
                self.record(Record::Resumed { after }, None, out);
                return false;
            }
            return true;
        }
        match self.live.lease {
            Lease::Held(_) => true,
            Lease::None => {
                self.live.lease = Lease::Asked;
                out.effects.push(Effect::TakeLease { key: self.plan.target.key(), above: self.state.token });
                false
            }
            Lease::Asked | Lease::Lost => false,
        }
    }

    /// A run that is over lets go of everything, unless somebody wants it undone.
    fn after_the_end(&mut self, out: &mut Out) {
        self.live.doing.clear();
        self.close_question(out);
        if let Some(by) = self.live.wants_back.clone() {
            if self.has_lease(out) {
                self.live.wants_back = None;
                let text = Choice::WayBack.meaning().to_owned();
                self.record(Record::Chosen { choice: Choice::WayBack, text }, Some(&by), out);
            }
            return;
        }
        if let Lease::Held(token) = self.live.lease {
            self.live.lease = Lease::None;
            out.effects.push(Effect::ReleaseLease { key: self.plan.target.key(), token });
        }
    }

    fn go(&mut self, out: &mut Out) {
        if !self.state.is_open {
            return self.open(out);
        }
        if self.state.back.is_some() {
            return self.go_back(out);
        }
        match self.state.at {
            Some(index) => {
                self.watch_stops(out);
                if self.live.unwritten.is_empty() {
                    self.step(index, out);
                }
            }
            None => self.finish(Outcome::Succeeded, "everything was done and verified", out),
        }
    }

    /// Whether nothing has been done yet, nor begun; but for this one.
    pub(super) fn is_untouched(&self, but: Option<&Key>) -> bool {
        let is_act = |key: &Key| self.plan.step(&key.step).is_some_and(|planned| planned.step.act().is_some());
        self.state.acted.is_empty() && !self.state.open.keys().any(|key| Some(key) != but && is_act(key))
    }

    /// Ends a run in which nothing was done; pauses one in which something was.
    pub(super) fn refuse(&mut self, text: &str, out: &mut Out) {
        if self.is_untouched(None) {
            self.finish(Outcome::Refused, format!("nothing was done: {text}"), out);
        } else {
            self.pause(Why::Preflight, text, out);
        }
    }

    fn step(&mut self, index: usize, out: &mut Out) {
        let plan = Arc::clone(&self.plan);
        let planned = &plan.steps[index];
        let key = Key::forward(&planned.step.id);
        if !self.state.open.contains_key(&key) && !self.live.doing.contains_key(&key) {
            match self.truth(&planned.step.when) {
                Truth::Yes => {}
                Truth::No(what) => {
                    return self.record(Record::Skipped { key, text: format!("left out: {what}") }, None, out);
                }
                Truth::Unknown(why) if self.state.mode == Mode::Tabletop => {
                    let text = format!("left out at the table: {why}");
                    return self.record(Record::Skipped { key, text }, None, out);
                }
                Truth::Unknown(why) => return self.undecided(key, &why, out),
            }
        }
        let is_at_table = self.state.mode == Mode::Tabletop;
        let mut kind = planned.step.kind.clone();
        // What is asked of the world, and done, is filled in when it leaves.
        let is_told = matches!(
            kind,
            Kind::Confirm(_) | Kind::Approval(_) | Kind::Note(_) | Kind::Timer(_) | Kind::Do(Deed::Manual(_))
        );
        if is_told
            && !is_at_table
            && let Err(why) = kind.bind(&self.scope())
        {
            return self.undecided(key, &why.to_string(), out);
        }
        match &kind {
            Kind::Branch(branch) => self.branch(index, branch, out),
            Kind::Input(fields) => self.ask_input(planned, fields.clone(), out),
            Kind::Parallel(_) => self.side_by_side(index, out),
            _ if is_at_table => self.talk_through(planned, out),
            Kind::Confirm(confirm) => self.ask_confirm(planned, confirm, out),
            Kind::Approval(approval) => self.ask_approval(planned, approval, out),
            Kind::Note(text) => self.judged(key, Verdict::Verified, text.to_string(), None, out),
            Kind::Timer(period) => self.timer(key, period, out),
            Kind::Look(check) => self.asking_step(planned, check, true, out),
            Kind::WaitUntil(check) | Kind::Gate(check) => self.asking_step(planned, check, false, out),
            Kind::Do(Deed::Act(_)) => self.act(key, out),
            Kind::Do(Deed::Manual(text)) => self.by_hand(key, text.to_string(), out),
        }
    }

    pub(super) fn undecided(&mut self, key: Key, why: &str, out: &mut Out) {
        let text = format!("{}: it cannot be decided: {why}", key.step);
        self.pause(Why::Undecided(key), text, out);
    }

    pub(super) fn judged(&mut self, key: Key, verdict: Verdict, text: String, answer: Option<Json>, out: &mut Out) {
        self.live.doing.remove(&key);
        self.record(Record::Judged { key, verdict, text: keep::text(&text), answer }, None, out);
    }

    /// Whether conditions hold, with what is known now. What has no value is not known: then nobody can say.
    fn truth(&self, conditions: &[Condition]) -> Truth {
        let mut conditions = conditions.to_vec();
        match conditions.bind(&self.scope()) {
            Ok(()) => Truth::all(&conditions, &Json::Null),
            Err(why) => Truth::Unknown(why.to_string()),
        }
    }

    fn branch(&mut self, index: usize, branch: &Branch, out: &mut Out) {
        let id = self.plan.steps[index].step.id.clone();
        let (takes, text) = match self.truth(&branch.when) {
            Truth::Yes => (true, "it is so".to_owned()),
            Truth::No(what) => (false, what),
            Truth::Unknown(why) if self.state.mode == Mode::Tabletop => return self.ask_way(&id, branch, &why, out),
            Truth::Unknown(why) => return self.undecided(Key::forward(&id), &why, out),
        };
        self.take_way(&id, branch, takes, &text, None, out);
    }

    pub(super) fn take_way(
        &mut self,
        id: &str,
        branch: &Branch,
        takes: bool,
        text: &str,
        by: Option<&crate::model::journal::Actor>,
        out: &mut Out,
    ) {
        let to = if takes { &branch.then } else { &branch.otherwise };
        let rounds = self.state.visits.get(id).copied().unwrap_or(0);
        let here = self.plan.at(id);
        let is_back = matches!((self.plan.at(to), here), (Some(to), Some(here)) if to <= here);
        if is_back && branch.at_most.is_some_and(|most| rounds >= most) {
            let text = format!("{id}: it has led back {rounds} times already, and still: {text}");
            return self.pause(Why::Unverified(Key::forward(id)), text, out);
        }
        let to = (to != "end").then(|| to.clone());
        let goes = to.as_deref().unwrap_or("the end");
        let text = format!("goes on at {goes}: {text}");
        self.record(Record::Branched { step: id.to_owned(), to, text }, by, out);
    }

    /// Steps side by side: each goes its way, and all of them have to be over.
    fn side_by_side(&mut self, index: usize, out: &mut Out) {
        let members = self.plan.members(index);
        for member in &members {
            if !self.state.beside.contains(&self.plan.steps[*member].step.id) && self.live.unwritten.is_empty() {
                self.step(*member, out);
                // At a table people talk about one thing at a time.
                if self.state.mode == Mode::Tabletop {
                    return;
                }
            }
        }
        let is_over = members.iter().all(|member| self.state.beside.contains(&self.plan.steps[*member].step.id));
        if is_over && self.live.unwritten.is_empty() {
            let key = Key::forward(&self.plan.steps[index].step.id);
            let text = format!("all {} are over", members.len());
            self.judged(key, Verdict::Verified, text, None, out);
        }
    }

    fn timer(&mut self, key: Key, period: &Period, out: &mut Out) {
        let seconds = period.ready().unwrap_or(0);
        match self.state.open.get(&key) {
            None => self.begin(key, format!("waits for {}", crate::model::units::span(seconds as f64)), None, out),
            Some(progress) => {
                let until = later(progress.since, seconds);
                if out.now >= until {
                    self.judged(key, Verdict::Verified, "the time is over".into(), None, out);
                } else {
                    out.wake(until);
                }
            }
        }
    }

    /// A step that asks. After a break it just asks again.
    fn asking_step(&mut self, planned: &Planned, check: &Check, is_once: bool, out: &mut Out) {
        let key = Key::forward(&planned.step.id);
        let Some(progress) = self.state.open.get(&key).cloned() else {
            return self.begin(key, planned.effect.clone(), None, out);
        };
        if self.pause_at(&key, &progress, out) {
            return;
        }
        let mut judging = match self.live.doing.remove(&key) {
            Some(Doing::Judging(judging)) => judging,
            _ => {
                let within = planned.step.timeout.as_ref().and_then(|timeout| timeout.ready().ok()).unwrap_or(PATIENCE);
                let checks = std::slice::from_ref(check);
                Judging::new(checks, &planned.target, within, is_once, &self.scope(), out.now)
            }
        };
        self.ask_due(Some(&key.step), &mut judging, out);
        match judging.verdict() {
            Some((verdict, text)) => {
                let answer = judging.answers().next().flatten().cloned();
                let text = match &answer {
                    // Who only looks has to learn what there is.
                    Some(answer) if is_once && verdict == Verdict::Verified => format!("{text}: {}", found(answer)),
                    _ => text,
                };
                self.judged(key, verdict, text, answer, out);
            }
            None => {
                self.live.doing.insert(key, Doing::Judging(judging));
            }
        }
    }

    /// Writes down that a step begins.
    pub(super) fn begin(&mut self, key: Key, text: String, lost: Option<String>, out: &mut Out) {
        let visit = self.state.visits.get(&key.step).copied().unwrap_or(0) + 1;
        let attempt = self.state.attempts.get(&key).copied().unwrap_or(0) + 1;
        self.record(Record::StepBegun { key, visit, attempt, text, lost }, None, out);
    }

    fn overdue(&mut self, out: &mut Out) {
        let now = out.now;
        let late: Vec<(Key, u64)> = self
            .live
            .doing
            .iter()
            .filter_map(|(key, doing)| match doing {
                Doing::Executing { ticket, until } if now >= *until => Some((key.clone(), *ticket)),
                Doing::Executing { until, .. } => {
                    out.wake = Some(out.wake.map_or(*until, |other| other.min(*until)));
                    None
                }
                _ => None,
            })
            .collect();
        for (_, ticket) in late {
            self.executed(ticket, ActResult::Unknown, "no answer within its time", None, out);
        }
    }
}
