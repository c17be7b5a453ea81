//! What a service of compose gives, against a live container. What the file leaves open is the engine's or the image's to decide, but for what
//! somebody would have to switch on by hand.

use crate::{
    model::redact,
    rulebook::{
        subject::container::{Container, Known, Prop, PublishedPort},
        syntax::node::Node,
    },
};
use std::collections::BTreeSet;

/// A place where the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In the live object.
    pub pointer: String,
    /// In the service.
    pub wanted: String,
    pub told: String,
}

/// Every place that the file gives and the live container has otherwise.
pub fn compare(file: &Container<'_>, live: &Container<'_>) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    image(file, live, &mut found);
    found.text("user", (&file.user, &live.user));
    for (what, file, live) in [
        ("privileged", &file.privileged, &live.privileged),
        ("read_only", &file.read_only_root, &live.read_only_root),
        ("host network", &file.host_network, &live.host_network),
        ("host PID namespace", &file.host_pid, &live.host_pid),
        ("host IPC namespace", &file.host_ipc, &live.host_ipc),
    ] {
        found.truth(what, file, live);
    }
    found.limit("memory limit", (&file.memory_limit_bytes, &live.memory_limit_bytes), true);
    found.limit("CPU limit", (&file.cpu_limit_cores, &live.cpu_limit_cores), true);
    // Engines have a default of their own.
    found.limit("pids limit", (&file.pids_limit, &live.pids_limit), false);
    restart(file, live, &mut found);
    for (what, file, live) in [
        ("cap_add", &file.capabilities_added, &live.capabilities_added),
        ("cap_drop", &file.capabilities_dropped, &live.capabilities_dropped),
    ] {
        found.words(what, file, live);
    }
    ports(file, live, &mut found);
    mounts(file, live, &mut found);
    environment(file, live, &mut found);
    found.0
}

struct Found(Vec<Difference>);

impl Found {
    fn add<T>(&mut self, file: &Prop<T>, live: &Prop<T>, told: String) {
        self.0.push(Difference { pointer: live.pointer.clone(), wanted: file.pointer.clone(), told });
    }

    /// A text that counts where the file gives it.
    fn text(&mut self, what: &str, (file, live): (&Prop<String>, &Prop<String>)) {
        let Some(wanted) = file.get() else { return };
        if !live.is_unknown() && live.get() != Some(wanted) {
            let is = live.get().map_or("not set", String::as_str);
            self.add(file, live, format!("{what} is {is} and not {wanted}"));
        }
    }

    /// What is off unless it is given.
    fn truth(&mut self, what: &str, file: &Prop<bool>, live: &Prop<bool>) {
        if file.is_unknown() || live.is_unknown() || file.is_true() == live.is_true() {
            return;
        }
        let word = if live.is_true() { "on" } else { "off" };
        self.add(file, live, format!("{what} is {word}"));
    }

    /// A limit; one that nobody gave counts only where the engine gives none by itself.
    fn limit<T: PartialEq + std::fmt::Display>(
        &mut self,
        what: &str,
        (file, live): (&Prop<T>, &Prop<T>),
        counts_unasked: bool,
    ) {
        let is_open = file.is_absent() && !counts_unasked;
        if is_open || file.is_unknown() || live.is_unknown() || file.value == live.value {
            return;
        }
        let word = |prop: &Prop<T>| prop.get().map_or_else(|| "none".to_owned(), ToString::to_string);
        self.add(file, live, format!("{what} is {} and not {}", word(live), word(file)));
    }

    /// Lists whose order means nothing.
    fn words(&mut self, what: &str, file: &[Prop<String>], live: &[Prop<String>]) {
        if file.iter().chain(live).any(Prop::is_unknown) {
            return;
        }
        let set = |list: &[Prop<String>]| list.iter().filter_map(Prop::get).cloned().collect::<BTreeSet<String>>();
        let (wanted, is) = (set(file), set(live));
        if wanted != is {
            let pointer = live.first().map_or_else(|| "/HostConfig".to_owned(), |one| above(&one.pointer));
            let place = file.first().map(|one| above(&one.pointer)).unwrap_or_default();
            let list = |set: &BTreeSet<String>| {
                if set.is_empty() { "none".into() } else { Vec::from_iter(set.iter().map(String::as_str)).join(", ") }
            };
            let told = format!("{what} is {} and not {}", list(&is), list(&wanted));
            self.0.push(Difference { pointer, wanted: place, told });
        }
    }
}

fn above(pointer: &str) -> String {
    pointer.rsplit_once('/').map_or("", |(above, _)| above).to_owned()
}

fn image(file: &Container<'_>, live: &Container<'_>, found: &mut Found) {
    let (Some(wanted), Some(is)) = (file.image.get().filter(|_| !file.is_built), live.image.get()) else { return };
    // An image that lost its name since is told by its digest.
    if is.starts_with("sha256:") || whole_name(wanted) == whole_name(is) {
        return;
    }
    found.add(&file.image, &live.image, format!("image is {is} and not {wanted}"));
}

/// With the registry, the path and the tag that are meant where they are not written; a digest goes before the tag.
fn whole_name(image: &str) -> String {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, "latest"),
    };
    let is_registry = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let path = match path.split_once('/') {
        Some((first, _)) if is_registry(first) => {
            path.trim_start_matches("docker.io/library/").trim_start_matches("docker.io/")
        }
        _ => path.trim_start_matches("library/"),
    };
    digest.map_or_else(|| format!("{path}:{tag}"), |digest| format!("{path}@{digest}"))
}

