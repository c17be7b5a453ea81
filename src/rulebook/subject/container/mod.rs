//! A container, however it was declared: a compose service, a container of a pod template, a live one. Checks ask this, so that one
//! judgement serves all of them.

mod compose;
mod engine;
pub mod pod;
pub mod quantity;
mod read;
#[cfg(test)]
mod tests;

use crate::rulebook::resource::Resource;
use compact_str::CompactString;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    Is(T),
    /// Not given: the system's default is in force.
    Absent,
    /// It is given, and cannot be known from here: a variable without a value, a template.
    Unknown,
}

/// A value of a container, and where it stands in the object (where it would stand, if it is absent): a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prop<T> {
    pub value: Known<T>,
    pub pointer: String,
}

/// How a container was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// A service of a compose project.
    Compose,
    /// In a pod or a pod template, in a file or live.
    Pod,
    /// Live at an engine (what `inspect` says).
    Engine,
}

/// A container that is declared or runs.
#[derive(Debug, Clone)]
pub struct Container<'a> {
    /// The object that it is part of.
    pub resource: &'a Resource,
    /// Where it is in that object; empty where it is the object.
    pub pointer: String,
    pub declared: Declared,
    pub name: CompactString,
    /// Runs to its end before the others start.
    pub is_init: bool,
    /// The pod ends by itself: a Job, a CronJob, a compose service that does not restart by its policy.
    pub is_batch: bool,
    pub image: Prop<String>,
    /// Built from a Dockerfile here (compose `build`): its tag is a name for what is built.
    pub is_built: bool,
    /// User that it is told to run as: `0`, `root`, `1000:1000`. Absent: the image decides.
    pub user: Prop<String>,
    /// Kubernetes' `runAsNonRoot`, of the container or the pod.
    pub run_as_non_root: Prop<bool>,
    pub privileged: Prop<bool>,
    /// Whether anything checks its health (compose `healthcheck`, liveness or readiness probe, the image's check for a live one).
    pub health_check: Prop<bool>,
    /// Live: what the check says now (`healthy`, `unhealthy`, `starting`).
    pub health: Option<CompactString>,
    pub memory_limit_bytes: Prop<u64>,
    pub memory_request_bytes: Prop<u64>,
    pub cpu_limit_cores: Prop<f64>,
    pub cpu_request_cores: Prop<f64>,
    pub pids_limit: Prop<i64>,
    /// GPUs that it asks for.
    pub gpus: Prop<u64>,
    pub host_network: Prop<bool>,
    pub host_pid: Prop<bool>,
    pub host_ipc: Prop<bool>,
    /// Paths of the host that it mounts.
    pub host_mounts: Vec<HostMount>,
    /// Capabilities in capitals without `CAP_`: `ALL`, `SYS_ADMIN`.
    pub capabilities_added: Vec<Prop<String>>,
    pub capabilities_dropped: Vec<Prop<String>>,
    pub allow_privilege_escalation: Prop<bool>,
    /// `RuntimeDefault`, `Unconfined`, `Localhost`, `unconfined` …
    pub seccomp: Prop<String>,
    pub read_only_root: Prop<bool>,
    /// Environment with plain values.
    pub environment: Vec<(String, Prop<String>)>,
    pub ports: Vec<PublishedPort>,
    pub command: Vec<String>,
}

/// A path of the host in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMount {
    pub source: Known<String>,
    pub target: String,
    pub is_read_only: bool,
    /// Whether an earlier container of the same pod mounts the same path and may do as much with it: it was told there.
    pub is_repeated: bool,
    pub pointer: String,
}

impl<T> Prop<T> {
    /// The value, where it is given and known.
    pub const fn get(&self) -> Option<&T> {
        if let Known::Is(value) = &self.value { Some(value) } else { None }
    }

    /// Whether it is not given.
    pub const fn is_absent(&self) -> bool {
        matches!(self.value, Known::Absent)
    }

    /// Whether it is given, or may be, and cannot be known.
    pub const fn is_unknown(&self) -> bool {
        matches!(self.value, Known::Unknown)
    }
}

impl Prop<bool> {
    /// Whether it is given as true.
    pub const fn is_true(&self) -> bool {
        matches!(self.value, Known::Is(true))
    }
}

impl Container<'_> {
    /// Whether it was added to a running pod to look into it: such a container has no limits and no probes.
    pub fn is_ephemeral(&self) -> bool {
        self.pointer.contains("/ephemeralContainers/")
    }

    /// Whether what stands at a pointer is told of this container. What belongs to the pod (its namespaces, its security context) is told of
    /// the first container that does not say otherwise, or else it would be told of each.
    pub fn is_teller(&self, pointer: &str) -> bool {
        if self.declared != Declared::Pod || pointer.starts_with(&self.pointer) {
            return true;
        }
        let spec = self.pointer.rsplitn(3, '/').nth(2).unwrap_or_default();
        let Some(part) = pointer.strip_prefix(spec) else { return true };
        let of_list = |list: &'static str| {
            let count = self.resource.at(&format!("{spec}/{list}")).map_or(0, |list| list.items().len());
            (0..count).map(move |at| format!("{spec}/{list}/{at}"))
        };
        let mut all = pod::LISTS.into_iter().flat_map(of_list);
        let first = all.find(|container| self.resource.at(&format!("{container}{part}")).is_none());
        first.is_none_or(|first| first == self.pointer)
    }

    /// Whether something stands at the pointer of a value that is not known: otherwise it may be given elsewhere.
    pub fn is_given<T>(&self, prop: &Prop<T>) -> bool {
        self.resource.at(&prop.pointer).is_some_and(|node| !node.is_null())
    }
}

impl PublishedPort {
    /// Whether it is bound to every interface of the host.
    pub fn is_on_all(&self) -> bool {
        self.address.as_deref().is_none_or(|address| matches!(address, "0.0.0.0" | "::" | "*" | "0:0:0:0:0:0:0:0"))
    }
}

/// A port of the host that leads to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// Address that it is bound to; `None` is all interfaces.
    pub address: Option<String>,
    /// On the host: first and last of a range; unknown where a variable gives it, absent where any free one is taken.
    pub host: Known<(u16, u16)>,
    pub container: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: CompactString,
    pub pointer: String,
}

/// The ports that a service of compose publishes: as [`containers`] tells, without the rest.
pub fn published(service: &Resource) -> Vec<PublishedPort> {
    match service.kind.as_str() {
        "service" if !service.is_kubernetes() => compose::published(service),
        _ => containers(service).into_iter().flat_map(|container| container.ports).collect(),
    }
}

/// Every container that an object declares. Objects of other kinds have none.
pub fn containers(resource: &Resource) -> Vec<Container<'_>> {
    match resource.kind.as_str() {
        "service" if !resource.is_kubernetes() => vec![compose::container(resource)],
        "container" if !resource.is_kubernetes() => vec![engine::container(resource)],
        _ if resource.is_kubernetes() => {
            pod::spec_of(resource).map(|spec| pod::containers(resource, spec)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
