//! Topics: the units in which data is asked for. A pane or a rule names the topics that it needs, and a source collects a
//! topic only while somebody needs it.

use serde::{Deserialize, Serialize};

macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One kind of data that a source delivers and a pane shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic, in the order of declaration.
            pub const ALL: &'static [Topic] = &[$(Topic::$name,)*];
            /// The topic's word in configuration and logs.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

// A set of topics is written into recordings as bits in this order: a new one comes last, and none is taken away.
topics! {
    /// Names and limits that seldom change: host name, kernel, virtualisation.
    Facts = "facts",
    /// CPU, memory, load, pressure, devices, interfaces, kernel counters.
    Gauges = "gauges",
    /// Mounted file systems with space and inodes.
    Mounts = "mounts",
    /// The process table.
    Processes = "processes",
    /// Read and write rates of each process (costs one more file a process).
    ProcessIo = "process-io",
    /// Open files, limits and environment of the process that is open on the screen.
    ProcessDetails = "process-details",
    /// The control-group tree.
    Cgroups = "cgroups",
    /// Temperatures and fans.
    Sensors = "sensors",
    /// systemd's failed units.
    Units = "units",
    /// Container engines and their containers.
    Containers = "containers",
    /// What each container uses; costs one stream a running container.
    ContainerUsage = "container-usage",
    /// Images, volumes and networks of the engines, with what uses them.
    EngineStores = "engine-stores",
    /// The object of an engine that is open on the screen, whole.
    ContainerDetails = "container-details",
    /// Clusters and their pods.
    Pods = "pods",
    /// What pods and nodes use.
    PodUsage = "pod-usage",
    /// Deployments and whatever else keeps pods running.
    Workloads = "workloads",
    /// Nodes of clusters.
    Nodes = "nodes",
    /// Events of clusters.
    KubeEvents = "kube-events",
    /// Any one kind of resource, in the server's own columns.
    KubeTable = "kube-table",
    /// The object of a cluster that is open on the screen, whole.
    KubeDetails = "kube-details",
    /// GPUs: figures, links, processes.
    Gpus = "gpus",
    /// What PCIe links carry; costs 40 ms a GPU.
    GpuTraffic = "gpu-traffic",
    /// GPUs for rules and history; asked only where their driver is in use anyway.
    GpuHealth = "gpu-health",
    /// Servers of language models, and what they hold.
    Ai = "ai",
    /// What the rule book finds.
    Rules = "rules",
    /// The journal and its incidents.
    Journal = "journal",
    /// Alerts and silences of Alertmanagers.
    Alerts = "alerts",
    /// Rules and targets of Prometheus.
    MetricRules = "metric-rules",
    /// Service level objectives.
    Slos = "slos",
    /// Hosts that Prometheus knows.
    Fleet = "fleet",
    /// The expression of the alert that is open on the screen, over time.
    AlertDetails = "alert-details",
    /// The cockpit's own cost.
    Own = "own",
    /// Arrays of disks, bonds of interfaces, memory that tells errors.
    Hardware = "hardware",
    /// PostgreSQL clusters and their members.
    Postgres = "postgres",
    /// What small sources read that have no topic of their own.
    Readings = "readings",
}

/// A set of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct TopicSet(u64);

impl TopicSet {
    /// The set of no topic.
    pub const EMPTY: Self = Self(0);

    /// The set of these topics.
    pub const fn of(topics: &[Topic]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < topics.len() {
            bits |= 1 << topics[i] as u64;
            i += 1;
        }
        Self(bits)
    }

    /// Every topic that there is.
    pub const fn all() -> Self {
        Self::of(Topic::ALL)
    }

    /// Whether `topic` is in the set.
    pub const fn contains(self, topic: Topic) -> bool {
        self.0 & (1 << topic as u64) != 0
    }

    /// Whether the two sets share a topic.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every topic of this set is in the other.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The topics of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The words of the topics, with commas between them.
    pub fn words(self) -> String {
        let held = Topic::ALL.iter().filter(|topic| self.contains(**topic));
        held.map(|topic| topic.word()).collect::<Vec<_>>().join(", ")
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<Topic> for TopicSet {
    fn from(topic: Topic) -> Self {
        Self::of(&[topic])
    }
}

impl FromIterator<Topic> for TopicSet {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        topics.into_iter().fold(Self::EMPTY, |set, topic| set.union(topic.into()))
    }
}
