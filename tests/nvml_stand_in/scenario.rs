//! What the stand-in pretends: a TOML file, read again when it changed.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

/// A machine: `count` GPUs like `gpu`, and what is different about single ones.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    /// What `nvmlInit_v2` returns, in a word.
    init: String,
    driver: String,
    cuda: i32,
    count: u32,
    gpu: toml::Table,
    /// Keys over those of `gpu`, by the number of a GPU.
    each: BTreeMap<String, toml::Table>,
    /// Level of the pairs (`nvmlGpuTopologyLevel_t`): of two GPUs in the same four, and of the others.
    topology: [u32; 2],
}

impl Default for File {
    fn default() -> Self {
        Self {
            init: "success".into(),
            driver: "550.54.15".into(),
            cuda: 12_040,
            count: 1,
            gpu: toml::Table::new(),
            each: BTreeMap::new(),
            topology: [30, 50],
        }
    }
}

/// A machine, ready to be asked.
#[derive(Debug)]
pub struct Scenario {
    pub init: u32,
    pub driver: String,
    pub cuda: i32,
    pub topology: [u32; 2],
    pub gpus: Vec<Gpu>,
}

/// A GPU; the defaults are those of an idle H100 in an SXM board.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gpu {
    pub name: String,
    pub utilization: u32,
    pub memory_busy: u32,
    pub total_mib: u64,
    pub used_mib: u64,
    pub reserved_mib: u64,
    pub temperature: u32,
    pub memory_temperature: u32,
    pub milliwatts: u32,
    pub limit_milliwatts: u32,
    pub sm_mhz: u32,
    pub memory_mhz: u32,
    pub throttle: u64,
    pub fan: Option<u32>,
    pub pcie_generation: u32,
    pub pcie_width: u32,
    pub replays: u32,
    /// Received and sent, kB/s.
    pub traffic: [u32; 2],
    pub nvlinks: u32,
    pub nvlinks_down: Vec<u32>,
    /// Replays, recoveries, CRC errors of the first link.
    pub nvlink_errors: [u64; 3],
    /// Corrected and uncorrected, since the driver was loaded and over its life.
    pub ecc: Option<[u64; 4]>,
    /// Correctable, uncorrectable, pending, failed.
    pub remapped: Option<[u64; 4]>,
    pub recovery: u32,
    pub persistence: bool,
    pub mig: Option<Vec<Part>>,
    pub processes: Vec<Process>,
    /// XIDs that it reports, one after the other; each once.
    pub xids: Vec<u64>,
    /// What calls return, by the names of the functions; `*` is every one on this GPU.
    pub returns: BTreeMap<String, String>,
    /// The same for the GPU, and not for its MIG devices.
    pub returns_as_a_whole: BTreeMap<String, String>,
    /// Calls that hang for so many milliseconds, or until the scenario lets them go.
    pub hangs: BTreeMap<String, u64>,
}

impl Default for Gpu {
    fn default() -> Self {
        Self {
            name: "NVIDIA H100 80GB HBM3".into(),
            utilization: 0,
            memory_busy: 0,
            total_mib: 81_559,
            used_mib: 4,
            reserved_mib: 551,
            temperature: 34,
            memory_temperature: 42,
            milliwatts: 71_230,
            limit_milliwatts: 700_000,
            sm_mhz: 345,
            memory_mhz: 2619,
            throttle: 1,
            fan: None,
            pcie_generation: 5,
            pcie_width: 16,
            replays: 0,
            traffic: [1_500, 700],
            nvlinks: 0,
            nvlinks_down: Vec::new(),
            nvlink_errors: [0; 3],
            ecc: Some([0; 4]),
            remapped: Some([0; 4]),
            recovery: 0,
            persistence: true,
            mig: None,
            processes: Vec::new(),
            xids: Vec::new(),
            returns: BTreeMap::new(),
            returns_as_a_whole: BTreeMap::new(),
            hangs: BTreeMap::new(),
        }
    }
}

/// A MIG device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    pub profile: String,
    pub gpu_instance: u32,
    pub compute_instance: u32,
    pub total_mib: u64,
    pub used_mib: u64,
    pub multiprocessors: u32,
}

