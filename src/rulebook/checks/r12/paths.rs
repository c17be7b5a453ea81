//! 12b: the deploy script lacks an environment, a verification, a backup or a way back.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        syntax::{python::Module, shell::Script},
        tree::{File, Parsed, Tree},
    },
};
use std::collections::HashSet;

pub struct Paths;

static META: Meta = Meta {
    id: "12b",
    title: "deploy script lacks a path",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A deployment that fails has to be seen, and to be taken back with the data as it was, by who did not write the script.",
    fix: "Give it the environment as an argument, a check after the deployment, a backup before it, and a rollback.",
    precedent: &[],
    references: &["https://sre.google/sre-book/release-engineering/"],
    parameters: &[],
};

/// What a deploy script has to have, and the words (or their begins) by which that is known.
const WANTED: [(&str, &[&str]); 4] = [
    (
        "environment",
        &["env", "environ", "stage", "staging", "prod", "dev", "target", "namespace", "profile", "context", "cluster"],
    ),
    ("verify", &["verif", "health", "smoke", "valid", "ready", "readiness", "check", "wait", "rollout", "probe"]),
    ("backup", &["backup", "snapshot", "dump", "pgdump", "restic", "velero", "borg"]),
    ("rollback", &["rollback", "revert", "restore", "undo", "previous", "downgrade"]),
];

impl Check for Paths {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let Some(file) = tree.file(&out.policy.layout.deploy) else { return Judged::No };
        let Some(words) = words_of(file) else { return Judged::No };
        let is_there = |begins: &[&str]| {
            words.iter().any(|word| {
                begins.iter().any(|begin| if begin.len() <= 4 { word == begin } else { word.starts_with(begin) })
            })
        };
        let missing: Vec<&str> = WANTED.iter().filter(|(_, begins)| !is_there(begins)).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let draft = out.at(file, None).observed(format!("without {}", missing.join(", ")));
            draft.expected("environment, verify, backup and rollback").fail();
        }
        Judged::Yes
    }
}

/// The words of what a script does: no comments.
fn words_of(file: &File) -> Option<HashSet<String>> {
    let mut words = HashSet::new();
    match &file.parsed {
        Parsed::Shell(script) => of_shell(script, &mut words),
        Parsed::Python(module) => of_python(module, file, &mut words),
        _ => return None,
    }
    Some(words)
}

fn of_shell(script: &Script, words: &mut HashSet<String>) {
    for function in &script.functions {
        take(&function.name, words);
    }
    for pattern in script.cases.iter().flat_map(|case| &case.patterns) {
        take(&pattern.bare, words);
    }
    for heredoc in &script.heredocs {
        take(&heredoc.text, words);
    }
    for command in &script.commands {
        for assignment in &command.assignments {
            take(&assignment.name, words);
            take(&assignment.value.bare, words);
        }
        // The name of a file of variables chooses nothing; neither does the program `env`.
        let is_choice = |bare: &str| bare != "env" && !bare.ends_with(".env");
        for word in command.words.iter().filter(|word| is_choice(&word.bare)) {
            take(&word.bare, words);
        }
    }
}

fn of_python(module: &Module, file: &File, words: &mut HashSet<String>) {
    for function in &module.functions {
        take(&function.name, words);
    }
    let code = file.text().lines().map(|line| line.split(" #").next().unwrap_or_default());
    for line in code.filter(|line| !line.trim_start().starts_with('#')) {
        take(line, words);
    }
}

/// Adds the words of a text, in small letters: `ROLL_BACK` gives `roll`, `back` and `rollback`.
fn take(text: &str, words: &mut HashSet<String>) {
    for group in
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|group| !group.is_empty())
    {
        let lower = group.to_lowercase();
        words.extend(lower.split(['_', '-']).filter(|word| !word.is_empty()).map(str::to_owned));
        words.insert(lower.replace(['_', '-'], ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            told(&Paths, &[("deploy.sh", "#!/bin/sh\n# rollback, backup\nkubectl apply -f k8s\n")]),
            ["deploy.sh without environment, verify, backup, rollback"]
        );
        assert_eq!(
            told(&Paths, &[("deploy.sh", "#!/bin/sh\n. ./.env\ncurl -f http://x/health\npg_dump a > b\n")]),
            ["deploy.sh without environment, rollback"]
        );
    }

    #[test]
    fn any_way_to_have_it() {
        let functions = "#!/bin/bash\nbackup_db() { a; }\nverify() { b; }\nroll_back() { c; }\ncase \"$1\" in staging|production) ;; esac\n";
        let flags = "#!/bin/bash\nwhile [ $# -gt 0 ]; do case $1 in --env) E=$2 ;; --rollback) R=1 ;; --skip-backup) B=0 ;; esac; done\nkubectl rollout status x\n";
        assert!(told(&Paths, &[("deploy.sh", functions)]).is_empty());
        assert!(told(&Paths, &[("deploy.sh", flags)]).is_empty());
        assert!(told(&Paths, &[("other.sh", "run\n")]).is_empty());
    }
}
