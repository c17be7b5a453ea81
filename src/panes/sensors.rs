//! Temperatures and fans.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    model::{
        attention::Severity,
        host::Sensor,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;

fields! { Sensor;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |s, w| fields::severity(super::severity_of(w, ObjectKind::Sensor, &s.name)),
    "sensor" "SENSOR" Text 24 [grow] "the chip's and the sensor's name" => |s, _| Value::text(&s.name),
    "temperature" "TEMP" Celsius 7 [] "temperature; blank for a fan" => |s, _| fitting(s.temperature_celsius, s.fan_rpm),
    "critical" "CRITICAL" Celsius 8 [] "temperature from which the hardware protects itself" => |s, _| s.critical_celsius.map_or(Value::None, Value::Number),
    "fan" "FAN RPM" Number 8 [] "turns of a fan a minute; blank for a temperature" => |s, _| fitting(s.fan_rpm.map(f64::round), s.temperature_celsius),
}

/// A figure that belongs to the other kind of sensor does not apply to this one.
fn fitting(value: Option<f64>, other: Option<f64>) -> Value<'static> {
    match (value, other) {
        (Some(value), _) => Value::Number(value),
        (None, Some(_)) => Value::None,
        (None, None) => Value::Unknown,
    }
}

fn rows(world: &World) -> &[Sensor] {
    world.observed.sensors.as_deref().unwrap_or_default()
}

struct SensorsTable;

impl Table for SensorsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "sensor"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let name = &rows(world)[row].name;
        // Two chips may bear one name.
        match rows(world)[..row].iter().filter(|other| other.name == *name).count() {
            0 => name.clone(),
            n => compact_str::format_compact!("{name}#{n}"),
        }
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Sensor, rows(world)[row].name.clone()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        super::severity_of(world, ObjectKind::Sensor, &rows(world)[row].name)
    }
}

/// The list of sensors.
pub static PANE: HostList = HostList {
    name: "sensors",
    title: "Sensors",
    about: "Temperatures and fans as the kernel's hwmon tells them. Virtual machines usually have none.",
    topics: &[Topic::Sensors],
    table: &SensorsTable,
    is_known: |world| world.observed.sensors.is_some(),
    none: "no sensor is visible here",
    words: |world| {
        let hottest = rows(world).iter().filter_map(|s| s.temperature_celsius).reduce(f64::max);
        hottest.map_or_else(String::new, |hottest| format!("hottest {hottest:.0} °C"))
    },
    dear: &[],
};
