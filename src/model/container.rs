//! Container engines (Docker, Podman) and what they hold.

use super::{
    Timestamp,
    container_group::{self, ContainerGroup},
    health::Health,
    rows::{Delta, Keyed, Rows},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything known of all engines.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Containers {
    /// By name.
    pub engines: BTreeMap<CompactString, Engine>,
    pub containers: Rows<Container>,
    /// Compose projects and pods that containers belong to, by engine and name.
    #[serde(default)]
    pub groups: Vec<ContainerGroup>,
    /// By engine and container id: what is used now. Gone with its container.
    pub usage: BTreeMap<CompactString, BTreeMap<CompactString, ContainerUsage>>,
    pub images: Rows<Image>,
    pub volumes: Rows<Volume>,
    pub networks: Rows<EngineNetwork>,
    /// The object that is open on the screen.
    pub details: Option<Box<ContainerDetails>>,
}

/// News of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineNews {
    pub engine: CompactString,
    pub part: EnginePart,
}

/// A part of what an engine holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnginePart {
    Engine(Box<Engine>),
    Containers(Delta<Container>),
    /// By container id.
    Usage(Vec<(CompactString, ContainerUsage)>),
    Images(Delta<Image>),
    Volumes(Delta<Volume>),
    Networks(Delta<EngineNetwork>),
    Details(Box<ContainerDetails>),
}

/// A container engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Engine {
    /// Short name, unique here: `docker`, `podman`, a Docker context's name, a host.
    pub name: CompactString,
    /// Where it is reached: `unix:///var/run/docker.sock`.
    pub endpoint: CompactString,
    /// `Docker` or `Podman`.
    pub product: CompactString,
    pub version: CompactString,
    /// The version that is spoken with it.
    pub api_version: CompactString,
    pub os: CompactString,
    pub kernel: CompactString,
    /// 1 or 2.
    pub cgroup_version: Option<u8>,
    pub storage_driver: CompactString,
    pub rootless: bool,
    /// Cores and memory of its machine.
    pub cores: Option<u32>,
    pub memory_bytes: Option<u64>,
    /// Name of its machine.
    pub host: CompactString,
    /// Warnings of the engine about itself.
    pub warnings: Vec<String>,
    /// What each part of its store takes and what prune would free; `None` until it was asked for.
    pub disk: Option<EngineDisk>,
}

/// What an engine's store takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineDisk {
    pub images_bytes: Option<u64>,
    pub images_unused_bytes: Option<u64>,
    pub containers_bytes: Option<u64>,
    pub containers_unused_bytes: Option<u64>,
    pub volumes_bytes: Option<u64>,
    pub volumes_unused_bytes: Option<u64>,
    pub build_cache_bytes: Option<u64>,
    pub build_cache_unused_bytes: Option<u64>,
}

/// State of a container, in the engine's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
    #[default]
    Unknown,
}

impl ContainerState {
    /// The engine's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

/// What a container's health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// There is no check.
    #[default]
    None,
    Starting,
    Healthy,
    Unhealthy,
}

impl CheckState {
    /// The engine's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One run of a health check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub at: Option<Timestamp>,
    pub exit_code: Option<i64>,
    /// First part of its output, redacted.
    pub output: String,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    pub engine: CompactString,
    /// Whole, 64 hexadecimal digits.
    pub id: CompactString,
    /// Without the leading stroke.
    pub name: CompactString,
    pub image: CompactString,
    /// Digest of the image's configuration (`sha256:…`).
    pub image_id: CompactString,
    /// Digest in the registry, where the image came from one.
    pub image_digest: Option<CompactString>,
    /// A tag of the image, where `image` is nothing but an id.
    pub image_tag: Option<CompactString>,
    /// Redacted.
    pub command: CompactString,
    pub state: ContainerState,
    pub check: CheckState,
    /// Checks that failed in a row.
    pub failing_streak: Option<u32>,
    /// Newest last; known for those that are not healthy.
    pub probes: Vec<Probe>,
    /// Since when its check fails, reckoned from how many failed in a row and how far apart they are.
    pub unhealthy_since: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Of the last end; `None` while it has not ended.
    pub exit_code: Option<i64>,
    pub oom_killed: bool,
    /// Whether somebody was seen to ask the engine to stop or kill it; an engine does not remember that.
    pub stop_seen: bool,
    /// The engine's word on why it could not be started.
    pub error: Option<String>,
    /// How often the engine restarted it.
    pub restarts: Option<u32>,
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart_policy: CompactString,
    pub compose: Option<Compose>,
    pub ports: Vec<Port>,
    pub networks: Vec<CompactString>,
    /// Named volumes that it mounts.
    pub volumes: Vec<CompactString>,
    pub privileged: Option<bool>,
    /// First process, as the engine's host numbers it.
    pub pid: Option<i64>,
    pub labels: BTreeMap<CompactString, String>,
    /// The limit that was set; `None` where there is none.
    pub memory_limit_bytes: Option<u64>,
    /// The limit that was set, in cores; `None` where there is none.
    pub cpu_limit_cores: Option<f64>,
    /// The one judgement on it, from all of the above.
    pub health: Health,
    /// Why it is not well, in words; empty where it is.
    pub reason: String,
}

/// A compose project's word on a container, from its labels.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Compose {
    pub project: CompactString,
    pub service: CompactString,
    pub working_dir: Option<String>,
    pub config_files: Vec<String>,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    pub private: u16,
    pub public: Option<u16>,
    /// Address that it is published on.
    pub address: Option<CompactString>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: CompactString,
}

