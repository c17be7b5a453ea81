//! The disk is full under everything that the program writes: it goes on, says what it cannot write, and writes it once there is room.

use crate::{
    bed::{Held, amount, tell, until},
    heads::{HERE, head, verified},
    home::Home,
    need,
    pty::Pty,
    wait::{self, PATIENCE},
};
use flightdeck::runtime::recorder::read::Recording;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::Command,
};

/// A file system of a few megabytes below the home, which is gone again at the end.
struct Small(PathBuf);

impl Small {
    fn below(home: &Home) -> Self {
        let at = home.path("state");
        fs::create_dir_all(&at).expect("made");
        mount("tmpfs", &at, "tmpfs", MountFlags::empty(), c"size=6m").expect("this test was told that it may");
        Self(at)
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).expect("made");
        while filler.write_all(&[0; 4096]).is_ok() {}
        while filler.write_all(&[0]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// A program that would leave a file behind, as a step of a run.
fn runbook() -> String {
    let step = r#"
[[step]]
id = "write"
title = "Write it"
timeout = "30s"
no-undo = "the file stays"
command = { argv = ["touch", "{{file}}"] }
"#;
    let ask = r#"{ command = { argv = ["test", "-e", "{{file}}"] } }"#;
    head("Leave a file", None, HERE, &[("file", "")]) + step + &verified(ask, "exit_code", ["0", "1"])
}

/// Writes a note into the incident that is shown.
fn note(pty: &Pty, text: &str) {
    pty.send("i");
    until(pty, "what is noted", |screen| screen.contains("what was seen, decided or done"));
    pty.send(format!("{text}\r"));
}

/// What commands do meanwhile: those that only look do, those that would have to record say why they cannot.
fn commands(home: &Home, file: &str) {
    home.plain(&["snapshot", "--json", "--only", "host"]);
    let refused = home.output(&["incident", "note", "1", "by command"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("disk is full"), "{why}");
    let run = home.output(&["runbook", "run", "leave", "--set", &format!("file={file}"), "--yes", "--json"]);
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(!run.status.success(), "{said}");
    assert!(!home.path(file).exists(), "nothing is done that could not be recorded: {said}");
}

#[test]
fn a_full_disk_is_said_and_what_waits_is_written_later() {
    const TEST: &str = "disk_full::a_full_disk_is_said_and_what_waits_is_written_later";
    if !need::success(TEST, Command::new("unshare").args(["--mount", "true"])) {
        return;
    }
    let home = Home::new();
    let small = Small::below(&home);
    home.write("runbooks/leave.toml", &runbook());
    home.plain(&["incident", "declare", "--title", "the disk fills up", "--severity", "sev4"]);
    let rounds = amount(1, 20);
    let recording = home.path("state/recording.flightdeck");
    let record = recording.to_string_lossy().into_owned();
    let mut pty = home.setup().size(160, 50).flightdeck(&home.arguments(&["--record", &record]));
    pty.wait_for_cockpit();
    pty.send("7");
    until(&pty, "the incident", |screen| screen.contains("the disk fills up"));
    // A chunk of the recording is whole.
    let size = || recording.metadata().map_or(0, |file| file.len());
    wait::until("a chunk of the recording", || (size() > 16 << 10).then_some(()), size);
    let before = Held::by(pty.pid());
    for round in 0..rounds {
        small.fill();
        note(&pty, &format!("while it is full {round}"));
        until(&pty, "that it cannot be written", |screen| screen.contains("the journal cannot be written"));
        until(&pty, "that the recording has ended", |screen| !screen.contains("● REC"));
        commands(&home, &format!("left-{round}"));
        small.free();
        until(&pty, "that it is written", |screen| !screen.contains("the journal cannot be written"));
        note(&pty, &format!("when there is room {round}"));
    }
    let after = Held::by(pty.pid());
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
    let told = home.plain(&["incident", "export", "--format", "jsonl", "1"]);
    for round in 0..rounds {
        for words in ["while it is full", "when there is room"] {
            let noted = told.lines().filter(|line| line.contains(&format!("\"{words} {round}\""))).count();
            assert_eq!(noted, 1, "«{words} {round}» in\n{told}");
        }
    }
    let verified = home.plain(&["incident", "verify"]);
    let recorded = Recording::open(&recording).expect("what was written before is whole");
    tell(
        "disk full",
        &format!(
            "{rounds} times full under journal, recording and log: 0 exits; {} notes written, each once; 0 of {rounds} runs began what could not be recorded; the recording plays ({} chunks); {}; {}",
            rounds * 2,
            recorded.len(),
            verified.lines().next().unwrap_or_default(),
            before.grown(after),
        ),
    );
}
