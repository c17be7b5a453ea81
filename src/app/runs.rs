//! Runbooks as the cockpit handles them: which fits what, what is asked for before one runs, and what people say to a run. A run itself is
//! carried on by the runtime, and what is written of it comes back through the world.

use super::{App, effect::Effect};
use crate::{
    model::{
        Timestamp,
        attention::Severity,
        journal::{Actor, Body, IncidentId, KnownBy},
        object::{ObjectKind, ObjectRef},
        redact,
    },
    ops::offer,
    runbook::{
        definition::{Catalogue, Definition, Occasion},
        plan::{Plan, Unplanned},
        run::{Input, Mode, Outcome, Reply, Standing},
        target::Target,
    },
};
use compact_str::CompactString;
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Where secrets stand, by the names of their variables: a file, or `$VARIABLE`. They are never typed here, where keys are recorded.
pub type Secrets = BTreeMap<String, String>;

const BEING_READ: &str = "the runbooks are still being read";

/// A plan that is asked for.
#[derive(Debug, Clone)]
pub struct PlanWanted {
    /// Tells its answer from those to others.
    pub ticket: u64,
    pub catalogue: Arc<Catalogue>,
    pub runbook: String,
    pub values: BTreeMap<String, Json>,
    pub secrets: Secrets,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Planned {
    pub ticket: u64,
    /// The values, with those for which there was only one choice.
    pub values: BTreeMap<String, Json>,
    /// What may be chosen for variables, where that is known.
    pub choices: BTreeMap<String, Vec<String>>,
    pub plan: Result<Arc<Plan>, Unplanned>,
    /// What the gate says to it.
    pub gate: Result<(), String>,
}

/// A run that is to begin.
#[derive(Debug, Clone)]
pub struct RunWanted {
    pub ticket: u64,
    pub plan: Arc<Plan>,
    pub mode: Mode,
    pub incident: Option<IncidentId>,
    pub secrets: Secrets,
}

/// What was asked about runs, and what came of it: for the screen alone.
#[derive(Debug, Default)]
pub struct Desk {
    tickets: u64,
    planned: Option<Planned>,
    begun: Option<(u64, Result<CompactString, String>)>,
    /// Whether it was said that leaving leaves a run behind.
    has_warned: bool,
    /// What was asked for while the runbooks were being read.
    pub(super) once_read: Option<fn(&mut App)>,
}

impl Desk {
    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    pub(super) fn take_plan(&mut self, planned: Planned) {
        self.planned = Some(planned);
    }

    pub(super) fn take_beginning(&mut self, ticket: u64, run: Result<CompactString, String>) {
        self.begun = Some((ticket, run));
    }

    /// The answer to this question, once it is there.
    pub fn planned(&self, ticket: u64) -> Option<&Planned> {
        self.planned.as_ref().filter(|planned| planned.ticket == ticket)
    }

    /// What became of the run of this ticket, once that is known.
    pub fn begun(&self, ticket: u64) -> Option<&Result<CompactString, String>> {
        self.begun.as_ref().filter(|(known, _)| *known == ticket).map(|(_, run)| run)
    }
}

/// A runbook that fits something, and its variables.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitting {
    pub runbook: String,
    pub title: String,
    /// What it is for.
    pub object: ObjectRef,
    pub values: BTreeMap<String, Json>,
    /// How much of what is wrong it names.
    pub weight: u32,
}

impl App {
    /// A runbook, by its name.
    ///
    /// # Errors
    /// There is none, it has errors, or they are still being read.
    pub(crate) fn runbook(&self, name: &str) -> Result<&Definition, String> {
        self.world.runbooks.as_ref().ok_or(BEING_READ.to_owned())?.find(name)
    }

    /// Does something now or, where the runbooks are still being read, once they are and nothing else was asked for meanwhile.
    pub fn with_runbooks(&mut self, what: fn(&mut Self)) {
        if self.world.runbooks.is_some() {
            return what(self);
        }
        self.runs.once_read = Some(what);
        self.notice(Severity::Info, BEING_READ);
    }

    /// Runbooks that fit what is selected, or whose page is open, the best first.
    ///
    /// # Errors
    /// There is nothing that one could fit.
    pub fn fitting(&self) -> Result<Vec<Fitting>, String> {
        Ok(self.fitting_about(&self.targets()?.swap_remove(0)))
    }

    /// Runbooks that fit an object, the best first.
    pub(crate) fn fitting_about(&self, object: &ObjectRef) -> Vec<Fitting> {
        let mut found = self.fitting_for(object);
        // A row that stands for many: what fits each of them.
        if found.is_empty() {
            let rows = self.shown().attention.iter().filter(|row| row.condition.object == *object);
            let members: BTreeSet<ObjectRef> =
                rows.flat_map(|row| &row.members).map(|member| self.acted_on(member.clone())).collect();
            found = members.iter().flat_map(|member| self.fitting_for(member)).collect();
        }
        found.sort_by_key(|fitting| std::cmp::Reverse(fitting.weight));
        found
    }

