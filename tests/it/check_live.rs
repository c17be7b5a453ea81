//! `flightdeck check` and its page on what runs: on the testbed's engine and cluster, on this host, and on files that are saved.

use crate::{
    check::{Bench, places, text},
    kubernetes::kubectl,
    need::testbed,
    pty::{FLIGHTDECK, Setup},
    wait::PATIENCE,
};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// Runs Debian's client on the testbed's engine.
fn docker(folder: &Path, arguments: &[&str]) -> String {
    let socket = format!("unix://{}", folder.join("docker/docker.sock").display());
    let output = Command::new("/usr/bin/docker").args(["-H", &socket]).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn live_containers_are_judged() {
    let Some(folder) = testbed("containers that violate rules", "docker/docker.sock") else { return };
    docker(&folder, &["tag", "testbed/busybox:1.35", "testbed/busybox:latest"]);
    let name = "check-planted";
    let socket = folder.join("docker/docker.sock").display().to_string();
    let mount = format!("{socket}:/var/run/docker.sock");
    // Where the tests run no container may be started privileged; what is created is judged as what runs.
    docker(
        &folder,
        &["create", "--name", name, "--privileged", "-v", &mount, "testbed/busybox:latest", "sleep", "600"],
    );
    let bench = Bench::new(&[]);
    let url = format!("unix://{socket}");
    let output = bench.run(&["--scope", "docker", "--docker", &url, "--context", "none", "--format", "json"]);
    docker(&folder, &["rm", "-f", name]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(output.status.code(), Some(1));
    let of_it = |check: &str| {
        let findings = report["findings"].as_array().expect("a list");
        findings.iter().filter(|f| f["check"] == check && f["resource"] == format!("container {name}")).count()
    };
    for check in ["11a", "11c", "11e", "11f", "11g"] {
        assert_eq!(of_it(check), 1, "{check}: {report:#}");
    }
}

/// What of the host needs no testbed: backups that the policy names, and what one look cannot know.
#[test]
fn this_host_is_judged_by_one_look() {
    let bench = Bench::new(&[
        (
            ".flightdeck.toml",
            "[[protected]]\nname = \"db\"\nreason = \"orders\"\nbackup-file = \"backup/*.dump\"\n\
             [[protected]]\nname = \"web\"\nreason = \"shop\"\nbackup-marker = \"backup/done\"\n\
             [[protected]]\nname = \"old\"\nreason = \"books\"\nbackup-marker = \"backup/told\"\n",
        ),
        ("backup/a.dump", ""),
        ("backup/done", ""),
        ("backup/told", "2026-01-01T00:00:00Z\n"),
    ]);
    let output = bench.run(&["repo", "--scope", "host", "--docker", "none", "--context", "none", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(places(&report, &["05g"]), ["05g fail backup of db", "05g fail backup of old"]);
    let notes = report["notes"].as_array().expect("a list");
    let says = |word: &str| notes.iter().any(|note| note["message"].as_str().is_some_and(|text| text.contains(word)));
    assert!(says("unknown here") && says("mount-fills") && says("network-drops"), "{notes:?}");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

/// Labels as compose gives them.
fn labels(bench: &Bench, project: &str, service: &str) -> Vec<String> {
    let files = bench.root().join("compose.yaml").canonicalize().expect("there");
    let label = |key: &str, value: &str| format!("com.docker.compose.{key}={value}");
    vec![
        label("project", project),
        label("service", service),
        label("project.config_files", &files.display().to_string()),
    ]
}

/// A container as compose would have made it.
fn create(folder: &Path, bench: &Bench, (name, service): (&str, &str), more: &[&str]) {
    let labels = labels(bench, name, service);
    let labels = labels.iter().flat_map(|label| ["--label", label]);
    let mut arguments = vec!["create", "--name", name];
    arguments.extend(labels);
    arguments.extend(more);
    arguments.extend(["testbed/busybox:1.35", "sleep", "600"]);
    docker(folder, &arguments);
}

const COMPOSE: &str = "services:\n  web:\n    image: testbed/busybox:1.35\n    read_only: true\n";
const REGISTRY: &str = "# Ports\n\n| Port | Service |\n| --- | --- |\n| 8080 | web |\n";

#[test]
fn live_containers_are_judged_with_the_repository_beside_them() {
    let Some(folder) = testbed("containers beside their compose file", "docker/docker.sock") else { return };
    let bench = Bench::new(&[("compose.yaml", COMPOSE), ("PortRegistry.md", REGISTRY)]);
    create(&folder, &bench, ("check-drifts", "web"), &["-p", "18123:80"]);
    create(&folder, &bench, ("check-stray", "gone"), &["--read-only"]);
    let url = format!("unix://{}", folder.join("docker/docker.sock").display());
    let output =
        bench.run(&["repo", "--scope", "docker,host", "--docker", &url, "--context", "none", "--format", "json"]);
    docker(&folder, &["rm", "-f", "check-drifts", "check-stray"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(places(&report, &["03a"]), ["03a fail container check-drifts"]);
    // The testbed's own containers were started by hand, beside what a project of this repository runs.
    let strays = places(&report, &["03b"]);
    let of_ours: Vec<_> = strays.iter().filter(|place| place.contains("container check-")).collect();
    assert_eq!(of_ours, ["03b fail container check-stray"], "{strays:?}");
    let ports = places(&report, &["11m"]);
    assert!(ports.contains(&"11m fail container check-drifts".to_owned()), "{ports:?}");
    let socket = places(&report, &["11r"]);
    assert!(socket.len() <= 1, "the engine's socket is told of once at most: {socket:?}");
}

#[test]
fn the_page_judges_the_engine_again_when_the_repository_changes() {
    let Some(folder) = testbed("containers beside their compose file", "docker/docker.sock") else { return };
    let setup = Setup::new().size(140, 40);
    let home = setup.home().to_path_buf();
    let write = |path: &str, text: &str| fs::write(home.join(path), text).expect("written");
    write(".flightdeck.toml", "[checks.16b]\nenabled = false\n");
    write("compose.yaml", COMPOSE);
    let name = "page-drifts";
    let files = home.join("compose.yaml").canonicalize().expect("there").display().to_string();
    let label = |key: &str, value: &str| format!("com.docker.compose.{key}={value}");
    let given = [label("project", "page"), label("service", "web"), label("project.config_files", &files)];
    let [project, service, file] = &given;
    docker(
        &folder,
        &[
            "create",
            "--name",
            name,
            "--label",
            project,
            "--label",
            service,
            "--label",
            file,
            "testbed/busybox:1.35",
            "sleep",
            "600",
        ],
    );
    let url = format!("unix://{}", folder.join("docker/docker.sock").display());
    let mut pty = setup.flightdeck(&["--docker", &url, "--context", "none"]);
    pty.wait_for_cockpit();
    pty.send("6/03a\r");
    let told = |screen: &str| screen.lines().filter(|line| line.contains(name)).count();
    pty.wait_for("what drifts, once", |seen| told(&seen.screen().contents()) == 1);
    write("compose.yaml", &COMPOSE.replace("    read_only: true\n", ""));
    pty.wait_for("the file that says what runs", |seen| told(&seen.screen().contents()) == 0);
    docker(&folder, &["rm", "-f", name]);
    pty.send("q");
    pty.ends_well(PATIENCE);
}

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: check-planted, namespace: default}
spec:
  # It is judged, never started: the kubelet would make that path on this host.
  schedulerName: nobody
  containers:
    - name: app
      image: testbed/busybox:latest
      imagePullPolicy: Never
      command: [sleep, "600"]
      securityContext: {privileged: true}
      volumeMounts: [{name: socket, mountPath: /var/run/docker.sock}]
  volumes: [{name: socket, hostPath: {path: /var/run/docker.sock}}]
"#;

#[test]
fn live_pods_are_judged() {
    let Some(folder) = testbed("pods that violate rules", "kubernetes/kubeconfig") else { return };
    let bench = Bench::new(&[("pod.yaml", POD)]);
    let manifest = bench.root().join("pod.yaml").display().to_string();
    kubectl(&folder, &["apply", "-f", &manifest]);
    let mut command = Command::new(FLIGHTDECK);
    command.args(["check", "--scope", "kube", "--docker", "none", "--format", "json"]).current_dir(bench.0.path());
    command.env("HOME", bench.0.path()).env("KUBECONFIG", folder.join("kubernetes/kubeconfig"));
    let output = command.output().expect("it runs");
    kubectl(&folder, &["delete", "pod", "check-planted", "--wait=false", "--grace-period=0", "--force"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(output.status.code(), Some(1));
    for check in ["11a", "11c", "11e", "11f", "11g"] {
        let findings = report["findings"].as_array().expect("a list");
        let of_it = findings.iter().filter(|f| f["check"] == check && f["resource"] == "Pod default/check-planted");
        assert_eq!(of_it.count(), 1, "{check}: {report:#}");
    }
}

#[test]
fn the_page_follows_what_is_saved() {
    let setup = Setup::new().size(120, 40);
    let home = setup.home().to_path_buf();
    let write = |path: &str, text: &str| fs::write(home.join(path), text).expect("written");
    write(".flightdeck.toml", "[packs]\nenable = [\"containers\"]\n");
    write("Dockerfile", "FROM python:3.12.7\nUSER app\nHEALTHCHECK CMD true\n");
    let mut pty = setup.flightdeck(&["--docker", "none", "--context", "none"]);
    pty.wait_for_cockpit();
    pty.send("6");
    pty.wait_for("the page, with what is not pinned", |seen| seen.shows("Violations") && seen.shows("11b"));
    write("Dockerfile", "FROM python:latest\nUSER root\nCMD python -m app\n");
    pty.wait_for("what was saved", |seen| seen.shows("11a") && seen.shows("11c") && seen.shows("11d"));
    write("Dockerfile", "FROM python:3.12.7\nUSER app\nHEALTHCHECK CMD true\n");
    pty.wait_for("what was mended", |seen| !seen.shows("11a") && !seen.shows("11c"));
    fs::create_dir(home.join("new"))
        .and_then(|()| fs::write(home.join("new/Dockerfile"), "FROM debian\n"))
        .expect("written");
    pty.wait_for("a file in a new folder", |seen| seen.shows("new/Dockerfile"));
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

#[test]
fn the_page_follows_the_engine_and_the_gate_stops_the_line() {
    let Some(folder) = testbed("containers that violate rules", "docker/docker.sock") else { return };
    let name = "live-planted";
    let url = format!("unix://{}", folder.join("docker/docker.sock").display());
    let setup = Setup::new().size(120, 40).env("FLIGHTDECK_START_ARMED", "true");
    let mut pty = setup.flightdeck(&["--docker", &url, "--context", "none"]);
    pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
    pty.send("6/11f\r");
    pty.wait_for("the page", |seen| seen.shows("«11f»") || seen.shows("11f"));
    docker(&folder, &["create", "--name", name, "--privileged", "testbed/busybox:1.35", "sleep", "600"]);
    pty.wait_for("the privileged container", |seen| seen.shows(&format!("container {name}")));
    pty.send(format!("4/{name}\r"));
    let is_row = |line: &str| line.contains(name) && line.contains("created");
    pty.wait_for("its row", |seen| seen.screen().contents().lines().any(is_row));
    pty.send("a");
    pty.wait_for("the refusal, with the rule's name", |seen| seen.shows("rule 11f is violated"));
    // An escape alone is one only where nothing follows at once.
    pty.send("\x1b");
    pty.wait_for("the menu is left", |seen| !seen.shows("Do to container"));
    docker(&folder, &["rm", "-f", name]);
    pty.send("q");
    pty.ends_well(PATIENCE);
}
