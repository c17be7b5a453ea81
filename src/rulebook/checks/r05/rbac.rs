//! 05e: roles that allow everything of a sort, and bindings to the role that allows everything.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{kubernetes::is, objects::label},
    syntax::node::Node,
};

/// A wildcard in a role, or a binding to `cluster-admin`.
pub struct Rbac;

static META: Meta = Meta {
    id: "05e",
    title: "RBAC wildcard or cluster-admin binding",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "Whoever gets hold of that account can do everything of this sort, also what is added to the cluster later.",
    fix: "Name the verbs, resources and API groups that are needed, in a role of its own.",
    precedent: &[
        "kube-linter wildcard-in-rules",
        "kube-linter cluster-admin-role-binding",
        "KSV-0044",
        "KSV-0045",
        "KSV-0046",
        "KSV-0111",
    ],
    references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    parameters: &[],
};

const GROUP: &str = "rbac.authorization.k8s.io";

impl Check for Rbac {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        if label(resource, "kubernetes.io/bootstrapping") == Some("rbac-defaults") {
            return Judged::No;
        }
        let is_of_cluster = resource.name.starts_with("system:") || resource.name.starts_with("kubeadm:");
        if resource.scope == Scope::Kube && is_of_cluster {
            return Judged::No;
        }
        if is(resource, GROUP, "Role") || is(resource, GROUP, "ClusterRole") {
            wildcards(resource, out);
        } else if is(resource, GROUP, "RoleBinding") || is(resource, GROUP, "ClusterRoleBinding") {
            let is_admin = resource.at("/roleRef/name").and_then(Node::as_str) == Some("cluster-admin")
                && resource.at("/roleRef/kind").and_then(Node::as_str) != Some("Role");
            if is_admin {
                let observed = format!("bound to cluster-admin: {}", subjects(resource));
                out.on(resource, "/roleRef/name").observed(observed).expected("a role with what is needed").fail();
            }
        } else {
            return Judged::No;
        }
        Judged::Yes
    }
}

/// One finding a rule, at the first wildcard of it.
fn wildcards(resource: &Resource, out: &mut Out<'_>) {
    let rules = resource.at("/rules").map(Node::items).unwrap_or_default();
    for (at, rule) in rules.iter().enumerate() {
        let wild: Vec<(&str, usize)> = ["apiGroups", "resources", "verbs"]
            .into_iter()
            .filter_map(|key| {
                let items = rule.get(key).map(Node::items).unwrap_or_default();
                items.iter().position(|item| item.as_str() == Some("*")).map(|nth| (key, nth))
            })
            .collect();
        let place = |(key, nth): &(&str, usize)| rule.at(&format!("/{key}/{nth}")).and_then(|node| node.span);
        let Some((key, nth)) = wild.iter().min_by_key(|wild| place(wild)) else { continue };
        let names: Vec<&str> = wild.iter().map(|(key, _)| *key).collect();
        out.on(resource, &format!("/rules/{at}/{key}/{nth}"))
            .observed(format!("`*` in {}", names.join(", ")))
            .expected("names")
            .fail();
    }
}

/// Whom a binding is for.
fn subjects(resource: &Resource) -> String {
    let subjects = resource.at("/subjects").map(Node::items).unwrap_or_default();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::scalar).unwrap_or_default();
    let mut names: Vec<String> =
        subjects.iter().map(|subject| format!("{} {}", text(subject, "kind"), text(subject, "name"))).collect();
    if names.len() > 3 {
        let more = names.len() - 3;
        names.truncate(3);
        names.push(format!("{more} more"));
    }
    if names.is_empty() { "nobody yet".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{run::told, subject::objects::told_live};

    #[test]
    fn wildcards_are_found_once_a_rule() {
        let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules:\n- apiGroups: ['']\n  resources: [pods, '*']\n  verbs: ['*']\n- apiGroups: ['']\n  resources: [pods, 'deployments/*', '*/scale']\n  verbs: [get]\n";
        assert_eq!(told(&Rbac, &[("a.yaml", text)]), ["a.yaml:6:21 `*` in resources, verbs"]);
    }

    #[test]
    fn bindings_to_cluster_admin() {
        let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects:\n- {kind: ServiceAccount, name: robot}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: view}\n";
        assert_eq!(told(&Rbac, &[("a.yaml", text)]), ["a.yaml:4:36 bound to cluster-admin: ServiceAccount robot"]);
    }

    #[test]
    fn what_the_cluster_made_itself_is_no_finding() {
        let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: cluster-admin, labels: {kubernetes.io/bootstrapping: rbac-defaults}}\nroleRef: {kind: ClusterRole, name: cluster-admin}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:controller:x'}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n";
        assert_eq!(told_live(&Rbac, text, &[]), [""; 0]);
        assert_eq!(told(&Rbac, &[("a.yaml", text)]).len(), 1, "in a file the name excuses nothing");
    }
}
