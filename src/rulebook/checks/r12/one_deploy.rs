//! 12a: not exactly one executable `deploy.sh` at the root.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        tree::{File, Kind, Tree, base_name, folder_of},
    },
};

pub struct OneDeploy;

static META: Meta = Meta {
    id: "12a",
    title: "not exactly one executable deploy script",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "With several ways to deploy nobody knows which one is right, and under pressure the wrong one is taken.",
    fix: "Keep one executable deploy.sh at the root, and let it call the others.",
    precedent: &[],
    references: &["https://sre.google/sre-book/release-engineering/"],
    parameters: &[],
};

impl Check for OneDeploy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        if !tree.files.values().any(|file| is_deployable(file)) {
            return Judged::No;
        }
        let path = out.policy.layout.deploy.clone();
        match tree.file(&path) {
            None => {
                let draft = out.about(path.as_str(), path.as_str()).observed(format!("there is no {path}"));
                draft.expected(format!("an executable {path}")).fail();
            }
            Some(file) if !file.listed.is_executable => {
                let draft = out.at(file, None).observed("not executable").expected("mode 755");
                draft.fix(format!("git update-index --chmod=+x {path}")).fail();
            }
            Some(_) => {}
        }
        for file in tree.files.values().filter(|file| is_another(file, &path)) {
            out.at(file, None)
                .observed(format!("another deploy script: {}", file.path))
                .expected(format!("only {path}"))
                .fail();
        }
        Judged::Yes
    }
}

/// Whether a file says that something is deployed from here.
pub fn is_deployable(file: &File) -> bool {
    let is_kind = match file.kind {
        Kind::Compose | Kind::Kubernetes | Kind::HelmChart | Kind::Kustomization => true,
        Kind::Hcl => file.path.ends_with(".tf"),
        _ => false,
    };
    is_kind && !file.is_test() && !file.is_foreign() && !file.is_docs()
}

/// Whether a script has the same purpose as the one at `path`: it lies beside it and is called like it.
pub fn is_another(file: &File, path: &str) -> bool {
    let is_beside = file.path != path && file.folder() == folder_of(path);
    if !is_beside || !matches!(file.kind, Kind::Shell | Kind::Python) {
        return false;
    }
    let stem = |path: &str| base_name(path).split('.').next().unwrap_or_default().to_ascii_lowercase();
    let (own, wanted) = (stem(&file.path), stem(path));
    let rest = own.strip_prefix(wanted.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
    };
    use std::sync::Arc;

    const COMPOSE: (&str, &str) = ("docker-compose.yml", "services: {a: {image: 'a:1'}}\n");
    const RUN: &str = "#!/bin/sh\nrun\n";

    fn told(files: &[(&str, &str)], is_executable: bool) -> Vec<String> {
        let mut tree = Tree::of(files);
        for file in tree.files.values_mut() {
            Arc::make_mut(file).listed.is_executable = is_executable;
        }
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let verdict = judge(&OneDeploy, Subject::Tree(&tree), Scope::Repo, &Policy::default(), now);
        verdict.findings.iter().map(line).collect()
    }

    #[test]
    fn exactly_one_is_wanted() {
        assert_eq!(told(&[COMPOSE], true), ["deploy.sh there is no deploy.sh"]);
        assert_eq!(told(&[COMPOSE, ("deploy.sh", RUN)], false), ["deploy.sh not executable"]);
        assert_eq!(
            told(&[COMPOSE, ("deploy.sh", RUN), ("deploy-prod.sh", RUN)], true),
            ["deploy-prod.sh another deploy script: deploy-prod.sh"]
        );
        assert!(
            told(&[COMPOSE, ("deploy.sh", RUN), ("scripts/deploy-db.sh", RUN), ("deployment.py", "a = 1\n")], true)
                .is_empty()
        );
    }

    #[test]
    fn nothing_to_deploy_needs_none() {
        assert!(told(&[("a.py", "a = 1\n"), ("tests/compose.yml", COMPOSE.1)], true).is_empty());
    }
}
