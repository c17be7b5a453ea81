//! Control groups as a list or as the tree that they are.

use super::{
    Pane,
    fields::{self, fields},
};
use crate::{
    model::{
        attention::Severity,
        cgroup::Cgroup,
        object::{ObjectKind, ObjectRef},
        topic::{Topic, TopicSet},
    },
    ui::scene::Scene,
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// The list of control groups.
pub struct CgroupsPane;

struct CgroupsTable;

fields! { Cgroup;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |c, w| fields::severity(super::severity_of(w, ObjectKind::Cgroup, &c.path)),
    "cgroup" "CGROUP" Text 30 [grow] "path below the root of the hierarchy" => |c, _| Value::text(&c.path),
    "cpu" "CPU" Ratio 8 [] "CPU time; 100 % is one core" => |c, _| Value::number(c.cpu_ratio),
    "throttled" "THROTTLED" Ratio 9 [] "share of scheduling periods in which it was throttled; blank without a quota" => throttled,
    "memory" "MEMORY" Bytes 8 [] "working set: usage less inactive file pages" => |c, _| Value::whole(c.memory_bytes),
    "limit" "LIMIT" Bytes 8 [] "memory limit; blank is none" => |c, _| c.memory_limit_bytes.map_or(Value::None, |b| Value::Number(b as f64)),
    "pids" "PIDS" Count 6 [] "processes and threads" => |c, _| Value::whole(c.pids),
    "read" "READ" BytesPerSecond 10 [] "bytes read a second" => |c, _| Value::number(c.read_bytes_per_second),
    "write" "WRITE" BytesPerSecond 10 [] "bytes written a second" => |c, _| Value::number(c.write_bytes_per_second),
    "psi-memory" "PSI MEM" Ratio 7 [] "share of the last 10 s in which some task waited for memory" => |c, _| Value::number(c.pressure.memory.some10),
    "psi-io" "PSI IO" Ratio 7 [] "share of the last 10 s in which some task waited for I/O" => |c, _| Value::number(c.pressure.io.some10),
    "cpu-limit" "CPU LIM" Text 7 [hide] "CPU quota in cores; blank is none" => |c, _| c.cpu_limit_cores.map_or(Value::None, |n| Value::Text(format!("{n:.1}").into())),
    "oom" "OOM" Count 5 [hide] "processes killed for want of memory since the group was made" => |c, _| Value::whole(c.oom_kills),
    "unit" "UNIT" Text 20 [hide] "systemd unit" => |c, _| c.unit.as_deref().map_or(Value::None, Value::text),
    "container" "CONTAINER" Text 12 [hide] "container" => |c, w| fields::container(w, c.container.as_deref()),
}

fn throttled<'w>(group: &'w Cgroup, _: &'w World) -> Value<'w> {
    match (group.throttled_ratio, group.cpu_limit_cores) {
        (Some(ratio), _) => Value::Number(ratio),
        (None, Some(_)) => Value::Unknown,
        (None, None) => Value::None,
    }
}

fn rows(world: &World) -> &[Cgroup] {
    world.observed.cgroups.as_ref().map_or(&[], |cgroups| &cgroups.groups)
}

impl Table for CgroupsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "memory"), true)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        rows(world)[row].path.clone()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Cgroup, rows(world)[row].path.clone()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        READ[column](&rows(world)[row], world)
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        super::severity_of(world, ObjectKind::Cgroup, &rows(world)[row].path)
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        match rows(world)[row].path.rsplit_once('/')? {
            ("", "") => None,
            ("", _) => Some("/".into()),
            (parent, _) => Some(parent.into()),
        }
    }
    fn can_be_tree(&self) -> bool {
        true
    }
}

impl Pane for CgroupsPane {
    fn name(&self) -> &'static str {
        "cgroups"
    }
    fn title(&self) -> &'static str {
        "Cgroups"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let Some(cgroups) = &scene.world.observed.cgroups else { return String::new() };
        let version = cgroups.version.map_or("no hierarchy".into(), |version| format!("v{version}"));
        let left_out = if cgroups.left_out > 0 { format!(", {} left out", cgroups.left_out) } else { String::new() };
        fields::status(scene, (self.name(), &CgroupsTable), &format!("{version}{left_out}"))
    }
    fn about(&self) -> &'static str {
        "Control groups: what each slice, service and container uses of its limits, and where it is throttled or under pressure. The tree shows what lies in what."
    }
    fn topics(&self) -> TopicSet {
        Topic::Cgroups.into()
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&CgroupsTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let known = scene.world.observed.cgroups.is_some();
        let empty = (Topic::Cgroups, known, "no cgroup hierarchy is mounted here");
        fields::draw(scene, (self.name(), &CgroupsTable), empty, area, buffer);
    }
}
