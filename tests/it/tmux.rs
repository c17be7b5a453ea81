//! The cockpit in tmux, on a server of our own.

use crate::{
    need::need,
    pty::{FLIGHTDECK, MODE, Pty, Setup},
    wait::{self, PATIENCE},
};
use std::{
    process::{Command, id},
    sync::atomic::{AtomicU32, Ordering},
};

/// A tmux server of our own, which is ended when this is dropped.
struct Tmux {
    socket: String,
    setup: Setup,
    pid: i32,
}

impl Tmux {
    /// Starts a server with one session of this size, in which flightdeck runs.
    fn start(columns: u16, rows: u16) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let socket = format!("flightdeck-test-{}-{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let setup = Setup::new();
        let folder = setup.home().to_string_lossy().into_owned();
        let mut tmux = Self { socket, setup: setup.env("TMUX_TMPDIR", &folder), pid: 0 };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        tmux.ask(&["new-session", "-d", "-s", "deck", "-x", &columns, "-y", &rows, FLIGHTDECK]);
        tmux.pid = tmux.ask(&["display-message", "-p", "#{pid}"]).trim().parse().expect("tmux tells its pid");
        tmux
    }

    fn arguments<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        ["-L", &self.socket, "-f", "/dev/null"].iter().chain(rest).copied().collect()
    }

    fn ask(&self, command: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(self.arguments(command)).env_clear().envs(self.setup.environment().iter().cloned());
        let out = tmux.output().expect("tmux runs");
        assert!(out.status.success(), "tmux {command:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p", "-t", "deck"])
    }

    fn wait_for(&self, what: &str, like: impl Fn(&str) -> bool) {
        wait::until(what, || like(&self.screen()).then_some(()), || self.screen());
    }

    /// A person's terminal, attached to the session.
    fn attach(&self, columns: u16, rows: u16) -> Pty {
        let mut setup = Setup::new().size(columns, rows);
        for (name, value) in self.setup.environment().iter().filter(|(name, _)| name == "TMUX_TMPDIR") {
            setup = setup.env(name, value);
        }
        let command: Vec<_> = ["tmux"].into_iter().chain(self.arguments(&["attach-session", "-t", "deck"])).collect();
        setup.run(&command)
    }

    fn cockpit(&self) -> i32 {
        self.ask(&["display-message", "-p", "-t", "deck", "#{pane_pid}"]).trim().parse().expect("a pid")
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        tmux.args(self.arguments(&["kill-server"])).env_clear().envs(self.setup.environment().iter().cloned());
        let _ = tmux.output();
        if self.pid > 0 && wait::process_end(self.pid, PATIENCE).is_none() {
            wait::end(self.pid);
        }
    }
}

fn lives_and_leaves(columns: u16, rows: u16) {
    let tmux = Tmux::start(columns, rows);
    tmux.wait_for("the cockpit", |screen| screen.contains(MODE));
    let pid = tmux.cockpit();
    let header = tmux.screen().lines().next().map(|line| line.trim_end().chars().count());
    assert!(header.is_some_and(|width| width <= usize::from(columns)), "the header is cut");
    tmux.ask(&["send-keys", "-t", "deck", "q"]);
    assert!(wait::process_end(pid, PATIENCE).is_some(), "q did not leave");
}

#[test]
fn it_runs_at_80_by_24() {
    if need("tmux", &["tmux"]) {
        lives_and_leaves(80, 24);
    }
}

#[test]
fn it_runs_at_160_by_45() {
    if need("tmux", &["tmux"]) {
        lives_and_leaves(160, 45);
    }
}

#[test]
fn it_survives_detaching_and_is_drawn_at_the_size_of_who_attaches() {
    if !need("tmux", &["tmux"]) {
        return;
    }
    // The header says less in sixty columns; a pane's title stands at every size.
    const TITLE: &str = "Attention";
    let tmux = Tmux::start(80, 24);
    tmux.wait_for("the cockpit", |screen| screen.contains(TITLE));
    let pid = tmux.cockpit();
    for (columns, rows) in [(80, 24), (120, 40), (60, 15)] {
        let mut person = tmux.attach(columns, rows);
        person.wait_for("the cockpit in tmux", |seen| seen.shows(TITLE));
        tmux.wait_for("the person's size", |screen| screen.lines().count() == usize::from(rows) - 1);
        person.send("\x02d");
        assert_eq!(person.exit(PATIENCE).exit_code(), 0, "detached");
        assert_eq!(tmux.cockpit(), pid, "the cockpit lives on");
        tmux.wait_for("the cockpit", |screen| screen.contains(TITLE));
    }
}

#[test]
fn killing_the_server_ends_the_cockpit() {
    if !need("tmux", &["tmux"]) {
        return;
    }
    let tmux = Tmux::start(80, 24);
    tmux.wait_for("the cockpit", |screen| screen.contains(MODE));
    let pid = tmux.cockpit();
    wait::end(tmux.pid);
    let took = wait::process_end(pid, std::time::Duration::from_secs(1));
    assert!(took.is_some(), "the cockpit outlives its terminal");
}

#[test]
fn copying_reaches_the_clipboard_of_tmux() {
    if !need("tmux", &["tmux"]) {
        return;
    }
    let tmux = Tmux::start(120, 40);
    tmux.ask(&["set-option", "-s", "set-clipboard", "on"]);
    tmux.wait_for("the cockpit", |screen| screen.contains(MODE));
    // The page of the cockpit itself begins with the list of its sources.
    tmux.ask(&["send-keys", "-t", "deck", "9"]);
    tmux.wait_for("the list of sources", |screen| screen.contains("host/gauges"));
    tmux.ask(&["send-keys", "-t", "deck", "y"]);
    let buffers = || tmux.ask(&["list-buffers", "-F", "#{buffer_sample}"]);
    wait::until("a copied row", || buffers().contains("ai/").then_some(()), || (buffers(), tmux.screen()));
}
