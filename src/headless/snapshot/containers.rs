//! Containers as scripts and people read them.

use super::{super::gather::Gathered, text::clean};
use crate::{
    model::{
        Timestamp,
        container::{Container, ContainerUsage, Containers, Port},
        units,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeMap};

/// A container.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerRow {
    pub engine: CompactString,
    pub id: CompactString,
    pub name: CompactString,
    pub image: CompactString,
    pub image_id: CompactString,
    pub image_digest: Option<CompactString>,
    pub command: CompactString,
    pub state: &'static str,
    /// Of its health check: `healthy`, `unhealthy`, `starting`, or `none` where it has no check.
    pub health: &'static str,
    /// The cockpit's judgement: `ok`, `done`, `progressing`, `unknown`, `degraded`, `failing`.
    pub judgement: &'static str,
    pub reason: String,
    pub exit_code: Option<i64>,
    pub oom_killed: bool,
    pub restarts: Option<u32>,
    pub restart_policy: Option<CompactString>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// 1.0 is one core.
    pub cpu_ratio: Option<f64>,
    pub cpu_limit_cores: Option<f64>,
    /// Working set.
    pub memory_bytes: Option<u64>,
    /// The limit that was set on it.
    pub memory_limit_bytes: Option<u64>,
    pub received_bytes_per_second: Option<f64>,
    pub sent_bytes_per_second: Option<f64>,
    pub read_bytes_per_second: Option<f64>,
    pub written_bytes_per_second: Option<f64>,
    pub pids: Option<u64>,
    pub compose_project: Option<CompactString>,
    pub compose_service: Option<CompactString>,
    pub ports: Vec<Port>,
    pub networks: Vec<CompactString>,
    pub labels: BTreeMap<CompactString, String>,
}

/// Every container, the worst first; `None` as long as no engine has told of its own.
pub(super) fn containers(world: &World) -> Option<Vec<ContainerRow>> {
    let containers = &world.observed.containers;
    let known = !containers.engines.is_empty();
    known.then(|| {
        let mut all: Vec<_> = containers.containers.iter().collect();
        all.sort_by_key(|one| (Reverse(one.health), &one.engine, &one.name));
        all.into_iter().map(|one| row(one, containers)).collect()
    })
}

fn row(container: &Container, all: &Containers) -> ContainerRow {
    let nothing = ContainerUsage::default();
    let usage = all.usage_of(container).unwrap_or(&nothing);
    let compose = container.compose.as_ref();
    ContainerRow {
        engine: container.engine.clone(),
        id: container.id.clone(),
        name: container.name.clone(),
        image: container.image.clone(),
        image_id: container.image_id.clone(),
        image_digest: container.image_digest.clone(),
        command: container.command.clone(),
        state: container.state.word(),
        health: container.check.word(),
        judgement: container.health.word(),
        reason: container.reason.clone(),
        exit_code: container.exit_code,
        oom_killed: container.oom_killed,
        restarts: container.restarts,
        restart_policy: Some(container.restart_policy.clone()).filter(|policy| !policy.is_empty()),
        created_at: container.created_at,
        started_at: container.started_at,
        finished_at: container.finished_at,
        cpu_ratio: usage.cpu_ratio,
        cpu_limit_cores: container.cpu_limit_cores,
        memory_bytes: usage.memory_bytes,
        memory_limit_bytes: container.memory_limit_bytes,
        received_bytes_per_second: usage.received_bytes_per_second,
        sent_bytes_per_second: usage.sent_bytes_per_second,
        read_bytes_per_second: usage.read_bytes_per_second,
        written_bytes_per_second: usage.written_bytes_per_second,
        pids: usage.pids,
        compose_project: compose.map(|compose| compose.project.clone()),
        compose_service: compose.map(|compose| compose.service.clone()),
        ports: container.ports.clone(),
        networks: container.networks.clone(),
        labels: container.labels.clone(),
    }
}

/// The same as lines.
pub(super) fn lines(rows: &[ContainerRow], lines: &mut Vec<String>) {
    lines.push(format!("Containers ({})", rows.len()));
    for row in rows {
        let exit = row.exit_code.map_or_else(String::new, |code| format!(" exit {code}"));
        let restarts = row.restarts.filter(|n| *n > 0).map_or_else(String::new, |n| format!(", {n} restarts"));
        let used = match (row.cpu_ratio, row.memory_bytes) {
            (None, None) => String::new(),
            (cpu, memory) => format!(
                ", cpu {}, memory {}",
                cpu.map_or(units::UNKNOWN.into(), units::percent_fine),
                memory.map_or(units::UNKNOWN.into(), |bytes| units::bytes(bytes as f64))
            ),
        };
        let reason = if row.reason.is_empty() { String::new() } else { format!(": {}", clean(&row.reason)) };
        let (engine, name, image) = (clean(&row.engine), clean(&row.name), clean(&row.image));
        let (judgement, state) = (row.judgement, row.state);
        lines.push(format!("  {judgement:11} {engine}/{name} {state}{exit}{restarts} ({image}){used}{reason}"));
    }
}

/// Why there are no containers, where no engine answers.
pub(super) fn unreached(gathered: &Gathered) -> Option<String> {
    let sources = &gathered.world.observed.sources;
    let engines: Vec<_> = sources.iter().filter(|(_, status)| status.report.kind == "docker").collect();
    if engines.is_empty() {
        return Some(
            "no container engine was found here; `flightdeck doctor` says where was looked, --docker names one".into(),
        );
    }
    let silent = gathered.unreached("docker");
    let answers = engines.iter().any(|(_, status)| status.answered_at.is_some());
    if answers && silent.is_empty() {
        return None;
    }
    let why = |(name, status): &(&CompactString, &crate::model::observed::SourceStatus)| {
        let reason = status.report.reason.as_deref().unwrap_or("no answer");
        let hint = status.report.hint.as_deref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{name}: {reason}{hint}")
    };
    let told: Vec<_> =
        engines.iter().filter(|(name, _)| silent.is_empty() || silent.contains(&name.as_str())).map(why).collect();
    Some(clean(&format!("a container engine could not be reached: {}", told.join("; "))))
}
