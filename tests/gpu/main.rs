//! The source of NVIDIA GPUs against the stand-in for NVIDIA's library, which stands in for hardware that cannot be had: what arrives of
//! GPUs that are well, broken, hidden, slow or gone, and what is concluded from it.

mod bed;
#[path = "../common/mod.rs"]
mod common;
mod screens;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "waiting is the same everywhere")]
mod wait;

use bed::{Bed, text_of};
use flightdeck::{
    clock,
    model::{
        attention::Severity,
        gpu::{
            Gpu, GpuNews, GpuState, GpuUse, PairPath, Recovery, Throttle,
            health::{findings, judge},
        },
        health::Health,
        topic::{Topic, TopicSet},
        update::Update,
    },
    source::{Request, Source, SourceError, gpu::nvml::NvmlSource},
};
use std::{collections::BTreeSet, process::Command, time::Duration};

fn ask(source: &mut NvmlSource, wanted: TopicSet) -> Result<Option<GpuNews>, SourceError> {
    let updates = source.collect(&Request { at: clock::now(), wanted, ..Request::default() })?;
    Ok(updates.into_iter().next().map(|update| match update {
        Update::Gpus(news) => *news,
        other => panic!("not of GPUs: {other:?}"),
    }))
}

fn look(source: &mut NvmlSource) -> GpuNews {
    ask(source, Topic::Gpus.into()).expect("it answers").expect("with news")
}

/// Looks until something is so.
fn until<T>(source: &mut NvmlSource, what: &str, is: impl Fn(&GpuNews) -> Option<T>) -> T {
    wait::until(what, || is(&look(source)), || ())
}

/// Waits until something outside is so.
fn wait(what: &str, is: impl Fn() -> bool) {
    wait::until(what, || is().then_some(()), || ());
}

fn why(source: &mut NvmlSource) -> SourceError {
    ask(source, Topic::Gpus.into()).expect_err("there is nothing to ask")
}

/// What is found about a GPU: how bad, and the evidence.
fn found(gpu: &Gpu) -> Vec<(Severity, String)> {
    findings(gpu, clock::now()).into_iter().map(|finding| (finding.severity, finding.evidence)).collect()
}

fn words(list: &[compact_str::CompactString]) -> Vec<&str> {
    list.iter().map(|word| word.as_str()).collect()
}

