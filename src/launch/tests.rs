//! Arguments, names and exit codes.

use super::*;
use std::ffi::OsString;

fn ran(arguments: &[&str]) -> (u8, String, String) {
    let cli = crate::cli::parse(std::iter::once(&"flightdeck").chain(arguments).map(OsString::from));
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let code = run(&cli.expect("is right"), &mut out, &mut notes);
    (code, String::from_utf8(out).expect("UTF-8"), String::from_utf8(notes).expect("UTF-8"))
}

fn with_config(text: &str, arguments: &[&str]) -> (u8, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).expect("written");
    ran(&[arguments, &["--config", file.to_str().expect("UTF-8")]].concat())
}

#[test]
fn a_configuration_that_is_no_toml_stops_a_snapshot() {
    let (code, out, notes) = with_config("theme = \n", &["snapshot", "--wait", "10ms"]);
    assert_eq!((code, out.as_str()), (exit::USAGE, ""));
    assert!(notes.contains("config.toml:1:") && notes.contains("nothing was done"), "{notes}");
}

#[test]
fn what_is_wrong_in_the_configuration_is_said_and_made_harmless() {
    let text = "\"th\\u001beme\" = 1\n[sources.\"host/x\"]\nenabled = false\n";
    for (command, ends) in [("snapshot", exit::OK), ("doctor", exit::USAGE)] {
        let (code, out, notes) = with_config(text, &[command, "--json"]);
        assert!(code == ends && out.starts_with('{'), "{command} {code}: {out}");
        assert!(notes.contains("config.toml:1:1: ") && notes.contains("there is no source «host/x»"), "{notes}");
        assert!(!notes.contains('\u{1b}'), "{notes:?}");
    }
    let unknown = "[sources.\"host/x\"]\nenabled = false\n";
    assert_eq!(with_config(unknown, &["doctor", "--json"]).0, exit::USAGE);
    let (code, out, _) = with_config("theme = \n", &["doctor"]);
    assert!(code == exit::USAGE && out.contains("bad   "), "{out}");
    let (code, _, notes) = with_config("theme = \"drak\"\n", &["doctor", "--json"]);
    assert!(code == exit::USAGE && notes.contains("did you mean «dark»?"), "{notes}");
}

#[test]
fn a_name_that_a_flag_gives_and_that_there_is_not_is_wrong_usage() {
    for (flag, what) in [("--theme", "there is no theme «zzz»"), ("--keymap", "«zzz»")] {
        for command in [&["snapshot", "--only", "host"][..], &["check", "--explain", "11f"], &["runbook", "list"]] {
            let (code, out, notes) = ran(&[&[flag, "zzz"], command].concat());
            assert_eq!((code, out.as_str()), (exit::USAGE, ""), "{notes}");
            assert_eq!(notes.matches(flag).count(), 1, "{notes}");
            assert!(notes.contains(what), "{notes}");
        }
    }
    // What a file says of the looks stops nothing.
    let (code, _, _) = with_config("theme = \"drak\"\n", &["check", "--explain", "11f"]);
    assert_eq!(code, exit::OK);
}

#[test]
fn a_reader_who_leaves_changes_no_exit_code() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let code = |arguments: &[&str]| {
        let cli = crate::cli::parse(std::iter::once(&"flightdeck").chain(arguments).map(OsString::from));
        let mut notes = Vec::new();
        let code = run(&cli.expect("is right"), &mut Gone, &mut notes);
        let notes = String::from_utf8_lossy(&notes).into_owned();
        assert!(!notes.contains("written") && !notes.contains("pipe"), "{arguments:?}: {notes}");
        code
    };
    for arguments in [
        &["completions", "bash"][..],
        &["man"],
        &["config", "default"],
        &["runbook", "list"],
        &["runbook", "show", "drain-node"],
        &["runbook", "schema"],
        &["check", "--explain", "11f"],
    ] {
        assert_eq!(code(arguments), exit::OK, "{arguments:?}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "id = 1\n").expect("written");
    assert_eq!(code(&["runbook", "lint", file.to_str().expect("UTF-8")]), exit::FINDINGS);
}

#[test]
fn a_hostile_recording_cannot_speak_to_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.flightdeck");
    let line = [crate::runtime::recorder::format::MAGIC, br#"{"version":9,"program":"\u001b[2J"}"#, b"\n"].concat();
    std::fs::write(&file, line).expect("written");
    let (code, _, notes) = ran(&["replay", file.to_str().expect("UTF-8")]);
    assert_eq!(code, exit::USAGE);
    assert!(notes.contains("format 9") && !notes.contains('\u{1b}'), "{notes:?}");
}

#[test]
fn the_login_is_who_called_sudo() {
    let with = |pairs: &'static [(&str, &str)]| {
        login(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(with(&[("USER", "root"), ("SUDO_USER", "ann")]).name, "ann");
    assert_eq!(with(&[("USER", "ann"), ("SUDO_USER", "")]), Actor { name: "ann".into(), ..Actor::default() });
    let far = with(&[("USER", "ann"), ("SSH_CONNECTION", "10.0.0.7 51234 10.0.0.1 22")]);
    assert_eq!((far.known_by, far.from.as_deref()), (KnownBy::Ssh, Some("10.0.0.7")));
    assert!(!with(&[]).name.is_empty());
}
