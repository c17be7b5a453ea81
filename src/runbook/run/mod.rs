//! A run: a plain state machine. What happens goes in as [`Input`], what is to be done comes out as [`Effect`].
//!
//! What a run has decided is an [`Entry`] of its journal first; as long as one is not written down, nothing else leaves the run. So the
//! entries say everything: [`Run::restore`] gives the run as it was, and of a step that had begun and was not over it knows only that it
//! had begun. Then the target is looked at; nothing is repeated blindly.

mod act;
mod back;
mod draft;
mod drive;
mod effect;
pub mod figures;
mod found;
mod guard;
mod judging;
mod keep;
mod late;
mod person;
mod record;
mod state;
mod view;

pub use draft::{drafts, entry_of};
pub use effect::{Asking, Effect, Glance, Input, Order, Question, Reply};
pub use record::{ActResult, Choice, Entry, Key, Mode, Outcome, Record, Sighting, Verdict, Why};
pub use state::{Acted, Given, Mark, Progress, Stage, State, Status};
pub use view::{Standing, StepView, Tone, View};

use super::{definition::Flow, plan::Plan};
use crate::model::{Timestamp, journal::Actor};
use act::Doing;
use compact_str::CompactString;
use guard::{Guard, Watch};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A run of a plan.
#[derive(Debug, Clone)]
pub struct Run {
    id: CompactString,
    plan: Arc<Plan>,
    flow: Flow,
    /// Steps whose answers an act needs.
    late: BTreeSet<String>,
    /// Who carries it on here.
    operator: Actor,
    state: State,
    live: Live,
}

/// What is known in this process only, and lost with it.
#[derive(Debug, Clone, Default)]
struct Live {
    is_started: bool,
    /// Whether it is gone on with, after other processes.
    is_restored: bool,
    tickets: u64,
    /// Entries that are not written down yet.
    unwritten: BTreeSet<u64>,
    lease: Lease,
    doing: BTreeMap<Key, Doing>,
    opening: Option<Guard>,
    watch: Watch,
    question: Option<Question>,
    /// Somebody wants a run undone that is over.
    wants_back: Option<Actor>,
    woken: Option<Timestamp>,
}

/// The lease that lets one process carry a run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Lease {
    #[default]
    None,
    Asked,
    Held(u64),
    /// Somebody else may have it now.
    Lost,
}

/// What comes out of one input.
struct Out {
    now: Timestamp,
    effects: Vec<Effect>,
    /// The earliest time at which something is to be done.
    wake: Option<Timestamp>,
}

impl Out {
    fn wake(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |other| other.min(at)));
    }

    fn tell(&mut self, text: impl Into<String>) {
        self.effects.push(Effect::Tell(text.into()));
    }
}

impl Run {
    /// A run that has not begun. `id` is new; nothing is written or done before [`Input::Start`].
    pub fn new(id: impl Into<CompactString>, plan: impl Into<Arc<Plan>>, mode: Mode, requester: Actor) -> Self {
        let plan = plan.into();
        let flow = plan.flow();
        let state = State::new(&plan, &flow, mode, requester.clone());
        let late = late::needed(&plan);
        Self { id: id.into(), plan, flow, late, operator: requester, state, live: Live::default() }
    }

    /// A run as its entries say it is, in any order. `operator` is who goes on with it here; for somebody who only watches, nothing has
    /// to be done but [`Run::follow`].
    ///
    /// # Errors
    /// There is no beginning among the entries, or the plan in it was changed.
    pub fn restore(entries: &[Entry], operator: Actor) -> Result<Self, String> {
        let mut entries: Vec<&Entry> = entries.iter().collect();
        entries.sort_by_key(|entry| (entry.token, entry.sequence));
        let begun = entries.iter().find_map(|entry| match &entry.record {
            Record::Begun { plan, mode } => Some((*entry, plan, *mode)),
            _ => None,
        });
        let Some((first, plan, mode)) = begun else {
            return Err("the journal has no beginning of this run: it cannot be gone on with".into());
        };
        if !plan.is_intact() {
            return Err(format!(
                "the plan of run {} is not what its hash says: it was changed in the journal, and is not gone on with",
                first.run
            ));
        }
        let mut run = Self::new(first.run.clone(), Arc::clone(plan), mode, first.by.clone());
        let resumed = entries.iter().filter_map(|entry| match entry.record {
            Record::Resumed { after } => Some((entry.token, after)),
            _ => None,
        });
        let resumed: Vec<_> = resumed.collect();
        for entry in entries.into_iter().filter(|entry| entry.run == first.run) {
            // Who was fenced off may have written on for a while: whoever went on did not know of it.
            let is_fenced = resumed.iter().any(|(token, after)| entry.token < *token && entry.sequence > *after);
            if !is_fenced {
                run.state.apply(entry, &run.plan, &run.flow);
            }
        }
        run.operator = operator;
        run.live.is_restored = true;
        Ok(run)
    }

    /// Takes an entry that another process wrote. Returns whether it was new.
    pub fn follow(&mut self, entry: &Entry) -> bool {
        if entry.run != self.id {
            return false;
        }
        if let Lease::Held(token) = self.live.lease {
            if token >= entry.token {
                return false;
            }
            self.live.lease = Lease::Lost;
        }
        self.state.apply(entry, &self.plan, &self.flow)
    }

    /// Takes an input, and says what is to be done.
    pub fn advance(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut out = Out { now, effects: Vec::new(), wake: None };
        self.take(input, &mut out);
        self.drive(&mut out);
        if let Some(at) = out.wake.filter(|at| self.live.woken != Some(*at)) {
            self.live.woken = Some(at);
            out.effects.push(Effect::WakeAt(at));
        }
        out.effects
    }

    /// Its identity.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it does.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far it is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The question that waits for a person.
    pub fn question(&self) -> Option<&Question> {
        self.live.question.as_ref()
    }

    /// What approvals have to be bound to now.
    pub fn binding(&self) -> crate::model::journal::Digest {
        self.state.binding(&self.plan, &self.late)
    }

    /// How it stands, in a word.
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.state.status {
            Status::Running => self.live.question.as_ref().map(|_| Outcome::Paused),
            Status::Paused(..) => Some(Outcome::Paused),
            Status::Finished(outcome, _) => Some(*outcome),
        }
    }

    /// Whether something is being done that nobody can call back.
    pub fn is_in_flight(&self) -> bool {
        self.live.doing.values().any(|doing| matches!(doing, Doing::Executing { .. }))
    }

    fn ticket(&mut self) -> u64 {
        self.live.tickets += 1;
        self.live.tickets
    }

    /// Decides something: it is written down, and counts from now on. Nothing leaves before that is durable.
    fn record(&mut self, record: Record, by: Option<&Actor>, out: &mut Out) {
        let token = match self.live.lease {
            Lease::Held(token) => token,
            _ => self.state.token,
        };
        let entry = Entry {
            run: self.id.clone(),
            sequence: self.state.sequence + 1,
            token,
            at: out.now,
            by: by.unwrap_or(&self.operator).clone(),
            record,
        };
        self.state.apply(&entry, &self.plan, &self.flow);
        self.live.unwritten.insert(entry.sequence);
        out.effects.push(Effect::Journal(Box::new(entry)));
    }

    fn pause(&mut self, why: Why, text: impl Into<String>, out: &mut Out) {
        self.record(Record::Paused { why, text: text.into() }, None, out);
    }

    fn finish(&mut self, outcome: Outcome, text: impl Into<String>, out: &mut Out) {
        self.record(Record::Finished { outcome, text: text.into() }, None, out);
    }
}

#[cfg(test)]
mod tests;
