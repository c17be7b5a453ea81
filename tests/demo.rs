//! Makes the embedded demonstration: `tests/make-demo` records a session and has it packed here.

use flightdeck::{
    app::event::{Event, EventKind},
    model::update::Update,
    runtime::recorder::{read::Recording, repack},
    source::script::{Scenario, What},
};
use std::{env, fs, path::Path};

/// The machine that it was made on is nobody's business: its mounts and control groups beside those of the story.
fn leave_out(event: &mut Event) {
    let EventKind::Updates { updates, .. } = &mut event.kind else { return };
    for update in updates {
        match update {
            Update::Mounts(mounts) => mounts.retain(|mount| mount.mount == "/" || mount.mount.starts_with("/srv")),
            Update::Cgroups(cgroups) => cgroups.groups.retain(|group| group.depth == 0),
            Update::Processes(processes) => processes.iter_mut().for_each(|process| process.cgroup = None),
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
    assert!(packed.len() <= 150 << 10, "{} bytes are too many to embed", packed.len());
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.flightdeck");
    fs::write(&to, packed).expect("writable");
}
