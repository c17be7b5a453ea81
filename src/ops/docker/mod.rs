//! Operations on what container engines hold.

mod recreate;

use super::{
    archive,
    execute::{Deed, Failure, Progress, in_time},
    operation::{EngineAct, Prune, engine_of},
};
use crate::{
    client::Clients,
    model::{
        object::{ObjectKind, ObjectRef},
        units,
    },
};
use bollard::{
    Docker,
    errors::Error,
    models::ContainerUpdateBody,
    query_parameters::{
        CreateImageOptionsBuilder, DownloadFromContainerOptionsBuilder, KillContainerOptionsBuilder,
        PruneBuildOptionsBuilder, PruneContainersOptions, PruneImagesOptionsBuilder, PruneNetworksOptions,
        PruneVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
        RemoveVolumeOptionsBuilder, RenameContainerOptionsBuilder, RestartContainerOptionsBuilder,
        StartContainerOptions, StopContainerOptionsBuilder, TagImageOptionsBuilder, UploadToContainerOptionsBuilder,
    },
};
use futures_util::StreamExt as _;
use std::{collections::HashMap, path::Path, time::Duration};

/// How long an engine may take for what it does at once.
const QUICK: Duration = Duration::from_secs(30);
/// How long it may take for what moves data.
const LONG: Duration = Duration::from_secs(30 * 60);

/// A client of an engine, which waits as long as an operation may take.
///
/// # Errors
/// Where the engine cannot be reached: nothing was asked of it then.
pub async fn connect(engine: &str, clients: &Clients, patience: Duration) -> Result<Docker, Failure> {
    let endpoint = clients.docker.iter().find(|endpoint| endpoint.name == engine);
    let endpoint = endpoint.ok_or_else(|| Failure::failed(format!("there is no engine {engine}")))?;
    let docker = tokio::time::timeout(QUICK, endpoint.connect()).await;
    let docker = docker.map_err(|_| Failure::failed("the engine does not answer"))?;
    let docker = docker.map_err(|error| Failure::failed(format!("{}; {}", error.reason, error.hint)))?;
    Ok(docker.with_timeout(patience))
}

/// What an engine's error means: its own answer is a no, anything else may have happened after it acted.
pub fn failure(error: Error) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            let message = if message.is_empty() { format!("status {status_code}") } else { message };
            Failure::Failed(message)
        }
        Error::DockerStreamError { error } => Failure::Failed(error),
        Error::RequestTimeoutError => Failure::Unknown("the engine did not answer in time".into()),
        error => Failure::Unknown(error.to_string()),
    }
}

pub(super) async fn execute(
    target: &ObjectRef,
    name: &str,
    act: &EngineAct,
    clients: &Clients,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let limit = match act {
        EngineAct::Stop { grace_seconds } | EngineAct::Restart { grace_seconds } => {
            QUICK + Duration::from_secs(u64::from(*grace_seconds))
        }
        EngineAct::Recreate { .. } => QUICK * 4,
        EngineAct::CopyIn { .. } | EngineAct::CopyOut { .. } | EngineAct::Pull { .. } | EngineAct::Prune { .. } => LONG,
        _ => QUICK,
    };
    let docker = connect(engine_of(target), clients, limit).await?;
    let id = target.engine_and_id().map_or("", |(_, id)| id);
    in_time(limit, async {
        match act {
            EngineAct::Remove { force, volumes } => remove(&docker, target.kind, id, *force, *volumes).await,
            EngineAct::CopyIn { .. } | EngineAct::CopyOut { .. } => copy(&docker, id, act).await,
            EngineAct::Recreate { image } => recreate::recreate(&docker, id, name, image).await,
            EngineAct::Pull { image } => pull(&docker, image, progress).await,
            EngineAct::Prune { what } => prune(&docker, *what).await,
            EngineAct::Tag { image, name } => tag(&docker, image, name).await,
            _ => on_container(&docker, id, act).await,
        }
    })
    .await
}

