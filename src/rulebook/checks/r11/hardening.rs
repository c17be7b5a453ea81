//! 11j: capabilities, new privileges, system calls.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        subject::container::{Container, Declared, Prop},
    },
};

/// 11j. What is wrong where it is written is told there; what is not written at all is told once a container.
pub struct Hardening;

static META: Meta = Meta {
    id: "11j",
    title: "container with more rights than it needs",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "Capabilities, set-uid programs and unfiltered system calls are what turns a break-in into a container into one of the host.",
    fix: "Drop all capabilities and add back what is needed; set `no-new-privileges:true` (Kubernetes: `allowPrivilegeEscalation: false`); leave seccomp on.",
    precedent: &["CIS 5.4", "CIS 5.22", "CIS 5.26", "KSV-0001", "KSV-0003", "kube-linter drop-net-raw-capability"],
    references: &[
        "https://docs.docker.com/engine/security/#linux-kernel-capabilities",
        "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    ],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "capabilities",
            about: "capabilities that may be added",
            default: Value::Texts(&["NET_BIND_SERVICE"]),
        },
    ],
};

impl Check for Hardening {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.is_ephemeral() {
            return Judged::No;
        }
        let allowed: Vec<String> = out.texts("capabilities").into_iter().map(str::to_owned).collect();
        for capability in &container.capabilities_added {
            let Some(name) = capability.get().filter(|name| !allowed.contains(name)) else { continue };
            let draft = out.on(container.resource, &capability.pointer).observed(format!("capability {name} added"));
            draft.expected(format!("no capability but {}", allowed.join(", "))).fail();
        }
        let escalation = &container.allow_privilege_escalation;
        if escalation.is_true() {
            let draft = out.on(container.resource, &escalation.pointer).observed("may gain new privileges");
            draft.expected("no new privileges").fail();
        }
        if container.seccomp.get().is_some_and(|profile| profile.eq_ignore_ascii_case("unconfined"))
            && container.is_teller(&container.seccomp.pointer)
        {
            let draft = out.on(container.resource, &container.seccomp.pointer).observed("seccomp is off");
            draft.expected("the runtime's default profile").fail();
        }
        missing(container, escalation, out);
        Judged::Yes
    }
}

/// What is not written at all.
fn missing(container: &Container<'_>, escalation: &Prop<bool>, out: &mut Out<'_>) {
    // Privileged, it has everything; that is 11f.
    if container.privileged.is_true() {
        return;
    }
    let mut missing = Vec::new();
    let mut pointer = escalation.pointer.clone();
    if escalation.is_absent() {
        let is_pod = container.declared == Declared::Pod;
        missing.push(if is_pod { "allowPrivilegeEscalation is not false" } else { "no-new-privileges is not set" });
    }
    if container.declared == Declared::Pod && !drops_all(container) {
        missing.push("capabilities are not dropped");
        if missing.len() == 1 {
            pointer = format!("{}/securityContext/capabilities/drop", container.pointer);
        }
    }
    if !missing.is_empty() {
        let draft = out.on(container.resource, &pointer).observed(missing.join("; "));
        draft.key("missing").expected("no capabilities and no new privileges").fail();
    }
}

fn drops_all(container: &Container<'_>) -> bool {
    container.capabilities_dropped.iter().any(|one| one.is_unknown() || one.get().is_some_and(|name| name == "ALL"))
        || container.resource.at(&format!("{}/securityContext", container.pointer)).is_some_and(|node| node.is_opaque())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::{live_object, object},
        run::{told, told_of},
    };

    fn compose(text: &str) -> Vec<String> {
        told(&Hardening, &[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))])
    }

    #[test]
    fn services() {
        assert_eq!(compose(""), ["compose.yaml:2:3 no-new-privileges is not set"]);
        let good =
            "    cap_drop: [ALL]\n    cap_add: [NET_BIND_SERVICE]\n    security_opt: ['no-new-privileges:true']\n";
        assert!(compose(good).is_empty());
        assert!(compose("    security_opt: [no-new-privileges]\n").is_empty());
        let bad = "    cap_add: [SYS_ADMIN, cap_net_bind_service]\n    security_opt:\n      - no-new-privileges=false\n      - seccomp:unconfined\n";
        assert_eq!(
            compose(bad),
            [
                "compose.yaml:4:15 capability SYS_ADMIN added",
                "compose.yaml:6:9 may gain new privileges",
                "compose.yaml:7:9 seccomp is off"
            ]
        );
        assert_eq!(
            compose("    security_opt: ['seccomp:./profile.json']\n"),
            ["compose.yaml:4:5 no-new-privileges is not set"]
        );
        assert!(compose("    privileged: true\n").is_empty(), "that is 11f");
    }

    #[test]
    fn pods() {
        let pod = |pod: &str, context: &str| {
            let text = format!(
                "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {pod}\n  containers:\n    - name: a\n      securityContext: {context}\n"
            );
            told_of(&Hardening, &object(&text))
        };
        assert!(pod("{}", "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}").is_empty());
        assert!(
            pod("{}", "{allowPrivilegeEscalation: false, capabilities: {drop: [all], add: [NET_BIND_SERVICE]}}")
                .is_empty()
        );
        assert_eq!(
            pod("{}", "{}"),
            ["object.yaml:7:24 allowPrivilegeEscalation is not false; capabilities are not dropped"]
        );
        let bad = "{allowPrivilegeEscalation: true, capabilities: {add: [NET_RAW], drop: [MKNOD]}}";
        assert_eq!(
            pod("{seccompProfile: {type: Unconfined}}", bad),
            [
                "object.yaml:7:78 capability NET_RAW added",
                "object.yaml:7:51 may gain new privileges",
                "object.yaml:4:44 seccomp is off",
                "object.yaml:7:88 capabilities are not dropped"
            ]
            .map(|line| line.to_owned())
        );
    }

    #[test]
    fn live_containers() {
        let live = |host| told_of(&Hardening, &live_object("container", "w", serde_json::json!({"HostConfig": host})));
        assert_eq!(
            live(serde_json::json!({"CapAdd": ["ALL"]})),
            ["container w capability ALL added", "container w no-new-privileges is not set"]
        );
        assert!(live(serde_json::json!({"SecurityOpt": ["no-new-privileges:true"]})).is_empty());
    }
}
