//! The fields of a service beside those of a container.

use super::{Compared, ImageDefaults};
use crate::{
    model::{container::Drift, redact, units},
    rulebook::subject::compose::{
        machine::Service,
        short::{self, size},
    },
    source::docker::wire::{Inspect, Mount},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

/// A comparison under way.
pub(super) struct Comparison<'a> {
    service: &'a Service,
    live: &'a Inspect,
    image: Option<&'a ImageDefaults>,
    folder: &'a Path,
    pub compared: Compared,
}

const NOT_SET: &str = "not set";

impl<'a> Comparison<'a> {
    pub fn new(service: &'a Service, live: &'a Inspect, image: Option<&'a ImageDefaults>, folder: &'a Path) -> Self {
        Self { service, live, image, folder, compared: Compared::default() }
    }

    pub fn run(&mut self) {
        for (field, why) in &self.service.unknown {
            self.compared.left_out.push(format!("{field}: {why}"));
        }
        self.image();
        self.command("command", self.live.config.command.clone());
        self.command("entrypoint", self.live.config.entrypoint.list());
        self.environment();
        self.ports();
        self.restart();
        self.privileged();
        self.limits();
        self.volumes();
    }

    /// The field of the file, unless it is not known.
    fn field(&self, name: &str) -> Option<&'a Value> {
        if self.service.unknown.contains_key(name) { None } else { self.service.fields.get(name) }
    }

    fn is_unknown(&self, name: &str) -> bool {
        self.service.unknown.contains_key(name)
    }

    fn leave_out(&mut self, field: &str, why: &str) {
        self.compared.left_out.push(format!("{field}: {why}"));
    }

    fn differs(&mut self, field: impl Into<String>, file: impl Into<String>, live: impl Into<String>) {
        self.compared.drift.push(Drift { field: field.into().into(), file: file.into(), live: live.into() });
    }

    fn image(&mut self) {
        let live = self.live.config.image.as_str();
        match self.field("image").and_then(scalar) {
            Some(file) if tagged(&file) != tagged(live) => self.differs("image", file, live),
            Some(_) => {}
            None if self.is_unknown("image") => {}
            None => self.leave_out("image", "the file builds it"),
        }
    }

    fn command(&mut self, field: &str, live: Vec<String>) {
        let file = match self.field(field) {
            Some(Value::String(text)) => short::words(text),
            Some(Value::Array(list)) => list.iter().filter_map(scalar).collect(),
            // What the file leaves open is the image's.
            _ if self.is_unknown(field) => return,
            _ => match self.image {
                Some(image) if field == "command" => image.command.clone(),
                Some(image) => image.entrypoint.clone(),
                None => return,
            },
        };
        // With an entrypoint of its own, a service does not take the image's command.
        let own_entrypoint = field == "command" && self.service.fields.contains_key("entrypoint");
        if file != live && !(own_entrypoint && live.is_empty() && !self.service.fields.contains_key("command")) {
            let shown = |words: &[String]| redact::arguments(words.iter().map(String::as_str)).join(" ");
            let (file, live) = (shown(&file), shown(&live));
            self.differs(field, or_not_set(file), or_not_set(live));
        }
    }

    fn environment(&mut self) {
        let file = self.service.fields.get("environment").and_then(Value::as_object);
        let file: BTreeMap<&str, Option<String>> =
            file.into_iter().flatten().map(|(name, value)| (name.as_str(), scalar(value))).collect();
        let pairs = |list: &[String]| -> BTreeMap<String, String> {
            list.iter().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
        };
        let live = pairs(&self.live.config.environment);
        let of_image = self.image.map(|image| pairs(&image.environment)).unwrap_or_default();
        for (&name, value) in &file {
            let field = format!("environment.{name}");
            if self.is_unknown(&field) {
                continue;
            }
            let Some(value) = value else {
                self.leave_out(&field, "its value came from the shell that ran compose");
                continue;
            };
            if live.get(name) != Some(value) {
                let (file, live) = beside(name, Some(value), live.get(name));
                self.differs(field, file, live);
            }
        }
        // Further ones may be from what could not be read.
        if self.is_unknown("env_file") || self.is_unknown("extends") || self.image.is_none() {
            return;
        }
        let further = live
            .iter()
            .filter(|(name, value)| !file.contains_key(name.as_str()) && of_image.get(*name) != Some(*value));
        let further: Vec<_> = further.map(|(name, value)| (name.clone(), beside(name, None, Some(value)))).collect();
        for (name, (file, live)) in further {
            self.differs(format!("environment.{name}"), file, live);
        }
    }

    fn ports(&mut self) {
        if self.is_unknown("ports") {
            return;
        }
        let mut file = BTreeSet::new();
        for port in self.field("ports").and_then(Value::as_array).into_iter().flatten() {
            match port_of(port) {
                Some(port) => drop(file.insert(port)),
                None => return self.leave_out("ports", "a range of ports is not understood"),
            }
        }
        let mut live = BTreeSet::new();
        for (private, bindings) in &self.live.host.ports {
            for binding in bindings.iter().flatten() {
                let port = if binding.port == "0" { "" } else { &binding.port };
                live.insert(published(&binding.ip, port, private));
            }
        }
        if file != live {
            let shown = |ports: &BTreeSet<String>| or_not_set(ports.iter().cloned().collect::<Vec<_>>().join(" "));
            self.differs("ports", shown(&file), shown(&live));
        }
    }

    fn restart(&mut self) {
        if self.is_unknown("restart") {
            return;
        }
        let file = self.field("restart").and_then(scalar).unwrap_or_else(|| "no".into());
        // YAML's `no` without quotes is false.
        let file = if file == "false" { "no".to_owned() } else { file };
        let policy = &self.live.host.restart;
        let name = if policy.name.is_empty() { "no" } else { &policy.name };
        let live = match policy.most.filter(|most| *most > 0 && name == "on-failure") {
            Some(most) => format!("{name}:{most}"),
            None => name.to_owned(),
        };
        if file != live {
            self.differs("restart", file, live);
        }
    }

    fn privileged(&mut self) {
        let file = self.field("privileged").and_then(Value::as_bool).unwrap_or(false);
        if let Some(live) = self.live.host.privileged.filter(|live| *live != file) {
            self.differs("privileged", file.to_string(), live.to_string());
        }
    }

    fn limits(&mut self) {
        let deploy = self.field("deploy").and_then(|deploy| deploy.pointer("/resources/limits"));
        let text = |short: &str, long: &str| {
            self.field(short).or_else(|| deploy.and_then(|limits| limits.get(long))).and_then(scalar)
        };
        let (memory, cpus) = (text("mem_limit", "memory"), text("cpus", "cpus"));
        if !self.is_unknown("deploy") && !self.is_unknown("mem_limit") {
            let live = self.live.host.memory.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
            let file = memory.as_deref().and_then(size);
            if file != live {
                let shown =
                    |bytes: Option<u64>| bytes.map_or_else(|| "no limit".into(), |bytes| units::bytes(bytes as f64));
                self.differs("memory limit", shown(file), shown(live));
            }
        }
        if !self.is_unknown("deploy") && !self.is_unknown("cpus") {
            let live = crate::source::docker::read::cpu_limit(self.live);
            let file = cpus.and_then(|text| text.parse::<f64>().ok()).filter(|cores| *cores > 0.0);
            let same = match (file, live) {
                (Some(file), Some(live)) => (file - live).abs() < 0.001,
                (file, live) => file.is_none() && live.is_none(),
            };
            if !same {
                let shown =
                    |cores: Option<f64>| cores.map_or_else(|| "no limit".into(), |cores| format!("{cores} cores"));
                self.differs("cpu limit", shown(file), shown(live));
            }
        }
    }

    fn volumes(&mut self) {
        if self.is_unknown("volumes") {
            return;
        }
        let file = self.field("volumes").and_then(Value::as_array).into_iter().flatten();
        let file: BTreeMap<String, Mounted> = file.filter_map(|volume| self.mounted(volume)).collect();
        let live: BTreeMap<&str, &Mount> =
            self.live.mounts.iter().map(|mount| (mount.destination.as_str(), mount)).collect();
        for (target, wanted) in &file {
            match live.get(target.as_str()) {
                None => self.differs(format!("volumes.{target}"), wanted.to_string(), "not mounted"),
                Some(mount) => {
                    let is = Mounted { source: Some(source_of(mount)), writable: mount.writable };
                    let same_source = wanted.source.is_none() || wanted.source == is.source;
                    if !same_source || wanted.writable != is.writable {
                        self.differs(format!("volumes.{target}"), wanted.to_string(), is.to_string());
                    }
                }
            }
        }
        // Volumes without a name come with the image.
        let nameless = |mount: &Mount| mount.kind == "volume" && mount.name.len() == 64;
        let further = live.iter().filter(|(target, mount)| !file.contains_key(**target) && !nameless(mount));
        for (target, mount) in further.collect::<Vec<_>>() {
            let is = Mounted { source: Some(source_of(mount)), writable: mount.writable };
            self.differs(format!("volumes.{target}"), "not mounted", is.to_string());
        }
    }

    /// A volume of the file: where it is mounted, and what.
    fn mounted(&self, volume: &Value) -> Option<(String, Mounted)> {
        let (source, target, writable) = match volume {
            Value::String(text) => {
                let mut parts = text.split(':');
                match (parts.next()?, parts.next(), parts.next()) {
                    (target, None, _) => (None, target.to_owned(), true),
                    (source, Some(target), mode) => {
                        let read_only = mode.is_some_and(|mode| mode.split(',').any(|word| word == "ro"));
                        (Some(source.to_owned()), target.to_owned(), !read_only)
                    }
                }
            }
            Value::Object(map) => {
                let text = |name: &str| map.get(name).and_then(scalar);
                let read_only = map.get("read_only").and_then(Value::as_bool).unwrap_or(false);
                (text("source"), text("target")?, !read_only)
            }
            _ => return None,
        };
        let source = source.map(|source| {
            if source.starts_with('.') || source.starts_with('/') {
                clean(&self.folder.join(source))
            } else {
                self.service.volumes.get(&source).cloned().unwrap_or(source)
            }
        });
        Some((clean(Path::new(&target)), Mounted { source, writable }))
    }
}

