//! What an engine stores: an image, a volume, a network.

use super::{
    Details,
    container::{details, or_none},
    yaml,
};
use crate::{
    model::{
        Timestamp,
        container::{EngineNetwork, Image, Volume},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::CompactString;

/// Images, volumes and networks.
pub struct StoredPage;

/// One of them.
enum Stored<'w> {
    Image(&'w Image),
    Volume(&'w Volume),
    Network(&'w EngineNetwork),
}

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<Stored<'w>> {
    let (engine, id) = object.engine_and_id()?;
    let all = &world.observed.containers;
    match object.kind {
        ObjectKind::Image => all.images.get(engine, id).map(|row| Stored::Image(row)),
        ObjectKind::Volume => all.volumes.get(engine, id).map(|row| Stored::Volume(row)),
        _ => all.networks.get(engine, id).map(|row| Stored::Network(row)),
    }
}

impl Stored<'_> {
    fn used_by(&self) -> &[CompactString] {
        match self {
            Self::Image(image) => &image.used_by,
            Self::Volume(volume) => &volume.used_by,
            Self::Network(network) => &network.used_by,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Image(image) => image.tags.first().map_or_else(|| image.id.to_string(), ToString::to_string),
            Self::Volume(volume) => volume.name.to_string(),
            Self::Network(network) => network.name.to_string(),
        }
    }

    fn lines(&self, scene: &Scene<'_>) -> Vec<Line> {
        let size = |bytes: u64| units::bytes(bytes as f64);
        let created = |at: Option<Timestamp>| Line::maybe("created", at, |at| units::moment(scene.now, at));
        match self {
            Self::Image(image) => vec![
                Line::pair("tags", or_none(image.tags.join(" "))),
                Line::pair("digests", or_none(image.digests.join(" "))),
                Line::pair("id", &image.id),
                Line::pair("engine", &image.engine),
                Line::maybe("size", image.size_bytes, size),
                created(image.created_at),
            ],
            Self::Volume(volume) => vec![
                Line::pair("driver", &volume.driver),
                Line::pair("engine", &volume.engine),
                Line::pair("mount point", &volume.mountpoint),
                Line::pair("compose project", volume.project.as_deref().unwrap_or("none")),
                Line::maybe("size", volume.size_bytes, size),
                created(volume.created_at),
            ],
            Self::Network(network) => vec![
                Line::pair("id", &network.id),
                Line::pair("driver", &network.driver),
                Line::pair("engine", &network.engine),
                Line::pair("subnets", or_none(network.subnets.join(" "))),
                Line::pair("leads outside", if network.internal { "no: internal" } else { "yes" }),
                Line::pair("made by", if network.builtin { "the engine itself" } else { "somebody" }),
                created(network.created_at),
            ],
        }
    }
}

impl Details for StoredPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Image, ObjectKind::Volume, ObjectKind::EngineNetwork]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object).map_or_else(|| object.id.to_string(), |stored| stored.name())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match find(scene.world, object).map(|stored| stored.used_by().len()) {
            Some(0) => "unused".into(),
            Some(1) => "used by 1 container".into(),
            Some(users) => format!("used by {users} containers"),
            None => units::UNKNOWN.into(),
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let stored = find(scene.world, object)?;
        let mut lines = stored.lines(scene);
        let problems = details(scene.world, object).into_iter().flat_map(|details| &details.problems);
        lines.extend(problems.map(|text| Line::pair("not readable", "").and(Role::Unknown, text)));
        lines.push(Line::empty());
        lines.push(Line::heading(&format!("used by ({})", stored.used_by().len())));
        lines.extend(stored.used_by().iter().map(|name| Line::of(Role::Text, format!("  {name}"))));
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        if let Some(details) = details(world, object).filter(|details| !details.inspect.is_null()) {
            return yaml::of(&details.inspect);
        }
        match find(world, object)? {
            Stored::Image(image) => yaml::of(image),
            Stored::Volume(volume) => yaml::of(volume),
            Stored::Network(network) => yaml::of(network),
        }
    }
}
