//! One source of data.

use super::{Details, yaml};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        observed::SourceStatus,
        units,
    },
    panes::sources::every,
    ui::{lines::Line, scene::Scene},
    world::World,
};

/// One source of data.
pub struct SourceDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w SourceStatus> {
    world.observed.sources.get(&object.id)
}

impl Details for SourceDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Source]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        find(scene.world, object).map_or(units::UNKNOWN.into(), |source| source.state(scene.world.now).word().into())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let source = find(scene.world, object)?;
        let state = source.state(scene.world.now);
        let sign = format!("{} {}", scene.glyphs.source(state), state.word());
        let moment = |at| units::moment(scene.now, at);
        let cadence = source.report.cadence_seconds.map_or("not now: nobody needs it".into(), every);
        let mut lines = vec![
            Line::pair("state", "").and(Scene::source_role(state), sign),
            Line::pair("since", moment(source.since)),
            Line::maybe("last answer", source.answered_at, moment),
            Line::pair("asked every", cadence),
            Line::pair("delivers", source.report.topics.words()),
            Line::pair("family", &source.report.kind),
        ];
        if let Some(reason) = &source.report.reason {
            lines.push(Line::pair("reason", reason));
        }
        if let Some(hint) = &source.report.hint {
            lines.push(Line::pair("what to do", hint));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
}
