//! Why an object is not well: from it to the cause, most telling first; each finding leads to its object.

mod pods;

use super::look::{Look, selector};
use crate::{
    clock,
    model::{
        attention::Severity,
        health::Health,
        kubernetes::{Finding, KubeEvent, Node, Pod, Revision, Workload},
        object::{ObjectKind, ObjectRef},
        units,
    },
    source::kubernetes::{health, node::Nodes, reflect::Kind, workload as rows},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A newest revision of this age is worth naming as what changed.
const NEW_SECONDS: i64 = 24 * 3_600;
/// Warnings that findings repeat.
const WARNINGS: usize = 5;

/// Findings about an object.
pub async fn of(
    look: &mut Look<'_>,
    object: &ObjectRef,
    json: &Value,
    events: &[KubeEvent],
    revisions: &[Revision],
) -> Vec<Finding> {
    let mut findings = match object.kind {
        ObjectKind::Pod => match look.pod(&json.to_string()) {
            Some(pod) if pod.health.is_unwell() || pod.health == Health::Progressing => {
                pods::of(look, &pod, json, events).await
            }
            _ => Vec::new(),
        },
        ObjectKind::Node => node(look, json).await,
        ObjectKind::CronJob => cron_job(look, json).await,
        kind => match workload_row(look, kind, json) {
            Some(row) => workload(look, &row, json, events, revisions).await,
            None => Vec::new(),
        },
    };
    warnings(events, &mut findings);
    findings
}

/// A finding of the severity that a health has.
pub fn finding(health: Health, text: String) -> Finding {
    let severity = match health {
        Health::Failing => Severity::Error,
        Health::Unknown => Severity::Unknown,
        Health::Degraded => Severity::Warn,
        _ => Severity::Info,
    };
    Finding { severity, text, evidence: Vec::new(), leads_to: None }
}

/// Warnings of the last hour that no finding repeats yet.
fn warnings(events: &[KubeEvent], findings: &mut Vec<Finding>) {
    let now = clock::now();
    let recent =
        |event: &&KubeEvent| event.warning && event.last_at.is_some_and(|at| now.duration_since(at).as_secs() < 3_600);
    let mut seen: Vec<&str> = Vec::new();
    for event in events.iter().filter(recent) {
        let told = findings.iter().any(|finding| {
            finding.text.contains(event.message.as_str())
                || finding.evidence.iter().any(|line| line.contains(event.message.as_str()))
        });
        if told || seen.contains(&event.reason.as_str()) || seen.len() >= WARNINGS {
            continue;
        }
        seen.push(&event.reason);
        findings.push(said(event));
    }
}

/// What an event says, as a finding.
pub fn said(event: &KubeEvent) -> Finding {
    let times = if event.count > 1 { format!(" ({} times)", event.count) } else { String::new() };
    let text = match event.reason.as_str() {
        "Unhealthy" => format!("{}{times}", lower(&event.message)),
        "FailedScheduling" => format!("no node takes it: {}", event.message),
        "FailedMount" | "FailedAttachVolume" => format!("a volume does not come{times}: {}", event.message),
        "FailedCreate" => format!("its pods cannot be created{times}: {}", event.message),
        reason => format!("{reason}{times}: {}", event.message),
    };
    Finding { severity: Severity::Warn, text, evidence: Vec::new(), leads_to: None }
}

/// With a small first letter: `Readiness probe failed` goes on in a sentence.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn workload_row(look: &Look<'_>, kind: ObjectKind, json: &Value) -> Option<Workload> {
    let bytes = json.to_string();
    let read = match kind {
        ObjectKind::Deployment => rows::Deployments::read,
        ObjectKind::StatefulSet => rows::StatefulSets::read,
        ObjectKind::DaemonSet => rows::DaemonSets::read,
        ObjectKind::ReplicaSet => rows::ReplicaSets::read,
        ObjectKind::Job => rows::Jobs::read,
        _ => return None,
    };
    read(look.origin, bytes.as_bytes()).ok().map(|read| read.row)
}

