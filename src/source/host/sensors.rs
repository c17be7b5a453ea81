//! Temperatures and fans from `/sys/class/hwmon` (<https://docs.kernel.org/hwmon/sysfs-interface.html>), and from thermal zones
//! where there is no hwmon. Read by hand: sysinfo's components know no fans.

use super::{
    bytes::{only_number, word},
    read::{Root, read_into},
};
use crate::{
    model::{host::Sensor, topic::Topic, update::Update},
    source::{Request, Source, SourceError, Spec},
};
use compact_str::{CompactString, format_compact};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The source of [`Sensor`]s.
#[derive(Debug)]
pub struct SensorsSource {
    root: Root,
}

impl SensorsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root }
    }
}

impl Source for SensorsSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/sensors".into(),
            kind: "host".into(),
            topics: Topic::Sensors.into(),
            foreground: Duration::from_secs(5),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        Ok(vec![Update::Sensors(read(&self.root))])
    }
}

/// Reads all sensors, sorted by chip and number.
pub fn read(root: &Root) -> Vec<Sensor> {
    let mut sensors = Vec::new();
    for chip in children(&root.join("sys/class/hwmon")) {
        read_chip(&chip, &mut sensors);
    }
    if sensors.is_empty() {
        let zones = children(&root.join("sys/class/thermal"));
        sensors.extend(
            zones.iter().filter(|zone| name_of(zone).starts_with("thermal_zone")).filter_map(|zone| read_zone(zone)),
        );
    }
    sensors
}

/// What is in a folder, in the order of the numbers in the names.
fn children(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort_by_cached_key(|path| {
        let name = name_of(path);
        (name.len(), name)
    });
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(path: PathBuf) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    read_into(&path, &mut text).then_some(text)
}

/// Millidegrees, which may be below zero.
fn celsius(path: PathBuf) -> Option<f64> {
    let text = text(path)?;
    std::str::from_utf8(&text).ok()?.trim().parse::<i32>().ok().map(|millidegrees| f64::from(millidegrees) / 1000.0)
}

fn read_chip(chip: &Path, sensors: &mut Vec<Sensor>) {
    let chip_name = text(chip.join("name")).and_then(|text| word(&text)).unwrap_or_else(|| name_of(chip).into());
    for input in children(chip) {
        let name = name_of(&input);
        let Some(channel) = name.strip_suffix("_input") else { continue };
        let beside = |what: &str| chip.join(format!("{channel}_{what}"));
        let label = text(beside("label")).and_then(|text| word(&text));
        let label = label.unwrap_or_else(|| CompactString::from(channel));
        let mut sensor = Sensor {
            name: format_compact!("{chip_name} {label}"),
            temperature_celsius: None,
            critical_celsius: None,
            fan_rpm: None,
        };
        if channel.starts_with("temp") {
            sensor.temperature_celsius = celsius(input.clone());
            // Some chips tell 0 or less for "no limit".
            sensor.critical_celsius = celsius(beside("crit")).filter(|limit| *limit > 0.0);
        } else if channel.starts_with("fan") {
            sensor.fan_rpm = text(input.clone()).and_then(|text| only_number(&text)).map(|rpm| rpm as f64);
        } else {
            continue;
        }
        sensors.push(sensor);
    }
}

fn read_zone(zone: &Path) -> Option<Sensor> {
    let critical = (0..12).find_map(|point| {
        let kind = text(zone.join(format!("trip_point_{point}_type")))?;
        (kind.trim_ascii() == b"critical").then(|| celsius(zone.join(format!("trip_point_{point}_temp")))).flatten()
    });
    Some(Sensor {
        name: text(zone.join("type")).and_then(|text| word(&text)).unwrap_or_else(|| name_of(zone).into()),
        temperature_celsius: Some(celsius(zone.join("temp"))?),
        critical_celsius: critical.filter(|limit| *limit > 0.0),
        fan_rpm: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().expect("temporary folder");
        for (path, text) in files {
            let path = folder.path().join("sys/class").join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let root = Root::at(folder.path());
        (folder, root)
    }

    #[test]
    fn temperatures_and_fans_are_read() {
        let (_folder, root) = fixture(&[
            ("hwmon/hwmon0/name", "coretemp\n"),
            ("hwmon/hwmon0/temp1_input", "45500\n"),
            ("hwmon/hwmon0/temp1_label", "Package id 0\n"),
            ("hwmon/hwmon0/temp1_crit", "100000\n"),
            ("hwmon/hwmon0/temp2_input", "-1500\n"),
            ("hwmon/hwmon0/temp2_crit", "0\n"),
            ("hwmon/hwmon0/in0_input", "12\n"),
            ("hwmon/hwmon1/fan1_input", "1200\n"),
            ("hwmon/hwmon1/temp1_input", "broken\n"),
            ("thermal/thermal_zone0/temp", "1\n"),
        ]);
        let sensors = read(&root);
        let names: Vec<_> = sensors.iter().map(|sensor| sensor.name.as_str()).collect();
        assert_eq!(names, ["coretemp Package id 0", "coretemp temp2", "hwmon1 fan1", "hwmon1 temp1"]);
        assert_eq!((sensors[0].temperature_celsius, sensors[0].critical_celsius), (Some(45.5), Some(100.0)));
        assert_eq!((sensors[1].temperature_celsius, sensors[1].critical_celsius), (Some(-1.5), None));
        assert_eq!((sensors[2].fan_rpm, sensors[3].temperature_celsius), (Some(1200.0), None));
    }

    #[test]
    fn zones_stand_in() {
        let (_folder, root) = fixture(&[
            ("thermal/thermal_zone0/type", "cpu-thermal\n"),
            ("thermal/thermal_zone0/temp", "51000\n"),
            ("thermal/thermal_zone0/trip_point_0_type", "passive\n"),
            ("thermal/thermal_zone0/trip_point_0_temp", "80000\n"),
            ("thermal/cooling_device0/temp", "1\n"),
        ]);
        let sensors = read(&root);
        assert_eq!(sensors.len(), 1);
        assert_eq!((sensors[0].name.as_str(), sensors[0].temperature_celsius), ("cpu-thermal", Some(51.0)));
        assert_eq!(read(&Root::at("/nowhere")), []);
    }
}
