//! 13c: ConfigMaps, Secrets and accounts that nothing uses.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        kubernetes::{group_of, is, is_built_in},
        live::Live,
        objects::{Objects, annotation, is_owned, is_repeated, is_system_namespace},
    },
    syntax::node::Node,
    tree::Tree,
};
use std::collections::{HashMap, HashSet};

/// A ConfigMap, Secret or ServiceAccount that nothing uses.
///
/// One is used where its name stands as a word anywhere in another object of its namespace, of no namespace, or of an extension. That
/// finds fewer, and takes nothing for unused that an operator or an argument names.
pub struct Unused;

static META: Meta = Meta {
    id: "13c",
    title: "unused ConfigMap, Secret or ServiceAccount",
    level: Level::Info,
    scopes: &[Scope::Kube],
    why: "Nobody dares to delete it later, and an unused secret or account is one more that can leak.",
    fix: "Ask its owner, then delete it.",
    precedent: &["POP-400"],
    references: &["https://kubernetes.io/docs/concepts/configuration/configmap/"],
    parameters: &[],
};

impl Check for Unused {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for (context, objects) in Objects::of_live(live) {
            // Where it is not known what runs, it is not known what that uses.
            if !live.knows(context, "Pod") {
                continue;
            }
            let candidates: Vec<&Resource> = objects.all.iter().copied().filter(|one| is_candidate(one)).collect();
            let used = Used::of(&objects, candidates.iter().map(|one| &*one.name).collect());
            for candidate in candidates {
                judged = Judged::Yes;
                if !used.holds(candidate) {
                    let seen = "nothing in its namespace names it";
                    out.on(candidate, "/metadata/name").observed(seen).expected("something that uses it").fail();
                }
            }
        }
        judged
    }
}

/// Whether it is one that somebody made to be used by name.
fn is_candidate(resource: &Resource) -> bool {
    let kind = &*resource.kind;
    if !["ConfigMap", "Secret", "ServiceAccount"].iter().any(|kind| is(resource, "", kind)) {
        return false;
    }
    let name = &*resource.name;
    let secret_type = resource.at("/type").and_then(Node::as_str).unwrap_or_default();
    let is_of_the_system = match kind {
        "ConfigMap" => {
            matches!(name, "kube-root-ca.crt" | "istio-ca-root-cert" | "openshift-service-ca.crt")
                || annotation(resource, "control-plane.alpha.kubernetes.io/leader").is_some()
                || name.contains("leader")
                || name.ends_with("-lock")
        }
        "Secret" => {
            matches!(
                secret_type,
                "kubernetes.io/service-account-token" | "helm.sh/release.v1" | "bootstrap.kubernetes.io/token"
            ) || name.starts_with("sh.helm.release.")
        }
        _ => name == "default",
    };
    // What bears a label of a sidecar that looks for labels is used by that.
    let is_picked_up = resource.at("/metadata/labels").map(Node::entries).unwrap_or_default().iter().any(|entry| {
        ["grafana_", "prometheus", "owner", "argocd.argoproj.io/secret-type"]
            .iter()
            .any(|part| entry.key.contains(part))
    });
    !is_of_the_system && !is_picked_up && !is_owned(resource) && !is_system_namespace(&resource.namespace)
}

/// Names that stand in objects.
struct Used<'a> {
    candidates: HashSet<&'a str>,
    /// By namespace; the empty one is for everywhere.
    names: HashMap<String, HashSet<&'a str>>,
}

impl<'a> Used<'a> {
    fn of(objects: &Objects<'a>, candidates: HashSet<&'a str>) -> Self {
        let mut used = Self { candidates, names: HashMap::new() };
        for resource in objects.all.iter().filter(|resource| !is_repeated(resource)) {
            used.add(resource);
        }
        used
    }

