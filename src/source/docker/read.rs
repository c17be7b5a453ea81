//! From an engine's answers to the rows of the world. Secrets are taken out here.

use super::wire::{Inspect, Labels, Mount, State, Summary, Version};
use crate::model::{
    Timestamp,
    container::{CheckState, Compose, Container, ContainerState, Engine, Port, Probe},
    redact,
};
use compact_str::{CompactString, ToCompactString};
use std::collections::BTreeMap;

/// Probes that are kept, newest last.
const PROBES: usize = 5;
/// Longest output of a probe, longest command, longest value of a label.
const LONGEST: usize = 500;

/// A text cut to so many characters.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(at, _)| &text[..at])
}

/// A time as engines write it; `None` for the year 1, which stands for never.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    (at.as_second() > 0).then_some(at)
}

fn seconds(at: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(at?).ok()
}

pub(super) fn state(word: &str) -> ContainerState {
    use ContainerState as S;
    let all = [S::Created, S::Running, S::Paused, S::Restarting, S::Removing, S::Exited, S::Dead];
    let known = all.into_iter().find(|state| state.word() == word);
    // Podman's words for what Docker calls created, exited and running.
    known.unwrap_or(match word {
        "configured" | "initialized" => S::Created,
        "stopped" => S::Exited,
        "stopping" => S::Running,
        _ => S::Unknown,
    })
}

pub(super) fn check(word: &str) -> CheckState {
    match word {
        "starting" => CheckState::Starting,
        "healthy" => CheckState::Healthy,
        "unhealthy" => CheckState::Unhealthy,
        _ => CheckState::None,
    }
}

/// What the words of `docker ps` say: `Exited (137) 3 minutes ago`, `Up 9 minutes (unhealthy)`.
fn check_in(status: &str) -> CheckState {
    let inside = status.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
    check(inside.trim_start_matches("health: "))
}

fn exit_code_in(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

fn labels(labels: &Labels) -> BTreeMap<CompactString, String> {
    let value = |name: &str, value: &str| cut(&redact::value(name, value), LONGEST).to_owned();
    labels.iter().map(|(name, text)| (name.into(), value(name, text))).collect()
}

fn compose(labels: &Labels) -> Option<Compose> {
    let label = |name: &str| labels.get(name).or_else(|| labels.get(&name.replace("com.docker", "io.podman")));
    let project = label("com.docker.compose.project")?;
    let files = label("com.docker.compose.project.config_files");
    Some(Compose {
        project: project.into(),
        service: label("com.docker.compose.service").map(CompactString::from).unwrap_or_default(),
        working_dir: label("com.docker.compose.project.working_dir").cloned(),
        config_files: files.map(|files| files.split(',').map(str::to_owned).collect()).unwrap_or_default(),
    })
}

fn name(name: &str) -> CompactString {
    name.trim_start_matches('/').into()
}

/// A container as the list tells it: without what only inspecting tells.
pub(super) fn from_summary(engine: &CompactString, summary: Summary) -> Container {
    let state = state(&summary.state);
    let ended = matches!(state, ContainerState::Exited | ContainerState::Restarting | ContainerState::Dead);
    // A container that others link to has several names; its own is the one without a second stroke.
    let own = summary.names.iter().find(|name| !name.trim_start_matches('/').contains('/'));
    Container {
        engine: engine.clone(),
        id: summary.id.into(),
        name: own.or(summary.names.first()).map(|text| name(text)).unwrap_or_default(),
        image: summary.image.into(),
        image_id: summary.image_id.into(),
        command: cut(&redact::text(&summary.command), LONGEST).into(),
        state,
        check: check_in(&summary.status),
        created_at: seconds(summary.created),
        exit_code: exit_code_in(&summary.status).filter(|_| ended),
        compose: compose(&summary.labels),
        ports: unique(summary.ports.into_iter().map(|port| Port {
            private: port.private,
            public: port.public,
            address: port.ip.filter(|ip| !ip.is_empty()).map(Into::into),
            protocol: port.kind.into(),
        })),
        networks: summary.networks.networks.keys().map(Into::into).collect(),
        volumes: volumes(&summary.mounts),
        labels: labels(&summary.labels),
        ..Container::default()
    }
}

fn volumes(mounts: &[Mount]) -> Vec<CompactString> {
    let named = mounts.iter().filter(|mount| mount.kind == "volume" && !mount.name.is_empty());
    named.map(|mount| mount.name.as_str().into()).collect()
}

fn unique(ports: impl Iterator<Item = Port>) -> Vec<Port> {
    let mut ports: Vec<_> = ports.collect();
    ports.sort_by(|a, b| {
        (a.private, &a.protocol, a.public, &a.address).cmp(&(b.private, &b.protocol, b.public, &b.address))
    });
    ports.dedup();
    ports
}

fn ports(inspect: &Inspect) -> Vec<Port> {
    let mut ports = Vec::new();
    for (private, bindings) in &inspect.network.ports {
        let (number, protocol) = private.split_once('/').unwrap_or((private, "tcp"));
        let Ok(private) = number.parse() else { continue };
        let port = Port { private, protocol: protocol.into(), ..Port::default() };
        match bindings {
            Some(bindings) if !bindings.is_empty() => ports.extend(bindings.iter().map(|binding| Port {
                public: binding.port.parse().ok(),
                address: Some(binding.ip.as_str()).filter(|ip| !ip.is_empty()).map(Into::into),
                ..port.clone()
            })),
            _ => ports.push(port),
        }
    }
    unique(ports.into_iter())
}

fn probes(state: &State) -> Vec<Probe> {
    let health = state.health.as_ref().filter(|health| health.status != "healthy");
    let log = health.map_or(&[][..], |health| &health.log);
    let newest = &log[log.len().saturating_sub(PROBES)..];
    let probe = |entry: &super::wire::HealthLog| Probe {
        at: time(&entry.start),
        exit_code: entry.exit_code,
        output: cut(&redact::text(entry.output.trim()), LONGEST).to_owned(),
    };
    newest.iter().map(probe).collect()
}

/// When the first check of the row that fails was run: as many as failed, as far apart as those that are known.
pub(super) fn unhealthy_since(row: &Container) -> Option<Timestamp> {
    let times: Vec<Timestamp> = row.probes.iter().filter_map(|probe| probe.at).collect();
    let (first, last) = (*times.first()?, *times.last()?);
    let apart = last.duration_since(first).as_secs_f64() / (times.len().max(2) - 1) as f64;
    let failures = f64::from(row.failing_streak?.max(1) - 1);
    last.checked_sub(jiff::SignedDuration::try_from_secs_f64(apart * failures).ok()?).ok()
}

/// The command as it runs, argument by argument, without secrets.
pub(super) fn command<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    redact::arguments(arguments).join(" ")
}

