//! A sign-off or a hand-off that is asked for and not there.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::{change::Change, places::is_infrastructure, words::fits},
        tree::{File, Tree, base_name},
    },
};
use regex::Regex;
use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

/// 14a: sign-off or hand-off missing.
pub struct Signoff;

static META: Meta = Meta {
    id: "14a",
    title: "sign-off or hand-off missing",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Diff],
    why: "Security, quality and architecture have to have looked at it before it runs; the file is the proof, and names who did.",
    fix: "Let the specialist write and sign it, and add it to the repository.",
    precedent: &[],
    references: &[],
    parameters: &[Parameter {
        name: "required",
        about: "names or paths of files that must be there: `SIGNOFF-security.md`; `*` stands for any text",
        default: Value::Texts(&[]),
    }],
};

impl Check for Signoff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let required: Vec<String> = out.texts("required").into_iter().map(str::to_owned).collect();
        for name in &required {
            let fit = |file: &&Arc<File>| fits(name, &file.path) || fits(name, file.name());
            let found: Vec<&Arc<File>> = tree.files.values().filter(fit).collect();
            let seen = if found.is_empty() {
                format!("{name} is not there")
            } else if found.iter().all(|file| file.listed.size_bytes == 0) {
                // A picture or a PDF has no text, and is no less a proof.
                format!("{name} is empty")
            } else {
                continue;
            };
            out.about(name.as_str(), name.as_str()).observed(seen).expected("the file, signed").fail();
        }
        if required.is_empty() { Judged::No } else { Judged::Yes }
    }

    fn change(&self, change: &Change, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let touched = change.files.iter().filter_map(|changed| changed.new.as_ref().or(changed.old.as_ref()));
        if !touched.into_iter().any(|file| is_infrastructure(file, out.policy)) {
            return Judged::No;
        }
        let names: HashSet<String> = tree.files.keys().map(|path| base_name(path).to_lowercase()).collect();
        let mut told = HashSet::new();
        for changed in &change.files {
            let Some(file) = &changed.new else { continue };
            for (name, span) in named(file, &changed.added_lines) {
                if !names.contains(&name.to_lowercase()) && told.insert(name.clone()) {
                    out.at(file, span).observed(format!("{name} is not there")).expected("the file, signed").fail();
                }
            }
        }
        Judged::Yes
    }
}

/// Sign-offs and hand-offs that new lines of a file name.
fn named(file: &Arc<File>, lines: &[u32]) -> Vec<(String, Span)> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?i:SIGN-?OFF|HAND-?OFF)[\w.-]*\.md\b").expect("is an expression"));
    let lines: HashSet<u32> = lines.iter().copied().collect();
    let added = file.text().lines().zip(1u32..).filter(|(_, number)| lines.contains(number));
    let found = added.flat_map(|(line, number)| {
        NAME.find_iter(line).map(move |found| {
            let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX - 1);
            let span = Span::on_line(number, count(&line[..found.start()]) + 1, count(found.as_str()));
            (found.as_str().to_owned(), span)
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{told_by, told_change},
    };

    fn policy() -> Policy {
        toml::from_str("[checks.14a]\nrequired = ['SIGNOFF-*.md', 'docs/HANDOFF.md']\n").expect("is a policy")
    }

    #[test]
    fn required_files_are_looked_for() {
        assert_eq!(
            told_by(&Signoff, &[("README.md", "x")], &policy()),
            ["SIGNOFF-*.md SIGNOFF-*.md is not there", "docs/HANDOFF.md docs/HANDOFF.md is not there"]
        );
        let files = [("sign/SIGNOFF-security.md", "ok"), ("docs/HANDOFF.md", "")];
        assert_eq!(told_by(&Signoff, &files, &policy()), ["docs/HANDOFF.md docs/HANDOFF.md is empty"]);
        assert_eq!(told_by(&Signoff, &files, &Policy::default()), [""; 0]);
    }

    #[test]
    fn what_an_infrastructure_change_names_must_be_there() {
        let log = ("CHANGELOG.md", "- x, see sign/SIGNOFF-qa.md and HANDOFF.md\n");
        let (old, infra) = ([("HANDOFF.md", "x")], ("k8s/a.yaml", "a: 1\n"));
        let said = told_change(&Signoff, &old, &[old[0], log, infra], &Policy::default());
        assert_eq!(said, ["CHANGELOG.md:1:15 SIGNOFF-qa.md is not there"]);
        assert_eq!(told_change(&Signoff, &old, &[old[0], log], &Policy::default()), [""; 0]);
    }
}