#[test]
fn eight_gpus_that_are_well() {
    let bed = Bed::new("healthy");
    bed.file("sys/bus/pci/devices/0000:1b:00.0/numa_node", "1\n");
    let mut source = bed.source();
    let news = until(&mut source, "connected", |news| {
        news.links.iter().all(|pair| pair.path != PairPath::Unknown).then(|| news.clone())
    });
    assert_eq!((news.source.as_str(), news.driver.name.as_str()), ("gpu/nvml", "nvidia"));
    assert_eq!((news.driver.version.as_deref(), news.driver.cuda.as_deref()), (Some("550.54.15"), Some("12.4")));
    assert_eq!(news.driver.library.as_deref(), Some("12.550.54.15"));
    assert_eq!(news.gpus.len(), 8);
    for gpu in &news.gpus {
        assert_eq!((gpu.state, found(gpu)), (GpuState::Ready, vec![]));
        assert_eq!((words(&gpu.unsupported), words(&gpu.denied)), (vec!["fan"], vec![]));
    }
    let gpu = &news.gpus[0];
    assert_eq!(gpu.id, "GPU-00000000-0000-0000-0000-000000000000");
    assert_eq!((gpu.pci_address.as_deref(), gpu.numa_node), (Some("0000:1b:00.0"), Some(1)));
    assert_eq!((gpu.name.as_str(), gpu.serial.as_deref()), ("NVIDIA H100 80GB HBM3", Some("1653923000000")));
    assert_eq!((gpu.utilization_ratio, gpu.memory_busy_ratio), (Some(0.97), Some(0.41)));
    let memory = [gpu.memory.total_bytes, gpu.memory.used_bytes, gpu.memory.reserved_bytes];
    assert_eq!(memory, [81_559, 65_540, 551].map(|mib: u64| Some(mib << 20)));
    assert_eq!((gpu.temperature.gpu_celsius, gpu.temperature.memory_celsius), (Some(61.0), Some(73.0)));
    assert_eq!((gpu.temperature.slowdown_celsius, gpu.temperature.shutdown_celsius), (Some(87.0), Some(92.0)));
    assert_eq!((gpu.power.watts, gpu.power.limit_watts), (Some(612.5), Some(700.0)));
    assert_eq!((gpu.clocks.sm_hertz, gpu.clocks.sm_max_hertz), (Some(1_755_000_000), Some(1_980_000_000)));
    assert_eq!(gpu.throttle, [Throttle::PowerCap]);
    assert_eq!((gpu.pcie.generation, gpu.pcie.width, gpu.pcie.replays_recent), (Some(5), Some(16), Some(0)));
    assert_eq!(gpu.pcie.received_bytes_per_second, None, "slow, and nobody asked for it");
    assert_eq!((gpu.ecc.enabled, gpu.recovery, gpu.persistence), (Some(true), Some(Recovery::None), Some(true)));
    assert_eq!((gpu.compute_mode.as_deref(), gpu.mig.map(|mig| mig.enabled)), (Some("default"), Some(false)));
    let told = |gpu: &Gpu| -> Vec<_> {
        let processes = gpu.processes.as_ref().expect("may be read").iter();
        processes.map(|one| (one.pid, one.kind, one.memory_bytes, one.utilization_ratio)).collect()
    };
    let (mib, none) = (1 << 20, Some(0.0));
    let both = [(99, GpuUse::Graphics, Some(12 * mib), none), (4242, GpuUse::Compute, Some(65_000 * mib), Some(0.97))];
    assert_eq!((told(gpu), told(&news.gpus[7])), (both.to_vec(), vec![]));
    assert_eq!(gpu.nvlinks.len(), 18);
    assert!(gpu.nvlinks.iter().all(|link| link.is_active == Some(true) && link.version == Some(4)));
    assert_eq!(news.links.len(), 28);
    assert!(news.links.iter().all(|pair| pair.nvlinks == 18), "{:?}", news.links[0]);
    let paths: Vec<_> = news.links.iter().take(7).map(|pair| pair.path).collect();
    assert_eq!(paths, [[PairPath::HostBridge; 4], [PairPath::System; 4]].concat()[1..]);
}

#[test]
fn what_the_pcie_link_carries_is_asked_for_only_on_demand() {
    let bed = Bed::new("healthy");
    let mut source = bed.source();
    let wanted = TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic]);
    let news = ask(&mut source, wanted).expect("it answers").expect("with news");
    let pcie = news.gpus[0].pcie;
    assert_eq!((pcie.received_bytes_per_second, pcie.sent_bytes_per_second), (Some(1.5e6), Some(7e5)));
}

#[test]
fn a_double_bit_error_is_a_failure_and_says_what_to_do() {
    let bed = Bed::new("ecc-double-bit");
    let news = look(&mut bed.source());
    let gpu = &news.gpus[2];
    assert_eq!((gpu.ecc.volatile.uncorrected, gpu.ecc.aggregate.corrected), (Some(1), Some(7)));
    let evidence = found(gpu);
    let error = |words: &str| (Severity::Error, words.to_owned());
    assert!(evidence.contains(&error("1 double-bit error since the driver was loaded")), "{evidence:?}");
    assert!(evidence.contains(&error("recovery action: reset")), "{evidence:?}");
    assert!(evidence.contains(&(Severity::Warn, "a row remap is pending".into())), "{evidence:?}");
    assert_eq!(judge(gpu, clock::now()).0, Health::Failing);
    assert_eq!(found(&news.gpus[1]), [], "its neighbour is well");
}

#[test]
fn xids_arrive_as_events() {
    for (scenario, index, codes) in [("xid-94", 1, &[94][..]), ("xid-48", 0, &[45, 48]), ("xid-79", 3, &[79])] {
        let bed = Bed::new(scenario);
        let mut source = bed.source();
        let gpu = until(&mut source, scenario, |news| {
            let gpu: &Gpu = &news.gpus[index];
            (gpu.xids.len() == codes.len()).then(|| gpu.clone())
        });
        let mut told: Vec<_> = gpu.xids.iter().map(|xid| xid.code).collect();
        told.sort_unstable();
        assert_eq!(told, codes, "{scenario}");
        let evidence = found(&gpu);
        for code in codes {
            assert!(evidence.iter().any(|(_, words)| *words == format!("XID {code}")), "{scenario}: {evidence:?}");
        }
        let others = look(&mut source).gpus;
        assert!(others.iter().all(|other| other.index == index as u32 || other.xids.is_empty()), "{scenario}");
    }
}

