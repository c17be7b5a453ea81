//! What a runbook, or one of its steps, acts on or asks about.

use super::{field::forms, template::Template};
use crate::model::object::{ObjectKind, ObjectRef};
use std::fmt;

forms! {
    /// What is acted on, or asked about.
    Target, TargetForm {
        /// An object of a cluster.
        Object {
            context: Template,
            /// `deployment`, `statefulset`, `daemonset`, `pod`, `node`, `cronjob` …, or `plural.group`.
            kind: Template,
            /// Empty where the kind has no namespaces.
            #[serde(default)]
            namespace: Template,
            name: Template,
        } = "object",
        /// A container of an engine, by name or identity.
        Container { engine: Template, name: Template } = "container",
        /// A service of a Compose project.
        Service { engine: Template, project: Template, service: Template } = "service",
        /// An engine.
        Engine { engine: Template } = "engine",
        /// A Helm release.
        Release { context: Template, namespace: Template, release: Template } = "release",
        /// A Patroni cluster, by the address of any member's REST interface.
        Patroni { endpoint: Template } = "patroni",
        /// A PostgreSQL server, by its address or its name in the configuration, never with a password.
        Postgres { server: Template } = "postgres",
        /// A machine.
        Host { host: Template } = "host",
        /// A GPU of this machine, by its UUID or PCI address.
        Gpu { gpu: Template } = "gpu",
        /// A mounted file system of this machine.
        Mount { path: Template } = "mount",
        /// Something that speaks TLS, as `host:port`.
        Endpoint { address: Template } = "endpoint",
        /// An incident, by identity or number.
        Incident { incident: Template } = "incident",
        /// The shift on call.
        Shift { team: Template } = "shift",
        /// Everything that this cockpit watches.
        Fleet = "fleet",
    }
}

impl Target {
    /// The name that a person types to confirm.
    pub fn name(&self) -> &str {
        match self {
            Self::Object { name, .. } | Self::Container { name, .. } => name,
            Self::Service { service, .. } => service,
            Self::Engine { engine } => engine,
            Self::Release { release, .. } => release,
            Self::Patroni { endpoint } => endpoint,
            Self::Postgres { server } => server,
            Self::Host { host } => host,
            Self::Gpu { gpu } => gpu,
            Self::Mount { path } => path,
            Self::Endpoint { address } => address,
            Self::Incident { incident } => incident,
            Self::Shift { team } => team,
            Self::Fleet => "fleet",
        }
    }

    /// A stable name of it: two runs that have the same are about the same thing, and only one of them may act.
    pub fn key(&self) -> String {
        match self {
            Self::Object { context, kind, namespace, name } => format!("object/{context}/{kind}/{namespace}/{name}"),
            Self::Container { engine, name } => format!("container/{engine}/{name}"),
            Self::Service { engine, project, service } => format!("service/{engine}/{project}/{service}"),
            Self::Release { context, namespace, release } => format!("release/{context}/{namespace}/{release}"),
            other => format!("{}/{}", other.word(), other.name()),
        }
    }

    /// The object of the cockpit that it is, where its name alone says which.
    pub fn object(&self) -> Option<ObjectRef> {
        const KINDS: [ObjectKind; 8] = [
            ObjectKind::Pod,
            ObjectKind::Deployment,
            ObjectKind::StatefulSet,
            ObjectKind::DaemonSet,
            ObjectKind::ReplicaSet,
            ObjectKind::Job,
            ObjectKind::CronJob,
            ObjectKind::Node,
        ];
        Some(match self {
            Self::Object { context, kind, namespace, name } => match KINDS.iter().find(|known| known.word() == kind) {
                Some(kind) => ObjectRef::in_cluster(*kind, context, namespace, name),
                None => ObjectRef::resource(context, kind, namespace, name),
            },
            Self::Engine { engine } => ObjectRef::new(ObjectKind::Engine, engine),
            Self::Gpu { gpu } => ObjectRef::new(ObjectKind::Gpu, gpu),
            Self::Mount { path } => ObjectRef::new(ObjectKind::Mount, path),
            _ => return None,
        })
    }

    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Object { .. } => "object",
            Self::Container { .. } => "container",
            Self::Service { .. } => "service",
            Self::Engine { .. } => "engine",
            Self::Release { .. } => "release",
            Self::Patroni { .. } => "patroni",
            Self::Postgres { .. } => "postgres",
            Self::Host { .. } => "host",
            Self::Gpu { .. } => "gpu",
            Self::Mount { .. } => "mount",
            Self::Endpoint { .. } => "endpoint",
            Self::Incident { .. } => "incident",
            Self::Shift { .. } => "shift",
            Self::Fleet => "fleet",
        }
    }
}

/// In words: `deployment shop/web (prod)`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |namespace: &str| if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        match self {
            Self::Object { context, kind, namespace, name } => {
                write!(f, "{kind} {}{name} ({context})", within(namespace))
            }
            Self::Container { engine, name } => write!(f, "container {name} ({engine})"),
            Self::Service { engine, project, service } => write!(f, "service {project}/{service} ({engine})"),
            Self::Engine { engine } => write!(f, "engine {engine}"),
            Self::Release { context, namespace, release } => {
                write!(f, "Helm release {}{release} ({context})", within(namespace))
            }
            Self::Patroni { endpoint } => write!(f, "Patroni cluster at {endpoint}"),
            Self::Postgres { server } => write!(f, "PostgreSQL server {server}"),
            Self::Host { host } => write!(f, "host {host}"),
            Self::Gpu { gpu } => write!(f, "GPU {gpu}"),
            Self::Mount { path } => write!(f, "file system {path}"),
            Self::Endpoint { address } => write!(f, "endpoint {address}"),
            Self::Incident { incident } => write!(f, "incident {incident}"),
            Self::Shift { team } => write!(f, "shift of {team}"),
            Self::Fleet => f.write_str("all that is watched"),
        }
    }
}
