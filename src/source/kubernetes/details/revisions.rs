//! Revisions of a workload's template: ReplicaSets of a Deployment, ControllerRevisions of a StatefulSet or DaemonSet.

use super::{
    diff, hidden,
    look::{Look, selector},
    yaml,
};
use crate::model::kubernetes::Revision;
use serde_json::Value;

/// The label that a Deployment's controller adds to tell templates apart.
const HASH: &str = "pod-template-hash";
const CAUSE: &str = "kubernetes.io/change-cause";

/// Revisions of an object, newest first; none where it has none.
pub async fn of(look: &mut Look<'_>, object: &Value) -> Vec<Revision> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let resource = match kind {
        "Deployment" => "replicasets",
        "StatefulSet" | "DaemonSet" => "controllerrevisions",
        _ => return Vec::new(),
    };
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let url = format!(
        "/apis/apps/v1/namespaces/{namespace}/{resource}?labelSelector={}",
        super::look::query(&selector(&object["spec"]["selector"]))
    );
    let keepers = look.values("revisions", &url).await;
    from(&keepers, object["metadata"]["uid"].as_str().unwrap_or_default())
}

/// Revisions out of what keeps them, of those that belong to the owner.
fn from(keepers: &[Value], owner: &str) -> Vec<Revision> {
    let owned = |keeper: &&Value| {
        let mut owners = keeper.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
        owners.any(|reference| reference["uid"] == owner && reference["controller"] == true)
    };
    let mut revisions: Vec<_> = keepers.iter().filter(owned).map(revision).collect();
    revisions.sort_by_key(|revision| revision.number);
    for at in 1..revisions.len() {
        let (old, new) = (&revisions[at - 1], &revisions[at]);
        let names = (format!("rev {}", old.number), format!("rev {}", new.number));
        revisions[at].diff = diff::unified(&old.template, &new.template, &names.0, &names.1);
    }
    revisions.reverse();
    revisions
}

fn revision(keeper: &Value) -> Revision {
    let annotation =
        |key: &str| keeper.pointer("/metadata/annotations").and_then(|all| all.get(key)).and_then(Value::as_str);
    let number = keeper["revision"].as_u64().or_else(|| annotation(super::super::slim::REVISION)?.parse().ok());
    let template = keeper.pointer("/spec/template").or_else(|| keeper.pointer("/data/spec/template"));
    let mut template = template.cloned().unwrap_or(Value::Null);
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove(HASH);
        }
    }
    hidden::hide(&mut template);
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    let images = containers.into_iter().flatten().filter_map(|c| c["image"].as_str()).map(Into::into).collect();
    let count = |pointer: &str| keeper.pointer(pointer).and_then(Value::as_u64).map(|n| n as u32);
    let is_set = keeper.get("spec").is_some();
    Revision {
        number: number.unwrap_or(0),
        kept_by: keeper.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().into(),
        created_at: keeper
            .pointer("/metadata/creationTimestamp")
            .and_then(Value::as_str)
            .and_then(|at| at.parse().ok()),
        images,
        cause: annotation(CAUSE).map(|cause| crate::model::redact::text(cause).into_owned()),
        replicas: count("/status/replicas"),
        // Zero is not written.
        ready: if is_set { Some(count("/status/readyReplicas").unwrap_or(0)) } else { None },
        template: yaml(&template),
        diff: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_compared_from_revision_to_revision() {
        let set = |number: &str, image: &str, owner: &str| {
            json!({
                "metadata": { "name": format!("web-{number}"), "creationTimestamp": "2026-11-23T02:02:00Z",
                    "annotations": { "deployment.kubernetes.io/revision": number, CAUSE: "release --token=hunter2" },
                    "ownerReferences": [{ "uid": owner, "controller": true }] },
                "spec": { "template": { "metadata": { "labels": { "app": "web", HASH: number } },
                    "spec": { "containers": [{ "name": "a", "image": image }] } } },
                "status": { "replicas": 2 },
            })
        };
        let sets = [set("31", "web:1.4.3", "d"), set("9", "web:1.4.2", "d"), set("40", "other:1", "x")];
        let revisions = from(&sets, "d");
        assert_eq!(revisions.iter().map(|r| r.number).collect::<Vec<_>>(), [31, 9], "by number, not by word");
        assert_eq!(revisions[0].images, ["web:1.4.3"]);
        assert_eq!(revisions[0].cause.as_deref(), Some("release --token=[redacted]"));
        let diff = &revisions[0].diff;
        assert!(diff.contains("web:1.4.2") && diff.contains("web:1.4.3") && !diff.contains(HASH), "{diff}");
        assert!(revisions[1].diff.is_empty());
    }

    #[test]
    fn controller_revisions() {
        let kept = json!({
            "metadata": { "name": "db-1", "ownerReferences": [{ "uid": "s", "controller": true }] }, "revision": 2,
            "data": { "spec": { "template": { "$patch": "replace", "spec": { "containers": [{ "image": "db:2" }] } } } },
        });
        let revisions = from(&[kept], "s");
        assert_eq!((revisions[0].number, revisions[0].images.as_slice()), (2, &["db:2".into()][..]));
        assert!(!revisions[0].template.contains("$patch"));
    }
}
