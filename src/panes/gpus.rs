//! GPUs, the worst first, with what is wrong with each; the parts of a divided one are rows below it.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    model::{
        attention::Severity,
        gpu::{
            Gpu, GpuProcess, MigDevice,
            health::{self, GpuFinding},
        },
        host::ratio,
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Gpu;
    "severity" "" Text 1 [] "how it is doing" => |g, w| fields::severity(severity(g, w)),
    "gpu" "GPU" Text 5 [] "its number; of a part of a divided GPU, both numbers" => |g, _| Value::Text(Cow::Owned(g.index.to_string())),
    "name" "NAME" Text 22 [] "product, without its maker" => |g, _| Value::text(short_name(&g.name)),
    "util" "UTIL" WholePercent 5 [] "share of the last sample period in which a kernel ran" => |g, _| figure(g, "utilization", g.utilization_ratio),
    "mem" "MEM" Bytes 8 [] "memory that processes hold" => |g, _| figure(g, "memory", g.memory.used_bytes.map(|b| b as f64)),
    "mem-share" "MEM%" WholePercent 5 [] "the same, of all" => |g, _| figure(g, "memory", ratio(g.memory.used_bytes, g.memory.total_bytes)),
    "temp" "TEMP" Celsius 6 [] "temperature of the GPU" => |g, _| figure(g, "temperature", g.temperature.gpu_celsius),
    "power" "POWER" Text 9 [] "watts, of the limit that is in force" => power,
    "finding" "FINDING" Text 40 [grow] "the worst of what is wrong with it" => |g, w| worst(g, w).map_or(Value::None, |f| Value::Text(Cow::Owned(f.evidence))),
    "mem-temp" "HBM" Celsius 6 [] "temperature of its memory" => |g, _| figure(g, "memory-temperature", g.temperature.memory_celsius),
    "clock" "CLOCK" Text 8 [] "clock of the multiprocessors" => |g, _| g.clocks.sm_hertz.map_or_else(|| lacking(g, "clocks"), |hertz| Value::Text(Cow::Owned(format!("{} MHz", hertz / 1_000_000)))),
    "ecc" "ECC" Text 7 [] "errors since the driver was loaded: corrected, uncorrected" => ecc,
    "pcie" "PCIE" Text 8 [] "generation and width of the link" => pcie,
    "nvlink" "NVLINK" Text 7 [] "links that are up, of how many" => nvlink,
    "throttle" "SLOWED BY" Text 24 [hide] "why its clocks are lower than they could be" => |g, _| words(g.throttle.iter().map(|reason| reason.word())),
    "next" "NEXT STEP" Text 40 [hide] "what to do about it" => |g, w| worst(g, w).map_or(Value::None, |f| Value::Text(Cow::Owned(f.next_step))),
    "reserved" "RESERVED" Bytes 8 [hide] "memory that driver and firmware keep" => |g, _| figure(g, "memory", g.memory.reserved_bytes.map(|b| b as f64)),
    "total" "TOTAL" Bytes 8 [hide] "memory in all" => |g, _| figure(g, "memory", g.memory.total_bytes.map(|b| b as f64)),
    "mem-busy" "MEMBUSY" WholePercent 7 [hide] "share of the last sample period in which memory was read or written" => |g, _| figure(g, "utilization", g.memory_busy_ratio),
    "fan" "FAN" WholePercent 5 [hide] "fan, of full speed" => |g, _| figure(g, "fan", g.fan_ratio),
    "replays" "REPLAYS" Count 7 [hide] "PCIe packets sent again since the driver was loaded" => |g, _| figure(g, "replays", g.pcie.replays.map(|n| n as f64)),
    "received" "RX" BytesPerSecond 10 [hide] "carried to the GPU over PCIe; asking costs 20 ms a GPU" => |g, _| figure(g, "traffic", g.pcie.received_bytes_per_second),
    "sent" "TX" BytesPerSecond 10 [hide] "carried from the GPU over PCIe; asking costs 20 ms a GPU" => |g, _| figure(g, "traffic", g.pcie.sent_bytes_per_second),
    "recovery" "RECOVERY" Text 15 [hide] "what the driver says has to be done" => |g, _| g.recovery.map_or_else(|| lacking(g, "recovery"), |action| Value::text(action.word())),
    "mode" "MODE" Text 12 [hide] "who may compute on it" => |g, _| g.compute_mode.as_deref().map_or_else(|| lacking(g, "compute-mode"), Value::text),
    "processes" "PROCS" Count 5 [hide] "processes on it" => |g, _| figure(g, "processes", g.processes.as_ref().map(|all| all.len() as f64)),
    "address" "ADDRESS" Text 12 [hide] "PCI address" => |g, _| g.pci_address.as_deref().map_or(Value::Unknown, Value::text),
}

