//! What a source delivers: derived data, ready to be taken into the `World`.

use super::{
    ai::AiServer,
    alert::Alertmanager,
    cgroup::Cgroups,
    container::EngineNews,
    gpu::GpuNews,
    hardware::Hardware,
    host::{Gauges, HostFacts, Sensor, Units},
    journal::news::JournalNews,
    kubernetes::KubeNews,
    mount::Mount,
    own::OwnUsage,
    postgres::Cluster,
    process::{Process, ProcessDetails},
    reading::Readings,
    ruling::{RuleLines, RuleNews},
    watch::PrometheusNews,
};
use serde::{Deserialize, Serialize};

/// One piece of news; each replaces what was known of its kind, but for engines and clusters, which tell what changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Update {
    Facts(Box<HostFacts>),
    Gauges(Box<Gauges>),
    Mounts(Vec<Mount>),
    Processes(Vec<Process>),
    ProcessDetails(Box<ProcessDetails>),
    Cgroups(Box<Cgroups>),
    Sensors(Vec<Sensor>),
    Units(Units),
    Hardware(Box<Hardware>),
    /// What a small source reads.
    Readings(Readings),
    Own(OwnUsage),
    /// What a source says of the GPUs that it reads.
    Gpus(Box<GpuNews>),
    /// Servers of language models on this host.
    Ai(Vec<AiServer>),
    /// What the rule book says of a repository, an engine or a cluster.
    Rules(Box<RuleNews>),
    /// What the journal holds, and how it is doing.
    Journal(Box<JournalNews>),
    /// What an Alertmanager holds.
    Alerts(Box<Alertmanager>),
    /// What a Prometheus knows.
    Prometheus(Box<PrometheusNews>),
    /// How a PostgreSQL cluster is.
    Postgres(Box<Cluster>),
    /// Lines of the file of the finding that is open.
    RuleLines(Box<RuleLines>),
    /// What changed at a container engine.
    Engine(Box<EngineNews>),
    /// What changed in a cluster.
    Kube(Box<KubeNews>),
}
