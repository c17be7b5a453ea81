//! MIG devices: parts of a GPU that are used as GPUs of their own.

use super::{ask::Ask, raw, reading::memory};
use crate::model::gpu::{Mig, MigDevice};
use compact_str::CompactString;
use nvml_wrapper::Device;

/// Whether a GPU is divided; `None` where it cannot be.
pub fn mode(ask: &mut Ask<'_, '_>) -> Option<Mig> {
    let mode = ask.ask("mig", Device::mig_mode)?;
    Some(Mig { enabled: mode.current == 1, pending: mode.pending == 1 })
}

/// The handles of a GPU's MIG devices, by their numbers.
pub fn parts<'nvml>(ask: &mut Ask<'_, 'nvml>) -> Vec<(u32, Device<'nvml>)> {
    let most = ask.ask("mig", Device::mig_device_count).unwrap_or(0);
    let part = |index| ask.ask("", |device| device.mig_device_by_index(index)).map(|part| (index, part));
    (0..most).filter_map(part).collect()
}

/// What is known of each. Those of before lend what does not change.
pub fn read(parts: &[(u32, Device<'_>)], before: &[MigDevice]) -> Vec<MigDevice> {
    let device = |(index, part): &(u32, Device<'_>)| {
        let uuid = part.uuid().ok().map(CompactString::from);
        let known = before.iter().find(|known| known.uuid.is_some() && known.uuid == uuid);
        let mut device = known.cloned().unwrap_or_else(|| MigDevice {
            uuid,
            name: part.name().unwrap_or_default().into(),
            gpu_instance: raw::gpu_instance(part).ok(),
            compute_instance: raw::compute_instance(part).ok(),
            multiprocessors: part.attributes().ok().map(|attributes| attributes.multiprocessor_count),
            ..MigDevice::default()
        });
        device.index = *index;
        device.memory = part.memory_info().map(|info| memory(&info)).unwrap_or_default();
        device
    };
    parts.iter().map(device).collect()
}
