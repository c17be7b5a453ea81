//! READY, STATUS and RESTARTS of a pod as the API server prints them for kubectl: `printPod` in Kubernetes'
//! `pkg/printers/internalversion/printers.go`, which has learned a few things over the years.

use super::pod::{ContainerStatus, SlimPod, State, Terminated};
use crate::model::Timestamp;
use compact_str::{CompactString, format_compact};

/// What a server of some version knows when it prints pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Pods that are held by gates have a word of their own (1.26).
    gates: bool,
    /// Init containers that go on running count as ready (1.28).
    sidecars: bool,
    /// The condition Initialized outweighs what init containers do (1.29).
    initialized: bool,
    /// What has ended is not called terminating (1.32).
    ended: bool,
}

impl Dialect {
    /// The newest that is known.
    pub const NEWEST: Self = Self { gates: true, sidecars: true, initialized: true, ended: true };

    /// What a server speaks that says it is version 1.`minor`.
    pub const fn of(minor: u32) -> Self {
        Self { gates: minor >= 26, sidecars: minor >= 28, initialized: minor >= 29, ended: minor >= 32 }
    }
}

/// The three columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printed {
    pub status: CompactString,
    pub ready: u32,
    pub total: u32,
    pub restarts: u32,
    /// The end that stands behind the restarts: `3 (5m ago)`.
    pub restarted_at: Option<Timestamp>,
}

/// Restarts, and the latest end before one.
#[derive(Default, Clone, Copy)]
struct Restarts {
    count: u32,
    at: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus) {
        self.count = self.count.saturating_add(container.restart_count);
        let ended = container.last_state.terminated.as_ref().and_then(|end| end.finished_at);
        self.at = self.at.max(ended);
    }
}

/// What stopped at an init container, and what was counted until then.
struct Init {
    stopped: Option<CompactString>,
    ready: u32,
    all: Restarts,
    sidecars: Restarts,
}

/// Prints a pod.
pub fn print(pod: &SlimPod, dialect: Dialect) -> Printed {
    let status = &pod.status;
    let mut reason = if status.reason.is_empty() { status.phase.clone() } else { status.reason.clone() };
    let scheduled = |reason: &str| status.conditions.iter().any(|c| c.kind == "PodScheduled" && c.reason == reason);
    if dialect.gates && scheduled("SchedulingGated") {
        reason = "SchedulingGated".into();
    }
    let sidecars = pod.spec.init_containers.iter().filter(|c| dialect.sidecars && c.restart_policy == "Always").count();
    let init = init(pod, dialect);
    let (mut ready, mut restarts) = (init.ready, init.all);
    let initializing = init.stopped.is_some();
    if let Some(stopped) = init.stopped {
        reason = stopped;
    }
    if !initializing || (dialect.initialized && is_true(pod, "Initialized")) {
        restarts = init.sidecars;
        let mut has_running = false;
        for container in status.container_statuses.iter().rev() {
            restarts.add(container);
            match main_reason(&container.state) {
                Some(found) => reason = found,
                None if container.ready && container.state.running.is_some() => {
                    has_running = true;
                    ready += 1;
                }
                None => {}
            }
        }
        if reason == "Completed" && has_running {
            reason = if is_true(pod, "Ready") { "Running".into() } else { "NotReady".into() };
        }
    }
    if pod.metadata.deletion_timestamp.is_some() {
        let ended = dialect.ended && matches!(status.phase.as_str(), "Succeeded" | "Failed");
        if status.reason == "NodeLost" {
            reason = "Unknown".into();
        } else if !ended {
            reason = "Terminating".into();
        }
    }
    let total = (pod.spec.containers.len() + sidecars) as u32;
    let restarted_at = restarts.at.filter(|_| restarts.count != 0);
    Printed { status: reason, ready, total, restarts: restarts.count, restarted_at }
}

fn is_true(pod: &SlimPod, condition: &str) -> bool {
    pod.status.conditions.iter().any(|c| c.kind == condition && c.status == "True")
}

fn init(pod: &SlimPod, dialect: Dialect) -> Init {
    let mut init = Init { stopped: None, ready: 0, all: Restarts::default(), sidecars: Restarts::default() };
    for (at, container) in pod.status.init_container_statuses.iter().enumerate() {
        let specified = pod.spec.init_containers.iter().find(|c| c.name == container.name);
        let is_sidecar = dialect.sidecars && specified.is_some_and(|c| c.restart_policy == "Always");
        init.all.add(container);
        if is_sidecar {
            init.sidecars.add(container);
        }
        let State { waiting, terminated, .. } = &container.state;
        if terminated.as_ref().is_some_and(|end| end.exit_code == 0) {
            continue;
        }
        if is_sidecar && container.started == Some(true) {
            init.ready += u32::from(container.ready);
            continue;
        }
        let waiting =
            waiting.as_ref().filter(|waiting| !waiting.reason.is_empty() && waiting.reason != "PodInitializing");
        init.stopped = Some(match (terminated, waiting) {
            (Some(end), _) => format_compact!("Init:{}", end_reason(end)),
            (None, Some(waiting)) => format_compact!("Init:{}", waiting.reason),
            (None, None) => format_compact!("Init:{at}/{}", pod.spec.init_containers.len()),
        });
        break;
    }
    init
}

/// The word for a container that waits for a reason or has ended.
fn main_reason(state: &State) -> Option<CompactString> {
    let waiting = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty());
    match (waiting, &state.terminated) {
        (Some(waiting), _) => Some(waiting.reason.clone()),
        (None, Some(end)) => Some(end_reason(end)),
        (None, None) => None,
    }
}

fn end_reason(end: &Terminated) -> CompactString {
    match (end.reason.is_empty(), end.signal) {
        (false, _) => end.reason.clone(),
        (true, 0) => format_compact!("ExitCode:{}", end.exit_code),
        (true, signal) => format_compact!("Signal:{signal}"),
    }
}

#[cfg(test)]
#[path = "printer_tests.rs"]
mod tests;