#[test]
fn the_kernel_log_adds_what_was_before_and_repeats_nothing() {
    let bed = Bed::new("xid-79");
    let uptime = clock::now().as_second() - 1_700_000_000;
    let line = |micros: i64, words: &str| format!("4,1,{micros},-;NVRM: Xid (PCI:0000:4b:00): {words}\n");
    let log = [
        line(5_000_000, "13, pid=77, name=train, Graphics Exception"),
        line(uptime * 1_000_000, "79, pid=1234, name=python, GPU has fallen off the bus."),
    ];
    bed.file("dev/kmsg", &log.concat());
    let mut source = bed.source();
    let mut heard = until(&mut source, "heard twice", |news| {
        let xids = &news.gpus[3].xids;
        (xids.len() == 2).then(|| xids.clone())
    });
    // The event comes within a moment; then there are still two.
    for _ in 0..3 {
        heard = look(&mut source).gpus[3].xids.clone();
    }
    let told: Vec<_> = heard.iter().map(|xid| (xid.code, xid.pid)).collect();
    assert_eq!(told, [(79, Some(1234)), (13, Some(77))]);
    assert!(heard[0].text.contains("fallen off the bus"));
    assert_eq!(heard[1].at.as_second(), 1_700_000_005, "by the time of the boot");
}

#[test]
fn heat_power_and_bad_links_are_told() {
    let bed = Bed::new("throttled");
    let mut source = bed.source();
    let news = look(&mut source);
    assert_eq!(news.gpus[0].throttle, [Throttle::HardwareSlowdown, Throttle::HardwareThermal]);
    let evidence = found(&news.gpus[0]);
    assert!(evidence.contains(&(Severity::Warn, "89 °C, slows down at 87 °C".into())), "{evidence:?}");
    assert!(found(&news.gpus[1])[0].1.contains("power brake"));
    let evidence: Vec<_> = found(&news.gpus[2]).into_iter().map(|(_, words)| words).collect();
    let expected =
        ["NVLink 17 is down", "2 NVLink replays", "1 NVLink recoveries", "5 NVLink CRC errors", "PCIe x8 of x16"];
    assert_eq!(evidence, expected);
    // Replays that were there before are not of the last minutes; those that come are.
    bed.change(&text_of("throttled").replace("replays = 4", "replays = 9"));
    until(&mut source, "more replays", |news| (news.gpus[2].pcie.replays_recent == Some(5)).then_some(()));
}

#[test]
fn mig_devices_are_rows_of_their_own() {
    let bed = Bed::new("mig");
    let mut source = bed.source();
    let check = |news: &GpuNews| {
        let gpu = &news.gpus[0];
        assert!(gpu.mig.is_some_and(|mig| mig.enabled) && gpu.lacks("utilization"));
        assert_eq!((gpu.utilization_ratio, gpu.state), (None, GpuState::Ready));
        let part = |part: &flightdeck::model::gpu::MigDevice| {
            (part.name.to_string(), part.gpu_instance, part.memory.used_bytes, part.multiprocessors)
        };
        let parts: Vec<_> = gpu.mig_devices.iter().map(part).collect();
        let row = |profile: &str, instance, mib: u64, sms| {
            (format!("NVIDIA A100-SXM4-80GB MIG {profile}"), Some(instance), Some(mib << 20), Some(sms))
        };
        assert_eq!(parts, [row("3g.40gb", 2, 30_000, 42), row("2g.20gb", 3, 19, 28), row("1g.10gb", 9, 9_000, 14)]);
        let processes = gpu.processes.as_ref().expect("may be read").iter();
        let processes: Vec<_> = processes.map(|one| (one.pid, one.gpu_instance, one.utilization_ratio)).collect();
        assert_eq!(processes, [(71, Some(2), None), (72, Some(9), None)]);
        assert_eq!(found(gpu), []);
        assert_eq!((news.gpus[1].mig_devices.len(), news.gpus[1].mig.map(|mig| mig.enabled)), (0, Some(false)));
    };
    check(&look(&mut source));
    check(&look(&mut source));
    // Who may not see the processes of all asks each part for its own.
    let denied = "nvmlDeviceGetComputeRunningProcesses_v3 = \"no-permission\"";
    bed.change(&format!("{}\n[each.0.returns-as-a-whole]\n{denied}\n", text_of("mig")));
    let mut source = bed.source();
    check(&look(&mut source));
    assert_eq!(look(&mut source).gpus[0].denied, Vec::<compact_str::CompactString>::new());
}

