//! The world as the object that scripts read. Keys are a promise: they are added to, and never renamed.

use super::ai::{self, AiRow};
use super::clusters::{self, NodePart, PodPart, WorkloadPart};
use super::containers::{ContainerRow, containers};
use super::gpus::{GpuRow, gpus};
use super::postgres::{self, ClusterRow};
use super::watch::{self, AlertRow, InstanceRow, SloRow};
use crate::{
    cli::Part,
    model::{
        Timestamp,
        attention::{Attention, Severity},
        hardware::Hardware,
        host::{Device, Gauges, Network, Pressure, Pressures},
        mount::Mount,
        observed::{Observed, SourceStatus},
        process::Process,
        room::{Room, Want, room},
        source::SourceState,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;
use std::time::Duration;

/// The whole object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    pub taken_at: Timestamp,
    pub version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Box<Host>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention: Option<Vec<Row>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Vec<GpuRow>>,
    /// Servers of language models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<Vec<AiRow>>,
    /// Whether there is room for a heavy run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Alerts of Alertmanagers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<AlertRow>>,
    /// Service level objectives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slos: Option<Vec<SloRow>>,
    /// Hosts that Prometheus knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Vec<InstanceRow>>,
    /// PostgreSQL clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<Vec<ClusterRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<ContainerRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<Vec<PodPart>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workloads: Option<Vec<WorkloadPart>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodePart>>,
}

impl Snapshot {
    /// The same with only the parts that are asked for.
    #[must_use]
    pub fn only(mut self, asked: impl Fn(Part) -> bool) -> Self {
        // Why there is no GPU is part of what is asked for with them.
        if !asked(Part::Sources) {
            self.sources.iter_mut().for_each(|rows| rows.retain(|row| row.kind == "gpu"));
        }
        self.sources = self.sources.filter(|_| asked(Part::Sources) || asked(Part::Gpu));
        self.gpus = self.gpus.filter(|_| asked(Part::Gpu));
        self.ai = self.ai.filter(|_| asked(Part::Ai));
        self.room = self.room.filter(|_| asked(Part::Room));
        self.alerts = self.alerts.filter(|_| asked(Part::Alerts));
        self.slos = self.slos.filter(|_| asked(Part::Slos));
        self.fleet = self.fleet.filter(|_| asked(Part::Fleet));
        self.postgres = self.postgres.filter(|_| asked(Part::Postgres));
        self.host = self.host.filter(|_| asked(Part::Host));
        self.attention = self.attention.filter(|_| asked(Part::Attention));
        self.containers = self.containers.filter(|_| asked(Part::Containers));
        self.pods = self.pods.filter(|_| asked(Part::Pods));
        self.workloads = self.workloads.filter(|_| asked(Part::Workloads));
        self.nodes = self.nodes.filter(|_| asked(Part::Nodes));
        self
    }
}

/// A source and how fresh it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceRow {
    pub name: CompactString,
    pub kind: CompactString,
    /// `ok`, `stale`, `down` or `off`.
    pub state: &'static str,
    pub age_seconds: Option<f64>,
    pub reason: Option<String>,
    pub hint: Option<CompactString>,
}

/// A row of the attention list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub severity: Severity,
    pub kind: CompactString,
    /// Kind and identity, `mount /data`.
    pub object: String,
    pub name: CompactString,
    pub rule: CompactString,
    pub cause: String,
    pub since: Timestamp,
    pub count: u32,
    pub next_step: String,
    /// Objects of a grouped row.
    pub members: Vec<String>,
    /// For what holds now but has not held long enough to be raised: when it would be. A single look cannot wait for that, and
    /// what it saw is not nothing.
    pub raised_at: Option<Timestamp>,
}

