//! Processes on GPUs, and whose they are.

use super::{
    fields::{self, fields},
    gpus::short_name,
    host_list::HostList,
};
use crate::{
    model::{
        gpu::{Gpu, GpuProcess, GpuUse, owner},
        object::{ObjectKind, ObjectRef},
        rows::Keyed,
        topic::Topic,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { GpuProcess;
    "gpu" "GPU" Text 5 [] "number of the GPU; of a part of a divided one, both numbers" => |_, _| Value::Unknown,
    "pid" "PID" Number 8 [] "process, as the host counts" => |p, _| Value::Number(p.pid.into()),
    "user" "USER" Text 10 [] "effective user" => |p, w| owner::of(&w.observed, p.pid).process.and_then(|process| process.user.as_deref()).map_or(Value::Unknown, Value::text),
    "mem" "MEM" Bytes 9 [] "memory of the GPU that it holds" => |p, _| Value::whole(p.memory_bytes),
    "util" "UTIL" WholePercent 5 [] "of the multiprocessors, over the last sample period" => |p, _| Value::number(p.utilization_ratio),
    "kind" "USE" Text 8 [] "compute, graphics, or through CUDA's multi-process service" => |p, _| Value::text(kind(p.kind)),
    "container" "CONTAINER" Text 20 [] "its container" => |p, w| fields::container(w, owner::of(&w.observed, p.pid).process.and_then(|process| process.container.as_deref())),
    "pod" "POD" Text 26 [] "its pod" => |p, w| owner::of(&w.observed, p.pid).pod.map_or(Value::None, |pod| Value::Text(Cow::Owned(pod.key().into()))),
    "command" "COMMAND" Text 30 [grow] "command" => command,
    "name" "ON" Text 20 [hide] "product that it runs on" => |_, _| Value::Unknown,
}

const fn kind(kind: GpuUse) -> &'static str {
    match kind {
        GpuUse::Compute => "compute",
        GpuUse::Graphics => "graphics",
        GpuUse::Mps => "mps",
    }
}

fn command<'w>(process: &'w GpuProcess, world: &'w World) -> Value<'w> {
    match owner::of(&world.observed, process.pid).process {
        Some(known) if !known.command.is_empty() => Value::text(&known.command),
        Some(known) => Value::text(&known.name),
        None => Value::Unknown,
    }
}

fn rows(world: &World) -> impl Iterator<Item = (&Gpu, &GpuProcess)> + Clone {
    world.observed.gpus.iter().flat_map(|gpu| gpu.processes.iter().flatten().map(move |process| (gpu, process)))
}

fn row(world: &World, row: usize) -> (&Gpu, &GpuProcess) {
    rows(world).nth(row).expect("the table has so many rows")
}

/// `0`, or `0:1` on a part of a divided GPU.
fn number(gpu: &Gpu, process: &GpuProcess) -> String {
    let part = gpu.mig_devices.iter().find(|part| part.runs(process));
    part.map_or_else(|| gpu.index.to_string(), |part| format!("{}:{}", gpu.index, part.index))
}

struct GpuProcessesTable;

impl Table for GpuProcessesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "mem"), true)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).count()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        let (gpu, process) = row(world, at);
        format_compact!("{}/{}", number(gpu, process), process.pid)
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        let (gpu, process) = row(world, at);
        let known = owner::of(&world.observed, process.pid).process;
        Some(known.map_or_else(
            || ObjectRef::new(ObjectKind::Gpu, gpu.id.clone()),
            |process| ObjectRef::new(ObjectKind::Process, process.key()),
        ))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        let (gpu, process) = row(world, at);
        match COLUMNS[column].name {
            "gpu" => Value::Text(Cow::Owned(number(gpu, process))),
            "name" => Value::text(short_name(&gpu.name)),
            _ => READ[column](process, world),
        }
    }
    fn fixed_columns(&self) -> usize {
        2
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[5, 7, 6]
    }
}

/// Words where the owners cannot be told.
fn words(world: &World) -> String {
    let processes = world.observed.processes.as_deref();
    if rows(world).next().is_some() && processes.is_some_and(|processes| !owner::are_the_hosts(processes)) {
        return "pids of the host, which cannot be seen from here".into();
    }
    String::new()
}

/// The list of processes on GPUs.
pub static PANE: HostList = HostList {
    name: "gpu-processes",
    title: "GPU processes",
    about: "Processes on the GPUs with the memory that they hold, their user, command, container and pod. Enter opens the process. In a container of its own the cockpit sees the host's pids only as numbers, and says so.",
    topics: &[Topic::Gpus, Topic::Processes],
    table: &GpuProcessesTable,
    is_known: |world| !world.observed.gpus.is_unknown(),
    none: "no process is on a GPU",
    words,
    dear: &[],
};
