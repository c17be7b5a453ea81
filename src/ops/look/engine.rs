//! Questions about what engines hold.

use crate::{
    client::{Clients, docker::raw},
    model::Timestamp,
    ops::{
        docker::{connect, failure},
        execute::{Failure, in_time, within},
    },
};
use bollard::{
    Docker,
    errors::Error,
    models::{ContainerInspectResponse, ContainerStateStatusEnum, HealthStatusEnum, ImageInspect},
    query_parameters::{InspectContainerOptions, ListContainersOptionsBuilder},
};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// What follows the name of a container that is put aside while it is made anew.
pub const LEFT_OVER: &str = "-before-";
/// Where images are kept that were in use before.
pub const KEPT: &str = "flightdeck/kept";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine<'a> {
    /// A container, by name or identity.
    Container(&'a str),
    /// The containers of a Compose service, together.
    Service {
        project: &'a str,
        service: &'a str,
    },
    Image(&'a str),
    /// What takes room on the engine's disk.
    Disk,
}

/// Asks.
///
/// # Errors
/// Why nobody answers.
pub fn engine(name: &str, asked: &Engine<'_>, now: Timestamp, clients: &Clients) -> Result<Value, String> {
    let answer = within(in_time(PATIENCE, async {
        let docker = connect(name, clients, PATIENCE).await?;
        match asked {
            Engine::Container(wanted) => match found(&docker, wanted).await? {
                None => Ok(json!({ "exists": false })),
                Some(container) => told(&docker, &container, now).await,
            },
            Engine::Service { project, service } => self::service(&docker, project, service, now).await,
            Engine::Image(wanted) => image(&docker, wanted).await,
            Engine::Disk => disk(&docker).await,
        }
    }));
    answer.map_err(Failure::into_why)
}

/// A container by name or identity; where somebody was in the middle of making it anew, the one that was put aside for that.
///
/// # Errors
/// What the engine says.
async fn found(docker: &Docker, wanted: &str) -> Result<Option<ContainerInspectResponse>, Failure> {
    if let Some(container) = inspected(docker, wanted).await? {
        return Ok(Some(container));
    }
    let filter = HashMap::from([("name".to_owned(), vec![format!("^/?{wanted}{LEFT_OVER}")])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
    let aside = docker.list_containers(Some(options)).await.map_err(failure)?;
    match aside.into_iter().find_map(|container| container.id) {
        Some(id) => inspected(docker, &id).await,
        None => Ok(None),
    }
}

/// The containers that are meant, as the engine has them now: identity and name. One that was put aside while it was being made anew
/// is still called as it was.
///
/// # Errors
/// Why nobody answers.
pub fn members(name: &str, asked: &Engine<'_>, clients: &Clients) -> Result<Vec<(String, String)>, String> {
    let all = within(in_time(PATIENCE, async {
        let docker = connect(name, clients, PATIENCE).await?;
        Ok(match asked {
            Engine::Container(wanted) => found(&docker, wanted).await?.into_iter().collect(),
            Engine::Service { project, service } => compose_containers(&docker, project, service).await?,
            Engine::Image(_) | Engine::Disk => Vec::new(),
        })
    }));
    let named = |container: ContainerInspectResponse| {
        let name = container.name.unwrap_or_default();
        let name = name.trim_start_matches('/').split(LEFT_OVER).next().unwrap_or_default().to_owned();
        (container.id.unwrap_or_default(), name)
    };
    all.map(|all| all.into_iter().map(named).collect()).map_err(Failure::into_why)
}

async fn inspected(docker: &Docker, wanted: &str) -> Result<Option<ContainerInspectResponse>, Failure> {
    known(docker.inspect_container(wanted, None::<InspectContainerOptions>).await)
}

fn known<T>(answer: Result<T, Error>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// The word for how well a container is.
fn health(container: &ContainerInspectResponse) -> &'static str {
    let status = container.state.as_ref().and_then(|state| state.health.as_ref()?.status);
    match status {
        Some(HealthStatusEnum::HEALTHY) => "healthy",
        Some(HealthStatusEnum::UNHEALTHY) => "unhealthy",
        Some(HealthStatusEnum::STARTING) => "starting",
        _ => "none",
    }
}

fn is_running(container: &ContainerInspectResponse) -> bool {
    container.state.as_ref().and_then(|state| state.status) == Some(ContainerStateStatusEnum::RUNNING)
}

/// Seconds since it was started, where it runs.
fn running_seconds(container: &ContainerInspectResponse, now: Timestamp) -> Option<i64> {
    let state = container.state.as_ref().filter(|_| is_running(container))?;
    let started: Timestamp = state.started_at.as_ref()?.to_string().parse().ok()?;
    Some(now.duration_since(started).as_secs())
}

fn digest(image: Option<&ImageInspect>) -> Option<String> {
    let digests = image?.repo_digests.as_ref()?;
    digests.first().and_then(|digest| digest.split_once('@')).map(|(_, digest)| digest.to_owned())
}

async fn told(docker: &Docker, container: &ContainerInspectResponse, now: Timestamp) -> Result<Value, Failure> {
    let image_id = container.image.clone().unwrap_or_default();
    let image = known(docker.inspect_image(&image_id).await)?;
    let name = container.name.as_deref().unwrap_or_default().trim_start_matches('/').to_owned();
    let previous = previous_image(docker, &name).await?;
    let state = container.state.clone().unwrap_or_default();
    Ok(json!({
        "exists": true,
        "id": container.id,
        "image": container.config.as_ref().and_then(|config| config.image.clone()),
        "image_id": image_id,
        "image_digest": digest(image.as_ref()),
        "previous_image": previous,
        "state": state.status.map(|status| status.to_string()),
        "health": health(container),
        "exit_code": state.exit_code,
        "restarts": container.restart_count,
        "running_seconds": running_seconds(container, now),
        "reason": state.error.filter(|error| !error.is_empty()),
    }))
}

/// The image that was kept when it was last made anew.
async fn previous_image(docker: &Docker, name: &str) -> Result<Option<String>, Failure> {
    let filter = HashMap::from([("reference".to_owned(), vec![format!("{KEPT}:{}-*", tag_of(name))])]);
    let options = bollard::query_parameters::ListImagesOptionsBuilder::new().filters(&filter).build();
    let images = docker.list_images(Some(options)).await.map_err(failure)?;
    Ok(images.into_iter().max_by_key(|image| image.created).map(|image| image.id))
}

/// A name as a tag may hold it.
pub fn tag_of(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    name.trim_start_matches(['.', '-']).chars().map(plain).take(100).collect()
}

/// The containers of a Compose service, by name.
///
/// # Errors
/// What the engine says.
async fn compose_containers(
    docker: &Docker,
    project: &str,
    service: &str,
) -> Result<Vec<ContainerInspectResponse>, Failure> {
    let labels = [("project", project), ("service", service)];
    let labels = labels.map(|(key, value)| format!("com.docker.compose.{key}={value}"));
    let filter = HashMap::from([("label".to_owned(), labels.to_vec())]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
    let listed = docker.list_containers(Some(options)).await.map_err(failure)?;
    let mut all = Vec::new();
    for id in listed.into_iter().filter_map(|container| container.id) {
        all.extend(inspected(docker, &id).await?);
    }
    // One that stands under its own name goes before the one that was put aside for it.
    let own = |container: &ContainerInspectResponse| container.name.clone().unwrap_or_default();
    let names: Vec<String> = all.iter().map(own).collect();
    all.retain(|container| {
        own(container).split_once(LEFT_OVER).is_none_or(|(name, _)| !names.iter().any(|known| known == name))
    });
    all.sort_by_key(own);
    Ok(all)
}

async fn service(docker: &Docker, project: &str, service: &str, now: Timestamp) -> Result<Value, Failure> {
    let all = compose_containers(docker, project, service).await?;
    let Some(first) = all.first() else { return Ok(json!({ "exists": false, "containers": 0 })) };
    let one = told(docker, first, now).await?;
    let count = |word: &str| all.iter().filter(|container| health(container) == word).count();
    let worst = ["unhealthy", "starting", "healthy"].into_iter().find(|word| count(word) > 0).unwrap_or("none");
    Ok(json!({
        "exists": true,
        "containers": all.len(),
        "running": all.iter().filter(|container| is_running(container)).count(),
        "healthy": count("healthy"),
        "unhealthy": count("unhealthy"),
        "image": one["image"],
        "image_id": one["image_id"],
        "image_digest": one["image_digest"],
        "previous_image": one["previous_image"],
        "images_agree": all.iter().all(|container| container.image == first.image),
        "health": worst,
        "running_seconds": all.iter().filter_map(|container| running_seconds(container, now)).min(),
        "reason": one["reason"],
    }))
}

async fn image(docker: &Docker, wanted: &str) -> Result<Value, Failure> {
    let Some(image) = known(docker.inspect_image(wanted).await)? else { return Ok(json!({ "exists": false })) };
    Ok(json!({
        "exists": true,
        "id": image.id,
        "digest": digest(Some(&image)),
        "created_at": image.created.as_ref().map(ToString::to_string),
        "size_bytes": image.size,
    }))
}

/// What the engine says of its disk. Up to version 1.51 of its API it lists every object, from 1.52 on it sums up by itself.
///
/// # Errors
/// What the engine says.
pub async fn usage(docker: &Docker) -> Result<Value, Failure> {
    raw::json(docker, "/system/df").await.map_err(failure)
}

async fn disk(docker: &Docker) -> Result<Value, Failure> {
    let usage = usage(docker).await?;
    let listed = |list: &str, size: &str, of: fn(&Value) -> bool| {
        let all = usage.get(list)?;
        let all = all.as_array().into_iter().flatten().filter(|item| of(item));
        Some(all.filter_map(|item| item.pointer(size)?.as_i64()).map(|size| size.max(0)).sum::<i64>())
    };
    let summed = |part: &str, name: &str| usage.get(part)?.get(name)?.as_i64();
    let all = |_: &Value| true;
    let images = listed("Images", "/Size", |image| image.get("Containers").and_then(Value::as_i64) == Some(0))
        .or_else(|| summed("ImageUsage", "Reclaimable"));
    let cache = listed("BuildCache", "/Size", |entry| entry.get("InUse").and_then(Value::as_bool) != Some(true))
        .or_else(|| summed("BuildCacheUsage", "Reclaimable"));
    Ok(json!({
        "images_bytes": usage.get("LayersSize").and_then(Value::as_i64).or_else(|| summed("ImageUsage", "TotalSize")),
        "containers_bytes": listed("Containers", "/SizeRw", all).or_else(|| summed("ContainerUsage", "TotalSize")),
        "volumes_bytes": listed("Volumes", "/UsageData/Size", all).or_else(|| summed("VolumeUsage", "TotalSize")),
        "build_cache_bytes": listed("BuildCache", "/Size", all).or_else(|| summed("BuildCacheUsage", "TotalSize")),
        "reclaimable_bytes": images.zip(cache).map(|(images, cache)| images + cache),
        "reclaimable_images_bytes": images,
        "reclaimable_build_cache_bytes": cache,
    }))
}
