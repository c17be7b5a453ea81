//! One reading of one GPU: everything that moves, on top of what does not.

use super::{
    ask::{Ask, Fault},
    facts::{self, MEGA, watts},
    links, mig, processes,
};
use crate::{
    model::{
        Timestamp,
        gpu::{Ecc, EccCounts, Gpu, GpuMemory, MigDevice, NvLink, Recovery, Remapped, Throttle},
    },
    source::host::read::Root,
};
use nvml_wrapper::{
    Device,
    bitmasks::device::ThrottleReasons,
    enum_wrappers::device::{Clock, ComputeMode, EccCounter, MemoryError, PcieUtilCounter, TemperatureSensor},
    enums::device::SampleValue,
    error::{Bits, NvmlError},
    struct_wrappers::device::MemoryInfo,
    structs::device::FieldId,
    sys_exports::field_id::{
        NVML_FI_DEV_GET_GPU_RECOVERY_ACTION, NVML_FI_DEV_MEMORY_TEMP, NVML_FI_DEV_REMAPPED_COR,
        NVML_FI_DEV_REMAPPED_FAILURE, NVML_FI_DEV_REMAPPED_PENDING, NVML_FI_DEV_REMAPPED_UNC,
    },
};

/// Links take dozens of calls, and seldom change: they are asked this often, in seconds.
const LINKS_EVERY: i64 = 10;

/// What is asked of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub at: Timestamp,
    /// Whether what the PCIe link carries is wanted: 20 ms in each direction.
    pub traffic: bool,
}

/// Reads one GPU again and again.
#[derive(Debug)]
pub struct Reader {
    index: u32,
    root: Root,
    facts: Option<Gpu>,
    links: Vec<NvLink>,
    links_at: Option<Timestamp>,
    mig_devices: Vec<MigDevice>,
    /// The driver's time of the newest sample of processes.
    seen: u64,
}

impl Reader {
    /// One that has read nothing yet.
    pub const fn new(index: u32, root: Root) -> Self {
        Self { index, root, facts: None, links: Vec::new(), links_at: None, mig_devices: Vec::new(), seen: 0 }
    }

    /// Reads everything.
    ///
    /// # Errors
    /// The GPU as a whole does not answer.
    pub fn read(&mut self, device: &Device<'_>, question: Question) -> Result<Gpu, Fault> {
        if self.facts.is_none() {
            self.facts = Some(facts::read(device, self.index, &self.root)?);
        }
        let mut gpu = self.facts.clone().unwrap_or_default();
        let mut ask = Ask::new(device);
        load(&mut ask, &mut gpu);
        limits(&mut ask, &mut gpu);
        memory_health(&mut ask, &mut gpu);
        modes(&mut ask, &mut gpu);
        self.parts(&mut ask, &mut gpu);
        self.read_links(&mut ask, &mut gpu, question.at);
        if question.traffic {
            traffic(&mut ask, &mut gpu);
        }
        ask.end(&mut gpu)?;
        gpu.read_at = Some(question.at);
        Ok(gpu)
    }

    fn parts(&mut self, ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
        gpu.mig = mig::mode(ask);
        let parts = if gpu.mig.is_some_and(|mig| mig.enabled) { mig::parts(ask) } else { Vec::new() };
        self.mig_devices = mig::read(&parts, &self.mig_devices);
        gpu.mig_devices.clone_from(&self.mig_devices);
        gpu.processes = processes::read(ask, &parts, &mut self.seen);
    }

    fn read_links(&mut self, ask: &mut Ask<'_, '_>, gpu: &mut Gpu, at: Timestamp) {
        let due = self.links_at.is_none_or(|last| at.duration_since(last).as_secs().abs() >= LINKS_EVERY);
        if due {
            self.links = links::read(ask, &self.links);
            self.links_at = Some(at);
        }
        if self.links.is_empty() {
            ask.lacks("nvlink");
        }
        gpu.nvlinks.clone_from(&self.links);
    }
}

fn ratio(percent: u32) -> f64 {
    f64::from(percent.min(100)) / 100.0
}

