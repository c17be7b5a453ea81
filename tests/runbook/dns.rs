//! Names: Debian's dnsmasq as a resolver with a cache and as authoritative servers, in a network of their own, so that the port of name
//! servers and `/etc/resolv.conf` can be had without touching the machine.

use crate::{
    bed::{Home, set, wait_for},
    heads::{HERE, head},
    need,
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const RESOLVER: &str = "127.0.0.1";
const AUTHORITATIVE: &str = "127.0.0.2";
const OTHER: &str = "127.0.0.3";
const OLD: &str = "192.0.2.10";
const NEW: &str = "192.0.2.20";
/// Seconds that a cache keeps an answer: long enough to be asked once more by a machine that is busy.
const TTL: &str = "40";
/// Where Debian has programs that only root runs.
const DNSMASQ: &str = "/usr/sbin/dnsmasq";

/// Asks once, which is told with its answer, and waits until everything is settled.
fn names() -> String {
    let variables =
        [("name", ""), ("address", r#"default = """#), ("patience", "type = \"duration\"\ndefault = \"3m\"")];
    head("Wait for {{name}}", Some("here"), HERE, &variables) + ASKS
}

const ASKS: &str = r#"
[[step]]
id = "look"
title = "Ask"
timeout = "30s"
look = { about = { dns = { name = "{{name}}", address = "{{address}}" } } }

[[step]]
id = "wait"
title = "Wait"
timeout = "{{patience}}"
[step.wait-until]
title = "all of them agree"
ask = { about = { dns = { name = "{{name}}", address = "{{address}}" } } }
every = "1s"
expect = [{ path = "settled", is = true }]
"#;

/// A network and a view of the file systems of its own, which end with it.
struct Network {
    holder: Child,
    folder: tempfile::TempDir,
}

impl Network {
    /// Where there can be none the test says so by name, and fails where `CI=true`.
    fn new(test: &str) -> Option<Self> {
        if let Some(why) = Self::lacking() {
            need::not_run(&format!("{test}: {why}"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let names = folder.path().join("resolv.conf");
        fs::write(&names, format!("nameserver {RESOLVER}\n")).expect("written");
        let script = format!(
            "set -e; ip link set lo up; for at in {AUTHORITATIVE} {OTHER}; do ip address add $at/32 dev lo; done; \
             mount --bind {} /etc/resolv.conf; echo ready; exec cat",
            names.display()
        );
        // It holds both until its input ends.
        let mut holder = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        assert_eq!(line, "ready\n", "a network of its own");
        Some(Self { holder, folder })
    }

    fn lacking() -> Option<&'static str> {
        let may = Command::new("unshare").args(["--net", "--mount", "true"]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            return Some("a network of its own needs unshare (util-linux), and root");
        }
        if Command::new("ip").arg("-V").output().is_err() {
            return Some("there is no program ip (Debian: iproute2)");
        }
        (!Path::new(DNSMASQ).exists()).then_some("there is no dnsmasq (Debian: dnsmasq-base)")
    }

    /// The same command, within.
    fn within(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside.args(["--net", "--mount", "--target", &self.holder.id().to_string()]);
        if let Some(folder) = command.get_current_dir() {
            inside.arg(format!("--wd={}", folder.display()));
        }
        inside.arg("--").arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// Starts a name server, and waits until it listens.
    fn serve(&self, at: &str, arguments: &[String]) -> Serving {
        let mut command = Command::new(DNSMASQ);
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"]);
        command.args(["--bind-interfaces", "--pid-file=", &format!("--listen-address={at}")]).args(arguments);
        let said: PathBuf = self.folder.path().join(format!("{at}.log"));
        let log = fs::File::create(&said).expect("a file");
        let mut serving = Serving(self.within(&command).stdout(Stdio::null()).stderr(log).spawn().expect("dnsmasq"));
        let mut look = Command::new("ss");
        look.args(["--no-header", "--listening", "--udp", "--numeric", "src", &format!("{at}:53")]);
        wait_for("dnsmasq listens", || {
            let ended = serving.0.try_wait().expect("a child");
            assert!(ended.is_none(), "{}", fs::read_to_string(&said).unwrap_or_default());
            self.within(&look).output().is_ok_and(|output| !output.stdout.is_empty())
        });
        serving
    }

    /// An authoritative server of a zone.
    fn authority(&self, at: &str, zone: &str, records: &[String]) -> Serving {
        let server = format!("ns.{zone}");
        let own = [
            format!("--auth-server={server},{at}"),
            format!("--auth-zone={zone}"),
            format!("--auth-ttl={TTL}"),
            format!("--host-record={server},{at}"),
        ];
        self.serve(at, &[&own[..], records].concat())
    }

    fn resolver(&self) -> Serving {
        let zones = [("example", AUTHORITATIVE), ("other", OTHER)];
        self.serve(RESOLVER, &zones.map(|(zone, at)| format!("--server=/{zone}/{at}")))
    }

    /// Runs the runbook within. Returns its exit code and everything that it printed.
    fn run(&self, home: &Home, values: &[String]) -> (Option<i32>, String) {
        let all = [&["run", "names", "--yes", "--json"][..], &set(values)].concat();
        let Output { status, stdout, stderr } = self.within(&home.command("ops-a", &all)).output().expect("it runs");
        (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// A name server, until it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn host(name: &str, address: &str) -> String {
    format!("--host-record={name},{address}")
}

#[test]
fn a_cache_that_holds_the_old_answer_is_waited_for() {
    let Some(network) = Network::new("dns::a_cache_that_holds_the_old_answer_is_waited_for") else { return };
    let home = Home::new(None);
    home.write("runbooks/names.toml", &names());
    let _resolver = network.resolver();
    let alias = "--cname=www.example,db.example".to_owned();
    let before = network.authority(AUTHORITATIVE, "example", &[host("db.example", OLD), alias.clone()]);
    for name in ["db.example", "www.example"] {
        let (code, said) = network.run(&home, &[format!("name={name}")]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("\"agree\":true") && said.contains(OLD), "{said}");
    }
    drop(before);
    let _after = network.authority(AUTHORITATIVE, "example", &[host("db.example", NEW), alias]);
    let (code, said) = network.run(&home, &["name=db.example".into(), format!("address={NEW}")]);
    assert_eq!(code, Some(0), "{said}");
    let why = format!("the authoritative servers say {NEW}; resolver {RESOLVER} says {OLD}, for ");
    assert!(said.contains("\"agree\":false") && said.contains(&why), "{said}");
    // All agree by now, and not on what somebody expects.
    let values = ["name=db.example".into(), format!("address={OLD}"), "patience=3s".into()];
    let (code, said) = network.run(&home, &values);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("\"agree\":true") && said.contains("\"settled\":false"), "{said}");
    assert!(said.contains(&format!("settled is false, not true: expected is {OLD}, named is {NEW}")), "{said}");
}

#[test]
fn a_server_that_does_not_answer_has_not_agreed() {
    let Some(network) = Network::new("dns::a_server_that_does_not_answer_has_not_agreed") else { return };
    let home = Home::new(None);
    home.write("runbooks/names.toml", &names());
    let _resolver = network.resolver();
    let second = "--auth-sec-servers=ns2.example".to_owned();
    let records = [host("db.example", OLD), host("ns2.example", OTHER), second];
    let _first = network.authority(AUTHORITATIVE, "example", &records);
    let values = ["name=db.example".to_owned(), "patience=5s".to_owned()];
    let (code, said) = network.run(&home, &values);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("not heard: authoritative ns2.example ({OTHER}): no answer within 2 s")), "{said}");
    assert!(said.contains("\"outcome\":\"paused\"") && said.contains("settled is not known"), "{said}");
    let second = network.authority(OTHER, "example", &records);
    let (code, said) = network.run(&home, &values);
    assert_eq!(code, Some(0), "{said}");
    drop(second);
    // A zone that nobody serves, and what is no name.
    for (name, why) in [("db.nowhere", "Query Refused"), ("..", "it is no name")] {
        let (code, said) = network.run(&home, &[format!("name={name}"), "patience=3s".into()]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn long_answers_and_aliases_into_other_zones_are_followed() {
    let Some(network) = Network::new("dns::long_answers_and_aliases_into_other_zones_are_followed") else { return };
    let home = Home::new(None);
    home.write("runbooks/names.toml", &names());
    let _resolver = network.resolver();
    // More than fits into a datagram.
    let mut records: Vec<_> = (1..=120).map(|last| host("many.example", &format!("198.51.100.{last}"))).collect();
    records.push("--cname=alias.example,lb.other".into());
    let _zone = network.authority(AUTHORITATIVE, "example", &records);
    let _other = network.authority(OTHER, "other", &[host("lb.other", NEW)]);
    let (code, said) = network.run(&home, &["name=many.example".into()]);
    assert_eq!(code, Some(0), "{said}");
    assert!((1..=120).all(|last| said.contains(&format!("\"198.51.100.{last}\""))), "{said}");
    // This resolver does not go after an alias: that is what its clients get, and it is not what the zones say.
    let (code, said) = network.run(&home, &["name=alias.example".into(), "patience=3s".into()]);
    assert_eq!(code, Some(1), "{said}");
    let why = format!("the authoritative servers say {NEW}; resolver {RESOLVER} says that it is lb.other");
    assert!(said.contains(&why) && said.contains(&format!("authoritative ns.other ({OTHER})")), "{said}");
}
