//! A service of a compose project as a container. Source: <https://docs.docker.com/reference/compose-file/services/>.

use super::{
    Container, Declared, HostMount, Known, Prop, PublishedPort, quantity,
    read::{Reader, number, truth, whole, words},
};
use crate::rulebook::{
    resource::Resource,
    subject::compose::{is_partial, short},
    syntax::node::{Data, Node},
};

pub(super) fn container(resource: &Resource) -> Container<'_> {
    let read = Reader { is_partial: is_partial(resource), ..Reader::new(resource, "") };
    let cap = |pointer| read.capabilities(pointer);
    Container {
        resource,
        pointer: String::new(),
        declared: Declared::Compose,
        name: resource.name.clone(),
        is_init: false,
        is_batch: ends(&read),
        image: read.text("/image"),
        is_built: read.node("/build").is_some(),
        user: read.text("/user"),
        run_as_non_root: read.none("/user"),
        privileged: read.truth("/privileged"),
        health_check: health_check(&read),
        health: None,
        memory_limit_bytes: read.first(&["/deploy/resources/limits/memory", "/mem_limit"], bytes),
        memory_request_bytes: read.first(&["/deploy/resources/reservations/memory", "/mem_reservation"], bytes),
        cpu_limit_cores: cpu(&read),
        cpu_request_cores: read.prop("/deploy/resources/reservations/cpus", number),
        pids_limit: read.first(&["/deploy/resources/limits/pids", "/pids_limit"], whole),
        gpus: gpus(&read),
        host_network: read.is("/network_mode", "host"),
        host_pid: read.is("/pid", "host"),
        host_ipc: read.is("/ipc", "host"),
        host_mounts: read.items("/volumes").filter_map(|(pointer, node)| mount(pointer, node)).collect(),
        capabilities_added: cap("/cap_add"),
        capabilities_dropped: cap("/cap_drop"),
        allow_privilege_escalation: escalation(&read, "/security_opt"),
        seccomp: seccomp(&read, "/security_opt"),
        read_only_root: read.truth("/read_only"),
        environment: environment(&read),
        ports: published(resource),
        command: [words(read.node("/entrypoint")), words(read.node("/command"))].concat(),
    }
}

pub(super) fn published(resource: &Resource) -> Vec<PublishedPort> {
    Reader::new(resource, "").items("/ports").flat_map(|(pointer, node)| ports(pointer, node)).collect()
}

/// Whether it is told not to start again when it ends.
fn ends(read: &Reader<'_>) -> bool {
    let restart = read.node("/restart");
    let condition = read.node("/deploy/restart_policy/condition").and_then(Node::as_str);
    restart.is_some_and(|node| node.as_str() == Some("no") || node.as_bool() == Some(false))
        || condition == Some("none")
}

fn bytes(node: &Node) -> Option<u64> {
    quantity::compose_bytes(&node.scalar()?)
}

fn health_check(read: &Reader<'_>) -> Prop<bool> {
    let test = read.node("/healthcheck/test");
    let is_none = |node: &Node| node.items().first().unwrap_or(node).as_str().is_some_and(|word| word == "NONE");
    if test.is_some_and(is_none) {
        return read.prop("/healthcheck/test", |_| Some(false));
    }
    if read.node("/healthcheck/disable").is_some() {
        return read.prop("/healthcheck/disable", |node| truth(node).map(|is_off| !is_off));
    }
    read.prop("/healthcheck", |_| Some(true))
}

fn cpu(read: &Reader<'_>) -> Prop<f64> {
    let limit = read.first(&["/deploy/resources/limits/cpus", "/cpus"], number);
    if limit.value != Known::Absent || read.node("/cpu_quota").is_none() {
        return limit;
    }
    // In microseconds of a period, which is a tenth of a second unless it is given.
    let period = read.node("/cpu_period").and_then(number).filter(|period| *period > 0.0).unwrap_or(100_000.0);
    read.prop("/cpu_quota", |node| number(node).map(|quota| quota / period))
}

fn gpus(read: &Reader<'_>) -> Prop<u64> {
    const DEVICES: &str = "/deploy/resources/reservations/devices";
    let is_gpu = |node: &Node| {
        let listed = node.get("capabilities").map(Node::items).unwrap_or_default();
        // Lists within lists are an or of ands.
        listed.iter().flat_map(|one| std::iter::once(one).chain(one.items())).any(|one| one.as_str() == Some("gpu"))
    };
    if let Some((pointer, _)) = read.items(DEVICES).find(|(_, node)| is_gpu(node)) {
        return read.prop(&pointer, count);
    }
    if read.node("/gpus").is_some() {
        return read.prop("/gpus", |node| match node.items().first() {
            Some(device) => count(device),
            None => count_of(node),
        });
    }
    if read.node("/runtime").and_then(Node::as_str) == Some("nvidia") {
        return read.prop("/runtime", |_| Some(u64::MAX));
    }
    let is_device = |node: &Node| {
        let text = node.scalar().unwrap_or_default();
        ["/dev/nvidia", "/dev/dri", "/dev/kfd", "nvidia.com/gpu", "amd.com/gpu"].iter().any(|one| text.starts_with(one))
    };
    match read.items("/devices").find(|(_, node)| is_device(node)) {
        Some((pointer, _)) => read.prop(&pointer, |_| Some(1)),
        None => read.none(DEVICES),
    }
}

