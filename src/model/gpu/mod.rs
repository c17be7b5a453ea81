//! GPUs of this host: what their drivers say of each, without a judgement ([`health`] judges). A figure that is `None` is not known;
//! [`Gpu::unsupported`] names those that this GPU or driver does not have.

pub mod health;
pub mod owner;
pub mod xid;

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// GPUs, by the name of the source that reads them: `gpu/nvml`, `gpu/sysfs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gpus(BTreeMap<CompactString, GpuNews>);

impl Gpus {
    /// Takes what a source says; it replaces what that source said before.
    pub fn apply(&mut self, news: GpuNews) {
        self.0.insert(news.source.clone(), news);
    }

    /// Forgets a source that is off.
    pub fn forget(&mut self, source: &str) {
        self.0.remove(source);
    }

    /// Every GPU, in the order of the sources and of the GPUs' numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Gpu> + Clone {
        self.0.values().flat_map(|news| &news.gpus)
    }

    /// The GPU with this identity.
    pub fn get(&self, id: &str) -> Option<&Gpu> {
        self.iter().find(|gpu| gpu.id == id)
    }

    /// What each source says.
    pub fn news(&self) -> impl Iterator<Item = &GpuNews> {
        self.0.values()
    }

    /// Whether no source has said anything yet.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a source says of the GPUs that it reads.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GpuNews {
    /// Name of the source.
    pub source: CompactString,
    pub driver: Driver,
    /// By their numbers.
    pub gpus: Vec<Gpu>,
    /// How pairs of GPUs are connected; each pair once.
    pub links: Vec<PairLink>,
}

/// Versions of what drives the GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Driver {
    /// Kernel module or driver: `nvidia`, `amdgpu`, `xe`.
    pub name: CompactString,
    pub version: Option<CompactString>,
    /// Highest CUDA version that the driver supports: `12.4`.
    pub cuda: Option<CompactString>,
    /// Version of the library that is asked.
    pub library: Option<CompactString>,
}

/// Who makes a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    #[default]
    Nvidia,
    Amd,
    Intel,
}

/// Whether a GPU answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GpuState {
    #[default]
    Ready,
    /// No answer within its deadline; it is not asked again until the call that hangs returns.
    Silent,
    /// Fell off the bus, or is otherwise out of reach.
    Lost,
    /// Cannot be used before it is reset.
    ResetRequired,
    /// Whoever runs the cockpit may not ask it.
    Denied,
    /// It answers with an error; see [`Gpu::problem`].
    Failed,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Gpu {
    /// Identity: the UUID, or else the PCI address.
    pub id: CompactString,
    /// Number, as the driver's tools print it.
    pub index: u32,
    pub vendor: Vendor,
    /// Product: `NVIDIA H100 80GB HBM3`.
    pub name: CompactString,
    pub uuid: Option<CompactString>,
    pub serial: Option<CompactString>,
    /// `0000:1b:00.0`.
    pub pci_address: Option<CompactString>,
    /// NUMA node that it is attached to.
    pub numa_node: Option<u32>,
    pub state: GpuState,
    /// Since when it is in that state, where that is not [`GpuState::Ready`].
    pub state_since: Option<Timestamp>,
    /// What went wrong, in the driver's words.
    pub problem: Option<CompactString>,
    /// Share of the last sample period in which at least one kernel ran.
    pub utilization_ratio: Option<f64>,
    /// Share of the last sample period in which its memory was read or written.
    pub memory_busy_ratio: Option<f64>,
    pub encoder_ratio: Option<f64>,
    pub decoder_ratio: Option<f64>,
    pub memory: GpuMemory,
    pub temperature: Temperatures,
    pub power: Power,
    pub clocks: Clocks,
    /// Why its clocks are lower than they could be, while they are.
    pub throttle: Vec<Throttle>,
    /// Of full speed.
    pub fan_ratio: Option<f64>,
    pub pcie: Pcie,
    /// Those that the GPU has, by their numbers.
    pub nvlinks: Vec<NvLink>,
    pub ecc: Ecc,
    pub remapped: Option<Remapped>,
    /// Whether pages wait to be retired at the next reset (GPUs before Ampere).
    pub pages_pending: Option<bool>,
    /// What the driver says has to be done with it.
    pub recovery: Option<Recovery>,
    /// Whether the driver stays loaded while nobody uses the GPU.
    pub persistence: Option<bool>,
    /// `default`, `exclusive process`, `prohibited`.
    pub compute_mode: Option<CompactString>,
    /// Whether it is divided into MIG devices, now and after the next reset.
    pub mig: Option<Mig>,
    pub mig_devices: Vec<MigDevice>,
    /// `None` where they could not be read.
    pub processes: Option<Vec<GpuProcess>>,
    /// Errors that the driver reported, the newest first.
    pub xids: Vec<Xid>,
    /// Words of the figures that this GPU or its driver does not have: `fan`, `nvlink`, `ecc`.
    pub unsupported: Vec<CompactString>,
    /// Words of the figures that whoever runs the cockpit may not read.
    pub denied: Vec<CompactString>,
    /// When its figures were read.
    pub read_at: Option<Timestamp>,
}