async fn workload(
    look: &mut Look<'_>,
    row: &Workload,
    json: &Value,
    events: &[KubeEvent],
    revisions: &[Revision],
) -> Vec<Finding> {
    let pods = look.pods(&row.namespace, &selector(&json["spec"]["selector"])).await;
    let unwell: Vec<_> = pods.iter().filter(|pod| pod.health.is_unwell()).collect();
    let mut findings = Vec::new();
    if row.health == Health::Ok && unwell.is_empty() {
        return findings;
    }
    if !row.reason.is_empty() {
        findings.push(Finding { evidence: conditions(row), ..finding(row.health, row.reason.to_string()) });
    }
    if let Some(set) = newest_set(look, row, revisions) {
        findings.extend(quota(look, row, &set, events).await);
    }
    findings.extend(blocking(look, &unwell));
    if let Some(worst) = unwell.first() {
        // The causes behind the worst pod; its own word is told with its like above.
        let json = pod_json(look, worst).await;
        let of_pod = look.events(&worst.namespace, &worst.name, "Pod").await;
        let causes = pods::causes(look, worst, &json, &of_pod).await;
        let leads_to = ObjectRef::in_cluster(ObjectKind::Pod, &look.origin.context, &worst.namespace, &worst.name);
        findings.extend(causes.into_iter().map(|finding| {
            let leads_to = finding.leads_to.or_else(|| Some(leads_to.clone()));
            Finding { leads_to, ..finding }
        }));
    }
    findings.extend(what_changed(look, row, revisions));
    findings
}

async fn pod_json(look: &mut Look<'_>, pod: &Pod) -> Value {
    let url = format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name);
    look.value("pod", &url).await.unwrap_or(Value::Null)
}

/// Conditions that say something is wrong, in the server's words.
fn conditions(row: &Workload) -> Vec<String> {
    let bad = |c: &&crate::model::kubernetes::Condition| match c.kind.as_str() {
        "ReplicaFailure" | "Failed" => c.status == "True",
        "Available" | "Progressing" => c.status == "False",
        _ => false,
    };
    row.conditions.iter().filter(bad).map(|c| format!("{} {}: {}", c.kind, c.reason, c.message)).collect()
}

/// The ReplicaSet of the newest revision, where the object is a Deployment.
fn newest_set(look: &Look<'_>, row: &Workload, revisions: &[Revision]) -> Option<ObjectRef> {
    let newest = revisions.first().filter(|_| row.kind == ObjectKind::Deployment)?;
    Some(ObjectRef::in_cluster(ObjectKind::ReplicaSet, &look.origin.context, &row.namespace, &newest.kept_by))
}

/// Why pods are not even created, as the ReplicaSet's events say.
async fn quota(look: &mut Look<'_>, row: &Workload, set: &ObjectRef, events: &[KubeEvent]) -> Option<Finding> {
    let missing = row.current.unwrap_or(0) < row.desired.unwrap_or(0);
    let name = set.in_kube().map(|path| path.name.to_owned()).filter(|_| missing)?;
    let of_set = look.events(&row.namespace, &name, "ReplicaSet").await;
    let failed = of_set.iter().chain(events).find(|event| event.reason == "FailedCreate")?;
    let text = if failed.message.contains("exceeded quota") {
        format!("a quota holds its pods back: {}", failed.message)
    } else {
        format!("its pods cannot be created: {}", failed.message)
    };
    let times = format!("FailedCreate, {} times", failed.count);
    Some(Finding { severity: Severity::Error, text, evidence: vec![times], leads_to: Some(set.clone()) })
}

/// The pods that are not well, those that say the same as one finding.
fn blocking(look: &Look<'_>, unwell: &[&Pod]) -> Vec<Finding> {
    let mut alike: BTreeMap<String, Vec<&Pod>> = BTreeMap::new();
    for pod in unwell {
        // Counts differ between pods that suffer from the same.
        let words = pod.reason.split(", ").filter(|part| !part.ends_with(" restarts") && !part.ends_with(" restart"));
        alike.entry(words.collect::<Vec<_>>().join(", ")).or_default().push(pod);
    }
    let mut groups: Vec<_> = alike.into_iter().collect();
    groups.sort_by_key(|(_, pods)| {
        (std::cmp::Reverse(pods.iter().map(|pod| pod.health).max()), std::cmp::Reverse(pods.len()))
    });
    let group = |(words, pods): (String, Vec<&Pod>)| {
        let first = pods[0];
        let restarts: u32 = pods.iter().map(|pod| pod.restarts).sum();
        let restarts = if restarts > 0 { format!(", {restarts} restarts") } else { String::new() };
        let text = match pods.len() {
            1 => format!("pod {}: {words}{restarts}", first.name),
            count => format!("{count} pods: {words}{restarts}"),
        };
        let leads_to = ObjectRef::in_cluster(ObjectKind::Pod, &look.origin.context, &first.namespace, &first.name);
        Finding { leads_to: Some(leads_to), ..finding(first.health, text) }
    };
    groups.into_iter().map(group).collect()
}

