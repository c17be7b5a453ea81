//! 11h: a container in a namespace of the host.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::container::Container,
    },
};

/// 11h.
pub struct HostNamespaces;

static META: Meta = Meta {
    id: "11h",
    title: "container shares a namespace of the host",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "In the host's network, process or IPC namespace a container reaches services that listen on localhost, sees every process, and reads what others share in memory.",
    fix: "Leave the namespace to the engine; publish the ports that are needed.",
    precedent: &["CIS 5.10", "CIS 5.16", "CIS 5.17", "KSV-0008", "KSV-0009", "KSV-0010", "kube-linter host-network"],
    references: &[
        "https://docs.docker.com/reference/compose-file/services/#network_mode",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    ],
    parameters: &[],
};

impl Check for HostNamespaces {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let all = [("network", &container.host_network), ("PID", &container.host_pid), ("IPC", &container.host_ipc)];
        let mut judged = Judged::No;
        for (what, shared) in all {
            if !container.is_teller(&shared.pointer) || shared.is_unknown() && !container.is_given(shared) {
                continue;
            }
            judged = Judged::Yes;
            let draft = out.on(container.resource, &shared.pointer).expected(format!("a {what} namespace of its own"));
            if shared.is_true() {
                draft.observed(format!("the host's {what} namespace")).fail();
            } else if shared.is_unknown() {
                draft.unknown(format!("whether it shares the host's {what} namespace cannot be known from here"));
            }
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::{live_object, object},
        run::{told, told_of},
    };

    fn compose(text: &str) -> Vec<String> {
        told(&HostNamespaces, &[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))])
    }

    #[test]
    fn services() {
        let all = compose("    network_mode: host\n    pid: host\n    ipc: \"host\"\n");
        let namespace = ["4:19 the host's network", "5:10 the host's PID", "6:10 the host's IPC"];
        assert_eq!(all, namespace.map(|text| format!("compose.yaml:{text} namespace")));
        assert!(
            compose("    network_mode: bridge\n    pid: service:db\n    ipc: shareable\n    networks: [host]\n")
                .is_empty()
        );
        assert!(compose("    hostname: host\n").is_empty());
        assert_eq!(compose("    network_mode: ${MODE}\n").len(), 1);
    }

    #[test]
    fn pods_tell_it_once() {
        let text = "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  hostPID: false\n  initContainers: [{name: i}]\n  containers: [{name: a}, {name: b}]\n";
        assert_eq!(told_of(&HostNamespaces, &object(text)), ["object.yaml:4:16 the host's network namespace"]);
        let live = live_object(
            "container",
            "w",
            serde_json::json!({"HostConfig": {"PidMode": "host", "NetworkMode": "default"}}),
        );
        assert_eq!(told_of(&HostNamespaces, &live), ["container w the host's PID namespace"]);
    }
}
