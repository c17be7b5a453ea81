//! Calls of the library that nvml-wrapper does not wrap.

use nvml_wrapper::{
    Device,
    error::{NvmlError, nvml_try},
};

/// Number of the GPU instance that a MIG device is made of.
#[allow(unsafe_code, reason = "nvml-wrapper has no function for it")]
pub fn gpu_instance(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = device.nvml().lib().nvmlDeviceGetGpuInstanceId.as_ref().map_err(missing)?;
    let mut id = 0;
    // SAFETY: the handle is of the library that the function is of, and both live as long as `device`; the call writes `id` only.
    nvml_try(unsafe { call(device.handle(), &raw mut id) })?;
    Ok(id)
}

/// Number of the compute instance that a MIG device is made of.
#[allow(unsafe_code, reason = "nvml-wrapper has no function for it")]
pub fn compute_instance(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = device.nvml().lib().nvmlDeviceGetComputeInstanceId.as_ref().map_err(missing)?;
    let mut id = 0;
    // SAFETY: as above.
    nvml_try(unsafe { call(device.handle(), &raw mut id) })?;
    Ok(id)
}

fn missing(error: impl std::fmt::Display) -> NvmlError {
    NvmlError::FailedToLoadSymbol(error.to_string())
}
