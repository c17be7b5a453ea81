//! The testbed, the program with a home of its own, and what is made for one test.

pub use crate::need::testbed;

use crate::{need::kubernetes_bin, wait};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

pub const IMAGE: &str = "testbed/busybox:1.35";
/// The longest that anything is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(240);

/// The program with a home of its own.
pub struct Home {
    folder: tempfile::TempDir,
    bed: Option<PathBuf>,
}

/// What a run has said.
pub struct Said {
    pub code: i32,
    pub events: Vec<Value>,
    pub errors: String,
}

impl Said {
    pub fn last(&self) -> &Value {
        self.events.last().unwrap_or(&Value::Null)
    }

    pub fn outcome(&self) -> &str {
        self.last()["outcome"].as_str().unwrap_or_default()
    }

    pub fn run(&self) -> &str {
        self.last()["run"].as_str().unwrap_or_default()
    }

    /// Everything that it said, for a failure.
    pub fn all(&self) -> String {
        let lines: Vec<_> = self.events.iter().map(ToString::to_string).collect();
        format!("exit {}\n{}\n{}", self.code, lines.join("\n"), self.errors)
    }
}

impl Home {
    pub fn new(bed: Option<&Path>) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), bed: bed.map(Path::to_path_buf) }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the configuration.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path().join("config/flightdeck").join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    pub fn command(&self, actor: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.env("XDG_STATE_HOME", self.path()).env("XDG_CONFIG_HOME", self.path().join("config"));
        // Every variable of that beginning is taken for configuration.
        command.env_remove("SSH_CONNECTION").env_remove("FLIGHTDECK_TESTBED");
        command.current_dir(self.path()).stdin(Stdio::null());
        command.args(["--actor", actor]);
        match &self.bed {
            Some(bed) => {
                command.env("KUBECONFIG", bed.join("kubernetes/kubeconfig"));
                command.arg("--docker").arg(format!("unix://{}", bed.join("docker/docker.sock").display()));
            }
            None => {
                command.args(["--docker", "none", "--context", "none"]);
            }
        }
        command.arg("runbook").args(arguments);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command("ops-a", arguments).output().expect("it runs")
    }

    /// Runs it to its end; every line of its output is JSON.
    pub fn said(&self, arguments: &[&str]) -> Said {
        self.said_by("ops-a", arguments)
    }

    pub fn said_by(&self, actor: &str, arguments: &[&str]) -> Said {
        let output = self.command(actor, arguments).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        Said { code: output.status.code().unwrap_or(-1), events, errors }
    }

    /// Runs any command of the program, which has to end well, and returns what it printed.
    pub fn plain(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.env("XDG_STATE_HOME", self.path()).env("XDG_CONFIG_HOME", self.path().join("config"));
        command.env_remove("SSH_CONNECTION").env_remove("FLIGHTDECK_TESTBED").stdin(Stdio::null());
        let output = command.args(["--actor", "ann"]).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// One JSON document.
    pub fn json(&self, arguments: &[&str]) -> (i32, Value, String) {
        let output = self.output(arguments);
        let value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap_or(-1), value, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Begins it, so that its lines can be read one by one.
    pub fn begin(&self, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut command = self.command("ops-a", arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        (child, out)
    }
}

/// Reads lines of JSON until one fits, or the output ends.
pub fn read_until(out: &mut BufReader<ChildStdout>, mut fits: impl FnMut(&Value) -> bool) -> Option<Value> {
    let mut line = String::new();
    loop {
        line.clear();
        if out.read_line(&mut line).expect("read") == 0 {
            return None;
        }
        let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
        if fits(&value) {
            return Some(value);
        }
    }
}

/// A namespace of ours, which is gone at the end of the test.
pub struct Namespace {
    bed: PathBuf,
    pub name: String,
}

impl Namespace {
    pub fn new(bed: &Path, name: &str) -> Self {
        let space = Self { bed: bed.to_path_buf(), name: format!("rb-{name}-{}", std::process::id()) };
        space.kubectl_plain(&["create", "namespace", &space.name]);
        space
    }

    fn command(&self) -> Command {
        let mut command = Command::new(kubernetes_bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.bed.join("kubernetes/kubeconfig"));
        command
    }

    fn kubectl_plain(&self, arguments: &[&str]) -> String {
        let done = self.command().args(arguments).output().expect("kubectl runs");
        assert!(done.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8").trim().to_owned()
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["-n", &self.name];
        all.extend(arguments);
        self.kubectl_plain(&all)
    }

    /// Lists something and goes on telling what changes in it, a name a line, until the program is ended.
    pub fn watch(&self, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut command = self.command();
        command.args(["-n", &self.name, "get", "--watch", "-o", "name"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("kubectl runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        (child, out)
    }

    pub fn get(&self, what: &str, path: &str) -> String {
        self.kubectl(&["get", what, "-o", &format!("jsonpath={path}")])
    }

    pub fn apply(&self, manifest: &Value) {
        let mut command = self.command();
        let mut child = command
            .args(["-n", &self.name, "apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kubectl");
        child.stdin.take().expect("piped").write_all(manifest.to_string().as_bytes()).expect("written");
        assert!(child.wait().expect("ended").success(), "{manifest}");
    }

    /// A workload whose one container sleeps.
    pub fn sleeper(&self, kind: &str, name: &str, replicas: u32, image: &str) {
        let mut spec = serde_json::json!({
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": { "terminationGracePeriodSeconds": 0,
                "containers": [{ "name": "app", "image": image, "imagePullPolicy": "Never", "command": ["sleep", "1000000"] }] } },
        });
        match kind {
            "Deployment" => {
                spec["replicas"] = replicas.into();
            }
            "StatefulSet" => {
                spec["serviceName"] = name.into();
                spec["replicas"] = replicas.into();
            }
            _ => {}
        }
        self.apply(&serde_json::json!({
            "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name, "namespace": self.name }, "spec": spec,
        }));
    }

    /// A Deployment that is well, and then has an image rolled out that is not there.
    pub fn with_bad_image(&self, name: &str) {
        self.sleeper("Deployment", name, 2, IMAGE);
        let what = format!("deployment/{name}");
        self.kubectl(&["rollout", "status", "--timeout=240s", &what]);
        self.roll_out(name, "testbed/not-there:9");
        wait_for("the broken revision", || {
            self.get(&what, "{.metadata.annotations.deployment\\.kubernetes\\.io/revision}") == "2"
        });
    }

    /// Rolls an image out which has to show itself soon: a machine that is busy takes its time for the first one.
    pub fn roll_out(&self, deployment: &str, image: &str) {
        let template = serde_json::json!({ "spec": { "containers": [{ "name": "app", "image": image }] } });
        let patch = serde_json::json!({ "spec": { "progressDeadlineSeconds": 10, "template": template } });
        self.kubectl(&["patch", "deployment", deployment, "-p", &patch.to_string()]);
    }

    /// A made-up node that is ready.
    pub fn node(&self, name: &str) {
        self.apply(&serde_json::json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name } }));
        let node = self.kubectl_plain(&["get", "node", name, "-o", "json"]);
        let mut node: Value = serde_json::from_str(&node).expect("JSON");
        node["status"]["conditions"] =
            serde_json::json!([{ "type": "Ready", "status": "True", "reason": "MadeUp", "message": "" }]);
        let mut command = self.command();
        command.args(["replace", "--raw", &format!("/api/v1/nodes/{name}/status"), "-f", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kubectl");
        child.stdin.take().expect("piped").write_all(node.to_string().as_bytes()).expect("written");
        assert!(child.wait().expect("ended").success(), "{node}");
    }

    /// The generation of an object: it counts the changes of what is asked for.
    pub fn generation(&self, what: &str) -> u64 {
        self.get(what, "{.metadata.generation}").parse().expect("a number")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.command().args(["delete", "namespace", "--wait=false", &self.name]).output();
    }
}

/// Waits until a look from outside finds something.
pub fn wait_for(what: &str, look: impl FnMut() -> bool) {
    wait::found(what, PATIENCE, look);
}

/// `--set` for each of these.
pub fn set(pairs: &[String]) -> Vec<&str> {
    pairs.iter().flat_map(|pair| ["--set", pair.as_str()]).collect()
}
