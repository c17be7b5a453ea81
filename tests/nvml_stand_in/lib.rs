//! Stands in for NVIDIA's management library (`libnvidia-ml.so.1`), which needs hardware that cannot be had here: broken GPUs, eight of
//! them, sixteen of them, and those that hang. It exports what the source of `src/source/gpu/nvml` calls, by the real names and with the
//! real structures (those of nvml-wrapper-sys, made from NVIDIA's header), and says what its scenario says (see `scenario.rs`).
//! What it cannot tell is whether a real driver answers so: that is only seen on a machine with a GPU.

#![allow(unsafe_code, non_snake_case, reason = "a library with the interface of a C library")]
#![allow(clippy::missing_safety_doc, reason = "the contracts are those of NVIDIA's header")]

mod events;
mod lists;
mod scenario;

use nvml_wrapper_sys::bindings::{
    nvmlDevice_t, nvmlFieldValue_t, nvmlMemory_v2_t, nvmlPciInfo_t, nvmlReturn_t, nvmlUtilization_t, nvmlValue_t,
};
use scenario::{Gpu, Part, code, count, current};
use std::{
    ffi::{c_char, c_int, c_uint, c_ulonglong},
    time::{Duration, Instant},
};

pub(crate) const SUCCESS: nvmlReturn_t = 0;
pub(crate) const INVALID_ARGUMENT: nvmlReturn_t = 2;
pub(crate) const NOT_SUPPORTED: nvmlReturn_t = 3;
const NOT_FOUND: nvmlReturn_t = 6;
pub(crate) const INSUFFICIENT_SIZE: nvmlReturn_t = 7;
const MIB: u64 = 1 << 20;

/// Handles are numbers: of the GPU from one on, and above them of the MIG device.
pub(crate) fn handle(gpu: u32, part: Option<u32>) -> nvmlDevice_t {
    (gpu as usize + 1 + (part.map_or(0, |part| part as usize + 1) << 8)) as nvmlDevice_t
}

/// What a call is about.
pub(crate) struct Asked<'s> {
    pub index: u32,
    pub gpu: &'s Gpu,
    pub part: Option<&'s Part>,
    part_index: u32,
}

/// Answers a call on a GPU: as it hangs, as it fails, or as it is.
pub(crate) fn on(device: nvmlDevice_t, call: &str, answer: impl FnOnce(&Asked<'_>) -> nvmlReturn_t) -> nvmlReturn_t {
    let number = device as usize;
    let (Some(index), part) = ((number & 0xff).checked_sub(1), number >> 8) else { return INVALID_ARGUMENT };
    hang(index, call);
    let scenario = current();
    let Some(gpu) = scenario.gpus.get(index) else { return INVALID_ARGUMENT };
    let part_index = part.wrapping_sub(1) as u32;
    let part = gpu.mig.as_ref().and_then(|parts| parts.get(part.checked_sub(1)?));
    let of_whole = if part.is_none() { &gpu.returns_as_a_whole } else { &gpu.returns };
    if let Some(word) = of_whole.get(call).or_else(|| gpu.returns.get(call)).or_else(|| gpu.returns.get("*")) {
        return code(word);
    }
    answer(&Asked { index: index as u32, gpu, part, part_index })
}

/// Hangs for as long as the scenario says.
#[allow(clippy::disallowed_methods, reason = "a library of its own, which is told no time")]
fn hang(index: usize, call: &str) {
    let start = Instant::now();
    loop {
        let scenario = current();
        let hangs = scenario.gpus.get(index).and_then(|gpu| gpu.hangs.get(call).or_else(|| gpu.hangs.get("*")));
        match hangs {
            Some(milliseconds) if start.elapsed() < Duration::from_millis(*milliseconds) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => return,
        }
    }
}

/// Writes where the caller wants it.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) -> nvmlReturn_t {
    if to.is_null() {
        return INVALID_ARGUMENT;
    }
    // SAFETY: NVML's contract: the caller's pointer is that of a value of this type.
    unsafe { to.write(value) };
    SUCCESS
}

unsafe fn put_text(to: *mut c_char, length: c_uint, text: &str) -> nvmlReturn_t {
    if text.len() >= length as usize {
        return INSUFFICIENT_SIZE;
    }
    // SAFETY: NVML's contract: there is room for `length` characters, and the text with its zero is not longer.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        to.add(text.len()).write(0);
    }
    SUCCESS
}

/// Calls on a GPU that write one value; `None` is not supported.
macro_rules! values {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $type:ty = $answer:expr;)*) => { $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, $($argument: $kind,)* to: *mut $type) -> nvmlReturn_t {
            on(device, stringify!($name), |asked| {
                let answer: fn(&Asked<'_>, $($kind),*) -> Option<$type> = $answer;
                // SAFETY: the caller's contract.
                answer(asked, $($argument),*).map_or(NOT_SUPPORTED, |value| unsafe { put(to, value) })
            })
        }
    )* };
}

