//! Clusters: workloads, pods and nodes that are not as they should be. A pod is told by the workload that it belongs to where
//! that is not well either, so that one cause is one row.

use super::{Check, Context};
use crate::model::{
    attention::{Condition, Severity},
    health::Health,
    kubernetes::{Kube, Pod, Unwell, Workload},
    object::{ObjectKind, ObjectRef},
    topic::{Topic, TopicSet},
    units,
};
use compact_str::{CompactString, format_compact};
use std::collections::HashMap;

/// From this number on, pods of one namespace that belong to nobody become one row.
const GROUP_FROM: usize = 6;
/// What holds for less than this is on its way.
const SECONDS: f64 = 5.0;
/// What the checks look at. They do not ask for the time: what time alone turns bad, the source judges anew.
const TOPICS: TopicSet = TopicSet::of(&[Topic::Pods, Topic::Workloads, Topic::Nodes, Topic::PodUsage]);

/// A Deployment, StatefulSet, DaemonSet or Job that lacks pods.
pub struct KubeWorkload;

impl Check for KubeWorkload {
    fn id(&self) -> &'static str {
        "kube-workload"
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(TOPICS)
    }
    fn raise_after_seconds(&self) -> f64 {
        SECONDS
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let kube = &context.observed.kube;
        let unwell: HashMap<_, _> =
            kube.unwell().iter().filter_map(|group| Some((address_of(group)?, group))).collect();
        for workload in kube.workloads.iter() {
            let group = unwell.get(&address(workload)).copied();
            if is_told(kube, workload, group) {
                let pods: Vec<_> = group.into_iter().flat_map(|group| group.pods(kube)).collect();
                found.push(self.condition(kube, workload, &pods));
            }
        }
    }
}

/// Whether a workload has a row of its own: it is not well, or it is on its way and pods of it fail. What another workload makes is
/// told by that one.
fn is_told(kube: &Kube, workload: &Workload, group: Option<&Unwell>) -> bool {
    let fails = || group.is_some_and(|group| group.pods(kube).any(|pod| pod.health == Health::Failing));
    let is_made = matches!(&workload.owner, Some(owner) if owner.kind == "Deployment");
    !is_made
        && match workload.health {
            Health::Degraded | Health::Failing => true,
            Health::Progressing => fails(),
            _ => false,
        }
}

impl KubeWorkload {
    fn condition(&self, kube: &Kube, workload: &Workload, pods: &[&Pod]) -> Condition {
        let worst = pods.iter().max_by_key(|pod| (pod.health, pod.restarts));
        let ready = |of: Option<u32>| of.map_or_else(|| "?".into(), |n| n.to_string());
        let counts = format!("{}/{} ready", ready(workload.ready), ready(workload.desired));
        let cause = match worst {
            _ if matches!(workload.kind, ObjectKind::Job | ObjectKind::CronJob) => {
                let pod = worst.map_or_else(String::new, |pod| format!("; {}", pod.reason));
                format!("{}{pod}", workload.reason)
            }
            Some(pod) => {
                let stuck = if workload.reason.contains("progress deadline") { ", rollout stuck" } else { "" };
                format!("{counts}{stuck}: {}", reason(kube, pod))
            }
            None => workload.reason.to_string(),
        };
        let quota = workload.conditions.iter().find(|c| c.kind == "ReplicaFailure" && c.status == "True");
        let next_step = match (worst, quota) {
            (_, Some(failure)) if failure.message.contains("quota") => "raise the quota, or ask for less",
            (_, Some(_)) => "see why its pods cannot be created",
            (Some(_), _) if workload.kind == ObjectKind::Deployment && is_new(workload) => {
                "w says why; r rolls back, if the newest revision is the cause"
            }
            (Some(pod), _) => next_step(pod),
            (None, _) => "see why, and its events",
        };
        let failing = workload.health == Health::Failing;
        let object = ObjectRef::in_cluster(workload.kind, &workload.context, &workload.namespace, &workload.name);
        Condition {
            rule: self.id().into(),
            severity: if failing { Severity::Error } else { Severity::Warn },
            kind: short(workload.kind).into(),
            object,
            name: name(kube, &workload.context, &workload.namespace, &workload.name),
            cause,
            next_step: next_step.into(),
            count: 1,
            since: since(workload, pods),
        }
    }
}

