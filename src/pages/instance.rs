//! One host that a Prometheus knows.

use super::{Details, yaml};
use crate::{
    model::{
        fleet::Instance,
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene},
    world::World,
};

/// One host of a Prometheus.
pub struct InstanceDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Instance> {
    world.observed.watch.instance(object)
}

impl Details for InstanceDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Instance]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object).map_or_else(|| object.id.to_string(), |instance| instance.name().to_owned())
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match find(scene.world, object).and_then(|instance| instance.up) {
            Some(true) => "up".into(),
            Some(false) => "down: its last scrape was not answered".into(),
            None => units::UNKNOWN.into(),
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let host = find(scene.world, object)?;
        let bytes = |value: u64| units::bytes(value as f64);
        let moment = |at| units::moment(scene.now, at);
        let of = |used: Option<u64>, total: Option<u64>| Some(format!("{} of {}", bytes(used?), bytes(total?)));
        let disk = host.disk.as_ref().map(|disk| format!("{} {}", disk.mount, units::percent_fine(disk.used_ratio)));
        let load = |[one, five, fifteen]: [f64; 3]| format!("{one:.2} {five:.2} {fifteen:.2}");
        Some(vec![
            Line::pair("scraped at", format!("{}, job {}", host.instance, host.job)),
            Line::maybe("booted", host.booted_at, moment),
            Line::maybe("kernel", host.kernel.as_deref(), ToOwned::to_owned),
            Line::empty(),
            Line::maybe("cpu", host.cpu_used_ratio, units::percent_fine),
            Line::maybe("iowait", host.cpu_iowait_ratio, units::percent_fine),
            Line::maybe("steal", host.cpu_steal_ratio, units::percent_fine),
            Line::maybe("cores", host.cores, |cores| cores.to_string()),
            Line::maybe("load", host.load, load),
            Line::maybe("memory", of(host.memory_used_bytes(), host.memory_total_bytes), |text| text),
            Line::maybe("cached", host.memory_cached_bytes, bytes),
            Line::maybe("swap", of(host.swap_used_bytes, host.swap_total_bytes), |text| text),
            Line::maybe("fullest disk", disk, |text| text),
            Line::empty(),
            Line::heading("Share of the last three minutes in which some task waited"),
            Line::maybe("for a CPU", host.pressure.cpu.some10, units::percent_fine),
            Line::maybe("for memory", host.pressure.memory.some10, units::percent_fine),
            Line::maybe("for I/O", host.pressure.io.some10, units::percent_fine),
        ])
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
}
