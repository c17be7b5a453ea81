//! Questions about the objects of a cluster.

use super::is_missing;
use crate::{
    client::Clients,
    model::{Timestamp, kubernetes::Access, object::ObjectRef},
    ops::{
        access,
        execute::{Failure, in_time, within},
        kubernetes::{
            change, connect, failure, fates,
            history::{self, keeper},
            resource, stuck,
        },
        operation::{KubeAct, path_of},
    },
};
use base64::Engine as _;
use kube::{
    Client,
    api::{DynamicObject, ListParams},
};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is asked about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cluster<'a> {
    Object,
    /// How far the rollout of a workload is.
    Rollout,
    /// A revision of it; 0 is the one before.
    Revision(u64),
    /// What the server would say to a rollback, and what would change.
    RollbackDryRun(u64),
    /// Whether this user may do it.
    Access {
        verb: &'a str,
        subresource: &'a str,
    },
    /// Pods that hold a StatefulSet up.
    Wedged,
    Node,
    /// The newest Job of a CronJob.
    Job,
}

/// Asks.
///
/// # Errors
/// Why nobody answers.
pub fn cluster(target: &ObjectRef, asked: &Cluster<'_>, now: Timestamp, clients: &Clients) -> Result<Value, String> {
    let path = path_of(target);
    if let Cluster::Access { verb, subresource } = asked {
        let access = Access::new(verb, path.resource, subresource, path.namespace, path.name);
        let said = access::review(path.context, vec![access], clients);
        let (_, allowed, reason) = said.into_iter().next().ok_or("the API server does not say")?;
        return Ok(json!({ "allowed": allowed, "reason": reason }));
    }
    let answer = within(in_time(PATIENCE, async {
        let client = connect(path.context, clients).await?;
        match asked {
            Cluster::Object => object(&client, target).await,
            Cluster::Node => node(&client, target).await,
            Cluster::Job => job(&client, target).await,
            Cluster::Wedged => {
                let pods = history::wedged(&client, path).await?;
                let names: Vec<_> = pods.iter().map(|(name, _)| name).collect();
                Ok(json!({ "count": names.len(), "pods": names }))
            }
            Cluster::RollbackDryRun(revision) => dry_run(&client, target, *revision, now).await,
            Cluster::Rollout | Cluster::Revision(_) | Cluster::Access { .. } => {
                let Some(workload) = history::read(&client, path).await? else { return Ok(json!({ "exists": false })) };
                Ok(match asked {
                    Cluster::Revision(number) => {
                        workload.told(*number, now).unwrap_or_else(|_| json!({ "exists": false }))
                    }
                    _ => workload.rollout(stuck::failing(&client, path, &workload).await?),
                })
            }
        }
    }));
    match answer {
        Err(Failure::Failed(why)) if is_missing(&why) => Ok(json!({ "exists": false })),
        other => other.map_err(Failure::into_why),
    }
}

/// The certificate in a Secret of the kind `kubernetes.io/tls`, as PEM; its key stays where it is.
///
/// # Errors
/// There is none, or the server does not give it.
pub fn certificate(target: &ObjectRef, clients: &Clients) -> Result<Vec<u8>, String> {
    let path = path_of(target);
    let answer = within(in_time(PATIENCE, async {
        let client = connect(path.context, clients).await?;
        resource::api(&client, path).await?.get(path.name).await.map_err(failure)
    }));
    let secret = answer.map_err(Failure::into_why)?;
    let text = secret.data.pointer("/data/tls.crt").and_then(Value::as_str);
    let text = text.ok_or_else(|| format!("{} has no tls.crt", path.name))?;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|error| format!("its tls.crt cannot be read: {error}"))
}