/// The name without its maker, which every row would repeat.
pub(crate) fn short_name(name: &str) -> &str {
    ["NVIDIA ", "AMD ", "Intel "].iter().find_map(|maker| name.strip_prefix(maker)).unwrap_or(name)
}

/// What a GPU does not have is blank; what is not known is not.
fn lacking(gpu: &Gpu, word: &str) -> Value<'static> {
    if gpu.lacks(word) { Value::None } else { Value::Unknown }
}

fn figure(gpu: &Gpu, word: &str, value: Option<f64>) -> Value<'static> {
    value.map_or_else(|| lacking(gpu, word), Value::Number)
}

fn power<'w>(gpu: &'w Gpu, _: &'w World) -> Value<'w> {
    match (gpu.power.watts, gpu.power.limit_watts) {
        (Some(watts), Some(limit)) => Value::Text(Cow::Owned(format!("{watts:.0}/{limit:.0} W"))),
        (Some(watts), None) => Value::Text(Cow::Owned(format!("{watts:.0} W"))),
        (None, _) => lacking(gpu, "power"),
    }
}

fn ecc<'w>(gpu: &'w Gpu, _: &'w World) -> Value<'w> {
    let counts = gpu.ecc.volatile;
    match (gpu.ecc.enabled, counts.corrected, counts.uncorrected) {
        (Some(false), ..) => Value::text("off"),
        (_, None, None) => lacking(gpu, "ecc"),
        (_, corrected, uncorrected) => {
            let word = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
            Value::Text(Cow::Owned(format!("{} {}", word(corrected), word(uncorrected))))
        }
    }
}

fn pcie<'w>(gpu: &'w Gpu, _: &'w World) -> Value<'w> {
    match (gpu.pcie.generation, gpu.pcie.width) {
        (Some(generation), Some(width)) => Value::Text(Cow::Owned(format!("{generation}.0 x{width}"))),
        _ => lacking(gpu, "pcie"),
    }
}

fn nvlink<'w>(gpu: &'w Gpu, _: &'w World) -> Value<'w> {
    if gpu.nvlinks.is_empty() {
        return lacking(gpu, "nvlink");
    }
    let up = gpu.nvlinks.iter().filter(|link| link.is_active == Some(true)).count();
    Value::Text(Cow::Owned(format!("{up}/{}", gpu.nvlinks.len())))
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> Value<'static> {
    let words: Vec<_> = words.collect();
    if words.is_empty() { Value::None } else { Value::Text(Cow::Owned(words.join(", "))) }
}

fn worst(gpu: &Gpu, world: &World) -> Option<GpuFinding> {
    health::findings(gpu, world.now).into_iter().next()
}

fn severity(gpu: &Gpu, world: &World) -> Option<Severity> {
    worst(gpu, world).map(|finding| finding.severity)
}

/// A GPU, or one of its parts.
fn row(world: &World, row: usize) -> (&Gpu, Option<&MigDevice>) {
    let rows =
        world.observed.gpus.iter().flat_map(|gpu| {
            std::iter::once((gpu, None)).chain(gpu.mig_devices.iter().map(move |part| (gpu, Some(part))))
        });
    rows.clone().nth(row).expect("the table has so many rows")
}

