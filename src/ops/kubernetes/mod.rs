//! Operations on the objects of clusters.

mod copy;
mod drain;
pub mod edit;
pub mod helm;
pub mod history;
mod patch;
pub mod resource;
mod rollback;
pub mod stuck;

pub use copy::{ended, exit_code};
pub use drain::fates;

use super::{
    execute::{Deed, Failure, Progress, Revealed, in_time},
    operation::{KubeAct, path_of},
};
use crate::{
    client::Clients,
    model::{
        Timestamp,
        object::{ObjectKind, ObjectRef},
    },
};
use base64::Engine as _;
use kube::{
    Api, Client, Error,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy},
    core::Status,
};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an API server may take for what it does at once.
const QUICK: Duration = Duration::from_secs(30);
/// How long copying may take.
const LONG: Duration = Duration::from_secs(30 * 60);

/// Who we are to a server that notes who changed which field.
pub const MANAGER: &str = "flightdeck";

/// A client for a context.
///
/// # Errors
/// Where there is none: nothing was asked of the server then.
pub async fn connect(context: &str, clients: &Clients) -> Result<Client, Failure> {
    let client = in_time(QUICK, async {
        clients
            .kube
            .client_for_once(context)
            .await
            .map_err(|error| Failure::failed(format!("{}; {}", error.reason, error.hint)))
    });
    client.await
}

/// What an error of the API means: the server's own no is a no, anything else may have happened after it acted.
pub fn failure(error: Error) -> Failure {
    match error {
        Error::Api(status) if is_open(&status) => Failure::Unknown(status.message.clone()),
        Error::Api(status) => {
            let word = match status.code {
                403 => "forbidden: ",
                404 => "not there any more: ",
                409 => "conflict: ",
                422 => "not valid: ",
                _ => "",
            };
            Failure::Failed(format!("{word}{}", status.message))
        }
        Error::Auth(error) => Failure::Failed(format!("the credentials are not good: {error}")),
        Error::Service(error) if is_connect(&*error) => {
            Failure::Failed(format!("the API server is not reached: {error}"))
        }
        error => Failure::Unknown(error.to_string()),
    }
}

/// Whether the server cannot say either: it did not wait for its own store, or the store did not answer in time and may have written after
/// all (errors of etcd reach a client as they are). What else goes wrong inside a server, a webhook that cannot be called, comes before.
fn is_open(status: &Status) -> bool {
    let is_of_store =
        || ["etcdserver: ", "context deadline exceeded"].iter().any(|words| status.message.contains(words));
    status.code == 504
        || matches!(status.reason.as_str(), "Timeout" | "ServerTimeout")
        || status.code == 500 && is_of_store()
}

/// Whether an error arose while connecting, before anything was asked.
fn is_connect(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return true;
        }
        next = error.source();
    }
    false
}

pub(super) async fn execute(
    target: &ObjectRef,
    act: &KubeAct,
    at: Timestamp,
    clients: &Clients,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let client = connect(path_of(target).context, clients).await?;
    let limit = match act {
        KubeAct::Drain { timeout_seconds, .. } => QUICK + Duration::from_secs(u64::from(*timeout_seconds)),
        KubeAct::CopyIn { .. } | KubeAct::CopyOut { .. } => LONG,
        KubeAct::RollbackRelease { timeout_seconds, .. } => QUICK.max(Duration::from_secs(u64::from(*timeout_seconds))),
        _ => QUICK,
    };
    in_time(limit, async {
        match act {
            KubeAct::Drain { .. } => drain::drain(&client, target, act, progress).await,
            KubeAct::CopyOut { container, from, to } => copy::out(&client, target, container, from, to).await,
            KubeAct::CopyIn { container, from, to } => copy::into(&client, target, container, from, to).await,
            KubeAct::Reveal => reveal(&client, target).await,
            KubeAct::DeleteWedged => rollback::delete_wedged(&client, target).await,
            KubeAct::RollbackRelease { revision, .. } => {
                helm::rollback(&client, target, *revision, at, false, progress).await
            }
            _ => {
                // What the server would refuse is refused before anything is done.
                if act.has_dry_run() {
                    change(&client, target, act, at, true).await.map_err(refused_before)?;
                }
                change(&client, target, act, at, false).await
            }
        }
    })
    .await
}

fn refused_before(failure: Failure) -> Failure {
    match failure {
        Failure::Failed(why) => Failure::Failed(format!("{why} (dry run; nothing was changed)")),
        // Nothing can have been done by a dry run.
        Failure::Unknown(why) => Failure::Failed(format!("{why} (dry run; nothing was changed)")),
    }
}

