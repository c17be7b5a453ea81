//! Two made-up clusters, the same at every run: pods in many states, a rollout that is stuck, nodes, events, any kind of resource,
//! one object whole. A third context is known and not watched.
//!
//! Shared by the unit tests and the golden screens: the including module has `model` in scope.

mod clusters;
mod nodes;
mod pods;
mod whole;
mod workloads;

use super::model::{
    self, Timestamp,
    kubernetes::*,
    object::{ObjectKind, ObjectRef},
    rows::Delta,
    source::{SourceReport, SourceState},
    topic::{Topic, TopicSet},
    update::Update,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use std::sync::Arc;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// The cluster in which things go wrong.
pub const PROD: &str = "prod-eu";
/// The cluster of which not everything may be seen, and which is silent now.
pub const STAGING: &str = "staging";

type Text = CompactString;

/// The object that is told whole: the deployment whose rollout is stuck.
pub fn open() -> ObjectRef {
    ObjectRef::in_cluster(ObjectKind::Deployment, PROD, "shop", "checkout")
}

/// What the made-up clusters tell at `now`.
pub fn reports() -> Vec<SourceReport> {
    let report = |context: &str, state, reason: Option<&str>, hint: Option<&str>| SourceReport {
        name: format_compact!("kube/{context}"),
        kind: "kube".into(),
        topics: TopicSet::of(&[Topic::Pods, Topic::Workloads, Topic::Nodes, Topic::KubeEvents, Topic::KubeTable]),
        state,
        reason: reason.map(Into::into),
        hint: hint.map(Into::into),
        cadence_seconds: (state != SourceState::Off).then_some(600.0),
    };
    let refused = "https://10.2.0.1:6443: connection refused";
    vec![
        report(PROD, SourceState::Ok, None, None),
        report(STAGING, SourceState::Down, Some(refused), Some("it is asked again in 20 s")),
        report("dr-us", SourceState::Off, Some("not chosen"), None),
    ]
}

/// The news, by the name of the source.
pub fn news(now: Timestamp) -> Vec<(&'static str, Vec<Update>)> {
    let of = |context: &str, part| Update::Kube(Box::new(KubeNews { context: context.into(), part }));
    let shared = |pods: Vec<Pod>| pods.into_iter().map(Arc::new).collect::<Vec<_>>();
    let at = At(now);
    let prod = vec![
        of(PROD, KubePart::Cluster(Box::new(clusters::prod()))),
        of(PROD, KubePart::Pods(Delta::All(shared(pods::all(at))))),
        of(PROD, KubePart::Workloads(Delta::All(workloads::all(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::Nodes(Delta::All(nodes::all(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::Events(Delta::All(whole::events(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::PodUsage(pods::usage())),
        of(PROD, KubePart::NodeUsage(nodes::usage())),
        of(PROD, KubePart::Table(Box::new(clusters::services(at)))),
        of(PROD, KubePart::Details(Box::new(whole::details(at)))),
    ];
    let staging = vec![
        of(STAGING, KubePart::Cluster(Box::new(clusters::staging()))),
        of(STAGING, KubePart::Pods(Delta::More(shared(pods::staging(at))))),
        of(STAGING, KubePart::Table(Box::new(clusters::forbidden()))),
    ];
    vec![("kube/prod-eu", prod), ("kube/staging", staging)]
}

#[derive(Clone, Copy)]
struct At(Timestamp);

impl At {
    fn ago(self, seconds: i64) -> Option<Timestamp> {
        self.0.checked_sub(SignedDuration::from_secs(seconds)).ok()
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn labels(pairs: &[(&str, &str)]) -> Vec<(Text, Text)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}
