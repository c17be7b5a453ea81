//! Whether a rollout gets on: what the Deployment controller says of its deadline, and pods of the newest template that cannot start.
//!
//! The controller does not say it of every rollout: one that goes back to a ReplicaSet that was complete before keeps that word
//! (kubernetes `pkg/controller/deployment/progress.go`: complete deployments never time out), and for a moment the word of the rollout
//! before still stands. So the pods are looked at, too.

use super::{
    failure,
    history::{Workload, selector},
    resource,
};
use crate::{model::object::KubePath, ops::execute::Failure};
use kube::{
    Client,
    api::{DynamicObject, ListParams},
};
use serde_json::Value;

/// Reasons for which a container waits that time alone does not mend.
const HARD: &[&str] = &[
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImagePullBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// Crashes after which a container that crashes again and again counts.
const CRASHES: u64 = 3;
/// Labels by which controllers tell pods of one template from those of another.
const MARKS: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

/// How many pods of the template that is asked for cannot start.
///
/// # Errors
/// Where the server does not tell.
pub async fn failing(client: &Client, path: KubePath<'_>, workload: &Workload) -> Result<u64, Failure> {
    let Some(newest) = workload.newest_mark() else { return Ok(0) };
    let selector = selector(&workload.object).ok_or_else(|| Failure::failed("its selector cannot be read"))?;
    let pods = resource::api_of(client, "pods", path.namespace).await?;
    let listed = pods.list(&ListParams::default().labels(&selector)).await.map_err(failure)?;
    let own = |pod: &&DynamicObject| {
        let labels = pod.metadata.labels.iter().flatten();
        labels.into_iter().any(|(key, value)| MARKS.contains(&key.as_str()) && *value == newest)
    };
    Ok(listed.items.iter().filter(own).filter(|pod| cannot_start(pod)).count() as u64)
}

/// Whether a container of the pod waits for what does not come by itself.
fn cannot_start(pod: &DynamicObject) -> bool {
    let of = |name: &str| pod.data.pointer(&format!("/status/{name}")).and_then(Value::as_array).into_iter().flatten();
    of("initContainerStatuses").chain(of("containerStatuses")).any(|container| {
        let reason = container.pointer("/state/waiting/reason").and_then(Value::as_str).unwrap_or_default();
        let restarts = container.get("restartCount").and_then(Value::as_u64).unwrap_or(0);
        HARD.contains(&reason) || reason == "CrashLoopBackOff" && restarts >= CRASHES
    })
}

/// Whether the deadline that a condition tells of is that of the ReplicaSet of this name; one that names none is taken at its word.
pub fn is_of(message: &str, replica_set: &str) -> bool {
    match message.split('"').nth(1) {
        Some(named) if message.starts_with("ReplicaSet ") => named == replica_set,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_that_waits_for_an_image_or_crashes_cannot_start() {
        let pod = |reason: &str, restarts: u64| -> DynamicObject {
            let status = json!({ "containerStatuses": [{ "restartCount": restarts, "state": { "waiting": { "reason": reason } } }] });
            serde_json::from_value(json!({ "metadata": { "name": "p" }, "status": status })).expect("an object")
        };
        for (reason, restarts, is_hard) in [
            ("ImagePullBackOff", 0, true),
            ("ContainerCreating", 0, false),
            // The first try is no verdict.
            ("ErrImagePull", 0, false),
            ("CrashLoopBackOff", 1, false),
            ("CrashLoopBackOff", 3, true),
        ] {
            assert_eq!(cannot_start(&pod(reason, restarts)), is_hard, "{reason} {restarts}");
        }
    }

    #[test]
    fn the_deadline_of_another_replica_set_is_not_ours() {
        assert!(is_of("ReplicaSet \"api-1\" has timed out progressing.", "api-1"));
        assert!(!is_of("ReplicaSet \"api-1\" has timed out progressing.", "api-2"));
        assert!(is_of("Deployment \"api\" has timed out progressing.", "api-2"));
    }
}