/// The newest revision, where it is new enough to be the cause.
fn what_changed(look: &Look<'_>, row: &Workload, revisions: &[Revision]) -> Option<Finding> {
    let [new, old, ..] = revisions else { return None };
    let at = new.created_at.filter(|at| clock::now().duration_since(*at).as_secs() < NEW_SECONDS)?;
    let changed: Vec<_> = old.images.iter().zip(&new.images).filter(|(old, new)| old != new).collect();
    let what = match changed.as_slice() {
        [] => "the template, not its images".to_owned(),
        changed => changed.iter().map(|(old, new)| format!("image {old} → {new}")).collect::<Vec<_>>().join(", "),
    };
    let text = format!("what changed at {}: rev {} → {}, {what}", units::clock(at), old.number, new.number);
    let lines = new
        .diff
        .lines()
        .filter(|line| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---"));
    let leads_to = (row.kind == ObjectKind::Deployment)
        .then(|| ObjectRef::in_cluster(ObjectKind::ReplicaSet, &look.origin.context, &row.namespace, &new.kept_by));
    Some(Finding { severity: Severity::Info, text, evidence: lines.take(12).map(str::to_owned).collect(), leads_to })
}

/// A CronJob by the newest of its Jobs.
async fn cron_job(look: &mut Look<'_>, json: &Value) -> Vec<Finding> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, uid) = (text("/metadata/namespace"), text("/metadata/uid"));
    let jobs = look.values("jobs", &format!("/apis/batch/v1/namespaces/{namespace}/jobs")).await;
    let owned = |job: &&Value| {
        let mut owners = job.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
        owners.any(|owner| owner["uid"] == uid)
    };
    let newest =
        jobs.iter().filter(owned).max_by_key(|job| job["metadata"]["creationTimestamp"].as_str().map(str::to_owned));
    let row = newest.and_then(|job| workload_row(look, ObjectKind::Job, job));
    let Some((row, job)) = row.zip(newest).filter(|(row, _)| row.health.is_unwell()) else { return Vec::new() };
    let leads_to = ObjectRef::in_cluster(ObjectKind::Job, &look.origin.context, &row.namespace, &row.name);
    let text = format!("its newest job {} {}", row.name, row.reason);
    let mut findings = vec![Finding { leads_to: Some(leads_to), ..finding(row.health, text) }];
    let events = look.events(&row.namespace, &row.name, "Job").await;
    findings.extend(workload(look, &row, job, &events, &[]).await.into_iter().skip(1));
    findings
}

async fn node(look: &mut Look<'_>, json: &Value) -> Vec<Finding> {
    let Some(node) = node_row(look, json) else { return Vec::new() };
    let mut findings = Vec::new();
    if node.health.is_unwell() {
        let (_, words) = health::node(&node);
        let bad = node.conditions.iter().filter(|c| (c.kind == "Ready") != (c.status == "True"));
        let evidence = bad.map(|c| format!("{} is {}: {} {}", c.kind, c.status, c.reason, c.message)).collect();
        findings.push(Finding { evidence, ..finding(node.health, words.to_string()) });
    }
    if node.unschedulable {
        findings.push(finding(Health::Ok, "cordoned: it takes no new pods".into()));
    }
    let pods = look.pods_on(&node.name).await;
    let unwell: Vec<_> = pods.iter().filter(|pod| pod.health.is_unwell()).collect();
    if !unwell.is_empty() {
        findings.push(finding(Health::Degraded, format!("{} of its {} pods are not well", unwell.len(), pods.len())));
        findings.extend(blocking(look, &unwell).into_iter().take(WARNINGS));
    }
    findings
}

/// The row of a node.
pub fn node_row(look: &Look<'_>, json: &Value) -> Option<Node> {
    let text = json.to_string();
    Nodes::read(look.origin, text.as_bytes()).ok().map(|read| read.row)
}
