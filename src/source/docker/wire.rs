//! What engines answer, as far as it is read here. Everything may be missing or null: Docker and Podman differ, and so do versions.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// A value, or its default where there is null.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        pub(super) struct $name {
            $($(#[$field_meta])* #[serde(rename = $key, default, deserialize_with = "nullable")] pub $field: $type,)*
        }
    )*};
}

pub(super) type Labels = BTreeMap<String, String>;

wire! {
    /// `GET /version`.
    Version {
        version: String = "Version",
        components: Vec<Component> = "Components",
        kernel: String = "KernelVersion",
        os: String = "Os",
    }
    Component { name: String = "Name", }
    /// `GET /info`.
    Info {
        name: String = "Name",
        server_version: String = "ServerVersion",
        operating_system: String = "OperatingSystem",
        kernel: String = "KernelVersion",
        cgroup_version: String = "CgroupVersion",
        driver: String = "Driver",
        security: Vec<String> = "SecurityOptions",
        warnings: Vec<String> = "Warnings",
        cores: Option<u32> = "NCPU",
        memory: Option<u64> = "MemTotal",
    }
    /// An entry of `GET /containers/json`.
    Summary {
        id: String = "Id",
        names: Vec<String> = "Names",
        image: String = "Image",
        image_id: String = "ImageID",
        command: String = "Command",
        created: Option<i64> = "Created",
        ports: Vec<SummaryPort> = "Ports",
        labels: Labels = "Labels",
        state: String = "State",
        status: String = "Status",
        networks: SummaryNetworks = "NetworkSettings",
        mounts: Vec<Mount> = "Mounts",
    }
    SummaryPort {
        ip: Option<String> = "IP",
        private: u16 = "PrivatePort",
        public: Option<u16> = "PublicPort",
        kind: String = "Type",
    }
    SummaryNetworks { networks: BTreeMap<String, serde::de::IgnoredAny> = "Networks", }
    /// `GET /containers/ID/json`.
    Inspect {
        id: String = "Id",
        name: String = "Name",
        created: String = "Created",
        path: String = "Path",
        arguments: Vec<String> = "Args",
        state: State = "State",
        image_id: String = "Image",
        restart_count: Option<u32> = "RestartCount",
        host: HostConfig = "HostConfig",
        config: Config = "Config",
        network: NetworkSettings = "NetworkSettings",
        mounts: Vec<Mount> = "Mounts",
    }
    State {
        status: String = "Status",
        oom_killed: bool = "OOMKilled",
        pid: i64 = "Pid",
        exit_code: Option<i64> = "ExitCode",
        error: String = "Error",
        started: String = "StartedAt",
        finished: String = "FinishedAt",
        health: Option<HealthState> = "Health",
    }
    HealthState {
        status: String = "Status",
        streak: Option<u32> = "FailingStreak",
        log: Vec<HealthLog> = "Log",
    }
    HealthLog {
        start: String = "Start",
        exit_code: Option<i64> = "ExitCode",
        output: String = "Output",
    }
    HostConfig {
        restart: RestartPolicy = "RestartPolicy",
        privileged: Option<bool> = "Privileged",
        memory: Option<i64> = "Memory",
        nano_cpus: Option<i64> = "NanoCpus",
        cpu_quota: Option<i64> = "CpuQuota",
        cpu_period: Option<i64> = "CpuPeriod",
        ports: BTreeMap<String, Option<Vec<Binding>>> = "PortBindings",
    }
    RestartPolicy { name: String = "Name", most: Option<u32> = "MaximumRetryCount", }
    Config {
        image: String = "Image",
        labels: Labels = "Labels",
        environment: Vec<String> = "Env",
        command: Vec<String> = "Cmd",
        entrypoint: Entrypoint = "Entrypoint",
        tty: bool = "Tty",
    }
    NetworkSettings {
        ports: BTreeMap<String, Option<Vec<Binding>>> = "Ports",
        networks: BTreeMap<String, serde::de::IgnoredAny> = "Networks",
    }
    Binding { ip: String = "HostIp", port: String = "HostPort", }
    Mount {
        kind: String = "Type",
        name: String = "Name",
        source: String = "Source",
        destination: String = "Destination",
        writable: bool = "RW",
    }
    /// A line of `GET /events`.
    Event {
        kind: String = "Type",
        action: String = "Action",
        actor: Actor = "Actor",
    }
    Actor { id: String = "ID", attributes: Labels = "Attributes", }
    /// An entry of `GET /images/json`.
    ImageSummary {
        id: String = "Id",
        tags: Vec<String> = "RepoTags",
        digests: Vec<String> = "RepoDigests",
        created: Option<i64> = "Created",
        size: Option<i64> = "Size",
    }
    /// `GET /images/ID/json`.
    ImageInspect { config: Config = "Config", }
    /// `GET /volumes`.
    Volumes { volumes: Vec<VolumeSummary> = "Volumes", }
    VolumeSummary {
        name: String = "Name",
        driver: String = "Driver",
        mountpoint: String = "Mountpoint",
        created: String = "CreatedAt",
        labels: Labels = "Labels",
        usage: Option<VolumeUsage> = "UsageData",
    }
    VolumeUsage { size: Option<i64> = "Size", }
    /// An entry of `GET /networks`.
    NetworkSummary {
        id: String = "Id",
        name: String = "Name",
        driver: String = "Driver",
        created: String = "Created",
        internal: bool = "Internal",
        ipam: Ipam = "IPAM",
    }
    Ipam { config: Vec<IpamConfig> = "Config", }
    IpamConfig { subnet: String = "Subnet", }
    /// `GET /containers/ID/top`.
    Top { titles: Vec<String> = "Titles", processes: Vec<Vec<String>> = "Processes", }
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
