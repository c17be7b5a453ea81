//! GPUs as scripts and people read them.

use super::text::clean;
use crate::{
    model::{
        Timestamp,
        gpu::{
            Clocks, Ecc, Gpu, GpuState, GpuUse, MigDevice, NvLink, Pcie, Remapped, Vendor, Xid,
            health::{self, GpuFinding},
            owner,
        },
        host::ratio,
        observed::Observed,
        rows::Keyed,
        units,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;

/// A GPU.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuRow {
    pub index: u32,
    pub uuid: Option<CompactString>,
    pub name: CompactString,
    pub vendor: Vendor,
    pub pci_address: Option<CompactString>,
    pub serial: Option<CompactString>,
    pub driver: CompactString,
    pub driver_version: Option<CompactString>,
    pub cuda_version: Option<CompactString>,
    /// `ready`, `silent`, `lost`, `reset-required`, `denied` or `failed`.
    pub state: GpuState,
    pub problem: Option<CompactString>,
    pub utilization_ratio: Option<f64>,
    pub memory_busy_ratio: Option<f64>,
    pub memory_total_bytes: Option<u64>,
    pub memory_used_bytes: Option<u64>,
    pub memory_reserved_bytes: Option<u64>,
    pub temperature_celsius: Option<f64>,
    pub memory_temperature_celsius: Option<f64>,
    pub power_watts: Option<f64>,
    pub power_limit_watts: Option<f64>,
    pub clocks: Clocks,
    /// In words.
    pub throttle_reasons: Vec<&'static str>,
    pub fan_ratio: Option<f64>,
    pub pcie: Pcie,
    pub nvlinks: Vec<NvLink>,
    pub ecc: Ecc,
    pub remapped_rows: Option<Remapped>,
    pub xids: Vec<Xid>,
    pub recovery_action: Option<&'static str>,
    pub persistence: Option<bool>,
    pub compute_mode: Option<CompactString>,
    pub mig_enabled: Option<bool>,
    pub mig_devices: Vec<MigDevice>,
    /// `ok`, `warn`, `fail` or `unknown`.
    pub health: &'static str,
    pub findings: Vec<GpuFinding>,
    /// That of the worst finding.
    pub next_step: Option<String>,
    /// `null` where they could not be read.
    pub processes: Option<Vec<ProcessRow>>,
    pub unsupported: Vec<CompactString>,
    pub denied: Vec<CompactString>,
}

/// A process on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProcessRow {
    /// As the host counts.
    pub pid: i32,
    pub kind: GpuUse,
    pub memory_bytes: Option<u64>,
    pub utilization_ratio: Option<f64>,
    pub gpu_instance: Option<u32>,
    pub compute_instance: Option<u32>,
    pub user: Option<CompactString>,
    pub name: Option<CompactString>,
    /// Its name where an engine tells it, else its id.
    pub container: Option<CompactString>,
    /// `namespace/name`.
    pub pod: Option<CompactString>,
}

/// Every GPU; `None` as long as no source has told of one.
pub(super) fn gpus(world: &World, now: Timestamp) -> Option<Vec<GpuRow>> {
    let all = &world.observed.gpus;
    let rows = all.news().flat_map(|news| news.gpus.iter().map(move |gpu| (news, gpu)));
    (!all.is_unknown()).then(|| {
        rows.map(|(news, gpu)| {
            let driver = &news.driver;
            let versions = (driver.name.clone(), driver.version.clone(), driver.cuda.clone());
            row(gpu, versions, &world.observed, now)
        })
        .collect()
    })
}

type Versions = (CompactString, Option<CompactString>, Option<CompactString>);

fn row(gpu: &Gpu, (driver, driver_version, cuda_version): Versions, observed: &Observed, now: Timestamp) -> GpuRow {
    let (health, findings) = health::judge(gpu, now);
    GpuRow {
        index: gpu.index,
        uuid: gpu.uuid.clone(),
        name: gpu.name.clone(),
        vendor: gpu.vendor,
        pci_address: gpu.pci_address.clone(),
        serial: gpu.serial.clone(),
        driver,
        driver_version,
        cuda_version,
        state: gpu.state,
        problem: gpu.problem.clone(),
        utilization_ratio: gpu.utilization_ratio,
        memory_busy_ratio: gpu.memory_busy_ratio,
        memory_total_bytes: gpu.memory.total_bytes,
        memory_used_bytes: gpu.memory.used_bytes,
        memory_reserved_bytes: gpu.memory.reserved_bytes,
        temperature_celsius: gpu.temperature.gpu_celsius,
        memory_temperature_celsius: gpu.temperature.memory_celsius,
        power_watts: gpu.power.watts,
        power_limit_watts: gpu.power.limit_watts,
        clocks: gpu.clocks,
        throttle_reasons: gpu.throttle.iter().map(|reason| reason.word()).collect(),
        fan_ratio: gpu.fan_ratio,
        pcie: gpu.pcie,
        nvlinks: gpu.nvlinks.clone(),
        ecc: gpu.ecc,
        remapped_rows: gpu.remapped,
        xids: gpu.xids.clone(),
        recovery_action: gpu.recovery.map(|action| action.word()),
        persistence: gpu.persistence,
        compute_mode: gpu.compute_mode.clone(),
        mig_enabled: gpu.mig.map(|mig| mig.enabled),
        mig_devices: gpu.mig_devices.clone(),
        health: health::word(health),
        next_step: findings.first().map(|worst| worst.next_step.clone()),
        findings,
        processes: gpu.processes.as_ref().map(|all| all.iter().map(|process| process_row(process, observed)).collect()),
        unsupported: gpu.unsupported.clone(),
        denied: gpu.denied.clone(),
    }
}

fn process_row(process: &crate::model::gpu::GpuProcess, observed: &Observed) -> ProcessRow {
    let owner = owner::of(observed, process.pid);
    let id = || owner.process.and_then(|process| process.container.clone());
    ProcessRow {
        pid: process.pid,
        kind: process.kind,
        memory_bytes: process.memory_bytes,
        utilization_ratio: process.utilization_ratio,
        gpu_instance: process.gpu_instance,
        compute_instance: process.compute_instance,
        user: owner.process.and_then(|process| process.user.clone()),
        name: owner.process.map(|process| process.name.clone()),
        container: owner.container.map(|container| container.name.clone()).or_else(id),
        pod: owner.pod.map(Keyed::key),
    }
}

/// The GPUs for a person.
pub(super) fn lines(gpus: &[GpuRow], lines: &mut Vec<String>) {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| units::UNKNOWN.into());
    lines.push(format!("GPUs ({})", gpus.len()));
    for gpu in gpus {
        let used = or_unknown(gpu.utilization_ratio.map(units::percent));
        let memory = or_unknown(ratio(gpu.memory_used_bytes, gpu.memory_total_bytes).map(units::percent));
        let celsius = or_unknown(gpu.temperature_celsius.map(|celsius| format!("{celsius:.0} °C")));
        let watts = or_unknown(gpu.power_watts.map(|watts| format!("{watts:.0} W")));
        let name = clean(&gpu.name);
        lines.push(format!(
            "  {:<7} {} {name}: {used} used, memory {memory}, {celsius}, {watts}",
            gpu.health, gpu.index
        ));
        for finding in &gpu.findings {
            let (evidence, next) = (clean(&finding.evidence), clean(&finding.next_step));
            lines.push(format!("            {evidence}: {}. {next}", clean(&finding.meaning)));
        }
    }
}
