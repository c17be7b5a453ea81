//! A source that went silent: what it shows is old, and unknown is not healthy.

use super::{Check, Context};
use crate::model::{
    attention::{Condition, Severity},
    object::{ObjectKind, ObjectRef},
    source::SourceState,
    units,
};

/// Raised at once for a source that answered with an error, or not within its deadline.
pub struct SourceDown;

impl Check for SourceDown {
    fn id(&self) -> &'static str {
        "source-down"
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        silent(self.id(), SourceState::Down, context, found);
    }
}

/// Raised for a source whose answers have stopped coming, though nobody reported it.
pub struct SourceStale;

impl Check for SourceStale {
    fn id(&self) -> &'static str {
        "source-stale"
    }
    /// Long enough that after a pause (a stopped process, a sleeping machine) every source can answer first.
    fn raise_after_seconds(&self) -> f64 {
        2.0
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        silent(self.id(), SourceState::Stale, context, found);
    }
}

/// One condition a source in this state.
fn silent(rule: &'static str, state: SourceState, context: &Context<'_>, found: &mut Vec<Condition>) {
    for (name, status) in context.observed.sources.iter().filter(|(_, status)| status.state(context.now) == state) {
        let age = status.age_seconds(context.now);
        let silent = age.map_or_else(|| "no answer yet".into(), |age| format!("no answer for {}", units::span(age)));
        let reason = status.report.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        found.push(Condition {
            rule: rule.into(),
            severity: Severity::Unknown,
            kind: "source".into(),
            object: ObjectRef::new(ObjectKind::Source, name.clone()),
            name: name.clone(),
            cause: silent + &reason,
            next_step: status.report.hint.as_deref().unwrap_or("see `flightdeck doctor`").into(),
            count: 1,
            since: Some(status.answered_at.unwrap_or(status.since)),
        });
    }
}
