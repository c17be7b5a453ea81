//! The report as JSON, as the contract of `check --format json` has it. What is not known is null.

use super::{Attestation, Note, Report};
use crate::{
    model::{
        Timestamp,
        finding::{Finding, Level, Status},
        text::escaped_json,
    },
    rulebook::{
        policy::{
            baseline::Lowered,
            since::{Change, Comparison, Stored},
            waiver::WaiverUse,
        },
        rule_name,
    },
};
use compact_str::{CompactString, format_compact};
use serde::Serialize;
use std::collections::HashMap;

/// The document.
#[derive(Debug, Serialize)]
pub struct Document<'r> {
    started_at: Timestamp,
    finished_at: Timestamp,
    scopes: Vec<&'static str>,
    summary: Summary,
    rules: Vec<Rule>,
    findings: Vec<Entry<'r>>,
    attestations: &'r [Attestation],
    notes: &'r [Note],
    waivers: Vec<UsedWaiver<'r>>,
    baseline: &'r [Lowered],
    since: Option<Since<'r>>,
}

#[derive(Debug, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    unknown: usize,
    waived: usize,
    /// Violations only.
    by_severity: Levels,
    /// What could not be judged, by the level of its check.
    unknown_by_severity: Levels,
}

#[derive(Debug, Serialize)]
struct Levels {
    info: usize,
    warn: usize,
    error: usize,
    block: usize,
}

impl Levels {
    fn of([info, warn, error, block]: [(Level, usize); 4]) -> Self {
        Self { info: info.1, warn: warn.1, error: error.1, block: block.1 }
    }
}

#[derive(Debug, Serialize)]
struct Rule {
    rule: u8,
    name: &'static str,
    pass: usize,
    fail: usize,
    unknown: usize,
    waived: usize,
}

#[derive(Debug, Serialize)]
struct Entry<'r> {
    /// Check and fingerprint; numbered where one fingerprint stands several times.
    id: CompactString,
    fingerprint: &'r str,
    rule: u8,
    check: &'r str,
    title: &'r str,
    severity: &'static str,
    status: &'static str,
    scope: &'static str,
    resource: &'r str,
    origin: Option<&'r str>,
    file: Option<&'r str>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    pointer: Option<&'r str>,
    observed: Option<&'r str>,
    expected: Option<&'r str>,
    fix: Option<&'r str>,
    owner: Option<&'r str>,
    waiver: Option<Waiver<'r>>,
    first_seen: Option<Timestamp>,
    age_seconds: Option<f64>,
    change: Option<Change>,
}

#[derive(Debug, Serialize)]
struct Waiver<'r> {
    owner: &'r str,
    reason: &'r str,
    expires: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct UsedWaiver<'r> {
    #[serde(flatten)]
    used: &'r WaiverUse,
    place: Option<&'r str>,
    is_notable: bool,
}

#[derive(Debug, Serialize)]
struct Since<'r> {
    before: Timestamp,
    new: usize,
    changed: usize,
    unchanged: usize,
    unseen: usize,
    gone: &'r [Stored],
}

impl<'r> Document<'r> {
    /// The document of a report.
    pub fn of(report: &'r Report) -> Self {
        let counts = report.counts();
        let changes = report.changes();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let entry = |finding: &'r Finding| {
            let number = seen.entry(&finding.fingerprint).or_default();
            *number += 1;
            Entry::of(finding, report, *number, changes.get(finding.fingerprint.as_str()).copied())
        };
        Self {
            started_at: report.started_at,
            finished_at: report.finished_at,
            scopes: report.scopes.iter().map(|scope| scope.word()).collect(),
            summary: Summary {
                pass: counts.pass,
                fail: counts.fail,
                unknown: counts.unknown,
                waived: counts.waived,
                by_severity: Levels::of(report.by_level(Status::Fail)),
                unknown_by_severity: Levels::of(report.by_level(Status::Unknown)),
            },
            rules: rules(report),
            findings: report.sorted().into_iter().map(entry).collect(),
            attestations: &report.attestations,
            notes: &report.notes,
            waivers: report.waivers.iter().map(UsedWaiver::of).collect(),
            baseline: &report.lowered,
            since: report.since.as_ref().map(Since::of),
        }
    }
}

fn rules(report: &Report) -> Vec<Rule> {
    let rules = report.by_rule().into_iter().map(|(rule, counts)| Rule {
        rule,
        name: rule_name(rule),
        pass: counts.pass,
        fail: counts.fail,
        unknown: counts.unknown,
        waived: counts.waived,
    });
    rules.collect()
}

