//! The object that is open, whole: as JSON and YAML, its events, why it is not well, its revisions, and how it differs.

mod diff;
mod findings;
pub(super) mod hidden;
mod look;
pub use look::query;
mod revisions;

use super::{
    api::Trouble,
    discovery::path_of,
    reflect::{Shared, Told},
};
use crate::{
    model::{
        kubernetes::{ApiResource, KubeDetails, KubePart},
        object::{KubePath, ObjectRef},
    },
    source::{live::Gone, supervisor::Demand},
};
use look::Look;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often the open object is looked at again.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the list of resources is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// States of so many objects are remembered, for what changed since.
const REMEMBERED: usize = 50;

/// Paths of kinds that need no discovery.
const KNOWN: &[(&str, &str)] = &[
    ("pods", "v1"),
    ("nodes", "v1"),
    ("deployments.apps", "v1"),
    ("statefulsets.apps", "v1"),
    ("daemonsets.apps", "v1"),
    ("replicasets.apps", "v1"),
    ("jobs.batch", "v1"),
];

/// The last two states of an object that were seen here, as YAML.
#[derive(Default)]
struct Seen {
    now: String,
    before: Option<String>,
}

/// Tells the details of whatever of this cluster is open.
pub async fn run(mut shared: Shared, mut resources: watch::Receiver<Arc<Vec<ApiResource>>>) {
    let mut seen = HashMap::new();
    let context = shared.origin.context.clone();
    let open = |demand: &Demand| {
        demand.open.clone().filter(|object| object.in_kube().is_some_and(|path| path.context == context))
    };
    loop {
        let object = shared.demand.wait_for(|demand| open(demand).is_some()).await.map(|demand| open(&demand));
        let Ok(Some(object)) = object else { return };
        let mut other = shared.demand.clone();
        tokio::select! {
            done = keep_up(&mut shared, &mut resources, &object, &mut seen) => if done.is_err() { return },
            changed = other.wait_for(|demand| open(demand).as_ref() != Some(&object)) => if changed.is_err() { return },
        }
    }
}

async fn keep_up(
    shared: &mut Shared,
    resources: &mut watch::Receiver<Arc<Vec<ApiResource>>>,
    object: &ObjectRef,
    seen: &mut HashMap<ObjectRef, Seen>,
) -> Result<(), Gone> {
    let Some(path) = object.in_kube() else { return Ok(()) };
    let resource = resource(&path, resources).await;
    let mut told: Option<KubeDetails> = None;
    loop {
        let details = match &resource {
            Some(resource) => look(shared, object, &path, resource, seen).await,
            None => Err(Trouble::Missing),
        };
        let details = match (details, &told) {
            (Ok(details), _) => details,
            // What was seen last stays, with a word on why it is old.
            (Err(trouble), Some(told)) => KubeDetails { problems: vec![problem(&trouble)], ..told.clone() },
            (Err(trouble), None) => empty(object, problem(&trouble)),
        };
        if told.as_ref() != Some(&details) {
            told = Some(details.clone());
            shared.tell(Told::Part(KubePart::Details(Box::new(details)))).await?;
        }
        shared.pause(PAUSE).await;
    }
}

fn problem(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Missing => "it is not there (any more)".into(),
        other => other.words(),
    }
}

fn empty(object: &ObjectRef, problem: String) -> KubeDetails {
    KubeDetails {
        object: object.clone(),
        json: Value::Null,
        yaml: String::new(),
        events: Vec::new(),
        findings: Vec::new(),
        revisions: Vec::new(),
        applied_diff: None,
        seen_diff: None,
        problems: vec![problem],
    }
}

async fn resource(path: &KubePath<'_>, resources: &mut watch::Receiver<Arc<Vec<ApiResource>>>) -> Option<ApiResource> {
    if let Some((name, version)) = KNOWN.iter().find(|(name, _)| *name == path.resource) {
        let (plural, group) = name.split_once('.').unwrap_or((name, ""));
        let (plural, group, version) = (plural.into(), group.into(), (*version).into());
        return Some(ApiResource { plural, group, version, namespaced: *name != "nodes", ..ApiResource::default() });
    }
    let _ = tokio::time::timeout(PATIENCE, resources.wait_for(|all| !all.is_empty())).await;
    resources
        .borrow()
        .iter()
        .find(|resource| resource.name() == path.resource || resource.plural == path.resource)
        .cloned()
}

async fn look(
    shared: &Shared,
    object: &ObjectRef,
    path: &KubePath<'_>,
    resource: &ApiResource,
    seen: &mut HashMap<ObjectRef, Seen>,
) -> Result<KubeDetails, Trouble> {
    let url = format!("{}/{}", path_of(resource, path.namespace), path.name);
    let mut json: Value = shared.api.json(&url).await?;
    let mut look = Look { api: &shared.api, origin: &shared.origin, problems: Vec::new() };
    let kind = json["kind"].as_str().unwrap_or(&resource.kind).to_owned();
    let events = look.events(path.namespace, path.name, &kind).await;
    let revisions = revisions::of(&mut look, &json).await;
    let findings = findings::of(&mut look, object, &json, &events, &revisions).await;
    hidden::hide(&mut json);
    let applied_diff = diff::applied(&json);
    let yaml = yaml(&json);
    let seen_diff = seen_diff(seen, object, &json);
    let problems = look.problems;
    Ok(KubeDetails {
        object: object.clone(),
        json,
        yaml,
        events,
        findings,
        revisions,
        applied_diff,
        seen_diff,
        problems,
    })
}

/// A value as YAML.
fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap_or_else(|error| format!("# cannot be written as YAML: {error}\n"))
}

/// How an object differs from the state of it that was seen before this one. What the server counts by itself does not.
fn seen_diff(seen: &mut HashMap<ObjectRef, Seen>, object: &ObjectRef, json: &Value) -> Option<String> {
    let mut json = json.clone();
    if let Some(metadata) = json.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
        metadata.remove("generation");
    }
    let now = yaml(&json);
    if seen.len() >= REMEMBERED && !seen.contains_key(object) {
        seen.clear();
    }
    let known = seen.entry(object.clone()).or_default();
    if known.now != now {
        let before = std::mem::replace(&mut known.now, now);
        known.before = Some(before).filter(|before| !before.is_empty());
    }
    known.before.as_ref().map(|before| diff::unified(before, &known.now, "seen before", "now"))
}
