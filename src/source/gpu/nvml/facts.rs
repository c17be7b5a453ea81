//! What does not change while a driver is loaded: names, addresses, limits.

use super::ask::{Ask, Fault};
use crate::{
    model::gpu::{Gpu, Vendor},
    source::host::{bytes, read::Root},
};
use compact_str::{CompactString, format_compact};
use nvml_wrapper::{
    Device,
    enum_wrappers::device::{Clock, TemperatureThreshold},
    struct_wrappers::device::PciInfo,
};

/// Hertz in a megahertz.
pub const MEGA: u64 = 1_000_000;

/// A GPU with all that is asked once, and nothing else.
pub fn read(device: &Device<'_>, index: u32, root: &Root) -> Result<Gpu, Fault> {
    let mut ask = Ask::new(device);
    let mut gpu = Gpu { index, vendor: Vendor::Nvidia, ..Gpu::default() };
    gpu.uuid = ask.ask("uuid", Device::uuid).map(CompactString::from);
    gpu.pci_address = ask.ask("pcie", Device::pci_info).map(|pci| pci_address(&pci));
    gpu.name = ask.ask("name", Device::name).unwrap_or_default().into();
    gpu.serial = ask.ask("serial", Device::serial).map(CompactString::from);
    gpu.id = gpu.uuid.clone().or_else(|| gpu.pci_address.clone()).unwrap_or_else(|| unknown_id(index));
    gpu.numa_node = gpu.pci_address.as_deref().and_then(|address| numa_node(root, address));
    let celsius = |degrees: u32| f64::from(degrees);
    gpu.temperature.slowdown_celsius =
        ask.ask("thresholds", |device| device.temperature_threshold(TemperatureThreshold::Slowdown)).map(celsius);
    gpu.temperature.shutdown_celsius =
        ask.ask("thresholds", |device| device.temperature_threshold(TemperatureThreshold::Shutdown)).map(celsius);
    gpu.power.default_limit_watts = ask.ask("power-limit", Device::power_management_limit_default).map(watts);
    let hertz = |mega: u32| u64::from(mega) * MEGA;
    gpu.clocks.sm_max_hertz = ask.ask("clocks", |device| device.max_clock_info(Clock::SM)).map(hertz);
    gpu.clocks.memory_max_hertz = ask.ask("clocks", |device| device.max_clock_info(Clock::Memory)).map(hertz);
    gpu.pcie.max_generation = ask.ask("pcie", Device::max_pcie_link_gen);
    gpu.pcie.max_width = ask.ask("pcie", Device::max_pcie_link_width);
    ask.end(&mut gpu)?;
    Ok(gpu)
}

/// Who a GPU is of which nothing else is known.
pub fn unknown_id(index: u32) -> CompactString {
    format_compact!("gpu-{index}")
}

/// Watts, of milliwatts.
pub fn watts(milliwatts: u32) -> f64 {
    f64::from(milliwatts) / 1e3
}

/// The address as the kernel writes it: `0000:1b:00.0`, where the library says `00000000:1B:00.0`.
pub fn pci_address(pci: &PciInfo) -> CompactString {
    let function = pci.bus_id.rsplit_once('.').map_or("0", |(_, function)| function);
    format_compact!("{:04x}:{:02x}:{:02x}.{function}", pci.domain, pci.bus, pci.device)
}

fn numa_node(root: &Root, address: &str) -> Option<u32> {
    let text = root.read(format!("sys/bus/pci/devices/{address}/numa_node"))?;
    // Where there is none the kernel writes -1, which is no number here.
    bytes::only_number(&text)?.try_into().ok()
}