fn part_id(gpu: &Gpu, part: &MigDevice) -> CompactString {
    part.uuid.clone().unwrap_or_else(|| format_compact!("{}#{}", gpu.id, part.index))
}

fn part_value<'w>(gpu: &'w Gpu, part: &'w MigDevice, column: &str) -> Value<'w> {
    match column {
        "gpu" => Value::Text(Cow::Owned(format!("{}:{}", gpu.index, part.index))),
        // `MIG 1g.10gb` is what tells it from the others.
        "name" => Value::text(part.name.find("MIG").map_or(part.name.as_str(), |at| &part.name[at..])),
        "mem" => Value::whole(part.memory.used_bytes),
        "total" => Value::whole(part.memory.total_bytes),
        "reserved" => Value::whole(part.memory.reserved_bytes),
        "mem-share" => Value::number(ratio(part.memory.used_bytes, part.memory.total_bytes)),
        "processes" => {
            let on_it = |all: &Vec<GpuProcess>| all.iter().filter(|process| part.runs(process)).count() as f64;
            gpu.processes.as_ref().map_or(Value::Unknown, |all| Value::Number(on_it(all)))
        }
        // The driver tells the rest of the GPU as a whole.
        _ => Value::None,
    }
}

struct GpusTable;

impl Table for GpusTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "severity"), true)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.gpus.iter().map(|gpu| 1 + gpu.mig_devices.len()).sum()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        let (gpu, part) = row(world, at);
        part.map_or_else(|| gpu.id.clone(), |part| part_id(gpu, part))
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Gpu, row(world, at).0.id.clone()))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        match row(world, at) {
            (gpu, None) => READ[column](gpu, world),
            (gpu, Some(part)) => part_value(gpu, part, COLUMNS[column].name),
        }
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        let (gpu, part) = row(world, at);
        severity(gpu, world).filter(|_| part.is_none())
    }
    fn is_ordered(&self) -> bool {
        true
    }
    fn fixed_columns(&self) -> usize {
        3
    }
    fn first_to_go(&self) -> &'static [usize] {
        // Links, errors and clocks of a GPU with trouble are in its finding.
        &[13, 12, 11, 10, 9, 5]
    }
    fn parent(&self, world: &World, at: usize) -> Option<CompactString> {
        let (gpu, part) = row(world, at);
        part.map(|_| gpu.id.clone())
    }
    fn can_be_tree(&self) -> bool {
        true
    }
    fn tree_column(&self) -> Option<usize> {
        Some(fields::index(COLUMNS, "name"))
    }
    fn starts_as_tree(&self) -> bool {
        true
    }
}

/// Versions of the drivers.
fn drivers(world: &World) -> String {
    let driver = |news: &crate::model::gpu::GpuNews| {
        let driver = &news.driver;
        let cuda = driver.cuda.as_ref().map_or_else(String::new, |cuda| format!(", CUDA {cuda}"));
        driver.version.as_ref().map(|version| format!("{} {version}{cuda}", driver.name))
    };
    world.observed.gpus.news().filter_map(driver).collect::<Vec<_>>().join("; ")
}

/// The list of GPUs.
pub static PANE: HostList = HostList {
    name: "gpus",
    title: "GPUs",
    about: "Every GPU of this host, the worst first: what it does, what its driver says is wrong with it, and what to do; MIG devices are rows of their own. Enter opens one with all its figures, w says why, c shows more columns. Traffic over PCIe is asked only while its columns are shown.",
    topics: &[Topic::Gpus],
    table: &GpusTable,
    is_known: |world| !world.observed.gpus.is_unknown(),
    none: "no GPU is here",
    words: drivers,
    dear: &[("received", Topic::GpuTraffic), ("sent", Topic::GpuTraffic)],
};
