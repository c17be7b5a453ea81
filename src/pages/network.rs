//! One network interface.

use super::{Details, Kept, yaml};
use crate::{
    model::{
        host::Network,
        object::{ObjectKind, ObjectRef},
        series::{Metric, SeriesKey},
        units,
    },
    panes::network::bits_per_second,
    ui::{
        graph::Scale,
        lines::{Line, known},
        scene::Scene,
    },
    world::World,
};

/// One network interface.
pub struct NetworkDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Network> {
    world.observed.gauges.as_ref()?.networks.iter().find(|network| network.name == object.id)
}

impl Details for NetworkDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Network]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        known(find(scene.world, object).and_then(|network| network.state.as_deref())).into_owned()
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let network = find(scene.world, object)?;
        let a_second = |n: f64| format!("{}/s", units::count(n));
        let since_boot = |n: u64| format!("{n} since boot");
        let speed = network.speed_bits_per_second.map_or("none, or not told".into(), bits_per_second);
        Some(vec![
            Line::maybe("state", network.state.as_deref(), str::to_owned),
            Line::pair("speed", speed),
            Line::maybe("received", network.received_bytes_per_second, units::bytes_per_second),
            Line::maybe("sent", network.sent_bytes_per_second, units::bytes_per_second),
            Line::maybe("packets received", network.received_packets_per_second, a_second),
            Line::maybe("packets sent", network.sent_packets_per_second, a_second),
            Line::maybe("errors", network.errors, since_boot),
            Line::maybe("errors now", network.errors_per_second, a_second),
            Line::maybe("drops", network.drops, since_boot),
            Line::maybe("drops now", network.drops_per_second, a_second),
        ])
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(find(world, object)?)
    }
    fn history(&self, object: &ObjectRef) -> Vec<Kept> {
        let kept =
            |word, metric| Kept { word, key: SeriesKey::new(metric, object.id.clone()), scale: Scale::BytesPerSecond };
        vec![kept("received", Metric::NetworkReceived), kept("sent", Metric::NetworkSent)]
    }
}
