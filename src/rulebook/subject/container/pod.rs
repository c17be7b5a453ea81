//! The containers of pods, and of the pod templates of workloads of any kind. Source:
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>.

use super::{
    Container, Declared, HostMount, Known, Prop, PublishedPort, quantity,
    read::{Reader, number, whole, words},
};
use crate::rulebook::{
    resource::Resource,
    syntax::node::{Node, step},
};

/// Lists of containers in a pod's specification.
pub(super) const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Where an object has its pod's specification; `None` where it has none.
pub fn spec_of(resource: &Resource) -> Option<&'static str> {
    let candidates: &[&str] = match resource.kind.as_str() {
        "Pod" => &["/spec"],
        "CronJob" => &["/spec/jobTemplate/spec/template/spec"],
        "PodTemplate" => &["/template/spec"],
        _ => &["/spec/template/spec", "/spec/jobTemplate/spec/template/spec"],
    };
    let has = |pointer: &&str| {
        resource.at(pointer).and_then(|spec| spec.get("containers")).is_some_and(|list| !list.items().is_empty())
    };
    candidates.iter().copied().find(has)
}

/// Whether a container of an object may publish a port of the host.
pub fn publishes(resource: &Resource) -> bool {
    let Some(spec) = spec_of(resource).and_then(|spec| resource.at(spec)) else { return false };
    let containers = LISTS.iter().flat_map(|list| spec.get(list).map(Node::items).unwrap_or_default());
    let mut ports = containers.flat_map(|container| container.get("ports").map(Node::items).unwrap_or_default());
    spec.get("hostNetwork").is_some() || ports.any(|port| port.get("hostPort").is_some())
}

pub(super) fn containers<'a>(resource: &'a Resource, spec: &'static str) -> Vec<Container<'a>> {
    let pod = Pod { read: Reader::new(resource, spec), is_batch: is_batch(resource, spec) };
    let mut told = Vec::new();
    let mut all = Vec::new();
    for list in LISTS {
        for (pointer, _) in pod.read.items(&format!("/{list}")) {
            all.push(pod.container(&pointer, list, &mut told));
        }
    }
    pod.add_unmounted(&mut all, &told);
    all
}

fn is_batch(resource: &Resource, spec: &str) -> bool {
    let restart = resource.at(&format!("{spec}/restartPolicy")).and_then(Node::as_str);
    matches!(resource.kind.as_str(), "Job" | "CronJob") || matches!(restart, Some("Never" | "OnFailure"))
}

struct Pod<'a> {
    read: Reader<'a>,
    is_batch: bool,
}

