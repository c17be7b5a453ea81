//! Copying into and out of a container of a pod, by way of the `tar` that it has to have.

use super::failure;
use crate::{
    model::object::ObjectRef,
    ops::{
        archive,
        execute::{Deed, Failure},
        operation::path_of,
    },
};
use futures_util::StreamExt as _;
use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::Status};
use kube::{
    Api, Client,
    api::{AttachParams, AttachedProcess},
};
use std::{path::Path, pin::pin};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// Most that is kept of what `tar` complains about.
const COMPLAINT: u64 = 4_096;

fn pods(client: &Client, target: &ObjectRef) -> Api<Pod> {
    Api::namespaced(client.clone(), path_of(target).namespace)
}

fn params(container: &str) -> AttachParams {
    let params = AttachParams::default().stderr(true).max_stdout_buf_size(64 << 10).max_stdin_buf_size(64 << 10);
    if container.is_empty() { params } else { params.container(container) }
}

/// The exit code of a remote program that failed, where the kubelet says it.
pub fn exit_code(status: &Status) -> Option<i32> {
    let causes = status.details.as_ref()?.causes.as_ref()?;
    let cause = causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"))?;
    cause.message.as_deref()?.parse().ok()
}

/// What the end of a remote program means; `None` is success.
pub fn ended(status: Option<Status>) -> Option<String> {
    let status = status?;
    (status.status.as_deref() != Some("Success")).then(|| status.message.unwrap_or_else(|| "it failed".into()))
}

async fn complaint(stderr: Option<impl AsyncRead + Unpin>) -> String {
    let mut text = Vec::new();
    if let Some(stderr) = stderr {
        let _ = stderr.take(COMPLAINT).read_to_end(&mut text).await;
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

async fn judge(mut process: AttachedProcess) -> Result<(), Failure> {
    let status = process.take_status();
    let words = complaint(process.stderr()).await;
    let status = match status {
        Some(status) => status.await,
        None => None,
    };
    match ended(status) {
        None => Ok(()),
        Some(why) if words.is_empty() => Err(Failure::Failed(format!("{why}; is there a tar in the container?"))),
        Some(_) => Err(Failure::Failed(words)),
    }
}

pub(super) async fn out(
    client: &Client,
    target: &ObjectRef,
    container: &str,
    from: &str,
    to: &str,
) -> Result<Deed, Failure> {
    let path = Path::new(from);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| ".".into());
    let folder = path.parent().map_or_else(|| "/".into(), |parent| parent.to_string_lossy().into_owned());
    let folder = if folder.is_empty() { ".".into() } else { folder };
    let command = ["tar", "cf", "-", "-C", &folder, "--", &name];
    let exec = pods(client, target).exec(path_of(target).name, command, &params(container)).await;
    let mut process = exec.map_err(failure)?;
    let stdout = process.stdout().ok_or_else(|| Failure::failed("no output came"))?;
    let unpacked = archive::unpack(archive::chunks(stdout), to.into()).await;
    judge(process).await?;
    Ok(format!("{} in {to}", unpacked?.words()).into())
}

pub(super) async fn into(
    client: &Client,
    target: &ObjectRef,
    container: &str,
    from: &str,
    to: &str,
) -> Result<Deed, Failure> {
    let mut chunks = pin!(archive::pack(Path::new(from))?);
    let command = ["tar", "xf", "-", "-C", to];
    let exec = pods(client, target).exec(path_of(target).name, command, &params(container).stdin(true)).await;
    let mut process = exec.map_err(failure)?;
    let mut stdin = process.stdin().ok_or_else(|| Failure::failed("no input is taken"))?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Failure::failed(error.to_string()))?;
        if stdin.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let _ = stdin.shutdown().await;
    drop(stdin);
    judge(process).await?;
    Ok("done".into())
}
