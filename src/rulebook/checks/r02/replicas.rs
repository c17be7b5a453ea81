//! 02d: workloads that the loss of one pod, or the drain of one node, takes down.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta, Parameter, Value},
    out::Out,
    resource::Resource,
    subject::{
        kubernetes::group_of,
        kustomize::Changes,
        live::Live,
        objects::{Objects, is_owned, is_system_namespace, shares_namespace},
        workload::{Selector, pod_labels, replicas, template},
    },
    syntax::node::Node,
    tree::{Kind, Tree},
};
use std::collections::HashMap;

/// Fewer than two replicas, or no PodDisruptionBudget.
pub struct Replicas;

static META: Meta = Meta {
    id: "02d",
    title: "fewer than 2 replicas, or no PodDisruptionBudget",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "When its only pod or its node goes, the service is down. Without a budget a drain may take all of its pods at once.",
    fix: "Run two replicas at least, and give them a PodDisruptionBudget with `maxUnavailable: 1`.",
    precedent: &["kube-score deployment-replicas", "kube-score poddisruptionbudget", "POP-206"],
    references: &["https://kubernetes.io/docs/tasks/run-application/configure-pdb/"],
    parameters: &[Parameter {
        name: "replicas",
        about: "the fewest replicas that a workload has to have",
        default: Value::Number(2.0),
    }],
};

impl Check for Replicas {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let patches: Vec<&Resource> =
            tree.files.values().flat_map(|file| &file.patches).map(|patch| &**patch).collect();
        Known::new(&Objects::of_tree(tree), Changes::of(tree), Objects::new(patches), true).judge(out)
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Kubernetes, Kind::Kustomization])
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for (context, objects) in Objects::of_live(live) {
            let knows_budgets = live.knows(context, "PodDisruptionBudget");
            let known = Known::new(&objects, Changes::default(), Objects::default(), knows_budgets);
            if known.judge(out) == Judged::Yes {
                judged = Judged::Yes;
            }
        }
        judged
    }
}

struct Known<'k, 'a> {
    objects: &'k Objects<'a>,
    changes: Changes,
    patches: Objects<'a>,
    knows_budgets: bool,
    /// Budgets with a selector by their namespace, and whether the selector cannot be known.
    budgets: HashMap<&'a str, Vec<(Selector<'a>, bool)>>,
    /// What scales something, by the name of that: with the key of the fewest replicas, and how many there are without it.
    scalers: HashMap<&'a str, Vec<(&'a Resource, &'static str, i64)>>,
}

impl<'k, 'a> Known<'k, 'a> {
    fn new(objects: &'k Objects<'a>, changes: Changes, patches: Objects<'a>, knows_budgets: bool) -> Self {
        let mut budgets: HashMap<&str, Vec<_>> = HashMap::new();
        for budget in objects.of_kind("policy", "PodDisruptionBudget") {
            let Some(selector) = budget.at("/spec/selector").map(Selector::of) else { continue };
            budgets.entry(&budget.namespace).or_default().push((selector, selector.is_open()));
        }
        let by_cluster = objects.of_kind("autoscaling", "HorizontalPodAutoscaler");
        let by_cluster = by_cluster.map(|scaler| (scaler, "/spec/minReplicas", 1));
        let by_keda = objects.of_kind("keda.sh", "ScaledObject");
        let by_keda = by_keda.map(|scaler| (scaler, "/spec/minReplicaCount", 0));
        let mut scalers: HashMap<&str, Vec<_>> = HashMap::new();
        for scaler in by_cluster.chain(by_keda) {
            if let Some(name) = scaler.0.at("/spec/scaleTargetRef/name").and_then(Node::as_str) {
                scalers.entry(name).or_default().push(scaler);
            }
        }
        Self { objects, changes, patches, knows_budgets, budgets, scalers }
    }

    fn judge(&self, out: &mut Out<'_>) -> Judged {
        let wanted = out.number("replicas");
        let mut judged = Judged::No;
        for resource in &self.objects.all {
            if !is_scaled(resource) || is_owned(resource) || self.is_of_the_system(resource) {
                continue;
            }
            let Some((replicas, pointer)) = self.replicas(resource) else { continue };
            if replicas == 0 {
                // Switched off: there is nothing to lose.
                continue;
            }
            judged = Judged::Yes;
            if (replicas as f64) < wanted {
                let draft = out.on(resource, "/spec/replicas").key("replicas");
                draft.observed(format!("{replicas} by {pointer}")).expected(format!("{wanted} or more")).fail();
            } else if self.knows_budgets && !self.has_budget(resource) {
                let draft = out.on(resource, "/metadata/name").key("budget");
                draft.observed("no PodDisruptionBudget selects its pods").expected("one with maxUnavailable: 1").fail();
            }
        }
        judged
    }

    fn is_of_the_system(&self, resource: &Resource) -> bool {
        resource.scope == Scope::Kube && is_system_namespace(&resource.namespace)
    }