impl Gpu {
    /// Whether it does not have a figure.
    pub fn lacks(&self, word: &str) -> bool {
        self.unsupported.iter().any(|lacking| lacking == word)
    }
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GpuMemory {
    pub total_bytes: Option<u64>,
    /// Allocated by processes, without what is reserved.
    pub used_bytes: Option<u64>,
    /// Kept by the driver and the firmware for themselves.
    pub reserved_bytes: Option<u64>,
    pub free_bytes: Option<u64>,
}

/// Temperatures in degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Temperatures {
    pub gpu_celsius: Option<f64>,
    /// Of its memory (HBM).
    pub memory_celsius: Option<f64>,
    /// From here on it slows itself down.
    pub slowdown_celsius: Option<f64>,
    /// From here on it switches itself off.
    pub shutdown_celsius: Option<f64>,
}

/// Power in watts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Power {
    pub watts: Option<f64>,
    /// The limit that is in force, whoever set it.
    pub limit_watts: Option<f64>,
    /// Limit that it was made with.
    pub default_limit_watts: Option<f64>,
}

/// Clocks in hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clocks {
    pub sm_hertz: Option<u64>,
    pub sm_max_hertz: Option<u64>,
    pub memory_hertz: Option<u64>,
    pub memory_max_hertz: Option<u64>,
}

macro_rules! throttles {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $bad:literal;)*) => {
        /// Why clocks are lower than they could be (`nvmlClocksEventReasons`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Throttle { $($(#[$doc])* $name,)* }

        impl Throttle {
            /// In words.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Whether it is a sign of trouble, not of settings or rest.
            pub const fn is_bad(self) -> bool {
                match self { $(Self::$name => $bad,)* }
            }
        }
    };
}

throttles! {
    Idle = "idle", false;
    /// Clocks that an administrator set.
    ApplicationClocks = "clocks set by an administrator", false;
    /// Held at the power limit by software: usual under full load.
    PowerCap = "power limit", false;
    /// The hardware halves the clocks: too hot, or power brake.
    HardwareSlowdown = "hardware slowdown", true;
    /// Kept in step with another GPU.
    SyncBoost = "in step with another GPU", false;
    SoftwareThermal = "too hot (software limit)", true;
    HardwareThermal = "too hot (hardware limit)", true;
    /// The power supply asked for less.
    PowerBrake = "power brake by the power supply", true;
    DisplayClocks = "display clocks", false;
    /// A reason that is not known here.
    Other = "another reason", false;
}

/// The PCIe link.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pcie {
    pub generation: Option<u32>,
    /// Of GPU and slot together.
    pub max_generation: Option<u32>,
    pub width: Option<u32>,
    pub max_width: Option<u32>,
    /// Packets that had to be sent again since the driver was loaded.
    pub replays: Option<u64>,
    /// Those of the last ten minutes, as far as they were watched.
    pub replays_recent: Option<u64>,
    /// Read only while somebody looks: the call takes 20 ms.
    pub received_bytes_per_second: Option<f64>,
    pub sent_bytes_per_second: Option<f64>,
}

