//! Block devices: how long a request takes, and how many wait.

use super::{above, condition, gauges};
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context, Limit},
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
        const LIMITS: &[Limit] = &[Limit::new(0.100, 0.080, Severity::Warn)];
        for device in gauges(context).iter().flat_map(|gauges| &gauges.devices) {
            let object = (ObjectKind::Device, device.name.as_str(), device.name.as_str());
            let Some(latency) = device.latency_seconds else { continue };
            let Some(severity) = above(context, object, latency, LIMITS) else { continue };
            let cause = format!("requests take {}", units::latency(latency));
            found.push(condition(self.id(), severity, object, cause, "see which process writes: 2 Host, sort by io"));
        }
    }
}

/// More than ten requests in flight on the mean for half an hour: node-exporter's weighted I/O time, as a rate.
pub struct DeviceQueue;

impl Check for DeviceQueue {
    fn id(&self) -> &'static str {
        "device-queue"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        1_800.0
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(10.0, 8.0, Severity::Warn)];
        for device in gauges(context).iter().flat_map(|gauges| &gauges.devices) {
            let object = (ObjectKind::Device, device.name.as_str(), device.name.as_str());
            let Some(queue) = device.queue else { continue };
            let Some(severity) = above(context, object, queue, LIMITS) else { continue };
            let cause = format!("{queue:.0} requests wait on the mean");
            let next = "see which process reads or writes: 2 Host, sort by io; move work, or the data";
            found.push(condition(self.id(), severity, object, cause, next));
        }
    }
}
