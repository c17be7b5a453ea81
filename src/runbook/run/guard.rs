//! What is looked at right before something is done: the preflight questions once more, and the conditions that stop a run.

use super::{
    Effect, Glance, Out, Run,
    figures::lost,
    judging::{Judging, Poll, Wanted},
    keep,
    record::{Verdict, Why},
};
use crate::{
    model::{Timestamp, text::clean_to},
    runbook::{
        ask::Answer,
        condition::{Truth, shown},
        definition::{Check, Preflight, Stop},
        field::{Field as _, Period, Templated as _},
        plan::{Asked, pins},
        target::Target,
        template::Template,
    },
};
use serde_json::Value as Json;

/// Seconds that the answers right before an act are waited for.
const PATIENCE: u64 = 30;

/// Characters of a value that tell one from another: enough of a hash.
const HASH: usize = 16;

/// What is looked at right before something is done.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Preflight questions, and what they were about.
    asked: Vec<Asked>,
    again: Vec<Judging>,
    stops: Vec<(Stop, Judging)>,
}

/// What a look before an act has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clearance {
    Clear(String),
    /// It is not as it has to be.
    Not(String),
    /// Nobody can say.
    Unclear(String),
    /// A condition stops the run.
    Stopped(String),
}

/// Conditions that stop a run, while it waits for something.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    polls: Vec<Poll>,
}

fn check_of(question: &Preflight) -> Check {
    let Preflight { on, ask, expect, .. } = question.clone();
    bare(on, ask, expect)
}

fn check_of_stop(stop: &Stop) -> Check {
    bare(stop.on.clone(), stop.ask.clone(), Vec::new())
}

fn bare(
    on: Option<crate::runbook::target::TargetForm>,
    ask: crate::runbook::ask::AskForm,
    expect: Vec<crate::runbook::condition::Condition>,
) -> Check {
    let every = Some(Period(Template::literal("2s")));
    Check { title: Template::default(), on, ask, expect, fail_when: Vec::new(), within: None, every, settle: None }
}

impl Run {
    /// Begins to look at what has to be so before something is done.
    pub(super) fn guard(&self, is_first: bool, with_stops: bool, now: Timestamp) -> Guard {
        let scope = self.scope();
        let judging = |check: Check, target: &Target| Judging::new(&[check], target, PATIENCE, true, &scope, now);
        let asked: Vec<Asked> = self.plan.asked_before(is_first).cloned().collect();
        let again = asked.iter().map(|asked| judging(check_of(&asked.question), &asked.target)).collect();
        let stops = self.plan.stops.iter().filter(|_| with_stops);
        let stops = stops.map(|stop| (stop.clone(), judging(check_of_stop(stop), &self.plan.target))).collect();
        Guard { asked, again, stops }
    }

    /// Sends a question about the world.
    pub(super) fn look(&mut self, step: Option<&str>, wanted: &Wanted, until: Timestamp, out: &mut Out) -> u64 {
        let ticket = self.ticket();
        out.effects.push(Effect::Look(Box::new(Glance {
            ticket,
            run: self.id.clone(),
            step: step.map(str::to_owned),
            target: wanted.target.clone(),
            ask: wanted.ask.clone(),
            until,
        })));
        ticket
    }

    /// Asks what is due of a judging.
    pub(super) fn ask_due(&mut self, step: Option<&str>, judging: &mut Judging, out: &mut Out) {
        let now = out.now;
        judging.ask(now, &mut |wanted, until| self.look(step, wanted, until, out));
        if let Some(at) = judging.wake() {
            out.wake(at);
        }
    }

    /// Looks on; nothing as long as it is not clear.
    pub(super) fn look_on(&mut self, step: Option<&str>, guard: &mut Guard, out: &mut Out) -> Option<Clearance> {
        for judging in guard.again.iter_mut().chain(guard.stops.iter_mut().map(|(_, judging)| judging)) {
            self.ask_due(step, judging, out);
        }
        guard.clearance()
    }

    /// Before the first step: the preflight questions that nobody could answer for the plan.
    pub(super) fn open(&mut self, out: &mut Out) {
        if self.state.mode == super::Mode::Drill
            && let Err(text) = self.plan.may_drill()
        {
            return self.refuse(&text, out);
        }
        let no = self.plan.preflight.iter().find(|asked| asked.ok == Some(false));
        if let Some(asked) = no {
            let text = format!("{}: {}", asked.title, asked.detail);
            return self.refuse(&text, out);
        }
        let mut guard = self.live.opening.take().unwrap_or_else(|| self.guard(true, false, out.now));
        match self.look_on(None, &mut guard, out) {
            None => self.live.opening = Some(guard),
            Some(Clearance::Clear(text)) => self.record(super::Record::Opened { text }, None, out),
            Some(Clearance::Not(text)) => self.refuse(&text, out),
            Some(Clearance::Unclear(text) | Clearance::Stopped(text)) => self.pause(Why::Preflight, text, out),
        }
    }

