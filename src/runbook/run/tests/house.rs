//! A house for tests: it keeps the journal, asks and changes a small world of its own, and can break down at any point.

use crate::{
    model::{Timestamp, journal::Actor},
    runbook::{
        act::{Act, KubernetesAct, PatroniAct, PostgresAct},
        ask::{Answer, Ask, KubernetesAsk, PatroniAsk, PlainAsk, PostgresAsk},
        plan::Plan,
        run::{
            ActResult, Asking, Choice, Effect, Entry, Glance, Input, Mode, Order, Outcome, Question, Reply, Run,
            judging::later,
        },
        sample::{person, rollback_answers, start, switchover_answers},
    },
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A world that can be looked at and changed.
pub trait World {
    fn look(&mut self, glance: &Glance, now: Timestamp) -> Answer;
    fn act(&mut self, order: &Order, now: Timestamp) -> (ActResult, String);
}

/// What a person says to a question; nothing, where nobody answers.
pub type Says = fn(&Question, &Run) -> Option<Reply>;

/// Where the house breaks down: at the n-th effect, before it is carried out, or after it, so that nobody hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    pub at: usize,
    pub is_after: bool,
}

pub struct House<W> {
    pub run: Run,
    pub world: W,
    pub now: Timestamp,
    /// What is written down, for good.
    pub journal: Vec<Entry>,
    pub says: Says,
    pub crashes: Vec<Crash>,
    /// How many effects have been carried out.
    pub effects: usize,
    /// Those of them that wrote something down or did something: between two of them a crash is the same wherever it comes.
    pub boundaries: Vec<usize>,
    /// Orders that reached the world.
    pub orders: Vec<Order>,
    pub told: Vec<String>,
    /// Whether time stands still while a person is asked.
    pub is_patient: bool,
    /// Who approves, where that is asked for.
    pub second: Option<&'static str>,
    plan: Arc<Plan>,
    mode: Mode,
    queue: VecDeque<Effect>,
    wake: Option<Timestamp>,
    tokens: u64,
    /// Who sits at it.
    pub operator: Actor,
}

/// Steps that a run of a test may take before it counts as endless.
const MOST: usize = 5_000;

impl<W: World> House<W> {
    pub fn new(plan: impl Into<Arc<Plan>>, mode: Mode, world: W) -> Self {
        let plan = plan.into();
        let operator = person("ann");
        let run = Run::new("run-1", plan.clone(), mode, operator.clone());
        Self {
            run,
            world,
            now: start(),
            journal: Vec::new(),
            says: yes,
            crashes: Vec::new(),
            effects: 0,
            boundaries: Vec::new(),
            orders: Vec::new(),
            told: Vec::new(),
            is_patient: true,
            second: None,
            plan,
            mode,
            queue: VecDeque::new(),
            wake: None,
            tokens: 0,
            operator,
        }
    }

    /// Tells the run something.
    pub fn tell(&mut self, input: Input) {
        let effects = self.run.advance(input, self.now);
        let mut is_waiting = self.queue.iter().any(|effect| matches!(effect, Effect::Journal(_)));
        for effect in &effects {
            is_waiting |= matches!(effect, Effect::Journal(_));
            let leaves = matches!(effect, Effect::Execute(_) | Effect::Look(_) | Effect::Ask(_));
            assert!(!(is_waiting && leaves), "it leaves before what was decided is written down: {effect:?}");
        }
        self.queue.extend(effects);
    }

    /// Begins, and goes on until nothing happens any more.
    pub fn begin(&mut self) -> Option<Outcome> {
        self.tell(Input::Start);
        self.go()
    }

    /// Goes on until nothing happens any more.
    pub fn go(&mut self) -> Option<Outcome> {
        for _ in 0..MOST {
            let Some(effect) = self.queue.pop_front() else {
                let is_over = matches!(self.run.state().status, crate::runbook::run::Status::Finished(..));
                let is_waited_for = self.is_patient && self.run.question().is_some();
                match self.wake.take() {
                    Some(at) if !is_over && !is_waited_for => {
                        self.now = self.now.max(at);
                        self.tell(Input::Tick);
                        continue;
                    }
                    _ => return self.run.outcome(),
                }
            };
            let at = self.effects;
            self.effects += 1;
            if matches!(effect, Effect::Journal(_) | Effect::Execute(_)) {
                self.boundaries.push(at);
            }
            let crash = self.crashes.iter().find(|crash| crash.at == at).copied();
            if crash.is_some_and(|crash| !crash.is_after) {
                self.break_down();
                continue;
            }
            let inputs = self.carry_out(effect);
            if crash.is_some() {
                self.break_down();
                continue;
            }
            inputs.into_iter().for_each(|input| self.tell(input));
            // Where it breaks down, it is checked there.
            if self.crashes.is_empty() {
                self.check();
            }
        }
        panic!("the run goes on and on: {:?}", self.journal.iter().map(Entry::text).collect::<Vec<_>>());
    }

