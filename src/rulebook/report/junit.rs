//! The report as JUnit XML, for the test views of build servers: a suite a rule, a case for each check and object that has findings,
//! and one for all that passed a check. What could not be judged is an error; what is waived, or weighs too little to fail, is skipped.

use super::{Report, rule_title};
use crate::{
    model::{
        Timestamp,
        finding::{Finding, Level, Status, rule_of},
        text::clean,
    },
    rulebook::policy::waiver::place_of,
};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    time::Duration,
};

/// The report as XML. What weighs as much as `fail_on` or more fails, as the exit code has it.
pub fn write(report: &Report, fail_on: Level) -> String {
    let mut xml = quick_junit::Report::new("flightdeck check");
    xml.timestamp = foreign_time(report.started_at);
    xml.time = Duration::try_from(report.finished_at.duration_since(report.started_at)).ok();
    let ran = report.checks.iter().map(|meta| meta.rule());
    let rules: BTreeSet<u8> = ran.chain(report.by_rule().into_keys()).collect();
    for rule in rules {
        let suite = suite(report, rule, fail_on);
        if !suite.test_cases.is_empty() {
            xml.add_test_suite(suite);
        }
    }
    xml.to_string().unwrap_or_default()
}

/// The library has its times from yet another library; RFC 3339 is what both know.
fn foreign_time<T: FromStr>(time: Timestamp) -> Option<T> {
    time.to_string().parse().ok()
}

