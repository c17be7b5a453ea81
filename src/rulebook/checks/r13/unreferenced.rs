//! A file that nothing speaks of and nobody has touched for long.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::places::{is_front_page, is_within},
        tree::{File, Kind, Tree, folder_of},
    },
};
use regex::Regex;
use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

/// 13a: old file that nothing refers to.
pub struct Unreferenced;

static META: Meta = Meta {
    id: "13a",
    title: "old file that nothing refers to",
    level: Level::Info,
    scopes: &[Scope::Repo],
    why: "What nobody uses is still read, searched, scanned and kept up to date.",
    fix: "Find out whether it is used; if not, archive it with an entry in the CHANGELOG, otherwise mention it where it is used.",
    precedent: &[],
    references: &[],
    parameters: &[Parameter {
        name: "days",
        about: "days without a change after which a file that nothing refers to is told",
        default: Value::Number(180.0),
    }],
};

/// Names that something looks for by itself.
static ENTRY_POINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?ix)^(?:readme|license|licence|copying|notice|authors|contributing|security|changelog|codeowners|makefile|justfile|taskfile|vagrantfile|jenkinsfile|procfile|
        deploy|install|setup|bootstrap|entrypoint|docker-entrypoint|run|start|stop|build|main|index|app|manage|wsgi|asgi|conftest|__init__|__main__|noxfile|fabfile|tasks|
        config|settings|mkdocs|package|package-lock|tsconfig|composer|cargo|pyproject|poetry|renovate|dependabot|galaxy|ansible|site|inventory|skaffold|tiltfile|helmfile|chart|values|
        kustomization|daemon|terraform|variables|outputs|versions|providers|backend|test_.*|.*_test|values[-_.].*|requirements.*|compose.*|docker-compose.*|prometheus|alertmanager|loki|
        promtail|grafana|otel.*|authority|test|tests|release|publish|lint|portregistry|favicon|robots|cname)(?:\.[\w.-]+)?$")
        .expect("is an expression")
});

impl Check for Unreferenced {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let days = out.number("days");
        let old: Vec<(&Arc<File>, i64)> = tree
            .files
            .values()
            .filter(|file| is_candidate(file) && !is_within(&file.path, &out.policy.layout.archive))
            .filter_map(|file| {
                let seconds = out.now.duration_since(file.listed.modified_at?).as_secs();
                (seconds as f64 > days * 86_400.0).then_some((file, seconds / 86_400))
            })
            .filter(|(file, _)| !tree.mentioning(file.name()).any(|other| other.path != file.path))
            .collect();
        if old.is_empty() {
            return if tree.files.is_empty() { Judged::No } else { Judged::Yes };
        }
        let used = Used::of(tree);
        for (file, age) in old {
            if used.folder(file.folder()) || (file.kind == Kind::Python && used.module(file)) {
                continue;
            }
            let seen = format!("nothing refers to it, and it has not changed for {age} days");
            let expected = format!("a use, or a change within {days} days");
            out.at(file, None).observed(seen).key("unreferenced").expected(expected).fail();
        }
        Judged::Yes
    }
}

/// Whether something must refer to a file for it to be of use: scripts, configuration, pictures of the documentation.
fn is_candidate(file: &File) -> bool {
    let is_asset = file.kind == Kind::Other
        && file.path.split('/').any(|part| matches!(part, "docs" | "doc" | "assets" | "images"))
        && [".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".drawio"]
            .iter()
            .any(|end| file.path.ends_with(end));
    // Tools find their settings at the root by name, and code may load JSON by a name without its end.
    let is_setting =
        matches!(file.kind, Kind::Yaml | Kind::Toml) && !file.folder().is_empty() && !file.name().ends_with(".json");
    // Hooks of git and of packages have no end to their names.
    let is_script = matches!(file.kind, Kind::Shell | Kind::Python) && file.name().contains('.');
    let is_hidden = file.path.split('/').any(|part| part.starts_with(['.', '_']));
    (is_asset || is_setting || is_script)
        && !is_hidden
        && !file.is_aside()
        && !is_front_page(&file.path)
        && !ENTRY_POINT.is_match(file.name())
}

/// What is used without a file's name: folders as a whole, modules of Python.
struct Used<'t> {
    folders: HashSet<&'t str>,
    words: HashSet<&'t str>,
}