fn restart(file: &Container<'_>, live: &Container<'_>, found: &mut Found) {
    const LIVE: &str = "/HostConfig/RestartPolicy";
    let Some(wanted) = file.resource.at("/restart").filter(|node| !node.is_opaque()) else { return };
    let wanted = if wanted.as_bool() == Some(false) { "no".into() } else { wanted.scalar().unwrap_or_default() };
    let part = |key: &str| live.resource.at(LIVE).and_then(|policy| policy.get(key));
    let Some(name) = part("Name").and_then(Node::as_str) else { return };
    let is = match (name, part("MaximumRetryCount").and_then(Node::as_int)) {
        ("", _) => "no".to_owned(),
        ("on-failure", Some(count)) if count > 0 => format!("on-failure:{count}"),
        _ => name.to_owned(),
    };
    if is != wanted {
        let told = format!("restart is {is} and not {wanted}");
        found.0.push(Difference { pointer: LIVE.into(), wanted: "/restart".into(), told });
    }
}

fn ports(file: &Container<'_>, live: &Container<'_>, found: &mut Found) {
    if file.ports.iter().chain(&live.ports).any(|port| port.host == Known::Unknown) {
        return;
    }
    let (wanted, is) = (bindings(&file.ports), bindings(&live.ports));
    let list = |set: &BTreeSet<String>, other: &BTreeSet<String>| {
        set.difference(other).map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let (missing, more) = (list(&wanted, &is), list(&is, &wanted));
    let told = match (missing.is_empty(), more.is_empty()) {
        (true, true) => return,
        (false, true) => format!("port {missing} is not published"),
        (true, false) => format!("port {more} is published"),
        (false, false) => format!("port {more} is published and not {missing}"),
    };
    found.0.push(Difference { pointer: "/HostConfig/PortBindings".into(), wanted: "/ports".into(), told });
}

/// `127.0.0.1:8080:80/tcp`, each port of a range by itself.
fn bindings(ports: &[PublishedPort]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for port in ports {
        let address =
            if port.is_on_all() { String::new() } else { format!("{}:", port.address.as_deref().unwrap_or_default()) };
        let (first, last) = match port.host {
            Known::Is(range) => range,
            _ => {
                all.insert(format!("{}/{}", port.container, port.protocol));
                continue;
            }
        };
        for host in first..=last {
            // Where the host has a range and the container one port, each leads to the next.
            let container = u32::from(port.container) + u32::from(host - first);
            all.insert(format!("{address}{host}:{container}/{}", port.protocol));
        }
    }
    all
}

/// Paths of the host. Secrets and configurations of compose are mounted from files too, and the file says so elsewhere.
fn mounts(file: &Container<'_>, live: &Container<'_>, found: &mut Found) {
    let has = |key: &str| file.resource.at(key).is_some();
    let may_have_more = has("/secrets") || has("/configs") || has("/volumes_from") || has("/develop");
    let target = |text: &str| text.trim_end_matches('/').to_owned();
    for wanted in &file.host_mounts {
        let is = live.host_mounts.iter().find(|is| target(&is.target) == target(&wanted.target));
        let told = match is {
            None => format!("{} is not mounted", wanted.target),
            Some(is) if is.is_read_only != wanted.is_read_only => {
                format!("{} is mounted {}", wanted.target, if is.is_read_only { "read only" } else { "to be written" })
            }
            Some(_) => continue,
        };
        let pointer = is.map_or_else(|| "/Mounts".to_owned(), |is| is.pointer.clone());
        found.0.push(Difference { pointer, wanted: wanted.pointer.clone(), told });
    }
    if may_have_more || file.host_mounts.iter().any(|mount| mount.target.contains('$')) {
        return;
    }
    // A volume that is named may lie on a path of the host.
    let declared: Vec<String> =
        file.resource.at("/volumes").map(Node::items).unwrap_or_default().iter().filter_map(target_of).collect();
    for more in live.host_mounts.iter().filter(|is| !declared.contains(&target(&is.target))) {
        let told = format!("a path of the host is mounted at {}", more.target);
        found.0.push(Difference { pointer: more.pointer.clone(), wanted: "/volumes".into(), told });
    }
}

fn target_of(node: &Node) -> Option<String> {
    let target = match node.scalar() {
        Some(text) => crate::rulebook::subject::compose::short::volume(&text).target,
        None => node.get("target").and_then(Node::scalar)?,
    };
    Some(target.trim_end_matches('/').to_owned())
}

/// Variables that the file gives. Values are not told, and those that are hidden are not compared.
fn environment(file: &Container<'_>, live: &Container<'_>, found: &mut Found) {
    for (name, wanted) in &file.environment {
        let Some(value) = wanted.get().filter(|value| redact::value(name, value) == value.as_str()) else { continue };
        let is = live.environment.iter().find(|(own, _)| own == name);
        let told = match is {
            None => format!("{name} is not set"),
            Some((_, is)) if is.get().is_some_and(|is| is != value) => format!("{name} differs"),
            Some(_) => continue,
        };
        let pointer = is.map_or_else(|| "/Config/Env".to_owned(), |(_, is)| is.pointer.clone());
        found.0.push(Difference { pointer, wanted: wanted.pointer.clone(), told });
    }
}
