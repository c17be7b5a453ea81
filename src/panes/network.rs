//! Network interfaces with their rates.

use super::{
    Pane,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        host::Network,
        object::{ObjectKind, ObjectRef},
        topic::{Topic, TopicSet},
        units,
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The list of interfaces.
pub struct NetworkPane;

struct NetworkTable;

fields! { Network;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |n, w| fields::severity(super::severity_of(w, ObjectKind::Network, &n.name)),
    "interface" "INTERFACE" Text 14 [grow] "the kernel's name" => |n, _| Value::text(&n.name),
    "state" "STATE" Text 8 [] "up, down or unknown, as the kernel says" => |n, _| n.state.as_deref().map_or(Value::Unknown, Value::text),
    "rx" "RX" BytesPerSecond 10 [] "bytes received a second" => |n, _| Value::number(n.received_bytes_per_second),
    "tx" "TX" BytesPerSecond 10 [] "bytes sent a second" => |n, _| Value::number(n.sent_bytes_per_second),
    "rx-packets" "RX PKT/s" Count 8 [] "packets received a second" => |n, _| Value::number(n.received_packets_per_second),
    "tx-packets" "TX PKT/s" Count 8 [] "packets sent a second" => |n, _| Value::number(n.sent_packets_per_second),
    "errors" "ERRORS" Count 7 [] "errors since boot, both directions" => |n, _| Value::whole(n.errors),
    "drops" "DROPS" Count 7 [] "packets dropped since boot, both directions" => |n, _| Value::whole(n.drops),
    "speed" "SPEED" Text 8 [] "speed of the link; blank where it has none" => speed,
    "error-rate" "ERRORS/s" Count 8 [hide] "errors a second now" => |n, _| Value::number(n.errors_per_second),
    "drop-rate" "DROPS/s" Count 8 [hide] "packets dropped a second now" => |n, _| Value::number(n.drops_per_second),
}

fn speed<'w>(network: &'w Network, _: &'w World) -> Value<'w> {
    network.speed_bits_per_second.map_or(Value::None, |bits| Value::Text(Cow::Owned(bits_per_second(bits))))
}

/// `1 Gb/s`, as links are named.
pub(crate) fn bits_per_second(bits: u64) -> String {
    match bits {
        1_000_000_000.. if bits.is_multiple_of(1_000_000_000) => format!("{} Gb/s", bits / 1_000_000_000),
        1_000_000_000.. => format!("{:.1} Gb/s", bits as f64 / 1e9),
        _ => format!("{} Mb/s", units::count((bits / 1_000_000) as f64)),
    }
}

fn rows(world: &World) -> &[Network] {
    world.observed.gauges.as_ref().map_or(&[], |gauges| &gauges.networks)
}

impl Table for NetworkTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "interface"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        rows(world)[row].name.clone()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Network, rows(world)[row].name.clone()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        super::severity_of(world, ObjectKind::Network, &rows(world)[row].name)
    }
}

impl Pane for NetworkPane {
    fn name(&self) -> &'static str {
        "network"
    }
    fn title(&self) -> &'static str {
        "Network"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        fields::status(scene, (self.name(), &NetworkTable), "")
    }
    fn about(&self) -> &'static str {
        "Network interfaces: state, rates over the last interval, errors and drops since boot."
    }
    fn topics(&self) -> TopicSet {
        Topic::Gauges.into()
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&NetworkTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let known = scene.world.observed.gauges.is_some();
        let empty = (Topic::Gauges, known, "no network interface is visible here");
        fields::draw(scene, (self.name(), &NetworkTable), empty, area, buffer);
    }
}
