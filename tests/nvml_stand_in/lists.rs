//! Calls that write lists: processes, what they do, and what a MIG device is made of.

use crate::{INSUFFICIENT_SIZE, INVALID_ARGUMENT, MIB, NOT_SUPPORTED, SUCCESS, on, put, scenario::Process};
use nvml_wrapper_sys::bindings::{
    nvmlDevice_t, nvmlDeviceAttributes_t, nvmlProcessInfo_t, nvmlProcessUtilizationSample_t, nvmlReturn_t,
};
use std::ffi::{c_uint, c_ulonglong};

/// Writes a list as NVML does: where there is not enough room, only how much would be needed.
unsafe fn put_list<T>(list: Vec<T>, length: *mut c_uint, to: *mut T) -> nvmlReturn_t {
    if length.is_null() {
        return INVALID_ARGUMENT;
    }
    // SAFETY: the caller's contract: `to` has room for `*length` elements.
    unsafe {
        let room = *length as usize;
        *length = list.len() as c_uint;
        if list.len() > room {
            return INSUFFICIENT_SIZE;
        }
        for (at, element) in list.into_iter().enumerate() {
            to.add(at).write(element);
        }
    }
    SUCCESS
}

fn info(process: &Process) -> nvmlProcessInfo_t {
    nvmlProcessInfo_t {
        pid: process.pid,
        usedGpuMemory: process.mib * MIB,
        gpuInstanceId: process.gpu_instance,
        computeInstanceId: process.compute_instance,
    }
}

macro_rules! processes {
    ($($name:ident = $kind:literal;)*) => { $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            device: nvmlDevice_t,
            length: *mut c_uint,
            to: *mut nvmlProcessInfo_t,
        ) -> nvmlReturn_t {
            on(device, stringify!($name), |asked| {
                let own = |process: &&Process| {
                    process.kind == $kind && asked.part.is_none_or(|part| part.gpu_instance == process.gpu_instance)
                };
                let list = asked.gpu.processes.iter().filter(own).map(info).collect();
                // SAFETY: the caller's contract.
                unsafe { put_list(list, length, to) }
            })
        }
    )* };
}

processes! {
    nvmlDeviceGetComputeRunningProcesses_v3 = "compute";
    nvmlDeviceGetGraphicsRunningProcesses_v3 = "graphics";
    nvmlDeviceGetMPSComputeRunningProcesses_v3 = "mps";
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetProcessUtilization(
    device: nvmlDevice_t,
    to: *mut nvmlProcessUtilizationSample_t,
    length: *mut c_uint,
    seen: c_ulonglong,
) -> nvmlReturn_t {
    on(device, "nvmlDeviceGetProcessUtilization", |asked| {
        if asked.gpu.mig.is_some() {
            return NOT_SUPPORTED;
        }
        let sample = |process: &Process| {
            let (pid, timeStamp) = (process.pid, seen + 1_000_000);
            let smUtil = process.utilization?;
            Some(nvmlProcessUtilizationSample_t { pid, timeStamp, smUtil, memUtil: 0, encUtil: 0, decUtil: 0 })
        };
        let list: Vec<_> = asked.gpu.processes.iter().filter_map(sample).collect();
        if list.is_empty() {
            return crate::NOT_FOUND;
        }
        // SAFETY: the caller's contract.
        unsafe { put_list(list, length, to) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetAttributes_v2(
    device: nvmlDevice_t,
    to: *mut nvmlDeviceAttributes_t,
) -> nvmlReturn_t {
    on(device, "nvmlDeviceGetAttributes_v2", |asked| {
        let Some(part) = asked.part else { return NOT_SUPPORTED };
        let attributes = nvmlDeviceAttributes_t {
            multiprocessorCount: part.multiprocessors,
            sharedCopyEngineCount: 1,
            sharedDecoderCount: 1,
            sharedEncoderCount: 0,
            sharedJpegCount: 1,
            sharedOfaCount: 0,
            gpuInstanceSliceCount: 1,
            computeInstanceSliceCount: 1,
            memorySizeMB: part.total_mib,
        };
        // SAFETY: the caller's contract.
        unsafe { put(to, attributes) }
    })
}
