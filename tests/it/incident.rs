//! `flightdeck incident` as a script uses it, on a real journal: declared, noted, resolved, exported, proven; and found out where a byte was changed.

use crate::{need::need, wait::PATIENCE};
use flightdeck::{
    journal::{Journal, Options},
    model::{
        attention::Severity,
        journal::{Actor, Body, Draft},
        object::{ObjectKind, ObjectRef},
    },
};
use jiff::SignedDuration;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    thread,
};

fn run(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command.env_remove("FLIGHTDECK_TESTBED");
    command.env("XDG_STATE_HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env_remove("SSH_CONNECTION");
    command.args(["--actor", "ops-a", "incident"]).args(arguments).output().expect("it runs")
}

/// Its code and its words.
fn said(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = run(home, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn ok(home: &Path, arguments: &[&str]) -> String {
    let (code, out, errors) = said(home, arguments);
    assert_eq!(code, 0, "{arguments:?}: {errors}");
    out
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(home, arguments)).expect("JSON")
}

#[test]
fn an_incident_is_written_down_and_reads_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let declared = ["declare", "--title", "checkout is down", "--severity", "sev2", "--started", "20m", "--json"];
    let declared = json(home, &declared);
    assert_eq!((declared["name"].as_str(), declared["severity"].as_str()), (Some("INC-1"), Some("sev2")));
    let id = declared["id"].as_str().expect("an identity").to_owned();
    ok(home, &["note", "INC-1", "the key is password=hunter22 by mistake"]);
    let first = ok(home, &["note", "1", "rolled back", "--key", "ci-1"]);
    let again = ok(home, &["note", &id, "rolled back", "--key", "ci-1"]);
    assert!(again.starts_with(first.trim()) && again.contains("before"), "{again}");
    ok(home, &["role", "1", "claim", "commander"]);
    ok(home, &["task", "1", "raise the limit", "--owner", "ops-b", "--due", "2h"]);
    ok(home, &["milestone", "1", "mitigated", "5m"]);
    ok(home, &["resolve", "1", "limits raised"]);
    let listed = json(home, &["list", "--json"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(json(home, &["list", "--open", "--json"]), Value::Array(vec![]));
    let shown = ok(home, &["show", "1", "--all"]);
    assert!(shown.contains("rolled back") && shown.contains("ops-a"), "{shown}");
    assert!(!shown.contains("hunter22"), "secrets do not reach the disk: {shown}");
    let lines = ok(home, &["export", "1", "--format", "jsonl"]);
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["specversion"], "1.0", "{line}");
    }
    let document = ok(home, &["export", "1"]);
    assert!(document.starts_with("# INC-1: checkout is down") && document.contains("MTTR"), "{document}");
    assert!(ok(home, &["postmortem", "1"]).contains("checkout is down"));
}

#[test]
fn what_is_to_be_done_is_listed_over_all_incidents() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    for title in ["checkout is down", "search is slow"] {
        ok(home, &["declare", "--title", title, "--severity", "sev2"]);
    }
    ok(home, &["task", "1", "raise the limit", "--owner", "ops-b", "--due", "2h"]);
    ok(
        home,
        &[
            "task",
            "2",
            "page before users notice",
            "--kind",
            "detect",
            "--owner",
            "ann",
            "--due",
            "2026-01-31T00:00:00Z",
        ],
    );
    let all = json(home, &["tasks", "--json"]);
    let told: Vec<_> =
        all.as_array().expect("a list").iter().map(|one| (&one["state"], &one["kind"], &one["owner"])).collect();
    assert_eq!(
        told,
        [(&"overdue".into(), &"detect".into(), &"ann".into()), (&"open".into(), &"task".into(), &"ops-b".into())]
    );
    assert_eq!(all[0]["incident"]["name"], "INC-2");
    assert!(ok(home, &["tasks", "--owner", "ops-b"]).contains("raise the limit"));
    assert!(!ok(home, &["tasks", "--kind", "detect"]).contains("raise the limit"));
    // By the end of its identity, which is what lists show.
    let id = all[0]["id"].as_str().expect("an identity");
    let end = &id[id.len() - 8..];
    assert!(ok(home, &["tasks"]).contains(end));
    ok(home, &["task", "2", end, "--done"]);
    assert_eq!(json(home, &["tasks", "--state", "overdue", "--json"]), Value::Array(vec![]));
    assert_eq!(json(home, &["tasks", "--state", "done", "--json"])[0]["id"], *id);
    // What looks like an identity and is none makes no task.
    let (code, _, errors) = said(home, &["task", "2", "0193abcd"]);
    assert!(code == 2 && errors.contains("has no task"), "{code} {errors}");
}

#[test]
fn a_clock_time_says_which_day_it_was_taken_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    ok(home, &["declare", "--title", "checkout is down", "--severity", "sev2"]);
    let now = flightdeck::clock::now();
    let hour = jiff::SignedDuration::from_hours(1);
    let clock = |at: jiff::Timestamp| at.strftime("%H:%M").to_string();
    let (later, earlier) = (now + hour, now - hour);
    let (code, _, errors) = said(home, &["note", "1", "x", "--at", &clock(later)]);
    let is_today = later.strftime("%F").to_string() == now.strftime("%F").to_string();
    assert_eq!((code, errors.contains("yesterday")), (0, is_today), "{errors}");
    let (code, _, errors) = said(home, &["note", "1", "x", "--at", &clock(earlier)]);
    let was_today = earlier.strftime("%F").to_string() == now.strftime("%F").to_string();
    assert_eq!((code, errors.contains("yesterday")), (0, !was_today), "{errors}");
    let (code, _, errors) = said(home, &["figures", "--since", "2999-01-01T00:00:00Z"]);
    assert!(code == 2 && errors.contains("has not come yet"), "{code} {errors}");
}