#[test]
fn a_gpu_is_lost_in_the_middle_and_comes_back() {
    let bed = Bed::new("healthy");
    let mut source = bed.source();
    assert_eq!(look(&mut source).gpus[3].state, GpuState::Ready);
    bed.change(&text_of("lost"));
    let gpu = until(&mut source, "lost", |news| {
        let gpu: &Gpu = &news.gpus[3];
        (gpu.state == GpuState::Lost).then(|| gpu.clone())
    });
    assert!(gpu.name == "NVIDIA H100 80GB HBM3" && gpu.uuid.is_some(), "who it was is known");
    assert_eq!((gpu.utilization_ratio, gpu.processes), (None, None), "what it did is not");
    let news = look(&mut source);
    assert_eq!(news.gpus[3].state_since, gpu.state_since, "it is lost since then");
    assert!(news.gpus.iter().all(|other| other.index == 3 || other.state == GpuState::Ready));
    assert_eq!(judge(&news.gpus[3], clock::now()).0, Health::Failing);
    bed.change(&text_of("healthy"));
    let gpu = until(&mut source, "back", |news| {
        let gpu: &Gpu = &news.gpus[3];
        (gpu.state == GpuState::Ready).then(|| gpu.clone())
    });
    assert_eq!((gpu.state_since, gpu.problem), (None, None));
}

#[test]
fn a_gpu_that_is_lost_from_the_start_is_told_as_well() {
    let bed = Bed::new("lost");
    let news = look(&mut bed.source());
    assert_eq!((news.gpus[3].state, news.gpus[3].id.as_str()), (GpuState::Lost, "gpu-3"));
    assert!(
        news.gpus[3]
            .problem
            .as_deref()
            .is_some_and(|problem| problem.contains("fell off") || problem.contains("fallen off"))
    );
    let bed = Bed::new("reset-required");
    let news = look(&mut bed.source());
    assert_eq!(news.gpus[6].state, GpuState::ResetRequired);
    assert_eq!(found(&news.gpus[6])[0].0, Severity::Error);
}

#[test]
fn one_that_hangs_holds_up_nobody() {
    let bed = Bed::new("healthy");
    let mut source = bed.source();
    assert_eq!(look(&mut source).gpus[5].utilization_ratio, Some(0.97));
    bed.change(&text_of("slow"));
    let gpu = until(&mut source, "silent", |news| {
        let gpu: &Gpu = &news.gpus[5];
        (gpu.state == GpuState::Silent).then(|| gpu.clone())
    });
    assert_eq!(gpu.utilization_ratio, Some(0.97), "its last figures");
    for _ in 0..2 {
        let start = clock::instant();
        let news = look(&mut source);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!((news.gpus[5].state, news.gpus[5].state_since), (GpuState::Silent, gpu.state_since));
        assert!(news.gpus.iter().all(|other| other.index == 5 || other.state == GpuState::Ready));
        let read: Vec<_> = news.gpus.iter().filter(|other| other.index != 5).map(|other| other.read_at).collect();
        assert!(read.iter().all(|at| *at > gpu.read_at), "the others are read anew");
    }
    let start = clock::instant();
    drop(source);
    assert!(start.elapsed() < Duration::from_secs(2), "leaving does not wait for it");
    assert_eq!(bed.opened(), (1, 1), "as long as the call hangs the library stays");
    bed.change(&text_of("healthy"));
    wait("shut down", || bed.opened() == (1, 0));
}