    /// Runbooks that fit an object, each once.
    fn fitting_for(&self, object: &ObjectRef) -> Vec<Fitting> {
        let mut occasions = self.occasions(object);
        let above = self.acted_on(object.clone());
        if above != *object {
            occasions.extend(self.occasions(&above));
        }
        let mut found: Vec<Fitting> = Vec::new();
        let all = self.world.runbooks.as_deref().into_iter();
        for suggestion in all.flat_map(|all| occasions.iter().flat_map(|occasion| all.suggestions(occasion))) {
            let (runbook, weight) = (suggestion.definition.id.clone(), suggestion.weight);
            let title = suggestion.definition.summary();
            let known = found.iter().position(|known| known.runbook == runbook);
            let fitting = Fitting { runbook, title, object: above.clone(), values: suggestion.variables, weight };
            match known {
                Some(at) if found[at].weight < weight => found[at] = fitting,
                Some(_) => {}
                None => found.push(fitting),
            }
        }
        found
    }

    /// What may be said of an object: by itself, and by every row of the attention list about it.
    fn occasions(&self, object: &ObjectRef) -> Vec<Occasion> {
        let world = self.shown();
        let watch = &world.observed.watch;
        let alert = watch.alert(object);
        let plain = Occasion {
            name: match object.kind {
                ObjectKind::Container => offer::name(world, object),
                ObjectKind::Postgres => object.id.to_string(),
                _ => String::new(),
            },
            alert: alert.map(|alert| alert.name().to_owned()).unwrap_or_default(),
            labels: alert
                .map(|alert| alert.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
                .unwrap_or_default(),
            check: world
                .observed
                .rulings
                .get(&object.id)
                .map(|(ruling, _)| ruling.finding.check.to_string())
                .unwrap_or_default(),
            endpoint: self.patroni_of(object).unwrap_or_default(),
            object: Some(object.clone()),
            cause: String::new(),
        };
        let rows = world.rows_about(object);
        let of_rows = rows.map(|row| Occasion {
            check: row.condition.rule.to_string(),
            cause: row.condition.cause.to_string(),
            ..plain.clone()
        });
        of_rows.chain([plain.clone()]).collect()
    }

    /// What the runbooks of a pod are about: the workload above it.
    fn acted_on(&self, object: ObjectRef) -> ObjectRef {
        if object.kind != ObjectKind::Pod {
            return object;
        }
        let kube = &self.shown().observed.kube;
        kube.pod(&object).and_then(|pod| kube.above(pod)).unwrap_or(object)
    }

    /// Where the Patroni of a cluster, or of a member's cluster, answers.
    fn patroni_of(&self, object: &ObjectRef) -> Option<String> {
        let name = object.id.split('/').next().filter(|_| object.kind == ObjectKind::Postgres)?;
        let named = self.settings.config.postgres.iter().find(|cluster| cluster.name == name);
        named.and_then(|cluster| cluster.patroni.first().cloned())
    }

    /// What a run acts on, as the cockpit knows it; nothing where it is not watched.
    pub fn target_object(&self, target: &Target) -> Option<ObjectRef> {
        let observed = &self.shown().observed;
        match target {
            Target::Container { engine, name } => {
                let mut containers = observed.containers.containers.iter();
                let found = containers.find(|row| row.engine == *engine && row.name == *name)?;
                Some(ObjectRef::in_engine(ObjectKind::Container, &found.engine, &found.id))
            }
            Target::Patroni { endpoint } => {
                let named = self.settings.config.postgres.iter();
                let found = named.into_iter().find(|cluster| cluster.patroni.iter().any(|one| one == endpoint))?;
                Some(ObjectRef::new(ObjectKind::Postgres, &*found.name))
            }
            other => other.object(),
        }
    }

    /// Asks what a runbook would do with these values; the answer has the ticket that is returned.
    pub fn ask_plan(&mut self, runbook: &str, values: BTreeMap<String, Json>, secrets: Secrets) -> u64 {
        let ticket = self.runs.ticket();
        let catalogue = self.world.runbooks.clone().unwrap_or_default();
        self.ask(Effect::Plan(Box::new(PlanWanted { ticket, catalogue, runbook: runbook.into(), values, secrets })));
        ticket
    }

    /// Begins a run of a plan. Returns its ticket; `None` where it may not begin, which is said.
    pub fn begin_run(
        &mut self,
        plan: Arc<Plan>,
        mode: Mode,
        incident: Option<IncidentId>,
        secrets: Secrets,
    ) -> Option<u64> {
        if self.is_past() || !self.may_act(mode) {
            return None;
        }
        self.runs.has_warned = false;
        let ticket = self.runs.ticket();
        self.ask(Effect::BeginRun(Box::new(RunWanted { ticket, plan, mode, incident, secrets })));
        Some(ticket)
    }

    /// Whether a run of this mode may act; says so where it may not. At a table nothing is done.
    fn may_act(&mut self, mode: Mode) -> bool {
        let why = match (mode, self.policy.locked, self.policy.armed) {
            (Mode::Tabletop, ..) | (_, false, true) => return true,
            (_, true, _) => "the configuration allows reading only: nothing is run here but a tabletop (m)",
            (_, false, false) => "this cockpit is read-only: arm (A) lets it act; a tabletop (m) needs no arming",
        };
        self.notice(Severity::Warn, why);
        false
    }

    /// Goes on with a run that nobody carries on, here.
    pub fn resume_run(&mut self, run: &str, way_back: bool) {
        let mode = self.world.runs.get(run).map_or(Mode::Live, |row| row.run.state().mode);
        if !self.is_past() && self.may_act(mode) {
            self.ask(Effect::ResumeRun { run: run.into(), way_back });
        }
    }

    /// Answers the question that a run waits with.
    pub fn answer_run(&mut self, run: &str, reply: Reply, secrets: Secrets) {
        let ticket = self.world.runs.get(run).and_then(|row| row.question()).map(|question| question.ticket);
        if let Some(ticket) = ticket {
            let by = self.policy.actor.clone();
            self.tell_run(run, Input::Answered { ticket, by, reply }, secrets);
        }
    }

    /// Says something to a run that is carried on here.
    pub fn tell_run(&mut self, run: &str, input: Input, secrets: Secrets) {
        if !self.is_past() {
            self.ask(Effect::TellRun { run: run.into(), input, secrets });
        }
    }

    /// Writes a note about a run, whoever carries it on.
    pub fn note_run(&mut self, run: &str, text: &str) {
        let text = redact::text(text).into_owned();
        let by = self.policy.actor.clone();
        match self.world.runs.get(run) {
            Some(row) if row.carried().is_some() => self.tell_run(run, Input::Note { by, text }, Secrets::new()),
            Some(row) => {
                let mut draft = self.draft(row.incident, Body::Note { text });
                draft.run = Some(run.into());
                draft.object = row.run.plan().target.object();
                if self.record(vec![draft]) {
                    self.notice(Severity::Info, "noted");
                }
            }
            None => {}
        }
    }

    /// Approves what a run waits for, or says no.
    pub fn approve_run(&mut self, run: &str, approved: bool) {
        let Some(row) = self.world.runs.get(run) else { return };
        let own = |one: &Actor| one.may_be(&self.policy.actor);
        if approved && (row.run.state().operators.iter().any(own) || self.policy.actor.known_by == KnownBy::Program) {
            let text = "you asked for this run or carry it on: somebody else approves it, from their own session";
            return self.notice(Severity::Warn, text);
        }
        let plan = row.run.binding().to_string().into();
        let (incident, object) = (row.incident, row.run.plan().target.object());
        let mut draft = self.draft(incident, Body::Approval { plan, approved, text: String::new() });
        (draft.run, draft.object) = (Some(run.into()), object);
        if self.record(vec![draft]) {
            self.notice(Severity::Info, if approved { "approved" } else { "not approved" });
        }
    }

    /// Whether leaving waits, since a run is carried on here that is not over; says so once.
    pub(super) fn holds_back_for_runs(&mut self) -> bool {
        let open = self.world.runs.carried().find(|row| !row.is_over()).map(|row| row.run.id().to_owned());
        let Some(run) = open.filter(|_| !std::mem::replace(&mut self.runs.has_warned, true)) else { return false };
        let text = format!(
            "{run} is not over: leaving lets it stand as it is; another cockpit, or flightdeck runbook resume, goes on with it. Once more leaves"
        );
        self.notice(Severity::Warn, text);
        true
    }

    /// Takes how a run stands. What happens where nobody looks is said.
    pub(super) fn take_standing(&mut self, at: Timestamp, standing: Standing) {
        let before = self.world.runs.get(&standing.run).and_then(|row| row.carried()).and_then(|known| known.outcome);
        let is_shown = self.modals.iter().any(|modal| modal.is_about(&standing.run));
        if before != standing.outcome && !is_shown {
            let (severity, word) = match standing.outcome {
                Some(Outcome::Succeeded) => (Severity::Info, "has succeeded"),
                Some(Outcome::Paused) => (Severity::Warn, "waits for a person"),
                Some(Outcome::Failed) => (Severity::Error, "has failed"),
                Some(Outcome::Refused) => (Severity::Warn, "was refused"),
                Some(Outcome::Unknown) => (Severity::Error, "ended, and nobody can say how"),
                None => (Severity::Info, "goes on"),
            };
            self.notice(severity, format!("{} {word}: {}; runbooks (8) shows it", standing.run, standing.view.next));
        }
        let changed = self.world.stand(at, standing);
        self.after(changed);
        self.dirty = true;
    }
}
