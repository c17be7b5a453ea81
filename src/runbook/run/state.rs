//! How far a run is, by what has been written of it, and by nothing else.

use super::record::{ActResult, Choice, Entry, Key, Mode, Outcome, Record, Sighting, Verdict, Why};
use crate::{
    model::{
        Timestamp, canonical,
        journal::{Actor, Digest},
    },
    runbook::{
        definition::{Deed, Flow, Kind, flow::place},
        plan::Plan,
    },
};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Where a step stands that has begun and is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It has begun. Where nobody is at it, nobody knows what came of it.
    Begun,
    /// It is done, and has to be verified.
    Done,
    /// Nobody knows whether it was done; the target will show.
    Unknown,
    Failed,
    Refused,
    Unverified,
    Inconclusive,
    /// Not even the target has shown whether it was done.
    Doubtful,
}

/// A step that has begun and is not over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub stage: Stage,
    pub since: Timestamp,
    pub text: String,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    Verified,
    Skipped,
    Undone,
    /// It stays done: there is no way back from it.
    Kept,
}

/// An act that was done, or may have been in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acted {
    pub step: String,
    pub is_undone: bool,
}

/// An approval that was given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Given {
    pub person: Actor,
    pub binding: Digest,
    pub at: Timestamp,
}

/// Whether a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Running,
    Paused(Why, String),
    Finished(Outcome, String),
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    pub mode: Mode,
    pub begun_at: Option<Timestamp>,
    /// Who asked for it.
    pub requester: Actor,
    /// Everybody who has carried it on, with who asked for it.
    pub operators: Vec<Actor>,
    /// The highest fencing token.
    pub token: u64,
    /// The last entry.
    pub sequence: u64,
    pub status: Status,
    /// How it had ended before somebody wanted it undone.
    pub ended: Option<(Outcome, String)>,
    /// Whether the preflight is as it has to be, so that it may begin.
    pub is_open: bool,
    pub is_cancelled: bool,
    /// The step that it is at; none after the last.
    pub at: Option<usize>,
    /// Steps beside others that are over, while their leader is not.
    pub beside: BTreeSet<String>,
    /// Steps that have begun and are not over.
    #[serde(serialize_with = "as_list")]
    pub open: BTreeMap<Key, Progress>,
    /// How often a step has been gone through.
    pub visits: BTreeMap<String, u32>,
    /// How often the step that is open has been begun.
    #[serde(serialize_with = "as_list")]
    pub attempts: BTreeMap<Key, u32>,
    pub marks: BTreeMap<String, Mark>,
    /// In the order in which they were done.
    pub acted: Vec<Acted>,
    /// Steps that are yet to be undone, the next first; none while it goes forwards.
    pub back: Option<Vec<String>>,
    /// Answers and what was filled in, by step.
    pub values: BTreeMap<String, Json>,
    pub approvals: Vec<Given>,
    /// When something last happened.
    pub last_at: Option<Timestamp>,
}

/// Whether the plan says that it may begin. At a table it always may.
fn is_open(plan: &Plan, mode: Mode) -> bool {
    let is_clear = plan.preflight.iter().all(|asked| asked.ok == Some(true));
    mode == Mode::Tabletop || is_clear && (mode == Mode::Live || plan.may_drill().is_ok())
}

fn as_list<K: Serialize, V: Serialize, S: serde::Serializer>(
    map: &BTreeMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.iter())
}

impl State {
    /// Before the first entry.
    pub fn new(plan: &Plan, flow: &Flow, mode: Mode, requester: Actor) -> Self {
        Self {
            mode,
            begun_at: None,
            operators: vec![requester.clone()],
            requester,
            token: 0,
            sequence: 0,
            status: Status::Running,
            ended: None,
            is_open: is_open(plan, mode),
            is_cancelled: false,
            at: plan.from(flow, flow.first()),
            beside: BTreeSet::new(),
            open: BTreeMap::new(),
            visits: BTreeMap::new(),
            attempts: BTreeMap::new(),
            marks: BTreeMap::new(),
            acted: Vec::new(),
            back: None,
            values: BTreeMap::new(),
            approvals: Vec::new(),
            last_at: None,
        }
    }

