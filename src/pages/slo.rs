//! One service level objective: every window, every pair, and what is left of the budget.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        slo::{Pair, Reading, Slo, Window},
        units,
    },
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One objective.
pub struct SloDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Slo> {
    world.observed.watch.slo(object)
}

fn times(burn: Option<f64>) -> String {
    burn.map_or_else(|| units::UNKNOWN.into(), |burn| format!("{burn:.2}×"))
}

fn window(slo: &Slo, window: &Window) -> Line {
    let span = units::span(window.seconds as f64);
    let counted = match &window.reading {
        Reading::Events { bad, total } | Reading::Few { bad, total, .. } => {
            format!("{} bad of {}", units::count(*bad), units::count(*total))
        }
        _ => String::new(),
    };
    match window.reading.obstacle() {
        Some(why) => Line::pair(&span, counted).and(Role::Unknown, format!(" {why}")),
        None => Line::pair(&span, format!("burn {:>8}   {counted}", times(slo.burn(window.seconds)))),
    }
}

fn pair(pair: &Pair) -> Line {
    let span = |seconds: u64| units::span(seconds as f64);
    let label = format!("{} {} & {}", pair.urgency.word(), span(pair.long_seconds), span(pair.short_seconds));
    let text = format!("{} and {}, threshold {:.2}×", times(pair.long_burn), times(pair.short_burn), pair.threshold);
    let line = Line::pair(&label, text);
    match (pair.fires(), pair.is_reachable) {
        (true, _) => line.and(Role::Critical, "  fires"),
        (_, false) => line.and(Role::Dim, "  cannot be reached"),
        _ => line,
    }
}

impl Details for SloDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Slo]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object).map_or_else(|| object.id.to_string(), |slo| slo.title.to_string())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        find(scene.world, object).map_or_else(|| "not known".into(), Slo::words)
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let slo = find(scene.world, object)?;
        let left = slo.budget_left.map(crate::model::slo::percent);
        let mut lines = vec![
            Line::pair(
                "target",
                format!("{} good over {}", slo.target_words(), units::span(slo.period_seconds as f64)),
            ),
            Line::maybe("budget left", left, |left| left),
        ];
        if let Some(spent) = &slo.incident {
            let share = spent.share.map(crate::model::slo::percent);
            let since = units::clock_minutes(spent.since);
            lines.push(Line::maybe("spent", share, |share| format!("{share} since the incident began, {since}")));
        }
        if let Some(seconds) = slo.exhausted_in_seconds.filter(|seconds| *seconds < slo.period_seconds as f64) {
            lines.push(Line::pair("gone in", units::span(seconds)));
        }
        if !slo.service.is_empty() {
            lines.push(Line::pair("service", &slo.service));
        }
        lines.push(Line::pair("asked of", format!("Prometheus {}", slo.prometheus)));
        lines.push(Line::pair("defined at", &slo.place));
        lines.extend(slo.warnings.iter().map(|warning| Line::pair("mind", "").and(Role::Warn, warning)));
        lines.extend([Line::empty(), Line::heading("Pairs of windows")]);
        lines.extend(slo.pairs.iter().map(pair));
        lines.extend([Line::empty(), Line::heading("Windows")]);
        lines.extend(slo.windows.iter().map(|one| window(slo, one)));
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let key = |metric| SeriesKey::new(metric, object.id.clone());
        vec![
            Kept { word: "burn", key: key(Metric::SloBurn), scale: Scale::Any },
            Kept { word: "budget left", key: key(Metric::SloBudget), scale: Scale::Ratio },
        ]
    }
}
