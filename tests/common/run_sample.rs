//! A rollback of a stuck Deployment as a run, with a made-up cluster to be asked and a journal that is a list.
//!
//! The including module has `model` and `runbook` in scope.

use super::{
    model::{
        Timestamp,
        journal::{
            Actor, Digest, Event, EventId, Header, HybridClock, IncidentId, KnownBy, WriterId, news::JournalNews,
        },
        update::Update,
    },
    runbook::{
        ask::{Answer, Ask, KubernetesAsk},
        definition::Catalogue,
        plan::{Facts, Plan, Unplanned, make, questions, settle},
        run::{ActResult, Effect, Entry, Input, Mode, Run, Standing, drafts},
    },
};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// Somebody.
pub fn person(name: &str) -> Actor {
    Actor { name: name.into(), known_by: KnownBy::Ssh, from: Some(format!("{name}'s terminal").into()) }
}

/// What is given to it.
pub fn values() -> BTreeMap<String, Json> {
    let all = [("kind", "deployment"), ("context", "prod-eu"), ("namespace", "shop"), ("name", "checkout")];
    all.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// A cluster with one Deployment.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub template: &'static str,
    pub paused: bool,
    /// Whether the pods of the template come up.
    pub comes_up: bool,
    /// Whether anybody answers.
    pub answers: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { template: "aaaa", paused: false, comes_up: true, answers: true }
    }
}

impl Cluster {
    /// What it says.
    pub fn answer(&self, ask: &Ask) -> Answer {
        if !self.answers {
            return Answer::Silent("connection refused".into());
        }
        let up = if self.template == "bbbb" && self.comes_up { 6 } else { 2 };
        Answer::Known(match ask {
            Ask::Kubernetes(KubernetesAsk::Rollout) => json!({
                "exists": true, "uid": "u-1", "resource_version": "900", "generation": 31, "observed_generation": 31,
                "paused": self.paused, "desired": 6, "updated": up, "total": 6, "available": up, "ready": up, "revision": 31,
                "previous_revision": 30, "revisions": 5, "template_hash": self.template,
                "failing": 0, "deadline_exceeded": false, "stuck": up == 2 && (self.template == "aaaa" || !self.comes_up),
                "images": ["registry/checkout:1.4.3"], "managed_by": null,
            }),
            Ask::Kubernetes(KubernetesAsk::Revision { .. }) => json!({
                "exists": true, "revision": 30, "images": ["registry/checkout:1.4.2"], "is_current": false,
                "template_hash": "bbbb", "asked_for_seconds": 532_800, "age_seconds": 600_000, "change_cause": null,
                "was": "registry/checkout:1.4.2; it was asked for during 6d 4h",
            }),
            Ask::Kubernetes(KubernetesAsk::Access { .. }) => json!({ "allowed": true, "reason": null }),
            Ask::Kubernetes(KubernetesAsk::RollbackDryRun { .. }) => json!({
                "accepted": true, "reason": null,
                "diff": "- image: registry/checkout:1.4.3\n+ image: registry/checkout:1.4.2",
            }),
            Ask::Gate(_) => {
                json!({ "clear": true, "reason": null, "blocking": [], "burn_rate": null, "firing": [] })
            }
            other => return Answer::Silent(format!("nobody answers {other:?}")),
        })
    }

    /// The plan of a runbook on it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn plan(&self, runbook: &str, values: &BTreeMap<String, Json>) -> Result<Arc<Plan>, Unplanned> {
        let catalogue = Catalogue::built_in();
        let faults = |faults| Unplanned { faults, preflight: Vec::new() };
        let definition = catalogue.find(runbook).map_err(|why| faults(vec![why]))?;
        let variables = settle(definition, values, []).map_err(faults)?;
        let mut facts = Facts::default();
        loop {
            let open = questions(definition, &variables, &facts)?;
            if open.is_empty() {
                return make(definition, &variables, &facts).map(Arc::new);
            }
            for question in open {
                let answer = self.answer(&question.ask);
                let diff = match &answer {
                    Answer::Known(known) => known.get("diff").and_then(Json::as_str).map(ToOwned::to_owned),
                    Answer::Silent(_) => None,
                };
                facts.diffs.extend(diff.map(|diff| ("apply".to_owned(), diff)));
                facts.answers.insert(question.id, answer);
            }
        }
    }
}

