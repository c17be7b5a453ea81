//! Executes what the gate permitted. Every function here takes a [`Permit`] by value: one permit, one deed.

use super::{
    alertmanager, docker, errand,
    gate::Permit,
    kubernetes,
    ledger::{Ledger, Record},
    operation::Operation,
    paper, postgres, process, tell,
};
use crate::{
    client::Clients,
    model::{concealed::Concealed, object::ObjectRef},
};
use std::{sync::Arc, time::Duration};

/// Tells how far something that takes long has come.
pub type Progress<'a> = &'a (dyn Fn(String) + Sync);

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deed {
    /// In words.
    pub text: String,
    /// Values that were asked for: for the screen alone.
    pub revealed: Option<Revealed>,
    /// What the server answered, for a run that goes on by it; not recorded by the ledger.
    pub answer: Option<serde_json::Value>,
}

/// The values of a Secret. They are shown and forgotten; they are not recorded, and their debug form does not hold them.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed {
    pub target: ObjectRef,
    /// By key; what is no text is described.
    pub values: Vec<(String, String)>,
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revealed({}, {} values)", self.target, self.values.len())
    }
}

/// Why something was not done, or is not known to have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was not done.
    Failed(String),
    /// Nobody can say whether it was done: the connection broke, or no answer came in time.
    Unknown(String),
}

impl Failure {
    /// It was not done.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }

    /// Why, for who does not care which of both it is.
    pub fn into_why(self) -> String {
        match self {
            Self::Failed(why) | Self::Unknown(why) => why,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::Unknown(why) => write!(f, "outcome unknown: {why}; look before you repeat it"),
        }
    }
}

impl From<&str> for Deed {
    fn from(text: &str) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl From<String> for Deed {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

/// Does it, and says in words how it went. Intent and outcome go into the ledger.
///
/// # Errors
/// What was being done, on what, and what went wrong.
pub fn execute(
    permit: Permit,
    clients: &Arc<Clients>,
    progress: Progress<'_>,
    ledger: &dyn Ledger,
) -> Result<Deed, String> {
    let operation = permit.operation().clone();
    perform(permit, clients, progress, ledger)
        .map(|deed| Deed { text: format!("{operation}: {}", deed.text), ..deed })
        .map_err(|failure| format!("{operation}: {failure}"))
}

/// Does it, for who has to tell what failed from what nobody knows. Intent and outcome go into the ledger.
///
/// # Errors
/// Whether it was not done or nobody can say, and why.
pub fn perform(
    permit: Permit,
    clients: &Arc<Clients>,
    progress: Progress<'_>,
    ledger: &dyn Ledger,
) -> Result<Deed, Failure> {
    let record = Record::begin(&permit, ledger);
    let outcome = match permit.operation() {
        Operation::SignalProcess { pid, start_ticks, signal, .. } => {
            process::signal(*pid, *start_ticks, *signal).map(|()| Deed::from("done")).map_err(Failure::Failed)
        }
        Operation::Engine { target, name, act } => within(docker::execute(target, name, act, clients, progress)),
        Operation::Kube { target, act } => within(kubernetes::execute(target, act, permit.at(), clients, progress)),
        Operation::Rules(change) => paper::write(change),
        Operation::OpenFile(_) => Err(Failure::failed("the editor needs the terminal")),
        Operation::Errand(errand) => within(errand::execute(errand)),
        Operation::Notify(telling) => within(tell::once(telling, clients)),
        Operation::Alertmanager { target, act, .. } => within(alertmanager::execute(&permit, target, act, clients)),
        Operation::Postgres { target, act } => within(postgres::execute(&permit, target, act, clients, progress)),
    };
    let conceals = record.operation().conceals();
    let outcome = match outcome {
        Ok(deed) => Ok(Deed { text: without(&conceals, deed.text), ..deed }),
        Err(Failure::Failed(why)) => Err(Failure::Failed(without(&conceals, why))),
        Err(Failure::Unknown(why)) => Err(Failure::Unknown(without(&conceals, why))),
    };
    record.close(ledger, outcome)
}

/// A text without what was concealed, the longest first, so that one within another leaves nothing behind.
fn without(conceals: &[&Concealed], text: String) -> String {
    let mut all: Vec<&str> = conceals.iter().map(|one| one.reveal()).filter(|one| !one.is_empty()).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.len()));
    all.into_iter().fold(text, |text, one| text.replace(one, crate::model::redact::REDACTED))
}

/// Runs something asynchronous to its end on this thread.
pub fn within<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no event loop: {error}")))?;
    let outcome = runtime.block_on(work);
    // What hangs in the kernel must not keep the thread.
    runtime.shutdown_background();
    outcome
}

/// Gives something a time in which it has to be done.
///
/// # Errors
/// Its own, and [`Failure::Unknown`] where it took longer.
pub async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Unknown(format!("no answer within {} s", limit.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            gate::{Gate, Policy},
            ledger::LogOnly,
            operation::Signal,
        },
        *,
    };
    use crate::{
        model::{Timestamp, journal::Actor, process::Process, update::Update},
        world::World,
    };
    use std::{
        fmt::Debug,
        sync::{Arc, Mutex},
    };
    use tracing::field::{Field, Visit};
    use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

    /// Keeps the fields of every event.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Visit for Kept {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.lock().expect("sound").push(format!("{field}={value:?}"));
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            event.record(&mut self.clone());
        }
    }

    #[test]
    fn the_log_says_who_acted() {
        // A start time that no process has: nothing can be hit.
        let (pid, start_ticks) = (i32::MAX, u64::MAX);
        let process = Process { pid, start_ticks, name: "x".into(), parent: 1, ..Process::default() };
        let mut world = World::default();
        world.apply(Timestamp::UNIX_EPOCH, "host/processes", vec![Update::Processes(vec![process])]);
        let policy = Policy {
            armed: true,
            own_pid: 70,
            actor: Actor { name: "ann b".into(), ..Actor::default() },
            ..Policy::default()
        };
        let operation = Operation::SignalProcess { pid, start_ticks, name: "x".into(), signal: Signal::Term };
        let permit = Gate::permit(operation, &world, &policy).expect("permitted");
        let kept = Kept::default();
        let outcome = tracing::subscriber::with_default(tracing_subscriber::registry().with(kept.clone()), || {
            execute(permit, &Arc::default(), &|_| {}, &LogOnly)
        });
        assert!(outcome.is_err(), "{outcome:?}");
        let fields = kept.0.lock().expect("sound");
        assert_eq!(fields.iter().filter(|field| *field == "actor=\"ann b\"").count(), 2, "{fields:?}");
    }

    #[test]
    fn revealed_values_are_not_in_their_debug_form() {
        let target = ObjectRef::resource("c", "secrets", "n", "s");
        let revealed = Revealed { target, values: vec![("password".into(), "hunter2".into())] };
        assert!(!format!("{revealed:?}").contains("hunter2"));
    }
}