/// How busy, how full, how hot.
fn load(ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
    if let Some(used) = ask.ask("utilization", Device::utilization_rates) {
        gpu.utilization_ratio = Some(ratio(used.gpu));
        gpu.memory_busy_ratio = Some(ratio(used.memory));
    }
    gpu.encoder_ratio = ask.ask("encoder", Device::encoder_utilization).map(|info| ratio(info.utilization));
    gpu.decoder_ratio = ask.ask("decoder", Device::decoder_utilization).map(|info| ratio(info.utilization));
    gpu.memory = ask.ask("memory", Device::memory_info).map(|info| memory(&info)).unwrap_or_default();
    let celsius = ask.ask("temperature", |device| device.temperature(TemperatureSensor::Gpu));
    gpu.temperature.gpu_celsius = celsius.map(f64::from);
    gpu.power.watts = ask.ask("power", Device::power_usage).map(watts);
    gpu.power.limit_watts = ask.ask("power-limit", Device::enforced_power_limit).map(watts);
    gpu.fan_ratio = ask.ask("fan", |device| device.fan_speed(0)).map(ratio);
}

/// Memory as the library tells it: what is reserved is not used.
pub fn memory(info: &MemoryInfo) -> GpuMemory {
    GpuMemory {
        total_bytes: Some(info.total),
        used_bytes: Some(info.used),
        reserved_bytes: Some(info.reserved),
        free_bytes: Some(info.free),
    }
}

/// Clocks and what holds them down, and the link to the host.
fn limits(ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
    let hertz = |mega: u32| u64::from(mega) * MEGA;
    gpu.clocks.sm_hertz = ask.ask("clocks", |device| device.clock_info(Clock::SM)).map(hertz);
    gpu.clocks.memory_hertz = ask.ask("clocks", |device| device.clock_info(Clock::Memory)).map(hertz);
    let reasons = ask.ask("throttle", |device| match device.current_throttle_reasons_strict() {
        Ok(reasons) => Ok(reasons.bits()),
        // Reasons that the wrapper does not know yet.
        Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Ok(bits),
        Err(error) => Err(error),
    });
    gpu.throttle = throttles(reasons.unwrap_or(0));
    gpu.pcie.generation = ask.ask("pcie", Device::current_pcie_link_gen);
    gpu.pcie.width = ask.ask("pcie", Device::current_pcie_link_width);
    gpu.pcie.replays = ask.ask("replays", Device::pcie_replay_counter).map(u64::from);
}

fn throttles(reasons: u64) -> Vec<Throttle> {
    const KNOWN: &[(ThrottleReasons, Throttle)] = &[
        (ThrottleReasons::GPU_IDLE, Throttle::Idle),
        (ThrottleReasons::APPLICATIONS_CLOCKS_SETTING, Throttle::ApplicationClocks),
        (ThrottleReasons::SW_POWER_CAP, Throttle::PowerCap),
        (ThrottleReasons::HW_SLOWDOWN, Throttle::HardwareSlowdown),
        (ThrottleReasons::SYNC_BOOST, Throttle::SyncBoost),
        (ThrottleReasons::SW_THERMAL_SLOWDOWN, Throttle::SoftwareThermal),
        (ThrottleReasons::HW_THERMAL_SLOWDOWN, Throttle::HardwareThermal),
        (ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN, Throttle::PowerBrake),
        (ThrottleReasons::DISPLAY_CLOCK_SETTING, Throttle::DisplayClocks),
    ];
    let holds = |(reason, throttle): &(ThrottleReasons, Throttle)| (reasons & reason.bits() != 0).then_some(*throttle);
    let mut found: Vec<_> = KNOWN.iter().filter_map(holds).collect();
    if reasons & !ThrottleReasons::all().bits() != 0 {
        found.push(Throttle::Other);
    }
    found
}

