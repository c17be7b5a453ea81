//! All the incidents of a record, with names that tell them apart.

use super::{
    names::{Names, Unresolved},
    record::Record,
    state::Incident,
};
use crate::model::journal::{EventId, IncidentId};
use serde::Serialize;
use std::collections::BTreeSet;

/// Every incident of a record, in the order in which they were declared.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Incidents {
    all: Vec<Incident>,
    #[serde(skip)]
    names: Names,
}

impl Incidents {
    /// The incidents whose declarations are in the record. For their names, all of the journal's declarations have to be.
    pub fn of(record: &Record<'_>) -> Self {
        let is_declaration = |id: &EventId| {
            let entry = record.entry(*id);
            entry.is_some_and(|entry| entry.id == *id && entry.first().event.header.kind == "declared")
        };
        let mut declared: Vec<_> = record.entries().iter().filter(|entry| is_declaration(&entry.id)).collect();
        // By the first version: an incident that is backdated keeps its name.
        declared.sort_by_key(|entry| (entry.first().event.order(), entry.id));
        let mut all: Vec<_> =
            declared.iter().filter_map(|entry| Incident::of(IncidentId(entry.id.0), record)).collect();
        let names = Names::of(all.iter().map(|incident| (incident.id, incident.number)));
        for incident in &mut all {
            if let Some(name) = names.name(incident.id) {
                incident.name.clone_from(name);
            }
        }
        Self { all, names }
    }

    /// All of them, in the order in which they were declared.
    pub fn all(&self) -> &[Incident] {
        &self.all
    }

    /// Those that still need people, the worst first, then the newest.
    pub fn running(&self) -> Vec<&Incident> {
        let mut running: Vec<_> = self.all.iter().filter(|incident| incident.is_running()).collect();
        running.sort_by_key(|incident| (incident.severity, std::cmp::Reverse(incident.declared_at)));
        running
    }

    /// The incident of this identity.
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.all.iter().find(|incident| incident.id == id)
    }

    /// The names of all of them.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The incident that somebody means: see [`Names::resolve`].
    ///
    /// # Errors
    /// It is none, or several could be meant.
    pub fn resolve(&self, typed: &str) -> Result<&Incident, Unresolved> {
        let id = self.names.resolve(typed)?;
        self.get(id).ok_or_else(|| Unresolved::Unknown { text: typed.into(), hint: String::new() })
    }

    /// Where an incident goes on: the one that it was merged into in the end; itself where it was not. Incidents that were merged into
    /// each other go on as the one that was declared first.
    pub fn goes_on_as(&self, id: IncidentId) -> IncidentId {
        let mut passed = vec![id];
        let mut seen = BTreeSet::from([id]);
        let mut at = id;
        while let Some(next) = self.get(at).and_then(|incident| incident.merged_into) {
            if !seen.insert(next) {
                let circle = passed.iter().skip_while(|id| **id != next);
                let place = |id: &&IncidentId| self.all.iter().position(|incident| incident.id == **id);
                return circle.min_by_key(place).copied().unwrap_or(next);
            }
            passed.push(next);
            at = next;
        }
        at
    }

    /// What would be the number of the next one that is declared.
    pub fn next_number(&self) -> u32 {
        let highest = self.all.iter().filter_map(|incident| incident.number).max().unwrap_or(0);
        // Where a declaration was erased nobody knows its number; it is not given away again.
        let erased = self.all.iter().filter(|incident| incident.number.is_none()).count();
        highest.saturating_add(u32::try_from(erased).unwrap_or(u32::MAX)).saturating_add(1)
    }
}
