//! What engines hold: an image from a registry, and prunes that really remove something, on an engine that nobody else uses.

use crate::{
    bed::{Bed, IMAGE, on_testbed},
    need::need,
};
use flightdeck::model::object::{ObjectKind, ObjectRef};
use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A registry on loopback, which engines speak to without TLS; it ends when this is dropped.
struct Registry {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Registry {
    fn start(bed: &Bed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let config = folder.path().join("config.yml");
        let data = folder.path().join("data");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n",
            data.display()
        );
        std::fs::write(&config, text).expect("written");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().expect("it is installed");
        bed.wait_for("the registry", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { server, port, _folder: folder }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn an_image_is_pulled_from_a_registry() {
    on_testbed("stores::an_image_is_pulled_from_a_registry", |bed| {
        if !need("a registry", &["docker-registry"]) {
            return;
        }
        let registry = Registry::start(bed);
        let image = format!("127.0.0.1:{}/flightdeck/pulled:7", registry.port);
        bed.docker(&["tag", IMAGE, &image]);
        bed.docker(&["push", &image]);
        bed.docker(&["rmi", &image]);
        assert!(!bed.docker(&["images", "--format", "{{.Repository}}"]).contains("flightdeck/pulled"));
        let engine = ObjectRef::new(ObjectKind::Engine, bed.engine());
        let deed = bed.act("pull", &engine, &[&image]).expect("pulled");
        assert!(deed.text.contains(&format!("pull of {image}")) || deed.text.contains("done"), "{}", deed.text);
        let of = |name: &str| bed.docker(&["image", "inspect", "-f", "{{.Id}}", name]);
        assert_eq!(of(&image), of(IMAGE));
        let failed = bed.act("pull", &engine, &[&image.replace(":7", ":8")]).expect_err("there is no such tag");
        assert!(failed.contains("not found") || failed.contains("unknown"), "{failed}");
        bed.docker(&["rmi", &image]);
    });
}

/// An engine of our own; it is taken down when this is dropped.
struct Engine(PathBuf);

impl Engine {
    fn start() -> Self {
        // The path of a socket has an end, and a folder of cargo's may be long.
        let engine = Self(PathBuf::from(format!("/tmp/fd-prune-{}", std::process::id())));
        assert!(engine.run("up"), "an engine");
        engine
    }

    fn run(&self, what: &str) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/docker");
        let mut command = Command::new(script);
        command.arg(what).arg(self.0.join("docker")).stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn bed(&self) -> Bed {
        Bed::of(self.0.clone(), &self.0.join("docker/docker.sock"), "none")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.run("down");
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_nothing_uses_is_pruned_and_the_rest_stays() {
    on_testbed("stores::what_nothing_uses_is_pruned_and_the_rest_stays", |_| {
        let engine = Engine::start();
        let bed = engine.bed();
        bed.docker(&["volume", "create", "kept"]);
        bed.docker(&["volume", "create", "lost"]);
        bed.docker(&["network", "create", "kept"]);
        bed.docker(&["network", "create", "lost"]);
        bed.docker(&["run", "-d", "--name", "kept", "-v", "kept:/data", "--network", "kept", IMAGE, "sleep", "100000"]);
        bed.docker(&["run", "--name", "lost", IMAGE, "true"]);
        // What had a name and lost it to another is dangling.
        bed.docker(&["commit", "kept", "named:1"]);
        bed.docker(&["commit", "kept", "named:1"]);
        let object = ObjectRef::new(ObjectKind::Engine, bed.engine());
        let prune = |what: &str| bed.act("prune", &object, &[what]).unwrap_or_else(|why| panic!("{what}: {why}")).text;
        let list = |what: &[&str]| bed.docker(what).lines().map(str::to_owned).collect::<Vec<_>>();

        let said = prune("containers");
        assert_eq!(list(&["ps", "-a", "--format", "{{.Names}}"]), ["kept"], "{said}");
        assert!(said.contains('1'), "{said}");
        prune("volumes");
        assert_eq!(list(&["volume", "ls", "-q"]), ["kept"]);
        prune("networks");
        let networks = list(&["network", "ls", "--format", "{{.Name}}"]);
        assert!(networks.contains(&"kept".into()) && !networks.contains(&"lost".into()), "{networks:?}");
        let dangling = ["images", "-q", "--filter", "dangling=true"];
        assert_eq!(list(&dangling).len(), 1);
        prune("dangling-images");
        assert_eq!(list(&dangling).len(), 0);
        let names = || list(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        assert!(names().contains(&"named:1".into()) && names().contains(&"testbed/busybox:1.36".into()));
        let said = prune("images");
        assert_eq!(names(), [IMAGE], "only what a container uses: {said}");
        assert_eq!(list(&["inspect", "-f", "{{.State.Running}}", "kept"]), ["true"]);
    });
}
