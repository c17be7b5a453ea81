//! Changelogs in their many forms.

use super::*;
use crate::rulebook::syntax::markdown;
use proptest::prelude::*;

fn read(text: &str) -> Changelog {
    Changelog::of(&markdown::parse(text).expect("any text is a page"))
}

fn only(text: &str) -> Entry {
    read(text).entries().next().expect("has an entry").1.clone()
}

#[test]
fn sections_and_entries() {
    let log = read(
        "# Changelog\n\nAll changes.\n\n## [Unreleased]\n\n### Added\n- one\n  more\n- two\n\n## [1.2.0] - 2024-05-01\n### Removed\n* three\n\n## v1.1.0-rc.1 (2024-04-01) [YANKED]\n",
    );
    let seen: Vec<_> = log.sections.iter().map(|s| (s.version.as_deref(), s.is_unreleased, s.entries.len())).collect();
    assert_eq!(seen, [(None, false, 1), (None, true, 2), (Some("1.2.0"), false, 1), (Some("1.1.0-rc.1"), false, 0)]);
    assert_eq!(log.sections[2].date.map(|date| date.to_string()).as_deref(), Some("2024-05-01"));
    let entries: Vec<_> =
        log.entries().skip(1).map(|(_, e)| (e.category.as_str(), e.text.as_str(), e.span.line)).collect();
    assert_eq!(entries, [("Added", "one more", 8), ("Added", "two", 10), ("Removed", "three", 14)]);
}

#[test]
fn an_entry_tells_when_who_why_and_impact() {
    let entry = only(
        "- 2026-11-28T14:00Z (ops-a) moved web. Why: 8080 is taken. Impact: clients reconnect. Authorised-by: cto",
    );
    assert_eq!(entry.missing(), [""; 0]);
    let fields = &entry.fields;
    assert_eq!(fields.at.map(|at| at.to_string()).as_deref(), Some("2026-11-28T14:00:00Z"));
    assert_eq!(fields.who.as_deref(), Some("ops-a"));
    assert_eq!(fields.why.as_deref(), Some("8080 is taken"));
    assert_eq!(fields.impact.as_deref(), Some("clients reconnect"));
    assert_eq!(fields.authorised_by.as_deref(), Some("cto"));
}

#[test]
fn other_forms_are_taken_too() {
    for text in [
        "- **2026-11-28 14:00 UTC** — @ops-a — moved. **Why:** full. **Impact:** none.",
        "- `2026-11-28T14:00:00+00:00` ops-a: moved; reason: full; affected: nobody",
        "- 2026-11-28T14:00:00Z by ops-a, moved\n  - Reason: full\n  - Impact: none\n",
        "### 2026-11-28T14:00Z ops-a\n- What: moved\n- Why: full\n- Impact: none\n",
        "- When: 2026-11-28 14:00Z\n- Who: ops-a\n- Why: full\n- Impact: none\n",
        "| UTC | Who | What | Why | Impact |\n|-|-|-|-|-|\n| 2026-11-28 14:00 | ops-a | moved | full | none |\n",
        "2026-11-28T14:00Z [ops-a] moved. Why: full. Impact: none.\n",
        "- Moved web (2026-11-28T14:00Z, ops-a@example.org). Why: full. Impact: none\n",
    ] {
        let entry = only(text);
        assert_eq!(entry.missing(), [""; 0], "{text}: {entry:?}");
        assert!(entry.fields.who.as_deref().is_some_and(|who| who.contains("ops-a")), "{text}: {entry:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(only("- moved web").missing(), ["a time in UTC", "who", "why", "impact"]);
    assert_eq!(only("- 2026-11-28 14:00 CET (a) x. Why: y. Impact: z").missing(), ["a time in UTC (its time is not)"]);
    assert_eq!(only("- 2026-11-28T14:00Z (a) x. Why: TBD. Impact:").missing(), ["why", "impact"]);
    assert_eq!(only("| UTC | Who | Why | Impact |\n|-|-|-|-|\n| 2026-11-28 14:00 | a |  | z |").missing(), ["why"]);
    assert_eq!(only("- 2026-11-28T14:00Z replaced by nginx. Why: y. Impact: z").missing(), ["who"]);
    assert_eq!(only("- 2026-11-28 (a) x. Why: y. Impact: z").missing(), ["a time in UTC", "who"]);
}

#[test]
fn breaking_is_said_in_the_entry_or_above_it() {
    assert!(only("- **BREAKING**: port 80 is gone").is_breaking());
    assert!(only("### Breaking changes\n- port 80 is gone").is_breaking());
    assert!(!only("- a non-breaking change").is_breaking());
    assert!(!only("- breakage of nothing").is_breaking());
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s)[-#>*|a-cZT0-9:. \n()]{0,200}") {
        read(&text);
    }
}
