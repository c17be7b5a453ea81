//! Podman, by the testbed's service on its compatible socket (`tests/testbed/podman`).

use crate::{
    bed::{Bed, on_testbed},
    need::testbed,
};
use flightdeck::{
    model::{
        container::{Container, ContainerState},
        logs::{LogRequest, LogTarget},
        object::{ObjectKind, ObjectRef},
    },
    source::logs,
    world::World,
};
use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

/// The testbed's Podman, with containers that are gone when this is dropped.
struct Podman {
    bed: Bed,
    folder: PathBuf,
    prefix: String,
}

impl Podman {
    fn new() -> Option<Self> {
        let folder = testbed("Podman", "podman/podman.sock")?.join("podman");
        let bed = Bed::of(folder.clone(), &folder.join("podman.sock"), "none");
        Some(Self { bed, folder, prefix: format!("ops-{}", std::process::id()) })
    }

    /// Podman's own words.
    fn podman(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/podman");
        let done = Command::new(script).arg("run").arg(&self.folder).args(arguments).output().expect("it runs");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    fn run(&self, name: &str, command: &str) -> ObjectRef {
        let name = self.name(name);
        let image = "testbed/busybox:1.35";
        self.podman(&["run", "-d", "--name", &name, "--stop-signal", "KILL", image, "sh", "-c", command]);
        let id = self.podman(&["inspect", "-f", "{{.Id}}", &name]);
        ObjectRef::in_engine(ObjectKind::Container, self.bed.engine(), &id)
    }

    fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    fn row<'w>(&self, world: &'w World, name: &str) -> &'w Arc<Container> {
        let name = self.name(name);
        let mut all = world.observed.containers.containers.iter();
        all.find(|row| row.name == name).unwrap_or_else(|| panic!("no {name}"))
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let names = self.podman(&["ps", "-a", "--format", "{{.Names}}"]);
        for name in names.lines().filter(|name| name.starts_with(&self.prefix)) {
            self.podman(&["rm", "--force", "--time", "0", name]);
        }
    }
}

/// Lines of a container until one is there.
fn lines(podman: &Podman, target: &ObjectRef, wanted: &str) -> Vec<String> {
    let (engine, id) = target.engine_and_id().expect("a container");
    let target = LogTarget::Container { engine: engine.into(), id: id.into() };
    let request =
        LogRequest { id: 1, targets: vec![target], since_seconds: None, tail: 100, follow: true, previous: false };
    let stream = logs::start(Arc::clone(&podman.bed.clients), request);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let mut lines: Vec<String> = Vec::new();
        while !lines.iter().any(|line| line.contains(wanted)) {
            let batch = tokio::time::timeout(Duration::from_secs(40), stream.next()).await;
            let batch = batch.unwrap_or_else(|_| panic!("no {wanted} in {lines:?}"));
            lines.extend(batch.lines.iter().map(|line| line.text.to_string()));
        }
        lines
    })
}

#[test]
fn podmans_containers_are_listed_read_and_stopped() {
    on_testbed("podman::podmans_containers_are_listed_read_and_stopped", |_| {
        let Some(podman) = Podman::new() else { return };
        let steady = podman.run("steady", "echo hello-from-podman; sleep 2; echo later-from-podman; exec sleep 100000");
        podman.run("died", "echo dying; exit 3");
        podman.bed.wait_for("its end", || {
            podman.podman(&["inspect", "-f", "{{.State.Status}}", &podman.name("died")]) == "exited"
        });
        let world = podman.bed.world();
        let engine = world.observed.containers.engines.get(podman.bed.engine()).expect("an engine");
        assert_eq!(engine.product, "Podman", "{engine:?}");
        let row = podman.row(&world, "steady");
        assert_eq!(row.state, ContainerState::Running);
        assert_eq!(row.image, "localhost/testbed/busybox:1.35");
        let usage = world.observed.containers.usage_of(row).expect("it is measured");
        assert!(usage.memory_bytes.is_some_and(|bytes| bytes > 10_000), "{usage:?}");
        let died = podman.row(&world, "died");
        assert_eq!((died.state, died.exit_code), (ContainerState::Exited, Some(3)), "{died:?}");

        let said = lines(&podman, &steady, "later-from-podman");
        assert!(said.iter().any(|line| line == "hello-from-podman"), "{said:?}");

        let state = || podman.podman(&["inspect", "-f", "{{.State.Status}}", &podman.name("steady")]);
        podman.bed.act("stop", &steady, &["1"]).expect("stopped");
        assert_eq!(state(), "exited");
        podman.bed.act("start", &steady, &[]).expect("started");
        assert_eq!(state(), "running");
        podman.bed.act("restart", &steady, &[]).expect("restarted");
        assert_eq!(state(), "running");
        podman.bed.act("remove", &steady, &["yes", "no"]).expect("removed");
        assert!(!podman.podman(&["ps", "-a", "--format", "{{.Names}}"]).contains("steady"));
    });
}
