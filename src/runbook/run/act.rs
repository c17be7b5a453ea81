//! An act: looked at before, written down, done once, written down, looked at after.

use super::{
    ActResult, Effect, Key, Mode, Order, Out, Record, Run, Sighting, Why,
    guard::{Clearance, Guard},
    judging::{Judging, Poll, later},
    keep,
    record::Verdict,
    state::{Progress, Stage},
};
use crate::{
    model::Timestamp,
    runbook::{
        act::{Act, ActForm},
        ask::Answer,
        condition::Truth,
        definition::{Check, Deed, Kind, Observe, Undo},
        field::{Field as _, Period, Templated as _},
        plan::Planned,
        target::Target,
    },
};
use serde_json::Value as Json;

/// Seconds that an act may take where its step does not say; the lint asks for a limit.
const PATIENCE: u64 = 300;

/// What this process is at, with one step.
#[derive(Debug, Clone)]
pub enum Doing {
    /// It looks at what has to be so before.
    Guarding(Box<Guard>),
    /// It has just been written down that it begins.
    Ready,
    /// The order has left.
    Executing { ticket: u64, until: Timestamp },
    /// It looks whether all is as it should be.
    Judging(Judging),
    /// It looks whether it was done at all.
    Observing(Box<Observing>),
}

/// A look at the target after a doubt.
#[derive(Debug, Clone)]
pub struct Observing {
    observe: Observe,
    target: Target,
    poll: Poll,
    started: Timestamp,
    patience: u64,
    /// The last answer, and when it came.
    last: Option<(Answer, Timestamp)>,
}

impl Doing {
    /// Takes an answer. Returns whether it was its own.
    pub fn answer(&mut self, ticket: u64, answer: &Answer, now: Timestamp) -> bool {
        match self {
            Self::Guarding(guard) => guard.answer(ticket, answer, now),
            Self::Judging(judging) => judging.answer(ticket, answer, now),
            Self::Observing(observing) => {
                let is_own = observing.poll.takes(ticket, now);
                if is_own {
                    observing.last = Some((answer.clone(), now));
                }
                is_own
            }
            Self::Ready | Self::Executing { .. } => false,
        }
    }
}

/// What a step does in one direction: the act, its target, and what is looked at.
struct Task {
    act: ActForm,
    target: Target,
    effect: String,
    timeout: u64,
    verify: Vec<Check>,
    observe: Option<Observe>,
}

impl Run {
    /// An act of a step that is written in this plan.
    fn task(&self, key: &Key) -> Result<Task, String> {
        let planned = self.plan.step(&key.step).ok_or_else(|| format!("there is no step «{}»", key.step))?;
        let seconds = |period: Option<&Period>| period.and_then(|period| period.ready().ok());
        let own = seconds(planned.step.timeout.as_ref()).unwrap_or(PATIENCE);
        match (&planned.step.kind, &planned.step.undo, key.back) {
            (Kind::Do(Deed::Act(act)), _, false) => Ok(Task {
                act: act.clone(),
                target: planned.target.clone(),
                effect: planned.effect.clone(),
                timeout: own,
                verify: planned.step.verify.clone(),
                observe: planned.step.observe.clone(),
            }),
            (_, Some(Undo::Way(way)), true) => {
                let Deed::Act(act) = &way.deed else {
                    return Err(format!("the way back of «{}» is by hand", key.step));
                };
                let target = target_of_way(planned, way.on.as_ref())?;
                Ok(Task {
                    effect: act.effect(&target.to_string()),
                    act: act.clone(),
                    target,
                    timeout: seconds(way.timeout.as_ref()).unwrap_or(own),
                    verify: way.verify.clone(),
                    observe: way.observe.clone(),
                })
            }
            _ => Err(format!("«{}» is no act", key.step)),
        }
    }

