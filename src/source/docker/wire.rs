//! What engines answer, as far as it is read here. Everything may be missing or null: Docker and Podman differ, and so do versions.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// A value, or its default where there is null.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Declares what is read: a field has the engine's name in small letters (`exit_code` is `ExitCode`), or says which one is meant.
macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty $(= $key:literal)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct $name {
            $($(#[serde(rename = $key)])? #[serde(default, deserialize_with = "nullable")] pub $field: $type,)*
        }
    )*};
}

pub(super) type Labels = BTreeMap<String, String>;

wire! {
    /// `GET /version`.
    Version {
        version: String,
        components: Vec<Component>,
        kernel: String = "KernelVersion",
        os: String,
    }
    Component { name: String, }
    /// `GET /info`.
    Info {
        name: String,
        server_version: String,
        operating_system: String,
        kernel: String = "KernelVersion",
        cgroup_version: String,
        driver: String,
        security: Vec<String> = "SecurityOptions",
        warnings: Vec<String>,
        cores: Option<u32> = "NCPU",
        memory: Option<u64> = "MemTotal",
    }
    /// An entry of `GET /containers/json`.
    Summary {
        id: String,
        names: Vec<String>,
        image: String,
        image_id: String = "ImageID",
        command: String,
        created: Option<i64>,
        ports: Vec<SummaryPort>,
        labels: Labels,
        state: String,
        status: String,
        networks: SummaryNetworks = "NetworkSettings",
        mounts: Vec<Mount>,
    }
    SummaryPort {
        ip: Option<String> = "IP",
        private: u16 = "PrivatePort",
        public: Option<u16> = "PublicPort",
        kind: String = "Type",
    }
    SummaryNetworks { networks: BTreeMap<String, serde::de::IgnoredAny>, }
    /// `GET /containers/ID/json`.
    Inspect {
        id: String,
        name: String,
        created: String,
        path: String,
        arguments: Vec<String> = "Args",
        state: State,
        image_id: String = "Image",
        restart_count: Option<u32>,
        host: HostConfig = "HostConfig",
        config: Config,
        network: NetworkSettings = "NetworkSettings",
        mounts: Vec<Mount>,
    }
    State {
        status: String,
        oom_killed: bool = "OOMKilled",
        pid: i64,
        exit_code: Option<i64>,
        error: String,
        started: String = "StartedAt",
        finished: String = "FinishedAt",
        health: Option<HealthState>,
    }
    HealthState {
        status: String,
        streak: Option<u32> = "FailingStreak",
        log: Vec<HealthLog>,
    }
    HealthLog {
        start: String,
        exit_code: Option<i64>,
        output: String,
    }
    HostConfig {
        restart: RestartPolicy = "RestartPolicy",
        privileged: Option<bool>,
        memory: Option<i64>,
        nano_cpus: Option<i64>,
        cpu_quota: Option<i64>,
        cpu_period: Option<i64>,
        ports: BTreeMap<String, Option<Vec<Binding>>> = "PortBindings",
    }
    RestartPolicy { name: String, most: Option<u32> = "MaximumRetryCount", }
    Config {
        image: String,
        labels: Labels,
        environment: Vec<String> = "Env",
        command: Vec<String> = "Cmd",
        entrypoint: Entrypoint,
        tty: bool,
    }
    NetworkSettings {
        ports: BTreeMap<String, Option<Vec<Binding>>>,
        networks: BTreeMap<String, serde::de::IgnoredAny>,
    }
    Binding { ip: String = "HostIp", port: String = "HostPort", }
    Mount {
        kind: String = "Type",
        name: String,
        source: String,
        destination: String,
        writable: bool = "RW",
    }
    /// A line of `GET /events`.
    Event {
        kind: String = "Type",
        action: String,
        actor: Actor,
    }
    Actor { id: String = "ID", attributes: Labels, }
    /// An entry of `GET /images/json`.
    ImageSummary {
        id: String,
        tags: Vec<String> = "RepoTags",
        digests: Vec<String> = "RepoDigests",
        created: Option<i64>,
        size: Option<i64>,
    }
    /// `GET /images/ID/json`.
    ImageInspect { config: Config, }
    /// `GET /volumes`.
    Volumes { volumes: Vec<VolumeSummary>, }
    VolumeSummary {
        name: String,
        driver: String,
        mountpoint: String,
        created: String = "CreatedAt",
        labels: Labels,
        usage: Option<VolumeUsage> = "UsageData",
    }
    VolumeUsage { size: Option<i64>, }
    /// An entry of `GET /networks`.
    NetworkSummary {
        id: String,
        name: String,
        driver: String,
        created: String,
        internal: bool,
        ipam: Ipam = "IPAM",
    }
    Ipam { config: Vec<IpamConfig>, }
    IpamConfig { subnet: String, }
    /// `GET /containers/ID/top`.
    Top { titles: Vec<String>, processes: Vec<Vec<String>>, }
}

/// A list, or one word: Podman writes the one where Docker writes the other.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Entrypoint {
    List(Vec<String>),
    Word(String),
    #[default]
    None,
}

impl Entrypoint {
    /// As a list.
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::List(list) => list.clone(),
            Self::Word(word) if !word.is_empty() => vec![word.clone()],
            Self::Word(_) | Self::None => Vec::new(),
        }
    }
}
