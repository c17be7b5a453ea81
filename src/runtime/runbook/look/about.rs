//! Questions about this machine, the cockpit and the record.

use crate::{
    incident::{Incidents, Record},
    model::{attention::Severity, source::SourceState},
    runbook::{ask::PlainAsk, target::Target},
    runtime::runbook::{House, store},
};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The answer.
///
/// # Errors
/// Why there is none.
pub fn about(house: &House, target: &Target, ask: &PlainAsk) -> Result<Json, String> {
    match (ask, target) {
        (PlainAsk::Mount, Target::Mount { path }) => mount(house, path),
        (PlainAsk::Attention, _) => Ok(attention(house, target)),
        (PlainAsk::Sources, _) => Ok(sources(house)),
        (PlainAsk::Incident, Target::Incident { incident }) => self::incident(house, incident),
        (PlainAsk::LastDrill { runbook }, _) => last_drill(house, runbook),
        (PlainAsk::Gpu | PlainAsk::Certificate | PlainAsk::Dns { .. } | PlainAsk::Shift, _) => {
            Err("this version cannot ask that yet".into())
        }
        _ => Err(format!("that cannot be asked about {target}")),
    }
}

fn mount(house: &House, path: &str) -> Result<Json, String> {
    let found = house.saw(|world| {
        let mounts = world.observed.mounts.as_ref()?;
        let now = world.now;
        Some(mounts.iter().find(|mount| mount.mount == path).map(|mount| {
            json!({
                "exists": true,
                "device": mount.device,
                "read_only": mount.read_only,
                "total_bytes": mount.total_bytes,
                "available_bytes": mount.available_bytes,
                "used_ratio": mount.used_ratio(),
                "inodes_used_ratio": mount.inodes_total.zip(mount.inodes_free)
                    .filter(|(total, _)| *total > 0).map(|(total, free)| 1.0 - free as f64 / total as f64),
                "full_in_seconds": mount.fills.space_at.map(|at| at.duration_since(now).as_secs().max(0)),
            })
        }))
    });
    let found = found.ok_or("the file systems of this machine have not been read yet")?;
    Ok(found.unwrap_or_else(|| json!({ "exists": false })))
}

fn attention(house: &House, target: &Target) -> Json {
    let only = target.object();
    house.saw(|world| {
        let rows: Vec<_> = world
            .attention
            .iter()
            .filter(|row| only.as_ref().is_none_or(|object| row.condition.object == *object))
            .collect();
        let count = |severity: Severity| rows.iter().filter(|row| row.condition.severity == severity).count();
        json!({
            "total": rows.len(),
            "critical": count(Severity::Critical),
            "error": count(Severity::Error),
            "warn": count(Severity::Warn),
            "unknown": count(Severity::Unknown),
            "worst": rows.first().map(|row| row.condition.cause.to_string()),
        })
    })
}

fn sources(house: &House) -> Json {
    house.saw(|world| {
        let all: Vec<_> = world.observed.sources.values().map(|source| (source, source.state(world.now))).collect();
        let count = |wanted: SourceState| all.iter().filter(|(_, state)| *state == wanted).count();
        let worst = all.iter().find(|(_, state)| *state == SourceState::Down);
        json!({
            "total": all.iter().filter(|(_, state)| *state != SourceState::Off).count(),
            "ok": count(SourceState::Ok),
            "stale": count(SourceState::Stale),
            "down": count(SourceState::Down),
            "worst": worst.map(|(source, _)| source.report.name.to_string()),
        })
    })
}

fn incident(house: &House, wanted: &str) -> Result<Json, String> {
    let entries = house.journal.incidents().wait(PATIENCE).map_err(|error| error.to_string())?;
    let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    let incidents = Incidents::of(&Record::of(&events));
    let Ok(incident) = incidents.resolve(wanted) else { return Ok(json!({ "exists": false })) };
    Ok(json!({
        "exists": true,
        "id": incident.id.to_string(),
        "number": incident.name.to_string(),
        "title": incident.title,
        "severity": incident.severity.map(|severity| severity.word()),
        "phase": incident.phase.word(),
        "resolved": !incident.is_running(),
        "drill": incident.drill,
        "open_tasks": incident.tasks.iter().filter(|task| task.is_open()).count(),
    }))
}

fn last_drill(house: &House, runbook: &str) -> Result<Json, String> {
    let last = store::last_drill(&house.journal, runbook)?;
    let days = last.map(|at| house.now().duration_since(at).as_secs() / 86_400);
    Ok(json!({ "passed_at": last, "days_ago": days }))
}