#[test]
fn one_that_hung_is_asked_again_when_it_answers() {
    let bed = Bed::new("slow");
    let mut source = bed.source();
    let news = look(&mut source);
    assert_eq!((news.gpus[5].state, news.gpus[4].state), (GpuState::Silent, GpuState::Ready));
    // Nobody looks any more: the driver is held by the call that hangs, and the others can be read.
    let news = ask(&mut source, Topic::GpuHealth.into()).expect("it answers").expect("with news");
    assert_eq!((news.gpus[5].state, news.gpus[4].state), (GpuState::Silent, GpuState::Ready));
    bed.change(&text_of("healthy"));
    until(&mut source, "ready", |news| (news.gpus[5].state == GpuState::Ready).then_some(()));
}

#[test]
fn what_a_gpu_does_not_have_is_missing_by_name_and_nothing_else_is() {
    let bed = Bed::new("not-supported");
    let wanted = TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic]);
    let news = ask(&mut bed.source(), wanted).expect("it answers").expect("with news");
    let gpu = &news.gpus[0];
    let mut lacking = words(&gpu.unsupported);
    lacking.sort_unstable();
    let expected =
        ["ecc", "memory-temperature", "mig", "nvlink", "pages", "power", "recovery", "remapped", "serial", "traffic"];
    assert_eq!(lacking, expected);
    assert_eq!((gpu.fan_ratio, gpu.power.watts, gpu.remapped, gpu.recovery), (Some(0.35), None, None, None));
    assert_eq!((gpu.state, found(gpu)), (GpuState::Ready, vec![]));
    assert_eq!(gpu.memory.total_bytes, Some(4096 << 20));
}

#[test]
fn what_may_not_be_read_is_denied_by_name() {
    let bed = Bed::new("no-permission");
    let news = look(&mut bed.source());
    assert_eq!(news.gpus[0].state, GpuState::Denied);
    assert!(found(&news.gpus[0])[0].1.contains("permission"));
    assert_eq!((words(&news.gpus[1].denied), news.gpus[1].state), (vec!["processes"], GpuState::Ready));
    assert_eq!(news.gpus[1].processes, None);
}

#[test]
fn a_library_that_does_not_start_says_why() {
    let bed = Bed::new("driver-not-loaded");
    let off = why(&mut bed.source());
    assert!(matches!(&off, SourceError::Off { reason } if reason.contains("no NVIDIA GPU on the PCI bus")), "{off:?}");
    bed.file("sys/bus/pci/devices/0000:1b:00.0/vendor", "0x10de\n");
    bed.file("sys/bus/pci/devices/0000:1b:00.0/class", "0x030200\n");
    let down = why(&mut bed.source());
    assert!(matches!(&down, SourceError::Down { hint, .. } if hint.contains("modprobe nvidia")), "{down:?}");
    let down = why(&mut Bed::new("version-mismatch").source());
    assert!(matches!(&down, SourceError::Down { hint, .. } if hint.contains("restart the machine")), "{down:?}");
    bed.change("init = \"no-permission\"");
    wait(
        "denied",
        || matches!(why(&mut bed.source()), SourceError::Down { hint, .. } if hint.contains("/dev/nvidia*")),
    );
    bed.change("count = 0");
    wait("empty", || matches!(why(&mut bed.source()), SourceError::Off { .. }));
    assert_eq!(bed.opened().1, 0, "nothing stays open");
}

#[test]
fn sixteen_gpus_are_read_at_once() {
    let bed = Bed::new("sixteen");
    let mut source = bed.source();
    let news = until(&mut source, "all ready", |news| {
        news.gpus.iter().all(|gpu| gpu.state == GpuState::Ready).then(|| news.clone())
    });
    assert_eq!((news.gpus.len(), news.links.len()), (16, 120));
}

#[test]
fn in_the_background_a_resting_driver_is_left_alone() {
    let bed = Bed::new("healthy");
    let mut source = bed.source();
    bed.file("sys/module/nvidia/refcnt", "1\n");
    let off = ask(&mut source, Topic::GpuHealth.into()).expect_err("it rests");
    assert!(matches!(&off, SourceError::Off { reason } if reason.contains("not in use")), "{off:?}");
    assert_eq!(bed.opened(), (0, 0));
    // Somebody else uses it.
    bed.file("sys/module/nvidia/refcnt", "2\n");
    let news = ask(&mut source, Topic::GpuHealth.into()).expect("it answers").expect("with news");
    assert_eq!(news.gpus.len(), 8);
    wait("let go", || bed.opened() == (1, 0));
    wait("closed", || !source.is_open());
    // Persistence keeps it awake: asking wakes nothing.
    bed.file("sys/module/nvidia/refcnt", "1\n");
    assert!(ask(&mut source, Topic::GpuHealth.into()).expect("it answers").is_some());
    wait("let go again", || bed.opened() == (2, 0));
}