    /// An act, wherever it stands.
    pub(super) fn act(&mut self, key: Key, out: &mut Out) {
        let Some(progress) = self.state.open.get(&key).cloned() else { return self.before(key, out) };
        if self.pause_at(&key, &progress, out) {
            return;
        }
        match (progress.stage, self.live.doing.get(&key)) {
            (Stage::Begun, Some(Doing::Ready)) => self.send(key, out),
            (Stage::Begun, Some(Doing::Executing { .. })) => {}
            // It had begun when this process was not there.
            (Stage::Begun, None) if self.task(&key).is_ok_and(|task| task.act.repeats_safely()) => self.send(key, out),
            (Stage::Begun | Stage::Unknown, _) => self.observe(key, out),
            _ => self.verify(key, out),
        }
    }

    /// Pauses where a step stands in a way that only a person can decide. Returns whether it did.
    pub(super) fn pause_at(&mut self, key: &Key, progress: &Progress, out: &mut Out) -> bool {
        let why = match progress.stage {
            Stage::Begun | Stage::Done | Stage::Unknown => return false,
            Stage::Failed => Why::Failed(key.clone()),
            Stage::Refused if !key.back && self.is_untouched(Some(key)) => {
                self.finish(super::Outcome::Refused, format!("nothing was done: {}", progress.text), out);
                return true;
            }
            Stage::Refused => Why::Refused(key.clone()),
            Stage::Unverified => Why::Unverified(key.clone()),
            Stage::Inconclusive => Why::Inconclusive(key.clone()),
            Stage::Doubtful => Why::InDoubt(key.clone()),
        };
        self.live.doing.remove(key);
        self.pause(why, progress.text.clone(), out);
        true
    }

    /// Before an act: approvals hold, a drill stays where it may be, the preflight is as it was, nothing stops the run.
    fn before(&mut self, key: Key, out: &mut Out) {
        let task = match self.task(&key).and_then(|task| Ok((self.filled(&task)?, task))) {
            Ok((_, task)) => task,
            Err(why) => return self.undecided(key, &why, out),
        };
        if self.state.mode == Mode::Drill && !self.plan.isolated.contains(&task.target.key()) {
            let text = format!("{} is not marked as isolated: a drill does not act on it", task.target);
            return self.refuse(&text, out);
        }
        let mut lost = None;
        if !key.back {
            if self.ask_lapsed(out) {
                return;
            }
            let is_first = self.is_untouched(None);
            let mut guard = match self.live.doing.remove(&key) {
                Some(Doing::Guarding(guard)) => guard,
                _ => Box::new(self.guard(is_first, true, out.now)),
            };
            match self.look_on(Some(&key.step), &mut guard, out) {
                None => {
                    self.live.doing.insert(key, Doing::Guarding(guard));
                    return;
                }
                Some(Clearance::Clear(_)) => lost = guard.lost(),
                Some(Clearance::Not(text)) => return self.refuse(&text, out),
                Some(Clearance::Unclear(text)) => return self.pause(Why::Preflight, text, out),
                Some(Clearance::Stopped(text)) => return self.pause(Why::Stopped, text, out),
            }
            // The answers took their time.
            if self.ask_lapsed(out) {
                return;
            }
        }
        self.live.doing.insert(key.clone(), Doing::Ready);
        self.begin(key, task.effect, lost, out);
    }

    /// The act with every value.
    fn filled(&self, task: &Task) -> Result<Act, String> {
        let mut act = task.act.clone();
        act.bind(&self.scope()).and_then(|()| act.ready()).map_err(|why| why.to_string())
    }

