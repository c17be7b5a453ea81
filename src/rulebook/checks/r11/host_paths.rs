//! 11i: a path of the host in a container that gives power over the host.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::container::{Container, Known},
    },
};

/// 11i.
pub struct HostPaths;

static META: Meta = Meta {
    id: "11i",
    title: "sensitive path of the host mounted",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "These paths hold the host's users, keys, devices and containers: reading them tells secrets, and writing them takes the host over.",
    fix: "Mount only the folder or file that is needed, read-only where it is only read; keep data in a volume.",
    precedent: &["CIS 5.6", "KSV-0023", "kube-linter sensitive-host-mounts"],
    references: &[
        "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath",
        "https://docs.docker.com/engine/storage/bind-mounts/",
    ],
    parameters: &[
        Parameter {
            name: "folders",
            about: "paths that are sensitive by themselves; what lies in them is not",
            default: Value::Texts(&[
                "/", "/etc", "/dev", "/sys", "/proc", "/lib", "/usr", "/bin", "/sbin", "/run", "/var", "/var/run",
                "/var/lib", "/home", "~",
            ]),
        },
        Parameter {
            name: "trees",
            about: "paths that are sensitive with everything in them",
            default: Value::Texts(&[
                "/boot",
                "/root",
                "/proc",
                "/sys",
                "/var/lib/docker",
                "/var/lib/containerd",
                "/var/lib/containers",
                "/var/lib/kubelet",
                "/var/lib/kubernetes",
                "/var/lib/etcd",
                "/var/lib/rancher",
                "/run/containerd",
                "/etc/shadow",
                "/etc/passwd",
                "/etc/group",
                "/etc/sudoers",
                "/etc/sudoers.d",
                "/etc/ssh",
                "/etc/pam.d",
                "/etc/kubernetes",
                "/etc/docker",
                "/etc/rancher",
                "/etc/systemd",
                "/etc/cron.d",
                "/etc/crontab",
                "/etc/ssl/private",
                "/dev/mem",
                "/dev/kmem",
                "/dev/disk",
                "~/.ssh",
                "~/.aws",
                "~/.kube",
                "~/.gnupg",
            ]),
        },
        Parameter {
            name: "writable",
            about: "paths in which nothing may be mounted but read-only",
            default: Value::Texts(&["/etc", "/lib", "/usr", "/bin", "/sbin"]),
        },
        Parameter {
            name: "read-only",
            about: "sensitive paths that are harmless when they are mounted read-only",
            default: Value::Texts(&["/sys/fs/cgroup", "/sys/class", "/etc/passwd", "/etc/group"]),
        },
    ],
};

impl Check for HostPaths {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        for mount in container.host_mounts.iter().filter(|mount| !mount.is_repeated) {
            let Known::Is(source) = &mount.source else { continue };
            let Some(path) = normal(source) else { continue };
            // A socket of the engine is 11g.
            if path.ends_with(".sock") {
                continue;
            }
            let lists = |name: &str| out.texts(name);
            let is_harmless = mount.is_read_only && lists("read-only").iter().any(|tree| is_within(&path, tree));
            let is_sensitive = !is_harmless
                && (lists("folders").contains(&path.as_str())
                    || lists("trees").iter().any(|tree| is_within(&path, tree)));
            let is_written = !mount.is_read_only && lists("writable").iter().any(|tree| is_within(&path, tree));
            let draft = out.on(container.resource, &mount.pointer).observed(source.clone());
            if is_sensitive {
                draft.expected("a volume, or a folder of its own").fail();
            } else if is_written {
                draft.expected("read-only").level(Level::Warn).fix("Mount it read-only (`:ro`).").fail();
            }
        }
        Judged::Yes
    }
}

/// An absolute path without what means nothing in it; `None` for others: where those lead is not known.
fn normal(path: &str) -> Option<String> {
    let (root, rest) = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => ("~", rest),
        Some(_) => return None,
        None => ("", path.strip_prefix('/')?),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.iter().fold(root.to_owned(), |path, part| format!("{path}/{part}"));
    Some(if joined.is_empty() { "/".to_owned() } else { joined })
}

fn is_within(path: &str, tree: &str) -> bool {
    path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::{live_object, object},
        run::{told, told_of},
    };

    fn compose(mount: &str) -> Vec<String> {
        told(
            &HostPaths,
            &[("compose.yaml", &format!("services:\n  web:\n    image: a\n    volumes:\n      - {mount}\n"))],
        )
    }

    #[test]
    fn sensitive_paths() {
        for path in [
            "/",
            "/etc",
            "/etc/",
            "//etc/.",
            "/srv/../etc",
            "/proc",
            "/sys",
            "/boot",
            "/dev",
            "/root",
            "/root/.ssh",
            "/var/lib/docker/volumes",
            "/var/lib/kubelet",
            "/var/run",
            "/run",
            "/usr",
            "~/.ssh",
            "/etc/shadow",
        ] {
            assert_eq!(compose(&format!("{path}:/x:ro")), [format!("compose.yaml:5:9 {path}")]);
        }
        assert_eq!(compose("/etc/nginx:/etc/nginx").len(), 1, "it can be written");
        assert_eq!(compose("{type: bind, source: /etc, target: /x}"), ["compose.yaml:5:30 /etc"]);
    }

    #[test]
    fn near_misses() {
        for mount in [
            "/etc/localtime:/etc/localtime:ro",
            "/etc/timezone:/etc/timezone:ro",
            "/etc/ssl/certs:/etc/ssl/certs:ro",
            "/etcd-data:/data",
            "etc:/etc",
            "/data/etc:/etc",
            "./etc:/etc",
            "/srv/data:/",
            "/dev/dri:/dev/dri",
            "/dev/shm:/dev/shm",
            "/var/log:/var/log:ro",
            "/lib/modules:/lib/modules:ro",
            "/home/me/app:/app",
            "/var/run/docker.sock:/var/run/docker.sock",
            "/rooted:/x",
            "${ROOT}:/x",
            "/sys/fs/cgroup:/sys/fs/cgroup:ro",
            "/var/lib/postgres:/data",
            "/usr/share/zoneinfo:/z:ro",
            "/etc/nginx/conf.d:/c:ro",
        ] {
            assert!(compose(mount).is_empty(), "{mount}");
        }
    }

    #[test]
    fn pods_and_live_containers() {
        let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {name: a, volumeMounts: [{name: s, mountPath: /s, readOnly: true}]}\n    - {name: b, volumeMounts: [{name: t, mountPath: /s}]}\n  volumes:\n    - {name: s, hostPath: {path: /etc}}\n    - {name: t, hostPath: {path: /etc/localtime}}\n    - {name: e, emptyDir: {}}\n";
        assert_eq!(told_of(&HostPaths, &object(text)), ["object.yaml:8:34 /etc", "object.yaml:9:34 /etc/localtime"]);
        let mounts =
            serde_json::json!({"Mounts": [{"Type": "bind", "Source": "/", "Destination": "/host", "RW": false}]});
        assert_eq!(told_of(&HostPaths, &live_object("container", "w", mounts)), ["container w /"]);
    }
}
