//! What clusters run, as scripts read it.

use crate::model::{
    Timestamp,
    health::Health,
    kubernetes::{Kube, Node, Pod, Workload},
};
use compact_str::{CompactString, format_compact};
use serde::Serialize;

/// A pod. `ready`, `status` and `restarts` are as `kubectl get pods` prints them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PodPart {
    pub context: CompactString,
    pub namespace: CompactString,
    pub name: CompactString,
    /// `1/2`.
    pub ready: CompactString,
    pub status: CompactString,
    pub restarts: u32,
    pub restarted_at: Option<Timestamp>,
    pub node: Option<CompactString>,
    pub ip: Option<CompactString>,
    pub age_seconds: Option<f64>,
    /// `ReplicaSet/web-1`.
    pub owner: Option<CompactString>,
    pub health: Health,
    /// Why it is not well.
    pub reason: Option<CompactString>,
    pub cpu_cores: Option<f64>,
    pub cpu_request_cores: Option<f64>,
    pub cpu_limit_cores: Option<f64>,
    /// The working set.
    pub memory_bytes: Option<u64>,
    pub memory_request_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkloadPart {
    pub context: CompactString,
    pub kind: &'static str,
    pub namespace: CompactString,
    pub name: CompactString,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    pub updated: Option<u32>,
    pub available: Option<u32>,
    pub revision: Option<u64>,
    pub health: Health,
    pub reason: Option<CompactString>,
    pub images: Vec<CompactString>,
    pub owner: Option<CompactString>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodePart {
    pub context: CompactString,
    pub name: CompactString,
    /// As `kubectl get nodes` prints it.
    pub status: CompactString,
    pub roles: Vec<CompactString>,
    pub version: CompactString,
    pub cpu_allocatable_cores: Option<f64>,
    pub memory_allocatable_bytes: Option<u64>,
    pub health: Health,
    pub reason: Option<CompactString>,
}

/// Something that is written only where it says something.
fn some(text: &CompactString) -> Option<CompactString> {
    Some(text.clone()).filter(|text| !text.is_empty())
}

/// All pods, by context, namespace and name.
pub fn pods(kube: &Kube, now: Timestamp) -> Vec<PodPart> {
    kube.pods.iter().map(|pod| self::pod(pod, kube, now)).collect()
}

fn pod(pod: &Pod, kube: &Kube, now: Timestamp) -> PodPart {
    let usage = kube.usage_of(pod).copied().unwrap_or_default();
    PodPart {
        context: pod.context.clone(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        ready: format_compact!("{}/{}", pod.ready, pod.total),
        status: pod.status.clone(),
        restarts: pod.restarts,
        restarted_at: pod.restarted_at,
        node: some(&pod.node),
        ip: some(&pod.ip),
        age_seconds: pod.created_at.map(|at| now.duration_since(at).as_secs_f64().max(0.0)),
        owner: pod.owner.as_ref().map(|owner| format_compact!("{}/{}", owner.kind, owner.name)),
        health: pod.health,
        reason: some(&pod.reason),
        cpu_cores: usage.cpu_cores,
        cpu_request_cores: pod.requests.cpu_cores,
        cpu_limit_cores: pod.limits.cpu_cores,
        memory_bytes: usage.memory_bytes,
        memory_request_bytes: pod.requests.memory_bytes,
        memory_limit_bytes: pod.limits.memory_bytes,
    }
}

/// All workloads.
pub fn workloads(kube: &Kube) -> Vec<WorkloadPart> {
    let part = |workload: &Workload| WorkloadPart {
        context: workload.context.clone(),
        kind: workload.kind.word(),
        namespace: workload.namespace.clone(),
        name: workload.name.clone(),
        desired: workload.desired,
        ready: workload.ready,
        updated: workload.updated,
        available: workload.available,
        revision: workload.revision,
        health: workload.health,
        reason: some(&workload.reason),
        images: workload.images.clone(),
        owner: workload.owner.as_ref().map(|owner| format_compact!("{}/{}", owner.kind, owner.name)),
    };
    kube.workloads.iter().map(|workload| part(workload)).collect()
}

/// All nodes.
pub fn nodes(kube: &Kube) -> Vec<NodePart> {
    let part = |node: &Node| NodePart {
        context: node.context.clone(),
        name: node.name.clone(),
        status: node.status.clone(),
        roles: node.roles.clone(),
        version: node.version.clone(),
        cpu_allocatable_cores: node.cpu_allocatable_cores,
        memory_allocatable_bytes: node.memory_allocatable_bytes,
        health: node.health,
        reason: some(&node.reason),
    };
    kube.nodes.iter().map(|node| part(node)).collect()
}
