//! Temperatures against the limit that the sensor itself names.

use super::{above, condition};
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
    },
    rules::{Check, Context, Limit},
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
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for sensor in context.observed.sensors.iter().flatten() {
            let (Some(now), Some(limit)) = (sensor.temperature_celsius, sensor.critical_celsius) else { continue };
            let object = (ObjectKind::Sensor, sensor.name.as_str(), sensor.name.as_str());
            // At the limit is too hot already; two degrees below it is not any more.
            let limits = [Limit::new(limit.next_down(), limit - 2.0, Severity::Error)];
            if let Some(severity) = above(context, object, now, &limits) {
                let cause = format!("{now:.0} °C, critical at {limit:.0} °C");
                found.push(condition(self.id(), severity, object, cause, "check fans and air flow; shed load"));
            }
        }
    }
}
