//! Containers of all engines: grouped by compose project and pod, or as a plain list.

use super::{
    Pane, engines,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        container::{CheckState, Container, ContainerState, ContainerUsage, Port, short_id},
        container_group::ContainerGroup,
        health::Health,
        host::ratio,
        object::{ObjectKind, ObjectRef},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{borrow::Cow, fmt::Write};

/// The list of containers.
pub struct ContainersPane;

struct ContainersTable;

fields! { Container;
    "severity" "" Text 1 [] "how it is doing" => |c, _| fields::severity(c.health.severity()),
    "name" "NAME" Text 24 [grow] "its name; of a pod's container its name there, and the pod" => |c, _| Value::Text(c.title()),
    "engine" "ENGINE" Text 10 [] "the engine that it runs on; left out where there is one only" => |c, _| Value::text(&c.engine),
    "state" "STATE" Text 10 [] "what the engine says: running, paused, restarting, exited, dead" => |c, _| Value::text(c.state.word()),
    "health" "HEALTH" Text 9 [] "what its health check says; blank without one" => check,
    "cpu" "CPU" Ratio 7 [] "CPU time; 100 % is one core" => |c, w| running(c, usage(c, w).and_then(|u| u.cpu_ratio)),
    "mem" "MEM" Bytes 8 [] "working set: usage less inactive file pages" => |c, w| running_whole(c, usage(c, w).and_then(|u| u.memory_bytes)),
    "restarts" "RST" Count 4 [] "how often the engine restarted it" => |c, _| c.restarts.map_or(Value::Unknown, |n| Value::Number(n.into())),
    "exit" "EXIT" Number 4 [] "exit code of its last end; blank while it has not ended" => |c, _| c.exit_code.map_or(Value::None, |code| Value::Number(code as f64)),
    "since" "SINCE" Time 7 [] "for how long it has been in this state" => since,
    "reason" "REASON" Text 26 [grow] "why it is not well, in words" => |c, _| if c.reason.is_empty() { Value::None } else { Value::text(&c.reason) },
    "mem-share" "MEM%" Ratio 6 [] "working set of its memory limit; blank without one" => share,
    "image" "IMAGE" Text 22 [] "image" => |c, _| Value::text(c.image_title()),
    "pids" "PIDS" Count 5 [] "processes and threads" => |c, w| running_whole(c, usage(c, w).and_then(|u| u.pids)),
    "rx" "RX" BytesPerSecond 10 [] "bytes received a second, all interfaces" => |c, w| running(c, usage(c, w).and_then(|u| u.received_bytes_per_second)),
    "tx" "TX" BytesPerSecond 10 [] "bytes sent a second, all interfaces" => |c, w| running(c, usage(c, w).and_then(|u| u.sent_bytes_per_second)),
    "ports" "PORTS" Text 18 [] "published ports" => |c, _| Value::Text(Cow::Owned(ports(&c.ports))),
    "read" "READ" BytesPerSecond 10 [] "bytes read from block devices a second" => |c, w| running(c, usage(c, w).and_then(|u| u.read_bytes_per_second)),
    "write" "WRITE" BytesPerSecond 10 [] "bytes written to block devices a second" => |c, w| running(c, usage(c, w).and_then(|u| u.written_bytes_per_second)),
    "project" "PROJECT" Text 12 [hide] "compose project" => |c, _| c.compose.as_ref().map_or(Value::None, |compose| Value::text(&compose.project)),
    "service" "SERVICE" Text 12 [hide] "service of its compose project" => |c, _| c.compose.as_ref().map_or(Value::None, |compose| Value::text(&compose.service)),
    "limit" "LIMIT" Bytes 8 [hide] "memory limit that was set; blank is none" => |c, _| c.memory_limit_bytes.map_or(Value::None, |bytes| Value::Number(bytes as f64)),
    "cpu-limit" "CPU LIM" Text 7 [hide] "CPU limit in cores; blank is none" => |c, _| c.cpu_limit_cores.map_or(Value::None, |n| Value::Text(format!("{n:.2}").into())),
    "throttled" "THROTTLED" Ratio 9 [hide] "share of scheduling periods in which it was throttled" => |c, w| usage(c, w).and_then(|u| u.throttled_ratio).map_or(Value::None, Value::Number),
    "created" "CREATED" Time 7 [hide] "since when it exists" => |c, _| c.created_at.map_or(Value::Unknown, Value::Time),
    "policy" "POLICY" Text 14 [hide] "restart policy" => |c, _| if c.restart_policy.is_empty() { Value::Unknown } else { Value::text(&c.restart_policy) },
    "networks" "NETWORKS" Text 16 [hide] "networks that it is in" => |c, _| Value::Text(Cow::Owned(c.networks.join(" "))),
    "id" "ID" Text 12 [hide] "id, short" => |c, _| Value::text(short_id(&c.id)),
    "command" "COMMAND" Text 30 [hide] "what runs in it, without secrets" => |c, _| Value::text(&c.command),
}

fn usage<'w>(container: &Container, world: &'w World) -> Option<&'w ContainerUsage> {
    world.observed.containers.usage_of(container)
}

