//! The process table, as a list or as a tree.

use super::{
    Pane,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        host,
        object::{ObjectKind, ObjectRef},
        process::{Process, by_pid},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::{
        View,
        table::{Column, Table, Value},
    },
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The process table.
pub struct ProcessesPane;

struct ProcessesTable;

fields! { Process;
    "pid" "PID" Number 7 [] "process id" => |p, _| Value::Number(p.pid.into()),
    "user" "USER" Text 10 [] "effective user" => |p, _| p.user.as_deref().map_or(Value::Unknown, Value::text),
    "cpu" "CPU" WholePercent 6 [] "CPU time over the last interval; 100 % is one core" => |p, _| Value::number(p.cpu_ratio),
    "mem" "MEM" Bytes 8 [] "resident set" => |p, _| Value::whole(p.memory_bytes),
    "mem-share" "MEM%" Ratio 6 [] "resident set of the machine's memory" => |p, w| Value::number(host::ratio(p.memory_bytes, total(w))),
    "threads" "THR" Number 5 [] "threads" => |p, _| Value::number(p.threads),
    "state" "S" Text 1 [] "R runs, S sleeps, D waits for a disk, Z has ended and was not collected, T is stopped, I idles" => state,
    "age" "AGE" Time 7 [] "since when it runs" => |p, _| p.started_at.map_or(Value::Unknown, Value::Time),
    "read" "READ" BytesPerSecond 10 [hide] "bytes read a second; read only while this column is shown" => |p, _| Value::number(p.read_bytes_per_second),
    "write" "WRITE" BytesPerSecond 10 [hide] "bytes written a second; read only while this column is shown" => |p, _| Value::number(p.write_bytes_per_second),
    "nice" "NI" Number 3 [hide] "nice value: from -20, first, to 19, last" => |p, _| Value::number(p.nice),
    "unit" "UNIT" Text 20 [hide] "systemd unit or container" => owner,
    "kind" "KIND" Text 6 [hide] "kernel for a kernel thread, user for all else: !kind=kernel hides the kernel's" => |p, _| Value::text(if p.kernel_thread { "kernel" } else { "user" }),
    "parent" "PARENT" Number 7 [hide] "process id of the parent" => |p, _| Value::Number(p.parent.into()),
    "name" "NAME" Text 15 [hide] "the kernel's short name" => |p, _| Value::text(&p.name),
    "command" "COMMAND" Text 30 [grow] "arguments; the name in brackets for a kernel thread" => command,
}

fn total(world: &World) -> Option<u64> {
    world.observed.gauges.as_ref()?.memory.total_bytes
}

fn state<'w>(process: &'w Process, _: &'w World) -> Value<'w> {
    Value::Text(Cow::Owned(process.state.to_string()))
}

/// The name of its container, where an engine tells it.
fn owner<'w>(process: &'w Process, world: &'w World) -> Value<'w> {
    match (process.container.as_deref(), process.unit.as_deref()) {
        (None, Some(unit)) => Value::text(unit),
        (id, _) => fields::container(world, id),
    }
}

fn command<'w>(process: &'w Process, _: &'w World) -> Value<'w> {
    if process.command.is_empty() {
        Value::Text(Cow::Owned(format!("[{}]", process.name)))
    } else {
        Value::text(&process.command)
    }
}

fn rows(world: &World) -> &[Process] {
    world.observed.processes.as_deref().unwrap_or_default()
}

impl Table for ProcessesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "cpu"), true)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        rows(world)[row].key()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Process, rows(world)[row].key()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        // The attention list seldom names a process; making a key for every row would cost more than it tells.
        let named = world.attention.iter().any(|item| item.condition.object.kind == ObjectKind::Process);
        named.then(|| super::severity_of(world, ObjectKind::Process, &rows(world)[row].key())).flatten()
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        let processes = rows(world);
        let parent = processes[row].parent;
        (parent > 0 && parent != processes[row].pid).then(|| by_pid(processes, parent).map(Process::key)).flatten()
    }
    fn can_be_tree(&self) -> bool {
        true
    }
}

impl Pane for ProcessesPane {
    fn name(&self) -> &'static str {
        "processes"
    }
    fn title(&self) -> &'static str {
        "Processes"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        fields::status(scene, (self.name(), &ProcessesTable), "")
    }
    fn about(&self) -> &'static str {
        "Processes, those that use most CPU first. Enter shows all that is known of one; a signal is sent through the gate, to the process that was seen and to no other that came to bear its pid. The columns read and write cost one more file a process and are collected only while they are shown."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Processes, Topic::Gauges])
    }
    fn topics_in(&self, view: &View) -> TopicSet {
        let toggled = &view.pane(self.name()).list.toggled;
        let io = ["read", "write"].iter().any(|name| toggled.contains(&fields::index(COLUMNS, name)));
        if io { self.topics().union(Topic::ProcessIo.into()) } else { self.topics() }
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ProcessesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let known = scene.world.observed.processes.is_some();
        let empty = (Topic::Processes, known, "no process is visible here");
        fields::draw(scene, (self.name(), &ProcessesTable), empty, area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::tests::world;

    #[test]
    fn the_tree_follows_parents() {
        let world = world();
        let table = ProcessesTable;
        let nginx = rows(&world).iter().position(|p| p.pid == 80).expect("made up");
        assert_eq!(table.parent(&world, nginx).as_deref(), Some("1/1"));
        assert_eq!(table.parent(&world, 0), None);
        assert!(COLUMNS[table.default_sort().0].name == "cpu" && table.default_sort().1);
    }

    #[test]
    fn io_is_collected_only_while_it_is_shown() {
        let mut view = View::default();
        assert!(!ProcessesPane.topics_in(&view).contains(Topic::ProcessIo));
        view.pane_mut("processes").list.toggled.insert(fields::index(COLUMNS, "write"));
        assert!(ProcessesPane.topics_in(&view).contains(Topic::ProcessIo));
    }
}
