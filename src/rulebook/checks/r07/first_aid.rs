//! 07d: a script without its first line, without the right to be run, or without a word on how it is called.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::script::{Shipping, is_library, script, sourced},
        syntax::shell::{Command, Expands, Script},
        tree::{File, Tree},
    },
};
use regex::Regex;
use std::{collections::HashSet, sync::LazyLock};

pub struct FirstAid;

static META: Meta = Meta {
    id: "07d",
    title: "script without shebang, execute bit or usage text",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "Who is called in the night runs a script that they did not write: it has to start, with the right shell, and to say what it wants.",
    fix: "Begin with `#!/usr/bin/env bash`, run `git update-index --chmod=+x`, and answer `--help` with a usage text.",
    precedent: &["SC2148"],
    references: &["https://www.shellcheck.net/wiki/SC2148"],
    parameters: &[NOT_BELOW],
};

impl Check for FirstAid {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let shipping = Shipping::of(tree);
        let scripts: Vec<_> =
            tree.files.values().filter_map(|file| Some((file, script(file)?, sourced(file)))).collect();
        let sourced: HashSet<&str> =
            scripts.iter().flat_map(|(_, _, sourced)| &sourced.0).map(|name| &**name).collect();
        let mut verdict = Judged::No;
        for (file, script, _) in &scripts {
            if sourced.contains(file.name()) || !file.kept(|file| IsRun(is_run(file, script))).0 {
                continue;
            }
            verdict = Judged::Yes;
            judge(&shipping, file, script, out);
        }
        verdict
    }
}

/// Whether a file is there to be run: not to be sourced, not a test, not from elsewhere.
fn is_run(file: &File, script: &Script) -> bool {
    let is_part = file
        .folder()
        .split('/')
        .any(|folder| matches!(folder, "lib" | "libs" | "common" | "profile.d" | "completions"));
    !script.commands.is_empty() && !is_library(script) && !is_part && !file.is_foreign() && !file.is_test()
}

fn judge(shipping: &Shipping, file: &File, script: &Script, out: &mut Out<'_>) {
    let Some(shebang) = &script.shebang else {
        let draft = out.at(file, Span::on_line(1, 1, 1)).observed("no shebang").expected("#!/usr/bin/env bash");
        return draft.fix("Begin the file with `#!/usr/bin/env bash`.").fail();
    };
    if !file.listed.is_executable && !shipping.takes(file.name()) {
        let draft = out.at(file, shebang.span).observed("no execute bit").expected("mode 755");
        draft.fix("git update-index --chmod=+x, or chmod +x and commit.").fail();
    }
    let unexplained = file.kept(|file| Unexplained(argument(script).filter(|_| !explains_itself(file.text()))));
    if let Some(span) = unexplained.0 {
        let draft =
            out.at(file, span).observed("no usage text").expected("a usage text, for --help and for wrong arguments");
        draft.fix("Print how the script is called for --help and where an argument is missing.").fail();
    }
}

struct IsRun(bool);

/// Where a script takes an argument without saying what it is for.
struct Unexplained(Option<Span>);

/// Where a script takes an argument: `$1` outside of functions, or in one that is given all of them.
fn argument(script: &Script) -> Option<Span> {
    let given_all = script.outside_functions().filter(|command| command.words.iter().any(|word| word.bare == "$@"));
    let given_all: HashSet<&str> = given_all.filter_map(Command::name).collect();
    let is_main = |function: usize| {
        script.functions.get(function).is_some_and(|function| given_all.contains(function.name.as_str()))
    };
    let taken = |command: &Command| {
        let words = command.words.iter().chain(command.assignments.iter().map(|assignment| &assignment.value));
        words.flat_map(|word| &word.expansions).find_map(|expansion| {
            let Expands::Parameter { name, .. } = &expansion.kind else { return None };
            let is_argument = name.len() == 1 && name.bytes().all(|byte| matches!(byte, b'1'..=b'9'));
            is_argument.then_some(expansion.span)
        })
    };
    script.commands.iter().find_map(|command| {
        let span = taken(command)?;
        command.place.function.is_none_or(is_main).then_some(span)
    })
}

fn explains_itself(text: &str) -> bool {
    static HELP: LazyLock<Regex> = LazyLock::new(|| {
        // `${1:?missing name}` explains, too.
        Regex::new(r"(?i)usage|--help|getopts?\b|\bhelp\b|\$\{[0-9]:?\?|synopsis|verwendung").expect("is a pattern")
    });
    HELP.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::finding::Finding,
        rulebook::{
            policy::Policy,
            run::{Subject, judge, line, told},
        },
    };
    use std::sync::Arc;

    /// The same with every file executable.
    fn executable(files: &[(&str, &str)]) -> Vec<String> {
        let mut tree = Tree::of(files);
        for file in tree.files.values_mut() {
            Arc::make_mut(file).listed.is_executable = true;
        }
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let findings: Vec<Finding> =
            judge(&FirstAid, Subject::Tree(&tree), Scope::Repo, &Policy::default(), now).findings;
        findings.iter().map(line).collect()
    }

    #[test]
    fn each_missing_thing_is_told() {
        assert_eq!(told(&FirstAid, &[("a.sh", "run\n")]), ["a.sh:1:1 no shebang"]);
        assert_eq!(told(&FirstAid, &[("a.sh", "#!/bin/sh\nrun\n")]), ["a.sh:1:1 no execute bit"]);
        assert_eq!(executable(&[("a.sh", "#!/bin/sh\nx=$1\nrun \"$x\"\n")]), ["a.sh:2:3 no usage text"]);
        assert_eq!(
            executable(&[("a.sh", "#!/bin/sh\nmain() { run \"$2\"; }\nmain \"$@\"\n")]),
            ["a.sh:2:15 no usage text"]
        );
    }

    #[test]
    fn what_lacks_nothing() {
        for text in [
            "#!/bin/sh\nrun\n",
            "#!/bin/sh\n# Usage: a.sh NAME\nrun \"$1\"\n",
            "#!/bin/sh\nrun \"${1:?name}\"\n",
            "#!/bin/sh\nexec run \"$@\"\n",
            "#!/bin/sh\nf() { run \"$1\"; }\nf a\n",
            "export A=1\n",
        ] {
            assert!(executable(&[("a.sh", text)]).is_empty(), "{text}");
        }
        let sourced = [("b.sh", "echo loaded\n"), ("a.sh", "#!/bin/sh\n. ./b.sh\n")];
        assert!(executable(&sourced).is_empty());
        let shipped = [
            ("svc/entry.sh", "#!/bin/sh\nrun\n"),
            ("svc/Dockerfile", "FROM a:1\nCOPY entry.sh /\nRUN chmod +x /entry.sh\n"),
        ];
        assert!(told(&FirstAid, &shipped).is_empty());
    }
}
