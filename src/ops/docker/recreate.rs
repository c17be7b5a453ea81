//! Making a container anew from another image: the same name, configuration, networks and mounts. Until the new one runs, the old one is
//! put aside and not removed: where the new one cannot be made or started, the old one is put back. Begun again after a break, it
//! goes on where it stood.

use super::failure;
use crate::ops::{
    execute::{Deed, Failure},
    look::{KEPT, LEFT_OVER, tag_of},
};
use bollard::{
    Docker,
    errors::Error,
    models::{
        ContainerConfig, ContainerCreateBody, ContainerInspectResponse, EndpointSettings, ImageConfig,
        NetworkConnectRequest, NetworkingConfig,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, InspectContainerOptions, RemoveContainerOptionsBuilder,
        RenameContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder, TagImageOptionsBuilder,
    },
};
use std::collections::HashMap;

/// Signs of an identity that are enough to know it by.
const SHORT: usize = 12;
/// The label by which a new container says whose place it takes.
const INSTEAD_OF: &str = "flightdeck.instead-of";

/// Makes the container with this identity, which is known as `name`, anew from `image`.
///
/// # Errors
/// What went wrong, and whether the old one was put back.
pub async fn recreate(docker: &Docker, id: &str, name: &str, image: &str) -> Result<Deed, Failure> {
    let old = inspect(docker, id).await?.ok_or_else(|| Failure::failed("the container is gone"))?;
    let id = old.id.clone().unwrap_or_else(|| id.to_owned());
    let wanted = docker.inspect_image(image).await.map_err(failure)?.id.unwrap_or_default();
    let host = old.host_config.clone().unwrap_or_default();
    if host.auto_remove == Some(true) {
        return Err(Failure::failed("it is removed when it stops (--rm): start it anew from its own command"));
    }
    // A new one that was made before a break: it is not made twice.
    if let Some(begun) = inspect(docker, name).await?.filter(|it| it.id.as_deref() != Some(&id)) {
        let labels = begun.config.as_ref().and_then(|config| config.labels.clone()).unwrap_or_default();
        if labels.get(INSTEAD_OF) != Some(&id) || begun.image.as_deref() != Some(&wanted) {
            return Err(Failure::failed(format!("another container is named {name}: nothing was done")));
        }
        return finish(docker, &old, &id, name, begun.id.as_deref().unwrap_or(name)).await;
    }
    if old.image.as_deref() == Some(&wanted) && old.name.as_deref() == Some(&format!("/{name}")) {
        return Ok("skipped: it runs this image already".into());
    }
    keep(docker, old.image.as_deref().unwrap_or_default(), name).await?;
    let body = body_of(docker, &old, image).await?;
    put_aside(docker, &old, &id, name).await?;
    let options = CreateContainerOptionsBuilder::new().name(name).build();
    let made = docker.create_container(Some(options), body).await;
    match made {
        Ok(made) => finish(docker, &old, &id, name, &made.id).await,
        Err(error) => Err(back(docker, &id, name, None, failure(error)).await),
    }
}

async fn inspect(docker: &Docker, wanted: &str) -> Result<Option<ContainerInspectResponse>, Failure> {
    match docker.inspect_container(wanted, None::<InspectContainerOptions>).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// Gives the image that is in use a name of its own, so that nothing prunes it.
async fn keep(docker: &Docker, image: &str, name: &str) -> Result<(), Failure> {
    let short: String = image.trim_start_matches("sha256:").chars().take(SHORT).collect();
    let tag = format!("{}-{short}", tag_of(name));
    let options = TagImageOptionsBuilder::new().repo(KEPT).tag(&tag).build();
    docker.tag_image(image, Some(options)).await.map_err(failure)
}

fn aside(name: &str, id: &str) -> String {
    format!("{name}{LEFT_OVER}{}", id.chars().take(SHORT).collect::<String>())
}

async fn put_aside(docker: &Docker, old: &ContainerInspectResponse, id: &str, name: &str) -> Result<(), Failure> {
    let grace = old.config.as_ref().and_then(|config| config.stop_timeout).unwrap_or(10);
    let options = StopContainerOptionsBuilder::new().t(i32::try_from(grace).unwrap_or(10)).build();
    match docker.stop_container(id, Some(options)).await {
        // It has ended by itself.
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 304, .. }) => {}
        Err(error) => return Err(failure(error)),
    }
    if old.name.as_deref() == Some(&format!("/{name}")) {
        let options = RenameContainerOptionsBuilder::new().name(&aside(name, id)).build();
        docker.rename_container(id, options).await.map_err(failure)?;
    }
    Ok(())
}