/// The names of the Secrets of a namespace that somebody made: those of service accounts and of Helm's releases are their makers'. What is in
/// them is not asked for.
///
/// # Errors
/// Why nobody answers.
pub fn secrets(context: &str, namespace: &str, clients: &Clients) -> Result<Vec<String>, String> {
    let made = ListParams::default().fields("type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1");
    let listed = within(in_time(PATIENCE, async {
        let client = connect(context, clients).await?;
        resource::api_of(&client, "secrets", namespace).await?.list_metadata(&made).await.map_err(failure)
    }));
    let names = listed.map_err(Failure::into_why)?.items.into_iter().filter_map(|secret| secret.metadata.name);
    Ok(names.collect())
}

async fn object(client: &Client, target: &ObjectRef) -> Result<Value, Failure> {
    let path = path_of(target);
    let found = resource::api(client, path).await?.get(path.name).await.map_err(failure)?;
    let owner = found.metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
    Ok(json!({
        "exists": true,
        "uid": found.metadata.uid,
        "resource_version": found.metadata.resource_version,
        "generation": found.metadata.generation,
        "managed_by": keeper(&found),
        "owner": owner.map(|owner| format!("{} {}", owner.kind, owner.name)),
    }))
}

async fn dry_run(client: &Client, target: &ObjectRef, revision: u64, now: Timestamp) -> Result<Value, Failure> {
    let workload = history::read(client, path_of(target)).await?;
    let diff = workload.and_then(|workload| workload.diff(revision).ok());
    match change(client, target, &KubeAct::Rollback { revision }, now, true).await {
        Ok(_) => Ok(json!({ "accepted": true, "reason": null, "diff": diff })),
        // The server's own no is an answer.
        Err(Failure::Failed(why)) => Ok(json!({ "accepted": false, "reason": why, "diff": diff })),
        Err(unknown) => Err(unknown),
    }
}

async fn node(client: &Client, target: &ObjectRef) -> Result<Value, Failure> {
    let path = path_of(target);
    let node = resource::api_of(client, "nodes", "").await?.get(path.name).await.map_err(failure)?;
    let conditions = node.data.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().find(|it| it.get("type").and_then(Value::as_str) == Some("Ready"));
    let act = KubeAct::Drain { grace_seconds: None, unmanaged: false, local_data: false, timeout_seconds: 0 };
    let fates = fates(client, target, &act).await?;
    let boot = node.data.pointer("/status/nodeInfo/bootID").cloned();
    let unschedulable = node.data.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
    Ok(json!({
        "exists": true,
        "uid": node.metadata.uid,
        "ready": ready.and_then(|it| Some(it.get("status")?.as_str()? == "True")),
        "schedulable": !unschedulable,
        "boot_id": boot,
        "pods": fates.all,
        "evictable": fates.evictable,
        "unmanaged": fates.unmanaged,
        "with_local_data": fates.with_local_data,
        "blocked_by_budget": fates.blocked_by_budget,
    }))
}

async fn job(client: &Client, target: &ObjectRef) -> Result<Value, Failure> {
    let path = path_of(target);
    let cron = resource::api(client, path).await?.get(path.name).await.map_err(failure)?;
    let uid = cron.metadata.uid.unwrap_or_default();
    let jobs = resource::api_of(client, "jobs.batch", path.namespace).await?;
    let listed = jobs.list(&ListParams::default()).await.map_err(failure)?;
    let own = |job: &DynamicObject| job.metadata.owner_references.iter().flatten().any(|owner| owner.uid == uid);
    let made = |job: &DynamicObject| job.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let Some(newest) = listed.items.into_iter().filter(own).max_by_key(made) else {
        return Ok(json!({ "exists": false }));
    };
    let status = |name: &str| newest.data.pointer(&format!("/status/{name}")).cloned();
    let count = |name: &str| status(name).and_then(|value| value.as_u64()).unwrap_or(0);
    Ok(json!({
        "exists": true,
        "name": newest.metadata.name,
        "started_at": status("startTime"),
        "finished_at": status("completionTime"),
        "succeeded": count("succeeded"),
        "failed": count("failed"),
        "active": count("active"),
    }))
}