/// Memory errors and what was done about them; the figures that are read by their numbers.
fn memory_health(ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
    const FIELDS: [u32; 6] = [
        NVML_FI_DEV_MEMORY_TEMP,
        NVML_FI_DEV_GET_GPU_RECOVERY_ACTION,
        NVML_FI_DEV_REMAPPED_COR,
        NVML_FI_DEV_REMAPPED_UNC,
        NVML_FI_DEV_REMAPPED_PENDING,
        NVML_FI_DEV_REMAPPED_FAILURE,
    ];
    const WORDS: [&str; 6] = ["memory-temperature", "recovery", "remapped", "remapped", "remapped", "remapped"];
    let ids = FIELDS.map(FieldId);
    let answers = ask.ask("fields", |device| device.field_values_for(&ids)).unwrap_or_default();
    let mut values = [None; 6];
    for ((value, word), answer) in values.iter_mut().zip(WORDS).zip(answers) {
        *value = ask.take(word, answer.and_then(|sample| sample.value)).and_then(|sample| whole(&sample));
    }
    let [temperature, recovery, correctable, uncorrectable, pending, failed] = values;
    gpu.temperature.memory_celsius = temperature.map(|degrees| degrees as f64);
    gpu.recovery = recovery.map(recovery_of);
    if correctable.or(uncorrectable).or(pending).or(failed).is_some() {
        let [pending, failed] = [pending, failed].map(|count| count.map(|count| count > 0));
        gpu.remapped = Some(Remapped { correctable, uncorrectable, pending, failed });
    } else {
        gpu.pages_pending = ask.ask("pages", Device::are_pages_pending_retired);
    }
    gpu.ecc = ecc(ask);
}

fn ecc(ask: &mut Ask<'_, '_>) -> Ecc {
    let enabled = ask.ask("ecc", Device::is_ecc_enabled).map(|mode| mode.currently_enabled);
    if enabled != Some(true) {
        return Ecc { enabled, ..Ecc::default() };
    }
    let mut counts = |counter: EccCounter| {
        let mut count = |error: MemoryError| ask.ask("ecc", |device| device.total_ecc_errors(error, counter));
        EccCounts { corrected: count(MemoryError::Corrected), uncorrected: count(MemoryError::Uncorrected) }
    };
    Ecc { enabled, volatile: counts(EccCounter::Volatile), aggregate: counts(EccCounter::Aggregate) }
}

fn whole(value: &SampleValue) -> Option<u64> {
    match *value {
        SampleValue::U32(value) => Some(value.into()),
        SampleValue::U64(value) => Some(value),
        SampleValue::I64(value) => value.try_into().ok(),
        SampleValue::F64(value) => Some(value as u64).filter(|_| value.is_finite() && value >= 0.0),
    }
}

/// The driver's number in `nvmlDeviceGpuRecoveryAction_t`.
const fn recovery_of(action: u64) -> Recovery {
    match action {
        0 => Recovery::None,
        1 => Recovery::Reset,
        2 => Recovery::Reboot,
        3 => Recovery::DrainP2p,
        4 => Recovery::DrainAndReset,
        _ => Recovery::Other,
    }
}

fn modes(ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
    gpu.persistence = ask.ask("persistence", Device::is_in_persistent_mode);
    let mode = ask.ask("compute-mode", Device::compute_mode);
    gpu.compute_mode = mode.map(|mode| match mode {
        ComputeMode::Default => "default".into(),
        ComputeMode::Prohibited => "prohibited".into(),
        ComputeMode::ExclusiveThread => "exclusive thread".into(),
        ComputeMode::ExclusiveProcess => "exclusive process".into(),
    });
}

/// What the PCIe link carries. Comes last: each direction takes 20 ms.
fn traffic(ask: &mut Ask<'_, '_>, gpu: &mut Gpu) {
    let mut carried = |direction: PcieUtilCounter| {
        let kilobytes = ask.ask("traffic", |device| device.pcie_throughput(direction))?;
        Some(f64::from(kilobytes) * 1e3)
    };
    gpu.pcie.received_bytes_per_second = carried(PcieUtilCounter::Receive);
    gpu.pcie.sent_bytes_per_second = carried(PcieUtilCounter::Send);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_become_words_and_new_ones_are_told() {
        assert_eq!(throttles(0), []);
        assert_eq!(throttles(0x44), [Throttle::PowerCap, Throttle::HardwareThermal]);
        assert_eq!(throttles(0x1_0001), [Throttle::Idle, Throttle::Other]);
    }

    #[test]
    fn numbers_of_any_form_are_read() {
        assert_eq!(whole(&SampleValue::I64(-1)), None);
        assert_eq!(whole(&SampleValue::F64(41.7)), Some(41));
        assert_eq!(whole(&SampleValue::F64(f64::NAN)), None);
        assert_eq!(recovery_of(4), Recovery::DrainAndReset);
        assert_eq!(recovery_of(9), Recovery::Other);
    }
}