    fn send(&mut self, key: Key, out: &mut Out) {
        let (task, act) = match self.task(&key).and_then(|task| Ok((self.filled(&task)?, task))) {
            Ok((act, task)) => (task, act),
            Err(why) => {
                self.live.doing.remove(&key);
                return self.acted(key, ActResult::Refused, &why, None, out);
            }
        };
        let super::Lease::Held(token) = self.live.lease else { return };
        let ticket = self.ticket();
        let until = later(out.now, task.timeout);
        let visit = self.state.visits.get(&key.step).copied().unwrap_or(0) + 1;
        let attempt = self.state.attempts.get(&key).copied().unwrap_or(1);
        let direction = if key.back { "back" } else { "forward" };
        out.effects.push(Effect::Execute(Box::new(Order {
            ticket,
            run: self.id.clone(),
            step: key.step.clone(),
            back: key.back,
            key: format!("{}/{}/{direction}/{visit}/{attempt}", self.id, key.step),
            token,
            mode: self.state.mode,
            target: task.target,
            act,
            effect: task.effect,
            until,
        })));
        out.wake(until);
        self.live.doing.insert(key, Doing::Executing { ticket, until });
    }

    /// What came of an order.
    pub(super) fn executed(
        &mut self,
        ticket: u64,
        result: ActResult,
        text: &str,
        answer: Option<&Json>,
        out: &mut Out,
    ) {
        let own = self
            .live
            .doing
            .iter()
            .find(|(_, doing)| matches!(doing, Doing::Executing { ticket: own, .. } if *own == ticket));
        let Some(key) = own.map(|(key, _)| key.clone()) else {
            let text = format!("an answer came after its time: {result:?}: {}", keep::text(text));
            return self.record(Record::Noted { text }, None, out);
        };
        self.live.doing.remove(&key);
        if self.live.lease == super::Lease::Lost {
            let text = format!("{}: it ended after the lease was lost: {result:?}: {}", key.step, keep::text(text));
            return self.record(Record::Noted { text }, None, out);
        }
        self.acted(key, result, text, answer, out);
    }

    fn acted(&mut self, key: Key, result: ActResult, text: &str, answer: Option<&Json>, out: &mut Out) {
        let record = Record::Acted { key, result, text: keep::text(text), answer: answer.map(keep::answer) };
        self.record(record, None, out);
    }

    /// Looks at the target: was it done?
    fn observe(&mut self, key: Key, out: &mut Out) {
        let mut observing = match self.live.doing.remove(&key) {
            Some(Doing::Observing(observing)) => observing,
            _ => match self.observing(&key, out.now) {
                Ok(observing) => Box::new(observing),
                Err(why) => return self.sighted(key, Sighting::Unknown, &why, out),
            },
        };
        if observing.poll.is_overdue(out.now) {
            observing.last = Some((Answer::Silent("nobody answered in time".into()), out.now));
        }
        if let Some((sighting, text)) = observing.sighting() {
            return self.sighted(key, sighting, &text, out);
        }
        if observing.poll.is_due(out.now) {
            let wanted = super::judging::Wanted {
                target: observing.target.clone(),
                ask: match observing.observe.ask.ready() {
                    Ok(ask) => ask,
                    Err(why) => return self.sighted(key, Sighting::Unknown, &why.to_string(), out),
                },
            };
            let until = later(out.now, super::judging::PATIENCE);
            let ticket = self.look(Some(&key.step), &wanted, until, out);
            observing.poll.ask(ticket, out.now);
        }
        out.wake(observing.poll.wake());
        self.live.doing.insert(key, Doing::Observing(observing));
    }

    fn sighted(&mut self, key: Key, sighting: Sighting, text: &str, out: &mut Out) {
        self.live.doing.remove(&key);
        self.record(Record::Sighted { key, sighting, text: keep::text(text) }, None, out);
    }

    fn observing(&self, key: &Key, now: Timestamp) -> Result<Observing, String> {
        let task = self.task(key)?;
        let mut observe = task.observe.ok_or("nothing says how to find out whether it was done")?;
        observe.bind(&self.scope()).map_err(|why| why.to_string())?;
        let on = observe.on.as_ref().map(|on| on.ready().map_err(|why| why.to_string())).transpose()?;
        let every = observe.every.as_ref().and_then(|every| every.ready().ok()).unwrap_or(2);
        let patience = observe.patience.ready().map_err(|why| why.to_string())?;
        let target = on.unwrap_or(task.target);
        Ok(Observing { observe, target, poll: Poll::new(every, now), started: now, patience, last: None })
    }