/// A run that is carried on.
pub struct Carried {
    pub run: Run,
    pub cluster: Cluster,
    pub now: Timestamp,
    pub entries: Vec<Entry>,
    remark: Option<String>,
    wake: Option<Timestamp>,
    told: usize,
}

impl Carried {
    /// A run of a plan, that begins.
    pub fn begin(plan: Arc<Plan>, mode: Mode, cluster: Cluster, now: Timestamp) -> Self {
        let run = Run::new("k8s-rollback-20261123T021407Z-1f2e", plan, mode, person("ann"));
        let mut carried = Self { run, cluster, now, entries: Vec::new(), remark: None, wake: None, told: 0 };
        carried.tell(Input::Start);
        carried
    }

    /// Tells it something, and does what it wants done, until it waits for a person or for time to pass.
    pub fn tell(&mut self, input: Input) {
        let mut inputs = std::collections::VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.run.advance(input, self.now) {
                match effect {
                    Effect::TakeLease { above, .. } => inputs.push_back(Input::Leased { token: above + 1 }),
                    Effect::Journal(entry) => {
                        inputs.push_back(Input::Journaled { sequence: entry.sequence });
                        self.entries.push(*entry);
                    }
                    Effect::Execute(order) => {
                        self.cluster.template = if order.back { "aaaa" } else { "bbbb" };
                        let (ticket, text) = (order.ticket, "patched".to_owned());
                        inputs.push_back(Input::Executed { ticket, result: ActResult::Done, text, answer: None });
                    }
                    Effect::Look(glance) => {
                        let answer = self.cluster.answer(&glance.ask);
                        inputs.push_back(Input::Looked { ticket: glance.ticket, answer });
                    }
                    Effect::WakeAt(at) => self.wake = Some(at),
                    Effect::Tell(text) => self.remark = Some(text),
                    Effect::Ask(_) | Effect::Unask | Effect::ReleaseLease { .. } => {}
                }
            }
        }
    }

    /// Lets so many seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        let until = self.now.checked_add(SignedDuration::from_secs(seconds)).expect("in range");
        while let Some(at) = self.wake.take_if(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(Input::Tick);
        }
        self.now = until;
        self.tell(Input::Tick);
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.run.standing(self.remark.as_deref())
    }

    /// What the journal tells of it that it has not told yet.
    pub fn news(&mut self, incident: Option<IncidentId>) -> Update {
        let fresh = self.entries.iter().skip(self.told);
        let events = fresh.flat_map(|entry| events(entry, self.run.plan(), incident)).collect();
        self.told = self.entries.len();
        Update::Journal(Box::new(JournalNews { events, ..JournalNews::default() }))
    }
}

/// An entry as events of the journal.
fn events(entry: &Entry, plan: &Plan, incident: Option<IncidentId>) -> Vec<Arc<Event>> {
    let drafts = drafts(entry, plan, incident).into_iter().enumerate();
    let event = |(at, draft): (usize, super::model::journal::Draft)| {
        let number = u128::from(entry.sequence) * 10 + at as u128;
        let header = Header {
            id: EventId(uuid::Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_9000 + number)),
            incident: draft.incident,
            writer: WriterId(uuid::Uuid::from_u128(1)),
            sequence: 1_000 + number as u64,
            clock: HybridClock { wall_ms: draft.occurred_at.as_millisecond(), counter: 0 },
            occurred_at: draft.occurred_at,
            recorded_at: draft.occurred_at,
            actor: draft.actor,
            kind: draft.body.kind(),
            object: draft.object,
            run: draft.run,
            step: draft.step,
            supersedes: None,
            key: draft.key,
            body_hash: Digest::default(),
            previous: Digest::default(),
            hash: Digest::default(),
        };
        Arc::new(Event { header, body: Some(draft.body) })
    };
    drafts.map(event).collect()
}
