//! Whether a live workload or container is up: what its controller says of it, and not what its pods seem to be.

use super::kubernetes::group_of;
use crate::model::Timestamp;
use crate::rulebook::{resource::Resource, syntax::node::Node};

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Up,
    /// Not all of it is there. Pointer and what is seen.
    Down(&'static str, String),
    /// Between two states: nobody can say yet.
    Unsettled(&'static str, String),
    /// Nothing that has a health.
    None,
}

/// How a live object is. What changed less than `settle_s` seconds before `now` is not settled.
pub fn of(resource: &Resource, now: Timestamp, settle_s: f64) -> Health {
    match (&*resource.kind, group_of(&resource.api_version)) {
        ("Deployment", "apps") => deployment(resource, now, settle_s),
        ("StatefulSet", "apps") => {
            counted(resource, "/spec/replicas", "/status/availableReplicas", "/status/updatedReplicas")
        }
        ("ReplicaSet", "apps") => counted(resource, "/spec/replicas", "/status/availableReplicas", ""),
        ("DaemonSet", "apps") => counted(
            resource,
            "/status/desiredNumberScheduled",
            "/status/numberAvailable",
            "/status/updatedNumberScheduled",
        ),
        ("Pod", "") => pod(resource),
        ("container", "") => container(resource),
        _ => Health::None,
    }
}

fn number(resource: &Resource, pointer: &str) -> Option<i64> {
    resource.at(pointer).and_then(Node::as_int)
}

/// Whether its controller has seen its latest change.
fn is_observed(resource: &Resource) -> bool {
    match (number(resource, "/status/observedGeneration"), number(resource, "/metadata/generation")) {
        (Some(observed), Some(generation)) => observed >= generation,
        (None, Some(_)) => false,
        _ => true,
    }
}

/// A condition of it: its state, reason and when it last changed.
fn condition<'r>(resource: &'r Resource, kind: &str) -> Option<(&'r str, &'r str, Option<Timestamp>)> {
    let conditions = resource.at("/status/conditions").map(Node::items).unwrap_or_default();
    let found = conditions.iter().find(|item| item.get("type").and_then(Node::as_str) == Some(kind))?;
    let text = |key: &str| found.get(key).and_then(Node::as_str).unwrap_or_default();
    Some((text("status"), text("reason"), text("lastTransitionTime").parse().ok()))
}

/// By <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status>. What it wants is compared with what is
/// available, so that one that a quota holds at none of three is not up.
fn deployment(resource: &Resource, now: Timestamp, settle_s: f64) -> Health {
    let wanted = number(resource, "/spec/replicas").unwrap_or(1);
    let available = number(resource, "/status/availableReplicas").unwrap_or(0);
    let updated = number(resource, "/status/updatedReplicas").unwrap_or(0);
    let share = format!("{available} of {wanted} replicas available");
    if !is_observed(resource) {
        return Health::Unsettled(
            "/status/observedGeneration",
            "its controller has not yet seen its latest change".into(),
        );
    }
    let progressing = condition(resource, "Progressing");
    if let Some(("False", reason, _)) = progressing {
        return Health::Down("/status/conditions", format!("{reason}, {share}"));
    }
    if available >= wanted && updated >= wanted {
        return Health::Up;
    }
    if let Some(("True", reason, _)) = condition(resource, "ReplicaFailure") {
        return Health::Down("/status/conditions", format!("{reason}, {share}"));
    }
    let is_paused = resource.at("/spec/paused").and_then(Node::as_bool).unwrap_or(false);
    let is_rolling =
        !is_paused && progressing.is_some_and(|(_, reason, _)| updated < wanted || reason != "NewReplicaSetAvailable");
    let changed = condition(resource, "Available").and_then(|(_, _, changed)| changed);
    let age_s = changed.and_then(|changed| (now - changed).total(jiff::Unit::Second).ok());
    if is_rolling || (available < wanted && age_s.is_some_and(|age_s| age_s < settle_s)) {
        return Health::Unsettled("/status/availableReplicas", format!("rolling out, {share}"));
    }
    if available >= wanted {
        return Health::Up;
    }
    Health::Down("/status/availableReplicas", share)
}

/// A workload that only counts: there is no deadline by which its rollout has failed.
fn counted(resource: &Resource, wanted: &'static str, available: &'static str, updated: &str) -> Health {
    let missing = if wanted.starts_with("/spec") { 1 } else { 0 };
    let want = number(resource, wanted).unwrap_or(missing);
    let ready = || number(resource, "/status/readyReplicas").or_else(|| number(resource, "/status/numberReady"));
    let have = number(resource, available).or_else(ready).unwrap_or(0);
    if !is_observed(resource) {
        return Health::Unsettled(
            "/status/observedGeneration",
            "its controller has not yet seen its latest change".into(),
        );
    }
    if have >= want {
        return Health::Up;
    }
    let share = format!("{have} of {want} available");
    let is_rolling = number(resource, updated).is_some_and(|updated| updated < want) && is_in_two_revisions(resource);
    if is_rolling {
        Health::Unsettled(available, format!("rolling out, {share}"))
    } else {
        Health::Down(available, share)
    }
}

/// Whether pods of two revisions may be there. A DaemonSet does not say, a StatefulSet names both.
fn is_in_two_revisions(resource: &Resource) -> bool {
    let revision = |pointer: &str| resource.at(pointer).and_then(Node::as_str);
    resource.kind == "DaemonSet" || revision("/status/currentRevision") != revision("/status/updateRevision")
}

/// Reasons for which a pod waits that do not pass by themselves
/// (<https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/>).
const STUCK: &[&str] = &[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

fn pod(resource: &Resource) -> Health {
    for key in ["/status/initContainerStatuses", "/status/containerStatuses"] {
        let statuses = resource.at(key).map(Node::items).unwrap_or_default();
        for status in statuses {
            let reason = status.at("/state/waiting/reason").and_then(Node::as_str).unwrap_or_default();
            if STUCK.contains(&reason) {
                let name = status.get("name").and_then(Node::as_str).unwrap_or_default();
                let place =
                    if key.contains("init") { "/status/initContainerStatuses" } else { "/status/containerStatuses" };
                return Health::Down(place, format!("{reason} of container {name}"));
            }
        }
    }
    match resource.at("/status/phase").and_then(Node::as_str) {
        Some("Failed") => Health::Down("/status/phase", "Failed".into()),
        Some("Succeeded") => Health::Up,
        Some("Running") => match condition(resource, "Ready") {
            Some(("False", reason, _)) => Health::Unsettled("/status/conditions", format!("not ready: {reason}")),
            _ => Health::Up,
        },
        Some(phase) => Health::Unsettled("/status/phase", phase.to_owned()),
        None => Health::Unsettled("/status", "no status yet".into()),
    }
}

/// A container of an engine, as `inspect` shows it.
fn container(resource: &Resource) -> Health {
    let state = |pointer: &str| resource.at(pointer).and_then(Node::as_str);
    let status = state("/State/Status").unwrap_or_default();
    match (status, state("/State/Health/Status")) {
        ("running", Some("unhealthy")) => Health::Down("/State/Health/Status", "unhealthy".into()),
        ("running", Some("starting")) => {
            Health::Unsettled("/State/Health/Status", "its health check is starting".into())
        }
        ("running", _) => Health::Up,
        ("", _) => Health::Unsettled("/State", "no state is known".into()),
        ("created" | "restarting", _) => Health::Unsettled("/State/Status", status.to_owned()),
        (other, _) => Health::Down("/State/Status", other.to_owned()),
    }
}