async fn on_container(docker: &Docker, id: &str, act: &EngineAct) -> Result<Deed, Failure> {
    let seconds = |seconds: &u32| i32::try_from(*seconds).unwrap_or(i32::MAX);
    let done = match act {
        EngineAct::Start => docker.start_container(id, None::<StartContainerOptions>).await,
        EngineAct::Stop { grace_seconds } => {
            let options = StopContainerOptionsBuilder::new().t(seconds(grace_seconds)).build();
            docker.stop_container(id, Some(options)).await
        }
        EngineAct::Restart { grace_seconds } => {
            let options = RestartContainerOptionsBuilder::new().t(seconds(grace_seconds)).build();
            docker.restart_container(id, Some(options)).await
        }
        EngineAct::Pause => docker.pause_container(id).await,
        EngineAct::Unpause => docker.unpause_container(id).await,
        EngineAct::Kill { signal } => {
            let options = KillContainerOptionsBuilder::new().signal(signal.name()).build();
            docker.kill_container(id, Some(options)).await
        }
        EngineAct::Rename { to } => {
            docker.rename_container(id, RenameContainerOptionsBuilder::new().name(to).build()).await
        }
        EngineAct::Limits { cpu_milli, memory_bytes } => return limit(docker, id, *cpu_milli, *memory_bytes).await,
        _ => return Err(Failure::failed("that is done on a terminal, not here")),
    };
    done.map_err(failure).map(|()| "done".into())
}

async fn limit(docker: &Docker, id: &str, cpu_milli: Option<u64>, memory_bytes: Option<u64>) -> Result<Deed, Failure> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    // An engine refuses a memory limit over the limit of memory and swap together, so what may be swapped beside it is kept.
    let swap = match memory_bytes {
        Some(bytes) => {
            let inspected =
                docker.inspect_container(id, None::<bollard::query_parameters::InspectContainerOptions>).await;
            let host = inspected.map_err(failure)?.host_config.unwrap_or_default();
            match (host.memory.unwrap_or(0), host.memory_swap.unwrap_or(0)) {
                (_, -1) => Some(-1),
                (memory, swap) if memory > 0 && swap >= memory => Some(signed(bytes) + (swap - memory)),
                _ => Some(signed(bytes)),
            }
        }
        None => None,
    };
    let body = ContainerUpdateBody {
        nano_cpus: cpu_milli.map(|milli| signed(milli.saturating_mul(1_000_000))),
        memory: memory_bytes.map(signed),
        memory_swap: swap,
        ..ContainerUpdateBody::default()
    };
    docker.update_container(id, body).await.map_err(failure).map(|()| "done".into())
}

async fn remove(docker: &Docker, kind: ObjectKind, id: &str, force: bool, volumes: bool) -> Result<Deed, Failure> {
    match kind {
        ObjectKind::Container => {
            let options = RemoveContainerOptionsBuilder::new().force(force).v(volumes).build();
            docker.remove_container(id, Some(options)).await.map_err(failure)?;
        }
        ObjectKind::Image => {
            let options = RemoveImageOptionsBuilder::new().force(force).build();
            let gone = docker.remove_image(id, Some(options), None).await.map_err(failure)?;
            return Ok(format!("done, {} layers and names gone", gone.len()).into());
        }
        ObjectKind::Volume => {
            let options = RemoveVolumeOptionsBuilder::new().force(force).build();
            docker.remove_volume(id, Some(options)).await.map_err(failure)?;
        }
        ObjectKind::EngineNetwork => docker.remove_network(id).await.map_err(failure)?,
        _ => return Err(Failure::failed("that cannot be removed")),
    }
    Ok("done".into())
}

async fn copy(docker: &Docker, id: &str, act: &EngineAct) -> Result<Deed, Failure> {
    match act {
        EngineAct::CopyOut { from, to } => {
            let options = DownloadFromContainerOptionsBuilder::new().path(from).build();
            let stream = docker.download_from_container(id, Some(options));
            let stream = stream.map(|chunk| chunk.map_err(|error| plain(&failure(error))));
            let unpacked = archive::unpack(stream, to.into()).await?;
            Ok(format!("{} in {to}", unpacked.words()).into())
        }
        EngineAct::CopyIn { from, to } => {
            let options = UploadToContainerOptionsBuilder::new().path(to).build();
            let body = bollard::body_try_stream(archive::pack(Path::new(from))?);
            docker.upload_to_container(id, Some(options), body).await.map_err(failure)?;
            Ok("done".into())
        }
        _ => Err(Failure::failed("that is no copy")),
    }
}

