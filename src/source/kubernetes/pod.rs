//! Pods: from the API's JSON to the small rows that are held.

use super::{
    health,
    printer::{self, Dialect},
    reflect::{Kind, Origin, Read},
    slim::{self, Amounts, Meta, SlimCondition, SlimContainer},
};
use crate::model::{
    Timestamp,
    kubernetes::{ContainerRole, KubePart, Pod, PodContainer, Resources, Run},
    redact,
    rows::Delta,
};
use compact_str::CompactString;
use serde::Deserialize;

/// A pod, as much of it as is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SlimPod {
    pub metadata: Meta,
    pub spec: Spec,
    pub status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    pub node_name: CompactString,
    #[serde(deserialize_with = "slim::or_default")]
    pub containers: Vec<SlimContainer>,
    #[serde(deserialize_with = "slim::or_default")]
    pub init_containers: Vec<SlimContainer>,
    #[serde(deserialize_with = "slim::or_default")]
    pub ephemeral_containers: Vec<SlimContainer>,
    #[serde(deserialize_with = "slim::or_default")]
    pub overhead: Amounts,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    pub phase: CompactString,
    pub reason: CompactString,
    pub message: CompactString,
    #[serde(rename = "podIP")]
    pub pod_ip: CompactString,
    pub qos_class: CompactString,
    #[serde(deserialize_with = "slim::or_default")]
    pub conditions: Vec<SlimCondition>,
    #[serde(deserialize_with = "slim::or_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "slim::or_default")]
    pub container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "slim::or_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    pub name: CompactString,
    pub ready: bool,
    pub started: Option<bool>,
    pub restart_count: u32,
    #[serde(deserialize_with = "slim::or_default")]
    pub state: State,
    #[serde(deserialize_with = "slim::or_default")]
    pub last_state: State,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct State {
    pub running: Option<Running>,
    pub waiting: Option<Waiting>,
    pub terminated: Option<Terminated>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Running {
    #[serde(deserialize_with = "slim::time")]
    pub started_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    pub reason: CompactString,
    pub message: CompactString,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    pub exit_code: i32,
    pub signal: i32,
    pub reason: CompactString,
    pub message: CompactString,
    #[serde(deserialize_with = "slim::time")]
    pub started_at: Option<Timestamp>,
    #[serde(deserialize_with = "slim::time")]
    pub finished_at: Option<Timestamp>,
}

/// Longest message that a row keeps; the whole one is read where the object is opened.
const LONGEST_MESSAGE: usize = 300;

/// A message, cut, without secrets: how a container ended may tell its last lines.
pub fn short(message: &str) -> CompactString {
    let message = redact::text(message);
    match message.char_indices().nth(LONGEST_MESSAGE) {
        None => CompactString::from(message),
        Some((end, _)) => compact_str::format_compact!("{}…", &message[..end]),
    }
}

/// Pods, for the reflector.
pub struct Pods;

impl Kind for Pods {
    type Row = Pod;
    const RESOURCE: &'static str = "pods";
    const NUMEROUS: bool = true;
    const PATHS: &'static [&'static str] = &["/api/v1"];

    fn read(origin: &Origin, json: &[u8]) -> Result<Read<Pod>, serde_json::Error> {
        let mut slim: SlimPod = serde_json::from_slice(json)?;
        let version = std::mem::take(&mut slim.metadata.resource_version);
        Ok(Read { row: row(slim, &origin.context, origin.dialect, crate::clock::now()), version })
    }

    fn judge(row: &mut Pod, now: Timestamp) {
        (row.health, row.reason) = health::pod(row, now);
    }

    fn part(delta: Delta<Pod>) -> KubePart {
        KubePart::Pods(delta)
    }
}

