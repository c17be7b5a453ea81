//! Asks until it is clear whether something is as it should be. Three things can come of it; one that cannot be said is never taken for
//! a yes, and not for a no.

use super::record::Verdict;
use crate::{
    model::Timestamp,
    runbook::{
        ask::{Answer, Ask},
        condition::{Condition, Truth},
        definition::Check,
        field::{Field as _, Period, Templated as _},
        target::Target,
        template::Scope,
    },
};
use jiff::SignedDuration;
use serde_json::Value as Json;

/// Seconds that an answer is waited for.
pub const PATIENCE: u64 = 15;
/// Seconds after which an answer is missed: what was seen before is told as what it is.
const SLOW: u64 = 3;
/// Seconds between two questions, where a check does not say.
const EVERY: u64 = 2;

/// A question that is to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub target: Target,
    pub ask: Ask,
}

/// One question, asked again and again.
#[derive(Debug, Clone)]
pub struct Poll {
    every: u64,
    next_at: Timestamp,
    /// The ticket under which it was asked, and when.
    asked: Option<(u64, Timestamp)>,
    /// Whether the answer is missed already.
    is_slow: bool,
}

impl Poll {
    pub const fn new(every: u64, now: Timestamp) -> Self {
        Self { every, next_at: now, asked: None, is_slow: false }
    }

    /// Whether it is to be asked now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.asked.is_none() && now >= self.next_at
    }

    /// It is asked; returns until when an answer is waited for.
    pub fn ask(&mut self, ticket: u64, now: Timestamp) -> Timestamp {
        self.asked = Some((ticket, now));
        later(now, PATIENCE)
    }

    /// Whether an answer is its own; then it is asked again after its time.
    pub fn takes(&mut self, ticket: u64, now: Timestamp) -> bool {
        let is_own = self.asked.is_some_and(|(own, _)| own == ticket);
        if is_own {
            self.rest(now);
        }
        is_own
    }

    /// Whether nobody answered in time; then it is asked again after its time.
    pub fn is_overdue(&mut self, now: Timestamp) -> bool {
        let waits = |seconds| self.asked.is_some_and(|(_, asked)| now >= later(asked, seconds));
        let is_overdue = waits(PATIENCE);
        self.is_slow = waits(SLOW);
        if is_overdue {
            self.rest(now);
        }
        is_overdue
    }

    fn rest(&mut self, now: Timestamp) {
        self.asked = None;
        self.is_slow = false;
        self.next_at = later(now, self.every.max(1));
    }

    /// When something is to be done about it next.
    pub fn wake(&self) -> Timestamp {
        let seconds = if self.is_slow { PATIENCE } else { SLOW };
        self.asked.map_or(self.next_at, |(_, asked)| later(asked, seconds))
    }
}

/// One check that is being judged.
#[derive(Debug, Clone)]
struct Judged {
    check: Check,
    /// Nothing where it cannot be asked, and why.
    wanted: Result<Wanted, String>,
    poll: Poll,
    within: u64,
    settle: u64,
    good_since: Option<Timestamp>,
    last: Truth,
    answer: Option<Json>,
    verdict: Option<(Verdict, String)>,
}

/// Some checks that are judged together.
#[derive(Debug, Clone)]
pub struct Judging {
    started: Timestamp,
    /// Whether the first answer decides.
    is_once: bool,
    checks: Vec<Judged>,
}

impl Judging {
    /// Begins. `within` is for how long is waited where a check does not say.
    pub fn new(
        checks: &[Check],
        target: &Target,
        within: u64,
        is_once: bool,
        scope: &dyn Scope,
        now: Timestamp,
    ) -> Self {
        let checks = checks.iter().map(|check| Judged::new(check.clone(), target, within, scope, now)).collect();
        Self { started: now, is_once, checks }
    }

    /// Asks what is due: `send` gets the question and gives its ticket.
    pub fn ask(&mut self, now: Timestamp, send: &mut dyn FnMut(&Wanted, Timestamp) -> u64) {
        for judged in &mut self.checks {
            if judged.verdict.is_none() && judged.poll.is_overdue(now) {
                judged.take(&Answer::Silent(format!("no answer within {PATIENCE} s")), self.started, self.is_once, now);
            }
            judged.decide_late(self.started, now);
            if judged.verdict.is_none()
                && judged.poll.is_due(now)
                && let Ok(wanted) = &judged.wanted
            {
                let ticket = send(wanted, later(now, PATIENCE));
                judged.poll.ask(ticket, now);
            }
        }
    }

    /// Takes an answer. Returns whether it was its own.
    pub fn answer(&mut self, ticket: u64, answer: &Answer, now: Timestamp) -> bool {
        let (started, is_once) = (self.started, self.is_once);
        let own = self.checks.iter_mut().find_map(|judged| judged.poll.takes(ticket, now).then_some(judged));
        let Some(judged) = own else { return false };
        if judged.verdict.is_none() {
            judged.take(answer, started, is_once, now);
        }
        true
    }

    /// What has come of it, once that is clear.
    pub fn verdict(&self) -> Option<(Verdict, String)> {
        let failed =
            self.checks.iter().filter_map(|judged| judged.verdict.as_ref()).find(|(it, _)| *it == Verdict::Failed);
        if let Some(failed) = failed {
            return Some(failed.clone());
        }
        let all: Option<Vec<_>> = self.checks.iter().map(|judged| judged.verdict.as_ref()).collect();
        let all = all?;
        if all.is_empty() {
            return Some((Verdict::Verified, "nothing more is to be looked at".into()));
        }
        if let Some(unclear) = all.iter().find(|(verdict, _)| *verdict == Verdict::Inconclusive) {
            return Some((*unclear).clone());
        }
        let texts: Vec<_> = all.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
        Some((Verdict::Verified, texts.join("; ")))
    }