/// The words of a failure alone.
fn plain(failure: &Failure) -> String {
    match failure {
        Failure::Failed(why) | Failure::Unknown(why) => why.clone(),
    }
}

async fn pull(docker: &Docker, image: &str, progress: Progress<'_>) -> Result<Deed, Failure> {
    // A name without a tag would fetch every tag that there is.
    let last = image.rsplit('/').next().unwrap_or(image);
    let whole = if last.contains([':', '@']) { image.to_owned() } else { format!("{image}:latest") };
    let options = CreateImageOptionsBuilder::new().from_image(&whole).build();
    let mut stream = docker.create_image(Some(options), None, None);
    let (mut status, mut layers) = (String::new(), 0_u32);
    while let Some(info) = stream.next().await {
        let info = info.map_err(failure)?;
        if let Some(error) = info.error_detail {
            return Err(Failure::Failed(error.message.unwrap_or_else(|| "the pull failed".into())));
        }
        let Some(now) = info.status else { continue };
        if now == "Pull complete" {
            layers += 1;
            progress(format!("pull {whole}: {layers} layers are here"));
        }
        status = now;
    }
    Ok(format!("done: {status}").into())
}

/// Another name for an image. Without a tag it is `latest`, as everywhere.
async fn tag(docker: &Docker, image: &str, name: &str) -> Result<Deed, Failure> {
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match name[last..].rfind(':') {
        Some(at) => (&name[..last + at], &name[last + at + 1..]),
        None => (name, "latest"),
    };
    let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
    docker.tag_image(image, Some(options)).await.map_err(failure)?;
    Ok(format!("it is also {repository}:{tag}").into())
}

async fn prune(docker: &Docker, what: Prune) -> Result<Deed, Failure> {
    let filter = |key: &str, value: &str| HashMap::from([(key.to_owned(), vec![value.to_owned()])]);
    let (gone, bytes) = match what {
        Prune::Containers => {
            let pruned = docker.prune_containers(None::<PruneContainersOptions>).await.map_err(failure)?;
            (pruned.containers_deleted.map_or(0, |gone| gone.len()), pruned.space_reclaimed)
        }
        Prune::Images | Prune::DanglingImages => {
            let dangling = if what == Prune::Images { "false" } else { "true" };
            let options = PruneImagesOptionsBuilder::new().filters(&filter("dangling", dangling)).build();
            let pruned = docker.prune_images(Some(options)).await.map_err(failure)?;
            (pruned.images_deleted.map_or(0, |gone| gone.len()), pruned.space_reclaimed)
        }
        Prune::Volumes => {
            // From 1.42 on an engine keeps volumes with names unless it is told not to.
            let version = docker.client_version();
            let all = (version.major_version, version.minor_version) >= (1, 42);
            let options = all.then(|| PruneVolumesOptionsBuilder::new().filters(&filter("all", "true")).build());
            let pruned = docker.prune_volumes(options).await.map_err(failure)?;
            (pruned.volumes_deleted.map_or(0, |gone| gone.len()), pruned.space_reclaimed)
        }
        Prune::Networks => {
            let pruned = docker.prune_networks(None::<PruneNetworksOptions>).await.map_err(failure)?;
            (pruned.networks_deleted.map_or(0, |gone| gone.len()), None)
        }
        Prune::BuildCache => {
            let options = PruneBuildOptionsBuilder::new().all(true).build();
            let pruned = docker.prune_build(Some(options)).await.map_err(failure)?;
            (pruned.caches_deleted.map_or(0, |gone| gone.len()), pruned.space_reclaimed)
        }
    };
    let freed = bytes.map_or_else(String::new, |bytes| format!(", {} freed", units::bytes(bytes as f64)));
    Ok(format!("{gone} gone{freed}").into())
}