#[test]
fn when_nobody_looks_any_more_the_driver_is_let_go() {
    let bed = Bed::new("healthy");
    bed.change(&text_of("healthy").replace("[gpu]", "[gpu]\npersistence = false"));
    bed.file("sys/module/nvidia/refcnt", "1\n");
    let mut source = bed.source();
    look(&mut source);
    assert_eq!(bed.opened(), (1, 1));
    assert_eq!(ask(&mut source, Topic::GpuHealth.into()).expect("no fault"), None, "what was told stays");
    wait("shut down, with every thread that called it", || bed.opened() == (1, 0));
    wait("closed", || !source.is_open());
    assert_eq!(ask(&mut source, Topic::GpuHealth.into()).expect("no fault"), None);
    assert_eq!(bed.opened(), (1, 0), "and it stays asleep");
}

/// What the whole program prints, with the library that its configuration names, and how it leaves.
fn run(bed: &Bed, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command.args(arguments).env("HOME", bed.home()).env("FLIGHTDECK_GPU__NVML_LIBRARY", bed.library());
    let output =
        command.env("FLIGHTDECK_CONTEXTS", "none").env("FLIGHTDECK_ENGINES", "none").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    (output.status.code(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn nvml(told: &serde_json::Value) -> &serde_json::Value {
    let sources = told["sources"].as_array().expect("a list");
    sources.iter().find(|source| source["name"] == "gpu/nvml").expect("it is listed")
}

#[test]
fn the_doctor_tells_how_the_library_is() {
    let doctor = |scenario| run(&Bed::new(scenario), &["doctor", "--json"]).1;
    let told = doctor("healthy");
    assert_eq!(nvml(&told)["state"], "ok", "{told}");
    let told = doctor("version-mismatch");
    assert_eq!(nvml(&told)["state"], "down", "{told}");
    assert!(nvml(&told)["hint"].as_str().is_some_and(|hint| hint.contains("restart the machine")), "{told}");
}

/// The health of each scenario's GPUs, without doubles and in order, as scripts read it.
#[test]
fn the_snapshot_tells_every_scenario() {
    for (scenario, count, healths) in [
        ("healthy", 8, &["ok"][..]),
        ("ecc-double-bit", 8, &["fail", "ok"]),
        ("lost", 8, &["fail", "ok"]),
        ("reset-required", 8, &["fail", "ok"]),
        ("slow", 8, &["ok", "unknown"]),
        ("sixteen", 16, &["ok"]),
        ("throttled", 8, &["fail", "ok", "warn"]),
    ] {
        let (code, told) = run(&Bed::new(scenario), &["snapshot", "--json", "--only", "gpu"]);
        let gpus = told["gpus"].as_array().expect("a list");
        let found: BTreeSet<_> = gpus.iter().filter_map(|gpu| gpu["health"].as_str()).collect();
        assert_eq!((code, gpus.len()), (Some(0), count), "{scenario}: {told}");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), healths, "{scenario}: {told}");
        let unwell = gpus.iter().filter(|gpu| gpu["health"] != "ok");
        assert!(unwell.clone().all(|gpu| gpu["next_step"].is_string()), "{scenario}: {told}");
    }
    let (code, told) = run(&Bed::new("driver-not-loaded"), &["snapshot", "--json", "--only", "gpu"]);
    assert_eq!((code, nvml(&told)["state"].as_str()), (Some(0), Some("off")), "{told}");
    assert!(nvml(&told)["reason"].is_string(), "{told}");
    let (code, told) = run(&Bed::new("version-mismatch"), &["snapshot", "--json", "--only", "gpu"]);
    assert_eq!((code, nvml(&told)["state"].as_str()), (Some(3), Some("down")), "{told}");
}
