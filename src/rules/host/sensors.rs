//! Temperatures against the limit that the sensor itself names.

use super::condition;
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
    },
    rules::{Check, Context},
};

/// At or above the sensor's own critical temperature, for ten seconds.
pub struct Temperature;

impl Check for Temperature {
    fn id(&self) -> &'static str {
        "temperature"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Sensors)
    }
    fn raise_after_seconds(&self) -> f64 {
        10.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for sensor in context.observed.sensors.iter().flatten() {
            let (Some(now), Some(limit)) = (sensor.temperature_celsius, sensor.critical_celsius) else { continue };
            if now >= limit {
                let cause = format!("{now:.0} °C, critical at {limit:.0} °C");
                let object = (ObjectKind::Sensor, sensor.name.as_str(), sensor.name.as_str());
                found.push(condition(self.id(), Severity::Error, object, cause, "check fans and air flow; shed load"));
            }
        }
    }
}
