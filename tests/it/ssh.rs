//! The cockpit over ssh, on a server of our own (`tests/testbed/sshd`).

use crate::{
    need::need,
    pty::{FLIGHTDECK, Pty, Setup},
    wait::{self, PATIENCE},
};
use std::{collections::BTreeMap, fs, process::Command, time::Duration};
use tempfile::TempDir;

/// A running sshd; it is stopped when this is dropped.
pub struct Sshd {
    pub folder: TempDir,
    pub facts: BTreeMap<String, String>,
}

fn testbed(arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/sshd");
    let out = Command::new(script).args(arguments).output().expect("the script runs");
    assert!(out.status.success(), "sshd {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

impl Sshd {
    fn start() -> Self {
        Self::with(&[])
    }

    /// One whose commands have this in their environment (`NAME=VALUE`).
    pub fn with(setting: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let said = testbed(&[&["up", &folder.path().to_string_lossy()], setting].concat());
        let facts = said.lines().filter_map(|line| line.split_once('='));
        Self { facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), folder }
    }

    /// A person who runs flightdeck over ssh; the second answer is the pid of the far flightdeck.
    fn cockpit(&self) -> (Pty, i32) {
        let pid_file = self.folder.path().join("cockpit.pid");
        let far = format!("echo $$ > {}; exec {FLIGHTDECK}", pid_file.display());
        let config = &self.facts["config"];
        let pty = Setup::new().run(&["ssh", "-F", config, "-tt", "testbed", &far]);
        pty.wait_for_cockpit();
        let pid = fs::read_to_string(pid_file).expect("the far shell wrote its pid");
        (pty, pid.trim().parse().expect("a pid"))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        testbed(&["down", &self.folder.path().to_string_lossy()]);
    }
}

#[test]
fn it_runs_over_ssh_and_leaves_the_near_terminal_as_it_was() {
    if !need("ssh", &["ssh", "sshd", "ssh-keygen"]) {
        return;
    }
    let sshd = Sshd::start();
    let (mut pty, far) = sshd.cockpit();
    assert!(fs::exists(format!("/proc/{far}")).is_ok_and(|there| there));
    pty.resize(100, 30);
    pty.wait_for("the new width on the far side", |seen| {
        (0..30).any(|row| seen.screen().cell(row, 99).is_some_and(|cell| cell.contents().trim() != ""))
    });
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
    assert!(wait::process_end(far, PATIENCE).is_some());
}

#[test]
fn a_lost_connection_ends_the_cockpit_within_a_second() {
    if !need("ssh", &["ssh", "sshd", "ssh-keygen"]) {
        return;
    }
    let sshd = Sshd::start();
    let (pty, far) = sshd.cockpit();
    wait::end(pty.pid());
    let took = wait::process_end(far, Duration::from_secs(1));
    assert!(took.is_some(), "process {far} is still there a second after its connection was lost");
}