/// A process.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Process {
    pub pid: u32,
    /// `compute`, `graphics` or `mps`.
    pub kind: String,
    pub mib: u64,
    pub utilization: Option<u32>,
    pub gpu_instance: u32,
    pub compute_instance: u32,
}

impl Default for Process {
    fn default() -> Self {
        let (kind, none) = ("compute".into(), u32::MAX);
        Self { pid: 1, kind, mib: 0, utilization: None, gpu_instance: none, compute_instance: none }
    }
}

/// The number of a return value.
pub fn code(word: &str) -> u32 {
    match word {
        "success" => 0,
        "not-supported" => 3,
        "no-permission" => 4,
        "not-found" => 6,
        "driver-not-loaded" => 9,
        "timeout" => 10,
        "gpu-lost" => 15,
        "reset-required" => 16,
        "version-mismatch" => 18,
        "unknown" => 999,
        other => panic!("nvml_stand_in: no such return value: {other}"),
    }
}

struct Read {
    scenario: Arc<Scenario>,
    /// When it was written, and its number in the file system: two may be written within one tick of the clock.
    changed: Option<(SystemTime, u64)>,
    looked: Instant,
}

static READ: Mutex<Option<Read>> = Mutex::new(None);

/// The scenario as it is now; the last one where its file is gone, as at the end of a test. Looked for after ten milliseconds again, so that a bench does not measure that.
#[allow(clippy::disallowed_methods, reason = "a library of its own, which is told no time")]
pub fn current() -> Arc<Scenario> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if let Some(read) = &*read
        && now.duration_since(read.looked).as_millis() < 10
    {
        return read.scenario.clone();
    }
    let path = file();
    let changed = path.metadata().and_then(|metadata| Ok((metadata.modified()?, metadata.ino()))).ok();
    let scenario = match read.take().filter(|read| changed.is_none() || read.changed == changed) {
        Some(read) => read.scenario,
        None => Arc::new(load(&path)),
    };
    *read = Some(Read { scenario: scenario.clone(), changed, looked: now });
    scenario
}

fn load(path: &PathBuf) -> Scenario {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("nvml_stand_in: {}: {error}", path.display()));
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("nvml_stand_in: {}: {error}", path.display()));
    let gpu = |index: u32| {
        let mut table = file.gpu.clone();
        table.extend(file.each.get(&index.to_string()).cloned().unwrap_or_default());
        table.try_into().unwrap_or_else(|error| panic!("nvml_stand_in: {} GPU {index}: {error}", path.display()))
    };
    let gpus = (0..file.count).map(gpu).collect();
    Scenario { init: code(&file.init), driver: file.driver, cuda: file.cuda, topology: file.topology, gpus }
}

/// `FLIGHTDECK_NVML_SCENARIO`, or else `scenario.toml` beside the library.
fn file() -> PathBuf {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("FLIGHTDECK_NVML_SCENARIO") {
        Some(path) => path.into(),
        None => beside("scenario.toml"),
    });
    FILE.clone()
}

/// A file beside this library.
fn beside(name: &str) -> PathBuf {
    // SAFETY: all zeroes are valid for `Dl_info`, and `dladdr` fills it in for an address of this library; its name is a text that
    // the loader keeps for as long as the library is loaded.
    let path = unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        assert!(libc::dladdr(beside as *const libc::c_void, &raw mut info) != 0, "the loader knows this library");
        PathBuf::from(OsStr::from_bytes(CStr::from_ptr(info.dli_fname).to_bytes()))
    };
    path.with_file_name(name)
}

/// Counts how often the library was opened, and by how many it is open now, in the file `opened` beside it.
pub fn count(opened: i64) {
    static COUNTING: Mutex<()> = Mutex::new(());
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = beside("opened");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut numbers = text.split(' ').map(|number| number.trim().parse::<i64>().unwrap_or(0));
    let (times, now) = (numbers.next().unwrap_or(0) + opened.max(0), numbers.next().unwrap_or(0) + opened);
    let new = path.with_extension("new");
    // Beside a build there may be no place to write to: then nobody counts.
    let _ = std::fs::write(&new, format!("{times} {now}")).and_then(|()| std::fs::rename(&new, &path));
}