/// GPUs of a reservation: those that are named, so many, or all.
fn count(device: &Node) -> Option<u64> {
    match device.get("device_ids").map(Node::items) {
        Some(ids) if !ids.is_empty() => Some(ids.len() as u64),
        _ => device.get("count").map_or(Some(u64::MAX), count_of),
    }
}

fn count_of(node: &Node) -> Option<u64> {
    if node.as_str() == Some("all") { Some(u64::MAX) } else { whole(node)?.try_into().ok() }
}

fn mount(pointer: String, node: &Node) -> Option<HostMount> {
    if let Some(text) = node.scalar() {
        let volume = short::volume(&text);
        let source = volume.source?;
        let known = match short::is_path(&source) {
            Some(false) => return None,
            // The text is as it is written where a variable in it is not known.
            Some(true) if node.is_opaque() && source.contains('$') => Known::Unknown,
            Some(true) => Known::Is(source),
            None => Known::Unknown,
        };
        let (target, is_read_only) = (volume.target, volume.is_read_only);
        return Some(HostMount { source: known, target, is_read_only, is_repeated: false, pointer });
    }
    let kind = node.get("type").and_then(Node::as_str);
    let source = node.get("source").or_else(|| node.get("src"));
    let is_bind = match kind {
        Some(kind) => kind == "bind",
        None => source.and_then(Node::as_str).and_then(short::is_path) == Some(true),
    };
    if !is_bind {
        return None;
    }
    let known = match source {
        Some(node) if !node.is_opaque() => node.scalar().map_or(Known::Unknown, Known::Is),
        _ => Known::Unknown,
    };
    let target = node.get("target").and_then(Node::scalar).unwrap_or_default();
    let is_read_only = node.get("read_only").and_then(truth).unwrap_or(false);
    let pointer = if source.is_some() { pointer + "/source" } else { pointer };
    Some(HostMount { source: known, target, is_read_only, is_repeated: false, pointer })
}

/// `no-new-privileges` of the security options; also of a live container.
pub(super) fn escalation(read: &Reader<'_>, pointer: &str) -> Prop<bool> {
    for (pointer, node) in read.items(pointer) {
        let text = node.scalar().unwrap_or_default();
        let Some(rest) = text.strip_prefix("no-new-privileges") else { continue };
        let is_on = match rest.trim_start_matches([':', '=']) {
            "" | "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        return read.prop(&pointer, |_| is_on.map(|is_on| !is_on));
    }
    read.none(pointer)
}

/// The seccomp profile of the security options; also of a live container.
pub(super) fn seccomp(read: &Reader<'_>, pointer: &str) -> Prop<String> {
    for (pointer, node) in read.items(pointer) {
        let text = node.scalar().unwrap_or_default();
        if let Some(profile) = text.strip_prefix("seccomp").and_then(|rest| rest.strip_prefix([':', '='])) {
            return read.prop(&pointer, |_| Some(profile.to_owned()));
        }
    }
    read.none(pointer)
}

fn environment(read: &Reader<'_>) -> Vec<(String, Prop<String>)> {
    let Some(node) = read.node("/environment") else { return Vec::new() };
    let listed = read.items("/environment").filter_map(|(pointer, node)| {
        let text = node.scalar()?;
        let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
        let value = match value {
            Some(_) if node.is_opaque() => Known::Unknown,
            Some(value) => Known::Is(value.to_owned()),
            None => Known::Absent,
        };
        Some((name.to_owned(), Prop { value, pointer: read.pointer(&pointer) }))
    });
    let mapped = node.entries().iter().map(|entry| {
        let pointer = crate::rulebook::syntax::node::step("/environment", &entry.key);
        let value = match &entry.value.data {
            Data::Null => Known::Absent,
            Data::Opaque(_) => Known::Unknown,
            _ => entry.value.scalar().map_or(Known::Unknown, Known::Is),
        };
        (entry.key.to_string(), Prop { value, pointer: read.pointer(&pointer) })
    });
    listed.chain(mapped).collect()
}

fn ports(pointer: String, node: &Node) -> Option<PublishedPort> {
    let host_of = |text: Option<&str>| match text {
        None | Some("" | "0") => Known::Absent,
        Some(text) => short::range(text).map_or(Known::Unknown, Known::Is),
    };
    let container_of = |text: &str| short::range(text).map_or(0, |(first, _)| first);
    if let Some(text) = node.scalar() {
        let port = short::port(&text);
        let host = host_of(port.host.as_deref());
        let container = container_of(&port.container);
        return Some(PublishedPort { address: port.address, host, container, protocol: port.protocol, pointer });
    }
    let part = |key: &str| node.get(key).and_then(Node::scalar);
    let container = container_of(&part("target")?);
    let host = host_of(part("published").as_deref());
    let protocol = part("protocol").map_or("tcp".into(), |text| text.to_ascii_lowercase().into());
    let pointer = if node.get("published").is_some() { pointer + "/published" } else { pointer };
    Some(PublishedPort { address: part("host_ip"), host, container, protocol, pointer })
}
