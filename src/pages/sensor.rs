//! One temperature or fan.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        host::Sensor,
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
    },
    ui::{graph::Scale, lines::Line, scene::Scene},
    world::World,
};

/// One temperature or fan.
pub struct SensorDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Sensor> {
    world.observed.sensors.as_ref()?.iter().find(|sensor| sensor.name == object.id)
}

fn celsius(value: f64) -> String {
    format!("{value:.0} °C")
}

impl Details for SensorDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Sensor]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let sensor = find(scene.world, object);
        let temperature = sensor.and_then(|sensor| sensor.temperature_celsius).map(celsius);
        let fan = || sensor.and_then(|sensor| sensor.fan_rpm).map(|rpm| format!("{rpm:.0} RPM"));
        temperature.or_else(fan).unwrap_or_else(|| units::UNKNOWN.into())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let sensor = find(scene.world, object)?;
        let mut lines = Vec::new();
        if sensor.fan_rpm.is_none() || sensor.temperature_celsius.is_some() {
            lines.push(Line::maybe("temperature", sensor.temperature_celsius, celsius));
            let critical = sensor.critical_celsius.map_or_else(|| "not told by the chip".into(), celsius);
            lines.push(Line::pair("critical from", critical));
        }
        if let Some(rpm) = sensor.fan_rpm {
            lines.push(Line::pair("fan", format!("{rpm:.0} RPM")));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let key = SeriesKey::new(Metric::Temperature, object.id.clone());
        vec![Kept { word: "temperature", key, scale: Scale::Celsius }]
    }
}
