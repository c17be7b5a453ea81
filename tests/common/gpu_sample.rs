//! A host with eight H100: one fell off the bus, one has a double-bit error, one is too hot, one is divided. Made up; figures as such GPUs
//! have them.
//!
//! The including module has `model` and `moment` in scope.

use super::model::{
    Timestamp,
    gpu::{
        Clocks, Driver, Ecc, EccCounts, Gpu, GpuMemory, GpuNews, GpuProcess, GpuState, GpuUse, Mig, MigDevice, NvLink,
        PairLink, PairPath, Pcie, Power, Recovery, Remapped, Temperatures, Throttle, Vendor, Xid,
    },
    source::{SourceReport, SourceState},
    topic::{Topic, TopicSet},
    update::Update,
};

const GIB: u64 = 1 << 30;

/// The source that tells of them.
pub fn report() -> SourceReport {
    SourceReport {
        name: "gpu/nvml".into(),
        kind: "gpu".into(),
        topics: TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic, Topic::GpuHealth]),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(30.0),
    }
}

/// What it tells.
pub fn news(now: Timestamp) -> Vec<Update> {
    let driver = Driver {
        name: "nvidia".into(),
        version: Some("550.90.07".into()),
        cuda: Some("12.4".into()),
        library: Some("12.550.90.07".into()),
    };
    let gpus: Vec<Gpu> = (0..8).map(|n| gpu(n, now)).collect();
    let pairs = (0..8_u32).flat_map(|a| (a + 1..8).map(move |b| (a, b)));
    let link = |(a, b)| PairLink {
        a: id(a),
        b: id(b),
        path: if a / 4 == b / 4 { PairPath::Node } else { PairPath::System },
        nvlinks: if a == 3 || b == 3 { 0 } else { 18 },
    };
    let links = pairs.map(link).collect();
    vec![Update::Gpus(Box::new(GpuNews { source: "gpu/nvml".into(), driver, gpus, links }))]
}

/// Identity of the GPU with this number.
pub fn id(n: u32) -> compact_str::CompactString {
    compact_str::format_compact!("GPU-6e1f0c4a-0000-4000-8000-00000000000{n}")
}

fn gpu(n: u32, now: Timestamp) -> Gpu {
    let ago = |seconds| super::moment::before(now, seconds);
    let mut gpu = healthy(n, now);
    match n {
        2 => {
            gpu.throttle = vec![Throttle::HardwareThermal, Throttle::PowerCap];
            gpu.temperature.gpu_celsius = Some(88.0);
            gpu.clocks.sm_hertz = Some(1_140_000_000);
        }
        3 => {
            gpu = Gpu {
                state: GpuState::Lost,
                state_since: Some(ago(180)),
                problem: Some("the GPU is lost".into()),
                processes: None,
                read_at: Some(ago(181)),
                ..Gpu {
                    id: gpu.id,
                    index: n,
                    name: gpu.name,
                    uuid: gpu.uuid,
                    pci_address: gpu.pci_address,
                    ..Gpu::default()
                }
            };
            gpu.xids = vec![Xid { at: ago(182), code: 79, pid: None, text: "GPU has fallen off the bus.".into() }];
        }
        5 => {
            gpu.ecc.volatile.uncorrected = Some(2);
            gpu.ecc.aggregate.uncorrected = Some(5);
            gpu.remapped = Some(Remapped {
                correctable: Some(0),
                uncorrectable: Some(2),
                pending: Some(true),
                failed: Some(false),
            });
            gpu.recovery = Some(Recovery::DrainAndReset);
            gpu.xids = vec![
                Xid { at: ago(2_400), code: 63, pid: None, text: "".into() },
                Xid { at: ago(2_402), code: 48, pid: Some(2_310), text: "DBE at partition 4".into() },
            ];
        }
        7 => divide(&mut gpu),
        _ => {}
    }
    gpu
}

