//! 11r: the engine's configuration (`daemon.json`) is explicitly unsafe, or others may write it or talk to its socket.
//!
//! What is not given is left alone: the defaults differ between versions and installations.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::live::{HostFile, HostFileKind, Live},
        syntax::{node::Node, yaml},
        tree::{File, Kind, Tree},
    },
};

mod podman;

/// 11r.
pub struct DockerDaemon;

static META: Meta = Meta {
    id: "11r",
    title: "Docker daemon open to misuse",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Host],
    why: "Whoever can talk to the engine or change its configuration is root on the host.",
    fix: "Correct the setting in daemon.json and restart the engine; give the socket to root:docker with 0660 and the configuration to \
          root:root with 0644.",
    precedent: &[
        "CIS 2.2", "CIS 2.4", "CIS 2.5", "CIS 2.7", "CIS 2.14", "CIS 2.15", "CIS 2.16", "CIS 2.17", "CIS 3.15",
        "CIS 3.16", "CIS 3.17", "CIS 3.18",
    ],
    references: &[
        "https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
        "https://docs.docker.com/engine/security/protect-access/",
        "https://www.cisecurity.org/benchmark/docker",
    ],
    parameters: &[],
};

impl Check for DockerDaemon {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        if file.kind != Kind::DaemonJson {
            return Judged::No;
        }
        // What cannot be read is told by the tree itself.
        let Some(settings) = file.documents().first() else { return Judged::No };
        for Flaw { pointer, observed, expected } in flaws(settings) {
            out.at(file, settings.span_of(&pointer)).observed(observed).expected(expected).fail();
        }
        Judged::Yes
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let host = live.host.map_or("this host", |host| host.name.as_str());
        let mut judged = Judged::No;
        for file in live.files {
            judged = Judged::Yes;
            access(file, host, out);
            let unread = |why: &str, out: &mut Out<'_>| {
                out.about(file.path.clone(), host).key("unread").unknown(format!("cannot be read: {why}"));
            };
            let found = match (file.kind, &file.text, &file.problem) {
                (_, _, Some(problem)) => Err(problem.clone()),
                (HostFileKind::DockerSettings, Some(text), _) => {
                    yaml::parse_one(text).map(|settings| flaws(&settings)).map_err(|fault| fault.to_string())
                }
                (HostFileKind::PodmanSettings, Some(text), _) => podman::flaws(text),
                _ => Ok(Vec::new()),
            };
            match found {
                Ok(flaws) => flaws.into_iter().for_each(|flaw| {
                    out.about(file.path.clone(), host).observed(flaw.observed).expected(flaw.expected).fail();
                }),
                Err(why) => unread(&why, out),
            }
        }
        judged
    }
}

/// A setting that is explicitly unsafe.
struct Flaw {
    pointer: String,
    observed: String,
    expected: &'static str,
}

/// Settings of which one value is unsafe: the name, the value, what it should be.
const SWITCHES: &[(&str, bool, &str)] = &[
    ("icc", true, "false: containers of the default network do not talk to each other"),
    ("live-restore", false, "true: containers survive a restart of the engine"),
    ("no-new-privileges", false, "true"),
    ("userland-proxy", true, "false"),
    ("experimental", true, "false"),
    ("iptables", false, "true: the engine isolates its networks"),
];

/// The same for texts.
const TEXTS: &[(&str, &str, &str)] = &[
    ("log-driver", "none", "a driver that keeps what containers say"),
    ("seccomp-profile", "unconfined", "the default profile"),
    ("storage-driver", "aufs", "overlay2"),
];

