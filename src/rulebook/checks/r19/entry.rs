//! A change of infrastructure that the CHANGELOG does not tell of: when, who, why, to what effect.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            change::{Change, Changed},
            logged::{Logged, new_entries},
            places::is_infrastructure,
        },
        tree::Tree,
    },
};

/// 19a: infrastructure changed without a complete CHANGELOG entry.
pub struct Entry;

static META: Meta = Meta {
    id: "19a",
    title: "infrastructure changed without a complete CHANGELOG entry",
    level: Level::Block,
    scopes: &[Scope::Diff],
    why: "Whoever looks into an incident asks what changed, when, by whom and why. That has to be written down with the change, not afterwards.",
    fix: "Add an entry: `- 2026-01-31T14:00Z (who) what was changed. Why: …. Impact: …`.",
    precedent: &[],
    references: &["https://keepachangelog.com/en/1.1.0/"],
    parameters: &[],
};

impl Check for Entry {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn change(&self, change: &Change, _tree: &Tree, out: &mut Out<'_>) -> Judged {
        let touched: Vec<&Changed> = change
            .files
            .iter()
            .filter(|changed| {
                [&changed.new, &changed.old].into_iter().flatten().any(|file| is_infrastructure(file, out.policy))
            })
            .collect();
        let Some(first) = touched.first() else { return Judged::No };
        let entries = new_entries(change);
        let best = entries.iter().min_by_key(|logged| logged.entry.missing().len());
        let expected = "an entry with a time in UTC, who, why and impact";
        match best {
            Some(logged) if logged.entry.missing().is_empty() => {}
            Some(Logged { file, entry }) => {
                let seen = format!("the entry lacks {}", entry.missing().join(", "));
                out.at(file, entry.span).observed(seen).key("entry").expected(expected).fail();
            }
            None => {
                let Some(file) = first.new.as_ref().or(first.old.as_ref()) else { return Judged::Yes };
                let seen = match touched.len() {
                    1 => format!("{} changed, and no entry is new in the CHANGELOG", first.path),
                    count => {
                        format!("{} and {} more changed, and no entry is new in the CHANGELOG", first.path, count - 1)
                    }
                };
                out.at(file, None).observed(seen).key("entry").expected(expected).fail();
            }
        }
        Judged::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_change};

    fn said(log: &str) -> Vec<String> {
        let before = "# Log\n- 2025-01-01T00:00Z (a) b. Why: c. Impact: d\n";
        let old = [("k8s/a.yaml", "a: 1\n"), ("deploy/b.sh", "x\n"), ("CHANGELOG.md", before)];
        let log = format!("{before}{log}");
        let new = [("k8s/a.yaml", "a: 2\n"), ("deploy/b.sh", "y\n"), ("CHANGELOG.md", log.as_str())];
        told_change(&Entry, &old, &new, &Policy::default())
    }

    #[test]
    fn a_change_needs_a_complete_entry() {
        assert_eq!(said(""), ["deploy/b.sh deploy/b.sh and 1 more changed, and no entry is new in the CHANGELOG"]);
        assert_eq!(said("- changed b\n"), ["CHANGELOG.md:3:1 the entry lacks a time in UTC, who, why, impact"]);
        assert_eq!(
            said("- 2026-01-01 10:00 CET (a) b. Why: c. Impact: d\n"),
            ["CHANGELOG.md:3:1 the entry lacks a time in UTC (its time is not)"]
        );
        assert_eq!(said("- changed b\n- 2026-01-01T10:00Z (a) b. Why: c. Impact: d\n"), [""; 0]);
    }

    #[test]
    fn other_changes_need_none() {
        let policy = Policy::default();
        assert_eq!(
            told_change(
                &Entry,
                &[],
                &[("src/a.rs", "x"), ("k8s/README.md", "x"), ("tests/compose.yaml", "a: 1")],
                &policy
            ),
            [""; 0]
        );
        assert_eq!(told_change(&Entry, &[("Dockerfile", "FROM a\n")], &[], &policy).len(), 1, "a deletion is a change");
    }
}
