//! Why a pod is not well: its containers, how they ended and their last words, probes, volumes, and its node.

use super::{Look, finding, node_row, said};
use crate::{
    model::{
        attention::Severity,
        health::Health,
        kubernetes::{ContainerRole, Finding, KubeEvent, Pod, PodContainer, Run},
        object::{ObjectKind, ObjectRef},
        redact, units,
    },
    source::kubernetes::health,
};
use serde_json::Value;

/// Events that say why, of those about a pod.
const TELLING: &[&str] = &[
    "Unhealthy",
    "FailedScheduling",
    "FailedMount",
    "FailedAttachVolume",
    "Failed",
    "FailedCreatePodSandBox",
    "Preempting",
];

/// All that is found about a pod.
pub async fn of(look: &mut Look<'_>, pod: &Pod, json: &Value, events: &[KubeEvent]) -> Vec<Finding> {
    let mut findings = vec![finding(pod.health, pod.reason.to_string())];
    findings.extend(causes(look, pod, json, events).await);
    findings
}

/// What stands behind a pod's own word.
pub async fn causes(look: &mut Look<'_>, pod: &Pod, json: &Value, events: &[KubeEvent]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for container in pod.containers.iter().filter(|container| is_troubled(container)) {
        findings.extend(last_end(container));
        findings.extend(last_words(look, pod, container).await);
    }
    let mut seen: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| event.warning && TELLING.contains(&event.reason.as_str())) {
        if !seen.contains(&event.reason.as_str()) && !pod.reason.contains(event.message.as_str()) {
            seen.push(&event.reason);
            findings.push(said(event));
        }
    }
    findings.extend(claims(look, pod, json).await);
    findings.extend(node(look, pod).await);
    findings
}

/// Whether a container is one of those that keep a pod from being well.
fn is_troubled(container: &PodContainer) -> bool {
    let ended_badly = |end: &Option<Run>| end.as_ref().is_some_and(|end| end.exit_code != 0 || end.signal != 0);
    container.role != ContainerRole::Ephemeral
        && match container.state.as_str() {
            "waiting" => container.reason != "PodInitializing" && container.reason != "ContainerCreating",
            "terminated" => ended_badly(&container.ended),
            "running" => !container.ready && container.role != ContainerRole::Init || ended_badly(&container.last),
            _ => false,
        }
}

/// How the last run of a container ended.
fn last_end(container: &PodContainer) -> Option<Finding> {
    let end = container.ended.as_ref().or(container.last.as_ref())?;
    let at = end.finished_at.map_or_else(String::new, |at| format!(" at {}", units::clock(at)));
    let ran = end.started_at.zip(end.finished_at).map_or_else(String::new, |(from, to)| {
        format!(" after {}", units::span(to.duration_since(from).as_secs_f64()))
    });
    let how = match end.exit_code {
        137 if end.reason == "OOMKilled" => "exit 137, OOM killed".to_owned(),
        137 => "exit 137: killed (SIGKILL), by its liveness probe or from outside".to_owned(),
        143 => "exit 143: asked to end (SIGTERM)".to_owned(),
        139 => "exit 139: segmentation fault (SIGSEGV)".to_owned(),
        134 => "exit 134: aborted (SIGABRT)".to_owned(),
        126 => "exit 126: its command cannot be run".to_owned(),
        127 => "exit 127: its command is not there".to_owned(),
        code => format!("exit {code}"),
    };
    let limit = match (end.reason.as_str(), container.limits.memory_bytes) {
        ("OOMKilled", Some(limit)) => format!(", its limit is {}", units::bytes(limit as f64)),
        ("OOMKilled", None) => ", it has no limit of its own: the node ran out".to_owned(),
        _ => String::new(),
    };
    let text = format!("container {} ended{at}{ran}: {how}{limit}", container.name);
    let message = Some(redact::text(&end.message).into_owned()).filter(|message| !message.is_empty());
    Some(Finding { evidence: message.into_iter().collect(), ..finding(Health::Failing, text) })
}

/// What a container wrote before it ended, or writes now where it never did.
async fn last_words(look: &mut Look<'_>, pod: &Pod, container: &PodContainer) -> Option<Finding> {
    let previous = container.ended.is_none() && container.last.is_some();
    let never_ran = container.state == "waiting" && container.last.is_none();
    if never_ran {
        return None;
    }
    let mut evidence = look.last_words(pod, &container.name, previous).await;
    let mut whose = if container.state == "running" && !previous { "says" } else { "said last" };
    if evidence.is_empty() && previous {
        evidence = look.last_words(pod, &container.name, false).await;
        whose = "says";
    }
    (!evidence.is_empty()).then(|| Finding {
        severity: Severity::Info,
        text: format!("container {} {whose}:", container.name),
        evidence,
        leads_to: Some(ObjectRef::in_cluster(ObjectKind::Pod, &look.origin.context, &pod.namespace, &pod.name)),
    })
}

/// Claims of a pod that waits, where they are not bound.
async fn claims(look: &mut Look<'_>, pod: &Pod, json: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if pod.phase != "Pending" {
        return findings;
    }
    let volumes = json.pointer("/spec/volumes").and_then(Value::as_array).into_iter().flatten();
    for name in volumes.filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str()) {
        let url = format!("/api/v1/namespaces/{}/persistentvolumeclaims/{name}", pod.namespace);
        let claim = look.value("claim", &url).await;
        let phase = claim
            .as_ref()
            .map_or("missing", |claim| claim.pointer("/status/phase").and_then(Value::as_str).unwrap_or("?"));
        if phase != "Bound" {
            let leads_to = ObjectRef::resource(&look.origin.context, "persistentvolumeclaims", &pod.namespace, name);
            let text = format!("the claim {name} is {}", phase.to_lowercase());
            findings.push(Finding { leads_to: Some(leads_to), ..finding(Health::Failing, text) });
        }
    }
    findings
}

/// The node of a pod, where it is not well.
async fn node(look: &mut Look<'_>, pod: &Pod) -> Option<Finding> {
    if pod.node.is_empty() {
        return None;
    }
    // Who may not see nodes is told by the list of what is denied.
    let json = look.api.json(&format!("/api/v1/nodes/{}", pod.node)).await.ok()?;
    let node = node_row(look, &json)?;
    let leads_to = ObjectRef::in_cluster(ObjectKind::Node, &look.origin.context, "", &node.name);
    let (health, words) = health::node(&node);
    health.is_unwell().then(|| Finding {
        leads_to: Some(leads_to),
        ..finding(health, format!("its node {} is not well: {words}", node.name))
    })
}
