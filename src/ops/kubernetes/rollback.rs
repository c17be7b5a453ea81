//! Bringing a revision's pod template back, as `kubectl rollout undo` does it, and only onto what was looked at.

use super::{MANAGER, failure, history, resource};
use crate::{
    model::object::{KubePath, ObjectRef},
    ops::{
        execute::{Deed, Failure},
        operation::path_of,
    },
};
use history::{Revision, Workload};
use kube::{
    Api, Client, Error,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions},
};
use serde_json::{Map, Value, json};

/// Annotations that stay as the Deployment has them (kubectl's `annotationsToSkip`).
const KEPT: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];
/// How often a change of the status by its controller, which changes nothing that we do, is looked past.
const TRIES: usize = 6;

/// Does it, or asks the server what it would say. The object that is read is the object that is changed: the server tests its
/// resourceVersion. Where only the controller has written its status in between, it is read again.
///
/// # Errors
/// What stands against it, or what the server says.
pub async fn rollback(client: &Client, target: &ObjectRef, revision: u64, dry: bool) -> Result<Deed, Failure> {
    let path = path_of(target);
    let api = resource::api(client, path).await?;
    let mut first = None;
    for _ in 0..TRIES {
        let workload = read(client, path).await?;
        let generation = workload.object.metadata.generation;
        if *first.get_or_insert(generation) != generation {
            return Err(Failure::failed("somebody else changed it meanwhile; nothing was done: look again"));
        }
        let to = workload.revision(revision).map_err(Failure::Failed)?;
        if workload.is_paused() {
            return Err(Failure::failed("its rollouts are paused: resume them first"));
        }
        if to.hash() == workload.hash() {
            return Ok(format!("skipped: it asks for the template of revision {} already", to.number).into());
        }
        let number = to.number;
        match send(&api, path, &workload, to, dry).await {
            Ok(_) => return Ok(format!("the template of revision {number} is asked for").into()),
            Err(error) if is_outdated(client, path, &workload, &error).await => {}
            Err(error) => return Err(failure(error)),
        }
    }
    Err(Failure::failed("it changes faster than it can be read; nothing was done: try again"))
}

async fn read(client: &Client, path: KubePath<'_>) -> Result<Workload, Failure> {
    history::read(client, path).await?.ok_or_else(|| Failure::failed("it is not there any more"))
}

async fn send(
    api: &Api<DynamicObject>,
    path: KubePath<'_>,
    workload: &Workload,
    to: &Revision,
    dry: bool,
) -> Result<DynamicObject, Error> {
    let params = PatchParams { dry_run: dry, field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let version = workload.object.metadata.resource_version.clone().unwrap_or_default();
    if path.resource == "deployments.apps" {
        let patch = json!([
            { "op": "test", "path": "/metadata/resourceVersion", "value": version },
            { "op": "replace", "path": "/spec/template", "value": to.template },
            { "op": "replace", "path": "/metadata/annotations", "value": annotations(workload, to) },
        ]);
        let patch = serde_json::from_value(patch).map_err(Error::SerdeError)?;
        return api.patch(path.name, &params, &Patch::<Value>::Json(patch)).await;
    }
    let mut template = to.template.clone();
    template["$patch"] = "replace".into();
    // With a resourceVersion in it the server refuses what has become of another one.
    let patch = json!({ "metadata": { "resourceVersion": version }, "spec": { "template": template } });
    api.patch(path.name, &params, &Patch::Strategic(patch)).await
}

/// Those of the revision, but for what the Deployment keeps.
fn annotations(workload: &Workload, to: &Revision) -> Map<String, Value> {
    let mut all: Map<_, _> = to.annotations.clone();
    all.retain(|key, _| !KEPT.contains(&key.as_str()));
    let own = workload.object.metadata.annotations.iter().flatten();
    let kept = own.filter(|(key, _)| KEPT.contains(&key.as_str()));
    all.extend(kept.map(|(key, value)| (key.clone(), Value::String(value.clone()))));
    all
}

/// Whether the object is another one by now, for which the server refused: nothing was changed then. Of a JSON patch it does not say which
/// of its operations failed (422, "the server rejected our request due to an error in our request"), so that it is looked at again.
async fn is_outdated(client: &Client, path: KubePath<'_>, seen: &Workload, error: &Error) -> bool {
    let version = |workload: &Workload| workload.object.metadata.resource_version.clone();
    match error {
        Error::Api(status) if status.code == 409 => true,
        // Where it cannot be read any more, the server's no stands.
        Error::Api(status) if status.code == 422 => {
            read(client, path).await.is_ok_and(|now| version(&now) != version(seen))
        }
        _ => false,
    }
}

/// Deletes the pods that hold a StatefulSet up, each only as long as it is the one that was seen.
///
/// # Errors
/// What the server says; pods before that one are gone.
pub async fn delete_wedged(client: &Client, target: &ObjectRef) -> Result<Deed, Failure> {
    let path = path_of(target);
    let pods = history::wedged(client, path).await?;
    let api = resource::api_of(client, "pods", path.namespace).await?;
    let mut gone = 0_usize;
    for (name, uid) in &pods {
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid: Some(uid.clone()), resource_version: None }),
            ..DeleteParams::default()
        };
        match api.delete(name, &params).await {
            Ok(_) => gone += 1,
            // Another has come in its place, or it went by itself.
            Err(Error::Api(status)) if matches!(status.code, 404 | 409) => {}
            Err(error) => return Err(failure(error)),
        }
    }
    Ok(format!("{gone} of {} pods deleted", pods.len()).into())
}