/// What does not run uses nothing: that is not unknown.
fn running(container: &Container, figure: Option<f64>) -> Value<'static> {
    match container.state {
        ContainerState::Running | ContainerState::Paused => Value::number(figure),
        _ => Value::None,
    }
}

fn running_whole(container: &Container, figure: Option<u64>) -> Value<'static> {
    running(container, figure.map(|figure| figure as f64))
}

fn share<'w>(container: &'w Container, world: &'w World) -> Value<'w> {
    if container.memory_limit_bytes.is_none() {
        return Value::None;
    }
    running(
        container,
        ratio(usage(container, world).and_then(|usage| usage.memory_bytes), container.memory_limit_bytes),
    )
}

fn check<'w>(container: &'w Container, _: &'w World) -> Value<'w> {
    match container.check {
        CheckState::None => Value::None,
        check => Value::text(check.word()),
    }
}

/// Since when it has been as it is.
pub(crate) fn in_state_since(container: &Container) -> Option<crate::model::Timestamp> {
    match container.state {
        ContainerState::Exited | ContainerState::Dead | ContainerState::Restarting => container.finished_at,
        ContainerState::Created => container.created_at,
        _ => container.started_at,
    }
}

fn since<'w>(container: &'w Container, _: &'w World) -> Value<'w> {
    in_state_since(container).map_or(Value::Unknown, Value::Time)
}

/// Ports that are published, each once for all addresses: `8080->80`, `127.0.0.1:53->53/udp`.
pub(crate) fn ports(ports: &[Port]) -> String {
    let mut words = String::new();
    for port in ports {
        let Some(public) = port.public else { continue };
        let everywhere = |address: &CompactString| matches!(address.as_str(), "0.0.0.0" | "::");
        let address = port.address.as_ref().filter(|address| !everywhere(address));
        let address = address.map_or_else(String::new, |address| format!("{address}:"));
        let protocol = if port.protocol == "tcp" { String::new() } else { format!("/{}", port.protocol) };
        let word = format!("{address}{public}->{}{protocol}", port.private);
        if !words.split(' ').any(|known| known == word) {
            let _ = write!(words, "{}{word}", if words.is_empty() { "" } else { " " });
        }
    }
    words
}

/// A row of the table: the containers lie first, then what groups them.
enum Row<'w> {
    Container(&'w Container),
    Group(&'w ContainerGroup),
}

fn row(world: &World, at: usize) -> Option<Row<'_>> {
    let all = &world.observed.containers;
    match all.containers.iter().as_slice().get(at) {
        Some(container) => Some(Row::Container(container)),
        None => all.groups.get(at - all.containers.len()).map(Row::Group),
    }
}

fn group_value<'w>(group: &'w ContainerGroup, world: &'w World, column: &str) -> Value<'w> {
    let all = &world.observed.containers;
    let used =
        || group.members.iter().filter_map(|at| all.usage_of(all.containers.iter().as_slice().get(*at as usize)?));
    let sum = |of: fn(&ContainerUsage) -> Option<f64>| {
        used().filter_map(of).reduce(|a, b| a + b).map_or(Value::None, Value::Number)
    };
    match column {
        "severity" => fields::severity(group.health.severity()),
        "name" => Value::text(&group.name),
        "engine" => Value::text(&group.engine),
        "project" if !group.pod => Value::text(&group.name),
        "state" => Value::Text(Cow::Owned(format!("{}/{} up", group.running, group.members.len()))),
        "health" => Value::text(if group.pod { "pod" } else { "project" }),
        "cpu" => sum(|usage| usage.cpu_ratio),
        "mem" => sum(|usage| usage.memory_bytes.map(|bytes| bytes as f64)),
        "pids" => sum(|usage| usage.pids.map(|pids| pids as f64)),
        "rx" => sum(|usage| usage.received_bytes_per_second),
        "tx" => sum(|usage| usage.sent_bytes_per_second),
        "read" => sum(|usage| usage.read_bytes_per_second),
        "write" => sum(|usage| usage.written_bytes_per_second),
        "reason" if group.unwell > 0 => {
            Value::Text(Cow::Owned(format!("{} of {} unwell", group.unwell, group.members.len())))
        }
        _ => Value::None,
    }
}

