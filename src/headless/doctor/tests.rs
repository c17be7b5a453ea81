//! Tests of the doctor.

use super::{super::gather::tests::sources, *};

fn options(folder: &Path) -> DoctorOptions {
    let environment = |name: &str| match name {
        "TERM" => Some("xterm-256color".to_owned()),
        "LANG" => Some("C".to_owned()),
        "TMUX" => Some("/tmp/tmux".to_owned()),
        _ => None,
    };
    DoctorOptions {
        json: true,
        wait: Duration::from_secs(5),
        named: vec![],
        config_files: vec![("/etc/x.toml".into(), Some("line 3: no such key".into()))],
        state_folder: folder.join("state"),
        terminal: Terminal::from(environment, Some((70, 20))),
    }
}

fn run(options: &DoctorOptions) -> (u8, String) {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = doctor(options, sources(), &mut out, &mut errors).expect("printed");
    (code, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn every_source_says_state_reason_hint_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out) = run(&options(folder.path()));
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, 0, "what is down was not asked for by name");
    let states: Vec<_> = value["sources"].as_array().expect("a list").iter().map(|s| s["state"].clone()).collect();
    assert_eq!(states, ["ok", "down", "off"]);
    assert_eq!(value["sources"][1]["hint"], "ask root");
    assert!(value["sources"][0]["took_seconds"].as_f64().is_some());
    assert_eq!(value["terminal"]["colours"], "256");
    assert_eq!(value["terminal"]["multiplexer"], "tmux");
    assert_eq!(value["advice"].as_array().map(Vec::len), Some(2), "{}", value["advice"]);
    assert_eq!(value["state_folder"]["ok"], true);
    assert_eq!(value["config_files"][0]["problem"], "line 3: no such key");
}

#[test]
fn what_was_named_has_to_be_reachable_and_text_is_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = DoctorOptions { json: false, named: vec!["host".into()], ..options(folder.path()) };
    let (code, out) = run(&options);
    assert_eq!(code, 0);
    for words in ["down  host/mounts", "denied", "→ ask root", "70 × 20", "inside tmux", "bad   /etc/x.toml"] {
        assert!(out.contains(words), "{words:?} is missing in\n{out}");
    }
    options.named.push("docker".into());
    assert_eq!(run(&options).0, 3);
    fs::write(folder.path().join("file"), "").expect("written");
    options.state_folder = folder.path().join("file/state");
    assert!(run(&options).1.contains("XDG_STATE_HOME"));
}
