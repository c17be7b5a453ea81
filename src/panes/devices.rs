//! Block devices with their rates.

use super::{
    Pane, disks,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        host::Device,
        object::{ObjectKind, ObjectRef},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// The list of block devices.
pub struct DevicesPane;

struct DevicesTable;

fields! { Device;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |d, w| fields::severity(super::severity_of(w, ObjectKind::Device, &d.name)),
    "device" "DEVICE" Text 14 [grow] "the kernel's name" => |d, _| Value::text(&d.name),
    "busy" "BUSY" Ratio 7 [] "share of the time with a request in flight" => |d, _| Value::number(d.busy_ratio),
    "read" "READ" BytesPerSecond 10 [] "bytes read a second" => |d, _| Value::number(d.read_bytes_per_second),
    "write" "WRITE" BytesPerSecond 10 [] "bytes written a second" => |d, _| Value::number(d.write_bytes_per_second),
    "reads" "READS/s" Count 7 [] "read requests a second" => |d, _| Value::number(d.reads_per_second),
    "writes" "WRITES/s" Count 8 [] "write requests a second" => |d, _| Value::number(d.writes_per_second),
    "latency" "LATENCY" Latency 8 [] "mean time of a request, as iostat's await; blank while there is none" => |d, _| disks::latency(Some(d)),
    "queue" "QUEUE" Text 6 [] "mean number of requests in flight, as iostat's aqu-sz" => |d, _| disks::queue(Some(d)),
}

fn rows(world: &World) -> &[Device] {
    world.observed.gauges.as_ref().map_or(&[], |gauges| &gauges.devices)
}

impl Table for DevicesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "device"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        rows(world)[row].name.clone()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Device, rows(world)[row].name.clone()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        super::severity_of(world, ObjectKind::Device, &rows(world)[row].name)
    }
}

impl Pane for DevicesPane {
    fn name(&self) -> &'static str {
        "devices"
    }
    fn title(&self) -> &'static str {
        "Devices"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        fields::status(scene, (self.name(), &DevicesTable), "")
    }
    fn about(&self) -> &'static str {
        "Block devices with rates, latency and queue over the last interval, mounted or not."
    }
    fn topics(&self) -> TopicSet {
        Topic::Gauges.into()
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&DevicesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let known = scene.world.observed.gauges.is_some();
        let empty = (Topic::Gauges, known, "no block device is visible here");
        fields::draw(scene, (self.name(), &DevicesTable), empty, area, buffer);
    }
}
