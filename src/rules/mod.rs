//! Rules: what counts as "not as it should be". A check looks at what has been observed and names the conditions that hold
//! now; the [`engine`] knows for how long they have held.

/// One line a file: its name, and its checks.
macro_rules! checks {
    ($($file:ident { $($check:ident $(($of:expr))?,)* })*) => {
        $(mod $file;)*
        /// The checks of these files.
        pub(super) static LISTED: &[&dyn Check] = &[$($(&$file::$check $(($of))?,)*)*];
    };
}

pub mod engine;
mod host;

use crate::model::{
    Timestamp,
    attention::{Condition, Severity},
    lookback::Lookback,
    object::ObjectRef,
    observed::Observed,
    postgres::health,
    source::SourceState,
    topic::{Topic, TopicSet},
};
use std::sync::LazyLock;

/// What a check may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub observed: &'a Observed,
    /// The past of this host, as far as a rule asks for it.
    pub lookback: &'a Lookback,
    /// What the check that looks has raised already.
    pub raised: engine::Raised<'a>,
}

/// A limit with a way back: what is above `raise` is raised, and is over when it is no longer above `clear`, so that a figure that wanders around
/// one of them is told once.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub raise: f64,
    pub clear: f64,
    pub severity: Severity,
}

impl Limit {
    /// A limit.
    pub const fn new(raise: f64, clear: f64, severity: Severity) -> Self {
        Self { raise, clear, severity }
    }
}

impl<'a> Context<'a> {
    /// What may be looked at of a world.
    pub fn new(now: Timestamp, observed: &'a Observed, lookback: &'a Lookback) -> Self {
        Self { now, observed, lookback, raised: engine::Raised::default() }
    }

    /// The same without a past, for tests.
    #[cfg(test)]
    pub fn at(now: Timestamp, observed: &'a Observed) -> Self {
        static NO_PAST: Lookback = Lookback::new();
        Self::new(now, observed, &NO_PAST)
    }

    /// The worst limit that a figure of an object is above; limits go from mild to severe.
    pub fn above(&self, object: &ObjectRef, value: f64, limits: &[Limit]) -> Option<Severity> {
        let raised = self.raised.severity(object);
        let holds = |limit: &&Limit| value > limit.raise || (raised >= Some(limit.severity) && value > limit.clear);
        limits.iter().rev().find(holds).map(|limit| limit.severity)
    }

    /// Whether the source of a topic answered before and does not now: what it said is old.
    pub fn is_silent(&self, topic: Topic) -> bool {
        let states = self.observed.sources.values().filter(|source| source.report.topics.contains(topic));
        states.map(|source| source.state(self.now)).any(|state| matches!(state, SourceState::Stale | SourceState::Down))
    }
}

impl Context<'_> {
    /// Whether the source that knows an object answered before and does not now. Objects of this host belong to topics, not to
    /// sources.
    pub fn is_silent_about(&self, object: &ObjectRef) -> bool {
        let status = object.source().and_then(|name| self.observed.sources.get(&name));
        status.is_some_and(|status| matches!(status.state(self.now), SourceState::Stale | SourceState::Down))
    }
}

/// One rule. A check is one file, and one line in the list below or, of this host, in that of `host`.
pub trait Check: Sync {
    /// Stable identity, in kebab case.
    fn id(&self) -> &'static str;
    /// The data that it judges; while its source is silent nothing is raised and nothing is over.
    fn topic(&self) -> Option<Topic> {
        None
    }
    /// Where it looks at nothing but these, not even at the time: it is then asked again only when they changed.
    fn judges_only(&self) -> Option<TopicSet> {
        None
    }
    /// Seconds for which a condition must hold before it is raised.
    fn raise_after_seconds(&self) -> f64 {
        0.0
    }
    /// Seconds for which it must be gone before it is cleared, so that a figure at the threshold does not flap.
    fn clear_after_seconds(&self) -> f64 {
        10.0
    }
    /// The rule whose row says more of the same object: while that stands and is no milder, this one's is not shown beside it.
    fn yields_to(&self) -> Option<&'static str> {
        None
    }
    /// Whether it needs more than one look: what it judges has to hold for a time, or is a share of one.
    fn looks_back(&self) -> bool {
        self.raise_after_seconds() >= 60.0
    }
    /// Adds the conditions that hold now.
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>);
}

checks! {
    source { SourceDown, SourceStale, }
    gpu { GpuHealth, GpuSlow, }
    ai { AiSilent, AiQueue, AiOnCpu, }
    violation { RuleViolated, }
    alert { AlertFiring, AlertRuleBroken, }
    slo { SloBurning, }
    duty { ACTION, POSTMORTEM, DRILL, RunWaits, }
    container {
        ContainerUnhealthy,
        ContainerLooping,
        ContainerRestarted,
        ContainerOom,
        ContainerExited,
        ContainerStuck,
    }
    kubernetes { KubeWorkload, KubePod, KubeNode, }
    postgres {
        Postgres(health::NO_LEADER),
        Postgres(health::LEADERS),
        Postgres(health::SILENT_LEADER),
        Postgres(health::STORE),
        Postgres(health::IDENTITY),
        Postgres(health::PAUSED),
        Postgres(health::SYNCHRONOUS),
        Postgres(health::MEMBER),
        Postgres(health::STREAMING),
        Postgres(health::LAG),
        Postgres(health::TIMELINE),
        Postgres(health::REPLAY),
        Postgres(health::SERVER),
        Postgres(health::SLOT),
        Postgres(health::RESTART),
    }
}

/// Every check: those of this host, whose files lie in `host`, and those listed above.
pub static CHECKS: LazyLock<Vec<&dyn Check>> = LazyLock::new(|| [host::LISTED, LISTED].concat());
