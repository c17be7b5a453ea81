//! What a container engine holds: containers as inspecting tells them, images, volumes and networks with what uses them.

use super::Objects;
use crate::{
    client::docker::raw,
    model::{Timestamp, finding::Scope, redact},
    rulebook::{
        resource::Resource,
        syntax::{alike::Alike, node::Node},
    },
};
use bollard::Docker;
use compact_str::CompactString;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Containers that are inspected at the same time.
const AT_ONCE: usize = 8;

/// Reads everything. An engine that does not answer at all has told why to whoever connected.
pub async fn objects(docker: &Docker, engine: &str, at: Timestamp) -> Objects {
    let (mut objects, mut alike) = (Objects::default(), Alike::default());
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    match raw::json::<Vec<Value>>(docker, "/containers/json?all=true").await {
        Ok(list) => {
            let ids = list.iter().filter_map(|row| row["Id"].as_str().map(ToOwned::to_owned));
            let inspected = stream::iter(ids.map(|id| async move {
                let answer = raw::json::<Value>(docker, &format!("/containers/{id}/json")).await;
                (id, answer)
            }));
            let mut inspected = inspected.buffer_unordered(AT_ONCE);
            while let Some((id, answer)) = inspected.next().await {
                match answer {
                    Ok(spec) => {
                        note_users(&spec, &mut users);
                        if !is_of_pod(&spec) {
                            objects.resources.push(container(spec, engine, at, &mut alike));
                        }
                    }
                    // Whoever is gone meanwhile is no container any more.
                    Err(error) if is_missing(&error) => {}
                    Err(error) => objects.unread.push((format!("container {id}").into(), error.to_string())),
                }
            }
        }
        Err(error) => objects.unread.push(("containers".into(), error.to_string())),
    }
    for (kind, path, list, name) in [
        ("image", "/images/json", None, "Id"),
        ("volume", "/volumes", Some("Volumes"), "Name"),
        ("network", "/networks", None, "Name"),
    ] {
        match raw::json::<Value>(docker, path).await {
            Ok(mut answer) => {
                let rows = match list {
                    Some(list) => answer[list].take(),
                    None => answer.take(),
                };
                for spec in rows.as_array().into_iter().flatten() {
                    objects.resources.push(stored(spec.clone(), (kind, name), (engine, at), &users, &mut alike));
                }
            }
            Err(error) => objects.unread.push((format!("{kind}s").into(), error.to_string())),
        }
    }
    objects.resources.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    objects
}

/// One container, as it is now; `None` where it is gone, or is part of a pod.
///
/// # Errors
/// Why it could not be read.
pub async fn one(docker: &Docker, engine: &str, id: &str, at: Timestamp) -> Result<Option<Arc<Resource>>, String> {
    match raw::json::<Value>(docker, &format!("/containers/{id}/json")).await {
        Ok(spec) => Ok((!is_of_pod(&spec)).then(|| container(spec, engine, at, &mut Alike::default()))),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a kubelet made it: then its pod is what is judged, in the cluster.
fn is_of_pod(spec: &Value) -> bool {
    spec["Config"]["Labels"]["io.kubernetes.pod.uid"].is_string()
}

fn is_missing(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })
}

fn resource((kind, name): (&str, &str), engine: &str, at: Timestamp, spec: Node) -> Arc<Resource> {
    Arc::new(Resource {
        scope: Scope::Docker,
        kind: kind.into(),
        api_version: CompactString::default(),
        origin: engine.into(),
        namespace: CompactString::default(),
        name: name.into(),
        file: None,
        spec: Arc::new(spec),
        observed_at: Some(at),
        merged: None,
    })
}

fn container(mut spec: Value, engine: &str, at: Timestamp, alike: &mut Alike) -> Arc<Resource> {
    redact_environment(&mut spec);
    let name = spec["Name"].as_str().unwrap_or_default().trim_start_matches('/').to_owned();
    resource(("container", &name), engine, at, alike.node(spec))
}

/// Values of secrets do not leave here: their names stay, so that a check can say that one stands there.
fn redact_environment(spec: &mut Value) {
    let Some(pairs) = spec["Config"]["Env"].as_array_mut() else { return };
    for pair in pairs {
        let Some((name, value)) = pair.as_str().and_then(|pair| pair.split_once('=')) else { continue };
        *pair = Value::String(format!("{name}={}", redact::value(name, value)));
    }
}

/// Images by their ids, volumes and networks by their names.
fn note_users(spec: &Value, users: &mut BTreeMap<String, Vec<String>>) {
    let name = spec["Name"].as_str().unwrap_or_default().trim_start_matches('/');
    let volumes = spec["Mounts"].as_array().into_iter().flatten().filter_map(|mount| mount["Name"].as_str());
    let networks = spec["NetworkSettings"]["Networks"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    for used in spec["Image"].as_str().into_iter().chain(volumes).chain(networks) {
        users.entry(used.to_owned()).or_default().push(name.to_owned());
    }
}

fn stored(
    mut spec: Value,
    (kind, name): (&str, &str),
    (engine, at): (&str, Timestamp),
    users: &BTreeMap<String, Vec<String>>,
    alike: &mut Alike,
) -> Arc<Resource> {
    let key = spec[name].as_str().unwrap_or_default().to_owned();
    let used_by = users.get(&key).cloned().unwrap_or_default();
    // An image is called by its tag where it has one.
    let tag = spec["RepoTags"].as_array().and_then(|tags| tags.iter().find_map(Value::as_str)).map(ToOwned::to_owned);
    if let Some(map) = spec.as_object_mut() {
        map.insert("UsedBy".into(), json!(used_by));
    }
    let called = tag.filter(|tag| tag != "<none>:<none>").unwrap_or(key);
    resource((kind, &called), engine, at, alike.node(spec))
}
