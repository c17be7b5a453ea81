//! Where runs of runbooks meet the machine: [`prepare`] asks what a plan needs, [`carry`] carries a run out and does what its effects ask
//! for, [`act`] acts through the gate, [`look`] asks, [`store`] finds runs in the journal, [`shelf`] the runbooks on the disk. What belongs to
//! who carries a run on, the gate with its world, comes in as [`Around`]: the command line has sources of its own ([`eyes`]), the
//! cockpit asks its event loop ([`bridge`]).

pub mod act;
pub mod bridge;
pub mod carry;
pub mod choices;
pub mod eyes;
mod ledger;
pub mod look;
pub mod prepare;
mod record;
pub mod refused;
pub mod secret;
pub mod shelf;
pub mod store;

use crate::{
    client::{Clients, named::Named},
    clock,
    journal::Journal,
    model::{
        Timestamp,
        concealed::Concealed,
        journal::{Actor, IncidentId},
    },
    ops::{
        gate::{Gate, Permit, Policy, Stop, rules},
        operation::Operation,
    },
    world::World,
};
use serde_json::Value as Json;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Why the gate let an operation not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub why: String,
    /// Where it was the rule book: that is documented, and taken to the owners.
    pub stop: Option<Stop>,
    /// Whether it would be the same whatever state the target is in: read-only, protected, a rule. A node that is not cordoned yet cannot
    /// be uncordoned, and can later in the same run.
    pub lasts: bool,
}

impl Refusal {
    /// What the gate has said to an operation.
    pub fn of(why: String, operation: &Operation, world: &World, policy: &Policy) -> Self {
        let stop = Gate::stopped(operation, world);
        let is_protected = rules::protected(&policy.protect, operation, world).is_some();
        let lasts = stop.is_some() || is_protected || policy.locked || policy.past.is_some() || !policy.armed;
        Self { why, stop, lasts }
    }

    /// Why, and how it is authorised from the command line where a rule stands against it.
    pub fn words(&self) -> String {
        let check = self.stop.as_ref().and_then(|stop| stop.why.strip_prefix("rule ")?.split([' ', ':']).next());
        // What is protected is authorised by a person, not by a waiver.
        match check.filter(|check| !check.starts_with("20")) {
            Some(check) => format!(
                "{}; flightdeck check --explain {check} says why, and who answers for it waives it for a time: flightdeck check --waive {check} --reason TEXT",
                self.why
            ),
            None => self.why.clone(),
        }
    }
}

/// What a run needs of who carries it on: the gate, and what has been observed.
pub trait Around: Send + Sync {
    /// The permit for an operation, by what is known now.
    ///
    /// # Errors
    /// Why not.
    fn permit(&self, operation: Operation) -> Result<Permit, Refusal>;

    /// What the gate would say, without a permit coming of it.
    ///
    /// # Errors
    /// Why not.
    fn would_permit(&self, operation: &Operation) -> Result<(), Refusal>;

    /// Waits for something new to be observed, and no longer than this. `false` where nobody can tell here.
    fn wait_for_news(&self, _at_most: Duration) -> bool {
        false
    }

    /// Shows what has been observed.
    fn see(&self, look: &mut dyn FnMut(&World));
}

/// What runs are carried out with.
pub struct House {
    pub clients: Arc<Clients>,
    pub journal: Journal,
    pub around: Arc<dyn Around>,
    /// Who carries runs on here.
    pub actor: Actor,
    pub prometheus: Vec<Named>,
    /// Secrets that were given, by the names of their variables: in memory alone.
    pub secrets: Mutex<BTreeMap<String, String>>,
}

impl House {
    /// The time.
    pub fn now(&self) -> Timestamp {
        clock::now()
    }

    /// A secret that was given.
    pub fn secret(&self, name: &str) -> Option<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Keeps secrets that were given later.
    pub fn keep_secrets(&self, more: BTreeMap<String, String>) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).extend(more);
    }

    /// All that were given.
    pub fn all_secrets(&self) -> Vec<Concealed> {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.values().map(Concealed::new).collect()
    }

    /// A text without the secrets that were given.
    pub fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        // The longest first, so that one within another leaves nothing behind.
        let mut all: Vec<&String> = secrets.values().filter(|secret| !secret.is_empty()).collect();
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "●●●"))
    }

    /// An answer without the secrets that were given: whoever is asked may say them again. `first` is done to each text before.
    pub fn redacted_answer(&self, answer: Json, first: fn(&str) -> Cow<'_, str>) -> Json {
        match answer {
            Json::String(text) => Json::String(self.redacted(&first(&text))),
            Json::Array(items) => items.into_iter().map(|item| self.redacted_answer(item, first)).collect(),
            Json::Object(fields) => {
                fields.into_iter().map(|(name, value)| (name, self.redacted_answer(value, first))).collect()
            }
            other => other,
        }
    }

    /// What has been observed, asked for one thing.
    pub fn saw<T: Default>(&self, mut ask: impl FnMut(&World) -> T) -> T {
        let mut found = T::default();
        self.around.see(&mut |world| found = ask(world));
        found
    }
}

/// Where a run's events belong.
pub type Incident = Option<IncidentId>;
