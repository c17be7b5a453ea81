//! File systems that are full, or will be soon if they go on as they did.

use super::mount::{inodes, named, object, writable};
use crate::{
    model::{
        Timestamp,
        attention::{Condition, Severity},
        mount::Mount,
        object::ObjectRef,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

/// What is foretold within so many hours counts where less than this is free, and goes on counting within more hours and with more free.
struct Within {
    hours: f64,
    free: f64,
    severity: Severity,
}

/// From mild to severe, as node-exporter's mixin has it.
const WITHIN: &[Within] = &[
    Within { hours: 24.0, free: 0.40, severity: Severity::Warn },
    Within { hours: 4.0, free: 0.20, severity: Severity::Critical },
];
/// By how much a forecast has to get better until it is over.
const HOURS_BACK: f64 = 1.25;
const FREE_BACK: f64 = 0.02;

/// A forecast that holds for so long is told, and one that is gone for so long is over: bursts are no trend.
const RAISE_AFTER_SECONDS: f64 = 60.0;
const CLEAR_AFTER_SECONDS: f64 = 300.0;
/// What was full and has room for so long is not full any more.
const FULL_CLEAR_AFTER_SECONDS: f64 = 60.0;

const NEXT: &str = "find what grows: du -x, journalctl --disk-usage; then free space or extend";

/// Space that is used up: nothing can be written any more, so it is told at once.
pub struct MountFull;

impl Check for MountFull {
    fn id(&self) -> &'static str {
        "mount-full"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }
    fn clear_after_seconds(&self) -> f64 {
        FULL_CLEAR_AFTER_SECONDS
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for mount in writable(context).filter(|mount| is_full(mount)) {
            let used = units::percent(mount.used_ratio().unwrap_or_default());
            found.push(named(self.id(), Severity::Critical, mount, format!("{used} used: full"), NEXT));
        }
    }
}

/// Whether nothing is left of a file system.
pub(super) fn is_full(mount: &Mount) -> bool {
    mount.free_ratio().is_some_and(|free| free <= 0.0)
}

/// Space that will be used up within 24 hours (less than 40 percent free) or 4 hours (less than 20).
pub struct MountFills;

impl Check for MountFills {
    fn id(&self) -> &'static str {
        "mount-fills"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }
    fn raise_after_seconds(&self) -> f64 {
        RAISE_AFTER_SECONDS
    }
    fn clear_after_seconds(&self) -> f64 {
        CLEAR_AFTER_SECONDS
    }
    fn yields_to(&self) -> Option<&'static str> {
        Some(MountFull.id())
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for mount in writable(context) {
            let (kind, id, _) = object(mount);
            if is_full(mount) && context.raised.severity(&ObjectRef::new(kind, id)).is_none() {
                // Nothing was foretold, and that it is full is told already.
                continue;
            }
            let Some(severity) = severity(context, mount, mount.free_ratio(), mount.fills.space_at) else { continue };
            let used = format!("{} used", units::percent(mount.used_ratio().unwrap_or_default()));
            let cause = cause(context.now, used, mount.free_ratio(), mount.fills.space_at);
            found.push(named(self.id(), severity, mount, cause, NEXT));
        }
    }
}

/// The same for inodes.
pub struct InodesFill;

impl Check for InodesFill {
    fn id(&self) -> &'static str {
        "inodes-fill"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }
    fn raise_after_seconds(&self) -> f64 {
        RAISE_AFTER_SECONDS
    }
    fn clear_after_seconds(&self) -> f64 {
        CLEAR_AFTER_SECONDS
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for mount in writable(context) {
            let (free, at) = (mount.inodes_free_ratio(), mount.fills.inodes_at);
            let Some(severity) = severity(context, mount, free, at) else { continue };
            let cause = cause(context.now, inodes(mount), free, at);
            let next = "find where files come from: du --inodes -x; caches, sessions, mail queues";
            found.push(named(self.id(), severity, mount, cause, next));
        }
    }
}

fn severity(context: &Context<'_>, mount: &Mount, free: Option<f64>, full_at: Option<Timestamp>) -> Option<Severity> {
    let free = free?;
    if free <= 0.0 {
        return Some(Severity::Critical);
    }
    let hours = full_at?.duration_since(context.now).as_secs_f64() / 3_600.0;
    let (kind, id, _) = object(mount);
    let raised = context.raised.severity(&ObjectRef::new(kind, id));
    let holds = |within: &&Within| {
        let is_raised = raised >= Some(within.severity);
        let (more_hours, more_free) = if is_raised { (HOURS_BACK, FREE_BACK) } else { (1.0, 0.0) };
        hours <= within.hours * more_hours && free < within.free + more_free
    };
    WITHIN.iter().rev().find(holds).map(|within| within.severity)
}

/// `94 % used, full in 3 h 10 m`.
fn cause(now: Timestamp, figures: String, free: Option<f64>, full_at: Option<Timestamp>) -> String {
    match full_at {
        _ if free.is_some_and(|free| free <= 0.0) => format!("{figures}: full"),
        Some(at) => format!("{figures}, full in {}", units::span_wide(at.duration_since(now).as_secs_f64())),
        None => figures,
    }
}
