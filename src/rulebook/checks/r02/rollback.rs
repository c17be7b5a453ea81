//! Something that is deployed, and no page says how to go back.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            places::is_within,
            targets::{Target, targets},
            words::{has_word, has_word_in},
        },
        tree::{File, Parsed, Tree, base_name},
    },
};
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// 02b: deploy target without a rollback section.
pub struct Rollback;

static META: Meta = Meta {
    id: "02b",
    title: "deploy target without a rollback section",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "When a deploy goes wrong at night, the way back must be written down, not thought up.",
    fix: "Add a section Rollback to the README of its folder or to its runbook: the commands, in order, and how to see that it worked.",
    precedent: &[],
    references: &["https://sre.google/sre-book/release-engineering/"],
    parameters: &[],
};

static ROLLBACK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\broll(?:ing)?[ _-]?back|\bback(?:ing)?[ _-]?out\b|\brevert|\bundo\b|\bway back\b|\bgoing back\b")
        .expect("is an expression")
});

impl Check for Rollback {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let targets = targets(tree, out.policy);
        if targets.is_empty() {
            return Judged::No;
        }
        let deploy = tree.file(&out.policy.layout.deploy).filter(|script| goes_back(script));
        if deploy.is_some() {
            return Judged::Yes;
        }
        let pages: Vec<&Arc<File>> = tree.files.values().filter(|file| has_section(file)).collect();
        let is_script = |file: &File| {
            base_name(&file.path).as_bytes().windows(8).any(|part| part.eq_ignore_ascii_case(b"rollback"))
                || is_deploy_script(file)
        };
        let scripts: Vec<&Arc<File>> = tree.files.values().filter(|file| is_script(file) && goes_back(file)).collect();
        for target in &*targets {
            let has_script = scripts.iter().any(|file| is_within(&file.path, &target.folder));
            if has_script || pages.iter().any(|page| speaks_of(page, target)) {
                continue;
            }
            let Some(file) = target.files.first() else { continue };
            let expected = "a heading Rollback in a page of its folder, or in one that names it";
            let key = target.label();
            out.at(file, None)
                .observed(format!("no page says how to roll back the {key}"))
                .expected(expected)
                .key(key)
                .fail();
        }
        Judged::Yes
    }
}

struct HasSection(bool);

/// Whether a page has a section on going back.
fn has_section(file: &File) -> bool {
    match &file.parsed {
        Parsed::Markdown(page) => {
            file.kept(|_| HasSection(page.headings.iter().any(|heading| ROLLBACK.is_match(&heading.text)))).0
        }
        _ => false,
    }
}

fn is_deploy_script(file: &File) -> bool {
    base_name(&file.path).starts_with("deploy") && !matches!(file.parsed, Parsed::Markdown(_))
}

/// Whether a script knows a way back: outside of its comments.
fn goes_back(file: &File) -> bool {
    file.text().lines().any(|line| !line.trim_start().starts_with('#') && ROLLBACK.is_match(line))
}

/// Whether a page lies with what is deployed, or names it.
fn speaks_of(page: &File, target: &Target) -> bool {
    let is_here =
        page.folder() == target.folder || (!target.folder.is_empty() && is_within(&page.path, &target.folder));
    let is_above = !page.folder().is_empty() && is_within(&target.folder, page.folder());
    let path = page.path.rsplit_once('.').map_or(page.path.as_str(), |(stem, _)| stem);
    is_here || is_above || target.names.iter().any(|name| has_word_in(page, name) || has_word(path, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const COMPOSE: (&str, &str) = ("docker/shop/compose.yaml", "services:\n  checkout:\n    image: a\n");

    #[test]
    fn a_target_without_a_way_back_is_told() {
        let said = "docker/shop/compose.yaml no page says how to roll back the compose project in docker/shop";
        assert_eq!(told(&Rollback, &[COMPOSE]), [said]);
        assert_eq!(told(&Rollback, &[COMPOSE, ("docker/shop/README.md", "# Shop\nrollback is hard\n")]), [said]);
        assert_eq!(told(&Rollback, &[COMPOSE, ("docs/a.md", "# A\n## Rollback\nof something\n")]), [said]);
        assert_eq!(told(&Rollback, &[COMPOSE, ("deploy.sh", "#!/bin/sh\n# no rollback\n")]), [said]);
        assert_eq!(told(&Rollback, &[("infra/main.tf", "x = 1\n"), ("infra/modules/a/main.tf", "x = 1\n")]).len(), 1);
        let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let files = [("k8s/app/base/a.yaml", object), ("k8s/app/overlays/prod/b.yaml", object)];
        assert_eq!(told(&Rollback, &files).len(), 1, "one application");
    }

    #[test]
    fn a_page_or_a_script_with_a_way_back_is_enough() {
        for page in [
            ("docker/shop/README.md", "# Shop\n## Roll back\n"),
            ("docs/runbooks/shop.md", "# X\n## Rollback\n"),
            ("docs/x.md", "# X\n## Rolling back\nof `checkout`\n"),
            ("docker/README.md", "## Rollback\n"),
            ("deploy.sh", "#!/bin/sh\nrollback() { :; }\n"),
            ("docker/shop/deploy.sh", "case $1 in rollback) ;; esac\n"),
        ] {
            assert_eq!(told(&Rollback, &[COMPOSE, page]), [""; 0], "{page:?}");
        }
        assert_eq!(told(&Rollback, &[("tests/compose.yaml", "services: {a: {image: b}}\n")]), [""; 0]);
    }
}