    /// How many replicas it has at the least, and who says so.
    fn replicas(&self, resource: &Resource) -> Option<(i64, String)> {
        if let Some((fewest, scaler)) = self.scaler(resource) {
            return fewest.map(|fewest| (fewest, format!("the minimum of {}", scaler.label())));
        }
        let by_list = self.changes.replicas.iter().filter(|(name, _)| *name == resource.name).map(|(_, count)| *count);
        let patches = self.patches.named(&resource.kind, &resource.namespace, &resource.name);
        let by_patch = patches.filter_map(|patch| patch.at("/spec/replicas")?.as_int());
        if let Some(most) = by_list.chain(by_patch).max() {
            return Some((most, "kustomize".into()));
        }
        match resource.at("/spec/replicas") {
            // A part of an object says nothing by leaving something out.
            None if template(resource).is_none() => None,
            None => Some((1, "default".into())),
            Some(_) => Some((replicas(resource)?, "spec.replicas".into())),
        }
    }

    /// What scales it, with the fewest replicas that this leaves; `None` where that is not known.
    fn scaler(&self, resource: &Resource) -> Option<(Option<i64>, &'a Resource)> {
        self.scalers.get(&*resource.name)?.iter().find_map(|(scaler, key, default)| {
            let kind = scaler.at("/spec/scaleTargetRef/kind").and_then(Node::as_str).unwrap_or("Deployment");
            let is_it = kind == resource.kind && shares_namespace(&scaler.namespace, &resource.namespace);
            is_it.then(|| (scaler.at(key).map_or(Some(*default), Node::as_int), *scaler))
        })
    }

    fn has_budget(&self, resource: &Resource) -> bool {
        let labels = pod_labels(resource);
        let near = self.budgets.iter().filter(|(namespace, _)| shares_namespace(namespace, &resource.namespace));
        near.flat_map(|(_, budgets)| budgets)
            .any(|(selector, is_open)| *is_open || selector.matches(labels, &self.changes.labels))
    }
}

/// Whether a workload is one whose replicas serve together.
fn is_scaled(resource: &Resource) -> bool {
    matches!(
        (&*resource.kind, group_of(&resource.api_version)),
        ("Deployment" | "StatefulSet", "apps" | "extensions")
            | ("Rollout", "argoproj.io")
            | ("DeploymentConfig", "apps.openshift.io")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{run::told, subject::objects::told_live};

    const BUDGET: &str = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec:\n  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}\n";

    fn deployment(replicas: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n{replicas}  template:\n    metadata: {{labels: {{app: web}}}}\n"
        )
    }

    #[test]
    fn one_replica_is_too_few() {
        assert_eq!(told(&Replicas, &[("a.yaml", &deployment("  replicas: 1\n"))]), ["a.yaml:5:13 1 by spec.replicas"]);
        assert_eq!(told(&Replicas, &[("a.yaml", &deployment(""))]), ["a.yaml:4:1 1 by default"]);
        assert_eq!(told(&Replicas, &[("a.yaml", &deployment("  replicas: 0\n"))]), [""; 0]);
        assert_eq!(told(&Replicas, &[("a.yaml", &deployment("  replicas: ${N}\n"))]), [""; 0]);
    }

    #[test]
    fn two_replicas_want_a_budget() {
        let two = deployment("  replicas: 2\n");
        assert_eq!(told(&Replicas, &[("a.yaml", &two)]), ["a.yaml:3:18 no PodDisruptionBudget selects its pods"]);
        assert_eq!(told(&Replicas, &[("a.yaml", &two), ("b.yaml", BUDGET)]), [""; 0]);
        let other = BUDGET.replace("{name: b}", "{name: b, namespace: other}");
        assert_eq!(told(&Replicas, &[("a.yaml", &two), ("b.yaml", &other)]).len(), 1);
        let expression = BUDGET
            .replace("{matchLabels: {app: web}}", "{matchExpressions: [{key: app, operator: In, values: [web]}]}");
        assert_eq!(told(&Replicas, &[("a.yaml", &two), ("b.yaml", &expression)]), [""; 0]);
    }

    #[test]
    fn what_scales_it_counts() {
        let scaler = |fewest: &str| {
            format!(
                "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h}}\nspec:\n  scaleTargetRef: {{kind: Deployment, name: web}}\n{fewest}"
            )
        };
        let of = |fewest: &str| {
            told(&Replicas, &[("a.yaml", &deployment("")), ("b.yaml", BUDGET), ("c.yaml", &scaler(fewest))])
        };
        assert_eq!(of("  minReplicas: 2\n"), [""; 0]);
        assert_eq!(of(""), ["a.yaml:4:1 1 by the minimum of HorizontalPodAutoscaler h"]);
    }

    #[test]
    fn kustomize_may_have_the_last_word() {
        let one = deployment("");
        let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
        let of = |kustomization: &str| {
            told(
                &Replicas,
                &[("a.yaml", &one), ("b.yaml", BUDGET), ("k/kustomization.yaml", kustomization), ("k/p.yaml", patch)],
            )
        };
        assert_eq!(of("patches: [{path: p.yaml}]\n"), [""; 0]);
        assert_eq!(of("replicas: [{name: web, count: 2}]\npatches: [{path: p.yaml}]\n"), [""; 0]);
    }

    #[test]
    fn live_budgets_are_missed_only_where_they_would_be_seen() {
        let two = deployment("  replicas: 2\n");
        assert_eq!(told_live(&Replicas, &two, &[]), [""; 0]);
        let other = BUDGET.replace("app: web", "app: other");
        assert_eq!(told_live(&Replicas, &format!("{two}---\n{other}"), &[]).len(), 1);
        assert_eq!(
            told_live(&Replicas, &deployment("  replicas: 1\n"), &[]),
            ["Deployment shop/web /spec/replicas 1 by spec.replicas"]
        );
    }
}
