//! Block devices: how long a request takes.

use super::condition;
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

/// Mean latency above 100 ms for two minutes.
pub struct DeviceLatency;

impl Check for DeviceLatency {
    fn id(&self) -> &'static str {
        "device-latency"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        120.0
    }
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for device in context.observed.gauges.iter().flat_map(|gauges| &gauges.devices) {
            let Some(latency) = device.latency_seconds.filter(|latency| *latency > 0.1) else { continue };
            let cause = format!("requests take {}", units::latency(latency));
            let object = (ObjectKind::Device, device.name.as_str(), device.name.as_str());
            found.push(condition(
                self.id(),
                Severity::Warn,
                object,
                cause,
                "see which process writes: 2 Host, sort by io",
            ));
        }
    }
}