/// This host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Host {
    pub hostname: Option<CompactString>,
    pub kernel: Option<CompactString>,
    pub os: Option<CompactString>,
    pub uptime_seconds: Option<f64>,
    pub cpu: CpuPart,
    /// Over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    pub memory: MemoryPart,
    pub pressure: Option<Pressures>,
    pub disks: Option<Vec<Disk>>,
    pub networks: Option<Vec<NetworkPart>>,
    pub processes: Option<Vec<ProcessPart>>,
    pub failed_units: Option<Vec<CompactString>>,
    /// Arrays, bonds and memory controllers.
    pub hardware: Option<Hardware>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CpuPart {
    pub cores: Option<u32>,
    pub used_ratio: Option<f64>,
    pub per_core: Vec<Option<f64>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemoryPart {
    pub total_bytes: Option<u64>,
    pub used_bytes: Option<u64>,
    pub available_bytes: Option<u64>,
    pub cached_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    pub swap_used_bytes: Option<u64>,
}

/// A mount, with the figures of the block device behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    pub mount: CompactString,
    pub device: CompactString,
    pub fs: CompactString,
    /// `ready`, `pending` (it does not answer) or `failed`.
    pub state: &'static str,
    pub total_bytes: Option<u64>,
    pub available_bytes: Option<u64>,
    pub read_bytes_per_second: Option<f64>,
    pub write_bytes_per_second: Option<f64>,
    pub latency_seconds: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkPart {
    pub name: CompactString,
    pub received_bytes_per_second: Option<f64>,
    pub sent_bytes_per_second: Option<f64>,
    pub errors: Option<u64>,
    pub drops: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProcessPart {
    pub pid: i32,
    pub parent: i32,
    pub name: CompactString,
    pub user: Option<CompactString>,
    pub cpu_ratio: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub state: char,
    pub cgroup: Option<CompactString>,
    pub container: Option<CompactString>,
}

/// Everything that is known of the world. `waited` is for how long silent sources were waited for.
pub fn snapshot_of(world: &World, waited: Duration) -> Snapshot {
    let sources = world.observed.sources.iter().map(|(name, status)| source(name, status, world.now, waited));
    Snapshot {
        taken_at: world.now,
        version: env!("CARGO_PKG_VERSION"),
        sources: Some(sources.collect()),
        host: Some(Box::new(host(&world.observed))),
        attention: Some(attention(world)),
        gpus: gpus(world, world.now),
        ai: ai::servers(world),
        room: Some(room(&world.observed, world.now, Want::default())),
        alerts: watch::alerts(world),
        slos: watch::slos(world),
        fleet: watch::fleet(world),
        postgres: postgres::clusters(world),
        containers: containers(world),
        pods: Some(clusters::pods(&world.observed.kube, world.now)),
        workloads: Some(clusters::workloads(&world.observed.kube)),
        nodes: Some(clusters::nodes(&world.observed.kube)),
    }
}

fn source(name: &CompactString, status: &SourceStatus, now: Timestamp, waited: Duration) -> SourceRow {
    let state = status.state(now);
    let waiting = state == SourceState::Waiting;
    let silent = || waiting.then(|| format!("no answer within {} s", waited.as_secs_f64()));
    SourceRow {
        name: name.clone(),
        kind: status.report.kind.clone(),
        // To scripts, what has not answered yet is not fresh.
        state: if waiting { SourceState::Stale.word() } else { state.word() },
        age_seconds: status.age_seconds(now),
        reason: status.report.reason.as_ref().map(ToString::to_string).or_else(silent),
        hint: status.report.hint.clone(),
    }
}

fn attention(world: &World) -> Vec<Row> {
    let row = |row: &Attention, raised_at: Option<Timestamp>| {
        let condition = &row.condition;
        Row {
            severity: condition.severity,
            kind: condition.kind.clone(),
            object: condition.object.to_string(),
            name: condition.name.clone(),
            rule: condition.rule.clone(),
            cause: condition.cause.clone(),
            since: row.began,
            count: condition.count,
            next_step: condition.next_step.clone(),
            members: row.members.iter().map(ToString::to_string).collect(),
            raised_at,
        }
    };
    let raised = world.attention.iter().map(|raised| row(raised, None));
    let pending = world.pending();
    let pending = pending.iter().map(|pending| row(&pending.row, Some(pending.raised_at)));
    let mut rows: Vec<_> = raised.chain(pending).collect();
    rows.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.since.cmp(&a.since)));
    rows
}

