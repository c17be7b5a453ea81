//! What a cluster holds, as far as the rule book looks at it. Of Secrets only their names are asked for. Pods that something controls are judged by
//! its template: of them only what selectors and owners need is kept, so that ten thousand cost little.

use super::{Objects, usage::Uses};
use crate::{
    model::{Timestamp, finding::Scope},
    rulebook::{resource::Resource, syntax::alike::Alike},
    source::kubernetes::api::{Api, Trouble},
};
use compact_str::CompactString;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Kinds that are asked for, and their paths, the best first: older servers have others.
const KINDS: &[(&str, &[&str])] = &[
    ("Pod", &["/api/v1/pods"]),
    ("Deployment", &["/apis/apps/v1/deployments"]),
    ("StatefulSet", &["/apis/apps/v1/statefulsets"]),
    ("DaemonSet", &["/apis/apps/v1/daemonsets"]),
    ("ReplicaSet", &["/apis/apps/v1/replicasets"]),
    ("Job", &["/apis/batch/v1/jobs"]),
    ("CronJob", &["/apis/batch/v1/cronjobs", "/apis/batch/v1beta1/cronjobs"]),
    ("Service", &["/api/v1/services"]),
    ("ConfigMap", &["/api/v1/configmaps"]),
    ("ServiceAccount", &["/api/v1/serviceaccounts"]),
    ("PersistentVolumeClaim", &["/api/v1/persistentvolumeclaims"]),
    ("Ingress", &["/apis/networking.k8s.io/v1/ingresses"]),
    ("NetworkPolicy", &["/apis/networking.k8s.io/v1/networkpolicies"]),
    (
        "HorizontalPodAutoscaler",
        &["/apis/autoscaling/v2/horizontalpodautoscalers", "/apis/autoscaling/v1/horizontalpodautoscalers"],
    ),
    ("PodDisruptionBudget", &["/apis/policy/v1/poddisruptionbudgets", "/apis/policy/v1beta1/poddisruptionbudgets"]),
    ("Role", &["/apis/rbac.authorization.k8s.io/v1/roles"]),
    ("ClusterRole", &["/apis/rbac.authorization.k8s.io/v1/clusterroles"]),
    ("RoleBinding", &["/apis/rbac.authorization.k8s.io/v1/rolebindings"]),
    ("ClusterRoleBinding", &["/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"]),
];

/// The form in which the server tells names and labels only (<https://kubernetes.io/docs/reference/using-api/api-concepts/>).
const NAMES_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Reads everything that may be read, with what containers have used.
///
/// # Errors
/// Where there is no way to the server.
pub async fn objects(api: &Api, at: Timestamp, uses: &mut Uses) -> Result<Objects, Trouble> {
    let (mut objects, mut alike) = (Objects::default(), Alike::default());
    for (kind, paths) in KINDS {
        let answer = list(api, kind, paths, (at, uses), &mut alike).await;
        take(&mut objects, kind, answer)?;
    }
    let secrets = api.json_as::<Value>("/api/v1/secrets", NAMES_ONLY).await;
    let items = |mut answer: Value| answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let secrets = secrets.map(|answer| {
        items(answer).into_iter().map(|item| resource(api, ("Secret", "v1"), item, at, &mut alike)).collect()
    });
    take(&mut objects, "Secret", secrets)?;
    Ok(objects)
}

fn take(objects: &mut Objects, kind: &str, answer: Result<Vec<Arc<Resource>>, Trouble>) -> Result<(), Trouble> {
    match answer {
        Ok(found) => {
            objects.resources.extend(found);
            objects.listed.push(kind.into());
        }
        Err(trouble @ (Trouble::Unreachable { .. } | Trouble::Unauthorized(_))) => return Err(trouble),
        // The server has no such kind: there are none.
        Err(Trouble::Missing) => {}
        Err(trouble) => objects.unread.push((kind.into(), trouble.words())),
    }
    Ok(())
}

async fn list(
    api: &Api,
    kind: &str,
    paths: &[&str],
    (at, uses): (Timestamp, &mut Uses),
    alike: &mut Alike,
) -> Result<Vec<Arc<Resource>>, Trouble> {
    let mut last = Trouble::Missing;
    for path in paths {
        // `/apis/apps/v1/deployments` is of `apps/v1`, `/api/v1/pods` of `v1`.
        let version = path.rsplit_once('/').map_or(*path, |(version, _)| version);
        let version = version.trim_start_matches("/apis/").trim_start_matches("/api/");
        match read(api, path, (kind, version), (at, uses), alike).await {
            Err(Trouble::Missing) => last = Trouble::Missing,
            other => return other,
        }
    }
    Err(last)
}

async fn read(
    api: &Api,
    path: &str,
    what: (&str, &str),
    (at, uses): (Timestamp, &mut Uses),
    alike: &mut Alike,
) -> Result<Vec<Arc<Resource>>, Trouble> {
    let mut listing = api.list(path).await?;
    let mut found = Vec::new();
    let mut unreadable = None;
    let mut on_item = |json: &[u8]| match serde_json::from_slice::<Value>(json) {
        Ok(item) => {
            let mut item = slim(what.0, item);
            if what.0 == "Pod" {
                uses.tell(at, &mut item);
            }
            found.push(resource(api, what, item, at, alike));
        }
        Err(error) => unreadable = Some(error.to_string()),
    };
    while listing.frame(&mut on_item).await? {}
    match unreadable {
        Some(why) => Err(Trouble::Refused(format!("an object cannot be read: {why}"))),
        None => Ok(found),
    }
}

/// Without what nobody looks at.
fn slim(kind: &str, mut item: Value) -> Value {
    let is_owned = item["metadata"]["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
    let of_another = is_owned && matches!(kind, "Pod" | "ReplicaSet" | "Job");
    let Some(map) = item.as_object_mut() else { return item };
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if !of_another {
        return item;
    }
    let mut kept = Map::new();
    if let Some(metadata) = map.remove("metadata") {
        let part = |key: &str| (key.to_owned(), metadata[key].clone());
        kept.insert(
            "metadata".into(),
            ["name", "namespace", "labels", "ownerReferences"].map(part).into_iter().collect(),
        );
    }
    Value::Object(kept)
}

fn resource(api: &Api, (kind, version): (&str, &str), item: Value, at: Timestamp, alike: &mut Alike) -> Arc<Resource> {
    let word = |key: &str| CompactString::from(item["metadata"][key].as_str().unwrap_or_default());
    Arc::new(Resource {
        scope: Scope::Kube,
        kind: kind.into(),
        api_version: version.into(),
        origin: api.context.clone(),
        namespace: word("namespace"),
        name: word("name"),
        file: None,
        spec: Arc::new(alike.node(item)),
        observed_at: Some(at),
        merged: None,
    })
}
