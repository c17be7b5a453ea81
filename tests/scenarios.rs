//! Plays every scenario in `tests/scenarios` and looks whether what it expects is so.

mod common;

use flightdeck::{
    runtime::rehearse::{failures, rehearse},
    source::script::Scenario,
};
use std::{fs, path::Path};

#[test]
fn every_scenario_is_as_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut failed = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        // The bad night lies here, too, and is played on real services.
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let scenario = Scenario::load(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut checks = 0;
        rehearse(&scenario, common::settings(), |rehearsal, check| {
            checks += 1;
            let at = rehearsal.app.now.duration_since(scenario.start).as_secs_f64();
            failed.extend(failures(rehearsal, check).into_iter().map(|why| format!("{name} at {at} s: {why}")));
        });
        assert!(checks > 0, "{name} expects nothing");
        count += 1;
    }
    assert!(count >= 7, "{count} scenarios");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