/// What a container uses.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerUsage {
    /// 1.0 is one core.
    pub cpu_ratio: Option<f64>,
    /// Share of the periods in which it was throttled.
    pub throttled_ratio: Option<f64>,
    /// Working set: usage less the page cache that can be dropped (`inactive_file`), as the kubelet counts it.
    pub memory_bytes: Option<u64>,
    /// In force: what was set, or the host's memory.
    pub memory_limit_bytes: Option<u64>,
    /// Of all interfaces.
    pub received_bytes_per_second: Option<f64>,
    pub sent_bytes_per_second: Option<f64>,
    pub read_bytes_per_second: Option<f64>,
    pub written_bytes_per_second: Option<f64>,
    pub pids: Option<u64>,
    pub pids_limit: Option<u64>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    pub engine: CompactString,
    pub id: CompactString,
    /// Empty where it is dangling.
    pub tags: Vec<CompactString>,
    pub digests: Vec<CompactString>,
    pub size_bytes: Option<u64>,
    pub created_at: Option<Timestamp>,
    /// Containers that use it, running or not.
    pub used_by: Vec<CompactString>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    pub engine: CompactString,
    pub name: CompactString,
    pub driver: CompactString,
    pub mountpoint: CompactString,
    pub size_bytes: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub used_by: Vec<CompactString>,
    pub project: Option<CompactString>,
}

/// A network of an engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineNetwork {
    pub engine: CompactString,
    pub id: CompactString,
    pub name: CompactString,
    pub driver: CompactString,
    pub internal: bool,
    pub subnets: Vec<CompactString>,
    pub created_at: Option<Timestamp>,
    pub used_by: Vec<CompactString>,
    /// One that the engine makes itself, and that prune leaves.
    pub builtin: bool,
}

/// One object of an engine, whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerDetails {
    pub engine: CompactString,
    /// Identity within its kind: an id, a volume's name.
    pub id: CompactString,
    /// Inspect, redacted.
    pub inspect: Value,
    pub processes: Vec<ContainerProcess>,
    pub mounts: Vec<ContainerMount>,
    /// Secrets are redacted.
    pub environment: Vec<(CompactString, String)>,
    /// The last lines that it wrote, cleaned of escape sequences and redacted.
    pub last_lines: Vec<String>,
    /// Where it differs from its compose file; `None` where there is no such file to compare with.
    pub drift: Option<Vec<Drift>>,
    /// Why there is no `drift`, or which fields could not be compared, in words.
    pub drift_unknown: Option<String>,
    /// Why a part is missing, in words.
    pub problems: Vec<String>,
}

/// A process of a container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerProcess {
    pub pid: i64,
    pub user: CompactString,
    pub cpu: CompactString,
    pub time: CompactString,
    /// Redacted.
    pub command: String,
}

/// A mount of a container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerMount {
    /// `bind`, `volume`, `tmpfs`.
    pub kind: CompactString,
    pub source: String,
    pub destination: String,
    pub writable: bool,
}

/// One field in which a container differs from its compose file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Drift {
    /// As in the file: `image`, `environment.DEBUG`.
    pub field: CompactString,
    pub file: String,
    pub live: String,
}

macro_rules! keyed {
    ($($row:ty: $origin:ident, $key:ident;)*) => {$(
        impl Keyed for $row {
            fn origin(&self) -> &str {
                &self.$origin
            }
            fn key_parts(&self) -> [&str; 3] {
                ["", "", &self.$key]
            }
        }
    )*};
}

keyed! {
    Container: engine, id;
    Image: engine, id;
    Volume: engine, name;
    EngineNetwork: engine, id;
}

/// The first twelve digits of an id, as engines print it.
pub fn short_id(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}

impl Containers {
    /// Takes news of an engine.
    pub fn apply(&mut self, news: EngineNews) {
        let engine = news.engine;
        match news.part {
            EnginePart::Engine(found) => drop(self.engines.insert(engine, *found)),
            EnginePart::Containers(delta) => {
                self.containers.apply(&engine, delta);
                self.groups = container_group::groups(&self.containers);
                let containers = &self.containers;
                if let Some(usage) = self.usage.get_mut(&engine) {
                    usage.retain(|id, _| containers.get(&engine, id).is_some());
                }
            }
            EnginePart::Usage(usage) => {
                self.usage.entry(engine).or_default().extend(usage);
            }
            EnginePart::Images(delta) => self.images.apply(&engine, delta),
            EnginePart::Volumes(delta) => self.volumes.apply(&engine, delta),
            EnginePart::Networks(delta) => self.networks.apply(&engine, delta),
            EnginePart::Details(details) => self.details = Some(details),
        }
    }

    /// Forgets an engine that is not watched any more.
    pub fn forget(&mut self, engine: &str) {
        self.engines.remove(engine);
        self.containers.forget(engine);
        self.groups = container_group::groups(&self.containers);
        self.usage.remove(engine);
        self.images.forget(engine);
        self.volumes.forget(engine);
        self.networks.forget(engine);
    }

    /// What a container uses, where that is known.
    pub fn usage_of(&self, container: &Container) -> Option<&ContainerUsage> {
        self.usage.get(&container.engine)?.get(&container.id)
    }

    /// The container with this id, whichever engine runs it.
    pub fn by_id(&self, id: &str) -> Option<&Container> {
        self.engines.keys().find_map(|engine| self.containers.get(engine, id)).map(|row| &**row)
    }

    /// Whether there is more than one engine, so that which one it is must be said.
    pub fn has_several_engines(&self) -> bool {
        self.engines.len() > 1
    }
}
