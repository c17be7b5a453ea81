//! File systems: space, inodes, and whether they answer.

use super::{Named, above, condition, fills::is_full};
use crate::{
    model::{
        attention::{Condition, Severity},
        mount::{Mount, MountState, fillable},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context, Limit},
};

/// Used shares, as there are 5 and 3 percent left.
const LIMITS: &[Limit] = &[Limit::new(0.95, 0.94, Severity::Warn), Limit::new(0.97, 0.96, Severity::Critical)];
/// Half an hour: who clears up at once is not told.
const RAISE_AFTER_SECONDS: f64 = 1_800.0;
const CLEAR_AFTER_SECONDS: f64 = 60.0;

/// Free space below 5 and 3 percent for half an hour. Read-only file systems are always full, and pseudo ones have no size.
pub struct MountSpace;

impl Check for MountSpace {
    fn id(&self) -> &'static str {
        "mount-space"
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
        Some(super::fills::MountFills.id())
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        // What is full is told at once, by a rule of its own.
        for mount in writable(context).filter(|mount| !is_full(mount)) {
            let Some(used) = mount.used_ratio() else { continue };
            let Some(severity) = above(context, object(mount), used, LIMITS) else { continue };
            found.push(named(
                self.id(),
                severity,
                mount,
                space(mount),
                "free space: find what grew, rotate logs, extend",
            ));
        }
    }
}

/// Free inodes below 5 and 3 percent for half an hour.
pub struct MountInodes;

impl Check for MountInodes {
    fn id(&self) -> &'static str {
        "mount-inodes"
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
        Some(super::fills::InodesFill.id())
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for mount in writable(context) {
            let Some(used) = mount.inodes_used_ratio() else { continue };
            let Some(severity) = above(context, object(mount), used, LIMITS) else { continue };
            let cause = format!("{}: no new files soon", inodes(mount));
            found.push(named(self.id(), severity, mount, cause, "delete small files: caches, sessions, mail queues"));
        }
    }
}

/// A mount that has not answered for five seconds, or answered with an error.
pub struct MountSilent;

impl Check for MountSilent {
    fn id(&self) -> &'static str {
        "mount-silent"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }

    fn clear_after_seconds(&self) -> f64 {
        0.0
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for mount in context.observed.mounts.iter().flatten() {
            match &mount.state {
                MountState::Ready => {}
                MountState::Pending { since } => {
                    let silent = context.now.duration_since(*since).as_secs_f64();
                    if silent < 5.0 {
                        continue;
                    }
                    let cause = format!("{}: no answer for {}", mount.fs, units::span(silent));
                    let next = "check its server and the network; processes that touch it hang";
                    let mut found_here = named(self.id(), Severity::Error, mount, cause, next);
                    found_here.since = Some(*since);
                    found.push(found_here);
                }
                MountState::Failed { reason } => {
                    let cause = format!("{}: {reason}", mount.fs);
                    found.push(named(self.id(), Severity::Error, mount, cause, "remount it, or remove a dead mount"));
                }
            }
        }
    }
}

/// File systems that can fill up, each once.
pub(super) fn writable<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Mount> {
    fillable(context.observed.mounts.as_deref().unwrap_or_default())
}

/// `94 % used, 7.2 GiB left`.
fn space(mount: &Mount) -> String {
    let left = mount.available_bytes.map_or_else(String::new, |free| format!(", {} left", units::bytes(free as f64)));
    format!("{} used{left}", units::percent(mount.used_ratio().unwrap_or_default()))
}

/// `94 % of inodes used`.
pub(super) fn inodes(mount: &Mount) -> String {
    format!("{} of inodes used", units::percent(mount.inodes_used_ratio().unwrap_or_default()))
}

pub(super) fn object(mount: &Mount) -> Named<'_> {
    (ObjectKind::Mount, &mount.mount, &mount.mount)
}

pub(super) fn named(rule: &'static str, severity: Severity, mount: &Mount, cause: String, next: &str) -> Condition {
    let mut condition = condition(rule, severity, object(mount), cause, next);
    condition.kind = "disk".into();
    condition
}
