//! The testbed, and a way through the gate onto it.

use crate::{
    need::{kubernetes_bin, not_run},
    wait,
};
use flightdeck::{
    client::{self, Clients, Wanted},
    headless::gather::{Until, gather},
    model::object::{ObjectKind, ObjectRef},
    ops::ledger::LogOnly,
    ops::{
        access,
        execute::{Deed, execute},
        gate::{Gate, Policy},
        offer,
        operation::Operation,
    },
    source,
    world::World,
};
use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

/// The image that every container here is made of.
pub const IMAGE: &str = "testbed/busybox:1.35";
/// Says to the test that it runs with the testbed's kubeconfig.
const INSIDE: &str = "FLIGHTDECK_TEST_INSIDE";
/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs a test with the testbed's kubeconfig in its environment: the test runs itself anew, since the environment of a process with
/// threads cannot be changed. Without a testbed it says so by name, and fails where `CI=true`.
pub fn on_testbed(test: &str, body: impl FnOnce(&Bed)) {
    let Some(folder) = env::var_os("FLIGHTDECK_TESTBED").map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        return not_run(&format!("{test}: no testbed at $FLIGHTDECK_TESTBED; tests/testbed/up FOLDER starts one"));
    };
    if env::var_os(INSIDE).is_some() {
        return body(&Bed::new(folder));
    }
    let mut again = Command::new(env::current_exe().expect("this program"));
    again.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(INSIDE, "1");
    again.env("KUBECONFIG", folder.join("kubernetes/kubeconfig")).stdin(Stdio::null());
    let ended = again.output().expect("started");
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

pub struct Bed {
    pub folder: PathBuf,
    pub clients: Arc<Clients>,
}

impl Bed {
    fn new(folder: PathBuf) -> Self {
        let socket = folder.join("docker/docker.sock");
        Self::of(folder, &socket, "testbed")
    }

    /// The engine behind a socket, and a context or `none`.
    pub fn of(folder: PathBuf, socket: &Path, context: &str) -> Self {
        let docker = vec![format!("unix://{}", socket.display())];
        let clients = client::discover(&Wanted { docker, contexts: vec![context.into()], ..Wanted::default() });
        Self { folder, clients }
    }

    /// What the cockpit's own sources see now.
    pub fn world(&self) -> World {
        self.world_of(&self.clients)
    }

    pub fn world_of(&self, clients: &Arc<Clients>) -> World {
        let ours = |name: &str| name.starts_with("docker/") || name.starts_with("kube/");
        let sources = source::all(Arc::default(), clients, &Default::default())
            .into_iter()
            .filter(|source| ours(&source.spec().name));
        gather(sources.collect(), Until::Rates, Duration::from_secs(20)).expect("gathered").world
    }

    pub fn engine(&self) -> &str {
        &self.clients.docker[0].name
    }

    pub fn docker(&self, arguments: &[&str]) -> String {
        let socket = format!("unix://{}", self.folder.join("docker/docker.sock").display());
        said(Command::new("docker").args(["-H", &socket]).args(arguments).output())
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        said(self.kubectl_command().args(arguments).output())
    }

    pub fn kubectl_command(&self) -> Command {
        let program = kubernetes_bin().join("kubectl");
        let mut command = Command::new(if program.is_file() { program } else { "kubectl".into() });
        command.arg("--kubeconfig").arg(self.folder.join("kubernetes/kubeconfig"));
        command
    }

