//! Mounted file systems, each with the device behind it.

use super::{
    fields::{self, fields},
    host_list::{HostList, HostTable},
};
use crate::{
    model::{
        Timestamp,
        host::Device,
        mount::{Mount, MountState},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    view::table::Value,
    world::World,
};
use std::borrow::Cow;

fields! { Mount;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |m, w| fields::severity(super::severity_of(w, ObjectKind::Mount, &m.mount)),
    "mount" "MOUNT" Text 22 [grow] "where it is mounted" => |m, _| Value::text(&m.mount),
    "used" "USED" Ratio 7 [] "share of the space that is used" => |m, _| Value::number(m.used_ratio()),
    "avail" "AVAIL" Bytes 8 [] "what an unprivileged user can still write" => |m, _| Value::whole(m.available_bytes),
    "full" "FULL IN" Seconds 8 [] "time until nothing is left if it goes on like this; blank where it does not fill up, or where that is not known yet" => full,
    "state" "STATE" Text 12 [] "ready, or for how long it has not answered, or its error" => state,
    "total" "TOTAL" Bytes 8 [] "size of the file system" => |m, _| Value::whole(m.total_bytes),
    "inodes" "INODES" Ratio 7 [] "share of the inodes that is used; blank where there is no fixed number" => inodes,
    "fs" "FS" Text 6 [] "type of the file system" => |m, _| Value::text(&m.fs),
    "read" "READ" BytesPerSecond 10 [] "bytes a second read from its device" => |m, w| rate(device(m, w), |d| d.read_bytes_per_second),
    "write" "WRITE" BytesPerSecond 10 [] "bytes a second written to its device" => |m, w| rate(device(m, w), |d| d.write_bytes_per_second),
    "latency" "LATENCY" Latency 8 [] "mean time of a request; blank while there is none" => |m, w| latency(device(m, w)),
    "queue" "QUEUE" Text 6 [] "mean number of requests in flight" => |m, w| queue(device(m, w)),
    "device" "DEVICE" Text 16 [] "device, or the server that it comes from" => |m, _| Value::text(&m.device),
}

fn inodes<'w>(mount: &'w Mount, _: &'w World) -> Value<'w> {
    match mount.inodes_used_ratio() {
        Some(used) => Value::Number(used),
        None if mount.inodes_total.is_none() && mount.total_bytes.is_none() => Value::Unknown,
        None => Value::None,
    }
}

/// A mount that does not fill up has no such time.
fn full<'w>(mount: &'w Mount, world: &'w World) -> Value<'w> {
    let left = |at: Timestamp| at.duration_since(world.now).as_secs_f64().max(0.0);
    mount.fills.soonest().map_or(Value::None, |at| Value::Number(left(at)))
}

/// The state in a few words: `ready`, `pending 40s`, or the error.
pub(crate) fn state<'w>(mount: &'w Mount, world: &'w World) -> Value<'w> {
    match &mount.state {
        MountState::Ready if mount.read_only => Value::text("read-only"),
        MountState::Ready => Value::text("ready"),
        MountState::Pending { since } => Value::Text(Cow::Owned(format!("pending {}", units::age(world.now, *since)))),
        MountState::Failed { reason } => Value::text(reason),
    }
}

/// The block device behind a mount: itself, or the disk that the partition lies on.
pub(crate) fn device<'w>(mount: &Mount, world: &'w World) -> Option<&'w Device> {
    mount.device_of(&world.observed.gauges.as_ref()?.devices)
}

/// A mount without a device has no rate of its own; a device without a figure is unknown.
fn rate(device: Option<&Device>, figure: impl Fn(&Device) -> Option<f64>) -> Value<'static> {
    device.map_or(Value::None, |device| Value::number(figure(device)))
}

/// A device that had no request has no latency: that is not unknown.
pub(super) fn latency(device: Option<&Device>) -> Value<'static> {
    match device {
        Some(Device { latency_seconds: None, queue: None, .. }) => Value::Unknown,
        device => device.and_then(|device| device.latency_seconds).map_or(Value::None, Value::Number),
    }
}

/// With one decimal.
pub(super) fn queue(device: Option<&Device>) -> Value<'static> {
    match device {
        None => Value::None,
        Some(device) => device.queue.map_or(Value::Unknown, |queue| Value::Text(Cow::Owned(format!("{queue:>6.1}")))),
    }
}

fn rows(world: &World) -> &[Mount] {
    world.observed.mounts.as_deref().unwrap_or_default()
}

static TABLE: HostTable<Mount> = HostTable {
    kind: ObjectKind::Mount,
    columns: COLUMNS,
    read: READ,
    sort: ("used", true),
    rows,
    name: |row| &row.mount,
};

/// The list of mounts.
pub static PANE: HostList = HostList {
    name: "disks",
    title: "Disks",
    about: "Mounted file systems with the device behind each. A mount that does not answer is shown as pending with its last figures; it is not asked again until it answers.",
    topics: &[Topic::Mounts, Topic::Gauges],
    table: &TABLE,
    is_known: |world| world.observed.mounts.is_some(),
    none: "no file system is mounted here",
    words: |world| {
        let pending = rows(world).iter().filter(|m| matches!(m.state, MountState::Pending { .. })).count();
        if pending > 0 { format!("{pending} pending") } else { String::new() }
    },
    dear: &[],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::tests::world;

    #[test]
    fn a_partition_finds_its_disk_and_no_other() {
        let world = world();
        let mount = |block: &str| Mount { block: Some(block.into()), ..rows(&world)[0].clone() };
        let name = |block: &str| device(&mount(block), &world).map(|d| d.name.to_string());
        assert_eq!(name("sda"), Some("sda".into()));
        assert_eq!(name("sda1"), Some("sda".into()));
        assert_eq!(name("sdab"), None);
        assert_eq!(name("nvme0n1p2"), Some("nvme0n1".into()));
        assert_eq!(name("nvme0n12"), None);
    }
}
