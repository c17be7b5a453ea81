//! 11k: a container whose root file system can be written.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::container::Container,
    },
};

/// 11k.
pub struct WritableRoot;

static META: Meta = Meta {
    id: "11k",
    title: "root file system can be written",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "Where the root file system can be written, an intruder leaves tools there, and data that belongs into a volume is lost with the container.",
    fix: "Set `read_only: true` (Kubernetes: `readOnlyRootFilesystem: true`), with a volume or tmpfs for what is written.",
    precedent: &["CIS 5.13", "KSV-0014", "kube-linter no-read-only-root-fs"],
    references: &[
        "https://docs.docker.com/reference/compose-file/services/#read_only",
        "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for WritableRoot {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let read_only = &container.read_only_root;
        if container.is_ephemeral() || read_only.is_unknown() {
            return Judged::No;
        }
        if !read_only.is_true() {
            let draft = out.on(container.resource, &read_only.pointer).observed("writable root file system");
            draft.expected("a root file system that is read-only").fail();
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

    #[test]
    fn services_pods_and_live_containers() {
        let compose =
            |text: &str| told(&WritableRoot, &[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))]);
        assert_eq!(compose(""), ["compose.yaml:2:3 writable root file system"]);
        assert_eq!(compose("    read_only: false\n"), ["compose.yaml:4:16 writable root file system"]);
        assert!(compose("    read_only: true\n").is_empty() && compose("    read_only: ${RO}\n").is_empty());
        let pod = |context: &str| {
            object(&format!(
                "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      securityContext: {context}\n"
            ))
        };
        assert_eq!(told_of(&WritableRoot, &pod("{}")), ["object.yaml:6:24 writable root file system"]);
        assert!(told_of(&WritableRoot, &pod("{readOnlyRootFilesystem: true}")).is_empty());
        let live =
            |truth: bool| live_object("container", "w", serde_json::json!({"HostConfig": {"ReadonlyRootfs": truth}}));
        assert_eq!((told_of(&WritableRoot, &live(false)).len(), told_of(&WritableRoot, &live(true)).len()), (1, 0));
    }
}
