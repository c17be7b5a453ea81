//! A pod, as small as panes and rules allow: thousands of them are held.

use super::Keyed;
use crate::model::{Timestamp, health::Health};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A pod.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pod {
    pub context: CompactString,
    pub namespace: CompactString,
    pub name: CompactString,
    pub uid: CompactString,
    /// As `kubectl get pods` prints it: `CrashLoopBackOff`, `Init:1/2`, `Running`.
    pub status: CompactString,
    /// Containers that are ready, as kubectl counts them.
    pub ready: u32,
    /// Containers that could be, as kubectl counts them: sidecars too.
    pub total: u32,
    /// As kubectl counts them.
    pub restarts: u32,
    /// The last end that kubectl shows beside the restarts.
    pub restarted_at: Option<Timestamp>,
    pub phase: CompactString,
    pub node: CompactString,
    pub ip: CompactString,
    pub created_at: Option<Timestamp>,
    /// When its deletion was asked for.
    pub deleted_at: Option<Timestamp>,
    /// What controls it.
    pub owner: Option<Owner>,
    pub health: Health,
    /// Why it is not well, in words; empty where it is.
    pub reason: CompactString,
    pub labels: Vec<(CompactString, CompactString)>,
    pub containers: Vec<PodContainer>,
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    pub qos: CompactString,
    /// Sums over its containers, as the scheduler counts them.
    pub requests: Resources,
    pub limits: Resources,
    /// What the API says of it as a whole: why it was evicted, why no node takes it.
    pub message: CompactString,
    /// The condition `Ready`; `None` where nobody has said.
    pub is_ready: Option<bool>,
    /// Since when `is_ready` is as it is.
    pub ready_since: Option<Timestamp>,
    /// What holds its deletion.
    pub finalizers: Vec<CompactString>,
}

/// What controls an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// `ReplicaSet`, `Node`, …
    pub kind: CompactString,
    pub name: CompactString,
}

/// An amount of CPU and memory; `None` where none is set.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
}

/// What is used.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    pub cpu_cores: Option<f64>,
    /// Working set.
    pub memory_bytes: Option<u64>,
}

/// What a container of a pod is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerRole {
    #[default]
    Main,
    Init,
    /// An init container that goes on running (`restartPolicy: Always`).
    Sidecar,
    Ephemeral,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PodContainer {
    pub name: CompactString,
    pub role: ContainerRole,
    pub image: CompactString,
    pub ready: bool,
    pub restarts: u32,
    /// `running`, `waiting`, `terminated`; empty while the kubelet has said nothing.
    pub state: CompactString,
    /// Reason of that state: `CrashLoopBackOff`, `Completed`.
    pub reason: CompactString,
    /// The kubelet's words on it.
    pub message: CompactString,
    pub since: Option<Timestamp>,
    /// This end, where it has ended.
    pub ended: Option<Run>,
    /// The end before this run.
    pub last: Option<Run>,
    pub requests: Resources,
    pub limits: Resources,
}

/// How a run of a container ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    pub exit_code: i32,
    pub signal: i32,
    pub reason: CompactString,
    pub message: CompactString,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

impl Keyed for Pod {
    fn origin(&self) -> &str {
        &self.context
    }
    fn key_parts(&self) -> [&str; 3] {
        ["", &self.namespace, &self.name]
    }
    fn health(&self) -> Health {
        self.health
    }
}
