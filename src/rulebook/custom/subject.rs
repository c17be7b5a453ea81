//! What a rule can be about, and what a container and a file look like to it.

use crate::rulebook::{
    subject::container::{Container, Declared, Known, Prop},
    syntax::node::{Data, Entry, Node},
    tree::File,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An object of a cluster or an engine, in a file or live.
    #[default]
    Resource,
    /// A container: a compose service, one of a pod template, a live one.
    Container,
    /// A file of a repository.
    File,
}

impl Kind {
    /// The word in rule files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Container => "container",
            Self::File => "file",
        }
    }
}

/// What a rule can ask of a container, by name.
pub const CONTAINER_FIELDS: &[&str] = &[
    "name",
    "image",
    "user",
    "command",
    "environment",
    "ports",
    "host_mounts",
    "privileged",
    "run_as_non_root",
    "allow_privilege_escalation",
    "read_only_root",
    "seccomp",
    "capabilities_added",
    "capabilities_dropped",
    "host_network",
    "host_pid",
    "host_ipc",
    "memory_limit_bytes",
    "memory_request_bytes",
    "cpu_limit_cores",
    "pids_limit",
    "gpus",
    "health_check",
    "health",
    "declared",
    "is_init",
    "is_batch",
    "is_built",
];

/// What a rule can ask of a file, by name. Matchers know also `text` and `line`.
pub const FILE_FIELDS: &[&str] =
    &["path", "name", "folder", "extension", "kind", "size_bytes", "is_executable", "is_tracked"];

/// A container as a map of its fields, and where each stands in its object. What is not given is left out.
pub fn of_container(container: &Container<'_>) -> (Node, Vec<(String, String)>) {
    let mut fields = Fields { entries: Vec::new(), places: Vec::new() };
    fields.add("name", text(&container.name), None);
    let string = |value: &String| text(value);
    fields.prop("image", &container.image, string);
    fields.prop("user", &container.user, string);
    fields.prop("seccomp", &container.seccomp, string);
    let truths = [
        ("privileged", &container.privileged),
        ("run_as_non_root", &container.run_as_non_root),
        ("allow_privilege_escalation", &container.allow_privilege_escalation),
        ("read_only_root", &container.read_only_root),
        ("host_network", &container.host_network),
        ("host_pid", &container.host_pid),
        ("host_ipc", &container.host_ipc),
        ("health_check", &container.health_check),
    ];
    for (name, prop) in truths {
        fields.prop(name, prop, |truth| Data::Bool(*truth));
    }
    let whole = |number: &u64| i64::try_from(*number).map_or(Data::Float(*number as f64), Data::Int);
    fields.prop("memory_limit_bytes", &container.memory_limit_bytes, whole);
    fields.prop("memory_request_bytes", &container.memory_request_bytes, whole);
    fields.prop("gpus", &container.gpus, whole);
    fields.prop("cpu_limit_cores", &container.cpu_limit_cores, |number| Data::Float(*number));
    fields.prop("pids_limit", &container.pids_limit, |number| Data::Int(*number));
    fields.lists(container);
    fields.environment(&container.environment);
    if let Some(health) = &container.health {
        fields.add("health", text(health), None);
    }
    let declared = match container.declared {
        Declared::Compose => "compose",
        Declared::Pod => "pod",
        Declared::Engine => "engine",
    };
    fields.add("declared", text(declared), None);
    for (name, truth) in
        [("is_init", container.is_init), ("is_batch", container.is_batch), ("is_built", container.is_built)]
    {
        fields.add(name, Data::Bool(truth), None);
    }
    (Node::of(Data::Map(fields.entries.into())), fields.places)
}

/// A file as a map of its fields.
pub fn of_file(file: &File) -> Node {
    let name = file.name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let kind = format!("{:?}", file.kind).to_lowercase();
    let size = i64::try_from(file.listed.size_bytes).map_or(Data::Null, Data::Int);
    Node::of(map([
        ("path", text(&file.path)),
        ("name", text(name)),
        ("folder", text(file.folder())),
        ("extension", text(extension)),
        ("kind", text(&kind)),
        ("size_bytes", size),
        ("is_executable", Data::Bool(file.listed.is_executable)),
        ("is_tracked", file.listed.is_tracked.map_or(Data::Opaque("whether git tracks it".into()), Data::Bool)),
    ]))
}

