//! One alert: what it says, its labels, the expression of its rule and what that measures, and what keeps it quiet.

use super::{Details, Kept, yaml};
use crate::{
    model::topic::Topic,
    model::{
        alert::Alert,
        metric::{AlertRule, Labels},
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
        watch::Graph,
    },
    panes::unknown,
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::format_compact;
use std::sync::Arc;

/// One alert.
pub struct AlertDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Arc<Alert>> {
    world.observed.watch.alert(object)
}

/// Labels or annotations, a line each, below a heading.
fn list(heading: &str, labels: &Labels, lines: &mut Vec<Line>) {
    if labels.is_empty() {
        return;
    }
    lines.extend([Line::empty(), Line::heading(heading)]);
    for (name, value) in labels {
        let mut parts = value.lines();
        lines.push(Line::pair(name, parts.next().unwrap_or_default()));
        lines.extend(parts.map(|more| Line::pair("", more)));
    }
}

/// The expression, how long it has to hold, and what the server says against it.
fn rule(world: &World, alert: &Alert, lines: &mut Vec<Line>) {
    lines.extend([Line::empty(), Line::heading("Rule")]);
    let Some((prometheus, rule)) = world.observed.watch.rule(alert) else {
        let why = if world.observed.watch.prometheus.is_empty() {
            unknown(world, Topic::MetricRules)
        } else {
            "? no Prometheus that is configured has a rule of this name and these labels".into()
        };
        return lines.push(Line::of(Role::Unknown, why));
    };
    let AlertRule { query, for_seconds, group, file, problem, .. } = rule;
    let mut parts = query.lines();
    lines.push(Line::pair("expression", parts.next().unwrap_or_default()));
    lines.extend(parts.map(|more| Line::pair("", more)));
    if *for_seconds > 0.0 {
        lines.push(Line::pair("has to hold for", units::span(*for_seconds)));
    }
    lines.push(Line::pair("of", format!("{group}, {file}, at Prometheus {prometheus}")));
    lines.extend(problem.iter().map(|why| Line::pair("problem", "").and(Role::Warn, why)));
}

fn graph<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Graph> {
    world.observed.watch.graph.as_deref().filter(|graph| graph.asked.object == *object)
}

impl Details for AlertDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Alert]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object)
            .map_or_else(|| object.id.to_string(), |alert| format!("{} {}", alert.name(), alert.target()))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(alert) = find(scene.world, object) else { return "resolved, or not known".into() };
        match alert.hush() {
            hush if hush.is_empty() => alert.state.word().into(),
            hush => hush,
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let world = scene.world;
        let alert = find(world, object)?;
        let moment = |at| units::moment(scene.now, at);
        let mut lines = vec![
            Line::pair("says", alert.summary()),
            Line::pair("severity", alert.severity.word()),
            Line::maybe("fires since", alert.starts_at, moment),
            Line::pair("receivers", alert.receivers.join(", ")),
            Line::pair("Alertmanager", &alert.place),
        ];
        for id in &alert.silenced_by {
            let silence = ObjectRef::new(ObjectKind::Silence, format_compact!("{}/{id}", alert.place));
            let text = world.observed.watch.silence(&silence).map_or_else(|| id.to_string(), |known| known.text());
            lines.push(Line::pair("silenced by", format!("{text} ")).leading_to(silence, "Summary", "silence"));
        }
        for id in &alert.inhibited_by {
            let other = ObjectRef::new(ObjectKind::Alert, format_compact!("{}/{id}", alert.place));
            let name = self.name(world, &other);
            lines.push(Line::pair("inhibited by", format!("{name} ")).leading_to(other, "Summary", "alert"));
        }
        lines.extend(alert.muted_by.iter().map(|name| Line::pair("muted by", name)));
        rule(world, alert, &mut lines);
        if let Some(graph) = graph(world, object) {
            let last = graph.points.last().map(|(_, value)| units::figure(*value));
            lines.push(Line::maybe("now", last, |value| value));
            if graph.series > 1 {
                lines.push(Line::pair("", format!("one of {} series; History draws it", graph.series)));
            }
            lines.extend(graph.problems.iter().map(|why| Line::pair("graph", "").and(Role::Warn, why)));
        }
        list("Labels", &alert.labels, &mut lines);
        list("Annotations", &alert.annotations, &mut lines);
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?.as_ref())
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let key = SeriesKey::new(Metric::AlertValue, object.id.clone());
        vec![Kept { word: "value of its expression", key, scale: Scale::Any }]
    }
}