    /// What is written down gives the run as it is.
    fn check(&self) {
        let is_written = self.journal.last().is_some_and(|entry| entry.sequence == self.run.state().sequence);
        if is_written {
            let restored = Run::restore(&self.journal, self.operator.clone()).expect("is restored");
            assert_eq!(restored.state(), self.run.state());
        }
    }

    /// The process ends at once; another begins.
    pub fn break_down(&mut self) {
        self.check();
        self.queue.clear();
        self.wake = None;
        self.now = later(self.now, 60);
        self.run = Run::restore(&self.journal, self.operator.clone())
            .unwrap_or_else(|_| Run::new("run-1", self.plan.clone(), self.mode, self.operator.clone()));
        self.tell(Input::Start);
    }

    fn carry_out(&mut self, effect: Effect) -> Vec<Input> {
        match effect {
            Effect::TakeLease { above, .. } => {
                self.tokens = self.tokens.max(above) + 1;
                vec![Input::Leased { token: self.tokens }]
            }
            Effect::ReleaseLease { .. } | Effect::Unask => vec![],
            Effect::Journal(entry) => {
                if self.crashes.is_empty() {
                    // As an event of the journal: through JSON, and back.
                    let text = serde_json::to_string(&entry).expect("is written");
                    assert_eq!(serde_json::from_str::<Entry>(&text).expect("is read"), *entry);
                }
                let sequence = entry.sequence;
                self.journal.push(*entry);
                vec![Input::Journaled { sequence }]
            }
            Effect::Execute(order) => {
                assert_eq!(order.token, self.tokens, "an order carries the newest token");
                let (result, text) = self.world.act(&order, self.now);
                let ticket = order.ticket;
                self.orders.push(*order);
                vec![Input::Executed { ticket, result, text, answer: None }]
            }
            Effect::Look(glance) => {
                let answer = self.world.look(&glance, self.now);
                vec![Input::Looked { ticket: glance.ticket, answer }]
            }
            Effect::Ask(question) => {
                if let (Asking::Approval { binding, .. }, Some(name)) = (&question.asking, self.second) {
                    let (by, at, text) = (person(name), self.now, String::new());
                    return vec![Input::Approved { by, binding: *binding, approved: true, at, text, event: None }];
                }
                let reply = (self.says)(&question, &self.run);
                let by = self.operator.clone();
                reply.map(|reply| Input::Answered { ticket: question.ticket, by, reply }).into_iter().collect()
            }
            Effect::WakeAt(at) => {
                self.wake = Some(at);
                vec![]
            }
            Effect::Tell(text) => {
                self.told.push(text);
                vec![]
            }
        }
    }

    /// How often each act reached the world, by step and direction.
    pub fn counts(&self) -> BTreeMap<(String, bool), usize> {
        let mut counts = BTreeMap::new();
        for order in &self.orders {
            *counts.entry((order.step.clone(), order.back)).or_insert(0) += 1;
        }
        counts
    }

    pub fn texts(&self) -> Vec<String> {
        self.journal.iter().map(Entry::text).collect()
    }

    /// The words of the choices that are offered now.
    pub fn offered(&self) -> Vec<&'static str> {
        match self.run.question().map(|question| &question.asking) {
            Some(Asking::Choose { choices, .. }) => choices.iter().map(|choice| choice.word()).collect(),
            _ => Vec::new(),
        }
    }

    /// A person chooses, and the run goes on.
    pub fn choose(&mut self, choice: Choice) -> Option<Outcome> {
        let ticket = self.run.question().expect("something is asked").ticket;
        let by = self.operator.clone();
        self.tell(Input::Answered { ticket, by, reply: Reply::Chosen { choice, text: "looked".into() } });
        self.go()
    }
}

/// A person who says yes to everything, and leaves what has paused alone.
pub fn yes(question: &Question, _: &Run) -> Option<Reply> {
    match &question.asking {
        Asking::Confirm { typed, .. } => Some(Reply::Typed(typed.clone())),
        Asking::Manual { .. } | Asking::TalkThrough { .. } => Some(Reply::Done),
        Asking::Way { .. } => Some(Reply::Takes(true)),
        Asking::Input { fields } => {
            let value = |kind: &str| if kind == "boolean" { json!(false) } else { json!("x") };
            let values = fields.iter().map(|field| (field.name.clone(), value(word_of(field)))).collect();
            Some(Reply::Filled { values, secrets: Vec::new() })
        }
        Asking::Approval { .. } | Asking::Choose { .. } => None,
    }
}

