//! One silence: what it keeps quiet, by whom, why, and until when.

use super::{Details, yaml};
use crate::{
    model::{
        alert::{Silence, preview},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use std::sync::Arc;

/// One silence.
pub struct SilenceDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Arc<Silence>> {
    world.observed.watch.silence(object)
}

impl Details for SilenceDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Silence]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object).map_or_else(|| object.id.to_string(), |silence| silence.text())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        find(scene.world, object).map_or_else(|| "not known".into(), |silence| silence.state.word().into())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let silence = find(scene.world, object)?;
        let (place, _) = object.in_watch()?;
        let mut lines: Vec<_> =
            silence.matchers.iter().map(|matcher| Line::pair("keeps quiet", matcher.to_string())).collect();
        lines.extend([
            Line::pair("comment", &silence.comment),
            Line::pair("by", &silence.created_by),
            Line::maybe("from", silence.starts_at, units::date_clock),
            Line::maybe("until", silence.ends_at, units::date_clock),
            Line::pair("identity", &silence.id),
            Line::pair("Alertmanager", place),
            Line::empty(),
            Line::heading("Alerts that fit it"),
        ]);
        let alerts = scene.world.observed.watch.alertmanagers.get(place).map(|manager| manager.alerts.as_slice());
        match preview(alerts.unwrap_or_default(), &silence.matchers) {
            Err(why) => lines.push(Line::of(Role::Warn, why)),
            Ok(fit) if fit.fits.is_empty() => lines.push(Line::of(Role::Dim, "none of those that are known")),
            Ok(fit) => lines.extend(fit.fits.iter().map(|alert| {
                let text = format!("{} {} ", alert.name(), alert.target());
                Line::of(Role::Text, text).leading_to(alert.object(), "Summary", "alert")
            })),
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?.as_ref())
    }
}