fn divide(gpu: &mut Gpu) {
    gpu.mig = Some(Mig { enabled: true, pending: true });
    gpu.utilization_ratio = None;
    gpu.memory_busy_ratio = None;
    gpu.unsupported.push("utilization".into());
    let part = |index: u32, used| MigDevice {
        index,
        uuid: Some(compact_str::format_compact!("MIG-0000000{index}-0000-4000-8000-000000000000")),
        name: "NVIDIA H100 80GB HBM3 MIG 3g.40gb".into(),
        gpu_instance: Some(index + 1),
        compute_instance: Some(0),
        memory: GpuMemory {
            total_bytes: Some(40 * GIB),
            used_bytes: Some(used * GIB),
            reserved_bytes: None,
            free_bytes: Some((40 - used) * GIB),
        },
        multiprocessors: Some(60),
    };
    gpu.mig_devices = vec![part(0, 31), part(1, 0)];
    gpu.processes = Some(vec![GpuProcess {
        pid: 1_206,
        memory_bytes: Some(31 * GIB),
        gpu_instance: Some(1),
        compute_instance: Some(0),
        ..GpuProcess::default()
    }]);
}

fn healthy(n: u32, now: Timestamp) -> Gpu {
    let busy = [0.94, 0.91, 0.97, 0.0, 0.96, 0.12, 0.0, 0.0][n as usize];
    let used = [61, 61, 74, 0, 70, 3, 0, 31][n as usize] * GIB;
    let link = |link| NvLink {
        link,
        is_active: Some(true),
        version: Some(4),
        remote: Some("0000:c4:00.0".into()),
        crc_errors: Some(0),
        replay_errors: Some(0),
        recovery_errors: Some(0),
    };
    let process = GpuProcess {
        pid: 2_310,
        kind: GpuUse::Compute,
        memory_bytes: Some(used),
        utilization_ratio: Some(busy),
        ..GpuProcess::default()
    };
    Gpu {
        id: id(n),
        index: n,
        vendor: Vendor::Nvidia,
        name: "NVIDIA H100 80GB HBM3".into(),
        uuid: Some(id(n)),
        pci_address: Some(compact_str::format_compact!("0000:{:02x}:00.0", 0x1b + n * 8)),
        numa_node: Some(n / 4),
        utilization_ratio: Some(busy),
        memory_busy_ratio: Some(busy * 0.6),
        encoder_ratio: Some(0.0),
        decoder_ratio: Some(0.0),
        memory: GpuMemory {
            total_bytes: Some(80 * GIB),
            used_bytes: Some(used),
            reserved_bytes: Some(GIB / 2),
            free_bytes: Some(80 * GIB - used),
        },
        temperature: Temperatures {
            gpu_celsius: Some(41.0 + busy * 24.0),
            memory_celsius: Some(48.0 + busy * 30.0),
            slowdown_celsius: Some(87.0),
            shutdown_celsius: Some(92.0),
        },
        power: Power { watts: Some(72.0 + busy * 590.0), limit_watts: Some(700.0), default_limit_watts: Some(700.0) },
        clocks: Clocks {
            sm_hertz: Some(if busy > 0.5 { 1_830_000_000 } else { 345_000_000 }),
            sm_max_hertz: Some(1_980_000_000),
            memory_hertz: Some(2_619_000_000),
            memory_max_hertz: Some(2_619_000_000),
        },
        throttle: if busy > 0.5 { Vec::new() } else { vec![Throttle::Idle] },
        pcie: Pcie {
            generation: Some(5),
            max_generation: Some(5),
            width: Some(16),
            max_width: Some(16),
            replays: Some(0),
            replays_recent: Some(0),
            ..Pcie::default()
        },
        nvlinks: (0..18).map(link).collect(),
        ecc: Ecc {
            enabled: Some(true),
            volatile: EccCounts { corrected: Some(0), uncorrected: Some(0) },
            aggregate: EccCounts { corrected: Some(0), uncorrected: Some(0) },
        },
        remapped: Some(Remapped {
            correctable: Some(0),
            uncorrectable: Some(0),
            pending: Some(false),
            failed: Some(false),
        }),
        recovery: Some(Recovery::None),
        persistence: Some(true),
        compute_mode: Some("default".into()),
        mig: Some(Mig::default()),
        processes: Some(if used > 0 { vec![process] } else { Vec::new() }),
        unsupported: vec!["fan".into()],
        read_at: Some(now),
        ..Gpu::default()
    }
}
