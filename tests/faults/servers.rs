//! Servers of a test's own, real ones: an engine, an API server, a Prometheus with its Alertmanager, and a pair of PostgreSQL. Nobody else is
//! upset when they are killed.

use crate::{
    bed::{said, script},
    need::{self, kubernetes_bin},
    wait,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

pub const IMAGE: &str = "testbed/busybox:1.35";

/// Which servers are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Engine,
    Api,
    Prometheus,
    Postgres,
}

/// Servers that run in one folder, and end with this.
pub struct Servers {
    folder: tempfile::TempDir,
    which: Vec<Server>,
    /// Addresses of Prometheus and Alertmanager.
    pub urls: [String; 2],
}

impl Server {
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Engine => &["dockerd", "jq", "ip", "busybox", "cc", "openssl", "docker"],
            Self::Api => &["etcd", "ssh-keygen"],
            Self::Prometheus => &["prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "curl"],
            Self::Postgres => &["psql", "setpriv"],
        }
    }
}

impl Servers {
    /// Starts them, one beside the other; `None` where this machine has not got them, which is said.
    pub fn start(test: &str, which: &[Server]) -> Option<Self> {
        let programs: Vec<_> = which.iter().flat_map(|server| server.needs()).copied().collect();
        if !need::need(test, &programs) || !need::success(test, Command::new("unshare").args(["--mount", "true"])) {
            return None;
        }
        let built = kubernetes_bin().join("kube-apiserver");
        if which.contains(&Server::Api) && !need::success(test, Command::new("test").arg("-x").arg(built)) {
            return None;
        }
        // Sockets have short names, and the servers of PostgreSQL run as a user of their own.
        let folder = tempfile::Builder::new().prefix("fdf.").tempdir_in("/tmp").expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("ours");
        let mut servers = Self { folder, which: which.to_vec(), urls: Default::default() };
        servers.all("up");
        if which.contains(&Server::Prometheus) {
            let up = script("prometheus", &["up", &servers.at("prometheus")]);
            servers.urls = [said(&up, "prometheus_url"), said(&up, "alertmanager_url")];
        }
        Some(servers)
    }

    /// A path below the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn all(&self, what: &str) {
        thread::scope(|scope| {
            for server in &self.which {
                scope.spawn(|| self.one(*server, what));
            }
        });
    }

    /// Ends all of them as the kernel ends what has no memory left: by SIGKILL.
    pub fn kill(&self) {
        self.all("kill");
    }

    /// Starts them again on what they had.
    pub fn start_again(&self) {
        self.all("start");
    }

    fn one(&self, server: Server, what: &str) {
        match (server, what) {
            (Server::Engine, what) => drop(script("docker", &[what, &self.at("docker")])),
            (Server::Api, what) => {
                let command = match what {
                    "up" => "up-api",
                    "kill" => "kill-apiserver",
                    "start" => "start-apiserver",
                    other => other,
                };
                drop(script("kubernetes", &[command, &self.at("kubernetes")]));
            }
            (Server::Prometheus, "kill") => ["prometheus", "alertmanager"].into_iter().for_each(|name| {
                let pid = fs::read_to_string(self.path("prometheus").join(format!("{name}.pid"))).expect("it runs");
                wait::end(pid.trim().parse().expect("a number"));
            }),
            (Server::Prometheus, "down") => drop(script("prometheus", &["down", &self.at("prometheus")])),
            (Server::Prometheus, _) => drop(script("prometheus", &["up", &self.at("prometheus")])),
            (Server::Postgres, "up" | "down") => drop(script("patroni", &["streaming", what, &self.at("pair")])),
            (Server::Postgres, what) => ["primary", "standby"].into_iter().for_each(|node| {
                drop(script("patroni", &["streaming", &format!("{what}-node"), &self.at("pair"), node]));
            }),
        }
    }

    /// A pair of servers of PostgreSQL, as the configuration names them.
    pub fn pair(&self) -> String {
        let ports = fs::read_to_string(self.path("pair/ports")).expect("written");
        let mut servers = Vec::new();
        for node in ["primary", "standby"] {
            let port = ports.lines().find_map(|line| line.strip_prefix(&format!("{node} sql "))).expect("a port");
            servers.push(format!("{node} = \"postgres://flightdeck@127.0.0.1:{port}/postgres\""));
        }
        let file = self.path("pair/monitor.password");
        format!("[[postgres]]\nname = \"pair\"\nservers = {{ {} }}\npassword-file = {file:?}\n", servers.join(", "))
    }

    /// Docker's client, at the engine.
    pub fn docker(&self, arguments: &[&str]) -> String {
        let usual = Path::new("/usr/bin/docker");
        let program = if usual.exists() { usual } else { Path::new("docker") };
        run(Command::new(program).arg("--host").arg(self.engine()).args(arguments))
    }

    /// Address of the engine.
    pub fn engine(&self) -> String {
        format!("unix://{}", self.at("docker/docker.sock"))
    }

    /// The cluster's own client.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(kubernetes_bin().join("kubectl"));
        run(command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments))
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.path("kubernetes/kubeconfig")
    }
}

/// Runs a program, which has to do well.
fn run(command: &mut Command) -> String {
    let done = command.output().expect("it runs");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8").trim().to_owned()
}

impl Drop for Servers {
    fn drop(&mut self) {
        // Also where a test failed: what is left of one does not keep the others.
        let _ = thread::scope(|scope| {
            let ends: Vec<_> = self.which.iter().map(|server| scope.spawn(|| self.one(*server, "down"))).collect();
            ends.into_iter().map(thread::ScopedJoinHandle::join).filter(Result::is_err).count()
        });
    }
}
