//! One object of an engine, whole: what inspecting tells, its processes, and its last lines.

use super::{
    drift, hide, read,
    wire::{ImageInspect, Inspect, Top},
};
use crate::{
    client::docker::raw,
    model::{
        container::{ContainerDetails, ContainerMount, ContainerProcess},
        logs::clean,
        object::{ObjectKind, ObjectRef},
        redact,
    },
};
use bollard::{Docker, errors::Error};
use compact_str::CompactString;
use serde_json::Value;

/// Last lines that are shown, and characters of one.
const LINES: usize = 10;
const LONGEST: usize = 500;

/// Reads everything of an object; what cannot be read is said.
///
/// `local` says whether the engine runs on this machine.
pub(super) async fn read(docker: &Docker, engine: &CompactString, object: &ObjectRef, local: bool) -> ContainerDetails {
    let id = object.engine_and_id().map(|(_, id)| id).unwrap_or_default();
    let mut details = ContainerDetails { engine: engine.clone(), id: id.into(), ..ContainerDetails::default() };
    let path = match object.kind {
        ObjectKind::Image => format!("/images/{}/json", raw::encoded(id)),
        ObjectKind::Volume => format!("/volumes/{}", raw::encoded(id)),
        ObjectKind::EngineNetwork => format!("/networks/{}", raw::encoded(id)),
        _ => format!("/containers/{}/json", raw::encoded(id)),
    };
    match raw::json::<Value>(docker, &path).await {
        Ok(inspect) => details.inspect = inspect,
        Err(error) => details.problems.push(problem("inspect", &error)),
    }
    if object.kind == ObjectKind::Container {
        container(docker, &mut details, local).await;
    }
    hide::hide(&mut details.inspect);
    details
}

fn problem(what: &str, error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => format!("{what}: {}", message.trim()),
        error => format!("{what}: {error}"),
    }
}

async fn container(docker: &Docker, details: &mut ContainerDetails, local: bool) {
    let Ok(inspect) = serde_json::from_value::<Inspect>(details.inspect.clone()) else { return };
    let running = matches!(inspect.state.status.as_str(), "running" | "paused");
    let id = raw::encoded(&details.id);
    if running {
        // These columns are understood by every ps; without a word the engine's host decides.
        let path = format!("/containers/{id}/top?ps_args={}", raw::encoded("-o pid,user,pcpu,time,args"));
        match raw::json::<Top>(docker, &path).await {
            Ok(top) => details.processes = processes(&top),
            Err(error) => details.problems.push(problem("processes", &error)),
        }
    }
    details.mounts = inspect.mounts.iter().map(mount).collect();
    details.environment = inspect.config.environment.iter().map(|line| variable(line)).collect();
    match last_lines(docker, &id, inspect.config.tty).await {
        Ok(lines) => details.last_lines = lines,
        Err(error) => details.problems.push(problem("last lines", &error)),
    }
    let image = raw::json::<ImageInspect>(docker, &format!("/images/{}/json", raw::encoded(&inspect.image_id))).await;
    let image = image.ok().map(|image| drift::ImageDefaults {
        environment: image.config.environment,
        command: image.config.command,
        entrypoint: image.config.entrypoint.list(),
    });
    match drift::of(&inspect, image.as_ref(), local).await {
        Ok(compared) => {
            details.drift = Some(compared.drift);
            let left_out = compared.left_out.join("; ");
            details.drift_unknown =
                Some(left_out).filter(|text| !text.is_empty()).map(|text| format!("not compared: {text}"));
        }
        Err(why) => details.drift_unknown = Some(why),
    }
}

fn mount(mount: &super::wire::Mount) -> ContainerMount {
    ContainerMount {
        kind: mount.kind.as_str().into(),
        source: if mount.kind == "volume" { mount.name.clone() } else { mount.source.clone() },
        destination: mount.destination.clone(),
        writable: mount.writable,
    }
}

pub(super) fn variable(line: &str) -> (CompactString, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    (name.into(), redact::value(name, value).into_owned())
}

pub(super) fn processes(top: &Top) -> Vec<ContainerProcess> {
    let column = |names: &[&str]| top.titles.iter().position(|title| names.contains(&title.as_str()));
    let [pid, user, cpu, time, command] =
        [&["PID"][..], &["USER", "UID"], &["%CPU", "C"], &["TIME"], &["COMMAND", "CMD"]].map(column);
    let one = |row: &Vec<String>| {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map(String::as_str).unwrap_or_default();
        ContainerProcess {
            pid: cell(pid).parse().unwrap_or_default(),
            user: cell(user).into(),
            cpu: cell(cpu).into(),
            time: cell(time).into(),
            command: redact::text(read::cut(cell(command), LONGEST)).into_owned(),
        }
    };
    top.processes.iter().map(one).collect()
}

async fn last_lines(docker: &Docker, id: &str, tty: bool) -> Result<Vec<String>, Error> {
    let path = format!("/containers/{id}/logs?stdout=true&stderr=true&tail={LINES}");
    let bytes = raw::bytes(docker, &path).await?;
    let plain = if tty { bytes.to_vec() } else { unframed(&bytes) };
    let lines = clean::lines(&plain, LONGEST);
    Ok(lines[lines.len().saturating_sub(LINES)..].to_vec())
}

/// What standard output and standard error wrote, out of frames of eight bytes (the stream, three of nothing, the length) and a text:
/// <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach>.
fn unframed(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((head, tail)) = rest.split_first_chunk::<8>() {
        if head[0] > 2 || head[1..4] != [0, 0, 0] {
            // Not framed after all.
            plain.extend_from_slice(rest);
            return plain;
        }
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let length = length.min(tail.len());
        plain.extend_from_slice(&tail[..length]);
        rest = &tail[length..];
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_apart() {
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 3];
        bytes.extend(b"ab\n");
        bytes.extend([2, 0, 0, 0, 0, 0, 0, 9]);
        bytes.extend(b"cut");
        assert_eq!(unframed(&bytes), b"ab\ncut");
        assert_eq!(unframed(b"plain text of a terminal"), b"plain text of a terminal");
    }

    #[test]
    fn columns_of_ps_are_found_by_name() {
        let top = Top {
            titles: ["UID", "PID", "C", "TIME", "CMD"].map(str::to_owned).to_vec(),
            processes: vec![["root", "7", "0", "00:00:01", "app --token abc"].map(str::to_owned).to_vec(), vec![]],
        };
        let rows = processes(&top);
        assert_eq!(
            (rows[0].pid, rows[0].user.as_str(), rows[0].command.as_str()),
            (7, "root", "app --token [redacted]")
        );
        assert_eq!(rows[1].pid, 0);
    }
}
