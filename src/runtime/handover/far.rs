//! The far end of a session: a program in a container, as an engine or a cluster lets one speak with it.

use crate::{
    client::Clients,
    ops::{
        archive, docker,
        execute::Failure,
        gate::Permit,
        kubernetes::{self, ended, exit_code},
        operation::{EngineAct, KubeAct, Operation, engine_of, path_of},
    },
};
use bollard::{
    Docker,
    exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults},
    query_parameters::{AttachContainerOptionsBuilder, InspectContainerOptions, ResizeContainerTTYOptionsBuilder},
};
use bytes::Bytes;
use futures_util::{
    SinkExt as _, Stream, StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream,
};
use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::Status};
use kube::api::{Api, AttachParams, AttachedProcess, TerminalSize};
use std::{pin::Pin, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};

/// How long an engine may be silent within a session: for ever.
const PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);
/// Keys with which an engine itself would end a session. Ours are seen before, so these are the same.
const DETACH: &str = "ctrl-]";

/// Says the terminal's new size: columns, rows.
pub type Resize = Box<dyn FnMut(u16, u16) -> BoxFuture<'static, ()>>;

/// A program in a container.
pub struct Far {
    pub input: Pin<Box<dyn AsyncWrite>>,
    pub output: Pin<Box<dyn Stream<Item = Result<Bytes, String>>>>,
    pub resize: Resize,
    /// How it ended, once its output has.
    pub ended: BoxFuture<'static, Result<String, String>>,
    /// Whether the far end is a terminal; another needs its line ends turned.
    pub tty: bool,
}

/// Connects to what a permit leads to.
pub async fn connect(permit: &Permit, clients: &Clients) -> Result<Far, Failure> {
    match permit.operation() {
        Operation::Engine { target, act, .. } => {
            let docker = docker::connect(engine_of(target), clients, PATIENCE).await?;
            let id = target.engine_and_id().map_or("", |(_, id)| id).to_owned();
            match act {
                EngineAct::Exec { command } => docker_exec(docker, &id, command).await,
                EngineAct::Attach => docker_attach(docker, id).await,
                _ => Err(Failure::failed("that needs no terminal")),
            }
        }
        Operation::Kube { target, act } => {
            let path = path_of(target);
            let client = kubernetes::connect(path.context, clients).await?;
            kube_session(&client, path.namespace, path.name, act).await
        }
        Operation::SignalProcess { .. }
        | Operation::Rules(_)
        | Operation::OpenFile(_)
        | Operation::Alertmanager { .. }
        | Operation::Notify(_)
        | Operation::Errand(_)
        | Operation::Postgres { .. } => Err(Failure::failed("that needs no terminal")),
    }
}

async fn docker_exec(docker: Docker, id: &str, command: &[String]) -> Result<Far, Failure> {
    let options = CreateExecOptions {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(true),
        detach_keys: Some(DETACH.to_owned()),
        env: Some(vec![format!("TERM={}", terminal_name())]),
        cmd: Some(command.to_vec()),
        ..CreateExecOptions::default()
    };
    let exec = docker.create_exec(id, options).await.map_err(docker::failure)?.id;
    let start = StartExecOptions { detach: false, tty: true, output_capacity: None };
    let started = docker.start_exec(&exec, Some(start)).await.map_err(docker::failure)?;
    let StartExecResults::Attached { output, input } = started else {
        return Err(Failure::failed("the engine gave no connection to it"));
    };
    let (resizing, resized) = (docker.clone(), exec.clone());
    Ok(Far {
        input,
        output: Box::pin(output.map(|chunk| chunk.map(|chunk| chunk.into_bytes()).map_err(|e| e.to_string()))),
        resize: Box::new(move |width, height| {
            let (docker, exec) = (resizing.clone(), resized.clone());
            async move {
                // A program that has just ended has no size.
                let _ = docker.resize_exec(&exec, ResizeExecOptions { height, width }).await;
            }
            .boxed()
        }),
        ended: async move {
            let asked = tokio::time::timeout(Duration::from_secs(5), docker.inspect_exec(&exec)).await;
            match asked {
                Ok(Ok(about)) => match about.exit_code {
                    Some(0) => Ok("ended".into()),
                    Some(126 | 127) => Err("the program is not there, or cannot be run".into()),
                    Some(code) => Ok(format!("ended with exit code {code}")),
                    None => Err("the engine closed the connection; the program may still run".into()),
                },
                _ => Err("the engine does not answer any more; what became of the program is not known".into()),
            }
        }
        .boxed(),
        tty: true,
    })
}

