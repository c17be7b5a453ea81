//! Operations on their way: what was asked about them before, what became of the questions, and what runs beside the cockpit.

use super::{App, effect::Effect, event::Answer};
use crate::{
    modals::{confirm, reveal::Reveal, window},
    model::{attention::Severity, kubernetes::Access, object::ObjectRef},
    ops::{
        forward::ForwardState,
        gate::{Confirmation, Decision, Gate, kubernetes::answer},
        ledger,
        operation::Operation,
        rehearse::Rehearsal,
    },
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// What was asked about operations, and what runs beside the cockpit.
#[derive(Debug, Default)]
pub struct Desk {
    /// Newest last.
    rehearsals: Vec<Rehearsal>,
    /// What is being asked, by context.
    reviewing: BTreeMap<CompactString, BTreeSet<CompactString>>,
    /// What goes on by itself once the API server has said whether it is allowed; the next key forgets it.
    waiting: Vec<Operation>,
    /// Ports that are forwarded, and those that were.
    pub forwards: Vec<ForwardState>,
}

/// Rehearsals that are kept: as many as a confirmation lists, and some.
const REHEARSALS: usize = 64;
/// Operations of one confirmation that are rehearsed: each is a request.
const REHEARSED: usize = 8;
/// Forwards that have ended and are still listed.
const ENDED: usize = 8;

impl Desk {
    /// What would happen, where it was asked and is known.
    pub fn rehearsal(&self, operation: &Operation) -> Option<&Rehearsal> {
        self.rehearsals.iter().rev().find(|rehearsal| rehearsal.operation == *operation)
    }

    /// The operation as it was rehearsed, where that found out what exactly is to be done.
    pub fn exact<'a>(&'a self, operation: &'a Operation) -> &'a Operation {
        self.rehearsal(operation).and_then(|rehearsal| rehearsal.exact.as_ref()).unwrap_or(operation)
    }

    fn take_forward(&mut self, state: ForwardState) {
        match self.forwards.iter_mut().find(|known| known.id == state.id) {
            Some(known) => *known = state,
            None => self.forwards.push(state),
        }
        let ended = self.forwards.iter().filter(|forward| !forward.running).count();
        let mut excess = ended.saturating_sub(ENDED);
        self.forwards.retain(|forward| {
            let goes = !forward.running && excess > 0;
            excess -= usize::from(goes);
            !goes
        });
    }
}

impl App {
    /// The objects that an operation would be done to: the one whose page is open, otherwise the marked rows of the focused list that
    /// its filter shows, otherwise the selected one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn targets(&self) -> Result<Vec<ObjectRef>, String> {
        if let Some(page) = self.view.stack.last() {
            return Ok(vec![page.object.clone()]);
        }
        let nothing = || String::from("nothing is selected that anything can be done to");
        let (name, table) = self.focused_table().ok_or_else(nothing)?;
        let (list, world) = (&self.view.pane(name).list, self.shown());
        let rows = if list.marked.is_empty() {
            list.row().filter(|row| *row < table.len(world)).into_iter().collect()
        } else {
            let rows = list.marked_rows(table, world);
            if rows.is_empty() {
                return Err("the filter hides every marked row: clear the filter or the marks first".into());
            }
            rows
        };
        let mut targets: Vec<_> = rows.into_iter().filter_map(|row| table.object(world, row)).collect();
        targets.dedup();
        if targets.is_empty() { Err(nothing()) } else { Ok(targets) }
    }

    /// Brings operations to the gate: refused, confirmed or done at once.
    pub fn propose(&mut self, operations: Vec<Operation>) {
        self.propose_with(Operation::joined(operations), true);
    }

    /// `ask` is whether what is not known may still be asked; where the server did not say it, a person decides.
    fn propose_with(&mut self, operations: Vec<Operation>, ask: bool) {
        let terms = match Gate::decide_all(&operations, self.shown(), &self.policy) {
            Decision::Refused(why) => {
                self.document_refusal(&operations);
                return self.notice(Severity::Warn, why);
            }
            Decision::Allowed(terms) => terms,
        };
        if ask {
            self.ask_permissions(&operations);
        }
        if terms.confirmation == Confirmation::None && terms.unknown.is_empty() && terms.warnings.is_empty() {
            return self.execute(&operations);
        }
        if terms.confirmation == Confirmation::None && terms.warnings.is_empty() {
            let reviewing = operations.iter().any(|operation| self.is_reviewing(operation.place()));
            if reviewing {
                let what = terms.unknown.first().map(|access| access.words()).unwrap_or_default();
                self.notice(Severity::Info, format!("asking whether you may {what}; any key gives it up"));
                self.desk.waiting = operations;
                return;
            }
        }
        self.rehearse(&operations);
        window::open(self, Box::new(confirm::Confirm::new(operations, terms.confirmation)));
    }

    /// Takes confirmed operations through the gate once more and has them done.
    pub fn execute(&mut self, operations: &[Operation]) {
        if let Decision::Refused(why) = Gate::decide_all(operations, self.shown(), &self.policy) {
            self.document_refusal(operations);
            return self.notice(Severity::Warn, format!("{why}; nothing was done"));
        }
        for operation in operations {
            match Gate::permit(operation.clone(), self.shown(), &self.policy) {
                Ok(permit) => self.ask(Effect::Execute(permit)),
                Err(why) => self.notice(Severity::Warn, format!("{operation}: {why}; nothing was done to it")),
            }
        }
    }

    /// Where the rule book stopped the line, that is written down: stopped, why, and to whom it was taken.
    fn document_refusal(&mut self, operations: &[Operation]) {
        if !self.policy.armed || self.policy.locked || self.policy.past.is_some() {
            return;
        }
        let stopped =
            operations.iter().filter_map(|operation| Some((operation, Gate::stopped(operation, self.shown())?)));
        let draft = |(operation, stop)| ledger::refused(operation, &stop, self.policy.actor.clone(), self.now);
        let drafts: Vec<_> = stopped.map(draft).collect();
        if !drafts.is_empty() {
            self.record(drafts);
        }
    }

    /// Asks the API servers what they would allow, as far as that is not known and not being asked.
    pub fn ask_permissions(&mut self, operations: &[Operation]) {
        let mut wanted: BTreeMap<CompactString, Vec<Access>> = BTreeMap::new();
        for operation in operations {
            for need in operation.needs() {
                let context = CompactString::from(operation.place());
                let known = answer(self.shown(), &context, &need).is_some();
                if !known && self.desk.reviewing.entry(context.clone()).or_default().insert(need.key()) {
                    wanted.entry(context).or_default().push(need);
                }
            }
        }
        for (context, wanted) in wanted {
            self.ask(Effect::Review { context, wanted });
        }
    }

    /// Forgets what was waiting for an answer: the user went on to something else.
    pub(super) fn stop_waiting(&mut self) {
        self.desk.waiting.clear();
        self.runs.once_read = None;
    }

    /// An API server has answered: what waited for that goes on.
    pub(super) fn take_access(&mut self, context: &str, asked: &[Access]) {
        self.dirty = true;
        if let Some(open) = self.desk.reviewing.get_mut(context) {
            asked.iter().for_each(|access| {
                open.remove(&access.key());
            });
        }
        let open = |operation: &Operation| {
            let asked = self.desk.reviewing.get(operation.place());
            operation.needs().iter().any(|need| asked.is_some_and(|asked| asked.contains(&need.key())))
        };
        if !self.desk.waiting.is_empty() && !self.desk.waiting.iter().any(open) {
            let operations = std::mem::take(&mut self.desk.waiting);
            self.propose_with(operations, false);
        }
    }

    /// Whether an API server is being asked what it would allow.
    pub fn is_reviewing(&self, context: &str) -> bool {
        self.desk.reviewing.get(context).is_some_and(|asked| !asked.is_empty())
    }

    /// Asks what these would do, as far as that can be asked.
    fn rehearse(&mut self, operations: &[Operation]) {
        let rehearsed = operations.iter().filter(|operation| operation.can_be_rehearsed()).take(REHEARSED);
        let trials: Vec<_> =
            rehearsed.filter_map(|operation| Gate::trial(operation.clone(), self.shown(), &self.policy).ok()).collect();
        for trial in trials {
            // What was asked before may be otherwise now.
            self.desk.rehearsals.retain(|known| known.operation != *trial.operation());
            self.ask(Effect::Rehearse(trial));
        }
    }

    pub(super) fn take_answer(&mut self, answer: Answer) {
        self.dirty = true;
        match answer {
            Answer::Rehearsed(rehearsal) => {
                self.desk.rehearsals.push(rehearsal);
                let excess = self.desk.rehearsals.len().saturating_sub(REHEARSALS);
                self.desk.rehearsals.drain(..excess);
            }
            Answer::Revealed(revealed) => window::open(self, Box::new(Reveal::new(revealed))),
            Answer::Forward(state) => self.desk.take_forward(state),
            Answer::Edited(operation) => self.propose(vec![operation]),
            Answer::Planned(planned) => self.runs.take_plan(planned),
            Answer::Begun { ticket, run } => self.runs.take_beginning(ticket, run),
        }
        let mut modals = std::mem::take(&mut self.modals);
        modals.iter_mut().for_each(|modal| modal.on_answer(self));
        // What they opened lies over them.
        modals.append(&mut self.modals);
        self.modals = modals;
    }
}