    /// Asks for the conditions that stop a run, while it waits for something.
    pub(super) fn watch_stops(&mut self, out: &mut Out) {
        if self.state.acted.is_empty() || self.state.back.is_some() {
            return;
        }
        let mut watch = std::mem::take(&mut self.live.watch);
        let stops: Vec<Stop> = self.plan.stops.clone();
        if watch.polls.len() != stops.len() {
            let every = |stop: &Stop| stop.every.ready().unwrap_or(PATIENCE);
            watch.polls = stops.iter().map(|stop| Poll::new(every(stop), out.now)).collect();
        }
        for (stop, poll) in stops.iter().zip(&mut watch.polls) {
            if poll.is_overdue(out.now) {
                self.live.watch = watch;
                return self.stop_answer(stop, &Answer::Silent("nobody answered in time".into()), out);
            }
            if poll.is_due(out.now)
                && let Some(wanted) = self.stop_wanted(stop)
            {
                let ticket = self.look(None, &wanted, super::judging::later(out.now, super::judging::PATIENCE), out);
                poll.ask(ticket, out.now);
            }
            out.wake(poll.wake());
        }
        self.live.watch = watch;
    }

    fn stop_wanted(&self, stop: &Stop) -> Option<Wanted> {
        let mut stop = stop.clone();
        stop.bind(&self.scope()).ok()?;
        let target = stop.on.as_ref().map(|on| on.ready().ok()).unwrap_or_else(|| Some(self.plan.target.clone()))?;
        Some(Wanted { target, ask: stop.ask.ready().ok()? })
    }

    /// Takes an answer that may be about a condition that stops the run.
    pub(super) fn stop_answered(&mut self, ticket: u64, answer: &Answer, out: &mut Out) -> bool {
        let at = self.live.watch.polls.iter_mut().position(|poll| poll.takes(ticket, out.now));
        let Some(stop) = at.and_then(|at| self.plan.stops.get(at)).cloned() else { return at.is_some() };
        if self.state.status == super::Status::Running {
            self.stop_answer(&stop, answer, out);
        }
        true
    }

    fn stop_answer(&mut self, stop: &Stop, answer: &Answer, out: &mut Out) {
        match tripped(stop, answer) {
            Truth::Yes => self.pause(Why::Stopped, format!("{}: the run has been stopped", stop.title), out),
            Truth::Unknown(why) if !stop.may_be_blind => {
                self.pause(
                    Why::Stopped,
                    format!("{}: nobody can say whether it has to be stopped: {why}", stop.title),
                    out,
                );
            }
            _ => {}
        }
    }
}

/// Whether a condition stops the run.
fn tripped(stop: &Stop, answer: &Answer) -> Truth {
    match answer {
        Answer::Known(answer) => Truth::all(&stop.when, answer),
        Answer::Silent(why) => Truth::Unknown(why.clone()),
    }
}

impl Guard {
    /// Takes an answer. Returns whether it was its own.
    pub fn answer(&mut self, ticket: u64, answer: &Answer, now: Timestamp) -> bool {
        let mut all = self.again.iter_mut().chain(self.stops.iter_mut().map(|(_, judging)| judging));
        all.any(|judging| judging.answer(ticket, answer, now))
    }

    /// What the answers say would be lost.
    pub fn lost(&self) -> Option<String> {
        self.again.iter().flat_map(Judging::answers).flatten().find_map(lost).map(|lost| keep::text(&lost))
    }

    fn clearance(&self) -> Option<Clearance> {
        let again: Option<Vec<_>> = self.again.iter().map(Judging::verdict).collect();
        let stops: Option<Vec<_>> = self.stops.iter().map(|(_, judging)| judging.verdict()).collect();
        let (again, _) = (again?, stops?);
        for (stop, judging) in &self.stops {
            let answer = judging.answers().next().flatten();
            let answer =
                answer.map_or_else(|| Answer::Silent("nobody answered".into()), |answer| Answer::Known(answer.clone()));
            match tripped(stop, &answer) {
                Truth::Yes => return Some(Clearance::Stopped(stop.title.to_string())),
                Truth::Unknown(why) if !stop.may_be_blind => {
                    return Some(Clearance::Stopped(format!("{}: nobody can say: {why}", stop.title)));
                }
                _ => {}
            }
        }
        let mut unclear = None;
        for ((asked, judging), (verdict, text)) in self.asked.iter().zip(&self.again).zip(again) {
            match verdict {
                Verdict::Failed => return Some(Clearance::Not(format!("{}: {text}", asked.title))),
                Verdict::Inconclusive => unclear = unclear.or(Some(format!("{}: {text}", asked.title))),
                Verdict::Verified => {
                    let answer = judging.answers().next().flatten().unwrap_or(&Json::Null);
                    if let Some(change) = changed(asked, answer) {
                        let text = format!("it has changed since the plan, so plan again: {change} ({})", asked.title);
                        return Some(Clearance::Not(text));
                    }
                }
            }
        }
        let count = self.asked.len();
        Some(unclear.map_or_else(
            || Clearance::Clear(format!("{count} of {count} preflight questions answered as before")),
            Clearance::Unclear,
        ))
    }
}

/// What is not what it was for the plan.
fn changed(asked: &Asked, answer: &Json) -> Option<String> {
    // What nobody could answer for the plan has nothing to be compared with.
    asked.ok?;
    let now = pins(&asked.question, answer);
    let change = asked.pins.iter().find(|(path, planned)| now.get(*path) != Some(*planned));
    change.map(|(path, planned)| {
        let word = |value: &Json| clean_to(&shown(value), HASH).into_owned();
        format!("{path} was {}, and is {}", word(planned), word(now.get(path).unwrap_or(&Json::Null)))
    })
}