    /// Takes an entry. Returns whether it counts: one that was written under an older token, or twice, does not.
    pub fn apply(&mut self, entry: &Entry, plan: &Plan, flow: &Flow) -> bool {
        if entry.token < self.token || entry.sequence <= self.sequence {
            return false;
        }
        (self.token, self.sequence, self.last_at) = (entry.token, entry.sequence, Some(entry.at));
        match &entry.record {
            Record::Begun { mode, .. } => {
                self.mode = *mode;
                self.begun_at = Some(entry.at);
                self.requester = entry.by.clone();
                self.operators = vec![entry.by.clone()];
            }
            Record::Resumed { .. } => {
                if !self.operators.contains(&entry.by) {
                    self.operators.push(entry.by.clone());
                }
            }
            Record::Opened { .. } => self.is_open = true,
            Record::Noted { .. } => {}
            Record::Approved { person, binding, approved, given_at, .. } => {
                self.approve(person, *binding, *approved, *given_at);
            }
            Record::CancelAsked { .. } => self.is_cancelled = true,
            Record::Paused { why, text } => self.status = Status::Paused(why.clone(), text.clone()),
            Record::Chosen { choice, .. } => self.choose(*choice, plan, flow),
            Record::Finished { outcome, text } => self.status = Status::Finished(*outcome, text.clone()),
            of_step => self.step(of_step, entry.at, plan, flow),
        }
        true
    }

    fn step(&mut self, record: &Record, at: Timestamp, plan: &Plan, flow: &Flow) {
        match record {
            Record::StepBegun { key, attempt, text, .. } => {
                self.attempts.insert(key.clone(), *attempt);
                self.open.insert(key.clone(), Progress { stage: Stage::Begun, since: at, text: text.clone() });
            }
            Record::Acted { key, result, text, answer } => {
                let stage = match result {
                    ActResult::Done => Stage::Done,
                    ActResult::Failed => Stage::Failed,
                    ActResult::Refused => Stage::Refused,
                    ActResult::Unknown => Stage::Unknown,
                };
                self.keep(&key.step, answer.as_ref());
                self.stand(key, stage, at, text);
            }
            Record::Sighted { key, sighting, text } => match sighting {
                Sighting::Done => self.stand(key, Stage::Done, at, text),
                Sighting::Unknown => self.stand(key, Stage::Doubtful, at, text),
                Sighting::NotDone => {
                    self.open.remove(key);
                }
            },
            Record::Judged { key, verdict, text, answer } => {
                self.keep(&key.step, answer.as_ref());
                match verdict {
                    Verdict::Verified => self.conclude(key, Mark::Verified, plan, flow),
                    Verdict::Failed => self.stand(key, Stage::Unverified, at, text),
                    Verdict::Inconclusive => self.stand(key, Stage::Inconclusive, at, text),
                }
            }
            Record::Skipped { key, .. } => {
                self.conclude(key, if key.back { Mark::Kept } else { Mark::Skipped }, plan, flow);
            }
            Record::Branched { step, to, .. } => {
                self.conclude(&Key::forward(step), Mark::Verified, plan, flow);
                let steps: Vec<_> = plan.steps.iter().map(|planned| planned.step.clone()).collect();
                let to = to.as_deref().and_then(|id| place(&steps, id)).flatten();
                self.at = plan.from(flow, to);
            }
            Record::Answered { key, values, text } => self.answered(key, values, at, text, plan, flow),
            _ => {}
        }
    }

    fn answered(
        &mut self,
        key: &Key,
        values: &BTreeMap<String, Json>,
        at: Timestamp,
        text: &str,
        plan: &Plan,
        flow: &Flow,
    ) {
        let kind = plan.step(&key.step).map(|planned| &planned.step.kind);
        let is_deed = key.back || matches!(kind, Some(Kind::Do(Deed::Manual(_))));
        if !values.is_empty() {
            self.values.insert(key.step.clone(), Json::Object(values.clone().into_iter().collect()));
        }
        // What was done by hand is verified as what was done otherwise; at a table nothing was done.
        if is_deed && self.mode != Mode::Tabletop {
            self.stand(key, Stage::Done, at, text);
        } else {
            self.conclude(key, Mark::Verified, plan, flow);
        }
    }

    fn keep(&mut self, step: &str, answer: Option<&Json>) {
        if let Some(answer) = answer {
            self.values.insert(step.to_owned(), answer.clone());
        }
    }

    /// A step stands there. What may have been done is remembered, for the way back.
    fn stand(&mut self, key: &Key, stage: Stage, at: Timestamp, text: &str) {
        let may_stand = !key.back && matches!(stage, Stage::Done | Stage::Failed);
        if may_stand && !self.standing().any(|step| step == key.step) {
            self.acted.push(Acted { step: key.step.clone(), is_undone: false });
        }
        self.open.insert(key.clone(), Progress { stage, since: at, text: text.to_owned() });
    }

    /// A step is over.
    fn conclude(&mut self, key: &Key, mark: Mark, plan: &Plan, flow: &Flow) {
        self.open.remove(key);
        self.attempts.remove(key);
        if key.back {
            if let Some(queue) = &mut self.back {
                queue.retain(|step| *step != key.step);
            }
            let mark = if mark == Mark::Kept { Mark::Kept } else { Mark::Undone };
            if mark == Mark::Undone {
                self.acted.iter_mut().filter(|acted| acted.step == key.step).for_each(|acted| acted.is_undone = true);
            }
            self.marks.insert(key.step.clone(), mark);
            return;
        }
        *self.visits.entry(key.step.clone()).or_default() += 1;
        self.marks.insert(key.step.clone(), mark);
        let Some(index) = plan.at(&key.step) else { return };
        if flow.leader(index).is_some() {
            self.beside.insert(key.step.clone());
        } else if self.at == Some(index) {
            self.beside.clear();
            self.at = plan.from(flow, flow.after(index));
        }
    }

