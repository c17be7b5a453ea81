//! Reports of scanners of images: Trivy's and Grype's JSON, and SARIF 2.1.0.

use super::node::Node;
use crate::model::{Timestamp, finding::Span};
use std::collections::HashMap;

/// What a scanner says of an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scan {
    /// The image as it was named to the scanner.
    pub image: String,
    pub image_span: Option<Span>,
    /// Names of it that hold a digest, and its identity, where the report tells them.
    pub digests: Vec<String>,
    /// When it was scanned, where the report tells it.
    pub at: Option<Timestamp>,
    pub at_span: Option<Span>,
    /// Vulnerabilities that are critical: name, and where that stands.
    pub critical: Vec<(String, Option<Span>)>,
}

/// Reads a report; several where a SARIF file has several runs. Nothing where it is no report of an image.
pub fn read(report: &Node) -> Vec<Scan> {
    if report.get("ArtifactName").is_some() {
        trivy(report).into_iter().collect()
    } else if report.get("matches").is_some() && report.get("source").is_some() {
        grype(report).into_iter().collect()
    } else {
        let runs = report.get("runs").map(Node::items).unwrap_or_default();
        runs.iter().filter_map(sarif).collect()
    }
}

fn text<'n>(node: &'n Node, pointer: &str) -> Option<&'n str> {
    node.at(pointer).and_then(Node::as_str)
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn time(node: Option<&Node>) -> Option<Timestamp> {
    node?.as_str()?.parse().ok()
}

fn is_critical(severity: Option<&str>) -> bool {
    severity.is_some_and(|severity| severity.eq_ignore_ascii_case("critical"))
}

/// <https://trivy.dev/latest/docs/configuration/reporting/#json>
fn trivy(report: &Node) -> Option<Scan> {
    if text(report, "/ArtifactType").is_some_and(|kind| kind != "container_image") {
        return None;
    }
    let name = report.get("ArtifactName")?;
    let mut digests = texts(report.at("/Metadata/RepoDigests"));
    digests.extend(texts(report.at("/Metadata/RepoTags")));
    digests.extend(text(report, "/Metadata/ImageID").map(str::to_owned));
    let results = report.get("Results").map(Node::items).unwrap_or_default();
    let found = results.iter().flat_map(|result| result.get("Vulnerabilities").map(Node::items).unwrap_or_default());
    let critical = found.filter(|one| is_critical(text(one, "/Severity"))).map(|one| {
        let id = text(one, "/VulnerabilityID").unwrap_or("(no name)");
        (id.to_owned(), one.span_of("/Severity"))
    });
    Some(Scan {
        image: name.as_str()?.to_owned(),
        image_span: name.span,
        digests,
        at: time(report.get("CreatedAt")),
        at_span: report.get("CreatedAt").and_then(|node| node.span),
        critical: critical.collect(),
    })
}

/// <https://github.com/anchore/grype#output-formats>
fn grype(report: &Node) -> Option<Scan> {
    let name = report.at("/source/target/userInput")?;
    let mut digests = texts(report.at("/source/target/repoDigests"));
    digests.extend(text(report, "/source/target/imageID").map(str::to_owned));
    let matches = report.get("matches").map(Node::items).unwrap_or_default();
    let critical = matches.iter().filter(|one| is_critical(text(one, "/vulnerability/severity"))).map(|one| {
        let id = text(one, "/vulnerability/id").unwrap_or("(no name)");
        (id.to_owned(), one.span_of("/vulnerability/severity"))
    });
    Some(Scan {
        image: name.as_str()?.to_owned(),
        image_span: name.span,
        digests,
        at: time(report.at("/descriptor/timestamp")),
        at_span: report.at("/descriptor/timestamp").and_then(|node| node.span),
        critical: critical.collect(),
    })
}

/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. How severe a result is stands at its rule, as GitHub has it:
/// `security-severity`, critical from 9.0 on.
fn sarif(run: &Node) -> Option<Scan> {
    let name = run.at("/properties/imageName").or_else(|| run.at("/properties/imageID"))?;
    let rules = run.at("/tool/driver/rules").map(Node::items).unwrap_or_default();
    let by_id: HashMap<&str, &Node> = rules.iter().filter_map(|rule| Some((text(rule, "/id")?, rule))).collect();
    let is_critical_rule = |rule: &Node| {
        let score = rule.at("/properties/security-severity");
        let score = score.and_then(|node| node.as_f64().or_else(|| node.as_str()?.parse().ok()));
        let tags = texts(rule.at("/properties/tags"));
        score.is_some_and(|score| score >= 9.0) || tags.iter().any(|tag| is_critical(Some(tag)))
    };
    let results = run.get("results").map(Node::items).unwrap_or_default();
    let critical = results.iter().filter_map(|result| {
        let id = text(result, "/ruleId");
        let index = result.get("ruleIndex").and_then(Node::as_int).and_then(|at| usize::try_from(at).ok());
        let rule = id.and_then(|id| by_id.get(id).copied()).or_else(|| rules.get(index?))?;
        is_critical_rule(rule).then(|| (id.unwrap_or("(no name)").to_owned(), result.span_of("/ruleId")))
    });
    let time_node = run.at("/invocations/0/endTimeUtc").or_else(|| run.at("/invocations/0/startTimeUtc"));
    let mut digests = texts(run.at("/properties/repoDigests"));
    digests.extend(texts(run.at("/properties/repoTags")));
    digests.extend(text(run, "/properties/imageID").map(str::to_owned));
    Some(Scan {
        image: name.as_str()?.to_owned(),
        image_span: name.span,
        digests,
        at: time(time_node),
        at_span: time_node.and_then(|node| node.span),
        critical: critical.collect(),
    })
}