async fn docker_attach(docker: Docker, id: String) -> Result<Far, Failure> {
    let about = docker.inspect_container(&id, None::<InspectContainerOptions>).await.map_err(docker::failure)?;
    let tty = about.config.and_then(|config| config.tty).unwrap_or(false);
    let options =
        AttachContainerOptionsBuilder::new().stream(true).stdin(true).stdout(true).stderr(true).detach_keys(DETACH);
    let attached = docker.attach_container(&id, Some(options.build())).await.map_err(docker::failure)?;
    let (resizing, resized) = (docker.clone(), id.clone());
    Ok(Far {
        input: attached.input,
        output: Box::pin(attached.output.map(|chunk| chunk.map(|c| c.into_bytes()).map_err(|e| e.to_string()))),
        resize: Box::new(move |width, height| {
            let (docker, id) = (resizing.clone(), resized.clone());
            async move {
                let options = ResizeContainerTTYOptionsBuilder::new().w(width.into()).h(height.into()).build();
                let _ = docker.resize_container_tty(&id, options).await;
            }
            .boxed()
        }),
        ended: async move {
            let asked = docker.inspect_container(&id, None::<InspectContainerOptions>);
            match tokio::time::timeout(Duration::from_secs(5), asked).await {
                Ok(Ok(about)) => {
                    let state = about.state.unwrap_or_default();
                    let word = if state.running == Some(true) { "left; it still runs" } else { "the container ended" };
                    Ok(word.into())
                }
                _ => Err("the engine does not answer any more".into()),
            }
        }
        .boxed(),
        tty,
    })
}

async fn kube_session(client: &kube::Client, namespace: &str, name: &str, act: &KubeAct) -> Result<Far, Failure> {
    let pods = Api::namespaced(client.clone(), namespace);
    let (mut process, tty) = kube_process(&pods, name, act).await?;
    let input = process.stdin().ok_or_else(|| Failure::failed("no input is taken"))?;
    let output = stream::select(output(process.stdout()), output(process.stderr()));
    let (status, size) = (process.take_status(), process.terminal_size());
    Ok(Far {
        input: Box::pin(input),
        output: Box::pin(output),
        resize: Box::new(move |width, height| {
            let size = size.clone();
            async move {
                if let Some(mut size) = size {
                    let _ = size.send(TerminalSize { width, height }).await;
                }
            }
            .boxed()
        }),
        ended: async move {
            // The process lives as long as this: dropping it closes the connection.
            let status = match status {
                Some(status) => tokio::time::timeout(Duration::from_secs(5), status).await.ok().flatten(),
                None => None,
            };
            drop(process);
            kube_end(status)
        }
        .boxed(),
        tty,
    })
}

/// Starts a program in a pod, or attaches to the one that runs there; says whether it has a terminal.
async fn kube_process(pods: &Api<Pod>, name: &str, act: &KubeAct) -> Result<(AttachedProcess, bool), Failure> {
    let params = |container: &str, tty: bool| {
        let params = AttachParams::default().stdin(true).stdout(true).stderr(!tty).tty(tty);
        if container.is_empty() { params } else { params.container(container) }
    };
    let (process, tty) = match act {
        KubeAct::Exec { container, command } => (pods.exec(name, command, &params(container, true)).await, true),
        KubeAct::Attach { container } => {
            // A container without a terminal refuses one.
            let pod = pods.get(name).await.map_err(kubernetes::failure)?;
            let containers = pod.spec.map(|spec| spec.containers).unwrap_or_default();
            let found = containers.into_iter().find(|found| container.is_empty() || found.name == *container);
            let tty = found.and_then(|found| found.tty).unwrap_or(false);
            (pods.attach(name, &params(container, tty)).await, tty)
        }
        _ => return Err(Failure::failed("that needs no terminal")),
    };
    Ok((process.map_err(kubernetes::failure)?, tty))
}

fn output(reader: Option<impl AsyncRead + Unpin>) -> impl Stream<Item = Result<Bytes, String>> {
    stream::iter(reader).flat_map(archive::chunks).map(|chunk| chunk.map_err(|error| error.to_string()))
}

/// How a program in a pod ended.
fn kube_end(status: Option<Status>) -> Result<String, String> {
    let Some(status) = status else {
        return Err("the connection to the API server broke; the program may still run".into());
    };
    match (exit_code(&status), ended(Some(status))) {
        (_, None) => Ok("ended".into()),
        (Some(126 | 127), Some(why)) => Err(format!("the program is not there, or cannot be run: {why}")),
        (Some(code), _) => Ok(format!("ended with exit code {code}")),
        (None, Some(why)) => Err(why),
    }
}

/// What the far end is told of the terminal.
fn terminal_name() -> String {
    std::env::var("TERM").ok().filter(|term| !term.is_empty()).unwrap_or_else(|| "xterm".into())
}
