//! A source that went silent: what it shows is old, and unknown is not healthy.

use super::{Check, Context};
use crate::model::{
    attention::{Condition, Severity},
    object::{ObjectKind, ObjectRef},
    source::SourceState,
    units,
};

/// Raised for a source that is down or stale.
pub struct SourceSilent;

impl Check for SourceSilent {
    fn id(&self) -> &'static str {
        "source-silent"
    }

    /// Long enough that after a pause (a stopped process, a sleeping machine) every source can answer first.
    fn raise_after_seconds(&self) -> f64 {
        2.0
    }

    fn clear_after_seconds(&self) -> f64 {
        0.0
    }

    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for (name, status) in &context.observed.sources {
            let state = status.state(context.now);
            if !matches!(state, SourceState::Down | SourceState::Stale) {
                continue;
            }
            let silent = status
                .age_seconds(context.now)
                .map_or_else(|| "no answer yet".to_owned(), |age| format!("no answer for {}", units::span(age)));
            let reason = status.report.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
            found.push(Condition {
                rule: self.id().into(),
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
}