fn host(observed: &Observed) -> Host {
    let facts = observed.facts.as_ref();
    let gauges = observed.gauges.as_ref();
    let devices = gauges.map_or(&[][..], |gauges| &gauges.devices);
    let disks = |mounts: &Vec<Mount>| mounts.iter().map(|mount| disk(mount, devices)).collect();
    Host {
        hostname: facts.map(|facts| facts.hostname.clone()),
        kernel: facts.map(|facts| facts.kernel.clone()),
        os: facts.and_then(|facts| facts.os.clone()),
        uptime_seconds: gauges.and_then(|gauges| gauges.uptime_seconds),
        cpu: CpuPart {
            cores: facts.map(|facts| facts.cores),
            used_ratio: gauges.and_then(|gauges| gauges.cpu.used_ratio),
            per_core: gauges.map(|gauges| gauges.cpu.per_core.clone()).unwrap_or_default(),
        },
        load: gauges.and_then(|gauges| gauges.load),
        memory: memory(gauges),
        pressure: Some(gauges.map_or(UNKNOWN_PRESSURES, |gauges| gauges.pressure)),
        disks: observed.mounts.as_ref().map(disks),
        networks: gauges.map(|gauges| gauges.networks.iter().map(network).collect()),
        processes: observed.processes.as_ref().map(|processes| processes.iter().map(process).collect()),
        failed_units: observed.units.as_ref().filter(|units| units.systemd).map(|units| units.failed.clone()),
        hardware: observed.hardware.clone(),
    }
}

const UNKNOWN_PRESSURE: Pressure = Pressure { some10: None, full10: None };
const UNKNOWN_PRESSURES: Pressures =
    Pressures { cpu: UNKNOWN_PRESSURE, memory: UNKNOWN_PRESSURE, io: UNKNOWN_PRESSURE };

fn memory(gauges: Option<&Gauges>) -> MemoryPart {
    let memory = gauges.map(|gauges| gauges.memory).unwrap_or_default();
    MemoryPart {
        total_bytes: memory.total_bytes,
        used_bytes: memory.used_bytes,
        available_bytes: memory.available_bytes,
        cached_bytes: memory.cached_bytes,
        swap_total_bytes: memory.swap_total_bytes,
        swap_used_bytes: memory.swap_used_bytes,
    }
}

fn disk(mount: &Mount, devices: &[Device]) -> Disk {
    use crate::model::mount::MountState;
    let device = mount.device_of(devices);
    Disk {
        mount: mount.mount.clone(),
        device: mount.device.clone(),
        fs: mount.fs.clone(),
        state: match mount.state {
            MountState::Ready => "ready",
            MountState::Pending { .. } => "pending",
            MountState::Failed { .. } => "failed",
        },
        total_bytes: mount.total_bytes,
        available_bytes: mount.available_bytes,
        read_bytes_per_second: device.and_then(|device| device.read_bytes_per_second),
        write_bytes_per_second: device.and_then(|device| device.write_bytes_per_second),
        latency_seconds: device.and_then(|device| device.latency_seconds),
    }
}

fn network(network: &Network) -> NetworkPart {
    NetworkPart {
        name: network.name.clone(),
        received_bytes_per_second: network.received_bytes_per_second,
        sent_bytes_per_second: network.sent_bytes_per_second,
        errors: network.errors,
        drops: network.drops,
    }
}

