//! A real PostgreSQL server in a temporary folder, and a way to it that can be cut.

use super::left_out;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// A server. It listens on the loopback interface and a socket in its folder, and is stopped with the test, however that ends.
pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    pub port: u16,
    child: Option<Child>,
}

/// Where PostgreSQL's server programs are: not in the path, as Debian has it, or in it.
fn programs() -> Option<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions.chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").exists())
}

/// The server refuses to run as root: user and group of the user `postgres`.
fn user() -> Option<(u32, u32)> {
    let line = fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<_> = line.lines().find(|line| line.starts_with("postgres:"))?.split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts one; says that it leaves the test out where there is none.
    pub fn start(test: &str) -> Option<Self> {
        let mut server = Self::prepare(test)?;
        server.run();
        Some(server)
    }

    /// Makes one that does not run yet.
    pub fn prepare(test: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            left_out(test, "PostgreSQL's server programs are not installed (postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let server = Self { folder, programs, port: free_port(), child: None };
        if rustix::process::geteuid().is_root() {
            let Some((user, group)) = user() else {
                left_out(test, "there is no user postgres, and the server does not run as root");
                return None;
            };
            chown(server.folder.path(), Some(user), Some(group)).unwrap();
        }
        let data = server.data();
        let mut initdb = server.command("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"]).arg(data);
        let made = initdb.stdout(Stdio::null()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path());
        if rustix::process::geteuid().is_root() {
            let (user, group) = user().unwrap();
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts it, and waits until it answers.
    pub fn run(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        let port = self.port.to_string();
        command.args(["-h", "127.0.0.1", "-p", port.as_str(), "-c", "max_connections=120"]);
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        self.child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        loop {
            let ready =
                self.command("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", port.as_str()]).status().unwrap();
            if ready.success() {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
            thread::yield_now();
        }
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
        // Its children notice, and leave the port and the folder.
        let pid = self.data().join("postmaster.pid");
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            thread::yield_now();
        }
        let _ = fs::remove_file(pid);
    }

    /// Runs SQL as the superuser, and answers what it prints.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let mut command = self.command("psql");
        command.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            port.as_str(),
            "-U",
            "postgres",
        ]);
        let output = command.args(["-d", database, "-c", sql]).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn url(&self) -> String {
        self.url_as("postgres", self.port)
    }

    pub fn url_as(&self, user: &str, port: u16) -> String {
        format!("postgres://{user}@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // At once, without waiting for clients: nothing here is needed again.
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = child.wait();
    }
}

/// A way to the server on which nothing passes while it is cut: neither side hears anything, as when a network is partitioned.
pub struct Way {
    pub port: u16,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
    over: AtomicBool,
}

impl Gate {
    fn pass(&self) {
        let mut shut = self.shut.lock().unwrap();
        while *shut && !self.over.load(Ordering::Relaxed) {
            shut = self.opened.wait(shut).unwrap();
        }
    }

    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

impl Way {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Arc::new(Gate::default());
        let way = Self { port: listener.local_addr().unwrap().port(), gate: gate.clone() };
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                if gate.over.load(Ordering::Relaxed) {
                    return;
                }
                let gate = gate.clone();
                thread::spawn(move || carry(from, SocketAddr::from(([127, 0, 0, 1], port)), &gate));
            }
        });
        way
    }

    pub fn cut(&self) {
        self.gate.set(true);
    }

    pub fn mend(&self) {
        self.gate.set(false);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.gate.over.store(true, Ordering::Relaxed);
        self.gate.set(false);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn carry(from: TcpStream, to: SocketAddr, gate: &Arc<Gate>) {
    gate.pass();
    let Ok(to) = TcpStream::connect(to) else { return };
    let (back_from, back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
    let back = gate.clone();
    thread::spawn(move || copy(back_from, back_to, &back));
    copy(from, to, gate);
}

fn copy(mut from: TcpStream, mut to: TcpStream, gate: &Gate) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        gate.pass();
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    gate.pass();
    let _ = to.shutdown(Shutdown::Both);
}
