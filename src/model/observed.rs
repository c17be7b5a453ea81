//! Everything that has been observed, as of the newest news of each kind.

use super::{
    Timestamp,
    ai::AiServer,
    cgroup::Cgroups,
    container::Containers,
    duty::Duty,
    gpu::Gpus,
    hardware::Hardware,
    host::{Gauges, HostFacts, OomSeen, Sensor, Units},
    kubernetes::Kube,
    mount::Mount,
    own::OwnUsage,
    postgres::Cluster,
    process::{Process, ProcessDetails},
    reading::Readings,
    ruling::{RuleLines, Rulings},
    source::{SourceReport, SourceState},
    watch::Watched,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// The newest data of every kind; `None` where nothing has arrived yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Observed {
    pub facts: Option<HostFacts>,
    pub gauges: Option<Gauges>,
    pub mounts: Option<Vec<Mount>>,
    pub processes: Option<Vec<Process>>,
    pub process_details: Option<ProcessDetails>,
    pub cgroups: Option<Cgroups>,
    pub sensors: Option<Vec<Sensor>>,
    pub units: Option<Units>,
    #[serde(default)]
    pub hardware: Option<Hardware>,
    /// What small sources read, by their names.
    #[serde(default)]
    pub readings: BTreeMap<CompactString, Readings>,
    /// OOM kills counted since the cockpit started.
    pub oom: Option<OomSeen>,
    pub own: OwnUsage,
    #[serde(default)]
    pub containers: Containers,
    #[serde(default)]
    pub kube: Kube,
    #[serde(default)]
    pub gpus: Gpus,
    /// `None` where none runs, or none has been looked for yet.
    #[serde(default)]
    pub ai: Option<Vec<AiServer>>,
    /// What the rule book found.
    #[serde(default)]
    pub rulings: Rulings,
    /// What Alertmanagers and Prometheus know.
    #[serde(default)]
    pub watch: Watched,
    /// PostgreSQL clusters by their names.
    #[serde(default)]
    pub postgres: BTreeMap<CompactString, Arc<Cluster>>,
    /// What people owe: actions, postmortems, drills.
    #[serde(default)]
    pub duties: Vec<Duty>,
    /// Lines of the file of the finding that was opened last.
    #[serde(default)]
    pub rule_lines: Option<RuleLines>,
    /// By name.
    pub sources: BTreeMap<CompactString, SourceStatus>,
}

impl Observed {
    /// Rows of lists that are watched: what makes a world large.
    pub fn watched_rows(&self) -> usize {
        let kube = &self.kube;
        kube.pods.len() + kube.workloads.len() + kube.nodes.len() + kube.events.len() + self.containers.containers.len()
    }
}

/// A source's last report, and when it was last heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    pub report: SourceReport,
    /// Since when it has been in this state.
    pub since: Timestamp,
    pub answered_at: Option<Timestamp>,
    /// Since when it has been asked as often as it is now: patience counts from here where the last answer is older.
    #[serde(default)]
    pub asked_since: Option<Timestamp>,
}

impl SourceStatus {
    /// How many missed answers make a source stale.
    const MISSED: f64 = 3.0;
    /// Seconds that an answer may take beyond that; no source of this host has a longer deadline.
    const GRACE: f64 = 5.0;

    /// The state at `now`: as reported, or stale where its answers have stopped coming.
    pub fn state(&self, now: Timestamp) -> SourceState {
        match (self.report.state, self.stale_at()) {
            (SourceState::Ok, Some(at)) if now >= at => SourceState::Stale,
            (state, _) => state,
        }
    }

    /// When the source becomes stale if it is not heard again; `None` while nobody needs it.
    pub fn stale_at(&self) -> Option<Timestamp> {
        let patience = self.report.cadence_seconds? * Self::MISSED + Self::GRACE;
        self.answered_at?
            .max(self.asked_since.unwrap_or(Timestamp::MIN))
            .checked_add(jiff::SignedDuration::from_secs_f64(patience))
            .ok()
    }

    /// Seconds since the last answer.
    pub fn age_seconds(&self, now: Timestamp) -> Option<f64> {
        self.answered_at.map(|at| now.duration_since(at).as_secs_f64().max(0.0))
    }
}
