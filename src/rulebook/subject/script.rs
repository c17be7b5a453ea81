//! What is common to checks of scripts: the shell of a file, whichever way it stands in it, and what a path says of a file's purpose.

use crate::{
    model::finding::Span,
    rulebook::{
        syntax::shell::{self, Command, Expansion, Script},
        tree::{File, Kind, Parsed, Tree, base_name, folder_of, name_hash},
    },
};
use compact_str::CompactString;
use std::{borrow::Cow, collections::HashSet, sync::Arc};

/// The scripts in a file: itself, or the commands of a Dockerfile's `RUN`s. What cannot be read is left out: it is told as a fault of
/// the file where the file itself is a script.
pub fn scripts(file: &File) -> Vec<Cow<'_, Script>> {
    match &file.parsed {
        Parsed::Shell(script) => vec![Cow::Borrowed(&**script)],
        Parsed::Dockerfile(dockerfile) => {
            let runs = dockerfile.runs().into_iter();
            runs.filter_map(|run| shell::parse_from(&run.text, run.line).ok()).map(Cow::Owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The script that a file is.
pub fn script(file: &File) -> Option<&Script> {
    if let Parsed::Shell(script) = &file.parsed { Some(script) } else { None }
}

/// Whether a script only makes things known (functions, variables, aliases) and does nothing: it is there to be sourced.
pub fn is_library(script: &Script) -> bool {
    let only_declares = |command: &Command| {
        let declares = [
            "export", "readonly", "declare", "typeset", "local", "alias", "unalias", "source", ".", "shopt", "set",
            "return", "[", "test", ":", "true", "unset", "complete", "autoload", "setopt",
        ];
        command.words.is_empty() || command.name().is_some_and(|name| declares.contains(&name))
    };
    script.outside_functions().filter(|command| command.place.substitutions == 0).all(only_declares)
}

/// Names of the files that a script sources.
pub fn sourced(file: &File) -> Arc<Sourced> {
    file.kept(|file| {
        let commands = script(file).into_iter().flat_map(|script| &script.commands);
        let sources = commands.filter(|command| matches!(command.name(), Some("source" | ".")));
        let words = sources.filter_map(|command| command.words.get(1));
        Sourced(words.map(|word| base_name(&word.bare).into()).collect())
    })
}

/// See [`sourced`].
pub struct Sourced(pub Vec<CompactString>);

/// The commands of a substitution: those that stand in it, not in one inside of it. `outer` is the index of the command whose
/// expansion it is.
pub fn inside<'s>(script: &'s Script, outer: usize, expansion: &Expansion) -> impl Iterator<Item = &'s Command> {
    let (span, depth) = (expansion.span, script.commands[outer].place.substitutions + 1);
    // They follow the one that they stand in.
    let within = script.commands.iter().skip(outer + 1).take_while(move |command| command.place.substitutions >= depth);
    within.filter(move |command| command.place.substitutions == depth && covers(span, command.span))
}

/// Whether one stretch lies in another.
fn covers(outer: Span, inner: Span) -> bool {
    (outer.line, outer.column) <= (inner.line, inner.column)
        && (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
}

/// Whether any folder of a path has one of these names.
pub fn is_below(path: &str, names: &[&str]) -> bool {
    folder_of(path).split('/').any(|folder| names.contains(&folder))
}

/// Tests and what they need: no part of what is operated.
pub fn is_test(path: &str) -> bool {
    let name = base_name(path);
    let stem = name.split('.').next().unwrap_or(name);
    is_below(path, &["test", "tests", "testing", "e2e", "testdata", "fixtures", "__tests__", "spec", "bats"])
        || stem.starts_with("test_")
        || stem.starts_with("test-")
        || stem.ends_with("_test")
        || stem.ends_with("-test")
        || matches!(name, "conftest.py" | "test.sh" | "test.py" | "tests.py" | "run-tests.sh" | "run_tests.sh")
}

/// What came from elsewhere or out of a generator.
pub fn is_foreign(path: &str) -> bool {
    let folders = [
        "vendor",
        "third_party",
        "third-party",
        "node_modules",
        "generated",
        "gen",
        "dist",
        "build",
        "site-packages",
        ".venv",
        "venv",
        ".terraform",
        "external",
        "__pycache__",
        "_vendor",
        "vendored",
        "patched",
        ".git",
    ];
    is_below(path, &folders)
}

/// What a service of continuous integration runs.
pub fn is_ci(path: &str) -> bool {
    let starts =
        [".github/", ".gitlab/", ".circleci/", ".buildkite/", ".azure/", ".woodpecker/", ".drone/", ".semaphore/"];
    starts.iter().any(|start| path.starts_with(start)) || is_below(path, &["ci", ".ci", "jenkins"])
}

/// What explains, and is not run.
pub fn is_docs(path: &str) -> bool {
    is_below(
        path,
        &["docs", "doc", "examples", "example", "samples", "sample", "demo", "demos", "tutorials", "archive"],
    )
}

/// The files that put others into a container or onto a machine.
pub struct Shipping(HashSet<u64>);

impl Shipping {
    /// Those of a tree.
    pub fn of(tree: &Tree) -> Self {
        let ships = |file: &&File| {
            matches!(
                file.kind,
                Kind::Dockerfile
                    | Kind::Compose
                    | Kind::Hcl
                    | Kind::Kustomization
                    | Kind::Kubernetes
                    | Kind::HelmTemplate
            )
        };
        let all = tree.files.values().map(|file| &**file).filter(ships);
        Self(all.flat_map(|file| file.mentioned().iter().copied()).collect())
    }

    /// Whether any of them names this file: it is put there, and does not run here.
    pub fn takes(&self, name: &str) -> bool {
        self.0.contains(&name_hash(name))
    }
}