fn word_of(field: &crate::runbook::definition::Variable) -> &'static str {
    match field.kind {
        crate::runbook::definition::ValueKind::Boolean => "boolean",
        _ => "text",
    }
}

/// A cluster with one Deployment, whose pods follow its template after some seconds.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub template: String,
    pub changed_at: Option<Timestamp>,
    /// Whether what runs comes up.
    pub comes_up: bool,
    pub paused: bool,
    /// Whether anybody answers.
    pub answers: bool,
    pub says: (ActResult, &'static str),
    /// Changes that took effect.
    pub changes: usize,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            template: "aaaa".into(),
            changed_at: None,
            comes_up: true,
            paused: false,
            answers: true,
            says: (ActResult::Done, "patched"),
            changes: 0,
        }
    }
}

impl World for Cluster {
    fn look(&mut self, glance: &Glance, now: Timestamp) -> Answer {
        if !self.answers {
            return Answer::Silent("connection refused".into());
        }
        let found = |id: &str| rollback_answers().into_iter().find(|(name, _)| *name == id).expect("is known").1;
        Answer::Known(match &glance.ask {
            Ask::Kubernetes(KubernetesAsk::Rollout) => {
                let mut rollout = found("rollout");
                let is_up = self.comes_up && self.changed_at.is_some_and(|at| now >= later(at, 5));
                rollout["template_hash"] = json!(self.template);
                rollout["paused"] = json!(self.paused);
                if self.changed_at.is_some() {
                    rollout["stuck"] = json!(!self.comes_up && self.changed_at.is_some_and(|at| now >= later(at, 60)));
                }
                if is_up {
                    for field in ["updated", "total", "available", "ready"] {
                        rollout[field] = json!(6);
                    }
                }
                rollout
            }
            Ask::Kubernetes(KubernetesAsk::Revision { .. }) => found("to"),
            Ask::Kubernetes(KubernetesAsk::RollbackDryRun { .. }) => found("dry-run"),
            Ask::Kubernetes(KubernetesAsk::Access { .. }) => found("access"),
            Ask::Gate(_) => found("rules"),
            other => panic!("nobody asks that: {other:?}"),
        })
    }

    fn act(&mut self, order: &Order, now: Timestamp) -> (ActResult, String) {
        let Act::Kubernetes(KubernetesAct::Rollback { revision }) = order.act else { panic!("not {:?}", order.act) };
        if matches!(self.says.0, ActResult::Done | ActResult::Unknown) {
            self.template = if revision == 30 { "bbbb".into() } else { "aaaa".into() };
            self.changed_at = Some(now);
            self.changes += 1;
        }
        (self.says.0, self.says.1.into())
    }
}

/// A Patroni cluster of three, in which a switchover takes some seconds.
#[derive(Debug, Clone)]
pub struct Patroni {
    pub leader: Option<&'static str>,
    pub timeline: u64,
    pub moved_at: Option<Timestamp>,
    pub says: (ActResult, &'static str),
    /// Whether a switchover that was begun comes to something.
    pub moves: bool,
    pub tokens: Vec<String>,
    pub changes: usize,
    pub rpo: &'static str,
}

impl Default for Patroni {
    fn default() -> Self {
        Self {
            leader: Some("n1"),
            timeline: 4,
            moved_at: None,
            says: (ActResult::Done, "Successfully switched over"),
            moves: true,
            tokens: Vec::new(),
            changes: 0,
            rpo: "nothing",
        }
    }
}

impl World for Patroni {
    fn look(&mut self, glance: &Glance, now: Timestamp) -> Answer {
        let found = |id: &str| switchover_answers().into_iter().find(|(name, _)| *name == id).expect("is known").1;
        Answer::Known(match &glance.ask {
            Ask::Patroni(PatroniAsk::Cluster) => {
                let mut cluster = found("cluster");
                cluster["leader"] = json!(self.leader);
                cluster["timeline"] = json!(self.timeline);
                let is_settled = self.moved_at.is_none_or(|at| now >= later(at, 4));
                cluster["streaming"] = json!(if is_settled { 2 } else { 1 });
                cluster
            }
            Ask::Patroni(PatroniAsk::Candidate { .. }) => {
                let mut candidate = found("candidate-state");
                candidate["rpo"] = json!(self.rpo);
                candidate
            }
            Ask::Patroni(PatroniAsk::Member { member }) => {
                json!({ "is_primary": self.leader == Some(member.as_str()), "system_id": "7001" })
            }
            Ask::Postgres(PostgresAsk::Canary { token }) => json!({ "found": self.tokens.contains(token) }),
            Ask::Gate(_) => found("rules"),
            Ask::About(PlainAsk::LastDrill { .. }) => json!({ "days_ago": 3 }),
            other => panic!("nobody asks that: {other:?}"),
        })
    }

