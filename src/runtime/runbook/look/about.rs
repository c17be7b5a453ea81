//! Questions about this machine, the cockpit and the record.

use crate::{
    incident::{Incidents, Record},
    model::{
        alert::{AlertState, SilenceState},
        attention::Severity,
        gpu::{self, Gpu},
        source::SourceState,
    },
    runbook::{ask::PlainAsk, target::Target},
    runtime::runbook::{House, look::outside, store},
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
        (PlainAsk::Certificate, _) => outside::certificate(house, target),
        (PlainAsk::Gpu, Target::Gpu { gpu }) => self::gpu(house, gpu),
        (PlainAsk::Shift, _) => shift(house),
        (PlainAsk::Dns { name, address }, _) => outside::dns(name, address.as_deref().unwrap_or_default()),
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

/// A GPU by its UUID, its PCI address or its name in lists. One that no source tells of any more is not there.
fn gpu(house: &House, wanted: &str) -> Result<Json, String> {
    let found = house.saw(|world| {
        if world.observed.gpus.is_unknown() {
            return None;
        }
        let is_it = |gpu: &&Gpu| {
            gpu.id == wanted || [&gpu.uuid, &gpu.pci_address].into_iter().flatten().any(|name| *name == wanted)
        };
        let Some(gpu) = world.observed.gpus.iter().find(is_it) else {
            return Some(json!({ "exists": false, "health": "missing" }));
        };
        let (health, findings) = gpu::health::judge(gpu, world.now);
        Some(json!({
            "exists": true,
            "health": health.word(),
            "xid": gpu.xids.iter().max_by_key(|xid| xid.at).map(|xid| xid.code),
            "recovery_action": gpu.recovery.map(gpu::Recovery::word),
            "next_step": findings.first().map(|worst| worst.next_step.as_str()),
            "processes": gpu.processes.as_ref().map(Vec::len),
            // Of which cluster this host is a node is not known here.
            "node": null,
            "context": null,
        }))
    });
    found.ok_or_else(|| "no GPU of this machine has been read yet".into())
}

/// What is open for whoever is on call here.
fn shift(house: &House) -> Result<Json, String> {
    let incidents = incidents(house)?;
    let open: Vec<_> = incidents.all().iter().filter(|incident| incident.is_running() && !incident.drill).collect();
    let tasks = open.iter().flat_map(|incident| &incident.tasks).filter(|task| task.is_open()).count();
    let brief: Vec<_> = open.iter().map(|incident| format!("{} {}", incident.name, incident.title)).collect();
    let (silences, firing) = house.saw(|world| {
        let watch = &world.observed.watch;
        if watch.alertmanagers.is_empty() {
            return (None, None);
        }
        let silences = watch.alertmanagers.values().flat_map(|manager| &manager.silences);
        let active = silences.filter(|silence| silence.state == SilenceState::Active).count();
        let firing = watch.alerts().filter(|alert| alert.state == AlertState::Active).count();
        (Some(active), Some(firing))
    });
    Ok(json!({
        "incidents_open": open.len(),
        "tasks_open": tasks,
        "silences_active": silences,
        "alerts_firing": firing,
        "on_call": null,
        "brief": brief.join("; "),
    }))
}

/// Every incident of the journal.
///
/// # Errors
/// It cannot be read, and why.
pub fn incidents(house: &House) -> Result<Incidents, String> {
    let entries = house.journal.incidents().wait(PATIENCE).map_err(|error| error.to_string())?;
    let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    Ok(Incidents::of(&Record::of(&events)))
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
    let incidents = incidents(house)?;
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
