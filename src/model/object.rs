//! The name of anything that can be looked at, acted on, or complained about.

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of thing an [`ObjectRef`] names. The word is what screens and JSON print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    Host,
    Cpu,
    Memory,
    Process,
    Mount,
    Device,
    Network,
    Cgroup,
    Unit,
    Sensor,
    /// By its UUID or its PCI address.
    Gpu,
    Source,
    Engine,
    Container,
    Image,
    Volume,
    #[serde(rename = "engine-network")]
    EngineNetwork,
    Cluster,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    Node,
    /// Any other kind of Kubernetes resource.
    Resource,
    /// A finding of the rule book, by its fingerprint and line.
    Violation,
    Incident,
    /// An event of the journal, by its identity.
    Event,
    /// Several objects whose lines are shown together.
    Logs,
    /// An alert, by the Alertmanager's name and the alert's fingerprint.
    Alert,
    /// A silence, by the Alertmanager's name and the silence's identity.
    Silence,
    /// An Alertmanager, by its name.
    Alertmanager,
    /// A service level objective, by its name.
    Slo,
    /// A host that a Prometheus knows, by the Prometheus's name and the instance.
    Instance,
    /// A PostgreSQL cluster by its name, or one of its members by `cluster/member`.
    Postgres,
    /// A run of a runbook, by its name.
    Run,
    /// A runbook, by its name.
    Runbook,
}

impl ObjectKind {
    /// The word for this kind, as screens and JSON print it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Process => "process",
            Self::Mount => "mount",
            Self::Device => "device",
            Self::Network => "network",
            Self::Cgroup => "cgroup",
            Self::Unit => "unit",
            Self::Sensor => "sensor",
            Self::Gpu => "gpu",
            Self::Source => "source",
            Self::Engine => "engine",
            Self::Container => "container",
            Self::Image => "image",
            Self::Volume => "volume",
            Self::EngineNetwork => "engine-network",
            Self::Cluster => "cluster",
            Self::Pod => "pod",
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::ReplicaSet => "replicaset",
            Self::Job => "job",
            Self::CronJob => "cronjob",
            Self::Node => "node",
            Self::Resource => "resource",
            Self::Violation => "violation",
            Self::Incident => "incident",
            Self::Event => "event",
            Self::Logs => "logs",
            Self::Alert => "alert",
            Self::Silence => "silence",
            Self::Alertmanager => "alertmanager",
            Self::Slo => "slo",
            Self::Instance => "instance",
            Self::Postgres => "postgres",
            Self::Run => "run",
            Self::Runbook => "runbook",
        }
    }
}

impl ObjectKind {
    /// What the API calls this kind, as `plural` or `plural.group`; empty where the object says it itself, `None` for what is not in
    /// a cluster.
    pub const fn resource(self) -> Option<&'static str> {
        Some(match self {
            Self::Pod => "pods",
            Self::Deployment => "deployments.apps",
            Self::StatefulSet => "statefulsets.apps",
            Self::DaemonSet => "daemonsets.apps",
            Self::ReplicaSet => "replicasets.apps",
            Self::Job => "jobs.batch",
            Self::CronJob => "cronjobs.batch",
            Self::Node => "nodes",
            Self::Resource => "",
            _ => return None,
        })
    }
}

/// Where an object of a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KubePath<'a> {
    pub context: &'a str,
    /// `plural` or `plural.group`.
    pub resource: &'a str,
    /// Empty where the kind has no namespaces.
    pub namespace: &'a str,
    pub name: &'a str,
}

/// A stable name for one object: kind and identity within that kind. It keeps its meaning when lists are re-sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub kind: ObjectKind,
    /// Identity within the kind: a mount point, an interface name, `pid/start-ticks` for a process; `engine/id` for what an engine
    /// holds; `context/name`, `context/namespace/name` or `context/resource/namespace/name` for what a cluster holds.
    pub id: CompactString,
}

impl ObjectRef {
    pub fn new(kind: ObjectKind, id: impl Into<CompactString>) -> Self {
        Self { kind, id: id.into() }
    }

    /// What an engine holds: a container, an image.
    pub fn in_engine(kind: ObjectKind, engine: &str, id: &str) -> Self {
        Self::new(kind, format_compact!("{engine}/{id}"))
    }

    /// What a cluster holds, of a kind with a word of its own. The namespace of a node is empty.
    pub fn in_cluster(kind: ObjectKind, context: &str, namespace: &str, name: &str) -> Self {
        Self::new(
            kind,
            if kind == ObjectKind::Node {
                format_compact!("{context}/{name}")
            } else {
                format_compact!("{context}/{namespace}/{name}")
            },
        )
    }

