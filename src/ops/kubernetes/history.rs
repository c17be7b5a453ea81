//! The revisions of a Deployment, StatefulSet or DaemonSet, and how far its rollout is, as the server tells it now.
//!
//! As `kubectl rollout` finds them (kubernetes `pkg/polymorphichelpers/{history,rollback}.go`): the ReplicaSets of a Deployment, the
//! ControllerRevisions of the others, each by selector and controlling owner.

use super::{failure, resource, stuck::is_of};
use crate::{
    model::{canonical, journal::Digest, object::KubePath, units},
    ops::execute::Failure,
};
use compact_str::CompactString;
use jiff::Timestamp;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
};
use serde_json::{Map, Value, json};

/// The annotation that counts the revisions of a Deployment.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Seconds below which a revision was replaced so soon that it may never have come up.
const SHORT: i64 = 600;
/// The label by which a ReplicaSet tells its pods from those of others.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label of a ControllerRevision, by which its pods are told from others.
const REVISION_HASH: &str = "controller-revision-hash";
/// Labels and annotations by which tools mark what is theirs, and the words for them.
const KEEPERS: &[(&str, &str, &str)] = &[
    ("argocd.argoproj.io/instance", "", "argocd"),
    ("argocd.argoproj.io/tracking-id", "", "argocd"),
    ("kustomize.toolkit.fluxcd.io/name", "", "flux"),
    ("helm.toolkit.fluxcd.io/name", "", "flux"),
    ("app.kubernetes.io/managed-by", "Helm", "helm"),
];

/// A revision of a workload.
#[derive(Debug, Clone)]
pub struct Revision {
    pub number: u64,
    /// Name of the object that keeps it.
    pub keeper: String,
    /// The label by which its pods are told from others'.
    pub mark: Option<String>,
    /// The pod template, without what the controller adds.
    pub template: Value,
    /// Annotations of the ReplicaSet that keeps it; of a ControllerRevision its own.
    pub annotations: Map<String, Value>,
    pub created_at: Option<Timestamp>,
}

/// A workload and its history.
#[derive(Debug, Clone)]
pub struct Workload {
    pub object: DynamicObject,
    /// By number, the highest last.
    pub revisions: Vec<Revision>,
}

impl Revision {
    /// SHA-256 of the pod template.
    pub fn hash(&self) -> Digest {
        hash(&self.template)
    }

    /// What its containers run.
    pub fn images(&self) -> Vec<String> {
        images(&self.template)
    }

    /// Why it was made, where somebody wrote that.
    pub fn change_cause(&self) -> Option<&str> {
        self.annotations.get("kubernetes.io/change-cause")?.as_str()
    }
}

/// A pod template as it is compared: without what the controller adds and without what is null.
fn plain(template: &Value) -> Value {
    fn stripped(value: &Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields.iter().filter(|(_, v)| !v.is_null()).map(|(key, v)| (key.clone(), stripped(v))).collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(stripped).collect()),
            other => other.clone(),
        }
    }
    let mut template = stripped(template);
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(TEMPLATE_HASH);
    }
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    template
}

fn hash(template: &Value) -> Digest {
    canonical::hash(&plain(template))
}

fn images(template: &Value) -> Vec<String> {
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    let image = |container: &Value| container.get("image")?.as_str().map(str::to_owned);
    containers.into_iter().flatten().filter_map(image).collect()
}

