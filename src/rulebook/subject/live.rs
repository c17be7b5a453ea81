//! What is live: objects of engines and clusters, and this host.

use crate::{
    model::{
        Timestamp,
        finding::Scope,
        gpu::{Gpu, GpuState, Gpus},
        host::{Memory, Pressures, ratio},
        mount::Mount,
        room,
    },
    rulebook::resource::Resource,
};
use compact_str::{CompactString, format_compact};
use std::sync::Arc;

/// What is live now.
#[derive(Debug, Clone, Default)]
pub struct Live<'a> {
    /// Objects of container engines: `container`, `image`, `volume`, `network`.
    pub docker: Vec<Arc<Resource>>,
    /// Objects of clusters.
    pub kube: Vec<Arc<Resource>>,
    /// Context and kind of objects that were listed whole, so that what is not in `kube` is not in the cluster.
    pub listed: Vec<(CompactString, CompactString)>,
    /// Ports that something on this host listens on: address, port, protocol, program.
    pub listening: &'a [Listening],
    /// Files of this host whose rights and content matter: the engine's socket and configuration.
    pub files: &'a [HostFile],
    /// How full this host is; `None` where nobody looked.
    pub host: Option<&'a HostView>,
    /// Live changes that no journal entry explains; `None` where there is no journal to ask.
    pub unexplained: Option<&'a [LiveChange]>,
    /// Last backups of what the policy names.
    pub backups: &'a [Backup],
}

impl Live<'_> {
    /// Whether the objects of a kind of a cluster are known: they were listed whole, or one of them at least was seen. Where they are not,
    /// that one is missing means nothing.
    pub fn knows(&self, context: &str, kind: &str) -> bool {
        self.listed.iter().any(|(of, listed)| of == context && listed == kind)
            || self.kube.iter().any(|resource| resource.origin == context && resource.kind == kind)
    }
}

/// A live change that no journal entry explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveChange {
    pub scope: Scope,
    /// The object, as a person names it.
    pub resource: CompactString,
    pub at: Timestamp,
    /// What changed, in words.
    pub text: String,
}

/// A port that something listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    pub address: std::net::IpAddr,
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    pub program: Option<String>,
}

/// What a file of this host is to a container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostFileKind {
    /// What it is talked to by.
    Socket,
    /// Docker's `daemon.json`.
    DockerSettings,
    /// Podman's `containers.conf` and `registries.conf`.
    PodmanSettings,
}

/// A file of this host. What is not there is not in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFile {
    pub kind: HostFileKind,
    /// Where it really is, links followed: `/run/docker.sock`.
    pub path: CompactString,
    /// Whose it has to be where the engine runs without root: the user's name; `None` is root.
    pub user: Option<CompactString>,
    /// The nine bits of its permissions.
    pub mode: u32,
    /// Name of its owner; the number where it has no name.
    pub owner: CompactString,
    pub group: CompactString,
    /// Its text, where it is one that matters.
    pub text: Option<String>,
    /// Why the text is not known.
    pub problem: Option<String>,
}

/// How full this host is. A figure that could not be read is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostView {
    pub name: CompactString,
    /// Used memory by all of it, where used is what is not available.
    pub memory_used_ratio: Option<f64>,
    /// Name and used memory by all of it, for each GPU.
    pub gpus: Vec<(CompactString, Option<f64>)>,
    /// Where it is mounted and free space by all of it, for each disk.
    pub disks: Vec<(CompactString, Option<f64>)>,
    /// Share of the last 10 seconds in which all work waited for memory (PSI `full avg10`); `None` where the kernel does not tell.
    pub memory_pressure_ratio: Option<f64>,
}

impl HostView {
    /// Of what was observed of a host; `None` where a figure is not known, or no longer true.
    pub fn of(figures: &HostFigures<'_>) -> Self {
        let full = figures.pressure.and_then(|pressure| pressure.memory.full10);
        // One that does not answer has its last figures only.
        let is_known = |gpu: &&Gpu| gpu.state == GpuState::Ready;
        let used =
            |gpu: &Gpu| Some(gpu).filter(is_known).and_then(|gpu| ratio(gpu.memory.used_bytes, gpu.memory.total_bytes));
        let disks = figures.mounts.into_iter().flat_map(room::local_disks);
        let mut disks: Vec<_> = disks.map(|mount| (mount.mount.clone(), mount.free_ratio())).collect();
        if figures.mounts.is_none() {
            disks.push(("of this host".into(), None));
        }
        let gpus = figures.gpus.into_iter().flat_map(Gpus::iter).filter(|gpu| gpu.memory.total_bytes.is_some());
        Self {
            name: figures.name.into(),
            memory_used_ratio: figures.memory.and_then(|memory| memory.used_ratio()),
            gpus: gpus.map(|gpu| (format_compact!("{}", gpu.index), used(gpu))).collect(),
            disks,
            memory_pressure_ratio: full,
        }
    }
}

/// What was observed of a host, as far as it is still true.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostFigures<'a> {
    pub name: &'a str,
    pub memory: Option<Memory>,
    pub pressure: Option<Pressures>,
    pub mounts: Option<&'a [Mount]>,
    pub gpus: Option<&'a Gpus>,
}

/// The last backup of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// What it is a backup of, as the policy names it.
    pub name: String,
    /// Where the backup lies.
    pub file: String,
    /// When it was made; `None` where that is not known.
    pub at: Option<Timestamp>,
    /// What went wrong with it: it is not there, it is empty, its job failed.
    pub problem: Option<String>,
    /// Why nothing is known of it.
    pub unread: Option<String>,
}
