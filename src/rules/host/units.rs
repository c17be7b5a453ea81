//! systemd units that failed.

use super::condition;
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
    },
    rules::{Check, Context},
};

/// A unit that has failed for five minutes: one that is started again by itself is no news.
pub struct FailedUnits;

impl Check for FailedUnits {
    fn id(&self) -> &'static str {
        "unit-failed"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Units)
    }
    fn raise_after_seconds(&self) -> f64 {
        300.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for unit in context.observed.units.iter().flat_map(|units| &units.failed) {
            let next = format!("journalctl -u {unit}; then restart or reset it");
            let object = (ObjectKind::Unit, unit.as_str(), unit.as_str());
            found.push(condition(self.id(), Severity::Error, object, "systemd unit failed".into(), &next));
        }
    }
}