/// Reads a workload and its history; `None` where there is no such workload.
///
/// # Errors
/// Where the server does not tell.
pub async fn read(client: &Client, path: KubePath<'_>) -> Result<Option<Workload>, Failure> {
    let api = resource::api(client, path).await?;
    let Some(object) = api.get_opt(path.name).await.map_err(failure)? else { return Ok(None) };
    let uid = object.metadata.uid.clone().unwrap_or_default();
    let kept = if path.resource == "deployments.apps" { "replicasets.apps" } else { "controllerrevisions.apps" };
    let keepers = resource::api_of(client, kept, path.namespace).await?;
    let selector = selector(&object).ok_or_else(|| Failure::failed("its selector cannot be read"))?;
    let listed = keepers.list(&ListParams::default().labels(&selector)).await.map_err(failure)?;
    let own = |keeper: &DynamicObject| {
        keeper
            .metadata
            .owner_references
            .iter()
            .flatten()
            .any(|owner| owner.controller == Some(true) && owner.uid == uid)
    };
    let mut revisions: Vec<_> = listed.items.iter().filter(|keeper| own(keeper)).filter_map(revision).collect();
    revisions.sort_by_key(|revision| revision.number);
    Ok(Some(Workload { object, revisions }))
}

fn revision(keeper: &DynamicObject) -> Option<Revision> {
    let annotations: Map<String, Value> = keeper
        .metadata
        .annotations
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), Value::String(value.clone())))
        .collect();
    let created_at = keeper.metadata.creation_timestamp.as_ref().map(|time| time.0);
    // Of a ReplicaSet its template; of a ControllerRevision what is patched in.
    let (number, template) = match keeper.data.get("revision").and_then(Value::as_u64) {
        Some(number) => (number, keeper.data.pointer("/data/spec/template")?),
        None => {
            let number = annotations.get(REVISION).and_then(|text| text.as_str()?.parse().ok()).unwrap_or(0);
            (number, keeper.data.pointer("/spec/template")?)
        }
    };
    let keeper_name = keeper.metadata.name.clone().unwrap_or_default();
    let labels = keeper.metadata.labels.as_ref();
    let mark = labels.and_then(|labels| labels.get(TEMPLATE_HASH).or_else(|| labels.get(REVISION_HASH)).cloned());
    Some(Revision { number, keeper: keeper_name, mark, template: plain(template), annotations, created_at })
}

