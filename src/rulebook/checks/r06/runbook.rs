//! A runbook that lacks a part.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::runbooks::runbooks,
        syntax::markdown::Page,
        tree::Tree,
    },
};

/// 06b: runbook lacks a part.
pub struct Runbook;

static META: Meta = Meta {
    id: "06b",
    title: "runbook lacks a part",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "A runbook is read under pressure. It has to say why, what to do, how to see that it worked, how to go back, and whom to call.",
    fix: "Add a heading for each part that is missing, with at least one line below it.",
    precedent: &[],
    references: &["https://sre.google/workbook/on-call/"],
    parameters: &[Parameter {
        name: "sections",
        about: "the headings that a runbook must have; `|` stands between words of the same meaning, the first names the part",
        default: Value::Texts(&[
            "Why|Purpose|Overview|Context|Background|Symptom|When to use|When|About|Introduction|Summary|Impact|Trigger|Meaning|Description",
            "Steps|Step|Procedure|Actions|Action|Resolution|Mitigation|Remediation|How to|Instructions|Runbook|Response|Diagnosis|Commands",
            "Verify|Verification|Verifying|Validate|Validation|Check|Checks|Confirm|Confirmation|Test|Acceptance",
            "Rollback|Roll back|Rolling back|Back out|Backout|Revert|Reverting|Undo|Way back|Recovery",
            "Escalation|Escalate|Escalating|Contact|Contacts|Who to call|On-call|Oncall|Support|Owner|Owners",
        ]),
    }],
};

impl Check for Runbook {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let sections: Vec<String> = out.texts("sections").into_iter().map(str::to_owned).collect();
        let runbooks = runbooks(tree, out.policy);
        for (file, page) in &runbooks {
            let missing = sections.iter().filter(|section| !has_section(page, section));
            let missing: Vec<&str> = missing.map(|section| section.split('|').next().unwrap_or(section)).collect();
            if !missing.is_empty() {
                let span = page.title().map(|title| title.span);
                let draft = out.at(file, span).observed(format!("no section {}", missing.join(", "))).key("sections");
                draft
                    .expected("sections Why, Steps, Verify, Rollback, Escalation (or words of the same meaning)")
                    .fail();
            }
        }
        if runbooks.is_empty() { Judged::No } else { Judged::Yes }
    }
}

/// Whether a heading below the title begins with one of the words, after a number if it has one; or holds it, where it is of several words.
fn has_section(page: &Page, words: &str) -> bool {
    let is_title = |at: usize| at == 0 && page.headings.first().is_some_and(|heading| heading.level == 1);
    let headings = page.headings.iter().enumerate().filter(|(at, _)| !is_title(*at)).map(|(_, heading)| heading);
    let texts: Vec<String> = headings.map(|heading| heading.text.to_lowercase()).collect();
    words.split('|').any(|word| {
        let word = word.trim().to_lowercase();
        texts.iter().any(|text| {
            let ends = |at: usize| !text[at + word.len()..].starts_with(char::is_alphanumeric);
            let begins = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
            text.match_indices(&word).any(|(at, _)| begins(at) && ends(at))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn missing_parts_are_named() {
        let text = "# Verify and rollback of web\n\n## Why\n## 1. Steps\n## Escalation path\n";
        assert_eq!(
            told(&Runbook, &[("docs/runbooks/web.md", text)]),
            ["docs/runbooks/web.md:1:1 no section Verify, Rollback"]
        );
        assert_eq!(told(&Runbook, &[("web/RUNBOOK.md", "text\n")]).len(), 1);
    }

    #[test]
    fn synonyms_count_and_other_pages_are_left_alone() {
        let text = "# Web\n## Purpose\n## Procedure\n## Verification\n## How to roll back\n## Who to call\n";
        let files = [("docs/runbooks/web.md", text), ("docs/runbooks/README.md", "# List\n"), ("docs/a.md", "# A\n")];
        assert_eq!(told(&Runbook, &files), [""; 0]);
    }
}
