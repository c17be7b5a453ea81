//! Servers of language models, and the guard value, as scripts and people read them.

use super::text::clean;
use crate::{
    model::{
        ai::{AiKind, AiModel, AiServer},
        observed::Observed,
        room::Room,
        units,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;

/// A server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AiRow {
    pub kind: AiKind,
    pub address: CompactString,
    pub version: Option<CompactString>,
    pub pid: Option<i32>,
    /// Its name where an engine tells it, else its id.
    pub container: Option<CompactString>,
    /// What its processes hold on GPUs, by the driver.
    pub gpu_memory_bytes: Option<u64>,
    pub problem: Option<String>,
    pub models: Vec<AiModel>,
}

/// Every server; `None` where none is known.
pub(super) fn servers(world: &World) -> Option<Vec<AiRow>> {
    world.observed.ai.as_ref().map(|servers| servers.iter().map(|server| row(server, &world.observed)).collect())
}

fn row(server: &AiServer, observed: &Observed) -> AiRow {
    let named = server.container.as_deref().and_then(|id| observed.containers.by_id(id));
    AiRow {
        kind: server.kind,
        address: server.address.clone(),
        version: server.version.clone(),
        pid: server.pid,
        container: named.map(|container| container.name.clone()).or_else(|| server.container.clone()),
        gpu_memory_bytes: server.gpu_bytes(observed),
        problem: server.problem.clone(),
        models: server.models.clone(),
    }
}

/// The servers for a person.
pub(super) fn lines(servers: &[AiRow], lines: &mut Vec<String>) {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| units::UNKNOWN.into());
    lines.push(format!("AI servers ({})", servers.len()));
    for server in servers {
        let version = server.version.as_deref().map_or_else(String::new, |version| format!(" {}", clean(version)));
        let problem = server.problem.as_deref().map_or_else(String::new, |why| format!(": {}", clean(why)));
        lines.push(format!("  {}{version} at {}{problem}", server.kind.word(), clean(&server.address)));
        for model in &server.models {
            let state = if model.is_loaded { "loaded" } else { "stored" };
            let bytes = model.memory_bytes.or(model.file_bytes).map(|bytes| units::bytes(bytes as f64));
            let queue = model
                .running
                .zip(model.waiting)
                .map_or_else(String::new, |(running, waiting)| format!(", {running} running, {waiting} waiting"));
            let speed =
                model.generated_tokens_per_second.map_or_else(String::new, |rate| format!(", {rate:.0} tokens/s"));
            lines.push(format!("    {state} {}: {}{queue}{speed}", clean(&model.name), or_unknown(bytes)));
        }
    }
}

/// The guard value for a person.
pub(super) fn room_lines(room: &Room, lines: &mut Vec<String>) {
    lines.push(format!("Room for a heavy run: {}", room.fits.word()));
    lines.extend(
        room.parts
            .iter()
            .map(|part| format!("  {:7} {}: {}", part.fits.word(), clean(&part.what), clean(&part.detail))),
    );
}
