//! What a run of the rule book came to, and its forms: text for a person, JSON, SARIF, JUnit and Markdown for programs and pages.
//!
//! Every form is made from one [`Report`], so that all of them say the same.

mod columns;
pub mod explain;
pub mod json;
pub mod junit;
mod links;
pub mod markdown;
#[cfg(test)]
pub mod sample;
pub mod sarif;
pub mod text;

use super::{
    check::Meta,
    policy::{
        attest,
        baseline::Lowered,
        since::{Change, Comparison},
        waiver::WaiverUse,
    },
    rule_name,
};
use crate::model::{
    Timestamp,
    finding::{Counts, Finding, Level, Scope, Status, rule_of},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// The scopes that were looked at.
    pub scopes: Vec<Scope>,
    /// The checks that ran.
    pub checks: Vec<&'static Meta>,
    /// As the policy has settled them.
    pub findings: Vec<Finding>,
    /// How many judgements of each check passed.
    pub passed: BTreeMap<CompactString, usize>,
    pub attestations: Vec<Attestation>,
    /// Sources and files that could not be read.
    pub notes: Vec<Note>,
    /// Every waiver of the policy.
    pub waivers: Vec<WaiverUse>,
    /// Where the baseline accepts more than there is.
    pub lowered: Vec<Lowered>,
    /// The comparison with the run before, where it was asked for.
    pub since: Option<Comparison>,
    /// When each fingerprint was first seen, where that is known.
    pub first_seen: BTreeMap<CompactString, Timestamp>,
}

/// What a person vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    pub rule: u8,
    /// What is vouched for: `restore of the backup tested`.
    pub subject: String,
    pub state: attest::State,
    pub by: Option<CompactString>,
    pub at: Option<Timestamp>,
    pub expires: Option<Timestamp>,
}

/// A source or a file that could not be read, so that nothing is known about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// A path, an engine, a context.
    pub source: CompactString,
    /// Why, and what to do.
    pub message: String,
}

impl Report {
    /// How many there are of each result.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { pass: self.passed.values().sum(), ..Counts::default() };
        for finding in &self.findings {
            counts.count(finding.status);
        }
        counts
    }

    /// The same by rule.
    pub fn by_rule(&self) -> BTreeMap<u8, Counts> {
        let mut rules: BTreeMap<u8, Counts> = BTreeMap::new();
        for (check, passed) in &self.passed {
            rules.entry(rule_of(check)).or_default().pass += passed;
        }
        for finding in &self.findings {
            rules.entry(finding.rule()).or_default().count(finding.status);
        }
        rules
    }

    /// How many findings of a status there are of each level, the lightest level first.
    pub fn by_level(&self, status: Status) -> [(Level, usize); 4] {
        let count = |level| self.findings.iter().filter(|found| found.status == status && found.level == level).count();
        Level::ALL.map(|level| (level, count(level)))
    }

    /// The findings as every form lists them: what weighs most first, then by check, file, place and object.
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        findings
    }

    /// How many findings weigh as much as `fail_on` or more: violations, and what could not be judged, which weighs as its check.
    pub fn counting(&self, fail_on: Level) -> usize {
        let counts = |finding: &&Finding| finding.status != Status::Waived && finding.level >= fail_on;
        self.findings.iter().filter(counts).count()
    }

    /// What the comparison says of each fingerprint.
    pub(crate) fn changes(&self) -> HashMap<&str, Change> {
        self.since.as_ref().map(Comparison::changes).unwrap_or_default()
    }

    /// What is known of a check that ran.
    pub(crate) fn meta(&self, check: &str) -> Option<&'static Meta> {
        self.checks.iter().copied().find(|meta| meta.id == check)
    }
}

/// The exit code of `check` (contract): 1 where something weighs as much as `fail_on`, otherwise 0.
pub fn exit_code(report: &Report, fail_on: Level) -> u8 {
    u8::from(report.counting(fail_on) > 0)
}

#[allow(clippy::type_complexity, reason = "a key to sort by, used once")]
fn order(
    finding: &Finding,
) -> (Reverse<Level>, &str, Option<&str>, Option<(u32, u32)>, &str, &str, Status, &str, &str) {
    (
        Reverse(finding.level),
        &finding.check,
        finding.file.as_deref(),
        finding.span.map(|span| (span.line, span.column)),
        &finding.origin,
        &finding.resource,
        finding.status,
        &finding.fingerprint,
        &finding.observed,
    )
}

/// `11 container standards`; `the rule book itself` for 0.
pub(crate) fn rule_title(rule: u8) -> String {
    if rule == 0 { rule_name(0).to_owned() } else { format!("{rule} {}", rule_name(rule)) }
}

/// `1 finding`, `2 findings`.
pub(crate) fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_weighs_enough_and_is_not_waived_fails_a_run() {
        let report = sample::report();
        assert_eq!(report.counts(), Counts { pass: 5, fail: 3, unknown: 1, waived: 2 });
        assert_eq!(Level::ALL.map(|level| report.counting(level)), [4, 3, 3, 1]);
        assert_eq!(exit_code(&report, Level::Block), 1);
        let mut report = report;
        report.findings.retain(|finding| finding.status == Status::Waived);
        assert_eq!(exit_code(&report, Level::Info), 0);
        report.findings[0].status = Status::Unknown;
        report.findings[0].level = Level::Error;
        assert_eq!(
            (exit_code(&report, Level::Error), exit_code(&report, Level::Block)),
            (1, 0),
            "unknown weighs as its check"
        );
    }

    #[test]
    fn every_form_lists_in_one_order() {
        let report = sample::report();
        let order: Vec<&str> = report.sorted().iter().map(|finding| finding.check.as_str()).collect();
        assert_eq!(order, ["11f", "11a", "11a", "05z", "11a", "11b"]);
        let mut turned = report.clone();
        turned.findings.reverse();
        assert_eq!(turned.sorted(), report.sorted());
    }
}
