//! Where engines are: what is named, what the environment says, Docker's contexts, and the sockets that engines listen on.

use super::{Endpoint, Tls};
use crate::client::{NONE, Tried, Unreachable};
use compact_str::{CompactString, format_compact};
use rustix::fs::Access;
use serde::Deserialize;
use std::{
    env, fs,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

/// The engines that are named or, where none is, those that this machine and the environment lead to; and where was looked.
pub fn discover(wanted: &[String]) -> (Vec<Endpoint>, Vec<Tried>) {
    Search::here().run(wanted)
}

/// What the search looks at; tests bring their own.
pub(super) struct Search {
    /// An environment variable that is set and not empty.
    pub env: fn(&str) -> Option<String>,
    /// Variables that stand before the environment's.
    pub given: Vec<(&'static str, String)>,
    /// Below which `/var/run` and `/run` lie.
    pub root: PathBuf,
    pub endpoints: Vec<Endpoint>,
    pub tried: Vec<Tried>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    #[serde(default)]
    current_context: String,
}

/// A Docker context, as its `meta.json` has it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// Sockets that engines listen on: below the root or the user's runtime folder, and the name of what listens there.
const SOCKETS: &[(bool, &str, &str)] = &[
    (false, "var/run/docker.sock", "docker"),
    (true, "docker.sock", "docker-rootless"),
    (true, "podman/podman.sock", "podman"),
    (false, "run/podman/podman.sock", "podman-root"),
];

impl Search {
    fn here() -> Self {
        let env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self { env, given: Vec::new(), root: "/".into(), endpoints: Vec::new(), tried: Vec::new() }
    }

    fn var(&self, name: &str) -> Option<String> {
        let given = self.given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        given.or_else(|| (self.env)(name))
    }

    pub(super) fn run(mut self, wanted: &[String]) -> (Vec<Endpoint>, Vec<Tried>) {
        if wanted.iter().any(|name| name == NONE) {
            self.note("--docker", "none: no engine is watched");
            return (Vec::new(), self.tried);
        }
        for name in wanted {
            let endpoint = self.named(name);
            self.take("named", endpoint);
        }
        if wanted.is_empty() {
            self.usual();
        }
        (self.endpoints, self.tried)
    }

    fn note(&mut self, place: impl Into<String>, found: impl Into<String>) {
        self.tried.push(Tried { place: place.into(), found: found.into() });
    }

    /// Adds an engine unless it is known already, under a name of its own.
    fn take(&mut self, place: &str, mut endpoint: Endpoint) {
        let same = |other: &&Endpoint| other.url == endpoint.url || same_socket(other, &endpoint);
        if let Some(known) = self.endpoints.iter().find(same) {
            let found = format!("the same engine as {}", known.name);
            return self.note(place, found);
        }
        let wanted = endpoint.name.clone();
        let mut number = 2;
        while self.endpoints.iter().any(|other| other.name == endpoint.name) {
            endpoint.name = format_compact!("{wanted}-{number}");
            number += 1;
        }
        let word = if endpoint.chosen { "" } else { ", known and not chosen" };
        self.note(place, format!("{} at {}{word}", endpoint.name, endpoint.url));
        self.endpoints.push(endpoint);
    }

    /// What the command line or the configuration names: an address, a path, or a Docker context.
    fn named(&self, name: &str) -> Endpoint {
        let found_by = "named on the command line or in the configuration".to_owned();
        if name.contains("://") {
            return self.address(name, found_by);
        }
        if name.starts_with('/') {
            return self.address(&format!("unix://{name}"), found_by);
        }
        if name == "default" {
            return self.address(&self.default_socket(), found_by);
        }
        let contexts = self.contexts();
        if let Some(meta) = contexts.iter().find(|(meta, _)| meta.name == name) {
            return self.context(meta);
        }
        let names: Vec<_> = contexts.iter().map(|(meta, _)| meta.name.as_str()).collect();
        let hint = match names.is_empty() {
            true => "there are no Docker contexts here: name a URL or the path of a socket".to_owned(),
            false => format!("Docker contexts here: {}; or name a URL or the path of a socket", names.join(", ")),
        };
        let reason = format!("there is no Docker context {name}");
        let problem = Some(Unreachable { reason, hint });
        Endpoint { name: short(name), url: name.into(), chosen: true, found_by, problem, ..Endpoint::default() }
    }

    fn usual(&mut self) {
        let mut explicit = false;
        for (variable, fallback) in [("DOCKER_HOST", ""), ("CONTAINER_HOST", "podman")] {
            match self.var(variable) {
                None => self.note(variable, "not set"),
                Some(url) => {
                    let url = if url.starts_with('/') { format!("unix://{url}") } else { url };
                    let mut endpoint = self.address(&url, variable.into());
                    if !fallback.is_empty() && endpoint.socket().is_some() {
                        endpoint.name = fallback.into();
                    }
                    explicit = true;
                    self.take(variable, endpoint);
                }
            }
        }
        let contexts = self.contexts();
        let current = self.current_context().filter(|_| !explicit);
        if let Some(name) = &current
            && !contexts.iter().any(|(meta, _)| meta.name == *name)
        {
            let endpoint = self.named(name);
            self.take(&format!("Docker context {name}"), endpoint);
        }
        for meta in &contexts {
            let mut endpoint = self.context(meta);
            endpoint.chosen = current.as_deref() == Some(meta.0.name.as_str());
            self.take(&format!("Docker context {}", meta.0.name), endpoint);
        }
        if contexts.is_empty() {
            self.note("Docker contexts", "none besides the default");
        }
        self.sockets(!explicit);
    }

    fn sockets(&mut self, chosen: bool) {
        for (of_user, path, name) in SOCKETS {
            let path = if *of_user { self.runtime_folder().join(path) } else { self.root.join(path) };
            let place = path.display().to_string();
            let is_default = *name == "docker";
            match fs::metadata(&path) {
                // A link to a socket that is gone is no engine either.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.note(place, "not there"),
                Err(error) => self.note(place, error.to_string()),
                // An engine asked to mount a socket that is not there makes a folder in its place.
                Ok(found) if !found.file_type().is_socket() => self.note(place, "not a socket"),
                // What belongs to root alone is no fault of somebody else's cockpit; that the default one is closed is worth a word.
                Ok(_) if !is_default && rustix::fs::access(&path, Access::READ_OK | Access::WRITE_OK).is_err() => {
                    self.note(place, "not open to you");
                }
                Ok(_) => {
                    let mut endpoint = self.address(&format!("unix://{place}"), format!("the socket {place}"));
                    endpoint.name = (*name).into();
                    endpoint.chosen = chosen;
                    self.take(&place, endpoint);
                }
            }
        }
    }

    fn default_socket(&self) -> String {
        format!("unix://{}", self.root.join("var/run/docker.sock").display())
    }

    fn runtime_folder(&self) -> PathBuf {
        let user = rustix::process::getuid().as_raw();
        self.var("XDG_RUNTIME_DIR").map_or_else(|| self.root.join(format!("run/user/{user}")), PathBuf::from)
    }

    fn config_folder(&self) -> PathBuf {
        let home = || PathBuf::from(self.var("HOME").unwrap_or_default()).join(".docker");
        self.var("DOCKER_CONFIG").map_or_else(home, PathBuf::from)
    }

    /// An address by itself; TLS as the environment says.
    fn address(&self, url: &str, found_by: String) -> Endpoint {
        let name = name_of(url);
        let mut endpoint = Endpoint { name, url: url.into(), chosen: true, found_by, ..Endpoint::default() };
        let verified = self.var("DOCKER_TLS_VERIFY").is_some();
        let is_tcp = url.starts_with("tcp://") || url.starts_with("https://");
        if is_tcp && (verified || url.starts_with("https://")) {
            let folder = self.var("DOCKER_CERT_PATH").map_or_else(|| self.config_folder(), PathBuf::from);
            endpoint.tls = Tls::in_folder(&folder);
            if endpoint.tls.is_none() {
                endpoint.problem = Some(Unreachable {
                    reason: format!("TLS is wanted, and certificates are missing: {}", Tls::missing(&folder)),
                    hint: "set DOCKER_CERT_PATH to the folder that holds ca.pem, cert.pem and key.pem".into(),
                });
            }
        }
        endpoint
    }

    /// The context that `docker` would use by itself; `None` for the default one.
    fn current_context(&self) -> Option<String> {
        let configured = || {
            let text = fs::read_to_string(self.config_folder().join("config.json")).ok()?;
            Some(serde_json::from_str::<ClientConfig>(&text).ok()?.current_context)
        };
        self.var("DOCKER_CONTEXT").or_else(configured).filter(|name| !name.is_empty() && name != "default")
    }

    /// Every Docker context with the folder of its certificates, by name.
    fn contexts(&self) -> Vec<(Meta, PathBuf)> {
        let folder = self.config_folder().join("contexts");
        let Ok(entries) = fs::read_dir(folder.join("meta")) else { return Vec::new() };
        let read = |entry: fs::DirEntry| {
            let meta: Meta = serde_json::from_slice(&fs::read(entry.path().join("meta.json")).ok()?).ok()?;
            // Contexts for other orchestrators name no engine.
            meta.endpoints.docker.as_ref().filter(|docker| !docker.host.is_empty())?;
            Some((meta, folder.join("tls").join(entry.file_name()).join("docker")))
        };
        let mut contexts: Vec<_> = entries.flatten().filter_map(read).collect();
        contexts.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        contexts
    }

    fn context(&self, (meta, tls): &(Meta, PathBuf)) -> Endpoint {
        let docker = meta.endpoints.docker.as_ref();
        let mut problem = None;
        if tls.is_dir() && Tls::in_folder(tls).is_none() {
            problem = Some(Unreachable {
                reason: format!("certificates of the context are missing: {}", Tls::missing(tls)),
                hint: format!("make it anew: docker context update {} --docker …", meta.name),
            });
        }
        if docker.is_some_and(|docker| docker.skip_tls_verify) {
            problem = Some(Unreachable {
                reason: "the context skips the check of the server's certificate, which is not done here".into(),
                hint: "give the context the authority's certificate: docker context update --docker ca=…".into(),
            });
        }
        Endpoint {
            name: short(&meta.name),
            url: docker.map(|docker| docker.host.clone()).unwrap_or_default(),
            tls: Tls::in_folder(tls),
            chosen: true,
            found_by: format!("Docker context {}", meta.name),
            problem,
        }
    }
}

/// Whether two addresses lead to one socket.
fn same_socket(one: &Endpoint, other: &Endpoint) -> bool {
    let real = |endpoint: &Endpoint| endpoint.socket().and_then(|path: &Path| fs::canonicalize(path).ok());
    real(one).is_some_and(|path| Some(path) == real(other))
}

/// A short name for an address: what listens there, or the host.
fn name_of(url: &str) -> CompactString {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if scheme == "unix" {
        let is_podman = rest.contains("podman");
        return if is_podman { "podman".into() } else { "docker".into() };
    }
    let host = rest.split('/').next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    if host.is_empty() { "docker".into() } else { short(host) }
}

/// A name as it may stand in the name of a source.
fn short(name: &str) -> CompactString {
    name.chars().map(|c| if c == '/' || c.is_whitespace() { '-' } else { c }).take(40).collect()
}
