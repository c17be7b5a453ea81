//! Which object of the files a live one comes from.

use super::{
    kubernetes::group_of,
    kustomize::Changes,
    objects::{Objects, annotation, is_owned, is_system_namespace, label, shares_namespace},
};
use crate::rulebook::{resource::Resource, tree::Tree};
use std::collections::HashSet;

/// What a tree declares, to be looked up by live objects.
pub struct Declared<'a> {
    pub objects: Objects<'a>,
    pub changes: Changes,
    /// Namespaces for which it declares objects.
    pub namespaces: HashSet<String>,
}

impl<'a> Declared<'a> {
    /// Of a tree.
    pub fn of(tree: &'a Tree) -> Self {
        let (objects, changes) = (Objects::of_tree(tree), Changes::of(tree));
        let given = objects.all.iter().map(|resource| resource.namespace.to_string());
        let namespaces = given.chain(changes.namespaces.iter().cloned()).filter(|name| !name.is_empty()).collect();
        Self { objects, changes, namespaces }
    }

    /// The objects of files that a live one may come from.
    pub fn sources(&self, live: &Resource) -> Vec<&'a Resource> {
        let affixes = self.changes.affixes.iter();
        let names = affixes.filter_map(|(before, after)| live.name.strip_prefix(&**before)?.strip_suffix(&**after));
        let mut sources: Vec<&Resource> = Vec::new();
        for name in names {
            for source in self.objects.named(&live.kind, &live.namespace, name) {
                let is_known = sources.iter().any(|known| std::ptr::eq(*known, source));
                if !is_known && is_same_group(source, live) {
                    sources.push(source);
                }
            }
        }
        // One that gives the namespace says more than one that leaves it open.
        if sources.iter().any(|source| source.namespace == live.namespace) {
            sources.retain(|source| source.namespace == live.namespace);
        }
        sources
    }

    /// Whether a generator of a kustomization makes it: its name ends in a hash of what is in it.
    pub fn is_generated(&self, live: &Resource) -> bool {
        let names = || {
            let affixes = self.changes.affixes.iter();
            affixes.filter_map(|(before, after)| live.name.strip_prefix(&**before)?.strip_suffix(&**after))
        };
        let is_it = |own: &str| {
            names().any(|name| name.strip_prefix(own).is_some_and(|hash| hash.is_empty() || hash.starts_with('-')))
        };
        let generated = &self.changes.generated;
        generated.iter().any(|(kind, at, own)| {
            *kind == live.kind && !own.is_empty() && shares_namespace(at, &live.namespace) && is_it(own)
        })
    }
}

fn is_same_group(a: &Resource, b: &Resource) -> bool {
    let (a, b) = (group_of(&a.api_version), group_of(&b.api_version));
    a == b || a == "extensions" || b == "extensions"
}

/// Whether somebody else than this repository looks after a live object: its owner, the cluster, Helm, a GitOps controller.
pub fn is_looked_after(live: &Resource) -> bool {
    let by_label = label(live, "app.kubernetes.io/managed-by").is_some_and(|by| by == "Helm")
        || label(live, "argocd.argoproj.io/instance").is_some()
        || label(live, "kustomize.toolkit.fluxcd.io/name").is_some()
        || label(live, "helm.toolkit.fluxcd.io/name").is_some()
        || label(live, "olm.owner").is_some()
        || label(live, "kubernetes.io/bootstrapping").is_some()
        || label(live, "addonmanager.kubernetes.io/mode").is_some();
    let by_annotation = annotation(live, "meta.helm.sh/release-name").is_some()
        || annotation(live, "argocd.argoproj.io/tracking-id").is_some()
        || annotation(live, "objectset.rio.cattle.io/owner-name").is_some();
    is_owned(live) || is_system_namespace(&live.namespace) || by_label || by_annotation
}
