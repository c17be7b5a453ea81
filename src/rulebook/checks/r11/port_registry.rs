//! 11m: a port of a host that the registry of ports lacks, or that two have.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        resource::Resource,
        subject::{
            compose::Project,
            container::{Known, PublishedPort, containers, pod::publishes, published},
            live::Live,
        },
        syntax::{
            node::Node,
            ports::{self, Registered},
        },
        tree::{File, Kind, Tree},
    },
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// 11m. In a tree: ports that compose services, pods and services of clusters publish, and the rows of the registry. Live: in the scope
/// `docker` ports of containers, `kube` node ports, `host` whatever listens.
pub struct PortRegistry;

static META: Meta = Meta {
    id: "11m",
    title: "port not in the registry, or taken twice",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube, Scope::Host],
    why: "Two services cannot have one port: the second one fails to start, often during a deploy at night. A port that nobody registered is one that nobody guards.",
    fix: "Add the port to the registry, with its service; or take another one that is free.",
    precedent: &["dclint no-duplicate-exported-ports"],
    references: &["https://docs.docker.com/engine/network/port-publishing/"],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "ephemeral-from",
            about: "ports from this one on are given out by the system; what listens there is not looked for in the registry",
            default: Value::Number(32_768.0),
        },
    ],
};

impl Check for PortRegistry {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let registry = Registry::of(tree, out);
        let mut ports = Ports::default();
        let (layers, mains): (Vec<_>, Vec<_>) = tree.projects().iter().partition(|project| project.is_layer);
        for project in mains.into_iter().chain(layers) {
            for service in project.told() {
                if out.leaves_out(&service.origin) {
                    continue;
                }
                ports.service(project, service, out);
            }
        }
        for resource in tree.resources() {
            if out.leaves_out(&resource.origin) {
                continue;
            }
            ports.cluster(resource, out);
        }
        registry.twice(out);
        match &registry.file {
            Some(_) => ports.found.iter().for_each(|port| registry.lacks(port, out)),
            None if !ports.found.is_empty() => {
                let path = out.policy.layout.ports.clone();
                let ports: BTreeSet<u16> = ports.found.iter().map(|port| port.first).collect();
                let observed = format!("no {path}; {} ports are published", ports.len());
                let draft = out.about(path.clone(), path).observed(observed).key("missing");
                let fix = "Write the registry: a Markdown table with the columns Port and Service.";
                draft.expected("a registry of ports").fix(fix).fail();
            }
            None => return Judged::No,
        }
        Judged::Yes
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::PortRegistry, Kind::Markdown, Kind::Changelog, Kind::Compose, Kind::Kubernetes])
    }

    fn live(&self, live: &Live<'_>, tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let Some(registry) = tree.map(|tree| Registry::of(tree, out)).filter(|registry| registry.file.is_some()) else {
            return Judged::No;
        };
        match out.scope {
            Scope::Docker => {
                let mut ports = Ports::default();
                for object in &live.docker {
                    ports.engine(object);
                }
                ports.found.iter().for_each(|port| registry.lacks(port, out));
            }
            Scope::Kube => {
                let mut ports = Ports::default();
                for object in live.kube.iter().filter(|object| object.kind == "Service") {
                    ports.cluster(object, out);
                }
                ports.found.iter().for_each(|port| registry.lacks(port, out));
            }
            Scope::Host => listening(live, &registry, out),
            Scope::Repo | Scope::Diff => return Judged::No,
        }
        Judged::Yes
    }
}

/// What listens on the host, but for what only the host itself can reach, and what containers publish: those are told by their engine.
fn listening(live: &Live<'_>, registry: &Registry<'_>, out: &mut Out<'_>) {
    let mut published = Ports::default();
    for object in &live.docker {
        published.engine(object);
    }
    let mut seen = BTreeSet::new();
    for one in live.listening {
        let is_published = published.found.iter().any(|port| port.covers(one.port) && port.protocol == one.protocol);
        let is_ephemeral = f64::from(one.port) >= out.number("ephemeral-from");
        if one.address.is_loopback() || is_published || is_ephemeral || !seen.insert((one.port, one.protocol)) {
            continue;
        }
        if registry.gap((one.port, one.port), one.protocol).is_some() {
            let program = one.program.as_deref().map(|program| format!(" ({program})")).unwrap_or_default();
            let observed = format!("port {}/{}{program} listens", one.port, one.protocol);
            let draft = out.about(format!("port {}/{}", one.port, one.protocol), "host").observed(observed);
            draft.key("listens").expected(format!("an entry in {}", registry.path())).fail();
        }
    }
}

/// The registry of a tree.
struct Registry<'t> {
    file: Option<&'t File>,
    ports: Vec<Registered>,
    /// By protocol, and by port: the first port from there on that is not registered.
    gaps: [Vec<u32>; 3],
}

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];
const PORTS: usize = 1 << 16;