impl Table for ContainersTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "severity"), true)
    }
    fn len(&self, world: &World) -> usize {
        let all = &world.observed.containers;
        all.containers.len() + all.groups.len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        match row(world, at) {
            Some(Row::Container(container)) => format_compact!("{}/{}", container.engine, container.name),
            Some(Row::Group(group)) => group.key(),
            None => CompactString::default(),
        }
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        match row(world, at)? {
            Row::Container(container) => Some(object(container)),
            Row::Group(_) => None,
        }
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        match row(world, at) {
            Some(Row::Container(container)) => READ[column](container, world),
            Some(Row::Group(group)) => group_value(group, world, COLUMNS[column].name),
            None => Value::Unknown,
        }
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        match row(world, at)? {
            Row::Container(container) => container.health.severity(),
            Row::Group(group) => group.health.severity(),
        }
    }
    fn parent(&self, world: &World, at: usize) -> Option<CompactString> {
        match row(world, at)? {
            Row::Container(container) => container.group_key(),
            Row::Group(_) => None,
        }
    }
    fn can_be_tree(&self) -> bool {
        true
    }
    fn starts_as_tree(&self) -> bool {
        true
    }
    fn first_to_go(&self) -> &'static [usize] {
        // Written, read, sent, received, pids, ports, share, image, exit code, health: the reason says what matters of these.
        &[18, 17, 15, 14, 13, 16, 11, 12, 8, 4]
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        engines::is_needed(world, COLUMNS, column)
    }
    fn is_old(&self, world: &World, at: usize) -> bool {
        row(world, at).is_some_and(|row| match row {
            Row::Container(container) => engines::is_old(world, &container.engine),
            Row::Group(group) => engines::is_old(world, &group.engine),
        })
    }
    fn only_in_tree(&self, world: &World, at: usize) -> bool {
        at >= world.observed.containers.containers.len()
    }
}

/// The name of a container's page.
pub(crate) fn object(container: &Container) -> ObjectRef {
    ObjectRef::in_engine(ObjectKind::Container, &container.engine, &container.id)
}

impl Pane for ContainersPane {
    fn name(&self) -> &'static str {
        "containers"
    }
    fn title(&self) -> &'static str {
        "Containers"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let all = &scene.world.observed.containers.containers;
        let running = all.iter().filter(|c| c.state == ContainerState::Running).count();
        let unwell = all.iter().filter(|c| c.health >= Health::Degraded).count();
        let list = &scene.view.pane(self.name()).list;
        let mut words = format!("{} containers, {running} running", all.len());
        if unwell > 0 {
            let _ = write!(words, ", {unwell} unwell");
        }
        if !list.filter.is_empty() || !list.marked.is_empty() {
            words = crate::ui::table::status(scene, self.name());
        }
        words
    }
    fn about(&self) -> &'static str {
        "Containers of every engine that is watched, worst first. The tree groups them by compose project and by pod; t makes it a plain list. Usage is streamed only while this list is on the screen. Enter opens a container: why it is not well, its log, processes, mounts and environment, and where it differs from its compose file."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::ContainerUsage])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ContainersTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        engines::draw_of_engines(scene, (self.name(), &ContainersTable), "no container here", area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_on_all_addresses_is_said_once() {
        let port = |address: &str, public, protocol: &str| Port {
            private: 80,
            public,
            address: Some(address.into()),
            protocol: protocol.into(),
        };
        let all = [
            port("0.0.0.0", Some(8080), "tcp"),
            port("::", Some(8080), "tcp"),
            port("127.0.0.1", Some(53), "udp"),
            port("", None, "tcp"),
        ];
        assert_eq!(ports(&all), "8080->80 127.0.0.1:53->80/udp");
    }
}
