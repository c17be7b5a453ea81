//! 11g: the socket of a container engine mounted into a container.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::container::{Container, Known},
        tree::base_name,
    },
};

/// 11g. A folder that holds a socket is 11i.
pub struct EngineSocket;

static META: Meta = Meta {
    id: "11g",
    title: "socket of the container engine mounted",
    level: Level::Block,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "Who can speak to the engine's socket can start a privileged container and is root on the machine. Mounting it read-only changes nothing.",
    fix: "Take the mount away. Where something has to watch containers, put a proxy before the socket that lets only reading through.",
    precedent: &["CIS 5.32", "KSV-0006", "kube-linter docker-sock"],
    references: &["https://docs.docker.com/engine/security/#docker-daemon-attack-surface"],
    parameters: &[Parameter {
        name: "sockets",
        about: "names of sockets of container engines",
        default: Value::Texts(&[
            "docker.sock",
            "containerd.sock",
            "podman.sock",
            "crio.sock",
            "cri-dockerd.sock",
            "docker_engine",
        ]),
    }],
};

impl Check for EngineSocket {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let sockets: Vec<String> = out.texts("sockets").into_iter().map(str::to_owned).collect();
        let is_socket =
            |path: &str| sockets.iter().any(|socket| base_name(&path.replace('\\', "/")) == socket.as_str());
        for mount in container.host_mounts.iter().filter(|mount| !mount.is_repeated) {
            let draft = out.on(container.resource, &mount.pointer).expected("no socket of the engine in a container");
            match &mount.source {
                Known::Is(source) if is_socket(source.trim_end_matches('/')) => draft.observed(source.clone()).fail(),
                Known::Unknown if is_socket(&mount.target) => {
                    draft.unknown(format!("what is mounted at {} cannot be known from here", mount.target));
                }
                _ => {}
            }
        }
        Judged::Yes
    }
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
            &EngineSocket,
            &[("compose.yaml", &format!("services:\n  web:\n    image: a\n    volumes:\n      - {mount}\n"))],
        )
    }

    #[test]
    fn services() {
        assert_eq!(compose("/var/run/docker.sock:/var/run/docker.sock:ro"), ["compose.yaml:5:9 /var/run/docker.sock"]);
        assert_eq!(
            compose("{type: bind, source: /run/podman/podman.sock, target: /x}"),
            ["compose.yaml:5:30 /run/podman/podman.sock"]
        );
        assert_eq!(compose("/run/k3s/containerd/containerd.sock:/x").len(), 1);
        assert_eq!(compose("${SOCK:-/run/docker.sock}:/var/run/docker.sock"), ["compose.yaml:5:9 /run/docker.sock"]);
        let unknown = "? compose.yaml:5:9 what is mounted at /var/run/docker.sock cannot be known from here";
        assert_eq!(compose("${SOCK}:/var/run/docker.sock"), [unknown]);
    }

    #[test]
    fn near_misses() {
        for mount in [
            "./docker.sock.md:/x",
            "docker-sock:/var/run/docker.sock",
            "/var/run:/var/run",
            "/srv/mysqld.sock:/x",
            "${DIR}:/data",
        ] {
            assert!(compose(mount).is_empty(), "{mount}");
        }
    }

    #[test]
    fn pods_and_live_containers() {
        let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {name: a, volumeMounts: [{name: s, mountPath: /s}]}\n    - {name: b, volumeMounts: [{name: s, mountPath: /s}]}\n  volumes:\n    - name: s\n      hostPath: {path: /var/run/docker.sock}\n";
        assert_eq!(told_of(&EngineSocket, &object(text)), ["object.yaml:9:24 /var/run/docker.sock"]);
        let mounts = serde_json::json!({"Mounts": [{"Type": "bind", "Source": "/run/docker.sock", "Destination": "/s", "RW": false}]});
        assert_eq!(told_of(&EngineSocket, &live_object("container", "w", mounts)), ["container w /run/docker.sock"]);
    }
}