/// For each port the first one from there on that no row has.
fn gaps(rows: &[Registered], protocol: &str) -> Vec<u32> {
    let mut starts = vec![0_i64; PORTS + 1];
    for row in rows.iter().filter(|row| row.protocol.as_deref().is_none_or(|own| own == protocol)) {
        starts[usize::from(row.first)] += 1;
        starts[usize::from(row.last) + 1] -= 1;
    }
    let mut rows_here = 0;
    let running = starts.iter().map(|change| {
        rows_here += change;
        rows_here > 0
    });
    let is_registered: Vec<bool> = running.collect();
    let mut gap = PORTS as u32;
    let mut gaps: Vec<u32> = (0..PORTS)
        .rev()
        .map(|port| {
            if !is_registered[port] {
                gap = port as u32;
            }
            gap
        })
        .collect();
    gaps.reverse();
    gaps
}

impl<'t> Registry<'t> {
    fn of(tree: &'t Tree, out: &Out<'_>) -> Self {
        let named = tree.file(&out.policy.layout.ports);
        let file = named.or_else(|| tree.of_kind(Kind::PortRegistry).next()).map(|file| &**file);
        let ports = file.map(|file| ports::parse(file.text())).unwrap_or_default();
        let gaps = PROTOCOLS.map(|protocol| gaps(&ports, protocol));
        Self { file, ports, gaps }
    }

    fn path(&self) -> &str {
        self.file.map_or("", |file| file.path.as_str())
    }

    /// The first port of a range that no row has.
    fn gap(&self, (first, last): (u16, u16), protocol: &str) -> Option<u16> {
        let at = PROTOCOLS.iter().position(|known| *known == protocol).unwrap_or(0);
        let gap = self.gaps[at].get(usize::from(first)).copied()?;
        u16::try_from(gap).ok().filter(|gap| *gap <= last)
    }

    /// Ports that stand in two rows. A service may have several ports, and a host's port is another host's too.
    fn twice(&self, out: &mut Out<'_>) {
        let Some(file) = self.file else { return };
        let mut told = BTreeSet::new();
        let mut rows: Vec<&Registered> = self.ports.iter().collect();
        rows.sort_by_key(|row| (row.first, row.last, row.span));
        // Only those that begin before this one ends can overlap it.
        for (at, row) in rows.iter().enumerate() {
            let near = rows[at + 1..].iter().take(MOST_COMPARED).take_while(|other| other.first <= row.last);
            let is_same_protocol = |other: &&&Registered| {
                row.protocol.is_none() || other.protocol.is_none() || row.protocol == other.protocol
            };
            // A summary and the details name the same service.
            let is_other = |other: &&&Registered| other.service.is_empty() || other.service != row.service;
            let clash = near.filter(is_same_protocol).filter(is_other).find(|other| other.host == row.host);
            if let Some(other) = clash {
                let (first, second) = if row.span <= other.span { (row, other) } else { (other, row) };
                if !told.insert(second.span) {
                    continue;
                }
                let observed = format!("port {} is registered twice", second.first.max(first.first));
                let draft = out.at(file, second.span).observed(observed);
                draft.expected(format!("one row a port; the other is in line {}", first.span.line)).fail();
            }
        }
    }

    fn lacks(&self, port: &Found<'_>, out: &mut Out<'_>) {
        if let Some(number) = self.gap((port.first, port.last), &port.protocol) {
            let draft = out
                .on(port.resource, &port.pointer)
                .observed(format!("port {number}/{} is not registered", port.protocol));
            draft.expected(format!("an entry in {}", self.path())).fail();
        }
    }
}

/// Others that a row or a port is compared with, so that a thousand of the same take no long time.
const MOST_COMPARED: usize = 200;

/// A port of a host that is published.
struct Found<'t> {
    resource: &'t Resource,
    pointer: String,
    first: u16,
    last: u16,
    protocol: CompactString,
    address: Option<String>,
    /// The project, where it is one of compose.
    project: Option<&'t Project>,
}

impl Found<'_> {
    fn covers(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// Whether both cannot be published on one host.
    fn clashes(&self, other: &Self) -> bool {
        let is_all = |address: &Option<String>| {
            address.as_deref().is_none_or(|address| matches!(address, "0.0.0.0" | "::" | "*"))
        };
        let meets = is_all(&self.address) || is_all(&other.address) || self.address == other.address;
        meets && self.protocol == other.protocol && self.first <= other.last && other.first <= self.last
    }
}

#[derive(Default)]
struct Ports<'t> {
    found: Vec<Found<'t>>,
    /// Those of compose, by their first port.
    by_port: BTreeMap<u16, Vec<usize>>,
}