fn suite(report: &Report, rule: u8, fail_on: Level) -> TestSuite {
    let mut suite = TestSuite::new(rule_title(rule));
    let passed = report.passed.iter().filter(|(check, count)| rule_of(check) == rule && **count > 0);
    let mut all = 0;
    for (check, count) in passed {
        let title = report.meta(check).map_or("", |meta| meta.title);
        let mut case = TestCase::new(line(&format!("{check} {title}: passed")), TestCaseStatus::success());
        case.set_classname(class(check)).set_assertions(*count);
        suite.add_test_case(case);
        all += count;
    }
    suite.extra.insert("passed".into(), all.to_string().into());
    // Cases, and the findings of each, in the order of every form.
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known: BTreeMap<(&str, String, &str, Status), usize> = BTreeMap::new();
    for finding in report.sorted().into_iter().filter(|finding| finding.rule() == rule) {
        let key = (finding.check.as_str(), place_of(finding), finding.resource.as_str(), finding.status);
        let at = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    suite.add_test_cases(groups.iter().filter_map(|group| case(group, fail_on)));
    suite
}

/// What a check says of an object, as a case.
fn case(group: &[&Finding], fail_on: Level) -> Option<TestCase> {
    let first = *group.first()?;
    let level = group.iter().map(|finding| finding.level).max()?;
    let mut status = match first.status {
        _ if level < fail_on => TestCaseStatus::skipped(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Waived => TestCaseStatus::skipped(),
    };
    let message = match (first.status, &first.waiver) {
        (Status::Waived, Some(note)) => format!("waived by {}: {}", note.owner, note.reason),
        _ => {
            let observed = group.iter().map(|finding| clean(&finding.observed)).collect::<Vec<_>>().join("; ");
            let light = if level < fail_on {
                format!("{}, fails from {} on: ", level.word(), fail_on.word())
            } else {
                String::new()
            };
            light + &observed
        }
    };
    status.set_message(line(&message)).set_type(level.word()).set_description(description(group));
    let place = place_of(first);
    let about = if first.file.as_ref() == Some(&first.resource) || place.ends_with(first.resource.as_str()) {
        place
    } else {
        format!("{place} {}", first.resource)
    };
    let mut case = TestCase::new(line(&format!("{} {}: {about}", first.check, first.title)), status);
    case.set_classname(class(&first.check));
    if let Some(file) = &first.file {
        case.extra.insert("file".into(), line(file));
        if let Some(span) = first.span.filter(|span| span.line > 0) {
            case.extra.insert("line".into(), span.line.to_string().into());
        }
    }
    Some(case)
}

/// A block a finding: where, what was seen, what should be; and what to do.
fn description(group: &[&Finding]) -> XmlString {
    let mut lines = Vec::new();
    for finding in group {
        let at = finding.span.filter(|span| span.line > 0).map(|span| format!(":{}:{}", span.line, span.column));
        lines.push(format!("{}{} {}", place_of(finding), at.unwrap_or_default(), finding.observed));
        if !finding.expected.is_empty() {
            lines.push(format!("expected: {}", finding.expected));
        }
        if let Some(owner) = &finding.owner {
            lines.push(format!("owner: {owner}"));
        }
    }
    if let Some(fix) = group.first().map(|finding| &finding.fix).filter(|fix| !fix.is_empty()) {
        lines.push(format!("fix: {fix}"));
    }
    let lines: Vec<String> = lines.iter().map(|text| line(text).into_string()).collect();
    lines.join("\n").into()
}

fn class(check: &str) -> String {
    format!("flightdeck.rule{:02}.{check}", rule_of(check))
}

/// One harmless line. XML 1.0 knows no signs U+FFFE and U+FFFF (<https://www.w3.org/TR/xml/#charsets>).
fn line(text: &str) -> XmlString {
    clean(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}").into()
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};
    use proptest::prelude::*;

    #[test]
    fn suites_are_rules_and_cases_are_objects() {
        let report = sample::report();
        let xml = write(&report, Level::Info);
        let read = quick_junit::Report::deserialize_from_str(&xml).expect("is JUnit");
        let suites: Vec<_> = read
            .test_suites
            .iter()
            .map(|suite| (suite.name.as_str(), suite.tests, suite.failures, suite.errors, suite.skipped))
            .collect();
        assert_eq!(
            suites,
            [("5 central documentation", 1, 0, 0, 1), ("11 container standards", 7, 3, 1, 1)].map(|mut suite| {
                if suite.0.starts_with('5') {
                    suite.0 = "5 professional standards";
                }
                suite
            })
        );
        assert!(
            xml.contains(
                r#"<testsuite name="11 container standards" tests="7" skipped="1" errors="1" failures="3" passed="5">"#
            ),
            "{xml}"
        );
        assert!(xml.contains(
            r#"<testcase name="11a image without tag, or `latest`: deploy/compose.yml service web" classname="flightdeck.rule11.11a" file="deploy/compose.yml" line="2">"#
        ), "{xml}");
        assert!(
            xml.contains(r#"<failure message="nginx:latest" type="error">deploy/compose.yml:2:5 nginx:latest"#),
            "{xml}"
        );
        assert!(xml.contains("expected: a tag that names a version\nowner: @ops/web\nfix: Name a version."), "{xml}");
        assert!(xml.contains(r#"assertions="3""#) && xml.contains("local: container web\""), "{xml}");
        assert!(!xml.contains('\u{1b}') && !xml.contains("<b>"), "{xml}");
    }

    #[test]
    fn what_weighs_too_little_to_fail_is_skipped() {
        let report = sample::report();
        let read = |level| {
            let read = quick_junit::Report::deserialize_from_str(&write(&report, level)).expect("is JUnit");
            let count = |of: fn(&TestSuite) -> usize| read.test_suites.iter().map(of).sum::<usize>();
            (count(|it| it.failures) + count(|it| it.errors), count(|it| it.skipped))
        };
        assert_eq!(
            Level::ALL.map(read),
            Level::ALL.map(|level| {
                let failing = report.counting(level);
                (failing, report.findings.len() - failing)
            })
        );
        assert!(write(&report, Level::Block).contains("error, fails from block on: nginx:latest"));
    }

    #[test]
    fn findings_of_one_object_are_one_case() {
        let mut report = sample::report();
        let mut again = report.findings[0].clone();
        again.observed = "redis:latest".into();
        report.findings.push(again);
        let xml = write(&report, Level::Info);
        assert!(xml.contains("tests=\"7\"") && xml.contains("message=\"nginx:latest; redis:latest\""), "{xml}");
    }

    proptest! {
        #[test]
        fn any_text_makes_xml_that_reads_back(text in any::<String>()) {
            let mut report = sample::report();
            report.findings[0].observed.clone_from(&text);
            report.findings[0].file = Some(text.as_str().into());
            report.findings[0].check = "11a".into();
            let xml = write(&report, Level::Info);
            prop_assert!(quick_junit::Report::deserialize_from_str(&xml).is_ok(), "{}", xml);
            let is_clean = !xml.contains(['\u{fffe}', '\u{ffff}']);
            prop_assert!(is_clean);
        }
    }
}
