//! The gate and the world of who has no cockpit: the sources that a run needs, watched on a thread of their own for as long as it goes on.

use super::{Around, Refusal};
use crate::{
    clock,
    model::{source::SourceState, topic::TopicSet},
    ops::{
        gate::{Decision, Gate, Permit, Policy},
        operation::Operation,
    },
    source::{
        AnySource, live,
        supervisor::{Demand, News, supervise},
    },
    world::World,
};
use compact_str::CompactString;
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// News that may wait.
const QUEUE: usize = 64;

/// What is shared with the thread that watches.
#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    /// Told whenever a source has reported.
    told: Condvar,
}

/// A world that is kept up to date, and the gate.
pub struct Eyes {
    shared: Arc<Shared>,
    policy: Policy,
    names: Vec<CompactString>,
    /// Dropping it ends the sources.
    _demand: watch::Sender<Demand>,
}

impl Eyes {
    /// Begins to watch by these sources.
    ///
    /// # Errors
    /// The operating system gives no thread or no event loop.
    pub fn open(sources: Vec<AnySource>, policy: Policy) -> io::Result<Self> {
        let shared = Arc::new(Shared { world: Mutex::new(World::at(clock::now())), told: Condvar::new() });
        let demand = Demand { visible: TopicSet::all(), background: TopicSet::all(), ..Demand::default() };
        let (demand_in, demand) = watch::channel(demand);
        let names = sources.iter().map(|source| source.spec().name).collect();
        let theirs = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(16).build()?;
        thread::Builder::new().name("runbook-eyes".into()).spawn(move || {
            runtime.block_on(watch_on(sources, demand, &theirs));
            // A source that hangs in the kernel must not hold us up.
            runtime.shutdown_background();
        })?;
        Ok(Self { shared, policy, names, _demand: demand_in })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every source has said how it is, but no longer than this; names those that have not.
    pub fn wait(&self, patience: Duration) -> Vec<CompactString> {
        let open = |world: &World| -> Vec<CompactString> {
            let is_open = |name: &&CompactString| {
                let source = world.observed.sources.get(*name);
                source.is_none_or(|source| source.report.state == SourceState::Waiting)
            };
            self.names.iter().filter(is_open).cloned().collect()
        };
        let world = self.world();
        let waited = self.shared.told.wait_timeout_while(world, patience, |world| !open(world).is_empty());
        let (world, _) = waited.unwrap_or_else(PoisonError::into_inner);
        open(&world)
    }
}

async fn watch_on(sources: Vec<AnySource>, demand: watch::Receiver<Demand>, shared: &Shared) {
    let (news_in, mut news) = mpsc::channel(QUEUE);
    for source in sources {
        match source {
            AnySource::Polled(source) => drop(tokio::spawn(supervise(source, demand.clone(), news_in.clone()))),
            AnySource::Live(source) => live::start(source, demand.clone(), news_in.clone()),
        }
    }
    drop(news_in);
    while let Some(news) = news.recv().await {
        // Nobody asks for anything any more.
        if demand.has_changed().is_err() {
            return;
        }
        let mut world = shared.world.lock().unwrap_or_else(PoisonError::into_inner);
        match news {
            News::Updates { at, source, updates } => drop(world.apply(at, &source, updates)),
            News::Report { at, report } => drop(world.report(at, report)),
        }
        drop(world);
        shared.told.notify_all();
    }
}

impl Around for Eyes {
    fn permit(&self, operation: Operation) -> Result<Permit, Refusal> {
        let mut world = self.world();
        world.pass(clock::now());
        let asked = operation.clone();
        Gate::permit(operation, &world, &self.policy).map_err(|why| Refusal::of(why, &asked, &world, &self.policy))
    }

    fn would_permit(&self, operation: &Operation) -> Result<(), Refusal> {
        let mut world = self.world();
        world.pass(clock::now());
        match Gate::decide(operation, &world, &self.policy) {
            Decision::Allowed(_) => Ok(()),
            Decision::Refused(why) => Err(Refusal::of(why, operation, &world, &self.policy)),
        }
    }

    fn wait_for_news(&self, at_most: Duration) -> bool {
        drop(self.shared.told.wait_timeout(self.world(), at_most));
        true
    }

    fn see(&self, look: &mut dyn FnMut(&World)) {
        let mut world = self.world();
        world.pass(clock::now());
        look(&world);
    }
}
