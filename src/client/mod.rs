//! Ways to container engines and clusters: where they are, and how to speak with them. Sources read by them; operations act by them.

pub mod dns;
pub mod docker;
pub mod http;
pub mod kubernetes;
pub mod named;
pub mod patroni;
pub mod postgres;
mod proxy;
pub mod receiver;
pub mod secret;
pub mod tls;

use std::{collections::BTreeMap, sync::Arc};

/// Everything that can be reached, as configuration, flags and environment say.
#[derive(Debug, Default)]
pub struct Clients {
    pub docker: Vec<docker::Endpoint>,
    /// Where engines were looked for.
    pub docker_tried: Vec<Tried>,
    pub kube: kubernetes::Contexts,
    pub alertmanagers: Vec<named::Named>,
    /// Who is told of incidents.
    pub receivers: Vec<receiver::Receiver>,
    pub postgres: Vec<postgres::ClusterOptions>,
}

/// What is named on the command line or in the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Engines (`--docker`); none named means those that are found.
    pub docker: Vec<String>,
    /// Contexts (`--context`); none named means the current one.
    pub contexts: Vec<String>,
    /// Namespaces, by context, that are asked one by one where the whole cluster may not be.
    pub namespaces: BTreeMap<String, Vec<String>>,
    /// Alertmanagers that the configuration names.
    pub alertmanagers: Vec<named::Named>,
    /// Receivers that the configuration names.
    pub receivers: Vec<receiver::Receiver>,
    /// PostgreSQL clusters that the configuration names.
    pub postgres: Vec<postgres::ClusterOptions>,
}

/// A place where engines or clusters were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// `DOCKER_HOST`, `Docker context prod`, `/var/run/docker.sock`, `~/.kube/config`.
    pub place: String,
    /// What was found there, in words.
    pub found: String,
}

/// The word with which a flag switches a family of sources off.
pub const NONE: &str = "none";

/// Finds what can be reached. Connects to nothing.
pub fn discover(wanted: &Wanted) -> Arc<Clients> {
    let (docker, docker_tried) = docker::discover(&wanted.docker);
    let kube = kubernetes::Contexts::discover(&wanted.contexts).with_namespaces(&wanted.namespaces);
    let (alertmanagers, receivers) = (wanted.alertmanagers.clone(), wanted.receivers.clone());
    Arc::new(Clients { docker, docker_tried, kube, alertmanagers, receivers, postgres: wanted.postgres.clone() })
}

/// There is no way to an engine or a cluster, or it does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreachable {
    /// Why, in words.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}
