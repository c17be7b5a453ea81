//! What a plan or a run is set into: the sources that it needs, the gate, the journal, secrets.

use super::{Ended, Surroundings, failed, usage};
use crate::{
    journal::Journal,
    runbook::{definition::Definition, target::Target},
    runtime::runbook::{House, eyes::Eyes, secret},
};
use compact_str::CompactString;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long sources are waited for, and the rules that judge by them.
const PATIENCE: Duration = Duration::from_secs(20);

/// A house whose sources are those that these values name.
pub struct Setting {
    pub house: Arc<House>,
    /// Sources that have not answered.
    pub silent: Vec<CompactString>,
}

impl Setting {
    /// Opens the journal and begins to watch.
    ///
    /// # Errors
    /// There is no journal, a secret cannot be read, or there is no thread.
    pub fn open(
        around: &Surroundings<'_>,
        wanted: &dyn Fn(&str) -> bool,
        secrets: BTreeMap<String, String>,
    ) -> Result<Self, Ended> {
        let options = around
            .journal
            .clone()
            .map_err(|why| failed(format!("a run is kept in the journal, and there is none: {why}")))?;
        let journal = Journal::open(options).map_err(failed)?;
        let sources = (around.sources)().into_iter().filter(|source| wanted(&source.spec().name)).collect();
        let eyes = Eyes::open(sources, around.policy.clone()).map_err(failed)?;
        let silent = eyes.wait(PATIENCE);
        let house = House {
            clients: Arc::clone(&around.clients),
            journal,
            around: Arc::new(eyes),
            actor: around.policy.actor.clone(),
            prometheus: around.prometheus.clone(),
            secrets: Mutex::new(secrets),
        };
        Ok(Self { house: Arc::new(house), silent })
    }
}

/// Whether a source is needed for a runbook with these values.
pub fn is_needed(source: &str, definition: &Definition, values: &BTreeMap<String, Json>) -> bool {
    let of_fleet = matches!(definition.target.word(), "fleet" | "shift");
    if of_fleet || source == "rules/repo" || source.starts_with("prometheus/") || source.starts_with("alertmanager/") {
        return true;
    }
    // What a variable says, or what stands in the runbook itself.
    let target = serde_json::to_value(&definition.target).unwrap_or(Json::Null);
    let named = values.values().filter_map(Json::as_str).chain(texts(&target)).collect::<Vec<_>>();
    let is_of = |family: &str| {
        let name = source.strip_prefix("rules/").unwrap_or(source).strip_prefix(family);
        name.is_some_and(|name| named.contains(&name))
    };
    let of_host = matches!(definition.target.word(), "mount" | "gpu" | "host");
    let of_databases = matches!(definition.target.word(), "patroni" | "postgres");
    is_of("kube/")
        || is_of("docker/")
        || of_databases && source.starts_with("postgres/")
        || of_host && source.starts_with("host/")
}

/// All texts in it.
fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The same, for a plan that was made.
pub fn is_of_target(source: &str, target: &Target) -> bool {
    let own = source.strip_prefix("rules/").unwrap_or(source);
    match target {
        Target::Object { context, .. } | Target::Release { context, .. } => own == format!("kube/{context}"),
        Target::Container { engine, .. } | Target::Service { engine, .. } | Target::Engine { engine } => {
            own == format!("docker/{engine}")
        }
        Target::Mount { .. } | Target::Gpu { .. } | Target::Host { .. } => own.starts_with("host/"),
        Target::Patroni { .. } | Target::Postgres { .. } => own.starts_with("postgres/"),
        Target::Fleet | Target::Shift { .. } => true,
        _ => false,
    }
}

/// Secrets, `NAME=FILE` or `NAME=$VARIABLE` each: they never stand on the command line.
///
/// # Errors
/// Which cannot be read.
pub fn secrets(given: &[String]) -> Result<BTreeMap<String, String>, Ended> {
    let mut named = BTreeMap::new();
    for text in given {
        let (name, from) =
            text.split_once('=').ok_or_else(|| usage("write a secret as --secret NAME=FILE or NAME=$VARIABLE"))?;
        named.insert(name.to_owned(), from.to_owned());
    }
    secret::read_all(&named).map_err(usage)
}