/// Since when a workload lacks pods, as its conditions or else its pods say.
fn since(workload: &Workload, pods: &[&Pod]) -> Option<crate::model::Timestamp> {
    let bad = |kind: &str, status: &str| workload.conditions.iter().find(|c| c.kind == kind && c.status == status);
    let said = bad("ReplicaFailure", "True").or_else(|| bad("Available", "False")).or_else(|| bad("Failed", "True"));
    said.and_then(|c| c.since).or_else(|| pods.iter().filter_map(|pod| began(pod)).min())
}

/// Whether the newest revision is not (yet) there as a whole.
fn is_new(workload: &Workload) -> bool {
    workload.reason.contains("rollout") || workload.reason.contains("rolling") || workload.updated < workload.desired
}

/// A pod that is not well and that no workload's row tells.
pub struct KubePod;

impl Check for KubePod {
    fn id(&self) -> &'static str {
        "kube-pod"
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(TOPICS)
    }
    fn raise_after_seconds(&self) -> f64 {
        SECONDS
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let kube = &context.observed.kube;
        let is_told = |group: &Unwell| {
            let Some((kind, name)) = &group.workload else { return false };
            let key = format_compact!("{}/{}/{name}", kind.word(), group.namespace);
            kube.workloads.get(&group.context, &key).is_some_and(|workload| is_told(kube, workload, Some(group)))
        };
        let mut alone: HashMap<(&str, &str), Vec<&Pod>> = HashMap::new();
        for group in kube.unwell().iter().filter(|group| !is_told(group)) {
            alone.entry((&group.context, &group.namespace)).or_default().extend(group.pods(kube));
        }
        for ((context, namespace), pods) in alone {
            if pods.len() < GROUP_FROM {
                found.extend(pods.into_iter().map(|pod| self.one(kube, pod)));
            } else {
                found.push(self.many(kube, context, namespace, &pods));
            }
        }
    }
}

impl KubePod {
    fn one(&self, kube: &Kube, pod: &Pod) -> Condition {
        Condition {
            rule: self.id().into(),
            severity: severity(pod.health),
            kind: "pod".into(),
            object: ObjectRef::in_cluster(ObjectKind::Pod, &pod.context, &pod.namespace, &pod.name),
            name: name(kube, &pod.context, &pod.namespace, &pod.name),
            cause: reason(kube, pod),
            next_step: next_step(pod).into(),
            count: 1,
            since: began(pod),
        }
    }

    /// One row for a namespace with many: how many, and what ails most of them.
    fn many(&self, kube: &Kube, context: &str, namespace: &str, pods: &[&Pod]) -> Condition {
        let mut by_status: HashMap<&str, usize> = HashMap::new();
        for pod in pods {
            *by_status.entry(pod.status.as_str()).or_default() += 1;
        }
        let mut by_status: Vec<_> = by_status.into_iter().collect();
        by_status.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let others = by_status.len().saturating_sub(3);
        let mut words: Vec<_> = by_status.iter().take(3).map(|(status, count)| format!("{count} {status}")).collect();
        if others > 0 {
            words.push(format!("{others} other states"));
        }
        let worst = pods.iter().map(|pod| severity(pod.health)).max().unwrap_or(Severity::Warn);
        Condition {
            rule: self.id().into(),
            severity: worst,
            kind: "pod".into(),
            object: ObjectRef::resource(context, "namespaces", "", namespace),
            name: name(kube, context, namespace, "*"),
            cause: format!("{} pods are not well: {}", pods.len(), words.join(", ")),
            next_step: "see the pods of this namespace, sorted by health".into(),
            count: pods.len() as u32,
            since: pods.iter().filter_map(|pod| began(pod)).max(),
        }
    }
}

