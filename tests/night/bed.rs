//! The services of the night, looked at from outside, and the homes of those who are on call.

use crate::{
    need::{kubernetes_bin, testbed},
    wait::within,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// The longest that anything is waited for: a machine that builds beside it is slow.
const PATIENCE: Duration = Duration::from_secs(240);
/// What is needed of a testbed.
const PARTS: [&str; 5] =
    ["docker/docker.sock", "kubernetes/kubeconfig", "patroni/ports", "prometheus/ports", "sshd/ssh_config"];
/// Everything of the night in the cluster lies here.
pub const NAMESPACE: &str = "store";

/// The testbed that `FLIGHTDECK_TESTBED` names.
pub struct Bed {
    pub folder: PathBuf,
}

/// Asks again and again until there is an answer. Others tell nobody when they have changed.
///
/// # Panics
/// When the patience is over, with what `seen` says then.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>, seen: impl FnOnce() -> String) -> T {
    within(PATIENCE, Duration::from_millis(200), || look().ok_or(()))
        .unwrap_or_else(|()| panic!("waited in vain: {what}\n{}", seen()))
}

/// Runs a program that has to end well, and returns what it printed.
pub fn run(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

impl Bed {
    /// The testbed, with all that the night needs; `None` where there is none.
    pub fn find(test: &str) -> Option<Self> {
        let found: Vec<_> = PARTS.iter().map_while(|part| testbed(test, part)).collect();
        let folder = found.first()?.clone();
        (found.len() == PARTS.len()).then_some(Self { folder })
    }

    /// A script of `tests/testbed` with its own folder of this testbed.
    pub fn script(&self, service: &str, verb: &str, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed").join(service);
        run(Command::new(script).arg(verb).arg(self.folder.join(service)).args(arguments))
    }

    fn kubectl_command(&self) -> Command {
        let mut command = Command::new(kubernetes_bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.folder.join("kubernetes/kubeconfig"));
        command
    }

    /// kubectl in the namespace of the night.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        run(self.kubectl_command().args(["-n", NAMESPACE]).args(arguments))
    }

    /// The same where it may fail, as it does while the API server is away.
    pub fn try_kubectl(&self, arguments: &[&str]) -> Option<String> {
        let done = self.kubectl_command().args(["-n", NAMESPACE]).args(arguments).stdin(Stdio::null()).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    /// Has a manifest applied.
    pub fn apply(&self, manifest: &Value) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), manifest.to_string()).expect("written");
        run(self.kubectl_command().args(["apply", "-f"]).arg(file.path()));
    }

    /// Debian's client, as the testbed's own scripts use it: another may be too new for its engine.
    fn docker_command(&self) -> Command {
        let client = Path::new("/usr/bin/docker");
        let mut command = Command::new(if client.exists() { client } else { Path::new("docker") });
        command.arg("--host").arg(self.engine());
        command
    }

    pub fn docker(&self, arguments: &[&str]) -> String {
        run(self.docker_command().args(arguments))
    }

    /// The same where it may fail.
    pub fn try_docker(&self, arguments: &[&str]) -> Option<String> {
        let done = self.docker_command().args(arguments).stdin(Stdio::null()).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    pub fn engine(&self) -> String {
        format!("unix://{}", self.folder.join("docker/docker.sock").display())
    }

    /// The addresses of the members' Patroni, by name.
    pub fn patroni(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.folder.join("patroni/ports")).expect("it was started");
        let lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>()).filter(|words| words[1] == "rest");
        lines.map(|words| (words[0].to_owned(), format!("http://127.0.0.1:{}", words[2]))).collect()
    }

    /// The cluster as one of its members tells it, whoever answers.
    pub fn cluster(&self) -> Option<Value> {
        self.patroni().iter().find_map(|(_, base)| get(&format!("{base}/cluster")))
    }

    /// Changes Patroni's configuration, as `patronictl pause` and `resume` do.
    pub fn pause(&self, is_paused: bool) {
        let body = if is_paused { r#"{"pause": true}"# } else { r#"{"pause": null}"# };
        let (_, base) = &self.patroni()[0];
        run(Command::new("curl").args(["-fsS", "-m", "10", "-X", "PATCH", "-d", body, &format!("{base}/config")]));
    }

    /// The address of `prometheus` or `alertmanager`.
    pub fn watcher(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.join("prometheus/ports")).expect("it was started");
        let port = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        format!("http://127.0.0.1:{}", port.expect("it has one"))
    }

    /// Whether Alertmanager tells of an alert that fires.
    pub fn fires(&self, name: &str) -> bool {
        let alerts = get(&format!("{}/api/v2/alerts?active=true", self.watcher("alertmanager"))).unwrap_or_default();
        let all = alerts.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().any(|alert| alert["labels"]["alertname"] == name)
    }

    /// Waits until an alert is over whose rule is gone: Prometheus tells nobody of that, and Alertmanager would go on for minutes.
    pub fn resolve(&self, labels: &Value) {
        let name = labels["alertname"].as_str().expect("it has a name");
        let look = || {
            if !self.fires(name) {
                return Some(());
            }
            let now = flightdeck::clock::now();
            let began = now - jiff::SignedDuration::from_hours(1);
            let alert = serde_json::json!([{ "labels": labels, "startsAt": began, "endsAt": now }]);
            let to = format!("{}/api/v2/alerts", self.watcher("alertmanager"));
            let json = "content-type: application/json";
            run(Command::new("curl").args(["-fsS", "-m", "10", "-H", json, "-d", &alert.to_string(), &to]));
            None
        };
        until(&format!("{name} is over"), look, || self.fires(name).to_string());
    }
}

