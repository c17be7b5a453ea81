//! What would happen, asked before it is confirmed: the server's dry run, what a prune would remove, what becomes of a node's pods.

use super::{
    docker,
    execute::{Failure, in_time, within},
    gate::Trial,
    kubernetes::{change, connect, plan_drain},
    operation::{EngineAct, KubeAct, Operation, Prune, engine_of, path_of},
};
use crate::{client::Clients, model::units};
use bollard::{
    Docker,
    query_parameters::{
        ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptions, ListVolumesOptionsBuilder,
    },
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What it was asked for.
    pub operation: Operation,
    /// What would happen, a line each, or why it would be refused.
    pub outcome: Result<Vec<String>, String>,
    /// The operation with all that was found out, which is done in place of the other one: what was looked at, and nothing else.
    pub exact: Option<Operation>,
}

/// Asks what would happen. Changes nothing.
pub fn rehearse(trial: &Trial, clients: &Clients) -> Rehearsal {
    let outcome = within(in_time(PATIENCE, async {
        match trial.operation() {
            Operation::Engine { target, act: EngineAct::Prune { what }, .. } => {
                let docker = docker::connect(engine_of(target), clients, PATIENCE).await?;
                would_go(&docker, *what).await
            }
            Operation::Kube { target, act: act @ KubeAct::Drain { .. } } => {
                let client = connect(path_of(target).context, clients).await?;
                plan_drain(&client, target, act).await
            }
            Operation::Kube { target, act } => {
                let client = connect(path_of(target).context, clients).await?;
                change(&client, target, act, trial.at(), true).await?;
                Ok(vec!["the server's dry run accepts it".into()])
            }
            _ => Ok(Vec::new()),
        }
    }));
    Rehearsal { operation: trial.operation().clone(), outcome: outcome.map_err(Failure::into_why), exact: None }
}

/// What a prune would remove, by the engine's own rules.
async fn would_go(docker: &Docker, what: Prune) -> Result<Vec<String>, Failure> {
    let filter = |key: &str, values: &[&str]| {
        HashMap::from([(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())])
    };
    let size = |bytes: i64| units::bytes(bytes as f64);
    Ok(match what {
        Prune::Containers => {
            let ended = filter("status", &["created", "exited", "dead"]);
            let options = ListContainersOptionsBuilder::new().all(true).filters(&ended).build();
            let found = docker.list_containers(Some(options)).await.map_err(docker::failure)?;
            let line = |row: bollard::models::ContainerSummary| {
                let name = row.names.unwrap_or_default().into_iter().next().unwrap_or_default();
                format!("container {}: {}", name.trim_start_matches('/'), row.status.unwrap_or_default())
            };
            found.into_iter().map(line).collect()
        }
        Prune::Images | Prune::DanglingImages => {
            let dangling = if what == Prune::Images { None } else { Some(filter("dangling", &["true"])) };
            let options = ListImagesOptionsBuilder::new();
            let options =
                dangling.map_or_else(ListImagesOptionsBuilder::new, |filter| options.filters(&filter)).build();
            let images = docker.list_images(Some(options)).await.map_err(docker::failure)?;
            let options = ListContainersOptionsBuilder::new().all(true).build();
            let used = docker.list_containers(Some(options)).await.map_err(docker::failure)?;
            let used: Vec<_> = used.into_iter().filter_map(|row| row.image_id).collect();
            let line = |image: bollard::models::ImageSummary| {
                let name = image.repo_tags.first().cloned().unwrap_or_else(|| image.id.chars().take(19).collect());
                format!("image {name}: {}", size(image.size))
            };
            images.into_iter().filter(|image| !used.contains(&image.id)).map(line).collect()
        }
        Prune::Volumes => {
            let options = ListVolumesOptionsBuilder::new().filters(&filter("dangling", &["true"])).build();
            let found = docker.list_volumes(Some(options)).await.map_err(docker::failure)?;
            found.volumes.unwrap_or_default().into_iter().map(|volume| format!("volume {}", volume.name)).collect()
        }
        Prune::BuildCache => caches(docker).await?,
        Prune::Networks => {
            let found = docker.list_networks(None::<ListNetworksOptions>).await.map_err(docker::failure)?;
            let mut lines = Vec::new();
            for network in found {
                let (name, id) = (network.name.unwrap_or_default(), network.id.unwrap_or_default());
                if matches!(name.as_str(), "bridge" | "host" | "none") {
                    continue;
                }
                let options = None::<bollard::query_parameters::InspectNetworkOptions>;
                let inside = docker.inspect_network(&id, options).await.map_err(docker::failure)?;
                if inside.containers.unwrap_or_default().is_empty() {
                    lines.push(format!("network {name}"));
                }
            }
            lines
        }
    })
}

/// The build caches that no build uses now.
async fn caches(docker: &Docker) -> Result<Vec<String>, Failure> {
    let usage = super::look::usage(docker).await?;
    let all = usage.get("BuildCache").or_else(|| usage.pointer("/BuildCacheUsage/Items"));
    let all = all.and_then(Value::as_array).cloned().unwrap_or_default();
    let line = |entry: Value| {
        let text = entry.get("Description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let bytes = entry.get("Size").and_then(Value::as_i64).unwrap_or_default();
        let is_used = entry.get("InUse").and_then(Value::as_bool) == Some(true);
        (!is_used).then(|| format!("build cache {text}: {}", units::bytes(bytes as f64)))
    };
    Ok(all.into_iter().filter_map(line).collect())
}
