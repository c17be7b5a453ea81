//! File systems: space, inodes, and whether they answer.

use super::{above, condition};
use crate::{
    model::{
        attention::{Condition, Severity},
        mount::{Mount, MountState},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

/// Free space below 10, 5 and 3 percent. Read-only file systems are always full, and pseudo ones have no size.
pub struct MountSpace;

impl Check for MountSpace {
    fn id(&self) -> &'static str {
        "mount-space"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[(f64, Severity)] =
            &[(0.90, Severity::Warn), (0.95, Severity::Error), (0.97, Severity::Critical)];
        for mount in writable(context) {
            let Some(used) = mount.used_ratio() else { continue };
            let Some(severity) = above(used, LIMITS) else { continue };
            let left =
                mount.available_bytes.map_or_else(String::new, |free| format!(", {} left", units::bytes(free as f64)));
            let cause = format!("{} used{left}", units::percent(used));
            found.push(named(self.id(), severity, mount, cause, "free space: find what grew, rotate logs, extend"));
        }
    }
}

/// Free inodes below 10, 5 and 3 percent.
pub struct MountInodes;

impl Check for MountInodes {
    fn id(&self) -> &'static str {
        "mount-inodes"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Mounts)
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[(f64, Severity)] =
            &[(0.90, Severity::Warn), (0.95, Severity::Error), (0.97, Severity::Critical)];
        for mount in writable(context) {
            let Some(used) = mount.inodes_used_ratio() else { continue };
            let Some(severity) = above(used, LIMITS) else { continue };
            let cause = format!("{} of inodes used: no new files soon", units::percent(used));
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

/// File systems that can fill up, each once: where one is mounted at several places (bind mounts, the volumes of pods) the place
/// with the shortest name stands for it, and a container's overlay lies on a file system that is listed itself.
fn writable<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Mount> {
    let mounts = || context.observed.mounts.iter().flatten();
    let again = move |mount: &Mount| {
        let same = |other: &&Mount| mount.block.is_some() && other.block == mount.block && !other.read_only;
        let shortest = mounts().filter(same).min_by_key(|other| (other.mount.len(), &other.mount));
        shortest.is_some_and(|shortest| shortest.mount != mount.mount)
    };
    mounts().filter(move |mount| !mount.read_only && !mount.is_of_container() && !again(mount))
}

fn named(rule: &'static str, severity: Severity, mount: &Mount, cause: String, next: &str) -> Condition {
    let mut condition = condition(rule, severity, (ObjectKind::Mount, &mount.mount, &mount.mount), cause, next);
    condition.kind = "disk".into();
    condition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, observed::Observed};

    fn mount(place: &str, fs: &str, block: Option<&str>) -> Mount {
        Mount {
            mount: place.into(),
            device: block.unwrap_or(fs).into(),
            block: block.map(Into::into),
            fs: fs.into(),
            read_only: false,
            remote: false,
            state: MountState::Ready,
            total_bytes: Some(100),
            available_bytes: Some(4),
            inodes_total: None,
            inodes_free: None,
        }
    }

    #[test]
    fn a_full_disk_is_told_once() {
        let mounts = vec![
            mount("/var/lib/docker/overlay2/a/merged", "overlay", None),
            mount("/var/lib/kubelet/pods/1/volumes/x", "ext4", Some("sda1")),
            mount("/var", "ext4", Some("sda1")),
            mount("/", "overlay", None),
        ];
        let observed = Observed { mounts: Some(mounts), ..Observed::default() };
        let context = Context { now: Timestamp::UNIX_EPOCH, observed: &observed };
        let mut found = Vec::new();
        MountSpace.examine(&context, &mut found);
        let names: Vec<_> = found.iter().map(|condition| condition.name.as_str()).collect();
        assert_eq!(names, ["/var", "/"]);
    }
}