/// What a server answers, if it does.
fn get(address: &str) -> Option<Value> {
    let done = Command::new("curl").args(["-fsS", "-m", "5", address]).output().ok()?;
    serde_json::from_slice(&done.stdout).ok()
}

/// Who leads a cluster, and on which timeline, as it tells itself.
pub fn leader(cluster: &Value) -> Option<(String, u64)> {
    let members = cluster["members"].as_array()?;
    let leader = members.iter().find(|member| member["role"] == "leader" && member["state"] == "running")?;
    Some((leader["name"].as_str()?.to_owned(), leader["timeline"].as_u64()?))
}

/// Where those on call have their configuration and the record that they share.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// One whose configuration knows all of the testbed.
    pub fn of(bed: &Bed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config/flightdeck");
        fs::create_dir_all(&config).expect("made");
        // No repository: what the rule book finds in this one is another matter.
        fs::create_dir_all(folder.path().join("nothing")).expect("made");
        fs::write(config.join("config.toml"), configuration(bed, folder.path())).expect("written");
        let kubeconfig = fs::read_to_string(bed.folder.join("kubernetes/kubeconfig")).expect("readable");
        // As a cluster is called that somebody is on call for.
        let named = kubeconfig
            .replace("name: testbed\n", "name: prod-eu\n")
            .replace("cluster: testbed, user: admin", "cluster: prod-eu, user: admin")
            .replace("current-context: testbed", "current-context: prod-eu");
        fs::write(folder.path().join("kubeconfig"), named).expect("written");
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The environment of the program there.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        let at = |name: &str| self.path().join(name).to_string_lossy().into_owned();
        [("XDG_CONFIG_HOME", at("config")), ("XDG_STATE_HOME", at("state")), ("KUBECONFIG", at("kubeconfig"))]
    }

    /// Runs a command of the program that looks at nothing but the record.
    pub fn flightdeck(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.envs(self.environment()).env_remove("SSH_CONNECTION").current_dir(self.path());
        run(command.args(["--docker", "none", "--context", "none", "--actor", "ann"]).args(arguments))
    }

    /// What the incident's export says, an event a line.
    pub fn timeline(&self) -> Vec<Value> {
        let text = self.flightdeck(&["incident", "export", "--format", "jsonl", "1"]);
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

fn configuration(bed: &Bed, home: &Path) -> String {
    let members: Vec<_> = bed.patroni().into_iter().map(|(_, base)| format!("{base:?}")).collect();
    format!(
        "engines = [{engine:?}]\ncontexts = [\"prod-eu\"]\nrepository = {nothing:?}\n\
         [incidents]\npropose-after-minutes = 1\n\
         [[postgres]]\nname = \"orders\"\npatroni = [{members}]\nmember-url = \"postgres://flightdeck@member/postgres\"\n\
         password-file = {password:?}\n\
         [[prometheus]]\nname = \"prod\"\nurls = [{prometheus:?}]\n\
         [[alertmanager]]\nname = \"prod\"\nurls = [{alertmanager:?}]\n",
        engine = bed.engine(),
        nothing = home.join("nothing"),
        members = members.join(", "),
        password = bed.folder.join("patroni/monitor.password"),
        prometheus = bed.watcher("prometheus"),
        alertmanager = bed.watcher("alertmanager"),
    )
}
