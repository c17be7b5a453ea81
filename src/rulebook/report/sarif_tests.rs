//! Tests of the SARIF form: against the schema of the standard, and against what the schema does not say.

use super::{super::sample, *};
use crate::{
    model::finding::Scope,
    rulebook::policy::since::{Comparison, StoredRun},
};
use proptest::prelude::*;
use std::sync::LazyLock;

const STANDARD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sarif/sarif-schema-2.1.0.json"));

fn faults(log: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let mut schema: Value = serde_json::from_str(STANDARD).expect("JSON");
        // A pattern that is none in the strict reading; nothing is said here about languages.
        for part in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][part]["properties"]["language"];
            assert!(language.as_object_mut().expect("declared").remove("pattern").is_some());
        }
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
    });
    VALIDATOR.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn written(report: &Report) -> Value {
    serde_json::from_str(&write(report)).expect("JSON")
}

#[test]
fn the_standard_accepts_it() {
    let mut report = sample::report();
    assert_eq!(faults(&written(&report)), Vec::<String>::new());
    let before = StoredRun::of(&report.findings[..3], None, report.started_at, &|_| true);
    report.since = Some(Comparison::of(&before, &report.findings, report.finished_at, &|_| true));
    let log = written(&report);
    assert_eq!(faults(&log), Vec::<String>::new());
    let states: Vec<&str> = results(&log).iter().filter_map(|result| result["baselineState"].as_str()).collect();
    assert_eq!(states, ["unchanged", "unchanged", "unchanged", "new", "new", "new"]);
    assert_eq!(faults(&written(&Report::default())), Vec::<String>::new());
    assert!(!faults(&json!({"version": "2.1.0", "runs": [{}]})).is_empty(), "the test can fail");
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn results_say_what_and_where() {
    let log = written(&sample::report());
    let [block, unknown, first, odd, baseline, info] = results(&log) else { panic!("{log}") };
    assert_eq!((&block["level"], &block["kind"]), (&json!("error"), &json!("fail")));
    assert_eq!(
        block["locations"][0],
        json!({"logicalLocations": [{
            "name": "container web",
            "fullyQualifiedName": "local: container web/HostConfig/Privileged",
            "kind": "resource",
        }]})
    );
    assert_eq!((&unknown["level"], &unknown["kind"]), (&json!("none"), &json!("open")));
    assert_eq!(
        unknown["message"]["text"],
        "Could not be judged: image without tag, or `latest` (service web): the image is a template: {{ .Values.image }}. Fix: Name a version."
    );
    let place = json!({
        "artifactLocation": {"uri": "deploy/compose.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 9},
    });
    assert_eq!(first["locations"][0]["physicalLocation"], place);
    assert_eq!(first["suppressions"], json!([]));
    let odd_place = &odd["locations"][0]["physicalLocation"];
    assert_eq!(odd_place["artifactLocation"]["uri"], "a%20b/%C3%BC%23.yml");
    assert_eq!(odd_place.get("region"), None, "never line 0");
    assert_eq!(odd["suppressions"][0]["properties"]["expires"], "2026-06-01T00:00:00Z");
    assert_eq!(baseline["suppressions"][0]["justification"], "moves in May (baseline)");
    assert_eq!(info["level"], "note");
    let rules = &log["runs"][0]["tool"]["driver"]["rules"];
    for result in results(&log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    assert_eq!(rules[2]["name"], "ContainerRunsPrivileged");
    assert_eq!(rules[2]["properties"]["security-severity"], "9.0");
    assert_eq!(rules[0]["properties"].get("security-severity"), None);
    assert_eq!(rules[0]["helpUri"], "https://docs.docker.com/build/building/best-practices/");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_is_found_the_standard_accepts(
        text in any::<String>(), file in any::<Option<String>>(), numbers in any::<Option<[u32; 4]>>(), fields in any::<[u8; 3]>(),
    ) {
        let mut report = sample::report();
        let finding = &mut report.findings[0];
        finding.observed.clone_from(&text);
        finding.title = text.as_str().into();
        finding.resource = text.as_str().into();
        finding.file = file.map(Into::into);
        finding.span = numbers.map(|[line, column, end_line, end_column]| Span {
            line: line % 3, column: column % 3, end_line: end_line % 3, end_column: end_column % 3,
        });
        finding.level = Level::ALL[usize::from(fields[0] % 4)];
        finding.scope = Scope::ALL[usize::from(fields[1] % 5)];
        finding.status = [Status::Fail, Status::Unknown, Status::Waived][usize::from(fields[2] % 3)];
        let log = written(&report);
        prop_assert_eq!(faults(&log), Vec::<String>::new());
        let text = log.to_string();
        prop_assert!(!text.contains("Line\":0") && !text.contains("Column\":0"));
    }
}