struct Fields {
    entries: Vec<Entry>,
    /// Pointer in the map, pointer in the object.
    places: Vec<(String, String)>,
}

impl Fields {
    fn add(&mut self, name: &str, data: Data, pointer: Option<&str>) {
        if let Some(pointer) = pointer {
            self.places.push((format!("/{name}"), pointer.to_owned()));
        }
        self.entries.push(Entry { key: name.into(), key_span: None, value: Node::of(data) });
    }

    fn prop<T>(&mut self, name: &str, prop: &Prop<T>, data: impl Fn(&T) -> Data) {
        match known(&prop.value, data) {
            Some(data) => self.add(name, data, Some(&prop.pointer)),
            // Where it would stand is where a person has to write it.
            None => self.places.push((format!("/{name}"), prop.pointer.clone())),
        }
    }

    fn list<'p>(&mut self, name: &str, items: impl Iterator<Item = (Data, Option<&'p String>)>) {
        let mut nodes = Vec::new();
        for (at, (data, pointer)) in items.enumerate() {
            self.places.extend(pointer.map(|pointer| (format!("/{name}/{at}"), pointer.clone())));
            nodes.push(Node::of(data));
        }
        self.add(name, Data::List(nodes.into()), None);
    }

    /// The fields that are lists.
    fn lists(&mut self, container: &Container<'_>) {
        for (name, list) in [
            ("capabilities_added", &container.capabilities_added),
            ("capabilities_dropped", &container.capabilities_dropped),
        ] {
            let data = |value: &Known<String>| known(value, |value| text(value)).unwrap_or_default();
            self.list(name, list.iter().map(|prop| (data(&prop.value), Some(&prop.pointer))));
        }
        self.list("command", container.command.iter().map(|word| (text(word), None)));
        let mounts = container.host_mounts.iter().map(|mount| {
            let source = known(&mount.source, |source| text(source)).unwrap_or_default();
            let read_only = Data::Bool(mount.is_read_only);
            let all = [("source", source), ("target", text(&mount.target)), ("is_read_only", read_only)];
            (map(all), Some(&mount.pointer))
        });
        self.list("host_mounts", mounts);
        let ports = container.ports.iter().map(|port| {
            let host =
                |at: fn(&(u16, u16)) -> u16| known(&port.host, |range| Data::Int(at(range).into())).unwrap_or_default();
            let all = [
                ("address", port.address.as_deref().map_or(Data::Null, text)),
                ("host", host(|range| range.0)),
                ("host_last", host(|range| range.1)),
                ("container", Data::Int(port.container.into())),
                ("protocol", text(&port.protocol)),
            ];
            (map(all), Some(&port.pointer))
        });
        self.list("ports", ports);
    }

    fn environment(&mut self, environment: &[(String, Prop<String>)]) {
        let mut entries = Vec::new();
        for (name, prop) in environment {
            let data = known(&prop.value, |value| text(value)).unwrap_or_default();
            let pointer = crate::rulebook::syntax::node::step("/environment", name);
            self.places.push((pointer, prop.pointer.clone()));
            entries.push(Entry { key: name.as_str().into(), key_span: None, value: Node::of(data) });
        }
        self.add("environment", Data::Map(entries.into()), None);
    }
}

fn known<T>(value: &Known<T>, data: impl Fn(&T) -> Data) -> Option<Data> {
    match value {
        Known::Is(value) => Some(data(value)),
        Known::Absent => None,
        Known::Unknown => Some(Data::Opaque("a value that is not known here".into())),
    }
}

fn map<const N: usize>(fields: [(&str, Data); N]) -> Data {
    let entry = |(name, data): (&str, Data)| Entry { key: name.into(), key_span: None, value: Node::of(data) };
    Data::Map(fields.into_iter().map(entry).collect())
}

fn text(text: &str) -> Data {
    Data::Text(text.into())
}