impl<'t> Used<'t> {
    fn of(tree: &'t Tree) -> Self {
        static FOLDER: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r#"([\w.-]+)/(?:\*|["'\s),:;\]`]|$)"#).expect("is an expression"));
        let mut used = Self { folders: HashSet::new(), words: HashSet::new() };
        for file in tree.files.values() {
            let text = file.text();
            if !matches!(file.kind, Kind::Markdown | Kind::Changelog) {
                let found = FOLDER.captures_iter(text).filter_map(|found| found.get(1));
                used.folders.extend(found.map(|name| name.as_str()));
            }
            if matches!(
                file.kind,
                Kind::Python | Kind::Toml | Kind::Shell | Kind::Dockerfile | Kind::Yaml | Kind::Compose
            ) {
                used.words.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 1));
            }
        }
        used
    }

    /// Whether something takes a folder whole: `COPY conf/ /etc`, `for f in hooks/*`.
    fn folder(&self, folder: &str) -> bool {
        let mut rest = folder;
        while !rest.is_empty() {
            if self.folders.contains(rest.rsplit('/').next().unwrap_or(rest)) {
                return true;
            }
            rest = folder_of(rest);
        }
        false
    }

    /// Whether a module's name stands in some code. It need not stand in its own.
    fn module(&self, file: &File) -> bool {
        file.name().strip_suffix(".py").is_some_and(|stem| self.words.contains(stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
        tree::{Listed, base_name, name_hash},
    };

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let names = files.iter().map(|(path, _)| name_hash(base_name(path))).collect();
        let modified_at = "2025-01-01T00:00:00Z".parse().ok();
        let file = |(path, text): &(&str, &str)| {
            let listed =
                Listed { path: (*path).into(), size_bytes: text.len() as u64, modified_at, ..Listed::default() };
            ((*path).into(), Arc::new(File::new(listed, text.as_bytes(), &names)))
        };
        let tree = Tree::new("/r".into(), files.iter().map(file).collect(), Vec::new());
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let verdict = judge(&Unreferenced, Subject::Tree(&tree), Scope::Repo, &Policy::default(), now);
        verdict.findings.iter().map(line).collect()
    }

    #[test]
    fn old_files_that_nothing_refers_to_are_told() {
        assert_eq!(
            said(&[("scripts/clean-up.sh", "echo\n"), ("README.md", "x")]),
            ["scripts/clean-up.sh nothing refers to it, and it has not changed for 365 days"]
        );
        assert_eq!(said(&[("conf/own.yaml", "a: own.yaml\n"), ("docs/img/x.png", "\0")]).len(), 2);
    }

    #[test]
    fn what_is_used_or_looked_for_by_itself_is_left_alone() {
        assert_eq!(said(&[("scripts/clean-up.sh", "x\n"), ("README.md", "run scripts/clean-up.sh.")]), [""; 0]);
        assert_eq!(said(&[("hooks/a.sh", "x\n"), ("deploy.sh", "for f in hooks/*; do :; done\n")]), [""; 0]);
        assert_eq!(said(&[("lib/net.py", "x = 1\n"), ("lib/main.py", "from lib import net\n")]), [""; 0]);
        assert_eq!(
            said(&[
                ("deploy.sh", "x"),
                ("mkdocs.yml", "a: 1"),
                (".github/workflows/x.yml", "a: 1"),
                ("tests/x.sh", "x")
            ]),
            [""; 0]
        );
        assert_eq!(said(&[("k8s/a.yaml", "apiVersion: v1\nkind: Secret\n"), ("a.tf", "x = 1\n")]), [""; 0]);
    }

    #[test]
    fn without_a_time_nothing_is_told() {
        assert_eq!(crate::rulebook::run::told(&Unreferenced, &[("scripts/clean-up.sh", "x\n")]), [""; 0]);
    }
}