impl<'r> Entry<'r> {
    fn of(finding: &'r Finding, report: &Report, number: usize, change: Option<Change>) -> Self {
        let Finding { check, fingerprint, .. } = finding;
        let first_seen = report.first_seen.get(fingerprint).copied();
        let span = finding.span.filter(|span| span.line > 0 && span.column > 0);
        let end = span.filter(|span| (span.end_line, span.end_column) >= (span.line, span.column));
        Self {
            id: match number {
                1 => format_compact!("{check}-{fingerprint}"),
                number => format_compact!("{check}-{fingerprint}-{number}"),
            },
            fingerprint,
            rule: finding.rule(),
            check,
            title: &finding.title,
            severity: finding.level.word(),
            status: finding.status.word(),
            scope: finding.scope.word(),
            resource: &finding.resource,
            origin: given(&finding.origin),
            file: finding.file.as_deref(),
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            end_line: end.map(|span| span.end_line),
            end_column: end.map(|span| span.end_column),
            pointer: finding.pointer.as_deref(),
            observed: given(&finding.observed),
            expected: given(&finding.expected),
            fix: given(&finding.fix),
            owner: finding.owner.as_deref(),
            waiver: finding.waiver.as_ref().map(|note| Waiver {
                owner: &note.owner,
                reason: &note.reason,
                expires: note.expires,
            }),
            first_seen,
            age_seconds: first_seen.map(|first| report.finished_at.duration_since(first).as_secs_f64().max(0.0)),
            change,
        }
    }
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl<'r> UsedWaiver<'r> {
    fn of(used: &'r WaiverUse) -> Self {
        Self { used, place: given(&used.waiver.place), is_notable: used.is_notable() }
    }
}

impl<'r> Since<'r> {
    fn of(compared: &'r Comparison) -> Self {
        Self {
            before: compared.before,
            new: compared.new.len(),
            changed: compared.changed.len(),
            unchanged: compared.unchanged.len(),
            unseen: compared.unseen.len(),
            gone: &compared.gone,
        }
    }
}

/// The report as indented JSON; characters that could harm a terminal are `\u` escapes.
pub fn write(report: &Report) -> String {
    let mut text = escaped_json(&serde_json::to_string_pretty(&Document::of(report)).unwrap_or_default());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use serde_json::{Value, json};

    fn document() -> Value {
        serde_json::from_str(&super::write(&sample::report())).expect("JSON")
    }

    #[test]
    fn the_contract_is_kept() {
        let document = document();
        assert_eq!(document["started_at"], "2026-05-01T10:00:00Z");
        let summary = json!({
            "pass": 5, "fail": 3, "unknown": 1, "waived": 2,
            "by_severity": {"info": 1, "warn": 0, "error": 1, "block": 1},
            "unknown_by_severity": {"info": 0, "warn": 0, "error": 1, "block": 0},
        });
        assert_eq!(document["summary"], summary);
        let finding = &document["findings"][2];
        let keys = [
            "id",
            "fingerprint",
            "rule",
            "check",
            "title",
            "severity",
            "status",
            "scope",
            "resource",
            "file",
            "line",
            "column",
            "pointer",
            "observed",
            "expected",
            "fix",
            "owner",
            "waiver",
        ];
        for finding in document["findings"].as_array().expect("findings") {
            assert!(keys.iter().all(|key| finding.get(*key).is_some()), "{finding}");
        }
        let fingerprint = finding["fingerprint"].as_str().expect("a fingerprint");
        assert_eq!(finding["id"], format!("11a-{fingerprint}"));
        assert_eq!(
            (&finding["rule"], &finding["check"], &finding["severity"]),
            (&json!(11), &json!("11a"), &json!("error"))
        );
        assert_eq!((&finding["line"], &finding["column"], &finding["end_column"]), (&json!(2), &json!(5), &json!(9)));
        assert_eq!((&finding["owner"], &finding["waiver"]), (&json!("@ops/web"), &Value::Null));
        assert_eq!(finding["age_seconds"], json!(172_800.5));
        assert_eq!(document["findings"][1]["status"], "unknown");
        let waived = &document["findings"][3];
        let waiver = json!({"owner": "@sec", "reason": "moves in May", "expires": "2026-06-01T00:00:00Z"});
        assert_eq!((&waived["status"], &waived["line"], &waived["waiver"]), (&json!("waived"), &Value::Null, &waiver));
        let attested = json!([{
            "rule": 5, "subject": "restore of the backup tested", "state": "expired", "by": "ada",
            "at": "2026-01-01T00:00:00Z", "expires": "2026-04-01T00:00:00Z",
        }]);
        assert_eq!(document["attestations"], attested);
        assert_eq!(document["notes"][0]["source"], "kube prod");
    }

    #[test]
    fn ids_are_unique_and_text_is_harmless() {
        let mut report = sample::report();
        report.findings.push(report.findings[0].clone());
        let text = super::write(&report);
        assert!(text.chars().all(|c| c == '\n' || crate::model::text::is_harmless(c)));
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let ids: std::collections::BTreeSet<&str> = document["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .filter_map(|finding| finding["id"].as_str())
            .collect();
        assert_eq!(ids.len(), 7);
        assert_eq!(document["findings"][4]["observed"], "evil \u{1b}[2J <b>|`x`\n::error::", "JSON is exact");
    }
}
