//! Block devices with their rates.

use super::{
    disks,
    fields::{self, fields},
    host_list::{HostList, HostTable},
};
use crate::{
    model::{host::Device, object::ObjectKind, topic::Topic},
    view::table::Value,
    world::World,
};

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

static TABLE: HostTable<Device> = HostTable {
    kind: ObjectKind::Device,
    columns: COLUMNS,
    read: READ,
    sort: ("device", false),
    rows,
    name: |row| &row.name,
};

/// The list of block devices.
pub static PANE: HostList = HostList {
    name: "devices",
    title: "Devices",
    about: "Block devices with rates, latency and queue over the last interval, mounted or not.",
    topics: &[Topic::Gauges],
    table: &TABLE,
    is_known: |world| world.observed.gauges.is_some(),
    none: "no block device is visible here",
    words: |_| String::new(),
    dear: &[],
};
