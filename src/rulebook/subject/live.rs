//! What is live: objects of engines and clusters, and this host.

use crate::{
    model::{Timestamp, finding::Scope},
    rulebook::resource::Resource,
};
use compact_str::CompactString;
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

/// A file of this host. What is not there is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFile {
    /// Where it really is, links followed: `/run/docker.sock`.
    pub path: CompactString,
    /// The nine bits of its permissions.
    pub mode: u32,
    /// Name of its owner; the number where it has no name.
    pub owner: CompactString,
    pub group: CompactString,
    /// Its text, where it is one and can be read.
    pub text: Option<String>,
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
}