impl<'a> Pod<'a> {
    fn container(&self, pointer: &str, list: &str, told: &mut Vec<String>) -> Container<'a> {
        let base = self.read.pointer(pointer);
        let read = self.read.of_part(&base);
        let security = |key: &str| format!("/securityContext/{key}");
        let resources = |part: &str, key: &str| format!("/resources/{part}/{key}");
        let name = read.node("/name").and_then(Node::as_str).unwrap_or("(no name)").into();
        let restarts = read.node("/restartPolicy").and_then(Node::as_str) == Some("Always");
        Container {
            resource: self.read.resource,
            pointer: base.clone(),
            declared: Declared::Pod,
            name,
            is_init: list == "initContainers" && !restarts,
            is_batch: self.is_batch,
            image: read.text("/image"),
            is_built: false,
            user: self.inherited(&read, "runAsUser", Node::scalar),
            run_as_non_root: self.inherited(&read, "runAsNonRoot", super::read::truth),
            privileged: read.truth(&security("privileged")),
            health_check: read.first(&["/livenessProbe", "/readinessProbe", "/startupProbe"], |_| Some(true)),
            health: None,
            memory_limit_bytes: read.prop(&resources("limits", "memory"), bytes),
            memory_request_bytes: read.prop(&resources("requests", "memory"), bytes),
            cpu_limit_cores: read.prop(&resources("limits", "cpu"), cores),
            cpu_request_cores: read.prop(&resources("requests", "cpu"), cores),
            pids_limit: read.none("/resources"),
            gpus: gpus(&read),
            host_network: self.read.truth("/hostNetwork"),
            host_pid: self.read.truth("/hostPID"),
            host_ipc: self.read.truth("/hostIPC"),
            host_mounts: self.mounts(&read, told),
            capabilities_added: read.capabilities(&security("capabilities/add")),
            capabilities_dropped: read.capabilities(&security("capabilities/drop")),
            allow_privilege_escalation: read.truth(&security("allowPrivilegeEscalation")),
            seccomp: self.inherited(&read, "seccompProfile/type", Node::scalar),
            read_only_root: read.truth(&security("readOnlyRootFilesystem")),
            environment: environment(&read),
            ports: self.ports(&read),
            command: [words(read.node("/command")), words(read.node("/args"))].concat(),
        }
    }

    /// A value of the container's security context, or else of the pod's.
    fn inherited<T>(&self, read: &Reader<'_>, key: &str, value: impl Fn(&Node) -> Option<T>) -> Prop<T> {
        let pointer = format!("/securityContext/{key}");
        if read.node(&pointer).is_none() && self.read.node(&pointer).is_some() {
            return self.read.prop(&pointer, value);
        }
        read.prop(&pointer, value)
    }

    fn mounts(&self, read: &Reader<'_>, told: &mut Vec<String>) -> Vec<HostMount> {
        let mut all = Vec::new();
        for (_, mount) in read.items("/volumeMounts") {
            let Some(name) = mount.get("name").and_then(Node::as_str) else { continue };
            let mut volumes = self.read.items("/volumes");
            let Some((pointer, volume)) = volumes.find(|(_, one)| one.get("name").and_then(Node::as_str) == Some(name))
            else {
                continue;
            };
            if volume.get("hostPath").is_none() {
                continue;
            }
            let target = mount.get("mountPath").and_then(Node::scalar).unwrap_or_default();
            // What one container may only read can be written by another: the volume is told once, at its worst.
            let is_read_only = self.is_read_only(name);
            let mut found = self.host_path(&pointer, target, is_read_only);
            found.is_repeated = told.contains(&found.pointer);
            told.push(found.pointer.clone());
            all.push(found);
        }
        all
    }

    /// Whether every container that mounts a volume may only read it.
    fn is_read_only(&self, volume: &str) -> bool {
        let lists = LISTS.iter().flat_map(|list| self.read.items(&format!("/{list}")));
        let mut mounts = lists.flat_map(|(_, node)| node.get("volumeMounts").map(Node::items).unwrap_or_default());
        mounts.all(|mount| {
            mount.get("name").and_then(Node::as_str) != Some(volume)
                || mount.get("readOnly").and_then(Node::as_bool) == Some(true)
        })
    }

    fn host_path(&self, pointer: &str, target: String, is_read_only: bool) -> HostMount {
        let mut source = self.read.text(&format!("{pointer}/hostPath/path"));
        // With `subPath` less of it is seen, and the path of the host is still reached.
        if source.value == Known::Absent {
            source.value = Known::Unknown;
        }
        HostMount { source: source.value, target, is_read_only, is_repeated: false, pointer: source.pointer }
    }

    /// Gives paths of the host that no container mounts to the first one: they are declared all the same.
    fn add_unmounted(&self, all: &mut [Container<'a>], told: &[String]) {
        let Some(first) = all.first_mut() else { return };
        for (pointer, _) in self.read.items("/volumes").filter(|(_, volume)| volume.get("hostPath").is_some()) {
            let found = self.host_path(&pointer, String::new(), false);
            if !told.contains(&found.pointer) {
                first.host_mounts.push(found);
            }
        }
    }

    fn ports(&self, read: &Reader<'_>) -> Vec<PublishedPort> {
        let is_host = self.read.node("/hostNetwork").and_then(Node::as_bool) == Some(true);
        let one = |(pointer, node): (String, &Node)| {
            let number = |key: &str| node.get(key).and_then(whole).and_then(|port| u16::try_from(port).ok());
            let container = number("containerPort").unwrap_or(0);
            let (key, host) = match node.get("hostPort") {
                Some(port) if port.is_opaque() => ("hostPort", Known::Unknown),
                Some(_) => (
                    "hostPort",
                    number("hostPort").filter(|port| *port > 0).map_or(Known::Absent, |port| Known::Is((port, port))),
                ),
                None if is_host && container > 0 => ("containerPort", Known::Is((container, container))),
                None => return None,
            };
            if host == Known::Absent {
                return None;
            }
            let text = |key: &str| node.get(key).and_then(Node::as_str);
            let protocol = text("protocol").unwrap_or("tcp").to_ascii_lowercase().into();
            let address = text("hostIP").filter(|text| !text.is_empty()).map(str::to_owned);
            Some(PublishedPort { address, host, container, protocol, pointer: read.pointer(&step(&pointer, key)) })
        };
        read.items("/ports").filter_map(one).collect()
    }
}

fn bytes(node: &Node) -> Option<u64> {
    quantity::kube_bytes(&node.scalar()?)
}

fn cores(node: &Node) -> Option<f64> {
    node.as_f64().or_else(|| quantity::kube_cores(node.as_str()?))
}

/// Devices of the resources' names that stand for GPUs: `nvidia.com/gpu`, `nvidia.com/mig-1g.5gb`, `gpu.intel.com/i915`.
fn gpus(read: &Reader<'_>) -> Prop<u64> {
    for part in ["/resources/limits", "/resources/requests"] {
        let is_gpu = |name: &str| name.ends_with("/gpu") || name.contains("/mig-") || name.starts_with("gpu.");
        let entries = read.node(part).map(Node::entries).unwrap_or_default();
        if let Some(entry) = entries.iter().find(|entry| is_gpu(&entry.key)) {
            return read.prop(&step(part, &entry.key), |node| number(node).map(|count| count as u64));
        }
    }
    // Claims of devices are made elsewhere.
    if read.node("/resources/claims").is_some() {
        return Prop { value: Known::Unknown, pointer: read.pointer("/resources/claims") };
    }
    read.none("/resources/limits")
}

fn environment(read: &Reader<'_>) -> Vec<(String, Prop<String>)> {
    let one = |(pointer, node): (String, &Node)| {
        let name = node.get("name").and_then(Node::as_str)?;
        let pointer = step(&pointer, "value");
        // What comes from elsewhere is no plain value.
        node.get("value").map(|_| (name.to_owned(), read.text(&pointer)))
    };
    read.items("/env").filter_map(one).collect()
}
