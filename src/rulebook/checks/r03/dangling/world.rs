//! What is there, and whether it means something that a thing is not.

use crate::rulebook::{
    resource::Resource,
    subject::{
        kubernetes::{group_of, is_built_in},
        kustomize::Changes,
        live::Live,
        objects::{Objects, shares_namespace},
        workload::{Selector, template},
    },
    syntax::node::Node,
    tree::{Kind, Tree},
};
use std::collections::{HashMap, HashSet};

/// The objects of a cluster or of a tree.
pub struct World<'a> {
    pub objects: Objects<'a>,
    pub changes: Changes,
    pub is_live: bool,
    /// Names of charts and of objects whose operators make other objects: what holds one of them in its name may be theirs.
    makers: Vec<String>,
    /// Names that such objects name: of secrets that they fill.
    made: HashSet<String>,
    /// Kinds that could be listed, live.
    known: HashSet<&'static str>,
    /// Namespaces by kinds of which there is one.
    present: HashMap<&'static str, HashSet<String>>,
}

/// Kinds that something may point at.
const KINDS: &[&str] =
    &["Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Role", "ClusterRole"];
/// Kinds of workloads, by which it is known what runs where pods are not listed.
pub const WORKLOADS: &[&str] =
    &["Deployment", "StatefulSet", "ReplicaSet", "DeploymentConfig", "Rollout", "ReplicationController"];

impl<'a> World<'a> {
    /// What a tree declares.
    pub fn of_tree(tree: &'a Tree) -> Self {
        let objects = Objects::of_tree(tree);
        let charts = tree.of_kind(Kind::HelmChart);
        let names = charts.flat_map(|chart| chart.documents()).filter_map(|chart| chart.get("name")?.scalar());
        let mut makers: Vec<String> = names.collect();
        let mut made = HashSet::new();
        for resource in objects.all.iter().filter(|resource| makes_objects(resource)) {
            makers.push(resource.name.to_string());
            if let Some(spec) = resource.at("/spec") {
                spec.walk(&mut |_, node| made.extend(node.as_str().filter(|text| text.len() < 254).map(str::to_owned)));
            }
        }
        // A name of a letter or two is in every other one.
        makers.retain(|name| name.len() > 2);
        let changes = Changes::of(tree);
        let present = present(&objects, &changes);
        Self { objects, changes, is_live: false, makers, made, known: HashSet::new(), present }
    }

    /// What is live in a cluster.
    pub fn of_live(live: &Live<'_>, context: &str, objects: Objects<'a>) -> Self {
        let known = KINDS.iter().chain(WORKLOADS).copied().filter(|kind| live.knows(context, kind)).collect();
        let (changes, makers, made) = (Changes::default(), Vec::new(), HashSet::new());
        let present = present(&objects, &changes);
        Self { objects, changes, is_live: true, makers, made, known, present }
    }

    /// Whether it would mean something that an object of a kind is not in a namespace.
    pub fn would_know(&self, kind: &str, namespace: &str) -> bool {
        match (self.is_live, kind) {
            // Every namespace has one of these; where none is seen, they could not be listed.
            (true, "ConfigMap" | "ServiceAccount") => self.has_any(kind, namespace),
            (true, "Pod") => self.known.contains("Pod"),
            (true, _) => self.known.contains(kind),
            (false, "ConfigMap" | "Secret" | "ServiceAccount" | "PersistentVolumeClaim") => {
                self.has_any(kind, namespace)
            }
            (false, kind) => kind != "ClusterRole",
        }
    }

    fn has_any(&self, kind: &str, namespace: &str) -> bool {
        self.present.get(kind).is_some_and(|known| {
            namespace.is_empty() && !known.is_empty() || known.contains(namespace) || known.contains("")
        })
    }

    /// Whether an object is there, or may be made by something that is.
    pub fn has(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.objects.named(kind, namespace, name).next().is_some()
            || self.is_made_elsewhere(name)
            || self.is_generated(kind, namespace, name)
            || self.bare_names(name).any(|bare| self.objects.named(kind, namespace, bare).next().is_some())
    }

    /// Whether a generator of a kustomization makes it.
    pub fn is_generated(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let is_it = |own: &str| own == name || self.bare_names(name).any(|bare| bare == own);
        let generated = &self.changes.generated;
        generated.iter().any(|(of, at, own)| *of == kind && shares_namespace(at, namespace) && is_it(own))
    }

    /// A name without what kustomizations put before and after names.
    fn bare_names<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n str> {
        let affixes = self.changes.affixes.iter().filter(|(before, after)| !(before.is_empty() && after.is_empty()));
        affixes.filter_map(|(before, after)| name.strip_prefix(before.as_str())?.strip_suffix(after.as_str()))
    }

    /// Whether a name or label looks like one of something that a chart or an operator makes.
    pub fn is_made_elsewhere(&self, text: &str) -> bool {
        self.made.contains(text) || self.makers.iter().any(|maker| text.contains(maker.as_str()))
    }

    /// Whether a selector answers to pods that run or are declared, or that may be made by something else.
    pub fn selects(&self, selector: Selector<'_>, namespace: &str) -> bool {
        // Names of what else may make them are many: they are asked last.
        selector.is_open()
            || self.objects.pods(namespace).any(|(_, labels)| selector.matches(labels, &self.changes.labels))
            || selector.values().iter().any(|value| self.is_made_elsewhere(value))
    }
}

fn present(objects: &Objects<'_>, changes: &Changes) -> HashMap<&'static str, HashSet<String>> {
    let mut present: HashMap<&'static str, HashSet<String>> = HashMap::new();
    for kind in KINDS {
        let namespaces = objects.of_kind("", kind).map(|resource| resource.namespace.to_string());
        present.insert(kind, namespaces.collect());
    }
    for (kind, namespace, _) in &changes.generated {
        present.entry(kind).or_default().insert(namespace.clone());
    }
    present
}

/// Whether an operator may make pods, services or secrets of it.
fn makes_objects(resource: &Resource) -> bool {
    let group = group_of(&resource.api_version);
    let kind = &*resource.kind;
    let only_configures = ["istio.io", "traefik.io", "traefik.containo.us", "keda.sh", "kyverno.io", "cilium.io"]
        .iter()
        .chain(&[
            "backstage.io",
            "projectcalico.org",
            "gateway.networking.k8s.io",
            "linkerd.io",
            "kustomize.config.k8s.io",
        ])
        .any(|part| group.ends_with(part))
        || (group == "monitoring.coreos.com" && !matches!(kind, "Prometheus" | "Alertmanager" | "ThanosRuler"));
    !is_built_in(group) && template(resource).is_none() && !only_configures
}

/// A selector as a person writes it: `app=web, tier`.
pub fn written(selector: &Node) -> String {
    let plain = selector.get("matchLabels").unwrap_or(selector);
    let pairs = plain.entries().iter().filter(|entry| entry.key != "matchExpressions");
    let pairs = pairs.map(|entry| format!("{}={}", entry.key, entry.value.scalar().unwrap_or_default()));
    let items = selector.get("matchExpressions").map(Node::items).unwrap_or_default().iter();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::scalar).unwrap_or_default();
    let items = items.map(|item| format!("{} {}", text(item, "key"), text(item, "operator")));
    pairs.chain(items).collect::<Vec<_>>().join(", ")
}