/// Connects, starts, and removes the old one.
async fn finish(
    docker: &Docker,
    old: &ContainerInspectResponse,
    id: &str,
    name: &str,
    new: &str,
) -> Result<Deed, Failure> {
    if let Err(why) = start(docker, old, new).await {
        return Err(back(docker, id, name, Some(new), why).await);
    }
    let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
    docker.remove_container(id, Some(options)).await.map_err(failure)?;
    Ok("it was made anew, and was started".into())
}

async fn start(docker: &Docker, old: &ContainerInspectResponse, new: &str) -> Result<(), Failure> {
    // The first network stands in the body of the request; engines before 1.44 take no more than that one.
    for (network, settings) in networks(old).into_iter().skip(1) {
        let request = NetworkConnectRequest { container: new.to_owned(), endpoint_config: Some(settings) };
        match docker.connect_network(&network, request).await {
            // It is connected already.
            Ok(()) | Err(Error::DockerResponseServerError { status_code: 403, .. }) => {}
            Err(error) => return Err(failure(error)),
        }
    }
    match docker.start_container(new, None::<StartContainerOptions>).await {
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 304, .. }) => Ok(()),
        Err(error) => Err(failure(error)),
    }
}

/// Puts the old one back, and says what happened.
async fn back(docker: &Docker, id: &str, name: &str, new: Option<&str>, why: Failure) -> Failure {
    let why = match why {
        Failure::Failed(why) => why,
        // Nobody knows what the engine has done: what is there is looked at, and nothing more is done blindly.
        unknown => return unknown,
    };
    if let Some(new) = new {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
        if let Err(error) = docker.remove_container(new, Some(options)).await {
            return Failure::Failed(format!(
                "{why}; the new one cannot be removed: {error}; the old one is {}",
                aside(name, id)
            ));
        }
    }
    let options = RenameContainerOptionsBuilder::new().name(name).build();
    let renamed = docker.rename_container(id, options).await;
    let started = docker.start_container(id, None::<StartContainerOptions>).await;
    match (renamed, started) {
        (Ok(()), Ok(())) => Failure::Failed(format!("{why}; the old one was put back and runs")),
        (Err(error), _) | (_, Err(error)) => {
            Failure::Failed(format!("{why}; the old one could not be put back: {error}; it is {}", aside(name, id)))
        }
    }
}

/// The networks of a container, as it asked for them: without what the engine has given it.
fn networks(old: &ContainerInspectResponse) -> Vec<(String, EndpointSettings)> {
    let id = old.id.clone().unwrap_or_default();
    let mode = old.host_config.as_ref().and_then(|host| host.network_mode.clone()).unwrap_or_default();
    let all = old.network_settings.as_ref().and_then(|settings| settings.networks.clone()).unwrap_or_default();
    let mut all: Vec<_> = all.into_iter().map(|(name, settings)| (name, asked(settings, &id))).collect();
    // The one that the container was made with goes first.
    all.sort_by_key(|(name, _)| (*name != mode, name.clone()));
    all
}

fn asked(settings: EndpointSettings, id: &str) -> EndpointSettings {
    let aliases = settings.aliases.map(|all| all.into_iter().filter(|alias| !id.starts_with(alias.as_str())).collect());
    EndpointSettings {
        ipam_config: settings.ipam_config,
        links: settings.links,
        aliases,
        driver_opts: settings.driver_opts,
        ..EndpointSettings::default()
    }
}

