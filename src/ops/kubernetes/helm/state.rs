//! How the objects of a release are.

use super::{Apis, History, manifest};
use crate::ops::{
    execute::Failure,
    kubernetes::{failure, history},
};
use kube::{Client, api::DynamicObject};
use serde_json::Value;

/// How the objects of a release's newest revision are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    pub total: usize,
    /// What is there and does what it is for, as far as its status says.
    pub ready: usize,
    /// Those that are not, each with why.
    pub not_ready: Vec<String>,
    /// The tool of GitOps that keeps one of them.
    pub keeper: Option<&'static str>,
}

/// Looks at every object of the newest revision's manifest; nothing where there is no such release.
///
/// # Errors
/// Where the server does not tell, or the manifest cannot be read.
pub async fn state(client: &Client, namespace: &str, history: &History) -> Result<Option<State>, Failure> {
    let Some(newest) = history.newest() else { return Ok(None) };
    let items = manifest::items(newest.read()?.manifest(), namespace).map_err(Failure::Failed)?;
    let mut apis = Apis::new(client);
    let mut state = State { total: items.len(), ..State::default() };
    for item in &items {
        state.keeper = state.keeper.or_else(|| item.keeper());
        let found = match apis.of(item).await {
            Ok(api) => api.get_opt(&item.name).await.map_err(failure)?,
            Err(Failure::Failed(why)) if why.starts_with("not there") => None,
            Err(why) => return Err(why),
        };
        match found.as_ref().map(|object| (object, unready(&item.kind, object))) {
            Some((object, why)) => {
                state.keeper = state.keeper.or_else(|| history::keeper(object).filter(|keeper| *keeper != "helm"));
                match why {
                    None => state.ready += 1,
                    Some(why) => state.not_ready.push(format!("{}: {why}", item.words())),
                }
            }
            None => state.not_ready.push(format!("{} is not there", item.words())),
        }
    }
    Ok(Some(state))
}

/// Why an object does not do what it is for, as `helm --wait` judges it
/// (<https://github.com/helm/helm/blob/main/pkg/kube/ready.go>).
fn unready(kind: &str, object: &DynamicObject) -> Option<String> {
    let number = |pointer: &str| object.data.pointer(pointer).and_then(Value::as_u64);
    let generation = object.metadata.generation.and_then(|generation| u64::try_from(generation).ok());
    let condition = |wanted: &str| {
        let all = object.data.pointer("/status/conditions").and_then(Value::as_array);
        let text = |condition: &Value, name: &str| condition.get(name).and_then(Value::as_str) == Some(wanted);
        all.into_iter()
            .flatten()
            .find(|condition| text(condition, "type"))
            .and_then(|condition| condition.get("status")?.as_str())
    };
    let is_seen = || number("/status/observedGeneration") >= generation;
    let counted = |wanted: u64, names: [&str; 2]| {
        let has = |name: &str| number(&format!("/status/{name}")).unwrap_or(0);
        let least = names.iter().map(|name| has(name)).min().unwrap_or(0);
        (least < wanted || !is_seen()).then(|| format!("{least} of {wanted} ready"))
    };
    match kind {
        "Deployment" => counted(number("/spec/replicas").unwrap_or(1), ["updatedReplicas", "availableReplicas"]),
        "StatefulSet" => counted(number("/spec/replicas").unwrap_or(1), ["updatedReplicas", "readyReplicas"]),
        "DaemonSet" => counted(
            number("/status/desiredNumberScheduled").unwrap_or(0),
            ["updatedNumberScheduled", "numberAvailable"],
        ),
        "Pod" => (condition("Ready") != Some("True")).then(|| "it is not ready".into()),
        "Job" => (condition("Failed") == Some("True")).then(|| "it has failed".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, body: Value) -> Option<String> {
        let mut whole = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": "x", "generation": 2 } });
        whole.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        unready(kind, &serde_json::from_value(whole).expect("an object"))
    }

    #[test]
    fn what_is_not_there_yet_is_not_ready() {
        let status = |seen: u64, updated: u64, available: u64| json!({ "spec": { "replicas": 2 }, "status": { "observedGeneration": seen, "updatedReplicas": updated, "availableReplicas": available } });
        assert_eq!(of("Deployment", status(2, 2, 2)), None);
        assert!(of("Deployment", status(1, 2, 2)).is_some(), "the controller has not seen it");
        assert_eq!(of("Deployment", status(2, 1, 2)).as_deref(), Some("1 of 2 ready"));
        assert_eq!(of("DaemonSet", json!({ "status": { "observedGeneration": 2 } })), None);
        assert!(of("Pod", json!({})).is_some());
        assert_eq!(of("ConfigMap", json!({})), None);
        assert!(of("Job", json!({ "status": { "conditions": [{ "type": "Failed", "status": "True" }] } })).is_some());
    }
}