    fn act(&mut self, order: &Order, now: Timestamp) -> (ActResult, String) {
        match &order.act {
            Act::Patroni(PatroniAct::Switchover { candidate, .. } | PatroniAct::Failover { candidate }) => {
                if self.moves && matches!(self.says.0, ActResult::Done | ActResult::Unknown) {
                    self.leader = ["n1", "n2", "n3"].into_iter().find(|name| name == candidate);
                    self.timeline += 1;
                    self.moved_at = Some(now);
                }
                self.changes += 1;
                (self.says.0, self.says.1.into())
            }
            Act::Postgres(PostgresAct::CanaryWrite { token }) => {
                self.tokens.push(token.clone());
                (ActResult::Done, "written".into())
            }
            other => panic!("nobody does that: {other:?}"),
        }
    }
}

/// Facts of a small world for runbooks that tests write: a question about a host, answered by what its switches say.
#[derive(Debug, Clone, Default)]
pub struct Switches {
    /// What `command` answers on standard output, by the first argument after the program.
    pub on: BTreeMap<String, Json>,
    /// What comes of an act, by its step; done where it is not here.
    pub says: BTreeMap<(String, bool), ActResult>,
    /// Whether an act that fails has an effect all the same.
    pub silent: Vec<String>,
}

impl World for Switches {
    fn look(&mut self, glance: &Glance, _: Timestamp) -> Answer {
        let Ask::Command(command) = &glance.ask else { panic!("nobody asks that: {:?}", glance.ask) };
        let name = command.argv.get(1).cloned().unwrap_or_default();
        if self.silent.contains(&name) {
            return Answer::Silent("no route to host".into());
        }
        Answer::Known(json!({ "exit_code": 0, "stdout": self.on.get(&name).cloned().unwrap_or_else(|| json!("off")) }))
    }

    fn act(&mut self, order: &Order, _: Timestamp) -> (ActResult, String) {
        let Act::Command(command) = &order.act else { panic!("nobody does that: {:?}", order.act) };
        let result = self.says.get(&(order.step.clone(), order.back)).copied().unwrap_or(ActResult::Done);
        if let ([_, name, value], ActResult::Done) = (command.argv.as_slice(), result) {
            self.on.insert(name.clone(), json!(value));
        }
        (result, format!("{result:?}"))
    }
}

/// A step of a test's runbook that turns a switch on, and back off.
pub fn switch(name: &str) -> String {
    format!(
        r#"
[[step]]
id = "{name}"
title = "turn {name} on"
timeout = "10s"
command = {{ argv = ["switch", "{name}", "on"] }}
[[step.verify]]
ask = {{ command = {{ argv = ["see", "{name}"] }} }}
expect = [{{ path = "stdout", is = "on" }}]
[step.observe]
ask = {{ command = {{ argv = ["see", "{name}"] }} }}
patience = "5s"
done = [{{ path = "stdout", is = "on" }}]
not-done = [{{ path = "stdout", is = "off" }}]
[step.undo]
act = {{ command = {{ argv = ["switch", "{name}", "off"] }} }}
[[step.undo.verify]]
ask = {{ command = {{ argv = ["see", "{name}"] }} }}
expect = [{{ path = "stdout", is = "off" }}]
[step.undo.observe]
ask = {{ command = {{ argv = ["see", "{name}"] }} }}
patience = "5s"
done = [{{ path = "stdout", is = "off" }}]
not-done = [{{ path = "stdout", is = "on" }}]
"#
    )
}

/// The beginning of a test's runbook.
pub const HEAD: &str = r#"
title = "switches"
about = "for tests"
[target]
host = { host = "board" }
[[step]]
id = "confirm"
title = "confirm"
confirm = { text = "sure?" }
"#;

/// A plan for a runbook that a test has written.
pub fn plan_of(text: &str) -> Plan {
    crate::runbook::sample::plan(&crate::runbook::sample::written(text), &[], &[]).expect("a plan")
}