    pub fn apply(&self, manifest: &str) {
        let mut command = self.kubectl_command();
        let mut child =
            command.args(["apply", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kubectl");
        child.stdin.take().expect("piped").write_all(manifest.as_bytes()).expect("written");
        assert!(child.wait().expect("ended").success(), "{manifest}");
    }

    /// A container of ours by its name.
    pub fn container(&self, name: &str) -> ObjectRef {
        let id = self.docker(&["inspect", "-f", "{{.Id}}", name]);
        ObjectRef::in_engine(ObjectKind::Container, self.engine(), id.trim())
    }

    /// The operation of a word on an object, with what is said in its fields.
    pub fn operation(&self, world: &World, word: &str, target: &ObjectRef, values: &[&str]) -> Operation {
        let offer = offer::find(word, target).expect("offered");
        offer.operation(target, world, values).expect("well said")
    }

    /// Through the gate, with the server's word on what is allowed, and done.
    pub fn act(&self, word: &str, target: &ObjectRef, values: &[&str]) -> Result<Deed, String> {
        self.act_under(&armed(), word, target, values)
    }

    pub fn act_under(&self, policy: &Policy, word: &str, target: &ObjectRef, values: &[&str]) -> Result<Deed, String> {
        let mut world = self.world();
        let operation = self.operation(&world, word, target, values);
        self.ask(&mut world, &operation);
        let permit = Gate::permit(operation, &world, policy).map_err(|why| format!("gate: {why}"))?;
        execute(permit, &self.clients, &|_| {}, &LogOnly)
    }

    /// Has the world know what the server allows.
    pub fn ask(&self, world: &mut World, operation: &Operation) {
        let (context, needs) = (operation.place().to_owned(), operation.needs());
        if !needs.is_empty() {
            let count = needs.len();
            let said = access::review(&context, needs, &self.clients);
            assert_eq!(said.len(), count, "the server answers");
            world.note_access(world.now, &context, said);
        }
    }

    /// Waits until a look from outside finds something.
    pub fn wait_for(&self, what: &str, look: impl FnMut() -> bool) {
        wait::found(what, PATIENCE, look);
    }
}

pub fn armed() -> Policy {
    Policy {
        armed: true,
        own_pid: i32::MAX,
        actor: flightdeck::model::journal::Actor { name: "test".into(), ..Default::default() },
        ..Policy::default()
    }
}

fn said(output: io::Result<Output>) -> String {
    let output = output.expect("started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A container of ours, which is gone at the end of the test.
pub struct Container<'b> {
    bed: &'b Bed,
    pub name: String,
}

impl<'b> Container<'b> {
    pub fn run(bed: &'b Bed, name: &str, options: &[&str], command: &[&str]) -> Self {
        let name = format!("ops-{name}-{}", std::process::id());
        let mut arguments = vec!["run", "-d", "--name", &name];
        arguments.extend(options);
        arguments.push(IMAGE);
        arguments.extend(command);
        bed.docker(&arguments);
        Self { bed, name }
    }

    pub fn inspect(&self, format: &str) -> String {
        self.bed.docker(&["inspect", "-f", format, &self.name]).trim().to_owned()
    }

    pub fn target(&self) -> ObjectRef {
        self.bed.container(&self.name)
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let socket = format!("unix://{}", self.bed.folder.join("docker/docker.sock").display());
        let _ = Command::new("docker").args(["-H", &socket, "rm", "-f", "-v", &self.name]).output();
    }
}

/// A namespace of ours, which is gone at the end of the test.
pub struct Namespace<'b> {
    bed: &'b Bed,
    pub name: String,
}

impl<'b> Namespace<'b> {
    pub fn new(bed: &'b Bed, name: &str) -> Self {
        let name = format!("ops-{name}-{}", std::process::id());
        bed.kubectl(&["create", "namespace", &name]);
        Self { bed, name }
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["-n", &self.name];
        all.extend(arguments);
        self.bed.kubectl(&all).trim().to_owned()
    }

    pub fn object(&self, kind: ObjectKind, name: &str) -> ObjectRef {
        ObjectRef::in_cluster(kind, "testbed", &self.name, name)
    }

    /// A Deployment of pods that serve a page on port 8080.
    pub fn deploy(&self, name: &str, replicas: u32) {
        self.workload(ObjectKind::Deployment, name, replicas);
    }

    /// The same of another kind.
    pub fn workload(&self, kind: ObjectKind, name: &str, replicas: u32) {
        let (word, service) = match kind {
            ObjectKind::StatefulSet => ("StatefulSet", format!(r#""serviceName": "{name}", "#)),
            _ => ("Deployment", String::new()),
        };
        self.bed.apply(&format!(
            r#"{{"apiVersion": "apps/v1", "kind": "{word}", "metadata": {{"name": "{name}", "namespace": "{}"}},
            "spec": {{{service}"replicas": {replicas}, "selector": {{"matchLabels": {{"app": "{name}"}}}},
            "template": {{"metadata": {{"labels": {{"app": "{name}"}}}}, "spec": {{"terminationGracePeriodSeconds": 0, "containers": [
            {{"name": "web", "image": "{IMAGE}", "imagePullPolicy": "Never",
            "command": ["sh", "-c", "mkdir -p /www; echo hello-from-the-pod > /www/index.html; exec httpd -f -p 8080 -h /www"]}}]}}}}}}}}"#,
            self.name
        ));
        self.kubectl(&["rollout", "status", "--timeout=90s", &format!("{}/{name}", kind.word())]);
    }

    pub fn pod_of(&self, app: &str) -> String {
        let path = "{.items[0].metadata.name}";
        self.kubectl(&["get", "pods", "-l", &format!("app={app}"), "-o", &format!("jsonpath={path}")])
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = self.bed.kubectl_command().args(["delete", "namespace", "--wait=false", &self.name]).output();
    }
}

/// A file's text.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("there")
}