/// An NVLink and the errors it counted since the driver was loaded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NvLink {
    pub link: u32,
    /// `None` where nobody could tell.
    pub is_active: Option<bool>,
    pub version: Option<u32>,
    /// PCI address of what is at its other end.
    pub remote: Option<CompactString>,
    pub crc_errors: Option<u64>,
    pub replay_errors: Option<u64>,
    pub recovery_errors: Option<u64>,
}

/// Memory errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecc {
    pub enabled: Option<bool>,
    /// Since the driver was loaded.
    pub volatile: EccCounts,
    /// Over its life.
    pub aggregate: EccCounts,
}

/// Errors by whether they could be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EccCounts {
    pub corrected: Option<u64>,
    /// Double-bit errors.
    pub uncorrected: Option<u64>,
}

/// Rows of memory that were replaced by spare ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remapped {
    pub correctable: Option<u64>,
    pub uncorrectable: Option<u64>,
    /// Whether one waits for the next reset.
    pub pending: Option<bool>,
    /// Whether one failed.
    pub failed: Option<bool>,
}

/// What the driver says has to be done (`NVML_FI_DEV_GET_GPU_RECOVERY_ACTION`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recovery {
    None,
    Reset,
    Reboot,
    /// End the traffic with other GPUs.
    DrainP2p,
    /// End all work, then reset.
    DrainAndReset,
    /// An action that is not known here.
    Other,
}

impl Recovery {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reset => "reset",
            Self::Reboot => "reboot",
            Self::DrainP2p => "drain-p2p",
            Self::DrainAndReset => "drain-and-reset",
            Self::Other => "other",
        }
    }
}

/// Whether a GPU is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mig {
    pub enabled: bool,
    /// After the next reset.
    pub pending: bool,
}

/// A part of a GPU that is used as one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MigDevice {
    /// Number within its GPU.
    pub index: u32,
    pub uuid: Option<CompactString>,
    /// As the driver names it: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`.
    pub name: CompactString,
    /// Numbers of the instances that it is made of: processes name them.
    pub gpu_instance: Option<u32>,
    pub compute_instance: Option<u32>,
    pub memory: GpuMemory,
    /// Multiprocessors.
    pub multiprocessors: Option<u32>,
}

impl MigDevice {
    /// Whether a process of its GPU runs on it.
    pub fn runs(&self, process: &GpuProcess) -> bool {
        let own = (self.gpu_instance, self.compute_instance);
        process.gpu_instance.is_some() && (process.gpu_instance, process.compute_instance) == own
    }
}

/// What a process does on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GpuUse {
    #[default]
    Compute,
    Graphics,
    /// Through CUDA's multi-process service.
    Mps,
}

/// A process on a GPU.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GpuProcess {
    /// As the driver counts: of the host, also where the cockpit runs in a container.
    pub pid: i32,
    pub kind: GpuUse,
    pub memory_bytes: Option<u64>,
    /// Of the multiprocessors, over the last sample period.
    pub utilization_ratio: Option<f64>,
    /// The MIG device that it runs on.
    pub gpu_instance: Option<u32>,
    pub compute_instance: Option<u32>,
}

/// An error that the driver reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Xid {
    pub at: Timestamp,
    pub code: u32,
    /// The process that it names.
    pub pid: Option<i32>,
    /// The kernel log's words, where it came from there.
    pub text: CompactString,
}

/// How two GPUs are connected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PairLink {
    /// Identities of the GPUs.
    pub a: CompactString,
    pub b: CompactString,
    pub path: PairPath,
    /// NVLinks between them, directly or through the same switches.
    pub nvlinks: u32,
}

/// What lies between two GPUs on the PCIe side, from near to far; the words are those of `nvidia-smi topo -m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairPath {
    /// On one board.
    Board,
    /// One PCIe switch (PIX).
    Switch,
    /// Several PCIe switches (PXB).
    Switches,
    /// The host bridge (PHB).
    HostBridge,
    /// The same NUMA node (NODE).
    Node,
    /// Between NUMA nodes (SYS).
    System,
    #[default]
    Unknown,
}

impl PairPath {
    /// As `nvidia-smi topo -m` prints it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Board => "PSB",
            Self::Switch => "PIX",
            Self::Switches => "PXB",
            Self::HostBridge => "PHB",
            Self::Node => "NODE",
            Self::System => "SYS",
            Self::Unknown => "?",
        }
    }
}
