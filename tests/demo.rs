//! Makes the embedded demonstration: `tests/make-demo` has the bad night happen, and what was recorded of it packed here.

use flightdeck::{
    app::event::{Event, EventKind},
    model::update::Update,
    runtime::recorder::{read::Recording, repack},
    source::script::{Scenario, What},
};
use std::{env, fs, path::Path};

/// What may be embedded: minutes of a cluster, an engine, a database and a host, as strongly packed as it goes.
const MOST_BYTES: usize = 400 << 10;

/// The machine that it was made on is nobody's business: its mounts and control groups beside those of the story.
fn leave_out(event: &mut Event) {
    let EventKind::Updates { updates, .. } = &mut event.kind else { return };
    for update in updates {
        match update {
            Update::Mounts(mounts) => mounts.retain(|mount| mount.mount == "/" || mount.mount.starts_with("/srv")),
            Update::Cgroups(cgroups) => cgroups.groups.retain(|group| group.depth == 0),
            Update::Processes(processes) => processes.iter_mut().for_each(|process| {
                process.cgroup = None;
                process.command = process.command.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "").into();
            }),
            _ => {}
        }
    }
}

#[test]
#[ignore = "writes assets/demo.flightdeck from the recording that FLIGHTDECK_DEMO_FROM names"]
fn pack() {
    let from = env::var("FLIGHTDECK_DEMO_FROM").expect("FLIGHTDECK_DEMO_FROM names a recording or a scenario");
    let packed = if from.ends_with(".toml") {
        let scenario = Scenario::load(&fs::read_to_string(from).expect("readable")).expect("a scenario");
        let happen = scenario.steps.into_iter().filter(|step| !matches!(step.what, What::Check(_)));
        repack::from_events(happen.map(|step| (step.at, step.what.into())))
    } else {
        repack::repack(&Recording::open(Path::new(&from)).expect("a recording"), leave_out)
    };
    let packed = packed.expect("packs");
    assert!(packed.len() <= MOST_BYTES, "{} bytes are too many to embed", packed.len());
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.flightdeck");
    fs::write(&to, packed).expect("writable");
}