/// What the new one is made of: what the old one was told, and not what came from its image.
async fn body_of(docker: &Docker, old: &ContainerInspectResponse, image: &str) -> Result<ContainerCreateBody, Failure> {
    let config = old.config.clone().unwrap_or_default();
    let of_image = docker.inspect_image(old.image.as_deref().unwrap_or_default()).await.map_err(failure)?;
    let mut config = own(config, &of_image.config.unwrap_or_default());
    let id = old.id.clone().unwrap_or_default();
    if config.hostname.as_deref().is_some_and(|host| id.starts_with(host)) {
        config.hostname = None;
    }
    let mut labels = config.labels.take().unwrap_or_default();
    labels.insert(INSTEAD_OF.into(), id);
    let mut host = old.host_config.clone().unwrap_or_default();
    // Volumes without a name belong to the container: they go with it.
    let binds = host.binds.get_or_insert_default();
    for mount in old.mounts.iter().flatten().filter(|mount| mount.typ.as_deref() == Some("volume")) {
        let (Some(volume), Some(to)) = (&mount.name, &mount.destination) else { continue };
        let is_known = binds.iter().any(|bind| bind.split(':').nth(1) == Some(to.as_str()))
            || host.mounts.iter().flatten().any(|known| known.target.as_deref() == Some(to.as_str()));
        if !is_known {
            let mode = if mount.rw == Some(false) { ":ro" } else { "" };
            binds.push(format!("{volume}:{to}{mode}"));
        }
    }
    let mode = host.network_mode.clone().unwrap_or_default();
    let shares = mode.starts_with("container:") || matches!(mode.as_str(), "host" | "none");
    if shares {
        (config.hostname, config.exposed_ports) = (None, None);
    }
    let first = networks(old).into_iter().next().filter(|_| !shares);
    Ok(ContainerCreateBody {
        hostname: config.hostname,
        domainname: config.domainname,
        user: config.user,
        attach_stdin: config.attach_stdin,
        attach_stdout: config.attach_stdout,
        attach_stderr: config.attach_stderr,
        exposed_ports: config.exposed_ports,
        tty: config.tty,
        open_stdin: config.open_stdin,
        stdin_once: config.stdin_once,
        env: config.env,
        cmd: config.cmd,
        healthcheck: config.healthcheck,
        image: Some(image.to_owned()),
        volumes: config.volumes,
        working_dir: config.working_dir,
        entrypoint: config.entrypoint,
        labels: Some(labels),
        stop_signal: config.stop_signal,
        stop_timeout: config.stop_timeout,
        shell: config.shell,
        host_config: Some(host),
        networking_config: first.map(|network| NetworkingConfig { endpoints_config: Some(HashMap::from([network])) }),
        ..ContainerCreateBody::default()
    })
}

/// A container's configuration without what its image says by itself: the new image has a word of its own on that.
fn own(config: ContainerConfig, image: &ImageConfig) -> ContainerConfig {
    fn other<T: PartialEq>(own: Option<T>, image: Option<&T>) -> Option<T> {
        own.filter(|own| image != Some(own))
    }
    let env = config.env.map(|all| {
        let of_image = image.env.as_deref().unwrap_or_default();
        all.into_iter().filter(|variable| !of_image.contains(variable)).collect()
    });
    let labels = config.labels.map(|all| {
        let of_image = image.labels.as_ref();
        all.into_iter().filter(|(key, value)| of_image.and_then(|labels| labels.get(key)) != Some(value)).collect()
    });
    // A command belongs to the entry point that it was written for.
    let same_entry = config.entrypoint == image.entrypoint;
    ContainerConfig {
        env,
        labels,
        cmd: if same_entry { other(config.cmd, image.cmd.as_ref()) } else { config.cmd },
        entrypoint: other(config.entrypoint, image.entrypoint.as_ref()),
        working_dir: other(config.working_dir, image.working_dir.as_ref()),
        user: other(config.user, image.user.as_ref()),
        stop_signal: other(config.stop_signal, image.stop_signal.as_ref()),
        exposed_ports: other(config.exposed_ports, image.exposed_ports.as_ref()),
        volumes: other(config.volumes, image.volumes.as_ref()),
        ..config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_the_old_image_is_left_to_the_new_one() {
        let list = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let image = ImageConfig { env: list(&["PATH=/bin", "A=1"]), cmd: list(&["serve"]), ..ImageConfig::default() };
        let config =
            ContainerConfig { env: list(&["PATH=/bin", "A=2"]), cmd: list(&["serve"]), ..ContainerConfig::default() };
        let own = own(config, &image);
        assert_eq!((own.env, own.cmd), (list(&["A=2"]), None));
    }

    #[test]
    fn names_are_put_aside_and_made_tags_of() {
        assert_eq!(aside("web", "0123456789abcdef"), format!("web{LEFT_OVER}0123456789ab"));
        assert_eq!(tag_of("-a/b:c"), "a-b-c");
    }
}