    /// The last answer to each check.
    pub fn answers(&self) -> impl Iterator<Item = Option<&Json>> {
        self.checks.iter().map(|judged| judged.answer.as_ref())
    }

    /// How it stands with what is not clear yet.
    pub fn standing(&self) -> Option<String> {
        self.checks.iter().find(|judged| judged.verdict.is_none()).map(|judged| match &judged.last {
            Truth::No(what) | Truth::Unknown(what) => what.clone(),
            Truth::Yes if judged.poll.is_slow => "it does not answer; it was as it should be when it last did".into(),
            Truth::Yes => "as it should be; waiting whether it stays so".into(),
        })
    }

    /// When something is to be done about it next.
    pub fn wake(&self) -> Option<Timestamp> {
        let open = self.checks.iter().filter(|judged| judged.verdict.is_none());
        open.map(|judged| judged.wake(self.started)).min()
    }
}

/// The server's own words, where it has any.
fn reason_of(known: &Json) -> Option<&str> {
    known.get("reason").and_then(Json::as_str).filter(|reason| !reason.is_empty())
}

/// What is not as expected, and why as the answer itself says it.
fn explained(truth: Truth, known: &Json) -> Truth {
    let Some(reason) = reason_of(known) else { return truth };
    let with = |what: String| if what.contains(reason) { what } else { format!("{what}: {reason}") };
    match truth {
        Truth::Yes => Truth::Yes,
        Truth::No(what) => Truth::No(with(what)),
        Truth::Unknown(why) => Truth::Unknown(with(why)),
    }
}

/// What has come to be that must not: as the runbook says it, or else by the names of the answers.
fn fail_words(fails: &[Condition], known: &Json) -> String {
    let reason = reason_of(known).map_or_else(String::new, |reason| format!(" ({reason})"));
    let said: Vec<_> = fails.iter().filter_map(|condition| Some(condition.otherwise.as_ref()?.to_string())).collect();
    if !said.is_empty() {
        return said.join(", ") + &reason;
    }
    let what = fails.iter().map(|condition| format!("{} is as it must not be", condition.subject()));
    what.collect::<Vec<_>>().join(", ") + &reason
}

impl Judged {
    fn new(mut check: Check, target: &Target, within: u64, scope: &dyn Scope, now: Timestamp) -> Self {
        let wanted = wanted(&mut check, target, scope);
        let seconds = |period: &Option<Period>| period.as_ref().and_then(|period| period.ready().ok());
        let (within, settle) = (seconds(&check.within).unwrap_or(within), seconds(&check.settle).unwrap_or(0));
        let verdict = wanted.as_ref().err().map(|why| (Verdict::Inconclusive, why.clone()));
        let poll = Poll::new(seconds(&check.every).unwrap_or(EVERY), now);
        let last = Truth::Unknown("nobody has answered yet".into());
        Self { check, wanted, poll, within, settle, good_since: None, last, answer: None, verdict }
    }

    fn take(&mut self, answer: &Answer, started: Timestamp, is_once: bool, now: Timestamp) {
        self.last = match answer {
            Answer::Silent(why) => Truth::Unknown(why.clone()),
            Answer::Known(known) => {
                self.answer = Some(known.clone());
                let fails = &self.check.fail_when;
                if !fails.is_empty() && Truth::all(fails, known) == Truth::Yes {
                    self.verdict = Some((Verdict::Failed, fail_words(fails, known)));
                    return;
                }
                explained(Truth::all(&self.check.expect, known), known)
            }
        };
        match &self.last {
            Truth::Yes => {
                let since = *self.good_since.get_or_insert(now);
                if now >= later(since, self.settle) {
                    self.verdict = Some((Verdict::Verified, super::super::plan::check_words(&self.check)));
                }
            }
            truth => {
                self.good_since = None;
                if is_once && matches!(answer, Answer::Known(_)) {
                    self.verdict = Some(verdict_of(truth));
                }
            }
        }
        self.decide_late(started, now);
    }

    /// Once its time is over, what was seen last decides. What is good is still given its time to stay so.
    fn decide_late(&mut self, started: Timestamp, now: Timestamp) {
        if self.verdict.is_none() && self.good_since.is_none() && now >= later(started, self.within) {
            self.verdict = Some(verdict_of(&self.last));
        }
    }

    fn wake(&self, started: Timestamp) -> Timestamp {
        let next = self.poll.wake();
        if self.good_since.is_some() { next } else { next.min(later(started, self.within)) }
    }
}

fn verdict_of(truth: &Truth) -> (Verdict, String) {
    match truth {
        Truth::Yes => (Verdict::Verified, String::new()),
        Truth::No(what) => (Verdict::Failed, what.clone()),
        Truth::Unknown(why) => (Verdict::Inconclusive, why.clone()),
    }
}

/// The question of a check, with every value.
fn wanted(check: &mut Check, target: &Target, scope: &dyn Scope) -> Result<Wanted, String> {
    check.bind(scope).map_err(|why| why.to_string())?;
    let on = check.on.as_ref().map(|on| on.ready().map_err(|why| why.to_string())).transpose()?;
    let ask = check.ask.ready().map_err(|why| why.to_string())?;
    Ok(Wanted { target: on.unwrap_or_else(|| target.clone()), ask })
}

/// So many seconds after a time.
pub fn later(at: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