/// The selector as the API's parameter takes it.
pub fn selector(object: &DynamicObject) -> Option<String> {
    let selector = object.data.pointer("/spec/selector")?;
    let labels = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut parts: Vec<String> = labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = expression.get("key")?.as_str()?;
        let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<_> = values.filter_map(Value::as_str).collect();
        parts.push(match expression.get("operator")?.as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    Some(parts.join(","))
}

impl Workload {
    /// The pod template that is asked for now.
    pub fn template(&self) -> Value {
        self.object.data.pointer("/spec/template").map(plain).unwrap_or_default()
    }

    /// SHA-256 of it.
    pub fn hash(&self) -> Digest {
        hash(&self.template())
    }

    /// A revision by its number; 0 is the one before the newest, as `kubectl rollout undo` takes it.
    ///
    /// # Errors
    /// There is none, and which there are.
    pub fn revision(&self, number: u64) -> Result<&Revision, String> {
        let found = match number {
            0 => self.revisions.len().checked_sub(2).and_then(|at| self.revisions.get(at)),
            number => self.revisions.iter().find(|revision| revision.number == number),
        };
        found.ok_or_else(|| {
            let known: Vec<_> = self.revisions.iter().map(|revision| revision.number.to_string()).collect();
            match (number, known.as_slice()) {
                (_, []) => "no rollout history was found".into(),
                (0, _) => "there is no revision before this one".into(),
                _ => format!("there is no revision {number}; its history has {}", known.join(", ")),
            }
        })
    }

    /// Whether its rollouts are halted.
    pub fn is_paused(&self) -> bool {
        self.object.data.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The revision that is asked for now, where its history holds that already.
    fn newest(&self) -> Option<&Revision> {
        let hash = self.hash();
        self.revisions.iter().rev().find(|revision| revision.hash() == hash)
    }

    /// Its number.
    pub fn current(&self) -> Option<u64> {
        self.newest().map(|revision| revision.number)
    }

    /// The label by which its pods are told from others'.
    pub fn newest_mark(&self) -> Option<String> {
        self.newest()?.mark.clone()
    }

    /// The tool that would undo what is changed here.
    pub fn keeper(&self) -> Option<&'static str> {
        keeper(&self.object)
    }

    /// How far its rollout is: the answer to a runbook's question `rollout`. `failing` pods of the newest template cannot start.
    pub fn rollout(&self, failing: u64) -> Value {
        let metadata = &self.object.metadata;
        let status = |name: &str| self.object.data.pointer(&format!("/status/{name}")).and_then(Value::as_u64);
        let spec = |name: &str| self.object.data.pointer(&format!("/spec/{name}"));
        let is_daemon = status("desiredNumberScheduled").is_some();
        let (desired, updated, total, available, ready) = if is_daemon {
            (
                status("desiredNumberScheduled"),
                status("updatedNumberScheduled"),
                status("currentNumberScheduled"),
                status("numberAvailable"),
                status("numberReady"),
            )
        } else {
            let ready = status("readyReplicas");
            let available = status("availableReplicas");
            // A StatefulSet tells this only from 1.22 on.
            let is_set = spec("serviceName").is_some();
            let available = if is_set { available.or(ready) } else { available };
            (
                spec("replicas").and_then(Value::as_u64).or(Some(1)),
                status("updatedReplicas"),
                status("replicas"),
                available,
                ready,
            )
        };
        // The server leaves out what is 0.
        let count = |number: Option<u64>| number.unwrap_or(0);
        let previous = self.revision(0).ok().map(|revision| revision.number);
        json!({
            "exists": true,
            "uid": metadata.uid,
            "resource_version": metadata.resource_version,
            "generation": metadata.generation,
            "observed_generation": status("observedGeneration"),
            "paused": self.is_paused(),
            "desired": desired,
            "updated": count(updated),
            "total": count(total),
            "available": count(available),
            "ready": count(ready),
            "revision": self.current(),
            "previous_revision": previous,
            "revisions": self.revisions.iter().map(|revision| revision.number).collect::<Vec<_>>(),
            "template_hash": self.hash(),
            "strategy": spec("strategy").or_else(|| spec("updateStrategy")).and_then(|strategy| strategy.get("type")),
            "partition": self.object.data.pointer("/spec/updateStrategy/rollingUpdate/partition"),
            "deadline_exceeded": self.is_overdue(),
            "failing": failing,
            "stuck": self.is_stuck(count(updated)) || failing > 0 && desired.is_some_and(|desired| failing >= desired),
            "reason": self.reason(),
            "images": images(&self.template()),
            "managed_by": self.keeper(),
        })
    }

    /// What the answer to a runbook's question `revision` holds.
    ///
    /// # Errors
    /// There is no such revision.
    pub fn told(&self, number: u64, now: Timestamp) -> Result<Value, String> {
        let revision = self.revision(number)?;
        let age = revision.created_at.map(|at| now.duration_since(at).as_secs());
        Ok(json!({
            "exists": true,
            "revision": revision.number,
            "images": revision.images(),
            "age_seconds": age,
            "change_cause": revision.change_cause(),
            "asked_for_seconds": self.asked_for_seconds(revision, now),
            "was": self.was(revision, now),
            "is_current": revision.hash() == self.hash(),
            "template_hash": revision.hash(),
        }))
    }

    /// What is known of how it went with a revision, in words: a cluster does not keep whether its pods ever were ready.
    fn was(&self, revision: &Revision, now: Timestamp) -> String {
        let images = revision.images().join(", ");
        match self.asked_for_seconds(revision, now) {
            None => format!("{images}; for how long it ran is not known"),
            Some(seconds) => {
                let short = if seconds < SHORT { ", not for long: see whether it ever came up" } else { "" };
                format!("{images}; it was asked for during {}{short}", units::span(seconds as f64))
            }
        }
    }

    /// How long a revision was what was asked for: from when it was made until the next one was. One that came back later was asked for
    /// longer than this.
    fn asked_for_seconds(&self, revision: &Revision, now: Timestamp) -> Option<i64> {
        let made = revision.created_at?;
        let next = self.revisions.iter().filter_map(|other| other.created_at).filter(|at| *at > made).min();
        if next.is_none() && revision.hash() != self.hash() {
            return None;
        }
        Some(next.unwrap_or(now).duration_since(made).as_secs())
    }

    fn conditions(&self) -> impl Iterator<Item = &Value> {
        self.object.data.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten()
    }

    fn is_overdue(&self) -> bool {
        self.conditions().any(|condition| {
            let text = |name: &str| condition.get(name).and_then(Value::as_str).unwrap_or_default();
            let is_ours = || self.newest().is_none_or(|revision| is_of(text("message"), &revision.keeper));
            text("type") == "Progressing" && text("reason") == "ProgressDeadlineExceeded" && is_ours()
        })
    }

    /// Whether the deadline of this rollout has passed: while none of its pods is there, and none was refused, the word of the rollout
    /// before may still stand.
    fn is_stuck(&self, updated: u64) -> bool {
        let is_refused = || {
            self.conditions().any(|condition| {
                let text = |name: &str| condition.get(name).and_then(Value::as_str);
                text("type") == Some("ReplicaFailure") && text("status") == Some("True")
            })
        };
        self.is_overdue() && (updated > 0 || is_refused())
    }

    fn reason(&self) -> Option<String> {
        let is_bad = |condition: &&Value| {
            let text = |name: &str| condition.get(name).and_then(Value::as_str).unwrap_or_default();
            matches!(
                (text("type"), text("status")),
                ("Progressing" | "Available", "False") | ("ReplicaFailure", "True")
            )
        };
        let texts = self.conditions().filter(is_bad).filter_map(|condition| condition.get("message")?.as_str());
        let texts: Vec<_> = texts.collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// What would change in the pod template, as a unified diff; values of the environment are hidden where they look like secrets.
    ///
    /// # Errors
    /// There is no such revision.
    pub fn diff(&self, number: u64) -> Result<String, String> {
        let yaml = |template: &Value| serde_saphyr::to_string(template).map_err(|error| error.to_string());
        let (before, after) = (yaml(&self.template())?, yaml(&self.revision(number)?.template)?);
        let diff = similar::TextDiff::from_lines(before.trim_end(), after.trim_end());
        Ok(crate::model::redact::text(&diff.unified_diff().context_radius(2).to_string()).into_owned())
    }
}

/// The tool that keeps an object, by what it has written onto it.
pub fn keeper(object: &DynamicObject) -> Option<&'static str> {
    let labels = object.metadata.labels.iter().flatten();
    let marks: Vec<_> = labels.chain(object.metadata.annotations.iter().flatten()).collect();
    let is_there = |key: &str, wanted: &str| {
        marks.iter().any(|(known, value)| *known == key && (wanted.is_empty() || *value == wanted))
    };
    KEEPERS.iter().find(|(key, wanted, _)| is_there(key, wanted)).map(|(.., word)| *word)
}

/// Pods of a StatefulSet that are neither ready nor of its newest revision.
///
/// # Errors
/// Where the server does not tell.
pub async fn wedged(client: &Client, path: KubePath<'_>) -> Result<Vec<(CompactString, String)>, Failure> {
    let set = resource::api(client, path).await?.get(path.name).await.map_err(failure)?;
    let newest = set.data.pointer("/status/updateRevision").and_then(Value::as_str).unwrap_or_default().to_owned();
    let uid = set.metadata.uid.clone().unwrap_or_default();
    let selector = selector(&set).ok_or_else(|| Failure::failed("its selector cannot be read"))?;
    let pods: Api<DynamicObject> = resource::api_of(client, "pods", path.namespace).await?;
    let listed = pods.list(&ListParams::default().labels(&selector)).await.map_err(failure)?;
    let is_wedged = |pod: &DynamicObject| {
        let own = pod.metadata.owner_references.iter().flatten().any(|owner| owner.uid == uid);
        let labels = pod.metadata.labels.as_ref();
        let revision = labels.and_then(|labels| labels.get("controller-revision-hash"));
        own && revision != Some(&newest) && pod.metadata.deletion_timestamp.is_none() && !is_ready(pod)
    };
    let name = |pod: DynamicObject| {
        (CompactString::from(pod.metadata.name.unwrap_or_default()), pod.metadata.uid.unwrap_or_default())
    };
    Ok(listed.items.into_iter().filter(is_wedged).map(name).collect())
}

fn is_ready(pod: &DynamicObject) -> bool {
    let conditions = pod.data.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition.get("type").and_then(Value::as_str) == Some("Ready")
            && condition.get("status").and_then(Value::as_str) == Some("True")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper_of(number: &str, image: &str, hash: &str) -> DynamicObject {
        serde_json::from_value(json!({
            "metadata": { "name": format!("web-{hash}"), "annotations": { (REVISION): number } },
            "spec": { "template": { "metadata": { "creationTimestamp": null, "labels": { "app": "web", (TEMPLATE_HASH): hash } },
                "spec": { "containers": [{ "name": "c", "image": image }] } } },
        }))
        .expect("an object")
    }

    fn workload() -> Workload {
        let object = json!({
            "metadata": { "name": "web", "uid": "u", "generation": 4, "labels": { "app.kubernetes.io/managed-by": "Helm" } },
            "spec": { "replicas": 3, "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "c", "image": "web:3" }] } } },
            "status": { "observedGeneration": 4, "updatedReplicas": 1, "replicas": 4, "readyReplicas": 3,
                "conditions": [{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late" }] },
        });
        let revisions =
            [("2", "web:2", "b"), ("3", "web:3", "c")].map(|(n, i, h)| revision(&keeper_of(n, i, h)).expect("one"));
        Workload { object: serde_json::from_value(object).expect("an object"), revisions: revisions.into() }
    }

    #[test]
    fn templates_are_compared_without_what_the_controller_adds() {
        let workload = workload();
        assert_eq!(workload.revision(3).expect("there").hash(), workload.hash());
        assert_eq!(workload.revision(0).expect("there").number, 2);
        assert!(workload.revision(7).expect_err("none").contains("its history has 2, 3"));
        assert_eq!(workload.current(), Some(3));
        assert!(
            workload.diff(2).expect("made").contains("-  - image: web:3")
                || workload.diff(2).expect("made").contains("web:2")
        );
    }

    #[test]
    fn how_long_a_revision_was_asked_for_ends_with_the_next() {
        let mut workload = workload();
        let at = |second| Timestamp::from_second(second).expect("in range");
        let told =
            |workload: &Workload, number| workload.told(number, at(1_000)).expect("there")["asked_for_seconds"].clone();
        assert_eq!(
            (told(&workload, 2), told(&workload, 3)),
            (json!(null), json!(null)),
            "nobody says when they were made"
        );
        workload.revisions[0].created_at = Some(at(100));
        workload.revisions[1].created_at = Some(at(400));
        assert_eq!((told(&workload, 2), told(&workload, 3)), (json!(300), json!(600)));
        // It came back: it has the highest number and was made first.
        workload.revisions[1].created_at = Some(at(40));
        assert_eq!((told(&workload, 3), told(&workload, 2)), (json!(60), json!(null)));
    }

    #[test]
    fn a_rollout_is_told_whole() {
        let told = workload().rollout(1);
        assert_eq!((&told["failing"], &told["stuck"]), (&json!(1), &json!(true)));
        assert_eq!(
            (&told["available"], &told["desired"], &told["deadline_exceeded"]),
            (&json!(0), &json!(3), &json!(true))
        );
        assert_eq!(
            (&told["managed_by"], &told["reason"], &told["paused"]),
            (&json!("helm"), &json!("late"), &json!(false))
        );
    }
}
