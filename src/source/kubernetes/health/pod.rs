//! How a pod is doing.

use super::{Judged, fine};
use crate::model::{
    Timestamp,
    health::Health,
    kubernetes::{ContainerRole, Pod, PodContainer, Run},
    units,
};
use compact_str::{CompactString, format_compact};

/// Longer than this after its grace period a pod that is still there hangs.
const OVERDUE_SECONDS: i64 = 30;
/// A container that becomes ready within this time only starts.
const STARTING_SECONDS: i64 = 60;
/// What is created, pulled or initialised for longer than this is stuck.
const STUCK_SECONDS: i64 = 300;
/// A restart within this time is not over yet.
const RECENT_SECONDS: i64 = 600;

/// Waiting reasons of an image that does not come.
const IMAGE: &[&str] = &[
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];
/// Waiting reasons that are only the way to running.
const ON_THE_WAY: &[&str] = &["", "ContainerCreating", "PodInitializing"];

/// Judges a pod.
pub fn pod(pod: &Pod, now: Timestamp) -> Judged {
    let older = |than: i64, at: Option<Timestamp>| at.is_some_and(|at| now.duration_since(at).as_secs() > than);
    if let Some(deleted) = pod.deleted_at {
        return terminating(pod, older(OVERDUE_SECONDS, Some(deleted)));
    }
    match (pod.phase.as_str(), pod.status.as_str()) {
        ("Succeeded", _) => return (Health::Done, CompactString::default()),
        ("Failed", _) => return (Health::Failing, failed(pod)),
        ("Unknown", _) | (_, "Unknown" | "NodeLost") => {
            return (Health::Unknown, "its node does not say how it is".into());
        }
        (_, "SchedulingGated") => return (Health::Progressing, "held back by a scheduling gate".into()),
        _ => {}
    }
    if pod.node.is_empty() && !pod.message.is_empty() {
        return (Health::Failing, format_compact!("unschedulable: {}", pod.message));
    }
    let worst = pod.containers.iter().filter_map(|container| of_container(pod, container, now)).max_by(|a, b| {
        // Of those that are equally bad the first: kubectl shows that one too.
        a.0.cmp(&b.0).then(std::cmp::Ordering::Greater)
    });
    if let Some(worst) = worst {
        return worst;
    }
    if pod.containers.iter().all(|container| container.state.is_empty()) {
        let stuck = older(STUCK_SECONDS, pod.created_at);
        let words = if pod.node.is_empty() { "waits for a node" } else { "waits for the kubelet of its node" };
        return (if stuck { Health::Degraded } else { Health::Progressing }, words.into());
    }
    let has_gate = pod.is_ready == Some(false) && pod.ready == pod.total && pod.total > 0;
    if has_gate {
        let stuck = older(STARTING_SECONDS, pod.ready_since);
        let health = if stuck { Health::Degraded } else { Health::Progressing };
        return (health, "its containers are ready, the pod is not: a readiness gate, or its node is not ready".into());
    }
    fine()
}

fn terminating(pod: &Pod, overdue: bool) -> Judged {
    let health = if overdue { Health::Degraded } else { Health::Progressing };
    let why = match pod.finalizers.as_slice() {
        [] if overdue => ": longer than its grace period, its node may be gone".into(),
        [] => CompactString::default(),
        finalizers => format_compact!(": held by the finalizer {}", finalizers.join(", ")),
    };
    (health, format_compact!("terminating{why}"))
}

fn failed(pod: &Pod) -> CompactString {
    let ended = pod.containers.iter().find_map(|container| {
        let end = container.ended.as_ref().filter(|end| end.exit_code != 0)?;
        Some(format_compact!("{} ended: {}", named(container), how_it_ended(container, end)))
    });
    match (pod.message.is_empty(), ended) {
        (false, _) if pod.status == "Evicted" => format_compact!("evicted: {}", pod.message),
        (true, Some(ended)) => ended,
        (true, None) => format_compact!("failed: {}", pod.status),
        (false, _) => format_compact!("{}: {}", pod.status, pod.message),
    }
}

/// `container app`, `init container app`.
fn named(container: &PodContainer) -> CompactString {
    let role = match container.role {
        ContainerRole::Main => "container",
        ContainerRole::Init => "init container",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Ephemeral => "debug container",
    };
    format_compact!("{role} {}", container.name)
}