/// Does it, or asks the server what it would say.
///
/// # Errors
/// What the server says.
pub async fn change(
    client: &Client,
    target: &ObjectRef,
    act: &KubeAct,
    at: Timestamp,
    dry: bool,
) -> Result<Deed, Failure> {
    if let KubeAct::RollbackRelease { revision, .. } = act {
        return helm::rollback(client, target, *revision, at, dry, &|_| {}).await;
    }
    let path = path_of(target);
    let api = resource::api(client, path).await?;
    let post = PostParams { dry_run: dry, field_manager: Some(MANAGER.into()) };
    match act {
        KubeAct::Delete { grace_seconds, force } => {
            let params = DeleteParams {
                dry_run: dry,
                grace_period_seconds: if *force { Some(0) } else { *grace_seconds },
                propagation_policy: Some(PropagationPolicy::Background),
                preconditions: None::<Preconditions>,
            };
            let gone = api.delete(path.name, &params).await.map_err(failure)?;
            Ok(gone.either(|_| "accepted; it goes when its finalizers and its grace are over", |_| "done").into())
        }
        KubeAct::Evict { grace_seconds } => {
            evict(&api, path.namespace, path.name, *grace_seconds, dry).await?;
            Ok("accepted".into())
        }
        KubeAct::Trigger => trigger(client, &api, target, at, &post).await,
        KubeAct::Rollback { revision } => rollback::rollback(client, target, *revision, dry).await,
        KubeAct::Apply { manifest, file, .. } => apply(&api, path.name, manifest, file, &post).await,
        KubeAct::Scale { replicas } => {
            let body = json!({"spec": {"replicas": replicas}});
            let params = PatchParams { dry_run: dry, field_manager: Some(MANAGER.into()), ..PatchParams::default() };
            api.patch_scale(path.name, &params, &Patch::Merge(body)).await.map_err(failure)?;
            Ok("accepted".into())
        }
        _ => {
            let body = patch::of(act, at).ok_or_else(|| Failure::failed("that is done on a terminal, not here"))?;
            let params = PatchParams { dry_run: dry, field_manager: Some(MANAGER.into()), ..PatchParams::default() };
            // Containers are a list that only a strategic merge merges by name; other resources know no such merge.
            let body = if target.kind == ObjectKind::Resource { Patch::Merge(body) } else { Patch::Strategic(body) };
            api.patch(path.name, &params, &body).await.map_err(failure)?;
            Ok("accepted".into())
        }
    }
}

/// Asks for a pod's eviction.
///
/// # Errors
/// The server's no; 429 is a PodDisruptionBudget's.
pub async fn evict(
    api: &Api<DynamicObject>,
    namespace: &str,
    name: &str,
    grace_seconds: Option<u32>,
    dry: bool,
) -> Result<(), Failure> {
    // Without an apiVersion the server takes the one that it knows: servers before 1.22 do not know policy/v1.
    let mut body = json!({"metadata": {"name": name, "namespace": namespace}});
    if let Some(seconds) = grace_seconds {
        body["deleteOptions"] = json!({"gracePeriodSeconds": seconds});
    }
    let post = PostParams { dry_run: dry, field_manager: None };
    let answer: Result<Value, Error> = api.create_subresource("eviction", name, &post, &body).await;
    match answer {
        Ok(_) => Ok(()),
        Err(Error::Api(status)) if status.code == 429 => {
            Err(Failure::Failed(format!("held up by a PodDisruptionBudget: {}", status.message)))
        }
        Err(error) => Err(failure(error)),
    }
}

/// What `kubectl create job --from=cronjob/NAME` does.
async fn trigger(
    client: &Client,
    api: &Api<DynamicObject>,
    target: &ObjectRef,
    at: Timestamp,
    post: &PostParams,
) -> Result<Deed, Failure> {
    let path = path_of(target);
    let cron = api.get(path.name).await.map_err(failure)?;
    let template = cron.data.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    let spec = template.get("spec").cloned().ok_or_else(|| Failure::failed("the CronJob has no template"))?;
    let mut annotations = template.pointer("/metadata/annotations").cloned().unwrap_or_else(|| json!({}));
    annotations["cronjob.kubernetes.io/instantiate"] = "manual".into();
    // A Job's name may have 63 signs, which its pods need some of.
    let stem: String = path.name.chars().take(40).collect();
    let name = format!("{stem}-manual-{}", at.as_millisecond() / 100 % 10_000_000_000);
    let types = cron.types.clone().unwrap_or_default();
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": path.namespace,
            "annotations": annotations,
            "labels": template.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "ownerReferences": [{
                "apiVersion": types.api_version, "kind": "CronJob", "name": path.name, "uid": cron.metadata.uid, "controller": true,
            }],
        },
        "spec": spec,
    });
    let job: DynamicObject = serde_json::from_value(job).map_err(|error| Failure::failed(error.to_string()))?;
    let jobs = resource::api_of(client, "jobs.batch", path.namespace).await?;
    jobs.create(post, &job).await.map_err(failure)?;
    Ok(format!("job {name} was made").into())
}

