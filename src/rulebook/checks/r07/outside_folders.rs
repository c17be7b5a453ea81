//! 07a: a script outside the script folders.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        checks::r12::one_deploy::is_another,
        out::Out,
        policy::Layout,
        subject::script::{Shipping, is_below, is_library, script},
        tree::{File, Kind, Parsed, Tree, folder_of},
    },
};
use compact_str::CompactString;
use std::collections::HashSet;

pub struct OutsideFolders;

static META: Meta = Meta {
    id: "07a",
    title: "script outside the script folders",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "A script that lies somewhere is found by nobody in the night, and somebody writes it a second time.",
    fix: "Move it into one of the script folders, or name its folder in `layout.scripts`.",
    precedent: &[],
    references: &["https://google.github.io/styleguide/shellguide.html"],
    parameters: &[],
};

impl Check for OutsideFolders {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let layout = &out.policy.layout;
        let packages = tree.kept_of_paths(applications);
        let copied: HashSet<&str> = tree
            .of_kind(Kind::Dockerfile)
            .filter(|file| !file.folder().is_empty() && file.kept(|file| CopiesAll(copies_all(file.text()))).0)
            .map(|file| file.folder())
            .collect();
        let shipping = Shipping::of(tree);
        let is_astray = |file: &&File| {
            matches!(file.parsed, Parsed::Shell(_) | Parsed::Python(_))
                && file.kept(|file| IsScript(is_script(file))).0
                // A second deploy script is told by 12a.
                && !is_another(file, &layout.deploy)
                && !is_home(&file.path, layout)
                && !packages.contains(file.folder())
                && !copied.contains(file.folder())
                && !shipping.takes(file.name())
        };
        let astray: Vec<&File> = tree.files.values().map(|file| &**file).filter(is_astray).collect();
        let folders = layout.scripts.join(", ");
        for file in astray {
            out.at(file, Span::on_line(1, 1, 1))
                .observed(file.path.as_str())
                .expected(format!("below one of: {folders}"))
                .fail();
        }
        Judged::Yes
    }
}

/// Whether a file is there to be run by a person.
fn is_script(file: &File) -> bool {
    let is_program = match &file.parsed {
        Parsed::Shell(_) => script(file).is_some_and(|script| script.shebang.is_some() || !is_library(script)),
        Parsed::Python(module) => module.has_shebang,
        _ => false,
    };
    // Dialogues of tools that have their place at the root.
    let is_tool = matches!(
        file.name(),
        "gradlew" | "mvnw" | "configure" | "autogen.sh" | "manage.py" | "setup.py" | "__main__.py"
    );
    is_program && !is_tool && !file.is_test() && !file.is_foreign() && !file.is_ci() && !file.is_docs()
}

/// Whether a path is where scripts belong.
fn is_home(path: &str, layout: &Layout) -> bool {
    if path == layout.deploy {
        return true;
    }
    let hooks = [
        "hooks",
        ".husky",
        ".githooks",
        "git-hooks",
        "docker-entrypoint.d",
        "initdb.d",
        "docker-entrypoint-initdb.d",
        ".devcontainer",
    ];
    let below = |folder: &String| {
        let folder = folder.trim_matches('/');
        path.starts_with(folder) && path[folder.len()..].starts_with('/') || path.contains(&format!("/{folder}/"))
    };
    // What a measurement, a package or an editor needs stands with it; and folders of scripts have many names.
    let others = ["bench", "benches", "benchmarks", "perf", "packaging", "debian", "contrib", "extra", ".evergreen"];
    let is_of_scripts = |folder: &str| folder.starts_with("script");
    is_below(path, &hooks)
        || is_below(path, &others)
        || folder_of(path).split('/').any(is_of_scripts)
        || layout.scripts.iter().any(below)
}

/// Folders that hold an application of Python: what is in them is part of it.
fn applications(tree: &Tree) -> HashSet<CompactString> {
    let is_sign = |file: &File| match file.name() {
        "__init__.py" => true,
        "pyproject.toml" | "setup.py" | "setup.cfg" | "requirements.txt" => !file.folder().is_empty(),
        _ => false,
    };
    tree.files.values().filter(|file| is_sign(file)).map(|file| file.folder().into()).collect()
}

/// See [`is_script`].
struct IsScript(bool);

/// Whether a Dockerfile copies all of its folder.
struct CopiesAll(bool);

fn copies_all(dockerfile: &str) -> bool {
    let copies = |line: &str| {
        let mut words = line.split_whitespace();
        let is_copy =
            words.next().is_some_and(|word| word.eq_ignore_ascii_case("copy") || word.eq_ignore_ascii_case("add"));
        let mut sources = words.filter(|word| !word.starts_with("--"));
        is_copy && sources.any(|source| matches!(source, "." | "./" | "*.sh" | "./*.sh" | "[\".\","))
    };
    dockerfile.lines().any(copies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const RUN: &str = "#!/bin/bash\nset -euo pipefail\nrun it\n";

    #[test]
    fn scripts_that_lie_about() {
        assert_eq!(
            told(
                &OutsideFolders,
                &[("fix.sh", RUN), ("infra/backup", RUN), ("app/tool.py", "#!/usr/bin/env python3\nrun()\n")]
            ),
            ["app/tool.py:1:1 app/tool.py", "fix.sh:1:1 fix.sh", "infra/backup:1:1 infra/backup"]
        );
    }

    #[test]
    fn scripts_that_are_at_home() {
        let dockerfile = "FROM a:1\nCOPY entry.sh /\n";
        assert!(
            told(
                &OutsideFolders,
                &[
                    ("deploy.sh", RUN),
                    ("scripts/a.sh", RUN),
                    ("svc/scripts/a.sh", RUN),
                    (".github/actions/x.sh", RUN),
                    (".husky/pre-commit", RUN),
                    ("hooks/pre-commit", RUN),
                    ("svc/Dockerfile", dockerfile),
                    ("svc/entry.sh", RUN),
                    ("web/Dockerfile", "FROM a:1\nCOPY . /app\n"),
                    ("web/start.sh", RUN),
                    ("pkg/__init__.py", ""),
                    ("pkg/cli.py", "#!/usr/bin/env python3\nmain()\n"),
                    ("app/main.py", "if __name__ == '__main__':\n  run()\n"),
                    ("lib.sh", "f() { a; }\n"),
                    ("gradlew", "#!/bin/sh\nrun\n"),
                ]
            )
            .is_empty()
        );
    }
}