    fn approve(&mut self, person: &Actor, binding: Digest, approved: bool, at: Timestamp) {
        self.approvals.retain(|given| given.person != *person);
        if approved {
            self.approvals.push(Given { person: person.clone(), binding, at });
        }
    }

    fn choose(&mut self, choice: Choice, plan: &Plan, flow: &Flow) {
        let key = match &self.status {
            Status::Paused(
                Why::Failed(key)
                | Why::Refused(key)
                | Why::Unverified(key)
                | Why::Inconclusive(key)
                | Why::InDoubt(key),
                _,
            ) => Some(key.clone()),
            _ => None,
        };
        if let Status::Finished(outcome, text) = &self.status {
            self.ended = Some((*outcome, text.clone()));
        }
        self.status = Status::Running;
        match (choice, key) {
            (Choice::GoOn, _) => self.is_cancelled = false,
            (Choice::LookAgain, Some(key)) => {
                let is_question = plan.step(&key.step).is_some_and(|planned| planned.step.answering().is_some());
                let stage = match self.open.get(&key).map(|progress| progress.stage) {
                    Some(Stage::Doubtful) => Stage::Unknown,
                    _ if is_question && !key.back => Stage::Begun,
                    _ => Stage::Done,
                };
                self.turn(&key, stage);
            }
            (Choice::Accept, Some(key)) => self.conclude(&key, Mark::Verified, plan, flow),
            (Choice::WasDone, Some(key)) => self.turn(&key, Stage::Done),
            (Choice::Again | Choice::WasNotDone, Some(key)) => {
                self.open.remove(&key);
            }
            (Choice::WayBack, _) => self.turn_back(),
            (Choice::Stop, _) => self.stop(plan),
            _ => {}
        }
    }

    fn turn(&mut self, key: &Key, stage: Stage) {
        if let Some(progress) = self.open.get(key).cloned() {
            self.stand(key, stage, progress.since, &progress.text);
        }
    }

    fn stop(&mut self, plan: &Plan) {
        let standing: Vec<&str> = self.standing().collect();
        let stands = if standing.is_empty() {
            "nothing was done".to_owned()
        } else {
            format!("{} stands as it was done", standing.join(", "))
        };
        let doubtful: Vec<&str> = self.doubtful(plan).collect();
        let is_untouched = doubtful.is_empty() && self.acted.iter().all(|acted| !acted.is_undone);
        if let Some((outcome, text)) = self.ended.clone().filter(|_| is_untouched) {
            // Wanting to undo it, and then not, changes nothing of how it went.
            self.status = Status::Finished(outcome, text);
            return;
        }
        self.status = if doubtful.is_empty() {
            Status::Finished(Outcome::Failed, format!("ended by hand: {stands}"))
        } else {
            let text = format!("ended by hand: {stands}; nobody can say whether {} was done", doubtful.join(", "));
            Status::Finished(Outcome::Unknown, text)
        };
    }

    fn turn_back(&mut self) {
        self.is_cancelled = false;
        self.open.clear();
        self.attempts.clear();
        let done = self.acted.iter().rev().filter(|acted| !acted.is_undone);
        self.back = Some(done.map(|acted| acted.step.clone()).collect());
    }

    /// Acts that were done and not undone.
    pub fn standing(&self) -> impl Iterator<Item = &str> {
        self.acted.iter().filter(|acted| !acted.is_undone).map(|acted| acted.step.as_str())
    }

    /// Steps of which nobody knows whether they were done: an act that has begun and has no outcome is one.
    pub fn doubtful<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a str> {
        let changes = |key: &Key| key.back || plan.step(&key.step).is_some_and(|planned| planned.step.changes());
        let doubtful = self.open.iter().filter(move |(key, open)| {
            matches!(open.stage, Stage::Unknown | Stage::Doubtful) || open.stage == Stage::Begun && changes(key)
        });
        doubtful.map(|(key, _)| key.step.as_str())
    }

    /// What approvals are bound to: the plan, and what was found or filled in since that its acts depend on.
    pub fn binding(&self, plan: &Plan, late: &BTreeSet<String>) -> Digest {
        let values: BTreeMap<_, _> = self.values.iter().filter(|(step, _)| late.contains(*step)).collect();
        if values.is_empty() { plan.plan_hash } else { canonical::hash(&(plan.plan_hash, values)) }
    }
}
