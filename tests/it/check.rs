//! `flightdeck check` as a person and a pipeline run it, on a planted repository and its repaired twin.

use crate::{need::need, pty::FLIGHTDECK};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// Files of a repository that violates rules, each violation once.
const PLANTED: &[(&str, &str)] = &[
    ("docker/Dockerfile", "FROM python:latest\nUSER app\nHEALTHCHECK CMD true\n"),
    ("docker/compose.yml", "services:\n  web:\n    image: nginx:1.27.3@sha256:4f1d2c9ab7e0\n    privileged: true\n"),
];

/// A home of its own, so that nothing of whoever runs the tests counts.
pub struct Bench(pub tempfile::TempDir);

impl Bench {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self(tempfile::tempdir().expect("a folder"));
        for (path, text) in files {
            bench.write(path, text);
        }
        bench
    }

    pub fn root(&self) -> PathBuf {
        self.0.path().join("repo")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("has one")).and_then(|()| fs::write(path, text)).expect("written");
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(FLIGHTDECK);
        command.arg("check").args(arguments).current_dir(self.0.path());
        command.env("HOME", self.0.path()).env_remove("XDG_STATE_HOME").env_remove("XDG_CONFIG_HOME");
        command.output().expect("it runs")
    }

    /// The scope of files alone.
    fn files(&self, more: &[&str]) -> Output {
        self.run(&[&["repo", "--scope", "repo"], more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        let output = self.files(&[&["--format", "json"], more].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
    }
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `11f docker/compose.yml:4` of every finding of these checks.
pub fn places(report: &Value, checks: &[&str]) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list");
    let told = findings.iter().filter(|finding| checks.iter().any(|check| finding["check"] == *check));
    let mut places: Vec<String> = told
        .map(|finding| {
            let place = match (&finding["file"], &finding["line"]) {
                (Value::String(file), Value::Number(line)) => format!("{file}:{line}"),
                (Value::String(file), _) => file.clone(),
                _ => finding["resource"].as_str().unwrap_or_default().to_owned(),
            };
            format!(
                "{} {} {place}",
                finding["check"].as_str().unwrap_or_default(),
                finding["status"].as_str().unwrap_or_default()
            )
        })
        .collect();
    places.sort();
    places
}

#[test]
fn a_planted_violation_is_told_once_and_its_repaired_twin_is_quiet() {
    let bench = Bench::new(PLANTED);
    let judged = ["11a", "11f"];
    let found = bench.json(&[]);
    assert_eq!(places(&found, &judged), ["11a fail docker/Dockerfile:1", "11f fail docker/compose.yml:4"]);
    assert_eq!(bench.files(&[]).status.code(), Some(1));
    bench.write("docker/Dockerfile", "FROM python:3.12.7\nUSER app\nHEALTHCHECK CMD true\n");
    bench.write("docker/compose.yml", "services:\n  web:\n    image: nginx:1.27.3@sha256:4f1d2c9ab7e0\n");
    assert_eq!(places(&bench.json(&[]), &judged), [""; 0]);
}

/// Our own rule book on our own repository. What the tests planted is left out by `.flightdeck.toml`, which says why.
#[test]
fn our_own_repository_passes() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(FLIGHTDECK);
    command.args(["check", env!("CARGO_MANIFEST_DIR"), "--scope", "repo", "--fail-on", "warn"]);
    command.args(["--docker", "none", "--context", "none"]).env("HOME", home.path()).env_remove("XDG_STATE_HOME");
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_waiver_hides_until_it_expires() {
    let bench = Bench::new(PLANTED);
    let waiver = |expires: &str| {
        format!(
            "[[waiver]]\nrule = \"11f\"\ntarget = \"docker/compose.yml\"\nowner = \"a\"\nreason = \"b\"\nexpires = {expires}\n"
        )
    };
    bench.write(".flightdeck.toml", &waiver("2999-01-01"));
    assert_eq!(places(&bench.json(&[]), &["11f"]), ["11f waived docker/compose.yml:4"]);
    bench.write(".flightdeck.toml", &waiver("2001-01-01"));
    assert_eq!(places(&bench.json(&[]), &["11f"]), ["11f fail docker/compose.yml:4"]);
}

#[test]
fn a_waiver_is_written_where_it_counts_and_nothing_else_is_touched() {
    let bench = Bench::new(PLANTED);
    let policy = "# ours\n[owners]\n\"docker/**\" = \"platform\" # they know\n# the end";
    bench.write(".flightdeck.toml", policy);
    let write = |more: &[&str]| bench.run(&[&["repo", "--scope", "repo", "--actor", "ann"], more].concat());
    let shown = write(&["--waive", "11f", "--reason", "moves on Monday", "--dry-run"]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown));
    let read = || fs::read_to_string(bench.root().join(".flightdeck.toml")).expect("there");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("+[[waiver]]\n") && read() == policy, "{}", text(&shown));
    let written = write(&["--waive", "11f", "--reason", "moves on Monday", "--expires", "30d"]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    assert!(read().starts_with(policy) && read().contains("owner = \"platform\"\n"), "{}", read());
    assert_eq!(places(&bench.json(&[]), &["11f"]), ["11f waived docker/compose.yml:4"]);
    let named =
        write(&["--waive", "11a:docker/Dockerfile", "--reason", "r", "--owner", "bob", "--expires", "2999-12-31"]);
    assert!(named.status.success() && read().contains("owner = \"bob\""), "{}\n{}", text(&named), read());
    assert_eq!(places(&bench.json(&[]), &["11a"]), ["11a waived docker/Dockerfile:1"]);
}

#[test]
fn what_would_not_be_written_is_said_and_the_file_is_left_alone() {
    let bench = Bench::new(PLANTED);
    let refused = |more: &[&str], code: i32, why: &str| {
        let output = bench.run(&[&["repo", "--scope", "repo"], more].concat());
        assert!(output.status.code() == Some(code) && text(&output).contains(why), "{more:?}: {}", text(&output));
        assert!(!bench.root().join(".flightdeck.toml").exists(), "{more:?}");
    };
    refused(&["--waive", "11f"], 2, "--reason");
    refused(&["--waive", "11z:x", "--reason", "r"], 2, "there is no check");
    for unknown in ["zz", "zz:foo"] {
        refused(
            &["--waive", unknown, "--reason", "r"],
            2,
            "there is no check «zz»; flightdeck check --explain 11 lists",
        );
    }
    refused(&["--accept", "11f1"], 2, "there is no check «11f1»");
    let at = "11f finds nothing at «docker/nofile.yml» now; it finds something at docker/compose.yml:4";
    refused(&["--waive", "11f:docker/nofile.yml", "--reason", "r"], 1, at);
    refused(&["--accept", "11f:docker/nofile.yml"], 1, at);
    refused(&["--waive", "11f:docker/compose.yml:3", "--reason", "r"], 1, "it finds something at docker/compose.yml:4");
    refused(
        &["--waive", "03a:x", "--reason", "r"],
        1,
        "03a finds nothing now that could be accepted (looked at: repo)",
    );
    refused(&["--waive", "11f", "--reason", "r", "--expires", "2001-01-01"], 2, "over already");
    refused(&["--waive", "03a", "--reason", "r"], 1, "finds nothing now");
    refused(&["--waive", "11f", "--reason", "r", "--read-only"], 4, "READ-ONLY");
    refused(&["--attest", "14", "--evidence", "https://x", "--role", "qa"], 2, "--requested-by");
    refused(
        &["--attest", "14", "--evidence", "https://x", "--role", "qa", "--by", "a", "--requested-by", "A"],
        2,
        "oneself",
    );
    refused(&["--attest", "12", "--evidence", "none.md", "--role", "qa"], 2, "none.md");
    refused(&["--dry-run"], 2, "--waive");
    bench.write(".flightdeck.toml", "[checks.11z]\n");
    let output = bench.files(&["--waive", "11f:x", "--reason", "r"]);
    assert!(output.status.code() == Some(2) && text(&output).contains(".flightdeck.toml:1:"), "{}", text(&output));
}

#[test]
fn places_are_taken_as_reports_print_them() {
    let bench = Bench::new(PLANTED);
    let waive = |target: &str| {
        let output = bench.files(&["--waive", target, "--reason", "r", "--expires", "30d"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    };
    let elsewhere = bench.files(&["--waive", "05b:Deployment shop/web", "--reason", "r", "--dry-run"]);
    let words = text(&elsewhere);
    assert!(
        elsewhere.status.success() && words.contains("05b finds nothing now") && words.contains("+[[waiver]]"),
        "{words}"
    );
    waive("11f:docker/compose.yml:4:17");
    let policy = || fs::read_to_string(bench.root().join(".flightdeck.toml")).expect("there");
    assert!(policy().contains("target = \"docker/compose.yml\"\n"), "{}", policy());
    assert_eq!(places(&bench.json(&[]), &["11f"]), ["11f waived docker/compose.yml:4"]);
    // Where the file has more of it, what is in the line alone is meant.
    bench.write(
        "docker/two.yml",
        "services:\n  a:\n    image: nginx:1.27.3\n    privileged: true\n  b:\n    image: nginx:1.27.3\n    privileged: true\n",
    );
    waive("11f:./docker/two.yml:7");
    let now = places(&bench.json(&[]), &["11f"]);
    assert_eq!(now, ["11f fail docker/two.yml:4", "11f waived docker/compose.yml:4", "11f waived docker/two.yml:7"]);
}

#[test]
fn the_number_of_a_rule_lists_its_checks() {
    let bench = Bench::new(PLANTED);
    let listed = bench.run(&["--explain", "1"]);
    let words = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.status.success() && words.starts_with("rule 1 ") && words.contains("\n  01a "), "{}", text(&listed));
    assert_eq!(bench.run(&["--explain", "zz"]).status.code(), Some(2));
}

#[test]
fn what_cannot_be_reached_is_not_called_a_file() {
    let bench = Bench::new(PLANTED);
    let engine = bench.run(&["repo", "--docker", "tcp://127.0.0.1:1", "--scope", "docker"]);
    let words = text(&engine);
    assert_eq!(engine.status.code(), Some(3), "{words}");
    assert!(words.contains("an engine or a cluster that cannot be reached") && words.contains("--docker"), "{words}");
    assert!(!words.contains("syntax") && !words.contains("a file that"), "{words}");
    bench.write("../.kube/config", "kind: Config\ncontexts:\n- name: prod\n  context: {cluster: c, user: u}\n");
    let cluster = bench.run(&["repo", "--context", "nope", "--scope", "kube"]);
    let words = text(&cluster);
    assert_eq!(cluster.status.code(), Some(3), "{words}");
    assert!(words.contains("no context is called nope") && !words.contains("no context is chosen"), "{words}");
    assert!(!words.contains("syntax"), "{words}");
}

#[test]
fn attestations_debt_and_own_waivers_are_written() {
    let bench = Bench::new(PLANTED);
    bench.write(".flightdeck.toml", "[[require]]\nrule = 14\nsubject = \"release 7\"\n");
    bench.write("docs/review.md", "fine\n");
    let asked = [
        "--attest",
        "14:release 7",
        "--evidence",
        "docs/review.md",
        "--role",
        "qa",
        "--by",
        "bob",
        "--requested-by",
        "ann",
    ];
    let output = bench.files(&asked);
    assert!(output.status.success(), "{}", text(&output));
    let states = |report: &Value| report["attestations"][0]["state"].as_str().unwrap_or_default().to_owned();
    assert_eq!(states(&bench.json(&[])), "valid");
    bench.write("docs/review.md", "not fine\n");
    assert_eq!(states(&bench.json(&[])), "expired", "it was vouched for another text");

    assert!(bench.files(&["--accept", "11f"]).status.success());
    assert!(bench.root().join(".flightdeck/baseline.json").is_file());
    assert_eq!(places(&bench.json(&[]), &["11f"]), ["11f waived docker/compose.yml:4"], "it is in force by itself");
    bench.write("docker/two.yml", "services:\n  web2:\n    image: nginx:1.27.3\n    privileged: true\n");
    let now = places(&bench.json(&[]), &["11f"]);
    assert_eq!(now, ["11f fail docker/two.yml:4", "11f waived docker/compose.yml:4"], "new debt counts");

    let own = bench.files(&["--waive", "11a:docker/*", "--reason", "r", "--own"]);
    let config = bench.0.path().join(".config/flightdeck/config.toml");
    assert!(
        own.status.success() && fs::read_to_string(&config).expect("there").contains("[[rules.waiver]]"),
        "{}",
        text(&own)
    );
    assert_eq!(places(&bench.json(&[]), &["11a"]), ["11a waived docker/Dockerfile:1"]);
}

#[test]
fn the_preflight_list_passes_once_all_of_it_is_so() {
    let bench = Bench::new(PLANTED);
    bench.write(".flightdeck.toml", "[authority]\nfolder = \"law\"\n");
    bench.write("law/ports.md", "80\n");
    let go = |more: &[&str]| bench.run(&[&["repo", "--preflight", "--actor", "ann"], more].concat());
    let first = go(&["--format", "json"]);
    let list: Value = serde_json::from_slice(&first.stdout).unwrap_or_else(|_| panic!("{}", text(&first)));
    let items = list["preflight"]["items"].as_array().expect("a list");
    let states: Vec<_> = items.iter().filter_map(|item| item["state"].as_str()).collect();
    assert_eq!((first.status.code(), states), (Some(1), vec!["unknown", "open", "violated", "open", "ok"]), "{list:#}");
    bench.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n");
    assert!(!go(&["--confirm", "read,searched"]).status.success(), "there is no lock");
    bench.write(".flightdeck.toml", "[authority]\nfolder = \"law\"\n[checks.17a]\nenabled = false\n");
    let open = go(&[]);
    assert!(open.status.code() == Some(1) && text(&open).contains("--confirm searched"), "{}", text(&open));
    let passed = go(&["--confirm", "read,searched"]);
    assert!(passed.status.success() && text(&passed).contains("pre-flight passed"), "{}", text(&passed));
    let folder = bench.0.path().join(".local/state/flightdeck/preflight");
    let kept = fs::read_dir(&folder).expect("kept").next().expect("a file").expect("readable").path();
    let kept: Value = serde_json::from_str(&fs::read_to_string(kept).expect("read")).expect("JSON");
    let last = kept["kept"].as_array().and_then(|all| all.last()).expect("one");
    assert_eq!((&last["actor"], &last["passed"]), (&Value::from("ann"), &Value::from(true)));
    assert_eq!(bench.run(&["--preflight"]).status.code(), Some(2), "there is no repository above");
}

#[test]
fn who_vouches_stands_in_the_report() {
    let bench = Bench::new(PLANTED);
    bench.write(
        ".flightdeck.toml",
        "[[require]]\nrule = 5\nsubject = \"orders\"\n[[require]]\nrule = 12\nsubject = \"drill\"\n\
         [[attestation]]\nrule = 5\nsubject = \"orders\"\nby = \"ann\"\nrole = \"dba\"\nat = 2026-01-01T00:00:00Z\n\
         evidence = \"https://wiki/restore\"\nexpires = 2999-01-01T00:00:00Z\n",
    );
    let report = bench.json(&[]);
    let states: Vec<_> = report["attestations"].as_array().expect("a list").iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["valid", "missing"], "{:#}", report["attestations"]);
    assert_eq!(places(&report, &["12-attested"]).len(), 1, "what is missing is a violation");
}

#[test]
fn exit_codes_and_what_is_wrong_are_said() {
    let bench = Bench::new(PLANTED);
    let code = |output: Output| (output.status.code(), text(&output));
    assert_eq!(bench.files(&["--fail-on", "block"]).status.code(), Some(1));
    bench.write("docker/compose.yml", "services: {}\n");
    bench.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n");
    let (status, said) = code(bench.files(&["--fail-on", "block"]));
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = code(bench.run(&["nowhere"]));
    assert!(status == Some(2) && said.contains("nowhere: is not there"), "{said}");
    bench.write(".flightdeck.toml", "[checks.11z]\nlevel = \"loud\"\n");
    let (status, said) = code(bench.files(&[]));
    assert!(
        status == Some(2) && said.contains(".flightdeck.toml:1:") && said.contains("nothing was checked"),
        "{said}"
    );
    fs::remove_file(bench.root().join(".flightdeck.toml")).expect("removed");
    let (status, said) = code(bench.run(&["--explain", "11f"]));
    assert!(status == Some(0) && said.contains("[[waiver]]"), "{said}");
    assert_eq!(bench.run(&["--explain", "99x"]).status.code(), Some(2));
    let (status, said) = code(bench.files(&["--output", "nowhere/out.sarif", "--fail-on", "block"]));
    assert!(status == Some(2) && said.contains("nowhere/out.sarif: the report cannot be written"), "{said}");
    let socket = "unix:///nowhere/docker.sock";
    let (status, said) = code(bench.run(&["repo", "--scope", "docker", "--docker", socket]));
    assert!(status == Some(3) && said.contains("1 unknown"), "{said}");
}

#[test]
fn runs_are_compared_and_debt_is_accepted_by_count() {
    let bench = Bench::new(PLANTED);
    let made = bench.files(&["--write-baseline", "debt.json"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    assert_eq!(bench.files(&["--baseline", "debt.json"]).status.code(), Some(0));
    let first = bench.json(&[]);
    assert!(!places(&first, &["11f"]).is_empty());
    bench.write("docker/two.Dockerfile", "FROM debian:latest\nUSER app\nHEALTHCHECK CMD true\n");
    assert_eq!(bench.files(&["--baseline", "debt.json"]).status.code(), Some(1), "what is new is refused");
    let said = text(&bench.files(&["--since-last"]));
    assert!(said.contains("new") && said.contains("two.Dockerfile"), "{said}");
}

#[test]
fn what_changed_is_judged_against_a_base() {
    if !need("changes", &["git"]) {
        return;
    }
    let bench = Bench::new(&[
        (
            "docker/compose.yml",
            "services:\n  web:\n    image: nginx:1.27.3\n    ports: [\"127.0.0.1:80:80\"]\n  db:\n    image: postgres:16.4\n",
        ),
        ("CHANGELOG.md", "# Changelog\n"),
    ]);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(bench.root())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments);
        assert!(command.output().expect("git runs").status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    bench.write("docker/compose.yml", "services:\n  web:\n    image: nginx:1.27.3\n    ports: [\"127.0.0.1:80:80\"]\n");
    let output = bench.run(&["repo", "--scope", "diff", "--base", "HEAD", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(places(&report, &["02a"]).len(), 1, "{report:#}");
    assert_eq!(places(&report, &["19a"]).len(), 1, "{report:#}");
}
