//! The cases that rule files hold to show what their rules do, and the report of a run over them.

use super::{CustomRule, judge::judge, subject::Kind, written};
use crate::{
    model::{
        Timestamp,
        finding::{Scope, Span, Status},
    },
    rulebook::{
        policy::Policy,
        resource::Resource,
        run::{Subject, Verdict},
        subject::container::containers,
        syntax::{node::Node, yaml},
        tree::{File, Listed},
    },
};
use compact_str::CompactString;
use std::{collections::HashSet, fmt::Write, sync::Arc};

/// What came of the cases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseReport {
    pub results: Vec<CaseResult>,
    /// Rules that have no case.
    pub untested: Vec<CompactString>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    pub rule: CompactString,
    pub name: String,
    /// The rule file, and where the case stands in it.
    pub path: String,
    pub span: Span,
    /// What is not as expected; nothing where all is.
    pub failure: Option<String>,
}

impl CaseReport {
    /// Cases that came out otherwise than expected.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.failure.is_some()).count()
    }

    /// The report for a person: a line for each case, and one for all.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for result in &self.results {
            let CaseResult { rule, name, path, span, failure } = result;
            // Writing into a string cannot fail.
            let _ = match failure {
                None => writeln!(text, "ok    {rule}: {name}"),
                Some(failure) => {
                    writeln!(text, "FAIL  {rule}: {name} ({path}:{}:{})\n      {failure}", span.line, span.column)
                }
            };
        }
        let failed = self.failed();
        let _ = writeln!(text, "{} passed, {failed} failed", self.results.len() - failed);
        if !self.untested.is_empty() {
            let _ = writeln!(text, "without a [[rule.test]]: {}", self.untested.join(", "));
        }
        text
    }
}

/// Runs the cases of rules.
pub fn run_tests(rules: &[CustomRule]) -> CaseReport {
    let mut report = CaseReport::default();
    for rule in rules {
        if rule.cases.is_empty() {
            report.untested.push(rule.id.clone());
        }
        for (span, case) in &rule.cases {
            report.results.push(CaseResult {
                rule: rule.id.clone(),
                name: case.name.get_ref().clone(),
                path: rule.path.clone(),
                span: *span,
                failure: run(rule, case).err(),
            });
        }
    }
    report
}

fn run(rule: &CustomRule, case: &written::Case) -> Result<(), String> {
    let verdict = verdict(rule, case)?;
    let count = |status| verdict.findings.iter().filter(|finding| finding.status == status).count();
    let (failed, unknown) = (count(Status::Fail), count(Status::Unknown));
    let (came, found) = match (failed, unknown, verdict.passed) {
        (0, 0, 0) => (written::Expect::NotApplicable, 0),
        (0, 0, _) => (written::Expect::Pass, 0),
        (0, unknown, _) => (written::Expect::Unknown, unknown),
        (failed, ..) => (written::Expect::Fail, failed),
    };
    if came != case.expect {
        let said: Vec<&str> = verdict.findings.iter().map(|finding| finding.observed.as_str()).collect();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) };
        return Err(format!("expected {}, came {}{said}", case.expect.word(), came.word()));
    }
    match case.count {
        Some(count) if count != found => Err(format!("expected {count} findings, came {found}")),
        _ => Ok(()),
    }
}

/// What the rule says of what the case shows it.
fn verdict(rule: &CustomRule, case: &written::Case) -> Result<Verdict, String> {
    let policy = Policy::default();
    let scope = rule.select.scopes.first().copied().unwrap_or(Scope::Repo);
    let now = Timestamp::UNIX_EPOCH;
    let mut all = Verdict::default();
    let mut show = |subject: Subject<'_>| all.take(judge(rule, subject, scope, &policy, now));
    let resources = if let Some(written) = &case.file {
        let file = file(written);
        show(Subject::File(&file));
        file.resources
    } else {
        let text = case.yaml.as_deref().unwrap_or_default();
        let documents = yaml::parse(text).map_err(|fault| match fault.span {
            Some(span) => format!("its yaml cannot be read: line {}: {fault}", span.line),
            None => format!("its yaml cannot be read: {fault}"),
        })?;
        documents.into_iter().map(|document| resource(document, case, scope).map(Arc::new)).collect::<Result<_, _>>()?
    };
    for resource in &resources {
        show(Subject::Resource(resource));
        if rule.select.subject == Kind::Container {
            for container in containers(resource) {
                show(Subject::Container(&container));
            }
        }
    }
    Ok(all)
}

fn file(written: &written::CaseFile) -> File {
    let listed = Listed {
        path: written.path.as_str().into(),
        size_bytes: written.text.len() as u64,
        is_executable: written.executable,
        is_tracked: Some(true),
        ..Listed::default()
    };
    File::new(listed, written.text.as_bytes(), &HashSet::new())
}

/// An object of a case: what it says of itself, or what the case says of it.
fn resource(document: Node, case: &written::Case, scope: Scope) -> Result<Resource, String> {
    let text = |pointer: &str| document.at(pointer).and_then(Node::as_str).map(CompactString::from);
    let Some(kind) = case.kind.as_deref().map(CompactString::from).or_else(|| text("/kind")) else {
        return Err("an object without `kind`; where objects have none, the test says kind = \"service\"".into());
    };
    let name = text("/metadata/name").or_else(|| text("/name")).or_else(|| text("/Name")).unwrap_or_default();
    Ok(Resource {
        scope,
        kind,
        api_version: if case.kind.is_some() {
            CompactString::default()
        } else {
            text("/apiVersion").unwrap_or_default()
        },
        origin: "test.yaml".into(),
        namespace: text("/metadata/namespace").unwrap_or_default(),
        name,
        file: (scope == Scope::Repo).then(|| "test.yaml".into()),
        spec: Arc::new(document),
        observed_at: None,
        merged: None,
    })
}
