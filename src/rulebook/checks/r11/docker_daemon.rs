//! 11r: the engine's configuration (`daemon.json`) is explicitly unsafe, or others may write it or talk to its socket.
//!
//! What is not given is left alone: the defaults differ between versions and installations.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::live::{HostFile, Live},
        syntax::{node::Node, yaml},
        tree::{File, Kind, Tree},
    },
};

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
            let Some(rights) = RIGHTS.iter().find(|rights| rights.paths.contains(&file.path.as_str())) else {
                continue;
            };
            judged = Judged::Yes;
            access(file, rights, host, out);
            let Some(text) = file.text.as_deref().filter(|_| file.path.ends_with("daemon.json")) else { continue };
            let about = |out: &mut Out<'_>, observed: String, expected: &str| {
                out.about(file.path.clone(), host).observed(observed).expected(expected).fail();
            };
            match yaml::parse_one(text) {
                Ok(settings) => flaws(&settings).into_iter().for_each(|flaw| about(out, flaw.observed, flaw.expected)),
                Err(fault) => {
                    out.about(file.path.clone(), host).key("unread").unknown(format!("cannot be read: {fault}"))
                }
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

/// Who may own a file, and which bits of its mode are too many.
struct Rights {
    paths: &'static [&'static str],
    groups: &'static [&'static str],
    too_many: u32,
    expected: &'static str,
}

const RIGHTS: &[Rights] = &[
    Rights {
        paths: &["/var/run/docker.sock", "/run/docker.sock"],
        groups: &["docker", "root"],
        too_many: 0o002,
        expected: "root:docker, 0660",
    },
    Rights { paths: &["/etc/docker/daemon.json"], groups: &["root"], too_many: 0o022, expected: "root:root, 0644" },
];

/// Judges who may use a file.
fn access(file: &HostFile, rights: &Rights, host: &str, out: &mut Out<'_>) {
    let mut about =
        |observed: String| out.about(file.path.clone(), host).observed(observed).expected(rights.expected).fail();
    let is_owned = file.owner == "root" || file.owner == "0";
    let is_of_group = rights.groups.contains(&file.group.as_str()) || file.group == "0";
    if !is_owned || !is_of_group {
        about(format!("owned by {}:{}", file.owner, file.group));
    }
    // Writing by a group of root's own is writing by root.
    let too_many = if is_of_group && matches!(file.group.as_str(), "root" | "0") {
        rights.too_many & 0o007
    } else {
        rights.too_many
    };
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

    fn live(path: &str, mode: u32, owner: &str, group: &str, text: Option<&str>) -> Vec<String> {
        let file = HostFile {
            path: path.into(),
            mode,
            owner: owner.into(),
            group: group.into(),
            text: text.map(str::to_owned),
        };
        let live = Live { files: &[file], ..Live::default() };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        judge(&DockerDaemon, Subject::Live(&live, None), Scope::Host, &Policy::default(), now)
            .findings
            .iter()
            .map(line)
            .collect()
    }

    #[test]
    fn rights_of_the_host() {
        let socket = "/run/docker.sock";
        assert!(live(socket, 0o660, "root", "docker", None).is_empty());
        assert_eq!(live(socket, 0o666, "root", "docker", None), ["/run/docker.sock mode 0666: others may write"]);
        assert_eq!(live(socket, 0o660, "me", "users", None), ["/run/docker.sock owned by me:users"]);
        let settings = "/etc/docker/daemon.json";
        assert!(live(settings, 0o644, "root", "root", Some("{}")).is_empty());
        assert!(live(settings, 0o664, "root", "root", None).is_empty());
        assert_eq!(
            live(settings, 0o646, "root", "root", None),
            ["/etc/docker/daemon.json mode 0646: others may write"]
        );
        assert_eq!(
            live(settings, 0o644, "root", "root", Some("{\"icc\": true}")),
            ["/etc/docker/daemon.json icc: true"]
        );
        assert!(
            live(settings, 0o644, "root", "root", Some("{"))[0].starts_with("? /etc/docker/daemon.json cannot be read")
        );
        assert!(live("/etc/passwd", 0o666, "me", "me", None).is_empty());
    }
}