    /// Looks whether all is as it should be.
    fn verify(&mut self, key: Key, out: &mut Out) {
        let (checks, target, within) = match self.checks(&key) {
            Ok(found) => found,
            Err(why) => return self.judged(key, Verdict::Inconclusive, why, None, out),
        };
        let mut judging = match self.live.doing.remove(&key) {
            Some(Doing::Judging(judging)) => judging,
            _ => Judging::new(&checks, &target, within, false, &self.scope(), out.now),
        };
        self.ask_due(Some(&key.step), &mut judging, out);
        match judging.verdict() {
            Some((verdict, text)) => self.judged(key, verdict, text, None, out),
            None => {
                self.live.doing.insert(key, Doing::Judging(judging));
            }
        }
    }

    /// What is looked at after a step, for how long.
    fn checks(&self, key: &Key) -> Result<(Vec<Check>, Target, u64), String> {
        if let Ok(task) = self.task(key) {
            return Ok((task.verify, task.target, task.timeout));
        }
        let planned = self.plan.step(&key.step).ok_or("there is no such step")?;
        let seconds = |period: Option<&Period>| period.and_then(|period| period.ready().ok());
        let own = seconds(planned.step.timeout.as_ref()).unwrap_or(PATIENCE);
        Ok(match (&planned.step.undo, key.back) {
            (Some(Undo::Way(way)), true) => {
                let target = target_of_way(planned, way.on.as_ref())?;
                (way.verify.clone(), target, seconds(way.timeout.as_ref()).unwrap_or(own))
            }
            _ => (planned.step.verify.clone(), planned.target.clone(), own),
        })
    }

    /// A step that a person does.
    pub(super) fn by_hand(&mut self, key: Key, text: String, out: &mut Out) {
        let Some(progress) = self.state.open.get(&key).cloned() else { return self.ask_by_hand(key, text, out) };
        if !self.pause_at(&key, &progress, out) {
            self.verify(key, out);
        }
    }

    /// What goes on with what is in flight where nobody waits for it.
    pub(super) fn in_flight_text(&self) -> Option<String> {
        let flying = self.live.doing.iter().filter(|(_, doing)| matches!(doing, Doing::Executing { .. }));
        let texts: Vec<_> = flying
            .filter_map(|(key, _)| {
                let task = self.task(key).ok()?;
                Some(format!("{} is in flight and is not called back: {}", key.step, task.act.in_flight()))
            })
            .collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }
}

fn target_of_way(planned: &Planned, on: Option<&crate::runbook::target::TargetForm>) -> Result<Target, String> {
    on.map_or_else(|| Ok(planned.target.clone()), |on| on.ready().map_err(|why| why.to_string()))
}

impl Observing {
    /// What the target has shown; nothing as long as it is not clear.
    fn sighting(&self) -> Option<(Sighting, String)> {
        let (last, at) = self.last.as_ref()?;
        let is_over = *at >= later(self.started, self.patience);
        let (done, not_done) = match last {
            Answer::Silent(why) => return is_over.then(|| (Sighting::Unknown, why.clone())),
            Answer::Known(answer) => {
                (Truth::all(&self.observe.done, answer), Truth::all(&self.observe.not_done, answer))
            }
        };
        match (done, not_done) {
            (Truth::Yes, _) => Some((Sighting::Done, "the target shows that it was done".into())),
            // What was begun may still be on its way.
            _ if !is_over => None,
            (_, Truth::Yes) if !self.observe.not_done.is_empty() => {
                Some((Sighting::NotDone, "the target shows that it was not done".into()))
            }
            (Truth::No(what) | Truth::Unknown(what), _) => {
                Some((Sighting::Unknown, format!("the target does not show whether it was done: {what}")))
            }
        }
    }
}
