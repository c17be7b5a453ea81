//! 11f: a container that runs privileged.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::container::Container,
    },
};

/// 11f.
pub struct Privileged;

static META: Meta = Meta {
    id: "11f",
    title: "container runs privileged",
    level: Level::Block,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "A privileged container has every capability and every device: who breaks into it owns the machine.",
    fix: "Take `privileged` away, and add the one capability or device that is needed.",
    precedent: &["CIS 5.5", "KSV-0017", "kube-linter privileged-container"],
    references: &[
        "https://docs.docker.com/reference/compose-file/services/#privileged",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    ],
    parameters: &[],
};

impl Check for Privileged {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let privileged = &container.privileged;
        if privileged.is_true() {
            out.on(container.resource, &privileged.pointer).observed("privileged").expected("not privileged").fail();
        } else if privileged.is_unknown() {
            if !container.is_given(privileged) {
                return Judged::No;
            }
            let draft = out.on(container.resource, &privileged.pointer).expected("not privileged");
            draft.unknown("whether it is privileged cannot be known from here");
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

    fn compose(text: &str) -> Vec<String> {
        told(&Privileged, &[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))])
    }

    #[test]
    fn services() {
        assert_eq!(compose("    privileged: true\n"), ["compose.yaml:4:17 privileged"]);
        assert_eq!(compose("    privileged: ${P:-true}\n"), ["compose.yaml:4:17 privileged"]);
        assert!(compose("    privileged: false\n").is_empty() && compose("").is_empty());
        assert!(compose("    environment: {privileged: true}\n    labels: ['privileged: true']\n").is_empty());
        assert_eq!(
            compose("    privileged: ${P}\n"),
            ["? compose.yaml:4:17 whether it is privileged cannot be known from here"]
        );
    }

    #[test]
    fn each_violation_is_told_once() {
        let base = "services:\n  web: {image: a, privileged: true}\n";
        let prod = "services:\n  web: {user: '1'}\n  x: {image: b, privileged: true}\n";
        let files = [("docker-compose.yml", base), ("docker-compose.prod.yml", prod)];
        assert_eq!(
            told(&Privileged, &files),
            ["docker-compose.yml:2:31 privileged", "docker-compose.prod.yml:3:29 privileged"]
        );
        let off = "services:\n  web: {privileged: false}\n";
        assert!(told(&Privileged, &[("docker-compose.yml", base), ("docker-compose.override.yml", off)]).is_empty());
    }

    #[test]
    fn pods_and_live_containers() {
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nspec:\n  template:\n    spec:\n      initContainers:\n        - name: i\n          securityContext: {privileged: true}\n      containers:\n        - name: a\n          securityContext:\n            privileged: false\n";
        assert_eq!(told_of(&Privileged, &object(text)), ["object.yaml:8:41 privileged"]);
        let live = live_object("container", "web", serde_json::json!({"HostConfig": {"Privileged": true}}));
        assert_eq!(told_of(&Privileged, &live), ["container web privileged"]);
    }
}