values! {
    nvmlDeviceGetTemperatureThreshold(kind: c_uint) -> c_uint = |_, kind| Some([92, 87][kind.min(1) as usize]);
    nvmlDeviceGetPowerManagementDefaultLimit() -> c_uint = |_| Some(700_000);
    nvmlDeviceGetMaxClockInfo(clock: c_uint) -> c_uint = |_, clock| Some(if clock == 2 { 2619 } else { 1980 });
    nvmlDeviceGetMaxPcieLinkGeneration() -> c_uint = |_| Some(5);
    nvmlDeviceGetMaxPcieLinkWidth() -> c_uint = |_| Some(16);
    nvmlDeviceGetUtilizationRates() -> nvmlUtilization_t = |asked| {
        // Under MIG there are none, as with the real one.
        asked.gpu.mig.is_none().then_some(nvmlUtilization_t { gpu: asked.gpu.utilization, memory: asked.gpu.memory_busy })
    };
    nvmlDeviceGetTemperature(sensor: c_uint) -> c_uint = |asked, _| Some(asked.gpu.temperature);
    nvmlDeviceGetPowerUsage() -> c_uint = |asked| Some(asked.gpu.milliwatts);
    nvmlDeviceGetEnforcedPowerLimit() -> c_uint = |asked| Some(asked.gpu.limit_milliwatts);
    nvmlDeviceGetFanSpeed_v2(fan: c_uint) -> c_uint = |asked, _| asked.gpu.fan;
    nvmlDeviceGetClockInfo(clock: c_uint) -> c_uint = |asked, clock| Some(if clock == 2 { asked.gpu.memory_mhz } else { asked.gpu.sm_mhz });
    nvmlDeviceGetCurrentClocksThrottleReasons() -> c_ulonglong = |asked| Some(asked.gpu.throttle);
    nvmlDeviceGetCurrPcieLinkGeneration() -> c_uint = |asked| Some(asked.gpu.pcie_generation);
    nvmlDeviceGetCurrPcieLinkWidth() -> c_uint = |asked| Some(asked.gpu.pcie_width);
    nvmlDeviceGetPcieReplayCounter() -> c_uint = |asked| Some(asked.gpu.replays);
    nvmlDeviceGetPcieThroughput(counter: c_uint) -> c_uint = |asked, counter| Some(asked.gpu.traffic[usize::from(counter == 0)]);
    nvmlDeviceGetRetiredPagesPendingStatus() -> c_uint = |asked| asked.gpu.remapped.is_none().then_some(0);
    nvmlDeviceGetTotalEccErrors(error: c_uint, counter: c_uint) -> c_ulonglong = |asked, error, counter| {
        asked.gpu.ecc.map(|counts| counts[(counter * 2 + error) as usize & 3])
    };
    nvmlDeviceGetPersistenceMode() -> c_uint = |asked| Some(asked.gpu.persistence.into());
    nvmlDeviceGetComputeMode() -> c_uint = |_| Some(0);
    nvmlDeviceGetMaxMigDeviceCount() -> c_uint = |_| Some(7);
    nvmlDeviceGetGpuInstanceId() -> c_uint = |asked| Some(asked.part?.gpu_instance);
    nvmlDeviceGetComputeInstanceId() -> c_uint = |asked| Some(asked.part?.compute_instance);
    nvmlDeviceGetNvLinkState(link: c_uint) -> c_uint = |asked, link| {
        (link < asked.gpu.nvlinks).then(|| (!asked.gpu.nvlinks_down.contains(&link)).into())
    };
    nvmlDeviceGetNvLinkVersion(link: c_uint) -> c_uint = |_, _| Some(4);
    nvmlDeviceGetNvLinkErrorCounter(link: c_uint, counter: c_uint) -> c_ulonglong = |asked, link, counter| {
        // Only the first link has errors.
        Some(if link == 0 { asked.gpu.nvlink_errors.get(counter as usize).copied().unwrap_or(0) } else { 0 })
    };
    // Every link leads to one of four switches.
    nvmlDeviceGetNvLinkRemotePciInfo_v2(link: c_uint) -> nvmlPciInfo_t = |_, link| Some(pci(0, 0xc0 + link % 4));
    nvmlDeviceGetPciInfo_v3() -> nvmlPciInfo_t = |asked| Some(pci(0, 0x1b + asked.index * 0x10 % 0xe0));
    nvmlDeviceGetMigDeviceHandleByIndex(index: c_uint) -> nvmlDevice_t = |asked, index| {
        let parts = asked.gpu.mig.as_ref()?;
        ((index as usize) < parts.len()).then(|| handle(asked.index, Some(index)))
    };
}

fn pci(domain: u32, bus: u32) -> nvmlPciInfo_t {
    let mut bus_id = [0; 32];
    let text = format!("{domain:08X}:{bus:02X}:00.0");
    bus_id.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte as c_char);
    let (device, id) = (0, 0x2330_10de);
    nvmlPciInfo_t { busIdLegacy: [0; 16], domain, bus, device, pciDeviceId: id, pciSubSystemId: 0, busId: bus_id }
}