fn process(process: &Process) -> ProcessPart {
    ProcessPart {
        pid: process.pid,
        parent: process.parent,
        name: process.name.clone(),
        user: process.user.clone(),
        cpu_ratio: process.cpu_ratio,
        memory_bytes: process.memory_bytes,
        state: process.state,
        cgroup: process.cgroup.clone(),
        container: process.container.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::script::{Scenario, What};
    use serde_json::{Value, json};

    fn world(scenario: &str) -> World {
        let scenario = Scenario::load(scenario).expect("reads");
        let mut world = World::at(scenario.start);
        for step in scenario.steps {
            match step.what {
                What::Updates { source, updates } => drop(world.apply(step.at, &source, updates)),
                What::Report(report) => drop(world.report(step.at, report)),
                What::Wake => drop(world.pass(step.at)),
                _ => {}
            }
        }
        world
    }

    fn value(world: &World) -> Value {
        serde_json::to_value(snapshot_of(world, Duration::from_secs(10))).expect("serialises")
    }

    #[test]
    fn the_contracts_keys_are_there() {
        let value = value(&world(include_str!("../../../tests/scenarios/healthy-host.toml")));
        for pointer in [
            "/taken_at",
            "/version",
            "/host/hostname",
            "/host/kernel",
            "/host/uptime_seconds",
            "/host/cpu/cores",
            "/host/cpu/used_ratio",
            "/host/cpu/per_core/3",
            "/host/load/2",
            "/host/memory/total_bytes",
            "/host/memory/used_bytes",
            "/host/memory/available_bytes",
            "/host/memory/cached_bytes",
            "/host/memory/swap_total_bytes",
            "/host/memory/swap_used_bytes",
            "/host/pressure/cpu/some10",
            "/host/pressure/memory/full10",
            "/host/pressure/io/some10",
            "/host/disks/0/mount",
            "/host/disks/0/total_bytes",
            "/host/disks/0/latency_seconds",
            "/host/networks/0/errors",
            "/host/processes/0/pid",
            "/host/processes/0/user",
            "/host/processes/0/state",
        ] {
            assert!(value.pointer(pointer).is_some_and(|found| !found.is_null()), "{pointer} is missing");
        }
        assert_eq!(value["host"]["disks"][0]["write_bytes_per_second"], 84_000.0, "joined with its block device");
        assert_eq!(value["host"]["disks"][1]["write_bytes_per_second"], Value::Null, "unknown is null");
        assert_eq!(value["host"]["pressure"]["cpu"]["full10"], Value::Null);
        assert_eq!(value["host"]["processes"][0]["container"], Value::Null);
        assert_eq!(value["attention"], json!([]));
    }

    #[test]
    fn nothing_known_is_null_and_never_zero() {
        let value = value(&World::default());
        assert_eq!(value["host"]["memory"]["total_bytes"], Value::Null);
        assert_eq!(value["host"]["disks"], Value::Null);
        assert_eq!(value["host"]["pressure"]["io"], json!({ "some10": null, "full10": null }));
        assert_eq!(value["sources"], json!([]));
    }

    #[test]
    fn attention_is_worst_first_and_sources_say_why() {
        let value = value(&world(
            r#"
            about = "mixed"
            [[step]]
            at = 0.0
            report = { name = "host/gauges", state = "waiting", cadence_seconds = 1.0 }
            [[step]]
            at = 0.0
            report = { name = "host/sensors", state = "down", reason = "denied", hint = "ask root", cadence_seconds = 1.0 }
            [[step]]
            at = 1.0
            updates = [{ mounts = [
                { mount = "/a", total_bytes = 100, available_bytes = 4 },
                { mount = "/b", total_bytes = 100, available_bytes = 1 },
            ] }, { units = { failed = ["x.service"] } }]
            source = "host/other"
            "#,
        ));
        let severities: Vec<_> =
            value["attention"].as_array().expect("a list").iter().map(|row| row["severity"].clone()).collect();
        assert_eq!(severities, ["critical", "error", "unknown", "warn"]);
        assert_eq!(value["attention"][0]["object"], "mount /b");
        assert_eq!(value["attention"][0]["since"], "2026-11-23T02:14:01Z");
        assert_eq!(value["sources"][0]["state"], "stale");
        assert_eq!(value["sources"][0]["reason"], "no answer within 10 s");
        assert_eq!(value["sources"][1]["hint"], "ask root");
    }
}