fn flaws(settings: &Node) -> Vec<Flaw> {
    let flaw = |pointer: String, observed: String, expected| Flaw { pointer, observed, expected };
    let mut flaws = Vec::new();
    for (name, unsafe_value, expected) in SWITCHES {
        if settings.get(name).and_then(Node::as_bool) == Some(*unsafe_value) {
            flaws.push(flaw(format!("/{name}"), format!("{name}: {unsafe_value}"), expected));
        }
    }
    for (name, unsafe_value, expected) in TEXTS {
        if settings.get(name).and_then(Node::as_str) == Some(unsafe_value) {
            flaws.push(flaw(format!("/{name}"), format!("{name}: {unsafe_value}"), expected));
        }
    }
    let items = |name: &str| settings.get(name).map(Node::items).unwrap_or_default().iter().enumerate();
    for (at, registry) in items("insecure-registries") {
        let registry = registry.as_str().unwrap_or_default();
        if !is_local(registry) {
            let observed = format!("insecure-registries: {registry}");
            flaws.push(flaw(format!("/insecure-registries/{at}"), observed, "registries with TLS"));
        }
    }
    let is_verified = settings.get("tlsverify").is_some_and(|value| value.as_bool() == Some(true) || value.is_opaque());
    for (at, host) in items("hosts") {
        let address = host.as_str().and_then(|host| host.strip_prefix("tcp://"));
        if let Some(address) = address.filter(|address| !is_verified && !is_local(address)) {
            let observed = format!("hosts: tcp://{address} without tlsverify");
            flaws.push(flaw(format!("/hosts/{at}"), observed, "tlsverify: true, or no TCP"));
        }
    }
    flaws
}

/// Whether an address is of this host alone.
fn is_local(address: &str) -> bool {
    address == "localhost" || ["localhost:", "127.", "[::1]", "::1"].iter().any(|start| address.starts_with(start))
}