/// What is mounted somewhere.
struct Mounted {
    /// A path or the name of a volume; `None` for a volume without a name.
    source: Option<String>,
    writable: bool,
}

impl std::fmt::Display for Mounted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let access = if self.writable { "" } else { " (read-only)" };
        write!(f, "{}{access}", self.source.as_deref().unwrap_or("a volume without a name"))
    }
}

fn source_of(mount: &Mount) -> String {
    if mount.kind == "volume" { mount.name.clone() } else { mount.source.clone() }
}

/// A path without `.` and `..`, and without a stroke at its end.
fn clean(path: &Path) -> String {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean.display().to_string()
}

/// An image's name with the tag that is meant where none stands there.
fn tagged(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    let image = image.strip_prefix("docker.io/library/").or_else(|| image.strip_prefix("docker.io/")).unwrap_or(image);
    if name.contains(':') || name.contains('@') { image.to_owned() } else { format!("{image}:latest") }
}

/// A scalar as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn or_not_set(text: String) -> String {
    if text.is_empty() { NOT_SET.into() } else { text }
}

/// Two values of a variable without its secrets; of two secrets it is said that they differ.
fn beside(name: &str, file: Option<&String>, live: Option<&String>) -> (String, String) {
    let shown = |value: Option<&String>| match value {
        None => NOT_SET.to_owned(),
        Some(value) if value.is_empty() => "empty".to_owned(),
        Some(value) => redact::value(name, value).into_owned(),
    };
    let (file, live) = (shown(file), shown(live));
    if file == live { (file, format!("{live}, another")) } else { (file, live) }
}

/// A port of the file: `8080:80`, `127.0.0.1:53:53/udp`, `80`, or a map.
fn port_of(port: &Value) -> Option<String> {
    match port {
        Value::Object(map) => {
            let text = |name: &str| map.get(name).and_then(scalar).unwrap_or_default();
            let protocol = map.get("protocol").and_then(scalar).unwrap_or_else(|| "tcp".into());
            Some(published(&text("host_ip"), &text("published"), &format!("{}/{protocol}", text("target"))))
        }
        port => {
            let text = scalar(port)?;
            let (text, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
            if text.contains('-') {
                return None;
            }
            let mut parts = text.rsplitn(3, ':');
            let target = parts.next()?;
            let (public, address) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            Some(published(address.trim_matches(['[', ']']), public, &format!("{target}/{protocol}")))
        }
    }
}

fn published(address: &str, public: &str, private: &str) -> String {
    let address = if matches!(address, "" | "0.0.0.0" | "::") { String::new() } else { format!("{address}:") };
    let public = if public.is_empty() { "any" } else { public };
    format!("{address}{public}->{}", private.trim_end_matches("/tcp"))
}
