//! 12c: a script deploys past the deploy script.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        checks::r12::one_deploy::is_another,
        out::Out,
        subject::script::script,
        syntax::shell::{Command, Program, Script},
        tree::{File, Tree, base_name},
    },
};
use std::{collections::HashSet, sync::Arc};

pub struct Direct;

static META: Meta = Meta {
    id: "12c",
    title: "deploys past the deploy script",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "What goes past the deploy script has no backup, no verification and no way back, and nobody sees that it happened.",
    fix: "Call deploy.sh, or let deploy.sh call this script.",
    precedent: &[],
    references: &["https://sre.google/sre-book/release-engineering/"],
    parameters: &[],
};

impl Check for Direct {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let deploy = out.policy.layout.deploy.clone();
        let called = called_from(tree, &deploy);
        let mut verdict = Judged::No;
        // A second deploy script is told by 12a.
        let is_judged = |file: &&Arc<File>| {
            !called.contains(file.path.as_str())
                && script(file).is_some()
                && is_judged(file)
                && !is_another(file, &deploy)
        };
        for file in tree.files.values().filter(is_judged) {
            let Some(script) = script(file) else { continue };
            verdict = Judged::Yes;
            for (span, what) in &file.kept(|_| Deploys::of(script)).0 {
                out.at(file, *span).observed(what.as_str()).expected(format!("a call of {deploy}")).fail();
            }
        }
        verdict
    }
}

/// Whether a script is one of operations: not of tests, of a developer's own machine, of what explains.
fn is_judged(file: &File) -> bool {
    let path = file.path.as_str();
    let name = base_name(path).to_ascii_lowercase();
    let local = ["dev", "local", "kind", "minikube", "k3d", "demo", "bench", "test", "e2e", "devcontainer"];
    let is_local = name.split(['-', '_', '.']).any(|part| local.contains(&part)) || path.contains(".devcontainer/");
    !(file.is_ci() || file.is_test() || file.is_docs() || file.is_foreign() || is_local)
}

/// The deploy script, and the files that it names, directly or by others.
fn called_from<'t>(tree: &'t Tree, deploy: &str) -> HashSet<&'t str> {
    let mut called = HashSet::new();
    let mut open: Vec<&File> = tree.file(deploy).map(|file| &**file).into_iter().collect();
    let scripts: Vec<&File> = tree.files.values().map(|file| &**file).filter(|file| script(file).is_some()).collect();
    while let Some(file) = open.pop() {
        if called.insert(file.path.as_str()) {
            open.extend(scripts.iter().filter(|other| file.mentions(other.name())));
        }
    }
    called
}

/// Where a script deploys something, and with what.
struct Deploys(Vec<(Span, String)>);

impl Deploys {
    fn of(script: &Script) -> Self {
        let one = |command: &Command| Some((command.span, deploys(&command.program()?)?));
        Self(script.commands.iter().filter_map(one).collect())
    }
}

/// What a program deploys with, if it does.
fn deploys(program: &Program<'_>) -> Option<String> {
    let has = |texts: &[&str]| program.arguments.iter().any(|word| texts.iter().any(|text| word.starts_with(text)));
    if has(&["--dry-run", "--check", "--help", "--diff", "-h"]) {
        return None;
    }
    let verbs: Vec<&str> = program.plain().map(|word| word.bare.as_str()).collect();
    let words = |wanted: &[&str]| {
        let mut rest = verbs.iter();
        wanted.iter().all(|want| rest.any(|verb| verb == want))
    };
    let first = |wanted: &[&str]| {
        wanted.iter().find(|want| verbs.contains(want)).map(|verb| format!("{} {verb}", program.name))
    };
    match program.name {
        "kubectl" | "oc" => first(&["apply"]),
        "helm" => first(&["upgrade", "install"]),
        "helmfile" => first(&["apply", "sync"]),
        "docker" | "podman" if words(&["compose", "up"]) => Some(format!("{} compose up", program.name)),
        "docker" if words(&["stack", "deploy"]) => Some("docker stack deploy".into()),
        "docker-compose" | "podman-compose" => first(&["up"]),
        "terraform" | "tofu" | "terragrunt" => first(&["apply"]),
        "ansible-playbook" => Some("ansible-playbook".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn scripts_that_go_past_it() {
        let text = "kubectl -n a apply -f x\nhelm upgrade --install a b\ndocker compose -f x up -d\ndocker-compose up\nsudo terraform apply\nansible-playbook a.yml\ndocker stack deploy -c x y\n";
        assert_eq!(
            told(&Direct, &[("scripts/ship.sh", text)]),
            [
                "scripts/ship.sh:1:1 kubectl apply",
                "scripts/ship.sh:2:1 helm upgrade",
                "scripts/ship.sh:3:1 docker compose up",
                "scripts/ship.sh:4:1 docker-compose up",
                "scripts/ship.sh:5:1 terraform apply",
                "scripts/ship.sh:6:1 ansible-playbook",
                "scripts/ship.sh:7:1 docker stack deploy"
            ]
        );
    }

    #[test]
    fn scripts_that_do_not() {
        let apply = "kubectl apply -f x\n";
        assert!(
            told(&Direct, &[
                ("deploy.sh", "./scripts/k8s.sh\n"),
                ("scripts/k8s.sh", "bash steps.sh\nkubectl apply -f x\n"),
                ("scripts/steps.sh", apply),
                (".github/x.sh", apply),
                ("tests/x.sh", apply),
                ("docs/x.sh", apply),
                ("scripts/dev-up.sh", apply),
                ("scripts/y.sh", "kubectl apply --dry-run=client -f x\nterraform plan\ndocker compose logs\nhelm list\necho kubectl apply\nkubectl get pods\n"),
            ])
            .is_empty()
        );
    }
}