/// The row of a pod.
pub fn row(slim: SlimPod, context: &CompactString, dialect: Dialect, now: Timestamp) -> Pod {
    let printed = printer::print(&slim, dialect);
    let (requests, limits) = sums(&slim.spec);
    let SlimPod { metadata, spec, status } = slim;
    let ready = status.conditions.iter().find(|c| c.kind == "Ready");
    let unscheduled = status.conditions.iter().find(|c| c.kind == "PodScheduled" && c.status == "False");
    let message = if status.message.is_empty() {
        unscheduled
            .map_or_else(CompactString::default, |c| short(if c.message.is_empty() { &c.reason } else { &c.message }))
    } else {
        short(&status.message)
    };
    let owner = metadata.owner();
    let mut containers = Vec::with_capacity(spec.init_containers.len() + spec.containers.len());
    let init = spec.init_containers.into_iter().map(|c| {
        let role = if c.restart_policy == "Always" { ContainerRole::Sidecar } else { ContainerRole::Init };
        (c, role)
    });
    containers.extend(init.map(|(c, role)| container(c, role, &status.init_container_statuses)));
    containers
        .extend(spec.containers.into_iter().map(|c| container(c, ContainerRole::Main, &status.container_statuses)));
    let ephemeral = spec.ephemeral_containers.into_iter();
    containers.extend(ephemeral.map(|c| container(c, ContainerRole::Ephemeral, &status.ephemeral_container_statuses)));
    let mut pod = Pod {
        context: context.clone(),
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        status: printed.status,
        ready: printed.ready,
        total: printed.total,
        restarts: printed.restarts,
        restarted_at: printed.restarted_at,
        phase: status.phase,
        node: spec.node_name,
        ip: status.pod_ip,
        created_at: metadata.creation_timestamp,
        deleted_at: metadata.deletion_timestamp,
        owner,
        labels: metadata.labels,
        containers,
        qos: status.qos_class,
        requests,
        limits,
        message,
        is_ready: ready.map(|c| c.status == "True"),
        ready_since: ready.and_then(|c| c.last_transition_time),
        finalizers: metadata.finalizers,
        ..Pod::default()
    };
    Pods::judge(&mut pod, now);
    pod
}

fn container(spec: SlimContainer, role: ContainerRole, statuses: &[ContainerStatus]) -> PodContainer {
    let status = statuses.iter().find(|status| status.name == spec.name);
    let mut container = PodContainer {
        name: spec.name,
        role,
        image: spec.image,
        requests: spec.resources.requests.resources(),
        limits: spec.resources.limits.resources(),
        ..PodContainer::default()
    };
    let Some(status) = status else { return container };
    container.ready = status.ready;
    container.restarts = status.restart_count;
    let State { running, waiting, terminated } = &status.state;
    if let Some(end) = terminated {
        container.state = "terminated".into();
        container.reason = end.reason.clone();
        container.message = short(&end.message);
        container.since = end.finished_at;
        container.ended = Some(run(end));
    } else if let Some(running) = running {
        container.state = "running".into();
        container.since = running.started_at;
    } else if let Some(waiting) = waiting {
        container.state = "waiting".into();
        container.reason = waiting.reason.clone();
        container.message = short(&waiting.message);
    }
    container.last = status.last_state.terminated.as_ref().map(run);
    container
}

fn run(end: &Terminated) -> Run {
    Run {
        exit_code: end.exit_code,
        signal: end.signal,
        reason: end.reason.clone(),
        message: short(&end.message),
        started_at: end.started_at,
        finished_at: end.finished_at,
    }
}

/// Requests and limits of a pod as the scheduler counts them: the sum over containers and sidecars, or more where an init
/// container needs more beside the sidecars that were started before it; and the overhead.
fn sums(spec: &Spec) -> (Resources, Resources) {
    let sum = |of: fn(&SlimContainer) -> Resources| {
        let (mut sidecars, mut peak) = (Resources::default(), Resources::default());
        for container in &spec.init_containers {
            let own = of(container);
            if container.restart_policy == "Always" {
                sidecars = join(sidecars, own, |a, b| a + b, u64::saturating_add);
                peak = join(peak, sidecars, f64::max, Ord::max);
            } else {
                peak = join(peak, join(sidecars, own, |a, b| a + b, u64::saturating_add), f64::max, Ord::max);
            }
        }
        let main = spec.containers.iter().map(of);
        let main = main.fold(sidecars, |sum, own| join(sum, own, |a, b| a + b, u64::saturating_add));
        join(main, peak, f64::max, Ord::max)
    };
    let overhead = spec.overhead.resources();
    let mut requests = sum(|container| container.resources.requests.resources());
    let mut limits = sum(|container| container.resources.limits.resources());
    for total in [&mut requests, &mut limits] {
        if *total != Resources::default() {
            *total = join(*total, overhead, |a, b| a + b, u64::saturating_add);
        }
    }
    (requests, limits)
}

fn join(a: Resources, b: Resources, cpu: fn(f64, f64) -> f64, memory: fn(u64, u64) -> u64) -> Resources {
    fn either<T: Copy>(a: Option<T>, b: Option<T>, both: fn(T, T) -> T) -> Option<T> {
        match (a, b) {
            (Some(a), Some(b)) => Some(both(a, b)),
            (a, b) => a.or(b),
        }
    }
    Resources {
        cpu_cores: either(a.cpu_cores, b.cpu_cores, cpu),
        memory_bytes: either(a.memory_bytes, b.memory_bytes, memory),
    }
}
