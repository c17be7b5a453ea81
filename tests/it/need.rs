//! Services that a test needs and that a machine may not have.

use std::{
    env,
    io::{self, Write as _},
    path::PathBuf,
    process::Command,
};

/// Where a program lies on the search path; `sshd` lies where a user's path does not reach.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether the machine has what the test needs. Where it has not, the test says `NOT RUN` and passes; under `CI=true`, where
/// `tests/run` has installed everything, it fails.
///
/// # Panics
/// Under `CI=true`, where a program is missing.
pub fn need(service: &str, programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|name| program(name).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    not_run(&format!("{service}: {missing:?} not found; tests/run installs what is missing"));
    false
}

/// Whether the machine lets a command succeed which the test needs, as [`need`] is about programs.
///
/// # Panics
/// Under `CI=true`, where it does not.
#[allow(dead_code, reason = "not every test program asks this")]
pub fn success(service: &str, command: &mut Command) -> bool {
    let why = match command.output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    not_run(&format!("{service}: {command:?}: {why}"));
    false
}

/// Says that a test lacks something.
///
/// # Panics
/// Under `CI=true`, where nothing may be lacking.
pub fn not_run(why: &str) {
    assert!(env::var("CI").as_deref() != Ok("true"), "NOT RUN: {why}");
    // Past the test runner, which keeps what passing tests print to itself.
    let _ = writeln!(io::stderr(), "NOT RUN: {why}");
}

/// The folder of the testbed (`tests/testbed/up`), where it has this part: `docker/docker.sock`, `kubernetes/kubeconfig`. Where there
/// is none, the test says `NOT RUN` and passes; under `CI=true`, where `tests/run` has started one, it fails.
///
/// # Panics
/// Under `CI=true`, where there is no testbed.
pub fn testbed(service: &str, part: &str) -> Option<PathBuf> {
    let folder = env::var_os("FLIGHTDECK_TESTBED").map(PathBuf::from).filter(|folder| folder.join(part).exists());
    if folder.is_none() {
        not_run(&format!(
            "{service}: no testbed with {part} at $FLIGHTDECK_TESTBED; tests/testbed/up FOLDER starts one"
        ));
    }
    folder
}

/// Where `tests/testbed/kubernetes-build` puts the servers of a cluster, and kubectl.
#[allow(dead_code, reason = "not every test program asks this")]
pub fn kubernetes_bin() -> PathBuf {
    let cache = env::var_os("FLIGHTDECK_TESTS_CACHE").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache/flightdeck-tests"),
        PathBuf::from,
    );
    cache.join("kubernetes/bin")
}

#[test]
fn a_missing_program_is_noticed() {
    assert!(program("sh").is_some());
    assert!(program("there-is-no-such-program").is_none());
}