    fn add(&mut self, resource: &Resource) {
        let is_own = is_built_in(group_of(&resource.api_version));
        let home = if is_own { resource.namespace.to_string() } else { String::new() };
        for entry in resource.spec.entries().iter().filter(|entry| !matches!(&*entry.key, "metadata" | "status")) {
            // Keys of a ConfigMap say nothing, and its texts may name anything.
            entry.value.walk(&mut |_, node| {
                let subject = node.get("namespace").and_then(Node::as_str);
                if let (Some(namespace), Some(name)) = (subject, node.get("name").and_then(Node::as_str)) {
                    self.mark(namespace, name);
                }
                if let Some(text) = node.as_str().filter(|text| text.len() < 4_096) {
                    self.mark_words(&home, text);
                }
            });
        }
        // Ingresses and others name secrets in annotations too.
        for entry in resource.at("/metadata/annotations").map(Node::entries).unwrap_or_default() {
            let is_copy = entry.key == "kubectl.kubernetes.io/last-applied-configuration";
            if let Some(text) = entry.value.as_str().filter(|text| !is_copy && text.len() < 4_096) {
                self.mark_words(&home, text);
            }
        }
    }

    fn mark_words(&mut self, namespace: &str, text: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).for_each(|word| self.mark(namespace, word));
    }

    fn mark(&mut self, namespace: &str, name: &str) {
        if let Some(name) = self.candidates.get(name).copied() {
            self.names.entry(namespace.to_owned()).or_default().insert(name);
        }
    }

    fn holds(&self, resource: &Resource) -> bool {
        ["", &*resource.namespace]
            .iter()
            .any(|namespace| self.names.get(*namespace).is_some_and(|names| names.contains(&*resource.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::subject::objects::told_live;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec:\n  serviceAccountName: robot\n  volumes: [{name: v, configMap: {name: cfg}}]\n  containers: [{name: c, args: ['--secret=shop/tls']}]\n";

    fn of(object: &str) -> Vec<String> {
        told_live(&Unused, &format!("{POD}---\napiVersion: v1\n{object}\n"), &[])
    }

    #[test]
    fn what_nothing_names_is_unused() {
        assert_eq!(
            of("kind: ConfigMap\nmetadata: {name: old, namespace: shop}"),
            ["ConfigMap shop/old /metadata/name nothing in its namespace names it"]
        );
        assert_eq!(of("kind: ConfigMap\nmetadata: {name: cfg, namespace: other}").len(), 1, "the other namespace's");
        assert_eq!(of("kind: ServiceAccount\nmetadata: {name: r2, namespace: shop}").len(), 1);
        assert_eq!(
            told_live(&Unused, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n", &[]),
            [""; 0],
            "no pods seen"
        );
    }

    #[test]
    fn what_is_named_somewhere_is_used() {
        for object in [
            "kind: ConfigMap\nmetadata: {name: cfg, namespace: shop}",
            "kind: Secret\nmetadata: {name: tls, namespace: shop}",
            "kind: ServiceAccount\nmetadata: {name: robot, namespace: shop}",
            "kind: Secret\nmetadata: {name: made, namespace: shop}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x, namespace: shop}\nspec: {secretName: made}",
            "kind: ServiceAccount\nmetadata: {name: ci, namespace: shop}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nsubjects: [{kind: ServiceAccount, name: ci, namespace: shop}]",
        ] {
            assert_eq!(of(object), [""; 0], "{object}");
        }
    }

    #[test]
    fn what_the_system_keeps_is_left_alone() {
        for object in [
            "kind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: shop}",
            "kind: ConfigMap\nmetadata: {name: x-leader-election, namespace: shop}",
            "kind: ConfigMap\nmetadata: {name: board, namespace: shop, labels: {grafana_dashboard: '1'}}",
            "kind: ConfigMap\nmetadata: {name: x, namespace: kube-system}",
            "kind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: x, namespace: shop}",
            "kind: Secret\ntype: helm.sh/release.v1\nmetadata: {name: x, namespace: shop}",
            "kind: ServiceAccount\nmetadata: {name: default, namespace: shop}",
            "kind: Secret\nmetadata: {name: x, namespace: shop, ownerReferences: [{kind: Thing}]}",
        ] {
            assert_eq!(of(object), [""; 0], "{object}");
        }
    }
}
