//! Kustomizations: which files they name, and what they do to objects before these reach a cluster
//! (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).

use super::places::below;
use crate::rulebook::{
    syntax::node::{Data, Node, step},
    tree::{File, Kind, Tree, folder_of},
};
use compact_str::CompactString;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// A path that a kustomization names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path as it is written.
    pub path: String,
    /// Where it stands in the file.
    pub pointer: String,
    /// Whether what it names is a patch.
    pub is_patch: bool,
    /// Whether it may be a folder with a kustomization of its own.
    pub may_be_folder: bool,
}

/// Keys whose lists hold paths: of files, or of folders too; of patches.
const LISTS: &[(&str, bool, bool)] = &[
    ("resources", true, false),
    ("bases", true, false),
    ("components", true, false),
    ("patchesStrategicMerge", false, true),
    ("crds", false, false),
    ("configurations", false, false),
    ("generators", true, false),
    ("transformers", true, false),
    ("validators", true, false),
];

/// Every path of this repository that a kustomization names. Addresses of other places and patches that are written out in it are none.
pub fn named(kustomization: &Node) -> Vec<Named> {
    let mut named = Vec::new();
    let mut add = |node: Option<&Node>, pointer: String, may_be_folder: bool, is_patch: bool| {
        if let Some(path) = node.and_then(Node::as_str).filter(|path| is_path(path)) {
            named.push(Named { path: path.to_owned(), pointer, is_patch, may_be_folder });
        }
    };
    for (key, may_be_folder, is_patch) in LISTS {
        for (at, item) in list(kustomization, key) {
            add(Some(item), format!("/{key}/{at}"), *may_be_folder, *is_patch);
        }
    }
    for key in ["patches", "patchesJson6902", "replacements"] {
        for (at, item) in list(kustomization, key) {
            add(item.get("path"), format!("/{key}/{at}/path"), false, key != "replacements");
        }
    }
    // What a secret is generated from is seldom in the repository, and need not be.
    for (at, generator) in list(kustomization, "configMapGenerator") {
        let pointer = format!("/configMapGenerator/{at}");
        for (at, file) in list(generator, "files") {
            let path = file.as_str().map(|file| file.split_once('=').map_or(file, |(_, path)| path));
            let path = path.map(|path| Node::of(Data::Text(path.into())));
            add(path.as_ref(), format!("{pointer}/files/{at}"), false, false);
        }
        for (at, file) in list(generator, "envs") {
            add(Some(file), format!("{pointer}/envs/{at}"), false, false);
        }
        add(generator.get("env"), step(&pointer, "env"), false, false);
    }
    named
}

fn list<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (usize, &'n Node)> {
    node.get(key).map(Node::items).unwrap_or_default().iter().enumerate()
}

/// Whether a text is a path of this repository, and no address, patch or variable.
fn is_path(text: &str) -> bool {
    let elsewhere = ["://", "git@", "?ref=", "github.com/", "bitbucket.org/", "gitlab.com/", "git::", "${", "{{"];
    !text.is_empty()
        && !text.starts_with('/')
        && !text.contains('\n')
        && !elsewhere.iter().any(|part| text.contains(part))
}

/// Files that kustomizations list as patches.
pub fn patch_files(files: &BTreeMap<CompactString, Arc<File>>) -> HashSet<CompactString> {
    let files = files.values().filter(|file| file.kind == Kind::Kustomization);
    files
        .flat_map(|file| file.documents().iter().flat_map(named).map(move |named| (file.folder(), named)))
        .filter(|(_, named)| named.is_patch)
        .filter_map(|(folder, named)| below(folder, &named.path).map(CompactString::from))
        .collect()
}

/// The file of the kustomization of a folder.
pub fn of_folder<'t>(tree: &'t Tree, folder: &str) -> Option<&'t File> {
    ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().find_map(|name| {
        let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
        tree.file(&path).map(|file| &**file)
    })
}

/// What the kustomizations of a tree do to objects, all together: what is here may be otherwise in the cluster.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// `ConfigMap` or `Secret`, namespace (empty where none is given) and name of what is generated.
    pub generated: Vec<(&'static str, String, String)>,
    /// What is put before and after names; the pair of two empty texts is always among them.
    pub affixes: Vec<(String, String)>,
    /// Namespaces into which objects are put.
    pub namespaces: Vec<String>,
    /// Labels that are put on everything.
    pub labels: Vec<(String, String)>,
    pub changes_images: bool,
    /// Name of a workload, number of its replicas.
    pub replicas: Vec<(String, i64)>,
    /// Kind and name of objects that are patched; `None` is any.
    pub patched: Vec<(Option<String>, Option<String>)>,
}

