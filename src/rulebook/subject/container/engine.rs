//! A live container as an engine's `inspect` tells it. Source: <https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container>.

use super::{
    Container, Declared, HostMount, Known, Prop, PublishedPort, compose,
    read::{Reader, number, truth, whole, words},
};
use crate::rulebook::{
    resource::Resource,
    subject::compose::short,
    syntax::node::{Node, step},
};

pub(super) fn container(resource: &Resource) -> Container<'_> {
    let read = Reader::new(resource, "");
    let host = |key: &str, value: &str| read.is(&format!("/HostConfig/{key}"), value);
    Container {
        resource,
        pointer: String::new(),
        declared: Declared::Engine,
        name: resource.name.trim_start_matches('/').into(),
        is_init: false,
        is_batch: read.node("/HostConfig/AutoRemove").and_then(truth) == Some(true),
        image: read.text("/Config/Image"),
        is_built: false,
        user: given(read.text("/Config/User"), |user| !user.is_empty()),
        run_as_non_root: read.none("/Config/User"),
        privileged: read.truth("/HostConfig/Privileged"),
        health_check: health_check(&read),
        health: read.node("/State/Health/Status").and_then(Node::as_str).filter(|word| *word != "none").map(Into::into),
        memory_limit_bytes: limit(read.prop("/HostConfig/Memory", |node| whole(node)?.try_into().ok())),
        memory_request_bytes: limit(read.prop("/HostConfig/MemoryReservation", |node| whole(node)?.try_into().ok())),
        cpu_limit_cores: cpu(&read),
        cpu_request_cores: read.none("/HostConfig/CpuShares"),
        pids_limit: given(read.prop("/HostConfig/PidsLimit", whole), |limit| *limit > 0),
        gpus: gpus(&read),
        host_network: host("NetworkMode", "host"),
        host_pid: host("PidMode", "host"),
        host_ipc: host("IpcMode", "host"),
        host_mounts: mounts(&read),
        capabilities_added: read.capabilities("/HostConfig/CapAdd"),
        capabilities_dropped: read.capabilities("/HostConfig/CapDrop"),
        allow_privilege_escalation: compose::escalation(&read, "/HostConfig/SecurityOpt"),
        seccomp: compose::seccomp(&read, "/HostConfig/SecurityOpt"),
        read_only_root: read.truth("/HostConfig/ReadonlyRootfs"),
        environment: environment(&read),
        ports: ports(&read),
        command: [words(read.node("/Config/Entrypoint")), words(read.node("/Config/Cmd"))].concat(),
    }
}

/// A value that the engine tells also where it is not given.
fn given<T>(prop: Prop<T>, is_given: impl Fn(&T) -> bool) -> Prop<T> {
    match prop.value {
        Known::Is(value) if !is_given(&value) => Prop { value: Known::Absent, pointer: prop.pointer },
        value => Prop { value, pointer: prop.pointer },
    }
}

/// Nought is no limit.
fn limit(prop: Prop<u64>) -> Prop<u64> {
    given(prop, |bytes| *bytes > 0)
}

fn health_check(read: &Reader<'_>) -> Prop<bool> {
    const TEST: &str = "/Config/Healthcheck/Test";
    match read.items(TEST).next().and_then(|(_, word)| word.as_str()) {
        Some("NONE") => read.prop(TEST, |_| Some(false)),
        Some(_) => read.prop(TEST, |_| Some(true)),
        None => read.none("/Config/Healthcheck"),
    }
}

fn cpu(read: &Reader<'_>) -> Prop<f64> {
    let cores =
        given(read.prop("/HostConfig/NanoCpus", |node| number(node).map(|nano| nano / 1e9)), |cores| *cores > 0.0);
    if cores.value != Known::Absent {
        return cores;
    }
    let period =
        read.node("/HostConfig/CpuPeriod").and_then(number).filter(|period| *period > 0.0).unwrap_or(100_000.0);
    let quota = read.prop("/HostConfig/CpuQuota", |node| number(node).map(|quota| quota / period));
    let quota = given(quota, |cores| *cores > 0.0);
    if quota.value == Known::Absent { cores } else { quota }
}

