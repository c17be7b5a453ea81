//! Infrastructure without a CHANGELOG.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::{
            places::{is_infrastructure, is_within},
            targets::targets,
        },
        tree::{Kind, Tree},
    },
};
use std::collections::BTreeSet;

/// 18a: CHANGELOG.md missing.
pub struct Changelog;

static META: Meta = Meta {
    id: "18a",
    title: "CHANGELOG.md missing",
    level: Level::Block,
    scopes: &[Scope::Repo],
    why: "When something breaks, the first question is what was changed. Without a CHANGELOG nobody can answer it.",
    fix: "Add a CHANGELOG.md, and an entry with each change: UTC time, who, why, impact.",
    precedent: &[],
    references: &["https://keepachangelog.com/en/1.1.0/"],
    parameters: &[Parameter {
        name: "per-folder",
        about: "`yes`: each infrastructure folder needs a CHANGELOG.md of its own; `no`: one at the root serves all",
        default: Value::Text("no"),
    }],
};

impl Check for Changelog {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let infrastructure = tree.files.values().filter(|file| is_infrastructure(file, out.policy));
        let targets = targets(tree, out.policy);
        let deployed: BTreeSet<&str> =
            targets.iter().flat_map(|target| &target.files).map(|file| file.path.as_str()).collect();
        // Each under the folder of the policy that it lies in; the root for what lies in none, unless it is only built and not deployed.
        let folder_of = |path: &str| {
            let folders = out.policy.layout.infrastructure.iter().map(|folder| folder.trim_end_matches('/'));
            folders
                .filter(|folder| is_within(path, folder))
                .max_by_key(|folder| folder.len())
                .unwrap_or_default()
                .to_owned()
        };
        let found = infrastructure.map(|file| (file, folder_of(&file.path)));
        let counts = found.filter(|(file, folder)| !folder.is_empty() || deployed.contains(file.path.as_str()));
        let folders: BTreeSet<String> = counts.map(|(_, folder)| folder).collect();
        let has_changelog = |folder: &str| tree.of_kind(Kind::Changelog).any(|file| file.folder() == folder);
        let is_each = matches!(out.text("per-folder"), "yes" | "true");
        let is_covered = |folder: &str| has_changelog(folder) || (has_changelog("") && !is_each);
        for folder in &folders {
            if is_covered(folder) {
                continue;
            }
            let name = if folder.is_empty() { "the root" } else { folder };
            let draft = out.about(name, folder.as_str()).observed(format!("there is no CHANGELOG.md in {name}"));
            let expected =
                if is_each { "a CHANGELOG.md in the folder" } else { "a CHANGELOG.md in the folder or at the root" };
            draft.expected(expected).key("CHANGELOG.md").fail();
        }
        if folders.is_empty() { Judged::No } else { Judged::Yes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{told, told_by},
    };

    const DOCKER: (&str, &str) = ("docker/compose.yaml", "services: {}\n");
    const TERRAFORM: (&str, &str) = ("terraform/a/main.tf", "x = 1\n");

    #[test]
    fn infrastructure_needs_a_changelog() {
        assert_eq!(
            told(&Changelog, &[DOCKER, TERRAFORM]),
            ["docker there is no CHANGELOG.md in docker", "terraform there is no CHANGELOG.md in terraform"]
        );
        assert_eq!(
            told(&Changelog, &[("compose.yaml", "services: {}\n")]),
            ["the root there is no CHANGELOG.md in the root"]
        );
        assert_eq!(told(&Changelog, &[DOCKER, TERRAFORM, ("terraform/CHANGELOG.md", "")]).len(), 1);
        assert_eq!(told(&Changelog, &[DOCKER, TERRAFORM, ("CHANGELOG.md", "")]), [""; 0]);
        assert_eq!(
            told(&Changelog, &[("src/main.py", "x = 1\n"), ("docker/README.md", "x"), ("Dockerfile", "FROM a\n")]),
            [""; 0]
        );
    }

    #[test]
    fn each_folder_may_need_its_own() {
        let policy: Policy = toml::from_str("[checks.18a]\nper-folder = 'yes'\n").expect("is a policy");
        assert_eq!(told_by(&Changelog, &[DOCKER, ("CHANGELOG.md", "")], &policy).len(), 1);
    }
}