/// `OOM killed, limit 256 MiB`, `exit 1`, `signal 9`.
pub fn how_it_ended(container: &PodContainer, end: &Run) -> CompactString {
    let limit = container.limits.memory_bytes;
    match (end.reason.as_str(), end.signal, limit) {
        ("OOMKilled", _, Some(limit)) => format_compact!("OOM killed, limit {}", units::bytes(limit as f64)),
        ("OOMKilled", _, None) => "OOM killed, no limit of its own".into(),
        (_, signal, _) if signal != 0 => format_compact!("signal {signal}"),
        ("" | "Error" | "Completed", _, _) => format_compact!("exit {}", end.exit_code),
        (reason, _, _) => format_compact!("{reason}, exit {}", end.exit_code),
    }
}

fn restarts(container: &PodContainer) -> CompactString {
    match container.restarts {
        0 => CompactString::default(),
        1 => ", 1 restart".into(),
        restarts => format_compact!(", {restarts} restarts"),
    }
}

/// What is wrong with a container, or keeps it from running.
fn of_container(pod: &Pod, container: &PodContainer, now: Timestamp) -> Option<Judged> {
    if container.role == ContainerRole::Ephemeral {
        return None;
    }
    match container.state.as_str() {
        "waiting" => waiting(pod, container, now),
        "terminated" => terminated(container),
        "running" => running(pod, container, now),
        _ => None,
    }
}

fn waiting(pod: &Pod, container: &PodContainer, now: Timestamp) -> Option<Judged> {
    let (name, reason) = (named(container), container.reason.as_str());
    let said = if container.message.is_empty() {
        CompactString::default()
    } else {
        format_compact!(": {}", container.message)
    };
    if reason == "CrashLoopBackOff" {
        let end = container
            .last
            .as_ref()
            .map_or_else(CompactString::default, |end| format_compact!(": {}", how_it_ended(container, end)));
        return Some((Health::Failing, format_compact!("crash loop in {name}{end}{}", restarts(container))));
    }
    if IMAGE.contains(&reason) {
        return Some((Health::Failing, format_compact!("{name}: image {} does not come: {reason}", container.image)));
    }
    if !ON_THE_WAY.contains(&reason) {
        return Some((Health::Failing, format_compact!("{name}: {reason}{said}")));
    }
    // Later init containers and the main ones wait for the first that is not done; that one says more.
    if container.role != ContainerRole::Init && reason == "PodInitializing" {
        return None;
    }
    let stuck = pod.created_at.is_some_and(|at| now.duration_since(at).as_secs() > STUCK_SECONDS);
    let words = if reason.is_empty() { "waiting" } else { "being created" };
    Some((if stuck { Health::Degraded } else { Health::Progressing }, format_compact!("{name} {words}{said}")))
}

fn terminated(container: &PodContainer) -> Option<Judged> {
    let end = container.ended.as_ref()?;
    let name = named(container);
    if end.exit_code == 0 && end.signal == 0 {
        // An init container that is done is done; a main one beside others that run no longer serves.
        return (container.role == ContainerRole::Main).then(|| {
            (Health::Degraded, format_compact!("{name} ended with exit 0 and is not run again, others run on"))
        });
    }
    let words = format_compact!("{name} ended: {}{}", how_it_ended(container, end), restarts(container));
    Some((Health::Failing, words))
}

fn running(pod: &Pod, container: &PodContainer, now: Timestamp) -> Option<Judged> {
    let name = named(container);
    let since = |at: Option<Timestamp>| at.map(|at| now.duration_since(at).as_secs());
    if container.role == ContainerRole::Init {
        let stuck = since(container.since).is_some_and(|seconds| seconds > STUCK_SECONDS);
        let health = if stuck { Health::Degraded } else { Health::Progressing };
        return Some((health, format_compact!("{name} runs, the others wait for it")));
    }
    if !container.ready {
        let starting = since(container.since).is_some_and(|seconds| seconds <= STARTING_SECONDS);
        if starting && container.restarts == 0 {
            return Some((Health::Progressing, format_compact!("{name} starts")));
        }
        let health = if pod.ready == 0 { Health::Failing } else { Health::Degraded };
        let again = restarts(container);
        return Some((health, format_compact!("{name} runs but is not ready{again}")));
    }
    let last = container.last.as_ref().filter(|end| end.exit_code != 0 || end.signal != 0)?;
    let recent = since(last.finished_at).is_some_and(|seconds| seconds <= RECENT_SECONDS);
    recent.then(|| {
        let words = format_compact!("{name} was restarted: {}{}", how_it_ended(container, last), restarts(container));
        (Health::Degraded, words)
    })
}

#[cfg(test)]
#[path = "pod_tests.rs"]
mod tests;
