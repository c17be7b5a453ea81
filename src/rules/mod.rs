//! Rules: what counts as "not as it should be". A check looks at what has been observed and names the conditions that hold
//! now; the [`engine`] knows for how long they have held.

mod ai;
mod container;
pub mod engine;
mod gpu;
mod host;
mod kubernetes;
mod source;
mod violation;

use crate::model::{
    Timestamp,
    attention::Condition,
    object::ObjectRef,
    observed::Observed,
    source::SourceState,
    topic::{Topic, TopicSet},
};

/// What a check may look at.
pub struct Context<'a> {
    pub now: Timestamp,
    pub observed: &'a Observed,
}

impl Context<'_> {
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

/// One rule. A check is one file and one line in [`CHECKS`].
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
    /// Adds the conditions that hold now.
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>);
}

/// Every check.
pub static CHECKS: &[&dyn Check] = &[
    &source::SourceDown,
    &source::SourceStale,
    &host::mount::MountSpace,
    &host::mount::MountInodes,
    &host::mount::MountSilent,
    &host::memory::MemoryUsed,
    &host::memory::SwapUsed,
    &host::memory::MemoryPressure,
    &host::memory::OomKill,
    &host::cpu::CpuUsed,
    &host::cpu::CpuPressure,
    &host::cpu::Load,
    &host::cpu::Steal,
    &host::device::DeviceLatency,
    &host::network::NetworkErrors,
    &host::kernel::Conntrack,
    &host::kernel::OpenFiles,
    &host::kernel::ClockUnsynchronized,
    &host::units::FailedUnits,
    &host::sensors::Temperature,
    &gpu::GpuHealth,
    &gpu::GpuSlow,
    &ai::AiSilent,
    &ai::AiQueue,
    &ai::AiOnCpu,
    &violation::RuleViolated,
    &container::ContainerUnhealthy,
    &container::ContainerLooping,
    &container::ContainerRestarted,
    &container::ContainerOom,
    &container::ContainerExited,
    &container::ContainerStuck,
    &kubernetes::KubeWorkload,
    &kubernetes::KubePod,
    &kubernetes::KubeNode,
];
