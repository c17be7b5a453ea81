//! Sets of events: each XID of the scenario is told once.

use crate::{NOT_SUPPORTED, SUCCESS, handle, on, put, scenario::current};
use nvml_wrapper_sys::bindings::{nvmlDevice_t, nvmlEventData_t, nvmlEventSet_t, nvmlReturn_t};
use std::{
    collections::BTreeMap,
    ffi::{c_uint, c_ulonglong},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const TIMEOUT: nvmlReturn_t = 10;
const XID: c_ulonglong = 8;

/// How many of each GPU's have been told.
static TOLD: Mutex<BTreeMap<u32, usize>> = Mutex::new(BTreeMap::new());

type Set = Mutex<Vec<u32>>;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetCreate(to: *mut nvmlEventSet_t) -> nvmlReturn_t {
    // SAFETY: the caller's contract.
    unsafe { put(to, Box::into_raw(Box::<Set>::default()).cast()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetFree(set: nvmlEventSet_t) -> nvmlReturn_t {
    // SAFETY: the caller's contract: it was made by `nvmlEventSetCreate`, and is not used again.
    drop(unsafe { Box::from_raw(set.cast::<Set>()) });
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceRegisterEvents(
    device: nvmlDevice_t,
    events: c_ulonglong,
    set: nvmlEventSet_t,
) -> nvmlReturn_t {
    on(device, "nvmlDeviceRegisterEvents", |asked| {
        if events != XID {
            return NOT_SUPPORTED;
        }
        // SAFETY: the caller's contract: it was made by `nvmlEventSetCreate`.
        let set = unsafe { &*set.cast::<Set>() };
        set.lock().unwrap_or_else(PoisonError::into_inner).push(asked.index);
        SUCCESS
    })
}

/// The next XID that has not been told.
fn next(set: &Set) -> Option<(u32, u64)> {
    let scenario = current();
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let gpus = set.lock().unwrap_or_else(PoisonError::into_inner);
    gpus.iter().find_map(|index| {
        let told = told.entry(*index).or_default();
        let xid = *scenario.gpus.get(*index as usize)?.xids.get(*told)?;
        *told += 1;
        Some((*index, xid))
    })
}

#[unsafe(no_mangle)]
#[allow(clippy::disallowed_methods, reason = "a library of its own, which is told no time")]
pub unsafe extern "C" fn nvmlEventSetWait_v2(
    set: nvmlEventSet_t,
    to: *mut nvmlEventData_t,
    timeout: c_uint,
) -> nvmlReturn_t {
    let start = Instant::now();
    // SAFETY: the caller's contract: it was made by `nvmlEventSetCreate`.
    let set = unsafe { &*set.cast::<Set>() };
    while start.elapsed() < Duration::from_millis(timeout.into()) {
        if let Some((index, xid)) = next(set) {
            let (gpuInstanceId, computeInstanceId) = (u32::MAX, u32::MAX);
            let device = handle(index, None);
            let data = nvmlEventData_t { device, eventType: XID, eventData: xid, gpuInstanceId, computeInstanceId };
            // SAFETY: the caller's contract.
            return unsafe { put(to, data) };
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    TIMEOUT
}
