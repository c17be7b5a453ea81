//! What a repository deploys: compose projects, applications of a cluster, Terraform folders; one for each folder that holds one whole.

use super::places::is_within;
use crate::rulebook::{
    policy::Policy,
    syntax::node::Node,
    tree::{File, Kind, Tree},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Something that is deployed.
#[derive(Debug, Clone)]
pub struct Target {
    /// `compose project`, `application`, `Terraform folder`.
    pub kind: &'static str,
    /// Its folder; empty for the root.
    pub folder: String,
    pub files: Vec<Arc<File>>,
    /// Names by which a page may speak of it.
    pub names: Vec<String>,
}

impl Target {
    /// What a person calls it.
    pub fn label(&self) -> String {
        let folder = if self.folder.is_empty() { "the root" } else { &self.folder };
        format!("{} in {folder}", self.kind)
    }
}

/// Everything that is deployed. Tests, examples and what is archived are not.
pub fn targets(tree: &Tree, policy: &Policy) -> Arc<[Target]> {
    let archive = &policy.layout.archive;
    let kept = tree.kept(|tree| Kept { archive: archive.clone(), targets: find(tree, archive).into() });
    if kept.archive == *archive { kept.targets.clone() } else { find(tree, archive).into() }
}

/// The targets of a tree, where that is the folder of what is archived.
struct Kept {
    archive: String,
    targets: Arc<[Target]>,
}

fn find(tree: &Tree, archive: &str) -> Vec<Target> {
    let mut found: BTreeMap<(&'static str, String), Target> = BTreeMap::new();
    for file in tree.files.values() {
        let kind = match file.kind {
            Kind::Compose => "compose project",
            Kind::Kubernetes | Kind::Kustomization | Kind::HelmChart => "application",
            Kind::Hcl if file.path.ends_with(".tf") => "Terraform folder",
            _ => continue,
        };
        if file.is_aside() || is_within(&file.path, archive) || file.path.starts_with('.') {
            continue;
        }
        let folder = whole(file.folder(), kind);
        if kind == "Terraform folder" && folder.split('/').any(|part| part == "modules") {
            continue;
        }
        let key = (kind, folder.to_owned());
        let target = found.entry(key).or_insert_with(|| Target {
            kind,
            folder: folder.into(),
            files: Vec::new(),
            names: Vec::new(),
        });
        target.files.push(file.clone());
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut places: HashMap<(&'static str, String), usize> = HashMap::new();
    for (key, target) in found {
        // What lies below another of its kind is part of it. The one above comes first, and there is only one.
        let mut above = target.folder.match_indices('/').map(|(at, _)| &target.folder[..at]);
        match above.find_map(|folder| places.get(&(target.kind, folder.to_owned()))) {
            Some(place) => targets[*place].files.extend(target.files),
            None => {
                if !target.folder.is_empty() {
                    places.insert(key, targets.len());
                }
                targets.push(target);
            }
        }
    }
    for target in &mut targets {
        target.names = names(target);
    }
    targets
}

/// The folder of the whole that a folder is part of: without `base`, `overlays/prod`, `env/prod`.
fn whole<'p>(folder: &'p str, kind: &str) -> &'p str {
    if kind == "compose project" {
        return folder;
    }
    let mut end = folder.len();
    let mut at = 0;
    for part in folder.split('/') {
        if matches!(part, "base" | "bases" | "overlays" | "overlay" | "envs" | "env" | "environments" | "components") {
            end = at.max(1) - 1;
            break;
        }
        at += part.len() + 1;
    }
    &folder[..end.min(folder.len())]
}

/// Names of services and objects in a file.
struct Names(Vec<String>);

impl Names {
    fn of(file: &File) -> Self {
        let own = file.documents().iter().flat_map(|document| {
            let services = document.get("services").map(Node::entries).unwrap_or_default();
            let services = services.iter().map(|service| service.key.to_string());
            let named = ["/name", "/metadata/name"].into_iter().filter_map(|at| document.at(at)?.scalar());
            services.chain(named).collect::<Vec<_>>()
        });
        Self(own.collect())
    }
}

fn names(target: &Target) -> Vec<String> {
    let mut names = Vec::new();
    let last = target.folder.rsplit('/').next().unwrap_or_default();
    names.extend([target.folder.clone(), last.to_owned()]);
    for file in &target.files {
        names.extend(file.kept(Names::of).0.iter().cloned());
        names.push(file.path.to_string());
    }
    names.retain(|name| name.len() > 1);
    names.sort();
    names.dedup();
    names
}
