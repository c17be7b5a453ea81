//! The headless commands on the machine that the tests run on.

use flightdeck::{
    app::settings::Terminal,
    config::Config,
    headless::{
        doctor::{DoctorOptions, TerminalCheck, doctor},
        snapshot::{SnapshotOptions, snapshot},
    },
    source,
};
use serde_json::Value;
use std::{fs, time::Duration};

#[test]
fn a_snapshot_of_this_machine_has_rates_and_does_not_dawdle() {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let begin = flightdeck::clock::instant();
    let options = SnapshotOptions { json: true, ..SnapshotOptions::default() };
    let code = snapshot(
        &options,
        source::all(Default::default(), &Default::default(), &Default::default()),
        &mut out,
        &mut errors,
    )
    .expect("printed");
    let took = begin.elapsed();
    assert_eq!((code, String::from_utf8_lossy(&errors).as_ref()), (0, ""));
    let value: Value = serde_json::from_slice(&out).expect("JSON");
    let hostname = fs::read_to_string("/proc/sys/kernel/hostname").expect("readable");
    assert_eq!(value["host"]["hostname"], hostname.trim());
    assert!(value["host"]["cpu"]["used_ratio"].is_number(), "a rate: {}", value["host"]["cpu"]);
    let processes = value["host"]["processes"].as_array().expect("a list");
    let own = processes.iter().find(|process| process["pid"] == std::process::id()).expect("this process");
    assert!(own["cpu_ratio"].is_number() && own["memory_bytes"].as_u64() > Some(0), "{own}");
    assert!(value["host"]["disks"].as_array().expect("a list").iter().any(|disk| disk["mount"] == "/"));
    assert!(took < Duration::from_secs(9), "took {took:?}: {}", value["sources"]);
}

#[test]
fn the_doctor_examines_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = DoctorOptions {
        json: true,
        wait: Duration::from_secs(5),
        config_files: vec![],
        state_folder: folder.path().into(),
        state_problem: None,
        terminal: TerminalCheck::here(&Terminal::default(), &Config::default()),
        named: vec![],
        engines_tried: vec![],
        clusters_tried: vec![],
        misconfigured: false,
    };
    let mut out = Vec::new();
    let code = doctor(&options, source::all(Default::default(), &Default::default(), &Default::default()), &mut out)
        .expect("printed");
    let value: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(code, 0, "{value:#}");
    let sources = value["sources"].as_array().expect("a list");
    for source in sources {
        let state = source["state"].as_str().expect("a word");
        assert!(state == "ok" || source["reason"].is_string(), "{source}");
    }
    assert!(sources.iter().any(|source| source["name"] == "host/gauges" && source["state"] == "ok"));
}
