//! Documentation that is not in its one place: no folder for it, or a service without a runbook.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{runbooks::runbooks, targets::targets, words::has_word_in},
        syntax::node::Node,
        tree::{File, Kind, Tree},
    },
};
use std::{collections::HashSet, sync::Arc};

/// 06a: central documentation or a service's runbook missing.
pub struct Central;

static META: Meta = Meta {
    id: "06a",
    title: "central documentation or a service's runbook missing",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "Whoever is called at night looks in one place. What is not there does not exist.",
    fix: "Write a page for the service in the folder of runbooks: why it is there, steps, verify, rollback, escalation.",
    precedent: &[],
    references: &["https://sre.google/workbook/on-call/"],
    parameters: &[],
};

impl Check for Central {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let policy = out.policy;
        let targets = targets(tree, policy);
        if targets.is_empty() {
            return Judged::No;
        }
        let layout = &policy.layout;
        if !tree.has_folder(layout.docs.trim_end_matches('/')) {
            let folder = layout.docs.as_str();
            let draft = out.about(folder, folder).observed(format!("there is no folder {folder}/"));
            let fix = "Make it, and put runbooks and decision records below it; or name the folder in `[layout] docs`.";
            draft.expected("one folder for all documentation").fix(fix).fail();
        }
        let runbooks = runbooks(tree, policy);
        let mut told = HashSet::new();
        for file in targets.iter().flat_map(|target| &target.files) {
            for (name, span) in &file.kept(Services::of).0 {
                let is_told = |(page, _): &(&Arc<File>, _)| has_word_in(page, name) || is_of(page, name);
                if !runbooks.iter().any(is_told) && told.insert(name.clone()) {
                    let expected = format!("a page in {}/ that is about it or names it", layout.runbooks);
                    out.at(file, *span).observed(format!("no runbook for `{name}`")).expected(expected).fail();
                }
            }
        }
        Judged::Yes
    }
}

/// Whether a page is named after a service: `checkout.md`, `checkout-runbook.md`.
fn is_of(page: &File, name: &str) -> bool {
    let lower = page.name().to_ascii_lowercase();
    lower.starts_with(&name.to_ascii_lowercase()) && !lower[name.len()..].starts_with(char::is_alphanumeric)
}

/// The services that a file declares, with the places of their names: of compose, and workloads that stay up.
struct Services(Vec<(String, Option<Span>)>);

impl Services {
    fn of(file: &File) -> Self {
        Self(services(file))
    }
}

fn services(file: &File) -> Vec<(String, Option<Span>)> {
    let mut found = Vec::new();
    for document in file.documents() {
        if file.kind == Kind::Compose {
            let services = document.get("services").map(Node::entries).unwrap_or_default();
            found.extend(services.iter().map(|service| (service.key.to_string(), service.key_span)));
        } else if let Some("Deployment" | "StatefulSet" | "DaemonSet") = document.get("kind").and_then(Node::as_str)
            && let Some(name) = document.at("/metadata/name")
        {
            found.extend(name.as_str().map(|text| (text.to_owned(), name.span)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const COMPOSE: (&str, &str) = ("compose.yaml", "services:\n  web:\n    image: a\n  db:\n    image: b\n");

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(
            told(&Central, &[COMPOSE]),
            [
                "docs there is no folder docs/",
                "compose.yaml:2:3 no runbook for `web`",
                "compose.yaml:4:3 no runbook for `db`"
            ]
        );
        let files = [
            COMPOSE,
            ("compose.prod.yaml", COMPOSE.1),
            ("docs/runbooks/web.md", "# x\n"),
            ("docs/runbooks/README.md", "db"),
        ];
        assert_eq!(told(&Central, &files), ["compose.prod.yaml:4:3 no runbook for `db`"]);
        let app = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n";
        assert_eq!(
            told(&Central, &[("k8s/a.yaml", app), ("docs/a.md", "api")]),
            ["k8s/a.yaml:4:9 no runbook for `api`"]
        );
    }

    #[test]
    fn one_page_may_serve_several() {
        assert_eq!(told(&Central, &[COMPOSE, ("docs/runbooks/shop.md", "# Shop\nweb and db\n")]), [""; 0]);
        assert_eq!(told(&Central, &[("README.md", "# x\n")]), [""; 0], "nothing is deployed");
    }
}
