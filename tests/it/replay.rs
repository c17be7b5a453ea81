//! Recordings from door to door: the demonstration, writing a recording, playing it, and recordings that are not whole.

use crate::{
    pty::{Pty, Setup},
    wait::{self, PATIENCE},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

#[test]
fn the_demonstration_plays_pauses_and_says_that_it_is_past() {
    let mut pty = Setup::new().size(120, 40).flightdeck(&["--demo"]);
    pty.wait_for("the demonstration", |seen| seen.shows("REPLAY") && seen.shows("Attention"));
    // It plays by itself: the clock of the recording goes on.
    let first = header(&pty);
    pty.wait_for("the recording's clock", |seen| seen.screen().contents().lines().next() != Some(first.as_str()));
    // Nothing can be done to a recording.
    pty.send("2");
    pty.wait_for("the host", |seen| seen.shows("Processes"));
    pty.send(" ");
    pty.wait_for("a pause", |seen| seen.shows("paused"));
    // Its history may still be read, and the notice goes; then nothing is written.
    let began = wait::now();
    while !pty.is_quiet_for(Duration::from_millis(1_500)) {
        assert!(began.elapsed() < PATIENCE, "a paused recording writes");
    }
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

fn header(pty: &Pty) -> String {
    pty.seen().screen().contents().lines().next().unwrap_or_default().to_owned()
}

/// Records a cockpit that looks at this machine for a moment; returns the folder that has to live, and the file.
fn recorded() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("night.flightdeck");
    let path = file.to_str().expect("UTF-8").to_owned();
    let mut pty = Setup::new().size(120, 40).flightdeck(&["--record", &path]);
    pty.wait_for("the host", |seen| seen.shows("load"));
    pty.send("2");
    pty.wait_for("the host's page", |seen| seen.shows("PID"));
    pty.send("q");
    pty.ends_well(PATIENCE);
    (folder, file)
}

#[test]
fn what_was_recorded_is_played_and_never_overwritten() {
    let (_folder, file) = recorded();
    let path = file.to_str().expect("UTF-8").to_owned();
    let mode = fs::metadata(&file).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a recording holds what processes were called with");

    let mut pty = Setup::new().size(120, 40).flightdeck(&["replay", &path]);
    pty.wait_for("the recorded host", |seen| seen.shows("REPLAY") && seen.shows("load"));
    pty.send("q");
    pty.ends_well(PATIENCE);

    let before = fs::read(&file).expect("readable");
    let mut pty = Setup::new().flightdeck(&["--record", &path]);
    pty.wait_for("the reason", |seen| seen.shows("exists"));
    assert_eq!(pty.exit(PATIENCE).exit_code(), 2, "it exists already");
    assert_eq!(fs::read(&file).expect("readable"), before);
}

#[test]
fn a_recording_is_begun_and_ended_by_a_key() {
    let setup = Setup::new().size(200, 40);
    let folder = setup.home().join("state/flightdeck");
    let mut pty = setup.flightdeck(&[]);
    pty.wait_for("the host", |seen| seen.shows("load"));
    pty.send("R");
    pty.wait_for("a word about it", |seen| seen.shows("recording into") && seen.shows("REC"));
    pty.send("R");
    pty.wait_for("a word about it", |seen| seen.shows("recorded "));
    pty.send("q");
    pty.ends_well(PATIENCE);
    let files = fs::read_dir(folder).expect("made").map(|entry| entry.expect("readable").path());
    let file = files.into_iter().find(|path| path.extension().is_some_and(|e| e == "flightdeck")).expect("written");
    assert!(!flightdeck::runtime::recorder::read::Recording::open(&file).expect("whole").is_empty());
}

#[test]
fn a_recording_that_was_cut_short_is_played_as_far_as_it_is_whole() {
    let (_folder, file) = recorded();
    let whole = fs::read(&file).expect("readable");
    fs::write(&file, &whole[..whole.len() - whole.len() / 20 - 1]).expect("cut");
    let mut pty = Setup::new().size(120, 40).flightdeck(&["replay", file.to_str().expect("UTF-8")]);
    // Either something is whole and played with a word about the rest, or nothing is and that is said.
    pty.wait_for("a word about it", |seen| {
        let text = seen.screen().contents();
        text.contains("whole") || text.contains("cut") || text.contains("damaged")
    });
    pty.send("q");
    let code = pty.exit(PATIENCE).exit_code();
    assert!(code == 0 || code == 2, "{code}");
}

#[test]
fn what_is_no_recording_or_newer_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("x");
    let path = file.to_str().expect("UTF-8").to_owned();
    for (bytes, words) in [(&b"hello"[..], "no flightdeck recording"), (&b""[..], "no flightdeck recording")] {
        fs::write(&file, bytes).expect("written");
        let mut pty = Setup::new().size(120, 10).flightdeck(&["replay", &path]);
        let code = pty.exit(PATIENCE).exit_code();
        pty.wait_for_end();
        assert_eq!(code, 2);
        assert!(pty.seen().screen().contents().contains(words), "{}", pty.seen().screen().contents());
    }
}