/// Replaces an object by an edited one, whose resourceVersion says what it was made from.
async fn apply(
    api: &Api<DynamicObject>,
    name: &str,
    manifest: &str,
    file: &str,
    post: &PostParams,
) -> Result<Deed, Failure> {
    let object: DynamicObject = serde_json::from_str(manifest).map_err(|error| Failure::failed(error.to_string()))?;
    if object.metadata.resource_version.as_deref().is_none_or(str::is_empty) {
        return Err(Failure::failed("the edited object has no resourceVersion: nobody can say what it was made from"));
    }
    let kept = if file.is_empty() {
        "leave it as it is, and edit anew".into()
    } else {
        format!("what you wrote is kept in {file}")
    };
    match api.replace(name, post, &object).await {
        Ok(_) => Ok("done".into()),
        Err(Error::Api(status)) if status.code == 409 => {
            Err(Failure::Failed(format!("it was changed meanwhile: {kept} ({})", status.message)))
        }
        Err(error) if file.is_empty() => Err(failure(error)),
        Err(error) => Err(match failure(error) {
            Failure::Failed(why) => Failure::Failed(format!("{why}; {kept}")),
            Failure::Unknown(why) => Failure::Unknown(format!("{why}; {kept}")),
        }),
    }
}

/// What a drain would do to each pod of the node.
///
/// # Errors
/// What forbids the drain.
pub async fn plan_drain(client: &Client, target: &ObjectRef, act: &KubeAct) -> Result<Vec<String>, Failure> {
    let pods = drain::plan(client, target, act).await?;
    if let Some(why) = drain::blocked(&pods) {
        return Err(Failure::Failed(why));
    }
    let mut lines = Vec::new();
    for pod in &pods {
        let fate = match &pod.fate {
            drain::Fate::Evicted => {
                let api = resource::api_of(client, "pods", &pod.namespace).await?;
                match evict(&api, &pod.namespace, &pod.name, None, true).await {
                    Ok(()) => "goes".into(),
                    Err(Failure::Failed(why) | Failure::Unknown(why)) => format!("goes when it may: {why}"),
                }
            }
            drain::Fate::Stays(why) | drain::Fate::Blocks(why) => format!("stays, {why}"),
        };
        lines.push(format!("pod {}/{}: {fate}", pod.namespace, pod.name));
    }
    Ok(lines)
}

async fn reveal(client: &Client, target: &ObjectRef) -> Result<Deed, Failure> {
    let path = path_of(target);
    let secret = resource::api(client, path).await?.get(path.name).await.map_err(failure)?;
    let data = secret.data.get("data").and_then(Value::as_object);
    let decode = |value: &Value| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default());
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => format!("({} bytes that are no text)", error.as_bytes().len()),
            Err(_) => "(not base64)".into(),
        }
    };
    let values: Vec<_> = data.into_iter().flatten().map(|(key, value)| (key.clone(), decode(value))).collect();
    let text = format!("{} values shown", values.len());
    Ok(Deed { text, revealed: Some(Revealed { target: target.clone(), values }), ..Deed::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_a_no_and_trouble_inside_the_server_says_nothing_of_what_was_done() {
        let webhook = "Internal error occurred: failed calling webhook";
        for (code, message, is_known) in [
            (403, "why", true),
            (404, "why", true),
            (409, "why", true),
            (422, "why", true),
            (429, "why", true),
            (500, webhook, true),
            (503, "why", true),
            (500, "etcdserver: request timed out", false),
            (504, "Timeout: request did not complete within requested timeout", false),
        ] {
            let status = Status { code, message: message.into(), ..Status::default() };
            let told = failure(Error::Api(Box::new(status)));
            assert_eq!(matches!(told, Failure::Failed(_)), is_known, "{code}: {told}");
            assert!(told.to_string().contains(message), "{told}");
        }
    }
}
