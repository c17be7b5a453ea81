//! Which service of a tree's compose projects a live container comes from, by the labels that compose gives it
//! (<https://docs.docker.com/reference/compose-file/services/#labels>).

use super::compose::Project;
use crate::rulebook::{
    resource::Resource,
    syntax::node::Node,
    tree::{Tree, base_name},
};
use compact_str::CompactString;
use std::sync::Arc;

/// Where a container comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ComesFrom<'t> {
    /// These declare it: files that lie over each other may have it several times.
    Services(Vec<&'t Arc<Resource>>),
    /// Its project is here, and has no such service; with where the project is.
    Nowhere(CompactString),
    /// A project of somebody else, or a run that was never meant to last.
    Elsewhere,
    /// Nobody but a person, as far as labels tell.
    ByHand,
}

/// The container's label.
pub fn label<'r>(container: &'r Resource, name: &str) -> Option<&'r str> {
    container.at("/Config/Labels")?.get(name)?.as_str()
}

/// Labels of those who make containers for themselves and look after them.
const LOOKED_AFTER: &[&str] = &[
    "com.docker.swarm.service.id",
    "io.kubernetes.pod.uid",
    "org.testcontainers",
    "io.x-k8s.kind.cluster",
    "k3d.cluster",
    "devcontainer.local_folder",
    "com.hashicorp.nomad.alloc_id",
    "PODMAN_SYSTEMD_UNIT",
];

/// Where a live container comes from.
pub fn comes_from<'t>(container: &Resource, tree: &'t Tree) -> ComesFrom<'t> {
    if LOOKED_AFTER.iter().any(|name| label(container, name).is_some()) {
        return ComesFrom::Elsewhere;
    }
    let (project, service) =
        (label(container, "com.docker.compose.project"), label(container, "com.docker.compose.service"));
    let (Some(project), Some(service)) = (project, service) else { return ComesFrom::ByHand };
    if label(container, "com.docker.compose.oneoff").is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        return ComesFrom::Elsewhere;
    }
    let files = label(container, "com.docker.compose.project.config_files").unwrap_or_default();
    let here: Vec<&str> = files.split(',').filter_map(|file| in_tree(file.trim(), tree)).collect();
    let is_of_files = |found: &&Project| !here.is_empty() && found.files.iter().all(|file| here.contains(&&**file));
    let mut projects: Vec<&Project> = tree.projects().iter().filter(is_of_files).collect();
    // Made from files of this tree that are gone, it has no source; made from files elsewhere, another checkout may be the one.
    if projects.is_empty() && here.is_empty() {
        projects = tree.projects().iter().filter(|found| name_of(found, tree) == project).collect();
    }
    let services: Vec<_> = projects.iter().filter_map(|found| found.service(service)).collect();
    match projects.first() {
        _ if !services.is_empty() => ComesFrom::Services(services),
        Some(_) if projects.iter().any(|found| found.is_open) => ComesFrom::Elsewhere,
        Some(first) => ComesFrom::Nowhere(first.files.last().cloned().unwrap_or_default()),
        None if !here.is_empty() => ComesFrom::Nowhere(here[0].into()),
        None => ComesFrom::Elsewhere,
    }
}

/// A path of this host as one of the tree, if it lies there.
fn in_tree<'p>(path: &'p str, tree: &Tree) -> Option<&'p str> {
    path.strip_prefix(&*tree.root)?.strip_prefix('/').filter(|rest| !rest.is_empty())
}

/// What compose calls a project: its name, or that of its folder, in small letters and without signs.
fn name_of(project: &Project, tree: &Tree) -> String {
    let given = if project.name.is_empty() { base_name(&tree.root) } else { &project.name };
    let small = given.to_lowercase();
    let kept: String = small.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    kept.trim_start_matches(['-', '_']).to_owned()
}

/// Whether it is meant to run on: it starts again by itself.
pub fn is_lasting(container: &Resource) -> bool {
    let policy = container.at("/HostConfig/RestartPolicy/Name").and_then(Node::as_str);
    matches!(policy, Some("always" | "unless-stopped"))
}

/// A live container of a compose project, for tests.
#[cfg(test)]
pub fn of_compose(project: &str, service: &str, files: &str, mut spec: serde_json::Value) -> Resource {
    spec["Config"]["Labels"] = serde_json::json!({
        "com.docker.compose.project": project,
        "com.docker.compose.service": service,
        "com.docker.compose.project.config_files": files,
    });
    crate::rulebook::resource::live_object("container", &format!("{project}-{service}-1"), spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WEB: &str = "services:\n  web: {image: 'web:1'}\n";

    fn tree() -> Tree {
        Tree::of(&[
            ("My.Shop/compose.yaml", WEB),
            ("My.Shop/compose.prod.yaml", "services:\n  web: {read_only: true}\n"),
        ])
    }

    fn of(project: &str, service: &str, files: &str) -> String {
        let tree = tree();
        match comes_from(&of_compose(project, service, files, json!({})), &tree) {
            ComesFrom::Services(all) => format!("{} services", all.len()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn files_tell_it_and_names_where_the_files_are_elsewhere() {
        assert_eq!(of("x", "web", "/repo/My.Shop/compose.yaml"), "1 services");
        assert_eq!(of("x", "web", "/repo/My.Shop/compose.yaml,/repo/My.Shop/compose.prod.yaml"), "2 services");
        assert_eq!(of("myshop", "web", "/srv/shop/compose.yaml"), "2 services");
        assert_eq!(of("myshop", "old", ""), "Nowhere(\"My.Shop/compose.yaml\")");
        assert_eq!(of("x", "web", "/repo/gone/compose.yaml"), "Nowhere(\"gone/compose.yaml\")");
        assert_eq!(of("other", "web", "/srv/other/compose.yaml"), "Elsewhere");
    }

    #[test]
    fn what_others_make_is_theirs() {
        let tree = tree();
        let labelled =
            |labels| crate::rulebook::resource::live_object("container", "c", json!({"Config": {"Labels": labels}}));
        assert_eq!(comes_from(&labelled(json!({})), &tree), ComesFrom::ByHand);
        assert_eq!(comes_from(&labelled(json!({"com.docker.swarm.service.id": "x"})), &tree), ComesFrom::Elsewhere);
        let once = json!({"com.docker.compose.project": "myshop", "com.docker.compose.service": "web", "com.docker.compose.oneoff": "True"});
        assert_eq!(comes_from(&labelled(once), &tree), ComesFrom::Elsewhere);
    }
}
