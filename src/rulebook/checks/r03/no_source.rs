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
        services::{ComesFrom, comes_from, is_lasting},
    },
    tree::{Kind, Tree},
};

/// A live object without a source. At an engine: a container whose compose project is here and has no such service; and where a project of the tree
/// runs, one that somebody started by hand to run on, if no script names it.
pub struct NoSource;

static META: Meta = Meta {
    id: "03b",
    title: "live object has no source",
    level: Level::Warn,
    scopes: &[Scope::Docker, Scope::Kube],
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
        if out.scope == Scope::Docker {
            return at_engines(live, tree, out);
        }
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

fn at_engines(live: &Live<'_>, tree: &Tree, out: &mut Out<'_>) -> Judged {
    let containers = live.docker.iter().filter(|resource| resource.kind == "container");
    let all: Vec<(&Resource, ComesFrom<'_>)> =
        containers.map(|resource| (&**resource, comes_from(resource, tree))).collect();
    let runs_here =
        |engine: &str| all.iter().any(|(other, from)| other.origin == engine && matches!(from, ComesFrom::Services(_)));
    let mut judged = Judged::No;
    for (resource, from) in &all {
        let observed = match from {
            ComesFrom::Services(_) => String::new(),
            ComesFrom::Nowhere(file) => format!("{file} has no such service, or is not there"),
            ComesFrom::ByHand
                if is_lasting(resource) && runs_here(&resource.origin) && !is_in_script(resource, tree) =>
            {
                "started by hand, and starts again by itself".to_owned()
            }
            ComesFrom::ByHand | ComesFrom::Elsewhere => continue,
        };
        judged = Judged::Yes;
        if !observed.is_empty() {
            let draft = out.on(resource, "/Name").observed(observed).expected("a service of a compose file");
            draft.fix("Declare it as a service of a compose file, or remove it if nobody needs it.").fail();
        }
    }
    judged
}

/// Whether a script of the tree names the container, or what Ansible or Terraform reads.
fn is_in_script(container: &Resource, tree: &Tree) -> bool {
    let scripts = [Kind::Shell, Kind::Python, Kind::Yaml, Kind::Hcl].into_iter().flat_map(|kind| tree.of_kind(kind));
    let name = container.name.as_str();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let names = |text: &str| {
        text.match_indices(name)
            .any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word))
    };
    !name.is_empty() && scripts.into_iter().any(|file| names(file.text()))
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

    fn at_engine(files: &[(&str, &str)], containers: Vec<Resource>) -> Vec<String> {
        use crate::rulebook::{
            policy::Policy,
            run::{Subject, judge},
        };
        let tree = Tree::of(files);
        let live = Live { docker: containers.into_iter().map(Into::into).collect(), ..Live::default() };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let told = judge(&NoSource, Subject::Live(&live, Some(&tree)), Scope::Docker, &Policy::default(), now).findings;
        told.iter().map(crate::rulebook::run::line).collect()
    }

    #[test]
    fn containers_without_a_service_are_found_where_a_project_runs() {
        use crate::rulebook::{resource::live_object, subject::services::of_compose};
        use serde_json::json;
        let compose = ("compose.yaml", "services:\n  web: {image: 'web:1'}\n");
        let web = || of_compose("repo", "web", "", json!({}));
        let lasting = json!({"HostConfig": {"RestartPolicy": {"Name": "always"}}});
        let hand = || live_object("container", "proxy", lasting.clone());
        assert_eq!(
            at_engine(&[compose], vec![web(), of_compose("repo", "old", "", json!({})), hand()]),
            [
                "container repo-old-1 compose.yaml has no such service, or is not there",
                "container proxy started by hand, and starts again by itself",
            ]
        );
        let once = live_object("container", "job", json!({}));
        assert_eq!(at_engine(&[compose], vec![web(), once]), [""; 0]);
        assert_eq!(at_engine(&[compose], vec![hand()]), [""; 0], "nothing of the tree runs there");
        let script = ("up.sh", "#!/bin/sh\ndocker run --name proxy nginx\n");
        assert_eq!(at_engine(&[compose, script], vec![web(), hand()]), [""; 0]);
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
