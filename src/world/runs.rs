//! Runs of runbooks as the cockpit knows them: what the journal says of each, and how those stand that are carried on here.

use super::World;
use crate::{
    incident::{Record, postmortem::Measured},
    model::{
        Timestamp,
        duty::{Duty, DutyKind},
        journal::{Actor, Event, IncidentId},
        object::{ObjectKind, ObjectRef},
    },
    runbook::run::{Entry, Outcome, Question, Run, Standing, Status, View, entry_of, figures},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Runs that are over and still listed; the journal has the others.
const OVER: usize = 20;

/// A run.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// As its entries say.
    pub run: Run,
    pub incident: Option<IncidentId>,
    /// In their order.
    pub entries: Arc<Vec<Entry>>,
    /// The checklist, as its entries say.
    written: Arc<View>,
    /// As whoever carries it on in this cockpit says; nothing where nobody does, or not any more.
    pub standing: Option<Standing>,
}

impl RunRow {
    /// The checklist.
    pub fn view(&self) -> &View {
        self.carried().map_or(&self.written, |standing| &standing.view)
    }

    /// How it stands, in a word; nothing while it goes on.
    pub fn outcome(&self) -> Option<Outcome> {
        self.carried().map_or_else(|| self.run.outcome(), |standing| standing.outcome)
    }

    /// What waits for a person here.
    pub fn question(&self) -> Option<&Question> {
        self.carried()?.question.as_ref()
    }

    /// How it stands here, where it is carried on here.
    pub fn carried(&self) -> Option<&Standing> {
        self.standing.as_ref().filter(|standing| standing.ended.is_none())
    }

    /// Whether it has come to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.run.state().status, Status::Finished(..))
    }

    /// When it began.
    pub fn began(&self) -> Option<Timestamp> {
        self.run.state().begun_at
    }
}

/// What is recorded of a world's runs; the rest is derived.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    entries: BTreeMap<CompactString, (Option<IncidentId>, Arc<Vec<Entry>>)>,
    standings: BTreeMap<CompactString, Standing>,
}

/// The runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Runs {
    kept: Kept,
    /// The newest first.
    rows: Arc<Vec<RunRow>>,
}

impl From<Kept> for Runs {
    fn from(kept: Kept) -> Self {
        let mut runs = Self { kept, ..Self::default() };
        runs.fold();
        runs
    }
}

impl From<Runs> for Kept {
    fn from(runs: Runs) -> Self {
        runs.kept
    }
}

impl Runs {
    /// Takes what the journal tells; events that are no entries of runs are passed over.
    pub(super) fn apply<'e>(&mut self, events: impl Iterator<Item = &'e Arc<Event>>) {
        let mut is_new = false;
        for event in events.filter(|event| event.header.run.is_some()) {
            if let Some(entry) = entry_of(event) {
                is_new |= self.take(event.header.incident, entry);
            }
        }
        if is_new {
            self.fold();
        }
    }

    fn take(&mut self, incident: Option<IncidentId>, entry: Entry) -> bool {
        let (known, entries) = self.kept.entries.entry(entry.run.clone()).or_default();
        *known = known.or(incident);
        let place = |entry: &Entry| (entry.token, entry.sequence);
        let Err(at) = entries.binary_search_by_key(&place(&entry), place) else { return false };
        Arc::make_mut(entries).insert(at, entry);
        true
    }

    /// Takes how a run stands that is carried on here.
    pub(super) fn stand(&mut self, standing: Standing) {
        self.kept.standings.insert(standing.run.clone(), standing);
        self.fold();
    }

    fn fold(&mut self) {
        let known = |name: &CompactString| self.rows.iter().find(|row| row.run.id() == name);
        let row = |(name, (incident, entries)): (&CompactString, &(Option<IncidentId>, Arc<Vec<Entry>>))| {
            // Only what has changed is restored anew.
            let (run, written) = match known(name).filter(|row| Arc::ptr_eq(&row.entries, entries)) {
                Some(row) => (row.run.clone(), Arc::clone(&row.written)),
                None => {
                    let run = Run::restore(entries, Actor::program()).ok()?;
                    let written = Arc::new(run.view());
                    (run, written)
                }
            };
            let standing = self.kept.standings.get(name).cloned();
            Some(RunRow { run, incident: *incident, entries: Arc::clone(entries), written, standing })
        };
        let mut rows: Vec<_> = self.kept.entries.iter().filter_map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.began(), CompactString::from(row.run.id()))));
        let mut over = 0;
        rows.retain(|row| {
            over += usize::from(row.is_over());
            let stays = !row.is_over() || over <= OVER;
            if !stays {
                self.kept.entries.remove(row.run.id());
                self.kept.standings.remove(row.run.id());
            }
            stays
        });
        self.rows = Arc::new(rows);
    }

    /// All that are listed, the newest first.
    pub fn all(&self) -> &[RunRow] {
        &self.rows
    }

    /// The run of this name.
    pub fn get(&self, name: &str) -> Option<&RunRow> {
        self.rows.iter().find(|row| row.run.id() == name)
    }

    /// Those that are carried on in this cockpit.
    pub fn carried(&self) -> impl Iterator<Item = &RunRow> {
        self.rows.iter().filter(|row| row.carried().is_some())
    }
}

impl World {
    /// Looks anew at which runs wait for somebody.
    pub(super) fn owe_runs(&mut self) {
        let waiting = self.runs.all().iter().filter_map(waits);
        let duties = &mut self.observed.duties;
        duties.retain(|duty| duty.kind != DutyKind::Run);
        duties.extend(waiting);
    }
}

/// What a run waits for; nothing where it is over, or goes on here.
fn waits(row: &RunRow) -> Option<Duty> {
    let is_paused = row.outcome() == Some(Outcome::Paused);
    if row.is_over() || (row.carried().is_some() && !is_paused) {
        return None;
    }
    let title = &row.run.plan().title;
    let text = match is_paused {
        true => format!("waits for a person: {title}"),
        false => format!("not over, and not carried on here: {title}"),
    };
    let object = ObjectRef::new(ObjectKind::Run, row.run.id());
    Some(Duty {
        kind: DutyKind::Run,
        object,
        name: row.run.plan().runbook.as_str().into(),
        text,
        due: row.run.state().last_at,
    })
}

/// What the runs of an incident measured, as its record says.
pub fn measured(incident: IncidentId, record: &Record<'_>) -> Measured {
    let entries: Vec<_> = record.of_incident(incident).filter_map(|entry| entry_of(entry.shown().event)).collect();
    Measured { recovery_point: figures::given_up(&entries.iter().collect::<Vec<_>>()), ..Measured::default() }
}

#[cfg(test)]
#[path = "runs_tests.rs"]
pub(crate) mod tests;
