//! What keeps pods running, or runs them to their end.

use super::{Keyed, Owner};
use crate::model::{Timestamp, health::Health, object::ObjectKind};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    pub context: CompactString,
    pub kind: ObjectKind,
    pub namespace: CompactString,
    pub name: CompactString,
    #[serde(default)]
    pub uid: CompactString,
    /// What is asked for (`spec`), not what the controller has made of it; completions of a Job. `None` for a CronJob.
    pub desired: Option<u32>,
    /// Pods that are ready; of a Job those that succeeded.
    pub ready: Option<u32>,
    /// Pods of the newest template.
    pub updated: Option<u32>,
    pub available: Option<u32>,
    /// Pods that there are; of a Job or CronJob those that are active.
    pub current: Option<u32>,
    /// Pods of a Job that failed.
    #[serde(default)]
    pub failed: Option<u32>,
    /// Revision of the newest template.
    pub revision: Option<u64>,
    pub health: Health,
    /// Why it is not well, in words; empty where it is.
    pub reason: CompactString,
    pub created_at: Option<Timestamp>,
    /// A Deployment that is paused, a CronJob or Job that is suspended.
    #[serde(default)]
    pub paused: bool,
    pub owner: Option<Owner>,
    pub images: Vec<CompactString>,
    /// Labels that its pods must have.
    pub selector: Vec<(CompactString, CompactString)>,
    pub labels: Vec<(CompactString, CompactString)>,
    pub conditions: Vec<Condition>,
    /// Of a CronJob.
    #[serde(default)]
    pub schedule: CompactString,
    /// When a CronJob was last run, a Job finished.
    #[serde(default)]
    pub last_at: Option<Timestamp>,
}

/// A condition, as the API has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    pub kind: CompactString,
    /// `True`, `False` or `Unknown`.
    pub status: CompactString,
    pub reason: CompactString,
    pub message: CompactString,
    pub since: Option<Timestamp>,
}

impl Keyed for Workload {
    fn origin(&self) -> &str {
        &self.context
    }
    fn key_parts(&self) -> [&str; 3] {
        [self.kind.word(), &self.namespace, &self.name]
    }
    fn health(&self) -> Health {
        self.health
    }
}
