//! One systemd unit. Only failed ones are known.

use super::{Details, yaml};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One systemd unit.
pub struct UnitDetails;

fn failed(world: &World, object: &ObjectRef) -> Option<bool> {
    world.observed.units.as_ref().map(|units| units.failed.contains(&object.id))
}

impl Details for UnitDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Unit]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match failed(scene.world, object) {
            Some(true) => "failed".into(),
            Some(false) => "not failed".into(),
            None => units::UNKNOWN.into(),
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mut lines = vec![Line::pair("unit", &object.id)];
        lines.push(match failed(scene.world, object)? {
            true => Line::pair("state", "").and(Role::Error, "failed"),
            false => Line::pair("state", "not among the failed ones any more"),
        });
        let groups = scene.world.observed.cgroups.iter().flat_map(|cgroups| &cgroups.groups);
        for group in groups.filter(|group| group.unit.as_ref() == Some(&object.id)) {
            lines.push(Line::pair("cgroup", &group.path));
        }
        lines.push(Line::empty());
        lines.push(Line::of(Role::Dim, "its last words: ").and(Role::Text, format!("journalctl -u {}", object.id)));
        Some(lines)
    }
    fn yaml(&self, world: &World, _: &ObjectRef) -> Option<String> {
        yaml::of(world.observed.units.as_ref()?)
    }
}
