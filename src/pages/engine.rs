//! A container engine.

use super::{Details, yaml};
use crate::{
    model::{
        container::Engine,
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// An engine.
pub struct EnginePage;

fn engine<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Engine> {
    world.observed.containers.engines.get(&object.id)
}

fn prune(label: &str, all: Option<u64>, unused: Option<u64>) -> Line {
    let size = |bytes: u64| units::bytes(bytes as f64);
    Line::maybe(label, all.zip(unused), |(all, unused)| {
        format!("{}, of which {} is used by nothing", size(all), size(unused))
    })
}

impl Details for EnginePage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Engine]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let status = object.source().and_then(|name| scene.world.observed.sources.get(&name));
        status.map_or(units::UNKNOWN, |status| status.state(scene.world.now).word()).into()
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let engine = engine(scene.world, object)?;
        let mut lines = vec![
            Line::pair("product", format!("{} {}", engine.product, engine.version)),
            Line::pair("endpoint", &engine.endpoint),
            Line::pair("API version", &engine.api_version),
            Line::pair("machine", &engine.host),
            Line::pair("system", format!("{}, kernel {}", engine.os, engine.kernel)),
            Line::maybe("cores", engine.cores, |cores| cores.to_string()),
            Line::maybe("memory", engine.memory_bytes, |bytes| units::bytes(bytes as f64)),
            Line::maybe("cgroup version", engine.cgroup_version, |version| version.to_string()),
            Line::pair("storage driver", &engine.storage_driver),
            Line::pair("rootless", if engine.rootless { "yes" } else { "no" }),
        ];
        lines.extend(engine.warnings.iter().map(|text| Line::pair("warning", "").and(Role::Warn, text)));
        lines.push(Line::empty());
        lines.push(Line::heading("what it stores, and what a prune would free"));
        let disk = engine.disk.unwrap_or_default();
        lines.push(prune("images", disk.images_bytes, disk.images_unused_bytes));
        lines.push(prune("containers", disk.containers_bytes, disk.containers_unused_bytes));
        lines.push(prune("volumes", disk.volumes_bytes, disk.volumes_unused_bytes));
        lines.push(prune("build cache", disk.build_cache_bytes, disk.build_cache_unused_bytes));
        if engine.disk.is_none() {
            lines.push(Line::of(Role::Dim, "counted while the list of engines or images is on the screen"));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(engine(world, object)?)
    }
}
