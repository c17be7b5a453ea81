//! What a repository deploys: compose projects, applications of a cluster, Terraform folders; one for each folder that holds one whole.

use super::places::{is_aside, is_within};
use crate::rulebook::{
    policy::Policy,
    syntax::node::Node,
    tree::{File, Kind, Tree},
};
use std::{collections::BTreeMap, sync::Arc};

/// Something that is deployed.
#[derive(Debug, Clone)]
pub struct Target<'t> {
    /// `compose project`, `application`, `Terraform folder`.
    pub kind: &'static str,
    /// Its folder; empty for the root.
    pub folder: String,
    pub files: Vec<&'t Arc<File>>,
    /// Names by which a page may speak of it.
    pub names: Vec<String>,
}

impl Target<'_> {
    /// What a person calls it.
    pub fn label(&self) -> String {
        let folder = if self.folder.is_empty() { "the root" } else { &self.folder };
        format!("{} in {folder}", self.kind)
    }
}

/// Everything that is deployed. Tests, examples and what is archived are not.
pub fn targets<'t>(tree: &'t Tree, policy: &Policy) -> Vec<Target<'t>> {
    let mut found: BTreeMap<(&'static str, String), Target<'t>> = BTreeMap::new();
    for file in tree.files.values() {
        let kind = match file.kind {
            Kind::Compose => "compose project",
            Kind::Kubernetes | Kind::Kustomization | Kind::HelmChart => "application",
            Kind::Hcl if file.path.ends_with(".tf") => "Terraform folder",
            _ => continue,
        };
        if is_aside(&file.path) || is_within(&file.path, &policy.layout.archive) || file.path.starts_with('.') {
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
        target.files.push(file);
    }
    let mut targets: Vec<Target<'t>> = Vec::new();
    for (_, target) in found {
        // What lies below another of its kind is part of it.
        let above = targets.iter_mut().find(|other| {
            other.kind == target.kind && !other.folder.is_empty() && is_within(&target.folder, &other.folder)
        });
        match above {
            Some(above) => above.files.extend(target.files),
            None => targets.push(target),
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

fn names(target: &Target<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let last = target.folder.rsplit('/').next().unwrap_or_default();
    names.extend([target.folder.clone(), last.to_owned()]);
    for file in &target.files {
        let own = file.documents().iter().flat_map(|document| {
            let services = document.get("services").map(Node::entries).unwrap_or_default();
            let services = services.iter().map(|service| service.key.to_string());
            let named = ["/name", "/metadata/name"].into_iter().filter_map(|at| document.at(at)?.scalar());
            services.chain(named).collect::<Vec<_>>()
        });
        names.extend(own);
        names.push(file.path.to_string());
    }
    names.retain(|name| name.len() > 1);
    names.sort();
    names.dedup();
    names
}
