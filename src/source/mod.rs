//! Sources: where data comes from. A source is one file and one line in the list of its family ([`host`]).
//!
//! A source never blocks the cockpit: the [`supervisor`] runs each one as its own task, off the event loop, with a deadline, a
//! jittered backoff after failures, and a report of every change of its state.

pub mod ai;
pub mod alertmanager;
pub mod docker;
pub mod gpu;
pub mod host;
pub mod journal;
pub mod kubernetes;
pub mod live;
pub mod logs;
pub mod named;
pub mod objects;
#[cfg(test)]
mod planted;
pub mod postgres;
pub mod prometheus;
pub mod repo;
pub mod rules;
pub mod script;
pub mod shared;
pub mod supervisor;

use crate::client::{Clients, named::Named, postgres::ClusterOptions};
use crate::model::{
    Timestamp, object::ObjectRef, own::OwnCounters, topic::TopicSet, update::Update, watch::GraphAsked,
};
use crate::slo::Definition;
use compact_str::CompactString;
use live::Live;
use std::{sync::Arc, time::Duration};

/// What a source is, for the supervisor and for `doctor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Unique, with its family before the stroke: `host/gauges`.
    pub name: CompactString,
    /// Family, as the status line groups them: `host`.
    pub kind: CompactString,
    /// What it delivers; asked only while somebody needs one of these.
    pub topics: TopicSet,
    /// How often, while a visible pane needs it.
    pub foreground: Duration,
    /// How often otherwise, for rules, history and the flight recorder; `None` is not at all.
    pub background: Option<Duration>,
    /// An answer that takes longer counts as none.
    pub deadline: Duration,
}

/// What is asked of a source.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The time that the answer will be stamped with.
    pub at: Timestamp,
    /// Everything that is needed now, for sources that can do more than their own topic costs.
    pub wanted: TopicSet,
    /// Those of them that a visible pane shows.
    pub visible: TopicSet,
    /// The object that is open on the screen.
    pub open: Option<ObjectRef>,
    /// The graph that this object has.
    pub graph: Option<GraphAsked>,
    /// When the impact of the incident began that goes on.
    pub incident_since: Option<Timestamp>,
}

/// Why a source has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not there on this machine; nothing is wrong.
    #[error("{reason}")]
    Off { reason: String },
    /// It should answer, and does not.
    #[error("{reason}")]
    Down { reason: String, hint: String },
}

/// Something that can be asked for data.
pub trait Source: Send + 'static {
    /// What it is. Constant over its life.
    fn spec(&self) -> Spec;

    /// Reads, derives and answers. May block: it runs on a thread of its own, never twice at once.
    ///
    /// # Errors
    /// [`SourceError::Off`] where the thing does not exist here, [`SourceError::Down`] where it should answer.
    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError>;
}

/// A source of either sort.
pub enum AnySource {
    /// Asked again and again.
    Polled(Box<dyn Source>),
    /// Tells by itself.
    Live(Box<dyn Live>),
}

impl AnySource {
    /// What it is.
    pub fn spec(&self) -> Spec {
        match self {
            Self::Polled(source) => source.spec(),
            Self::Live(live) => live.spec(),
        }
    }
}

impl From<Box<dyn Source>> for AnySource {
    fn from(source: Box<dyn Source>) -> Self {
        Self::Polled(source)
    }
}

/// What the configuration says of sources beyond how often they are asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    pub gpu: gpu::Options,
    pub ai: ai::Options,
    pub rules: rules::Options,
    pub alertmanagers: Vec<Named>,
    pub prometheus: Vec<Named>,
    /// Service level objectives, whichever Prometheus is asked for them.
    pub slos: Vec<Definition>,
    /// PostgreSQL clusters.
    pub postgres: Vec<ClusterOptions>,
}

/// Every source of this program, in the order of the status line. `counters` are what the cockpit counts about itself.
pub fn all(counters: Arc<OwnCounters>, clients: &Arc<Clients>, options: &Options) -> Vec<AnySource> {
    let shared = shared::Shared::default();
    let ai: Box<dyn Source> = Box::new(ai::AiSource::new(host::read::Root::real(), &options.ai));
    let own =
        host::all(counters).into_iter().chain(gpu::all(&options.gpu)).map(|source| shared.tap(source)).chain([ai]);
    let polled = own.chain(watched(options)).chain(postgres::all(&options.postgres)).map(AnySource::Polled);
    let live = docker::all(clients).into_iter().chain(kubernetes::all(clients));
    let live = live.chain(rules::all(clients, &options.rules, &shared)).map(AnySource::Live);
    polled.chain(live).collect()
}

/// Those of Alertmanagers and Prometheus.
fn watched(options: &Options) -> impl Iterator<Item = Box<dyn Source>> {
    let alerts = options
        .alertmanagers
        .iter()
        .map(|named| -> Box<dyn Source> { Box::new(alertmanager::AlertSource::new(named.clone())) });
    let (slos, _) = prometheus::assigned(&options.slos, &options.prometheus);
    let metrics =
        options.prometheus.iter().zip(slos).map(|(named, slos)| -> Box<dyn Source> {
            Box::new(prometheus::PrometheusSource::new(named.clone(), slos))
        });
    alerts.chain(metrics).collect::<Vec<_>>().into_iter()
}
