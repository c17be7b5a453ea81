//! What the faults share: how much is tried, how it is told, and what is measured from outside.

use crate::{pty::Pty, wait};
use std::{
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
    time::Duration,
};

/// The longest that anything is waited for on a screen: servers take a while to start where tests share their cores.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until the screen is like this; a cockpit that has left is a failure at once.
pub fn until(pty: &Pty, what: &str, mut like: impl FnMut(&str) -> bool) {
    let deadline = wait::now() + PATIENCE;
    loop {
        let (screen, closed, seen) = {
            let seen = pty.seen();
            (seen.screen().contents(), seen.closed, seen.bytes.len())
        };
        if like(&screen) {
            return;
        }
        assert!(!closed, "the cockpit has left before {what}\n{screen}");
        assert!(wait::now() < deadline, "not within {PATIENCE:?}: {what}\n{screen}");
        pty.more_than(seen, Duration::from_millis(200));
    }
}

/// How often something is tried: few times in a run of all tests, and as often as it has to hold under `FLIGHTDECK_FAULTS=full`.
pub fn amount(usual: u64, full: u64) -> u64 {
    if env::var("FLIGHTDECK_FAULTS").as_deref() == Ok("full") { full } else { usual }
}

/// Says what came of a fault, past the test runner, which keeps what passing tests print to itself.
pub fn tell(name: &str, figures: &str) {
    let _ = writeln!(io::stderr(), "fault: {name}: {figures}");
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub memory_kib: u64,
    pub threads: usize,
    /// Other than those of `/proc`.
    pub files: usize,
}

impl Held {
    /// Of a process that runs.
    pub fn by(pid: i32) -> Self {
        let of = |folder: &str| fs::read_dir(format!("/proc/{pid}/{folder}")).into_iter().flatten().flatten();
        // A file is held for each process of the machine, of which other tests start and end some.
        let is_process = |entry: &fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to.starts_with("/proc"));
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("every process has some");
        let memory_kib = memory.trim().trim_end_matches(" kB").parse().expect("a number");
        Self { memory_kib, threads: of("task").count(), files: of("fd").filter(|entry| !is_process(entry)).count() }
    }

    /// In words: memory in MiB before and after.
    pub fn grown(self, after: Self) -> String {
        let mib = |held: Self| held.memory_kib as f64 / 1024.0;
        format!(
            "memory {:.1} MiB before, {:.1} after; {} threads before, {} after; {} files before, {} after",
            mib(self),
            mib(after),
            self.threads,
            after.threads,
            self.files,
            after.files
        )
    }
}

/// Random numbers that are the same for the same seed (xorshift64*, <https://doi.org/10.1145/2845077>).
pub struct Random(u64);

impl Random {
    /// Begun by `FLIGHTDECK_SEED`, or by the time; whoever uses it tells the seed.
    pub fn new() -> (Self, u64) {
        let given = env::var("FLIGHTDECK_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| flightdeck::clock::now().as_millisecond() as u64).max(1);
        (Self(seed), seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound.max(1)
    }
}

/// Runs a script of the testbed, which has to do well; returns what it said.
pub fn script(name: &str, arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed").join(name);
    let done = Command::new(path).args(arguments).output().expect("it is there");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name} {arguments:?}: {errors}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// The value of `NAME=VALUE` among lines that a script said.
pub fn said(lines: &str, name: &str) -> String {
    let found = lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in {lines}")).to_owned()
}
