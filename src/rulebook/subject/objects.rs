//! Objects of one cluster, or of the files of a tree, looked up by what they are called.

use super::{kubernetes::is, live::Live, workload};
use crate::rulebook::{resource::Resource, syntax::node::Node, tree::Tree};
use std::collections::{BTreeMap, HashMap};

/// An index over objects.
#[derive(Debug, Default)]
pub struct Objects<'a> {
    pub all: Vec<&'a Resource>,
    by_name: HashMap<(&'a str, &'a str), Vec<&'a Resource>>,
    by_kind: HashMap<&'a str, Vec<&'a Resource>>,
    /// Objects with a pod template, and pods that no such object stands behind, by their namespace.
    workloads: HashMap<&'a str, Vec<(&'a Resource, Option<&'a Node>)>>,
}

impl<'a> Objects<'a> {
    /// Indexes objects.
    pub fn new(all: impl IntoIterator<Item = &'a Resource>) -> Self {
        let mut objects = Self { all: all.into_iter().collect(), ..Self::default() };
        for resource in &objects.all {
            objects.by_name.entry((&resource.kind, &resource.name)).or_default().push(resource);
            objects.by_kind.entry(&resource.kind).or_default().push(resource);
            if workload::template(resource).is_some() && !is_repeated(resource) {
                let labels = workload::pod_labels(resource);
                objects.workloads.entry(&resource.namespace).or_default().push((resource, labels));
            }
        }
        objects
    }

    /// The objects that a tree declares.
    pub fn of_tree(tree: &'a Tree) -> Self {
        Self::new(tree.resources().map(|resource| &**resource))
    }

    /// The live objects, cluster by cluster, by the name of their context.
    pub fn of_live(live: &'a Live<'_>) -> BTreeMap<&'a str, Self> {
        let mut contexts: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for resource in &live.kube {
            contexts.entry(&resource.origin).or_default().push(resource);
        }
        contexts.into_iter().map(|(context, all)| (context, Self::new(all))).collect()
    }

    /// Objects of a kind that the API server itself serves.
    pub fn of_kind(&self, group: &'a str, kind: &str) -> impl Iterator<Item = &'a Resource> {
        let all = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        all.iter().copied().filter(move |resource| is(resource, group, &resource.kind))
    }

    /// Objects of a kind, of whichever group, with a name in a namespace.
    pub fn named<'s>(
        &'s self,
        kind: &'s str,
        namespace: &'s str,
        name: &'s str,
    ) -> impl Iterator<Item = &'a Resource> + use<'a, 's> {
        let all = self.by_name.get(&(kind, name)).map(Vec::as_slice).unwrap_or_default();
        all.iter().copied().filter(move |resource| shares_namespace(&resource.namespace, namespace))
    }

    /// What runs pods in a namespace, workloads and pods by themselves, with the labels of the pods.
    pub fn pods<'s>(
        &'s self,
        namespace: &'s str,
    ) -> impl Iterator<Item = (&'a Resource, Option<&'a Node>)> + use<'a, 's> {
        let all = self.workloads.iter().filter(move |(own, _)| shares_namespace(own, namespace));
        all.flat_map(|(_, workloads)| workloads.iter().copied())
    }
}

/// Whether two objects may be in one namespace. A file that gives none leaves it to whoever applies it.
pub fn shares_namespace(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}

/// Whether another object stands behind it, and looks after it.
pub fn is_owned(resource: &Resource) -> bool {
    resource.at("/metadata/ownerReferences").is_some_and(|owners| !owners.items().is_empty())
}

/// Whether it only repeats the template of the object that it belongs to: a ReplicaSet of a Deployment, a pod of a ReplicaSet.
pub fn is_repeated(resource: &Resource) -> bool {
    const REPEATING: [&str; 7] =
        ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"];
    let owners = resource.at("/metadata/ownerReferences").map(Node::items).unwrap_or_default();
    owners.iter().any(|owner| owner.get("kind").and_then(Node::as_str).is_some_and(|kind| REPEATING.contains(&kind)))
}

/// Namespaces of the system itself.
pub fn is_system_namespace(namespace: &str) -> bool {
    matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease") || namespace.starts_with("openshift-")
}

/// A label of an object.
pub fn label<'r>(resource: &'r Resource, name: &str) -> Option<&'r str> {
    resource.at("/metadata/labels")?.get(name)?.as_str()
}

/// An annotation of an object.
pub fn annotation<'r>(resource: &'r Resource, name: &str) -> Option<&'r str> {
    resource.at("/metadata/annotations")?.get(name)?.as_str()
}

/// For tests: a live object of the context `prod`.
#[cfg(test)]
pub fn live_object(value: serde_json::Value) -> std::sync::Arc<Resource> {
    use crate::model::finding::Scope;
    let text = |pointer: &str| value.pointer(pointer).and_then(|text| text.as_str()).unwrap_or_default().into();
    std::sync::Arc::new(Resource {
        scope: Scope::Kube,
        kind: text("/kind"),
        api_version: text("/apiVersion"),
        origin: "prod".into(),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        file: None,
        spec: std::sync::Arc::new(value.into()),
        observed_at: None,
        merged: None,
    })
}

/// For tests: what a check says of live objects, written in YAML: those of `kube`, each by itself, and together with a tree.
#[cfg(test)]
pub fn told_live(check: &dyn crate::rulebook::check::Check, kube: &str, files: &[(&str, &str)]) -> Vec<String> {
    use crate::model::finding::Scope;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge},
        syntax::yaml,
    };
    let objects: Vec<_> = yaml::parse(kube).expect("is YAML").iter().map(|node| live_object(node.to_json())).collect();
    let tree = Tree::of(files);
    let live = Live { kube: objects.clone(), ..Live::default() };
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let policy = Policy::default();
    let mut findings = Vec::new();
    for object in &objects {
        findings.extend(judge(check, Subject::Resource(object), Scope::Kube, &policy, now).findings);
    }
    let tree = (!files.is_empty()).then_some(&tree);
    findings.extend(judge(check, Subject::Live(&live, tree), Scope::Kube, &policy, now).findings);
    let told = |finding: &crate::model::finding::Finding| {
        let pointer = finding.pointer.as_deref().unwrap_or_default();
        let unknown = if finding.status == crate::model::finding::Status::Unknown { "? " } else { "" };
        format!("{unknown}{} {pointer} {}", finding.resource, finding.observed)
    };
    findings.iter().map(told).collect()
}