/// Calls on a GPU that write a text.
macro_rules! texts {
    ($($name:ident = $answer:expr;)*) => { $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, to: *mut c_char, length: c_uint) -> nvmlReturn_t {
            on(device, stringify!($name), |asked| {
                let answer: fn(&Asked<'_>) -> String = $answer;
                // SAFETY: the caller's contract.
                unsafe { put_text(to, length, &answer(asked)) }
            })
        }
    )* };
}

texts! {
    nvmlDeviceGetUUID = |asked| match asked.part {
        Some(_) => format!("MIG-00000000-0000-0000-{:04}-{:012}", asked.part_index, asked.index),
        None => format!("GPU-00000000-0000-0000-0000-{:012}", asked.index),
    };
    nvmlDeviceGetName = |asked| match asked.part {
        Some(part) => format!("{} MIG {}", asked.gpu.name, part.profile),
        None => asked.gpu.name.clone(),
    };
    nvmlDeviceGetSerial = |asked| format!("165392300{:04}", asked.index);
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> nvmlReturn_t {
    let answer = current().init;
    if answer == SUCCESS {
        count(1);
    }
    answer
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> nvmlReturn_t {
    count(-1);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    unsafe { put_text(to, length, &current().driver) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetNVMLVersion(to: *mut c_char, length: c_uint) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    unsafe { put_text(to, length, &format!("12.{}", current().driver)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(to: *mut c_int) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    unsafe { put(to, current().cuda) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    unsafe { put(to, current().gpus.len() as c_uint) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, to: *mut nvmlDevice_t) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    on(handle(index, None), "nvmlDeviceGetHandleByIndex_v2", |_| unsafe { put(to, handle(index, None)) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTopologyCommonAncestor(
    one: nvmlDevice_t,
    other: nvmlDevice_t,
    to: *mut c_uint,
) -> nvmlReturn_t {
    on(one, "nvmlDeviceGetTopologyCommonAncestor", |asked| {
        let same = asked.index / 4 == (other as u32 - 1) / 4;
        // SAFETY: the caller's contract.
        unsafe { put(to, current().topology[usize::from(!same)]) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: nvmlDevice_t, to: *mut nvmlMemory_v2_t) -> nvmlReturn_t {
    on(device, "nvmlDeviceGetMemoryInfo_v2", |asked| {
        let (total, used, reserved) = match asked.part {
            Some(part) => (part.total_mib, part.used_mib, 0),
            None => (asked.gpu.total_mib, asked.gpu.used_mib, asked.gpu.reserved_mib),
        };
        let free = total - used - reserved;
        let (total, reserved, free, used) = (total * MIB, reserved * MIB, free * MIB, used * MIB);
        // SAFETY: the caller's contract.
        unsafe { put(to, nvmlMemory_v2_t { version: (*to).version, total, reserved, free, used }) }
    })
}

/// Calls that write two values.
macro_rules! pairs {
    ($($name:ident = $answer:expr;)*) => { $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, one: *mut c_uint, other: *mut c_uint) -> nvmlReturn_t {
            on(device, stringify!($name), |asked| {
                let answer: fn(&Asked<'_>) -> Option<(c_uint, c_uint)> = $answer;
                let Some((first, second)) = answer(asked) else { return NOT_SUPPORTED };
                // SAFETY: the caller's contract.
                unsafe { put(one, first).max(put(other, second)) }
            })
        }
    )* };
}

pairs! {
    nvmlDeviceGetEncoderUtilization = |_| Some((0, 167_000));
    nvmlDeviceGetDecoderUtilization = |_| Some((0, 167_000));
    nvmlDeviceGetEccMode = |asked| asked.gpu.ecc.map(|_| (1, 1));
    nvmlDeviceGetMigMode = |asked| Some((asked.gpu.mig.is_some().into(), asked.gpu.mig.is_some().into()));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetFieldValues(
    device: nvmlDevice_t,
    count: c_int,
    values: *mut nvmlFieldValue_t,
) -> nvmlReturn_t {
    on(device, "nvmlDeviceGetFieldValues", |asked| {
        for at in 0..count as usize {
            // SAFETY: the caller's contract: there are `count` of them.
            let value = unsafe { &mut *values.add(at) };
            let remapped = |at: usize| asked.gpu.remapped.map(|counts| counts[at] as c_uint);
            let answer = match value.fieldId {
                82 => Some(asked.gpu.memory_temperature),
                field @ 142..=145 => remapped(field as usize - 142),
                230 => Some(asked.gpu.recovery),
                _ => None,
            };
            // As fields of their own, so that a scenario can take one away.
            let word = asked.gpu.returns.get(&format!("field-{}", value.fieldId));
            value.nvmlReturn = word.map_or(if answer.is_some() { SUCCESS } else { NOT_SUPPORTED }, |word| code(word));
            value.valueType = 1;
            value.value = nvmlValue_t { uiVal: answer.unwrap_or(0) };
        }
        SUCCESS
    })
}