#[test]
fn figures_are_made_of_what_was_seen_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    ok(home, &["list"]);
    // Nobody wrote this into an incident: the cockpit saw it before there was one.
    let now = flightdeck::clock::now();
    let seen = Body::Health {
        severity: Severity::Error,
        cleared: false,
        text: "checkout: 0/6 ready".into(),
        check: "kube-workload".into(),
        began: Some(now - SignedDuration::from_secs(100)),
        count: 1,
        members: vec![],
    };
    let journal = Journal::open(Options::new(home.join("flightdeck/journal.db"))).expect("opened");
    let checkout = ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", "checkout");
    let mut draft = Draft::new(None, now - SignedDuration::from_secs(60), Actor::program(), seen);
    draft.object = Some(checkout);
    journal.append_blocking(vec![draft], PATIENCE).expect("written");
    drop(journal);
    ok(home, &["declare", "--title", "checkout is down", "--severity", "sev2"]);
    let shown = json(home, &["show", "1", "--json"]);
    let listed = json(home, &["list", "--json"]);
    let figures = json(home, &["figures", "--since", "1h", "--json"]);
    let detected = shown["mttd_seconds"].as_f64().expect("a figure");
    assert!((detected - 40.0).abs() < 0.01, "{shown}");
    assert_eq!(listed[0]["mttd_seconds"], shown["mttd_seconds"]);
    assert_eq!(figures["all"]["mttd_seconds"]["mean"], shown["mttd_seconds"]);
    let head = ok(home, &["show", "1"]);
    assert!(head.contains(", as it seems: checkout: 0/6 ready"), "{head}");
    assert!(ok(home, &["figures", "--since", "1h"]).contains("1 lack one of its milestones"));
}

/// Takes one request, answers that it is taken, and returns its body.
fn taken_by(listener: TcpListener) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line).expect("a line") > 2 {
            let lower = line.to_ascii_lowercase();
            length =
                lower.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().expect("a number"));
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        reader.get_mut().write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").expect("answered");
        String::from_utf8(body).expect("UTF-8")
    })
}

#[test]
fn those_outside_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let receiver =
        |name: &str, port: u16| format!("[[notify]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/x\"\n");
    let configured = |text: &str| {
        fs::create_dir_all(home.join("config/flightdeck")).expect("made");
        fs::write(home.join("config/flightdeck/config.toml"), text).expect("written");
    };
    configured(&receiver("ours", listener.local_addr().expect("bound").port()));
    let told = taken_by(listener);
    let (code, _, errors) = said(home, &["declare", "--title", "checkout is down", "--severity", "sev1"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let told: Value = serde_json::from_str(&told.join().expect("it ended")).expect("JSON");
    assert_eq!((&told["kind"], &told["summary"]), (&"raised".into(), &"INC-1 sev1: checkout is down".into()));
    assert!(ok(home, &["show", "1", "--all"]).contains("message to ours: INC-1 sev1: checkout is down: done: told"));
    // What nobody takes is said, and written all the same.
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    configured(&receiver("gone", nobody));
    let (code, out, errors) = said(home, &["declare", "--title", "search is slow", "--severity", "sev2"]);
    assert!(code == 0 && out.starts_with("INC-2 "), "{code} {out} {errors}");
    assert!(errors.contains("not told yet: gone: "), "{errors}");
    assert!(ok(home, &["show", "2", "--all"]).contains("it is tried again"));
}

#[test]
fn what_is_wrong_is_said_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    for (arguments, words) in [
        (&["note", "INC-9", "x"][..], "no incident inc-9"),
        (&["declare", "--title", " ", "--severity", "sev2"], "title"),
        (&["declare", "--title", "x", "--severity", "sev9"], "sev9"),
        (&["export", "1", "--format", "bundle"], "no incident 1"),
        (&["on-call"], "on-call"),
    ] {
        let (code, out, errors) = said(home, arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
    }
    let (code, _, errors) = said(home, &["verify", "/nonexistent.tar.zst"]);
    assert!(code == 1 && errors.contains("/nonexistent"), "{code} {errors}");
}

#[test]
fn a_changed_byte_is_found_and_named() {
    if !need("SQLite's own program", &["sqlite3"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    ok(home, &["declare", "--title", "disk full", "--severity", "sev3"]);
    let note = ok(home, &["note", "1", "seen by nobody"]);
    let bundle = home.join("inc.tar.zst");
    ok(home, &["export", "1", "--format", "bundle", "--output", bundle.to_str().expect("UTF-8")]);
    assert!(ok(home, &["verify", bundle.to_str().expect("UTF-8")]).contains("every event fits"));
    assert!(ok(home, &["verify"]).contains("every event fits"));
    let file = home.join("flightdeck/journal.db");
    let emptied = Command::new("sqlite3").arg(&file).arg("PRAGMA wal_checkpoint(TRUNCATE);").output().expect("it runs");
    assert!(emptied.status.success());
    let mut bytes = fs::read(&file).expect("read");
    let at = bytes.windows(14).position(|window| window == b"seen by nobody").expect("the note is in the file");
    bytes[at] = b'S';
    fs::write(&file, bytes).expect("written");
    let (code, out, _) = said(home, &["verify"]);
    assert!(code == 1 && out.contains("does not fit") && out.contains(note.trim()), "{code} {out}");
}
