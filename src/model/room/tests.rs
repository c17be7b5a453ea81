//! The guard value over made-up hosts.

use super::*;
use crate::model::{
    gpu::{GpuMemory, GpuNews, Recovery},
    host::{Gauges, Memory},
    mount::{Mount, MountState},
    observed::SourceStatus,
    source::SourceReport,
    topic::TopicSet,
};

const GIB: u64 = 1 << 30;

fn now() -> Timestamp {
    Timestamp::from_second(1_000).expect("in range")
}

/// A host with 16 of 64 GiB available, half of its disk free, and GPUs with so much free of 80 GiB.
fn host(free_on_gpus: &[u64]) -> Observed {
    let mut observed = Observed::default();
    let memory = Memory { total_bytes: Some(64 * GIB), available_bytes: Some(16 * GIB), ..Memory::default() };
    observed.gauges = Some(Gauges { memory, ..Gauges::default() });
    observed.mounts = Some(vec![Mount {
        mount: "/".into(),
        device: "/dev/sda1".into(),
        block: Some("sda1".into()),
        fs: "ext4".into(),
        read_only: false,
        remote: false,
        state: MountState::Ready,
        total_bytes: Some(900 * GIB),
        free_bytes: None,
        available_bytes: Some(500 * GIB),
        inodes_total: None,
        inodes_free: None,
        fills: Default::default(),
    }]);
    let gpus = free_on_gpus.iter().enumerate().map(|(index, free)| Gpu {
        id: format_compact!("GPU-{index}"),
        index: u32::try_from(index).expect("few"),
        memory: GpuMemory {
            total_bytes: Some(80 * GIB),
            used_bytes: Some((80 - free) * GIB),
            free_bytes: Some(free * GIB),
            ..GpuMemory::default()
        },
        ..Gpu::default()
    });
    observed.gpus.apply(GpuNews { source: "gpu/nvml".into(), gpus: gpus.collect(), ..GpuNews::default() });
    for topic in [Topic::Gauges, Topic::Mounts, Topic::GpuHealth] {
        let report = SourceReport {
            name: topic.word().into(),
            kind: "host".into(),
            topics: TopicSet::from(topic),
            state: SourceState::Ok,
            reason: None,
            hint: None,
            cadence_seconds: Some(1.0),
        };
        let status = SourceStatus { report, since: now(), answered_at: Some(now()), asked_since: None };
        observed.sources.insert(topic.word().into(), status);
    }
    observed
}

fn told(observed: &Observed, want: Want) -> (Fits, Vec<String>) {
    let room = room(observed, now(), want);
    let lines = room.parts.iter().filter(|part| part.fits != Fits::Yes || part.what == "gpu");
    (room.fits, lines.map(|part| format!("{} {}: {}", part.what, part.fits.word(), part.detail)).collect())
}

fn on_gpu(gib: u64) -> Want {
    Want { gpu_memory_bytes: gib * GIB, ..Want::default() }
}

#[test]
fn a_run_fits_on_one_gpu_over_several_or_not() {
    let observed = host(&[20, 60]);
    assert_eq!(told(&observed, on_gpu(40)), (Fits::Yes, vec!["gpu yes: GPU 1 has 60 GiB free, 40 GiB wanted".into()]));
    let over_both = "gpu yes: 80 GiB free over 2 GPUs, none alone, 70 GiB wanted";
    assert_eq!(told(&observed, on_gpu(70)), (Fits::Yes, vec![over_both.into()]));
    let no = "gpu no: 60 GiB free on one GPU at most, 90 GiB wanted";
    assert_eq!(told(&observed, on_gpu(90)), (Fits::No, vec![no.into()]));
    assert_eq!(told(&host(&[]), on_gpu(1)), (Fits::No, vec!["gpu no: there is no GPU".into()]));
    assert_eq!(told(&host(&[]), Want::default()), (Fits::Yes, vec![]));
}

#[test]
fn a_gpu_that_is_not_well_has_no_room() {
    let mut observed = host(&[70]);
    let news = observed.gpus.news().next().expect("one").clone();
    let gpus = news.gpus.iter().map(|gpu| Gpu { recovery: Some(Recovery::Reset), ..gpu.clone() }).collect();
    observed.gpus.apply(GpuNews { gpus, ..news });
    assert_eq!(told(&observed, on_gpu(1)).0, Fits::No);

    // One that is lost has none, and the others decide; of one whose memory is not told nobody knows.
    let mut observed = host(&[30]);
    let news = observed.gpus.news().next().expect("one").clone();
    let lost = Gpu { id: "GPU-9".into(), index: 9, state: crate::model::gpu::GpuState::Lost, ..Gpu::default() };
    let with = |gpu| GpuNews { gpus: vec![news.gpus[0].clone(), gpu], ..news.clone() };
    observed.gpus.apply(with(lost.clone()));
    assert_eq!((told(&observed, on_gpu(20)).0, told(&observed, on_gpu(60)).0), (Fits::Yes, Fits::No));
    observed.gpus.apply(with(Gpu { state: crate::model::gpu::GpuState::Ready, ..lost }));
    assert_eq!((told(&observed, on_gpu(20)).0, told(&observed, on_gpu(60)).0), (Fits::Yes, Fits::Unknown));
}

#[test]
fn memory_disk_and_pressure_count() {
    let observed = host(&[]);
    let memory = Want { memory_bytes: 12 * GIB, ..Want::default() };
    assert_eq!(told(&observed, memory).1, ["memory no: 16 GiB of 64 GiB available, 12 GiB wanted"]);
    let disk = Want { disk_bytes: 450 * GIB, ..Want::default() };
    assert_eq!(told(&observed, disk).1, ["disk / no: 500 GiB of 900 GiB free"]);
    let mut busy = host(&[]);
    busy.gauges.as_mut().expect("there").pressure.io.some10 = Some(0.35);
    assert_eq!(told(&busy, Want::default()), (Fits::No, vec!["pressure no: io 35.0 %".into()]));
}

#[test]
fn what_is_not_known_is_no_yes() {
    let mut observed = host(&[70]);
    let later = Timestamp::from_second(2_000).expect("in range");
    assert_eq!(room(&observed, later, Want::default()).fits, Fits::Unknown, "figures are old");
    observed.sources.clear();
    assert_eq!(told(&observed, Want::default()).0, Fits::Unknown);
    assert_eq!(told(&Observed::default(), on_gpu(1)).0, Fits::Unknown);
}

#[test]
fn a_model_goes_onto_the_gpus_or_into_memory() {
    assert_eq!(model(&host(&[30]), now(), 20 * GIB).detail, "GPU 0 has 30 GiB free, 20 GiB wanted");
    assert_eq!(model(&host(&[]), now(), 20 * GIB).fits, Fits::No, "memory: 16 GiB available");
    assert_eq!(model(&host(&[]), now(), 5 * GIB).fits, Fits::Yes);
}
