//! 02c: workloads whose update stops them, or does not happen.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        kubernetes::group_of,
        live::Live,
        objects::{Objects, is_owned},
        workload::{is_open, references},
    },
    syntax::node::Node,
    tree::{Kind, Tree},
};

/// A workload that is not updated pod by pod.
pub struct RollingUpdate;

static META: Meta = Meta {
    id: "02c",
    title: "workload not RollingUpdate",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "With Recreate every pod is stopped before the first new one starts: an update is an outage. With OnDelete an update does nothing until somebody deletes the pods.",
    fix: "Use RollingUpdate. Recreate is right where a volume can only be mounted once (ReadWriteOnce).",
    precedent: &["kube-linter no-rolling-update-strategy"],
    references: &["https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy"],
    parameters: &[],
};

impl Check for RollingUpdate {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        judge(&Objects::of_tree(tree), out)
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Kubernetes, Kind::Kustomization])
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        Objects::of_live(live).values().fold(Judged::No, |judged, objects| match judge(objects, out) {
            Judged::Yes => Judged::Yes,
            Judged::No => judged,
        })
    }
}

fn judge(objects: &Objects<'_>, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    for resource in &objects.all {
        let Some((pointer, good)) = strategy(resource) else { continue };
        if is_owned(resource) {
            continue;
        }
        judged = Judged::Yes;
        let given = resource.at(pointer).filter(|node| !node.is_null() && !is_open(node));
        let Some(given) = given.and_then(Node::scalar) else { continue };
        if given != good && !(given == "Recreate" && mounts_once(resource, objects)) {
            out.on(resource, pointer).observed(given).expected(good).fail();
        }
    }
    judged
}

/// Where a workload says how it is updated, and the word for pod by pod. Not given is that word too.
fn strategy(resource: &Resource) -> Option<(&'static str, &'static str)> {
    let group = group_of(&resource.api_version);
    match (&*resource.kind, group) {
        ("Deployment", "apps" | "extensions") => Some(("/spec/strategy/type", "RollingUpdate")),
        ("DeploymentConfig", "apps.openshift.io") => Some(("/spec/strategy/type", "Rolling")),
        ("StatefulSet" | "DaemonSet", "apps" | "extensions") => Some(("/spec/updateStrategy/type", "RollingUpdate")),
        _ => None,
    }
}

/// Whether its pods mount a volume that only one node can mount, or one of which that is not known.
fn mounts_once(resource: &Resource, objects: &Objects<'_>) -> bool {
    let claims = references(resource).into_iter().filter(|reference| reference.kind == "PersistentVolumeClaim");
    let mut found = claims.map(|claim| {
        let mut known = objects.named("PersistentVolumeClaim", &resource.namespace, &claim.name).peekable();
        known.peek().is_none() || known.any(|claim| !is_for_many(claim))
    });
    found.any(|once| once)
}

fn is_for_many(claim: &Resource) -> bool {
    let modes = claim.at("/spec/accessModes").map(Node::items).unwrap_or_default();
    modes.iter().filter_map(Node::as_str).any(|mode| mode.ends_with("Many"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{run::told, subject::objects::told_live};

    fn deployment(spec: &str) -> String {
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n{spec}")
    }

    #[test]
    fn recreate_and_on_delete_are_found() {
        assert_eq!(
            told(&RollingUpdate, &[("a.yaml", &deployment("  strategy:\n    type: Recreate\n"))]),
            ["a.yaml:6:11 Recreate"]
        );
        let text =
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec: {updateStrategy: {type: OnDelete}}\n";
        assert_eq!(told(&RollingUpdate, &[("a.yaml", text)]), ["a.yaml:4:31 OnDelete"]);
        assert_eq!(told_live(&RollingUpdate, text, &[]), ["DaemonSet a /spec/updateStrategy/type OnDelete"]);
        let text = "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: {name: a}\nspec: {strategy: {type: Other}}\n";
        assert_eq!(told(&RollingUpdate, &[("a.yaml", text)]), ["a.yaml:4:25 Other"]);
    }

    #[test]
    fn what_is_not_given_or_not_known_passes() {
        for spec in [
            "  replicas: 1\n",
            "  strategy: {type: RollingUpdate}\n",
            "  strategy: {type: '${S}'}\n",
            "  strategy: {}\n",
        ] {
            assert_eq!(told(&RollingUpdate, &[("a.yaml", &deployment(spec))]), [""; 0], "{spec}");
        }
    }

    #[test]
    fn a_volume_that_mounts_once_needs_recreate() {
        let mounts = "  strategy: {type: Recreate}\n  template: {spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]}}\n";
        let claim = |mode: &str| {
            format!(
                "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: d}}\nspec: {{accessModes: [{mode}]}}\n"
            )
        };
        let of = |mode: &str| told(&RollingUpdate, &[("a.yaml", &deployment(mounts)), ("b.yaml", &claim(mode))]);
        assert_eq!(of("ReadWriteOnce"), [""; 0]);
        assert_eq!(of("ReadWriteMany"), ["a.yaml:5:20 Recreate"]);
        assert_eq!(told(&RollingUpdate, &[("a.yaml", &deployment(mounts))]), [""; 0], "the claim is elsewhere");
    }
}