/// Judges who may use a file. An engine without root has files of the user that it runs as; all others are root's.
fn access(file: &HostFile, host: &str, out: &mut Out<'_>) {
    let owner = file.user.as_deref().unwrap_or("root");
    let is_socket = file.kind == HostFileKind::Socket;
    // Whoever may write to the socket of an engine is as mighty as its owner: a group of its own may.
    let groups: &[&str] = match (&file.user, is_socket) {
        (Some(_), _) => &[],
        (None, true) => &["docker", "podman", "root", "0"],
        (None, false) => &["root", "0"],
    };
    let expected = match (&file.user, is_socket) {
        (Some(user), true) => format!("{user}, 0600 or 0660"),
        (Some(user), false) => format!("{user}, 0644"),
        (None, true) => "root:docker, 0660".to_owned(),
        (None, false) => "root:root, 0644".to_owned(),
    };
    let mut about =
        |observed: String| out.about(file.path.clone(), host).observed(observed).expected(expected.as_str()).fail();
    let is_owned = file.owner == owner || (file.user.is_none() && file.owner == "0");
    let is_of_group = file.user.is_some() || groups.contains(&file.group.as_str());
    if !is_owned || !is_of_group {
        about(format!("owned by {}:{}", file.owner, file.group));
    }
    // Writing by the group that a socket is meant for, or by root's, or by a user's own, is no writing by others.
    let is_own_group = matches!(file.group.as_str(), "root" | "0") || file.group == owner;
    let too_many = if is_socket || is_own_group { 0o002 } else { 0o022 };
    if file.mode & too_many != 0 {
        about(format!("mode {:04o}: others may write", file.mode & 0o7777));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line, told},
    };

    #[test]
    fn settings_that_are_unsafe() {
        let text = "{\n  \"icc\": true,\n  \"hosts\": [\"fd://\", \"tcp://0.0.0.0:2375\"],\n  \"insecure-registries\": [\"reg.test:5000\"],\n  \"log-driver\": \"none\",\n  \"live-restore\": false\n}\n";
        assert_eq!(
            told(&DockerDaemon, &[("docker/daemon.json", text)]),
            [
                "docker/daemon.json:2:10 icc: true",
                "docker/daemon.json:6:19 live-restore: false",
                "docker/daemon.json:5:17 log-driver: none",
                "docker/daemon.json:4:27 insecure-registries: reg.test:5000",
                "docker/daemon.json:3:22 hosts: tcp://0.0.0.0:2375 without tlsverify",
            ]
        );
    }

    #[test]
    fn what_is_safe_or_not_given_passes() {
        for text in [
            "{}",
            "{\"icc\": false, \"live-restore\": true, \"userland-proxy\": false, \"no-new-privileges\": true}",
            "{\"hosts\": [\"tcp://0.0.0.0:2376\", \"unix:///var/run/docker.sock\"], \"tlsverify\": true}",
            "{\"hosts\": [\"tcp://127.0.0.1:2375\"], \"insecure-registries\": [\"127.0.0.0/8\", \"localhost:5000\"]}",
            "{\"log-driver\": \"json-file\", \"experimental\": false}",
        ] {
            assert!(told(&DockerDaemon, &[("daemon.json", text)]).is_empty(), "{text}");
        }
        assert!(told(&DockerDaemon, &[("other.json", "{\"icc\": true}")]).is_empty());
    }

    fn judged(file: HostFile) -> Vec<String> {
        let live = Live { files: &[file], ..Live::default() };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        judge(&DockerDaemon, Subject::Live(&live, None), Scope::Host, &Policy::default(), now)
            .findings
            .iter()
            .map(line)
            .collect()
    }

    fn file(kind: HostFileKind, path: &str, mode: u32, (owner, group): (&str, &str)) -> HostFile {
        let (path, owner, group) = (path.into(), owner.into(), group.into());
        HostFile { kind, path, user: None, mode, owner, group, text: None, problem: None }
    }

    #[test]
    fn sockets_wherever_they_are() {
        let socket = |mode, by| judged(file(HostFileKind::Socket, "/srv/docker.sock", mode, by));
        assert!(socket(0o660, ("root", "docker")).is_empty() && socket(0o660, ("root", "root")).is_empty());
        assert_eq!(socket(0o666, ("root", "docker")), ["/srv/docker.sock mode 0666: others may write"]);
        assert_eq!(socket(0o660, ("me", "users")), ["/srv/docker.sock owned by me:users"]);
        let own = |mode, by| {
            let socket = file(HostFileKind::Socket, "/run/user/7/docker.sock", mode, by);
            judged(HostFile { user: Some("ada".into()), ..socket })
        };
        assert!(own(0o660, ("ada", "ada")).is_empty() && own(0o600, ("ada", "users")).is_empty());
        assert_eq!(own(0o666, ("ada", "ada")), ["/run/user/7/docker.sock mode 0666: others may write"]);
        assert_eq!(own(0o660, ("eve", "ada")), ["/run/user/7/docker.sock owned by eve:ada"]);
    }

    #[test]
    fn settings_of_docker() {
        let settings = |mode, text: Option<&str>| {
            let settings = file(HostFileKind::DockerSettings, "/etc/docker/daemon.json", mode, ("root", "root"));
            judged(HostFile { text: text.map(str::to_owned), ..settings })
        };
        assert!(settings(0o644, Some("{}")).is_empty() && settings(0o664, None).is_empty());
        assert_eq!(settings(0o646, None), ["/etc/docker/daemon.json mode 0646: others may write"]);
        assert_eq!(settings(0o644, Some("{\"icc\": true}")), ["/etc/docker/daemon.json icc: true"]);
        assert!(settings(0o644, Some("{"))[0].starts_with("? /etc/docker/daemon.json cannot be read"));
        let unread = file(HostFileKind::DockerSettings, "/etc/docker/daemon.json", 0o600, ("root", "root"));
        assert_eq!(
            judged(HostFile { problem: Some("permission denied".into()), ..unread }),
            ["? /etc/docker/daemon.json cannot be read: permission denied"]
        );
    }

    #[test]
    fn settings_of_podman() {
        let settings = |text: &str| {
            let settings = file(HostFileKind::PodmanSettings, "/etc/containers/x.conf", 0o644, ("root", "root"));
            judged(HostFile { text: Some(text.into()), ..settings })
        };
        assert!(settings("[[registry]]\nlocation = 'reg.test'\n[containers]\npids_limit = 5\n").is_empty());
        assert_eq!(
            settings(
                "[[registry]]\nlocation = 'reg.test'\ninsecure = true\n[[registry]]\nprefix = 'localhost:5000'\ninsecure = true\n"
            ),
            ["/etc/containers/x.conf insecure registry reg.test"]
        );
        assert_eq!(
            settings("[containers]\nseccomp_profile = 'unconfined'\nprivileged = true\nlog_driver = 'none'\n"),
            [
                "/etc/containers/x.conf privileged: true",
                "/etc/containers/x.conf seccomp_profile: unconfined",
                "/etc/containers/x.conf log_driver: none",
            ]
        );
        assert!(settings("[").first().is_some_and(|told| told.starts_with("? ")));
    }
}
