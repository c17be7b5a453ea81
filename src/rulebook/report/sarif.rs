//! The report as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), for code scanning.
//!
//! It holds no snippets: a line that breaks one rule may hold a secret that breaks another, and whoever shows SARIF has the files.

use super::{Report, links::uri, rule_title};
use crate::{
    model::{
        finding::{Finding, Level, Span, Status, rule_of},
        text::escaped_json,
    },
    rulebook::{
        check::Meta,
        policy::{packs, since::Change, waiver::place_of},
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Where the schema of the standard is.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as indented JSON; characters that could harm a terminal are `\u` escapes.
pub fn write(report: &Report) -> String {
    let mut text = escaped_json(&serde_json::to_string_pretty(&log(report)).unwrap_or_default());
    text.push('\n');
    text
}

/// The file: one run.
fn log(report: &Report) -> Value {
    let (rules, index) = rules(report);
    let changes = report.changes();
    let is_compared = report.since.is_some();
    let results = report.sorted().into_iter().map(|finding| {
        let change = changes.get(finding.fingerprint.as_str()).copied().unwrap_or(Change::New);
        result(finding, index.get(finding.check.as_str()).copied(), is_compared.then_some(change))
    });
    let results: Vec<Value> = results.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flightdeck",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "automationDetails": { "id": "flightdeck/check/" },
            "invocations": [invocation(report)],
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The root of the repository." } } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn invocation(report: &Report) -> Value {
    let notes = report
        .notes
        .iter()
        .map(|note| json!({ "level": "warning", "message": { "text": format!("{}: {}", note.source, note.message) } }));
    json!({
        "startTimeUtc": report.started_at,
        "endTimeUtc": report.finished_at,
        "executionSuccessful": true,
        "toolExecutionNotifications": notes.collect::<Vec<_>>(),
    })
}

/// The checks that ran, and those that only findings name; and where each is in the list.
fn rules(report: &Report) -> (Vec<Value>, HashMap<&str, usize>) {
    let (mut rules, mut index) = (Vec::new(), HashMap::new());
    for meta in &report.checks {
        if index.insert(meta.id, rules.len()).is_none() {
            rules.push(rule(meta));
        }
    }
    for finding in &report.findings {
        if !index.contains_key(finding.check.as_str()) {
            index.insert(finding.check.as_str(), rules.len());
            rules.push(bare_rule(finding));
        }
    }
    (rules, index)
}

/// A check as a rule.
fn rule(meta: &Meta) -> Value {
    let about = format!("{} {}", sentence(meta.why), sentence(meta.fix));
    let mut markdown = format!("**Why:** {}\n\n**Fix:** {}\n", meta.why, meta.fix);
    if !meta.precedent.is_empty() {
        markdown.push_str(&format!("\n**The same elsewhere:** {}\n", meta.precedent.join(", ")));
    }
    for reference in meta.references {
        markdown.push_str(&format!("\n- <{reference}>"));
    }
    let mut tags = vec![rule_title(meta.rule())];
    tags.extend(packs::of(meta.id).map(|pack| pack.name.to_owned()));
    let mut properties = json!({ "tags": tags, "precedent": meta.precedent });
    if packs::of(meta.id).any(|pack| pack.name == "security") {
        properties["security-severity"] = security_severity(meta.level).into();
    }
    let mut rule = json!({
        "id": meta.id,
        "name": identifier(meta.title),
        "shortDescription": { "text": sentence(meta.title) },
        "fullDescription": { "text": about },
        "help": { "text": about, "markdown": markdown },
        "defaultConfiguration": { "level": level(meta.level) },
        "properties": properties,
    });
    if let Some(reference) = meta.references.first() {
        rule["helpUri"] = (*reference).into();
    }
    rule
}

/// A check of which only its finding is known.
fn bare_rule(finding: &Finding) -> Value {
    json!({
        "id": finding.check,
        "name": identifier(&finding.title),
        "shortDescription": { "text": sentence(&finding.title) },
        "defaultConfiguration": { "level": level(finding.level) },
        "properties": { "tags": [rule_title(rule_of(&finding.check))] },
    })
}

fn result(finding: &Finding, index: Option<usize>, change: Option<Change>) -> Value {
    // The standard: what is no failure has the level "none" (section 3.27.10); "open" is what could not be decided.
    let (kind, weight) = match finding.status {
        Status::Unknown => ("open", "none"),
        Status::Fail | Status::Waived => ("fail", level(finding.level)),
    };
    let mut result = json!({
        "ruleId": finding.check,
        "kind": kind,
        "level": weight,
        "message": { "text": message(finding) },
        "locations": [location(finding)],
        "partialFingerprints": { "flightdeck/v1": finding.fingerprint },
        "suppressions": suppressions(finding),
        "properties": {
            "severity": finding.level.word(),
            "scope": finding.scope.word(),
            "owner": finding.owner,
            "pointer": finding.pointer,
        },
    });
    if let Some(index) = index {
        result["ruleIndex"] = index.into();
    }
    if let Some(change) = change {
        result["baselineState"] = match change {
            Change::New => "new",
            Change::Changed => "updated",
            Change::Unchanged => "unchanged",
        }
        .into();
    }
    result
}

/// What it is, what was seen, what should be, and what to do.
fn message(finding: &Finding) -> String {
    let Finding { title, resource, observed, expected, fix, .. } = finding;
    let is_unknown = finding.status == Status::Unknown;
    let mut text = if is_unknown { format!("could not be judged: {title}") } else { title.to_string() };
    if finding.file.as_ref() != Some(resource) {
        text.push_str(&format!(" ({resource})"));
    }
    if !observed.is_empty() {
        text.push_str(&format!(": {observed}"));
    }
    let mut text = sentence(&text);
    if !expected.is_empty() {
        text.push_str(&format!(" Expected: {}", sentence(expected)));
    }
    if !fix.is_empty() {
        text.push_str(&format!(" Fix: {}", sentence(fix)));
    }
    // `[text](target)` would be read as a link (section 3.11.6).
    text.replace("](", "] (")
}

fn location(finding: &Finding) -> Value {
    let mut location = json!({});
    if let Some(file) = &finding.file {
        let mut physical = json!({ "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" } });
        if let Some(region) = finding.span.and_then(region) {
            physical["region"] = region;
        }
        location["physicalLocation"] = physical;
    }
    if finding.file.as_ref() != Some(&finding.resource) {
        let full = format!("{}{}", place_of(finding), finding.pointer.as_deref().unwrap_or_default());
        let full = if finding.file.is_some() { format!("{full}: {}", finding.resource) } else { full };
        location["logicalLocations"] = json!([{
            "name": finding.resource,
            "fullyQualifiedName": full,
            "kind": "resource",
        }]);
    }
    location
}

/// A stretch of a file; nothing where there is no line.
fn region(span: Span) -> Option<Value> {
    let mut region = json!({ "startLine": (span.line > 0).then_some(span.line)? });
    if span.column > 0 {
        region["startColumn"] = span.column.into();
        if (span.end_line, span.end_column) >= (span.line, span.column) && span.end_column > 0 {
            region["endLine"] = span.end_line.into();
            region["endColumn"] = span.end_column.into();
        }
    }
    Some(region)
}

/// How it was accepted. An empty list says that it was not, which is more than none.
fn suppressions(finding: &Finding) -> Vec<Value> {
    let note = finding.waiver.as_ref().filter(|_| finding.status == Status::Waived);
    let suppression = |note: &crate::model::finding::WaiverNote| {
        json!({
            "kind": "external",
            "status": "accepted",
            "justification": format!("{} ({})", note.reason, note.owner),
            "properties": { "owner": note.owner, "expires": note.expires },
        })
    };
    note.map(suppression).into_iter().collect()
}

/// The standard's word for a level.
const fn level(level: Level) -> &'static str {
    match level {
        Level::Block | Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "note",
    }
}

/// A score from 0 to 10 as GitHub reads it
/// (<https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>).
const fn security_severity(level: Level) -> &'static str {
    match level {
        Level::Block => "9.0",
        Level::Error => "7.0",
        Level::Warn => "4.0",
        Level::Info => "1.0",
    }
}

/// `ContainerRunsPrivileged` of `container runs privileged`.
fn identifier(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
        })
        .collect();
    if name.is_empty() { "Check".into() } else { name }
}

/// With a capital letter and a full stop. A name that begins with a sign or a digit stays as it is.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) || text.is_empty() { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
