//! One block device.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        host::Device,
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
    },
    ui::{graph::Scale, lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One block device.
pub struct DeviceDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Device> {
    world.observed.gauges.as_ref()?.devices.iter().find(|device| device.name == object.id)
}

/// The device's figures, one below the other.
pub(super) fn figures(device: &Device) -> Vec<Line> {
    let a_second = |n: f64| format!("{}/s", units::count(n));
    let latency = match (device.latency_seconds, device.queue) {
        (None, Some(_)) => Line::pair("latency", "no request in the last interval"),
        (latency, _) => Line::maybe("latency", latency, units::latency),
    };
    vec![
        Line::maybe("busy", device.busy_ratio, units::percent_fine),
        Line::maybe("read", device.read_bytes_per_second, units::bytes_per_second),
        Line::maybe("written", device.write_bytes_per_second, units::bytes_per_second),
        Line::maybe("read requests", device.reads_per_second, a_second),
        Line::maybe("write requests", device.writes_per_second, a_second),
        latency,
        Line::maybe("queue", device.queue, |queue| format!("{queue:.1} requests in flight")),
    ]
}

impl Details for DeviceDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Device]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let busy = find(scene.world, object).and_then(|device| device.busy_ratio);
        busy.map_or(units::UNKNOWN.into(), |busy| format!("{} busy", units::percent(busy)))
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mut lines = figures(find(scene.world, object)?);
        let device = |mount: &&crate::model::mount::Mount| {
            crate::panes::disks::device(mount, scene.world).is_some_and(|device| device.name == object.id)
        };
        let mounts: Vec<_> = scene.world.observed.mounts.iter().flatten().filter(device).collect();
        if mounts.is_empty() {
            lines.push(Line::pair("mounts", "").and(Role::Dim, "none that is known"));
        }
        for (at, mount) in mounts.into_iter().enumerate() {
            let used = mount.used_ratio().map_or(units::UNKNOWN.into(), units::percent);
            lines.push(Line::pair(if at == 0 { "mounts" } else { "" }, format!("{} ({used} used)", mount.mount)));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let kept = |word, metric, scale| Kept { word, key: SeriesKey::new(metric, object.id.clone()), scale };
        vec![
            kept("read", Metric::DeviceRead, Scale::BytesPerSecond),
            kept("written", Metric::DeviceWrite, Scale::BytesPerSecond),
            kept("busy", Metric::DeviceBusy, Scale::Ratio),
        ]
    }
}
