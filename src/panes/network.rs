//! Network interfaces with their rates.

use super::{
    fields::{self, fields},
    host_list::{HostList, HostTable},
};
use crate::{
    model::{host::Network, object::ObjectKind, topic::Topic, units},
    view::table::Value,
    world::World,
};
use std::borrow::Cow;

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

static TABLE: HostTable<Network> = HostTable {
    kind: ObjectKind::Network,
    columns: COLUMNS,
    read: READ,
    sort: ("interface", false),
    rows,
    name: |row| &row.name,
};

/// The list of interfaces.
pub static PANE: HostList = HostList {
    name: "network",
    title: "Network",
    about: "Network interfaces: state, rates over the last interval, errors and drops since boot.",
    topics: &[Topic::Gauges],
    table: &TABLE,
    is_known: |world| world.observed.gauges.is_some(),
    none: "no network interface is visible here",
    words: |_| String::new(),
    dear: &[],
};
