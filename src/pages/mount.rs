//! One mounted file system.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        Timestamp,
        mount::{Mount, MountState},
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
    },
    panes::disks,
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    view::table::Value,
    world::World,
};

/// One mounted file system.
pub struct MountDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Mount> {
    world.observed.mounts.as_ref()?.iter().find(|mount| mount.mount == object.id)
}

/// When it is full, if it goes on like that.
fn full(label: &str, now: Timestamp, at: Timestamp) -> Line {
    let left = units::span_wide(at.duration_since(now).as_secs_f64());
    let text = format!("{left} ({}), if it goes on as over the last hours", units::clock_minutes(at));
    Line::pair(label, "").and(Role::Warn, text)
}

impl Details for MountDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Mount]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(mount) = find(scene.world, object) else { return units::UNKNOWN.into() };
        let state = match disks::state(mount, scene.world) {
            Value::Text(state) => state.into_owned(),
            _ => units::UNKNOWN.into(),
        };
        mount.used_ratio().map_or_else(|| state.clone(), |used| format!("{} used, {state}", units::percent(used)))
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mount = find(scene.world, object)?;
        let size = |bytes: u64| units::bytes(bytes as f64);
        let number = |n: u64| units::count(n as f64);
        let mut lines = vec![
            Line::pair("device", &mount.device),
            Line::pair("file system", &mount.fs),
            Line::pair("access", if mount.read_only { "read-only" } else { "read and write" }),
            Line::pair(
                "served",
                if mount.remote { "over a network or by a daemon: it may hang" } else { "by the kernel" },
            ),
            Line::maybe("used", mount.used_ratio(), units::percent_fine),
            Line::maybe("available", mount.available_bytes, size),
            Line::maybe("total", mount.total_bytes, size),
        ];
        lines.extend(mount.fills.space_at.map(|at| full("full in", scene.now, at)));
        match mount.inodes_total {
            Some(total) => {
                lines.push(Line::maybe("inodes used", mount.inodes_used_ratio(), units::percent_fine));
                lines.extend(mount.fills.inodes_at.map(|at| full("no inodes in", scene.now, at)));
                lines.push(Line::pair("inodes", number(total)));
            }
            None => lines.push(Line::pair("inodes", "no fixed number")),
        }
        match &mount.state {
            MountState::Ready => lines.push(Line::pair("state", "ready")),
            MountState::Pending { since } => {
                let text = format!("no answer since {} ({})", units::clock(*since), units::age(scene.now, *since));
                lines.push(Line::pair("state", "").and(Role::Error, text));
                lines.push(Line::of(Role::Dim, "the figures are those of its last answer"));
            }
            MountState::Failed { reason } => lines.push(Line::pair("state", "").and(Role::Error, reason)),
        }
        if let Some(device) = disks::device(mount, scene.world) {
            lines.push(Line::empty());
            lines.push(Line::heading(&format!("block device {}", device.name)));
            lines.extend(super::device::figures(device));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        vec![Kept { word: "used", key: SeriesKey::new(Metric::MountUsed, object.id.clone()), scale: Scale::Ratio }]
    }
}