impl<'t> Ports<'t> {
    fn add(&mut self, resource: &'t Resource, port: PublishedPort, project: Option<&'t Project>) -> Option<&Found<'t>> {
        let Known::Is((first, last)) = port.host else { return None };
        let (pointer, protocol, address) = (port.pointer, port.protocol, port.address);
        self.found.push(Found { resource, pointer, first, last, protocol, address, project });
        self.found.last()
    }

    fn service(&mut self, project: &'t Project, service: &'t Resource, out: &mut Out<'_>) {
        for port in published(service) {
            if port.host == Known::Unknown {
                let draft = out.on(service, &port.pointer).expected("a port that can be read");
                draft.unknown("the port of the host cannot be known from here");
                continue;
            }
            // What it only takes over from another file is told there.
            if !service.is_told(&port.pointer) || self.add(service, port, Some(project)).is_none() {
                continue;
            }
            let at = self.found.len() - 1;
            let new = &self.found[at];
            let others = self.by_port.range(new.first.saturating_sub(WIDEST)..=new.last).flat_map(|(_, places)| places);
            let other = others
                .take(MOST_COMPARED)
                .map(|place| &self.found[*place])
                .find(|other| other.clashes(new) && run_together(new, other));
            if let Some(other) = other {
                let number = new.first.max(other.first);
                let observed = format!(
                    "port {number}/{} is also published by {}, {}",
                    new.protocol,
                    other.resource.label(),
                    other.resource.origin
                );
                let draft = out.on(service, &new.pointer).observed(observed);
                draft.expected("a port that no other service has").fail();
            }
            let first = new.first;
            self.by_port.entry(first).or_default().push(at);
        }
    }

    /// Ports of nodes: of pods, and of services of the type NodePort.
    fn cluster(&mut self, resource: &'t Resource, out: &mut Out<'_>) {
        if resource.kind == "Service" {
            for (at, port) in resource.at("/spec/ports").map(Node::items).unwrap_or_default().iter().enumerate() {
                let Some(number) =
                    port.get("nodePort").and_then(Node::as_int).and_then(|port| u16::try_from(port).ok())
                else {
                    continue;
                };
                let protocol = port.get("protocol").and_then(Node::as_str).unwrap_or("tcp").to_ascii_lowercase().into();
                let (pointer, host) = (format!("/spec/ports/{at}/nodePort"), Known::Is((number, number)));
                let port = PublishedPort { address: None, host, container: 0, protocol, pointer };
                self.node_port_twice(resource, &port, number, out);
                self.add(resource, port, None);
            }
            return;
        }
        if !publishes(resource) {
            return;
        }
        for container in containers(resource) {
            for port in container.ports {
                self.add(resource, port, None);
            }
        }
    }

    fn node_port_twice(&self, resource: &Resource, port: &PublishedPort, number: u16, out: &mut Out<'_>) {
        let is_other = |other: &&Found<'_>| {
            // The same name in another file is the same service in another environment.
            other.resource.kind == "Service"
                && other.resource.name != resource.name
                && other.covers(number)
                && other.protocol == port.protocol
        };
        let other = self.found.iter().find(is_other).filter(|_| resource.scope == Scope::Repo);
        if let Some(other) = other {
            let observed = format!(
                "node port {number}/{} is also that of {}, {}",
                port.protocol,
                other.resource.label(),
                other.resource.origin
            );
            out.on(resource, &port.pointer).observed(observed).expected("a port that no other service has").fail();
        }
    }

    fn engine(&mut self, object: &'t Resource) {
        for container in containers(object).into_iter().filter(|_| object.kind == "container") {
            let mut seen = BTreeSet::new();
            for port in container.ports {
                // IPv4 and IPv6 are bound each by itself.
                if let Known::Is(range) = port.host
                    && seen.insert((range, port.protocol.clone()))
                {
                    self.add(object, port, None);
                }
            }
        }
    }
}

/// The widest range of ports that is looked for among those that begin before another.
const WIDEST: u16 = 1_000;

/// Whether two services run at the same time: not variants of one project, and not in profiles that exclude each other.
fn run_together(one: &Found<'_>, other: &Found<'_>) -> bool {
    let (Some(project), Some(of)) = (one.project, other.project) else { return true };
    let is_same_service = one.resource.name == other.resource.name;
    let is_same_project = std::ptr::eq(project, of);
    // A layer runs together with what it lies over, but not with another layer.
    let is_layered = project.folder == of.folder && project.is_layer != of.is_layer;
    if project.folder == of.folder && !is_same_project && (!is_layered || is_same_service) {
        return false;
    }
    let profiles = |resource: &Resource| -> BTreeSet<String> {
        let listed = resource.at("/profiles").map(Node::items).unwrap_or_default();
        listed.iter().filter_map(Node::scalar).collect()
    };
    let (profiles, others) = (profiles(one.resource), profiles(other.resource));
    profiles.is_empty() || others.is_empty() || !profiles.is_disjoint(&others)
}

#[cfg(test)]
mod tests;
