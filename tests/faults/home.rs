//! The program with a home of its own: its state, its configuration, and nothing of who runs the tests.

use crate::pty::Setup;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A folder for state and configuration, and what the program is told of servers.
pub struct Home {
    folder: tempfile::TempDir,
    /// Flags of every command.
    pub flags: Vec<String>,
    /// Variables of its environment.
    pub variables: Vec<(String, String)>,
}

impl Home {
    /// One that knows of no engine and no cluster.
    pub fn new() -> Self {
        let flags = ["--docker", "none", "--context", "none", "--actor", "ann"].map(String::from).to_vec();
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, flags, variables: vec![("LANG".into(), "C.UTF-8".into())] }
    }

    /// One that watches a cluster and no engine.
    pub fn of_cluster(kubeconfig: &Path) -> Self {
        let mut home = Self::new();
        home.flags = ["--docker", "none", "--actor", "ann"].map(String::from).to_vec();
        home.variables.push(("KUBECONFIG".into(), kubeconfig.to_string_lossy().into_owned()));
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the configuration.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path("config/flightdeck").join(name);
        fs::create_dir_all(path.parent().expect("has one")).expect("made");
        fs::write(&path, text).expect("written");
    }

    fn environment(&self) -> Vec<(String, String)> {
        let at = |name: &str| self.path(name).to_string_lossy().into_owned();
        let own = [("HOME", at("")), ("XDG_STATE_HOME", at("state")), ("XDG_CONFIG_HOME", at("config"))];
        own.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(self.variables.clone()).collect()
    }

    /// A command of the program.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(self.environment());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).args(&self.flags).args(arguments);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// What a command prints, which has to end well.
    pub fn plain(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {}\n{out}\n{errors}", output.status);
        out.into_owned()
    }

    /// The same, as one document of JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.plain(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// A terminal in which the cockpit has this home.
    pub fn setup(&self) -> Setup {
        self.environment().iter().fold(Setup::new(), |setup, (name, value)| setup.env(name, value))
    }

    /// Flags of the cockpit, and more arguments.
    pub fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.flags.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }
}