    /// An object of any other kind, which is named by `plural` or `plural.group`.
    pub fn resource(context: &str, resource: &str, namespace: &str, name: &str) -> Self {
        Self::new(ObjectKind::Resource, format_compact!("{context}/{resource}/{namespace}/{name}"))
    }

    /// Engine and identity of what an engine holds. Names of engines may hold strokes, identities hold none.
    pub fn engine_and_id(&self) -> Option<(&str, &str)> {
        use ObjectKind::{Container, EngineNetwork, Image, Volume};
        matches!(self.kind, Container | Image | Volume | EngineNetwork).then(|| self.id.rsplit_once('/'))?
    }

    /// Context, resource, namespace and name of what a cluster holds. Names of contexts may hold strokes, the others hold none.
    pub fn in_kube(&self) -> Option<KubePath<'_>> {
        let known = self.kind.resource();
        let (rest, name) = known.map(|_| self.id.rsplit_once('/'))??;
        if self.kind == ObjectKind::Node {
            return Some(KubePath { context: rest, resource: "nodes", namespace: "", name });
        }
        let (rest, namespace) = rest.rsplit_once('/')?;
        match known {
            Some("") => {
                let (context, resource) = rest.rsplit_once('/')?;
                Some(KubePath { context, resource, namespace, name })
            }
            resource => Some(KubePath { context: rest, resource: resource?, namespace, name }),
        }
    }

    /// Name of the configuration and identity of what an Alertmanager or a Prometheus knows. Those names hold no strokes.
    pub fn in_watch(&self) -> Option<(&str, &str)> {
        use ObjectKind::{Alert, Instance, Silence, Slo};
        matches!(self.kind, Alert | Silence | Slo | Instance).then(|| self.id.split_once('/'))?
    }

    /// Cluster and member, where it is a member of a PostgreSQL cluster. Names of clusters hold no strokes.
    pub fn in_postgres(&self) -> Option<(&str, Option<&str>)> {
        let split =
            self.id.split_once('/').map_or((self.id.as_str(), None), |(cluster, member)| (cluster, Some(member)));
        (self.kind == ObjectKind::Postgres).then_some(split)
    }

    /// Name of the source that knows it; `None` for what this host's sources know.
    pub fn source(&self) -> Option<CompactString> {
        match self.kind {
            ObjectKind::Engine => Some(format_compact!("docker/{}", self.id)),
            ObjectKind::Cluster => Some(format_compact!("kube/{}", self.id)),
            ObjectKind::Alertmanager => Some(format_compact!("alertmanager/{}", self.id)),
            ObjectKind::Alert | ObjectKind::Silence => {
                self.in_watch().map(|(place, _)| format_compact!("alertmanager/{place}"))
            }
            ObjectKind::Slo | ObjectKind::Instance => {
                self.in_watch().map(|(place, _)| format_compact!("prometheus/{place}"))
            }
            ObjectKind::Postgres => self.in_postgres().map(|(cluster, _)| format_compact!("postgres/{cluster}")),
            _ => match (self.engine_and_id(), self.in_kube()) {
                (Some((engine, _)), _) => Some(format_compact!("docker/{engine}")),
                (_, Some(path)) => Some(format_compact!("kube/{}", path.context)),
                _ => None,
            },
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.id.is_empty() { f.write_str(self.kind.word()) } else { write!(f, "{} {}", self.kind.word(), self.id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cluster_holds_is_found_again() {
        let context = "arn:aws:eks:eu-1:1:cluster/prod";
        let pod = ObjectRef::in_cluster(ObjectKind::Pod, context, "shop", "web-1");
        let expected = KubePath { context, resource: "pods", namespace: "shop", name: "web-1" };
        assert_eq!(pod.in_kube(), Some(expected));
        let node = ObjectRef::in_cluster(ObjectKind::Node, context, "", "n1");
        assert_eq!(node.in_kube(), Some(KubePath { context, resource: "nodes", namespace: "", name: "n1" }));
        let other = ObjectRef::resource(context, "widgets.example.com", "", "w");
        let expected = KubePath { context, resource: "widgets.example.com", namespace: "", name: "w" };
        assert_eq!(other.in_kube(), Some(expected));
        assert_eq!(other.source().as_deref(), Some("kube/arn:aws:eks:eu-1:1:cluster/prod"));
        let container = ObjectRef::in_engine(ObjectKind::Container, "docker", "abc");
        assert_eq!(container.engine_and_id(), Some(("docker", "abc")));
        assert_eq!(container.in_kube(), None);
        assert_eq!(ObjectRef::new(ObjectKind::Mount, "/var/log").source(), None);
    }
}
