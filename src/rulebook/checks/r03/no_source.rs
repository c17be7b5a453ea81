//! 03b: live objects that no file declares, in a namespace that files declare.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        declared::{Declared, is_looked_after},
        kubernetes::{group_of, is},
        live::Live,
    },
    tree::Tree,
};

/// A live object without a source.
pub struct NoSource;

static META: Meta = Meta {
    id: "03b",
    title: "live object has no source",
    level: Level::Warn,
    scopes: &[Scope::Kube],
    why: "Somebody made it by hand. It is in no review and in no restore, and after a disaster it is missing.",
    fix: "Declare it in a manifest of this repository, or delete it if nobody needs it.",
    precedent: &["POP-208"],
    references: &["https://kubernetes.io/docs/concepts/overview/working-with-objects/object-management/"],
    parameters: &[],
};

/// Kinds that people make on purpose: group and kind.
const KINDS: &[(&str, &str)] = &[
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("apps", "ReplicaSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("", "Pod"),
    ("", "Service"),
    ("", "ConfigMap"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("autoscaling", "HorizontalPodAutoscaler"),
];

impl Check for NoSource {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let Some(tree) = tree else { return Judged::No };
        let declared = Declared::of(tree);
        let mut judged = Judged::No;
        for resource in live.kube.iter().filter(|resource| is_judged(resource, &declared)) {
            judged = Judged::Yes;
            if declared.sources(resource).is_empty() && !declared.is_generated(resource) {
                out.on(resource, "/metadata/name")
                    .observed("in no manifest")
                    .expected("a manifest that declares it")
                    .fail();
            }
        }
        judged
    }
}

fn is_judged(live: &Resource, declared: &Declared<'_>) -> bool {
    let is_kind = KINDS.iter().any(|(group, kind)| is(live, group, kind));
    // The kinds that the tree does not declare at all for that namespace it may leave to somebody else.
    let is_declared = declared.namespaces.contains(&*live.namespace);
    let is_by_operator = group_of(&live.api_version).is_empty()
        && matches!(
            (&*live.kind, &*live.name),
            ("ConfigMap", "kube-root-ca.crt" | "istio-ca-root-cert" | "openshift-service-ca.crt")
                | ("Service", "kubernetes")
        );
    is_kind && is_declared && !is_by_operator && !is_looked_after(live)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::subject::objects::told_live;

    const MANIFEST: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n";

    fn live(kind: &str, metadata: &str) -> String {
        format!("apiVersion: v1\nkind: {kind}\nmetadata: {{{metadata}}}\n")
    }

    #[test]
    fn what_no_file_declares_is_found_in_declared_namespaces() {
        let of = |metadata: &str| told_live(&NoSource, &live("Service", metadata), &[("a.yaml", MANIFEST)]);
        assert_eq!(of("name: hand-made, namespace: shop"), ["Service shop/hand-made /metadata/name in no manifest"]);
        assert_eq!(of("name: web, namespace: shop"), [""; 0]);
        assert_eq!(of("name: x, namespace: other"), [""; 0]);
        assert_eq!(of("name: x, namespace: shop, ownerReferences: [{kind: Rollout}]"), [""; 0]);
        assert_eq!(of("name: x, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}"), [""; 0]);
        assert_eq!(told_live(&NoSource, &live("Service", "name: x, namespace: shop"), &[]), [""; 0], "no tree");
    }

    #[test]
    fn secrets_and_what_the_cluster_makes_are_left_out() {
        let of = |kind: &str, metadata: &str| told_live(&NoSource, &live(kind, metadata), &[("a.yaml", MANIFEST)]);
        assert_eq!(of("Secret", "name: x, namespace: shop"), [""; 0]);
        assert_eq!(of("ConfigMap", "name: kube-root-ca.crt, namespace: shop"), [""; 0]);
        assert_eq!(of("ConfigMap", "name: x, namespace: shop").len(), 1);
    }

    #[test]
    fn what_kustomize_makes_has_a_source() {
        let kustomization =
            "namespace: shop\nnamePrefix: prod-\nresources: [a.yaml]\nconfigMapGenerator: [{name: cfg}]\n";
        let open = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
        let of = |kind: &str, name: &str| {
            let object = live(kind, &format!("name: {name}, namespace: shop"));
            told_live(&NoSource, &object, &[("a.yaml", open), ("kustomization.yaml", kustomization)])
        };
        assert_eq!((of("Service", "prod-web"), of("ConfigMap", "prod-cfg-5h2k")), (vec![], vec![]));
        assert_eq!(of("Service", "prod-api").len(), 1);
    }
}