fn gpus(read: &Reader<'_>) -> Prop<u64> {
    const REQUESTS: &str = "/HostConfig/DeviceRequests";
    let is_gpu = |node: &Node| {
        let asked = node.get("Capabilities").map(Node::items).unwrap_or_default();
        let driver = node.get("Driver").and_then(Node::as_str);
        driver == Some("nvidia") || asked.iter().flat_map(Node::items).any(|one| one.as_str() == Some("gpu"))
    };
    if let Some((pointer, _)) = read.items(REQUESTS).find(|(_, node)| is_gpu(node)) {
        return read.prop(&pointer, |node| {
            let named = node.get("DeviceIDs").map_or(0, |ids| ids.items().len()) as u64;
            let count = node.get("Count").and_then(whole).unwrap_or(0);
            Some(u64::try_from(count).map_or(u64::MAX, |count| count.max(named)))
        });
    }
    if read.node("/HostConfig/Runtime").and_then(Node::as_str) == Some("nvidia") {
        return read.prop("/HostConfig/Runtime", |_| Some(u64::MAX));
    }
    let is_device = |node: &Node| {
        let path = node.get("PathOnHost").and_then(Node::as_str).unwrap_or_default();
        ["/dev/nvidia", "/dev/dri", "/dev/kfd"].iter().any(|one| path.starts_with(one))
    };
    match read.items("/HostConfig/Devices").find(|(_, node)| is_device(node)) {
        Some((pointer, _)) => read.prop(&pointer, |_| Some(1)),
        None => read.none(REQUESTS),
    }
}

fn mounts(read: &Reader<'_>) -> Vec<HostMount> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let told: Vec<HostMount> = read
        .items("/Mounts")
        .filter(|(_, node)| node.get("Type").and_then(Node::as_str) == Some("bind"))
        .filter_map(|(pointer, node)| {
            let source = Known::Is(text(node, "Source")?);
            let is_read_only = node.get("RW").and_then(Node::as_bool) == Some(false);
            let target = text(node, "Destination").unwrap_or_default();
            Some(HostMount { source, target, is_read_only, is_repeated: false, pointer: pointer + "/Source" })
        })
        .collect();
    if !told.is_empty() {
        return told;
    }
    // A container that was never started has no mounts yet.
    let bind = |(pointer, node): (String, &Node)| {
        let volume = short::volume(node.as_str()?);
        let source = volume.source.filter(|source| short::is_path(source) == Some(true))?;
        let (target, is_read_only) = (volume.target, volume.is_read_only);
        Some(HostMount { source: Known::Is(source), target, is_read_only, is_repeated: false, pointer })
    };
    read.items("/HostConfig/Binds").filter_map(bind).collect()
}

fn environment(read: &Reader<'_>) -> Vec<(String, Prop<String>)> {
    let one = |(pointer, node): (String, &Node)| {
        let (name, value) = node.as_str()?.split_once('=')?;
        Some((name.to_owned(), Prop { value: Known::Is(value.to_owned()), pointer }))
    };
    read.items("/Config/Env").filter_map(one).collect()
}

fn ports(read: &Reader<'_>) -> Vec<PublishedPort> {
    const BINDINGS: &str = "/HostConfig/PortBindings";
    let entries = read.node(BINDINGS).map(Node::entries).unwrap_or_default();
    let mut all = Vec::new();
    for entry in entries {
        let (port, protocol) = entry.key.split_once('/').unwrap_or((&entry.key, "tcp"));
        let Ok(container) = port.parse() else { continue };
        for (at, binding) in entry.value.items().iter().enumerate() {
            let text = |key: &str| binding.get(key).and_then(Node::scalar).filter(|text| !text.is_empty());
            let host = match text("HostPort").as_deref() {
                None | Some("0") => Known::Absent,
                Some(text) => short::range(text).map_or(Known::Unknown, Known::Is),
            };
            let pointer = format!("{}/{at}", step(BINDINGS, &entry.key));
            let (address, protocol) = (text("HostIp"), protocol.into());
            all.push(PublishedPort { address, host, container, protocol, pointer });
        }
    }
    all
}