/// The limit in cores.
pub(super) fn cpu_limit(inspect: &Inspect) -> Option<f64> {
    let host = &inspect.host;
    if let Some(nano) = host.nano_cpus.filter(|nano| *nano > 0) {
        return Some(nano as f64 / 1e9);
    }
    let quota = host.cpu_quota.filter(|quota| *quota > 0)?;
    // The kernel's period unless another is set: 100 ms.
    let period = host.cpu_period.filter(|period| *period > 0).unwrap_or(100_000);
    Some(quota as f64 / period as f64)
}

/// A container as inspecting tells it.
pub(super) fn from_inspect(engine: &CompactString, inspect: &Inspect) -> Container {
    let now = state(&inspect.state.status);
    let ended = matches!(now, ContainerState::Exited | ContainerState::Restarting | ContainerState::Dead);
    let arguments = std::iter::once(inspect.path.as_str()).chain(inspect.arguments.iter().map(String::as_str));
    let policy = inspect.host.restart.name.as_str();
    let health = inspect.state.health.as_ref();
    Container {
        engine: engine.clone(),
        id: inspect.id.as_str().into(),
        name: name(&inspect.name),
        image: inspect.config.image.as_str().into(),
        image_id: inspect.image_id.as_str().into(),
        image_digest: None,
        command: cut(&command(arguments), LONGEST).into(),
        state: now,
        check: health.map_or(CheckState::None, |health| check(&health.status)),
        failing_streak: health.and_then(|health| health.streak),
        probes: probes(&inspect.state),
        created_at: time(&inspect.created),
        started_at: time(&inspect.state.started),
        finished_at: time(&inspect.state.finished),
        exit_code: inspect.state.exit_code.filter(|_| ended),
        oom_killed: inspect.state.oom_killed,
        error: Some(redact::text(inspect.state.error.trim()).into_owned()).filter(|error| !error.is_empty()),
        restarts: Some(inspect.restart_count.unwrap_or(0)),
        restart_policy: if policy.is_empty() { "no".into() } else { policy.into() },
        compose: compose(&inspect.config.labels),
        ports: ports(inspect),
        networks: inspect.network.networks.keys().map(Into::into).collect(),
        volumes: volumes(&inspect.mounts),
        privileged: inspect.host.privileged,
        pid: Some(inspect.state.pid).filter(|pid| *pid > 0),
        labels: labels(&inspect.config.labels),
        memory_limit_bytes: inspect.host.memory.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0),
        cpu_limit_cores: cpu_limit(inspect),
        ..Container::default()
    }
}

/// The engine itself.
pub(super) fn engine(
    (name, endpoint): (&CompactString, &str),
    api: CompactString,
    version: Version,
    info: super::wire::Info,
) -> Engine {
    let is_podman = version.components.iter().any(|component| component.name.contains("Podman"));
    Engine {
        name: name.clone(),
        endpoint: redact::text(endpoint).to_compact_string(),
        product: if is_podman { "Podman".into() } else { "Docker".into() },
        version: if version.version.is_empty() { info.server_version } else { version.version }.into(),
        api_version: api,
        os: if info.operating_system.is_empty() { version.os } else { info.operating_system }.into(),
        kernel: if info.kernel.is_empty() { version.kernel } else { info.kernel }.into(),
        cgroup_version: info.cgroup_version.trim_start_matches('v').parse().ok(),
        storage_driver: info.driver.into(),
        rootless: info.security.iter().any(|option| option == "name=rootless"),
        cores: info.cores,
        memory_bytes: info.memory,
        host: info.name.into(),
        warnings: info.warnings.iter().map(|text| text.trim_start_matches("WARNING: ").to_owned()).collect(),
        disk: None,
    }
}