/// A node that is not ready, or is short of something.
pub struct KubeNode;

impl Check for KubeNode {
    fn id(&self) -> &'static str {
        "kube-node"
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(TOPICS)
    }
    fn raise_after_seconds(&self) -> f64 {
        SECONDS
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let kube = &context.observed.kube;
        for (_, node) in kube.nodes.that_are(Health::is_unwell) {
            let bad = |c: &&crate::model::kubernetes::Condition| (c.kind == "Ready") != (c.status == "True");
            found.push(Condition {
                rule: self.id().into(),
                severity: severity(node.health),
                kind: "node".into(),
                object: ObjectRef::in_cluster(ObjectKind::Node, &node.context, "", &node.name),
                name: name(kube, &node.context, "", &node.name),
                cause: node.reason.to_string(),
                next_step: "see its conditions and events; cordon and drain it if it does not come back".into(),
                count: 1,
                since: node.conditions.iter().find(bad).and_then(|c| c.since),
            });
        }
    }
}

const fn severity(health: Health) -> Severity {
    match health {
        Health::Failing => Severity::Error,
        Health::Unknown => Severity::Unknown,
        _ => Severity::Warn,
    }
}

/// The short word for a kind, as kubectl has it.
const fn short(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Deployment => "deploy",
        ObjectKind::StatefulSet => "sts",
        ObjectKind::DaemonSet => "ds",
        ObjectKind::ReplicaSet => "rs",
        other => other.word(),
    }
}

/// `shop/web`, with the context before it where several clusters are watched.
fn name(kube: &Kube, context: &str, namespace: &str, name: &str) -> CompactString {
    let path = crate::model::kubernetes::path(namespace, name);
    if kube.clusters.len() > 1 { format_compact!("{context} {path}") } else { path }
}

/// Why a pod is not well; of one that was killed for want of memory, its working set now beside the limit.
fn reason(kube: &Kube, pod: &Pod) -> String {
    let used =
        kube.usage_of(pod).and_then(|usage| usage.memory_bytes).filter(|_| pod.reason.contains("OOM killed, limit"));
    let used = used.map_or_else(String::new, |used| format!("; working set {} now", units::bytes(used as f64)));
    format!("{}{used}", pod.reason)
}

/// Since when a pod is not well, as far as the API says.
fn began(pod: &Pod) -> Option<crate::model::Timestamp> {
    let unready = pod.ready_since.filter(|_| pod.is_ready == Some(false));
    pod.deleted_at.or(unready).or(pod.created_at)
}

fn next_step(pod: &Pod) -> &'static str {
    let reason = pod.reason.as_str();
    match pod.status.as_str() {
        _ if reason.starts_with("unschedulable") => "make room, or ask for less: requests, taints, affinity, claims",
        _ if reason.contains("OOM killed") => "raise its memory limit, or roll back (r) what made it grow",
        _ if reason.contains("crash loop") => "read its last words (l), then roll back (r) or fix it",
        _ if reason.contains(" does not come") => "check the image's name and tag, and the registry's credentials",
        "CreateContainerConfigError" => "check the ConfigMaps and Secrets that it names",
        "Terminating" => "see who holds its finalizer, or whether its node is gone",
        "Unknown" | "NodeLost" => "look at its node",
        "Evicted" => "look at its node's memory and disk; delete what was evicted",
        _ if reason.contains("not ready") => "see its readiness probe and its log",
        _ => "see why, and its log",
    }
}

/// Context, kind, namespace and name of a workload.
type Address<'a> = (&'a str, ObjectKind, &'a str, &'a str);

fn address(workload: &Workload) -> Address<'_> {
    (&workload.context, workload.kind, &workload.namespace, &workload.name)
}

fn address_of(group: &Unwell) -> Option<Address<'_>> {
    let (kind, name) = group.workload.as_ref()?;
    Some((&group.context, *kind, &group.namespace, name))
}

#[cfg(test)]
#[path = "kubernetes_tests.rs"]
mod tests;
