//! Tests of the doctor.

use super::{super::gather::tests::sources, *};

fn terminal(variables: &[(&str, &str)]) -> Terminal {
    Terminal::from_variables(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn options(folder: &Path) -> DoctorOptions {
    let terminal = terminal(&[("TERM", "xterm-256color"), ("LANG", "C"), ("TMUX", "/tmp/tmux")]);
    DoctorOptions {
        json: true,
        wait: Duration::from_secs(5),
        config_files: vec![("/etc/x.toml".into(), Some("line 3: no such key".into()))],
        state_folder: folder.join("state"),
        state_problem: None,
        terminal: TerminalCheck::new(&terminal, &Config::default(), Some((70, 20))),
        named: vec![],
        engines_tried: vec![Tried { place: "/var/run/docker.sock".into(), found: "not there".into() }],
        clusters_tried: vec![Tried { place: "/root/.kube/config".into(), found: "2 contexts".into() }],
        misconfigured: false,
    }
}

fn run(options: &DoctorOptions) -> (u8, String) {
    let mut out = Vec::new();
    let code = doctor(options, sources(), &mut out).expect("printed");
    (code, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn every_source_says_state_reason_hint_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out) = run(&options(folder.path()));
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, 0, "what is down is data");
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
fn what_a_flag_names_and_is_away_ends_with_3() {
    let folder = tempfile::tempdir().expect("a folder");
    let named = |kind| run(&DoctorOptions { named: vec![kind], ..options(folder.path()) }).0;
    assert_eq!((named("host"), named("docker")), (exit::UNREACHABLE, exit::OK));
    let wrong = DoctorOptions { misconfigured: true, named: vec!["host"], ..options(folder.path()) };
    assert_eq!(run(&wrong).0, exit::USAGE, "a wrong configuration is not fine");
}

#[test]
fn text_is_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = DoctorOptions { json: false, ..options(folder.path()) };
    let (code, out) = run(&options);
    assert_eq!(code, 0);
    for words in [
        "down  host/mounts",
        "denied",
        "next: ask root",
        "70 by 20",
        "inside tmux",
        "bad   /etc/x.toml",
        "/var/run/docker.sock: not there",
        "/root/.kube/config: 2 contexts",
    ] {
        assert!(out.contains(words), "{words:?} is missing in\n{out}");
    }
    fs::write(folder.path().join("file"), "").expect("written");
    options.state_folder = folder.path().join("file/state");
    assert!(run(&options).1.contains("XDG_STATE_HOME"));
    options.state_problem = Some("it is not ours".into());
    assert!(run(&options).1.contains("file/state: it is not ours"));
}

#[test]
fn the_doctor_and_the_cockpit_agree_about_the_terminal() {
    let checked = |variables: &[(&str, &str)], text: &str| {
        let config = toml::from_str(text).expect("a configuration");
        TerminalCheck::new(&terminal(variables), &config, None)
    };
    for (variables, text, colours, utf8) in [
        (&[("TERM", "xterm-kitty")][..], "", "truecolor", true),
        (&[("TERM", "linux"), ("LANG", "C.UTF-8")], "", "16", false),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], "", "none", true),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], "colour = \"always\"\ncolour-depth = \"rgb\"", "truecolor", true),
    ] {
        let check = checked(variables, text);
        assert_eq!((check.colours, check.utf8), (colours, utf8), "{variables:?} {text}");
    }
    assert_eq!(checked(&[("TERM", "screen"), ("STY", "1.x")], "").multiplexer, Some("screen"));
    assert_eq!(checked(&[("TERM", "xterm"), ("LANG", "C")], "").advice().len(), 1);
    assert_eq!(checked(&[("TERM", "xterm"), ("LANG", "C")], "ascii = true").advice().len(), 0, "it was chosen");
}
