//! Processes on a GPU: compute, graphics and those that come through CUDA's multi-process service, each once.

use super::ask::Ask;
use crate::model::gpu::{GpuProcess, GpuUse};
use nvml_wrapper::{
    Device,
    enums::device::UsedGpuMemory,
    error::NvmlError,
    struct_wrappers::device::{ProcessInfo, ProcessUtilizationSample},
};

type List = Result<Vec<ProcessInfo>, NvmlError>;

/// Reads processes and what each does. `seen` is the time of the last sample that was read, in the driver's microseconds.
pub fn read(ask: &mut Ask<'_, '_>, parts: &[(u32, Device<'_>)], seen: &mut u64) -> Option<Vec<GpuProcess>> {
    let word = "processes";
    let compute = ask.ask(word, |device| of_parts(device, parts, |device| device.running_compute_processes()));
    let graphics = ask.ask("", |device| of_parts(device, parts, |device| device.running_graphics_processes()));
    let mps = ask.ask("", |device| of_parts(device, parts, |device| device.mps_running_compute_processes()));
    if compute.is_none() && graphics.is_none() {
        return None;
    }
    let mut processes = Vec::new();
    for (kind, list) in [(GpuUse::Mps, mps), (GpuUse::Compute, compute), (GpuUse::Graphics, graphics)] {
        list.into_iter().flatten().for_each(|process| merge(&mut processes, kind, &process));
    }
    if !processes.is_empty() {
        let since = *seen;
        let samples = ask.ask("process-utilization", |device| match device.process_utilization_stats(since) {
            Err(NvmlError::NotFound) => Ok(Vec::new()),
            other => other,
        });
        if let Some(samples) = samples {
            use_samples(&mut processes, &samples, seen);
        }
    }
    processes.sort_by_key(|process| (process.gpu_instance, process.compute_instance, process.pid));
    Some(processes)
}

/// The list of a GPU; where that may not be read as a whole, the lists of its parts.
fn of_parts(whole: &Device<'_>, parts: &[(u32, Device<'_>)], list: impl Fn(&Device<'_>) -> List) -> List {
    match list(whole) {
        Err(NvmlError::NoPermission | NvmlError::NotSupported) if !parts.is_empty() => {
            let lists: Result<Vec<_>, _> = parts.iter().map(|(_, part)| list(part)).collect();
            lists.map(|lists| lists.into_iter().flatten().collect())
        }
        answer => answer,
    }
}

/// Adds a process; one that is there already keeps its kind, and the larger memory.
fn merge(processes: &mut Vec<GpuProcess>, kind: GpuUse, found: &ProcessInfo) {
    let Ok(pid) = i32::try_from(found.pid) else { return };
    let memory = match found.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => Some(bytes),
        UsedGpuMemory::Unavailable => None,
    };
    let (gpu_instance, compute_instance) = (found.gpu_instance_id, found.compute_instance_id);
    let same = |known: &&mut GpuProcess| {
        known.pid == pid && known.gpu_instance == gpu_instance && known.compute_instance == compute_instance
    };
    if let Some(known) = processes.iter_mut().find(same) {
        known.memory_bytes = known.memory_bytes.max(memory);
        return;
    }
    let utilization_ratio = None;
    processes.push(GpuProcess { pid, kind, memory_bytes: memory, utilization_ratio, gpu_instance, compute_instance });
}

/// Gives each process its newest sample; a process without one did nothing.
fn use_samples(processes: &mut [GpuProcess], samples: &[ProcessUtilizationSample], seen: &mut u64) {
    for process in processes {
        let own = samples.iter().filter(|sample| i32::try_from(sample.pid) == Ok(process.pid));
        process.utilization_ratio = match own.max_by_key(|sample| sample.timestamp) {
            None => Some(0.0),
            // Drivers are known to give nonsense for processes that end.
            Some(sample) => {
                Some(sample.sm_util).filter(|percent| *percent <= 100).map(|percent| f64::from(percent) / 100.0)
            }
        };
    }
    *seen = samples.iter().map(|sample| sample.timestamp).max().unwrap_or(0).max(*seen);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(pid: u32, memory: UsedGpuMemory, instance: Option<u32>) -> ProcessInfo {
        ProcessInfo { pid, used_gpu_memory: memory, gpu_instance_id: instance, compute_instance_id: instance }
    }

    #[test]
    fn a_process_stands_once_for_each_part_it_is_on() {
        let mut processes = Vec::new();
        merge(&mut processes, GpuUse::Mps, &info(7, UsedGpuMemory::Unavailable, None));
        merge(&mut processes, GpuUse::Compute, &info(7, UsedGpuMemory::Used(5), None));
        merge(&mut processes, GpuUse::Compute, &info(7, UsedGpuMemory::Used(9), Some(1)));
        merge(&mut processes, GpuUse::Graphics, &info(u32::MAX, UsedGpuMemory::Used(9), None));
        let told: Vec<_> =
            processes.iter().map(|one| (one.pid, one.kind, one.memory_bytes, one.gpu_instance)).collect();
        assert_eq!(told, [(7, GpuUse::Mps, Some(5), None), (7, GpuUse::Compute, Some(9), Some(1))]);
    }

    #[test]
    fn the_newest_sample_counts_and_nonsense_does_not() {
        let sample = |pid, timestamp, sm_util| ProcessUtilizationSample {
            pid,
            timestamp,
            sm_util,
            mem_util: 0,
            enc_util: 0,
            dec_util: 0,
        };
        let mut processes: Vec<_> = (1..=3).map(|pid| GpuProcess { pid, ..GpuProcess::default() }).collect();
        let mut seen = 5;
        use_samples(&mut processes, &[sample(1, 9, 40), sample(1, 8, 90), sample(2, 7, 4_000_000)], &mut seen);
        let told: Vec<_> = processes.iter().map(|one| one.utilization_ratio).collect();
        assert_eq!((told, seen), (vec![Some(0.4), None, Some(0.0)], 9));
    }
}