impl Changes {
    /// Of a tree.
    pub fn of(tree: &Tree) -> Self {
        let mut changes = Self { affixes: vec![(String::new(), String::new())], ..Self::default() };
        for file in tree.of_kind(Kind::Kustomization) {
            for node in file.documents() {
                changes.add(node);
            }
        }
        for patch in tree.files.values().flat_map(|file| &file.patches) {
            changes.patched.push((Some(patch.kind.to_string()), Some(patch.name.to_string())));
        }
        changes
    }

    fn add(&mut self, node: &Node) {
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::scalar).unwrap_or_default();
        let namespace = text(node, "namespace");
        for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for (_, generator) in list(node, key) {
                let own = text(generator, "namespace");
                let namespace = if own.is_empty() { namespace.clone() } else { own };
                self.generated.push((kind, namespace, text(generator, "name")));
            }
        }
        if !namespace.is_empty() {
            self.namespaces.push(namespace);
        }
        self.affixes.push((text(node, "namePrefix"), text(node, "nameSuffix")));
        let pairs = list(node, "labels").filter_map(|(_, item)| item.get("pairs"));
        for entry in node.get("commonLabels").into_iter().chain(pairs).flat_map(Node::entries) {
            self.labels.push((entry.key.to_string(), entry.value.scalar().unwrap_or_default()));
        }
        self.changes_images |= list(node, "images").next().is_some();
        for (_, item) in list(node, "replicas") {
            if let Some(count) = item.get("count").and_then(Node::as_int) {
                self.replicas.push((text(item, "name"), count));
            }
        }
        for key in ["patches", "patchesJson6902"] {
            for (_, patch) in list(node, key) {
                let target = patch.get("target");
                let of = |key: &str| target?.get(key).and_then(Node::scalar).filter(|text| !text.is_empty());
                if target.is_some() {
                    self.patched.push((of("kind"), of("name")));
                } else if let Some(text) = patch.get("patch").and_then(Node::as_str) {
                    self.add_patch(text);
                }
            }
        }
        for (_, patch) in list(node, "patchesStrategicMerge") {
            if let Some(text) = patch.as_str().filter(|text| text.contains('\n')) {
                self.add_patch(text);
            }
        }
    }

    /// A patch that is written out: it says itself what it is for.
    fn add_patch(&mut self, text: &str) {
        for node in crate::rulebook::syntax::yaml::parse(text).unwrap_or_default() {
            let of = |pointer: &str| node.at(pointer).and_then(Node::scalar);
            self.patched.push((of("/kind"), of("/metadata/name")));
        }
    }

    /// Whether a patch is for an object of this kind and name. What a target says may be a regular expression: then it is taken for a match.
    pub fn patches(&self, kind: &str, name: &str) -> bool {
        let fits = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == text || wanted.contains(['*', '.', '|', '[', '(', '+', '?']))
        };
        self.patched.iter().any(|(of_kind, of_name)| fits(of_kind, kind) && fits(of_name, name))
    }
}

/// The folder that a chart's file lies in: the nearest one above it with a `Chart.yaml`.
pub fn chart_of<'t>(tree: &'t Tree, path: &str) -> Option<&'t File> {
    let mut folder = folder_of(path);
    loop {
        for name in ["Chart.yaml", "Chart.yml"] {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if let Some(file) = tree.file(&path) {
                return Some(file);
            }
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder_of(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_and_addresses_are_none() {
        assert!(is_path("../base") && !is_path("https://example.com/x") && !is_path("github.com/o/r?ref=v1"));
    }

    #[test]
    fn patches_are_no_objects_until_they_are_listed_no_more() {
        let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";
        let mut tree = Tree::of(&[
            (
                "k/kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- path: p.yaml\n- target: {kind: Service}\n  patch: '[]'\n",
            ),
            ("k/a.yaml", object),
            ("k/p.yaml", object),
        ]);
        assert_eq!(tree.resources().count(), 1);
        let changes = Changes::of(&tree);
        assert!(changes.patches("Deployment", "web") && changes.patches("Service", "any"));
        assert!(!changes.patches("Deployment", "other"));
        tree.files.remove("k/kustomization.yaml");
        tree.settle();
        assert_eq!(tree.resources().count(), 2);
    }
}
