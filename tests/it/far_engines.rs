//! Container engines that are reached over TLS and over ssh: the testbed's, by the ways that it offers.

use crate::{
    need::{need, program, testbed},
    pty::{FLIGHTDECK, Setup},
    ssh::Sshd,
    wait::PATIENCE,
};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Keys that lead to the list of engines.
const ENGINES: &str = "4\x1b5";

/// An environment that leads to an engine.
type Way = Vec<(&'static str, String)>;

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The folder of the testbed's engine, and where it listens over TLS.
fn over_tls() -> Option<(PathBuf, String)> {
    let folder = testbed("an engine over TLS", "docker/tls/port")?.join("docker");
    let port = fs::read_to_string(folder.join("tls/port")).expect("its port");
    Some((folder, format!("tcp://127.0.0.1:{}", port.trim())))
}

fn verified(url: &str, certificates: &Path) -> Way {
    vec![("DOCKER_HOST", url.into()), ("DOCKER_TLS_VERIFY", "1".into()), ("DOCKER_CERT_PATH", text(certificates))]
}

fn flightdeck(way: &Way, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(FLIGHTDECK);
    command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(way.iter().map(|(name, value)| (name, value)));
    command.args(["--context", "none"]).args(arguments).output().expect("it runs")
}

/// Names of the containers in a snapshot, sorted.
fn containers(way: &Way, flags: &[&str]) -> Vec<String> {
    let asked = [flags, &["snapshot", "--json", "--only", "containers", "--wait", "60s"]].concat();
    let output = flightdeck(way, &asked);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = value["containers"].as_array().expect("a list");
    let mut names: Vec<_> = rows.iter().filter_map(|row| row["name"].as_str()).map(str::to_owned).collect();
    names.sort();
    names
}

/// Fails unless the testbed's containers that rest are there.
fn has_the_testbeds(names: &[String]) {
    for name in ["web", "oom", "shop-db-1", "exited-0"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}

/// What doctor says of the engine.
fn diagnosis(way: &Way, flags: &[&str]) -> String {
    let output = flightdeck(way, &[flags, &["doctor", "--json"]].concat());
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sources = value["sources"].as_array().expect("a list");
    let engine = sources.iter().find(|row| row["kind"] == "docker").expect("an engine");
    let word = |key: &str| engine[key].as_str().unwrap_or_default().to_owned();
    format!("{}: {} → {}", word("state"), word("reason"), word("hint"))
}

/// Waits until the list of engines shows all of these.
fn engines_pane_shows(way: &Way, flags: &[&str], words: &[&str]) {
    let mut setup = Setup::new().size(200, 40);
    for (name, value) in way {
        setup = setup.env(name, value);
    }
    let mut pty = setup.flightdeck(&[&["--context", "none"], flags].concat());
    pty.wait_for_cockpit();
    pty.send(ENGINES);
    pty.wait_for(&format!("{words:?}"), |seen| words.iter().all(|word| seen.shows(word)));
    pty.send("q");
    pty.ends_well(PATIENCE);
}

/// Opens a shell in a container there: a connection that is handed over to the session as it is.
fn a_shell_is_opened(way: &Way) {
    let mut setup = Setup::new().size(120, 40).env("FLIGHTDECK_START_ARMED", "true");
    for (name, value) in way {
        setup = setup.env(name, value);
    }
    let mut pty = setup.flightdeck(&["--context", "none"]);
    pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
    pty.send("4/noisy\r");
    let is_row = |line: &str| line.contains("noisy") && line.contains("running");
    pty.wait_for("the row", |seen| seen.shows("«noisy»") && seen.screen().contents().lines().any(is_row));
    pty.send("x");
    pty.wait_for("the form", |seen| seen.shows("exec: container"));
    pty.send("\r");
    pty.wait_for("a prompt", |seen| seen.shows("ctrl-] leaves it") && seen.shows("#"));
    pty.send("echo in-$((40+2)); exit 3\r");
    pty.wait_for("its end", |seen| seen.shows("ended with exit code 3"));
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

#[test]
fn an_engine_is_reached_over_tls() {
    let Some((folder, url)) = over_tls() else { return };
    let way = verified(&url, &folder.join("tls"));
    has_the_testbeds(&containers(&way, &[]));
    a_shell_is_opened(&way);
    engines_pane_shows(&way, &[], &["127.0.0.1", "ok", "Docker"]);
}

#[test]
fn a_docker_context_has_its_own_certificates() {
    let Some((folder, url)) = over_tls() else { return };
    if !need("Docker contexts", &["docker"]) {
        return;
    }
    let config = tempfile::tempdir().expect("a folder");
    let file = |name: &str| text(&folder.join("tls").join(name));
    let endpoint = format!("host={url},ca={},cert={},key={}", file("ca.pem"), file("cert.pem"), file("key.pem"));
    for arguments in [&["context", "create", "far", "--docker", &endpoint][..], &["context", "use", "far"]] {
        let done = Command::new("docker").env("DOCKER_CONFIG", config.path()).args(arguments).output().expect("runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let way = vec![("DOCKER_CONFIG", text(config.path()))];
    has_the_testbeds(&containers(&way, &["--docker", "far"]));
    // It is the current one: found without being named.
    has_the_testbeds(&containers(&way, &[]));
}

#[test]
fn certificates_that_do_not_fit_are_told() {
    let Some((folder, url)) = over_tls() else { return };
    let stranger = verified(&url, &folder.join("stranger"));
    let said = diagnosis(&stranger, &[]);
    assert!(said.starts_with("down: TLS with tcp://") && said.contains("UnknownIssuer"), "{said}");
    assert!(said.contains("→ check the certificates: DOCKER_CERT_PATH"), "{said}");
    engines_pane_shows(&stranger, &[], &["down", "TLS with tcp://"]);
    // The server's authority is known, and does not know us.
    let mixed = tempfile::tempdir().expect("a folder");
    for (from, name) in [("tls", "ca.pem"), ("stranger", "cert.pem"), ("stranger", "key.pem")] {
        fs::copy(folder.join(from).join(name), mixed.path().join(name)).expect("copied");
    }
    let said = diagnosis(&verified(&url, mixed.path()), &[]);
    assert!(said.starts_with("down: TLS with tcp://") && said.contains("BadCertificate"), "{said}");
    let other_name = url.replace("127.0.0.1", "localhost");
    let said = diagnosis(&verified(&other_name, &folder.join("tls")), &[]);
    assert!(said.contains("not valid for name \"localhost\""), "{said}");
    let said = diagnosis(&vec![("DOCKER_HOST", url)], &[]);
    assert!(said.starts_with("down: the engine answered 400") && said.contains("DOCKER_TLS_VERIFY"), "{said}");
}

/// A user whose ssh leads to a server of ours. ssh takes its configuration from the home that the system knows, whatever `HOME` says:
/// so a script named ssh, first in the path, hands ours to the real one.
struct User {
    sshd: Sshd,
    programs: tempfile::TempDir,
}

impl User {
    fn new(socket: &Path) -> Self {
        let sshd = Sshd::with(&[&format!("DOCKER_HOST=unix://{}", socket.display())]);
        let programs = tempfile::tempdir().expect("a folder");
        let script = programs.path().join("ssh");
        let real = program("ssh").expect("it is needed");
        let text = format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", real.display(), sshd.facts["config"]);
        fs::write(&script, text).expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
        Self { sshd, programs }
    }

    fn way(&self) -> Way {
        let path = std::env::var("PATH").unwrap_or_default();
        vec![("PATH", format!("{}:{path}", text(self.programs.path())))]
    }
}

fn over_ssh() -> Option<User> {
    let socket = testbed("an engine over ssh", "docker/docker.sock")?.join("docker/docker.sock");
    need("an engine over ssh", &["ssh", "sshd", "ssh-keygen", "docker"]).then(|| User::new(&socket))
}

#[test]
fn an_engine_is_reached_over_ssh() {
    let Some(user) = over_ssh() else { return };
    has_the_testbeds(&containers(&user.way(), &["--docker", "ssh://testbed"]));
    let whole = format!("ssh://root@127.0.0.1:{}", user.sshd.facts["port"]);
    let named: Way = user.way().into_iter().chain([("DOCKER_HOST", whole)]).collect();
    has_the_testbeds(&containers(&named, &[]));
    a_shell_is_opened(&named);
    engines_pane_shows(&named, &[], &["127.0.0.1", "ok", "Docker"]);
    let said = diagnosis(&user.way(), &["--docker", "ssh://testbed/no/such.sock"]);
    assert!(
        said.starts_with("down: no way by ssh://testbed/no/such.sock: ") && said.contains("no such file"),
        "{said}"
    );
}

#[test]
fn an_ssh_that_is_refused_says_why() {
    let Some(user) = over_ssh() else { return };
    let closed = diagnosis(&user.way(), &["--docker", "ssh://127.0.0.1:1"]);
    assert!(closed.starts_with("down: no way by ssh://127.0.0.1:1: ") && closed.contains("refused"), "{closed}");
    fs::write(user.sshd.folder.path().join("authorized"), "").expect("nobody is let in");
    let flags = ["--docker", "ssh://testbed"];
    let said = diagnosis(&user.way(), &flags);
    assert!(said.starts_with("down: no way by ssh://testbed: ") && said.contains("Permission denied"), "{said}");
    assert!(said.contains("→ try `ssh HOST docker version` by hand"), "{said}");
    engines_pane_shows(&user.way(), &flags, &["testbed", "down", "no way by ssh://testbed"]);
    let nothing: Way = vec![("PATH", "/nowhere".into())];
    let said = diagnosis(&nothing, &flags);
    assert!(said.contains("ssh cannot be run here"), "{said}");
}
