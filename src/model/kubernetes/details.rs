//! One object of a cluster, whole, and what is behind its state.

use super::Keyed;
use crate::model::{Timestamp, attention::Severity, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event of a cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeEvent {
    pub context: CompactString,
    pub namespace: CompactString,
    /// Name of the event itself.
    pub name: CompactString,
    /// What it is about.
    pub about_kind: CompactString,
    pub about_name: CompactString,
    /// Part of it that it is about: `spec.containers{app}`.
    pub about_field: CompactString,
    /// Whether it is a `Warning`.
    pub warning: bool,
    pub reason: CompactString,
    pub message: String,
    pub count: u32,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    /// Who says it.
    pub reporter: CompactString,
}

impl Keyed for KubeEvent {
    fn origin(&self) -> &str {
        &self.context
    }
    fn key_parts(&self) -> [&str; 3] {
        ["", &self.namespace, &self.name]
    }
}

/// One object of a cluster, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubeDetails {
    pub object: ObjectRef,
    /// As the API has it, without managedFields, with a Secret's values hidden.
    pub json: Value,
    /// The same as YAML.
    pub yaml: String,
    /// Events about it, newest first.
    pub events: Vec<KubeEvent>,
    /// From the object to the cause, most telling first.
    pub findings: Vec<Finding>,
    /// Revisions of its template, newest first.
    pub revisions: Vec<Revision>,
    /// How it differs from what was last applied, as a unified diff; empty where it does not; `None` where nothing says what was.
    pub applied_diff: Option<String>,
    /// How it differs from its last state that was seen here, as a unified diff.
    pub seen_diff: Option<String>,
    /// Why a part is missing, in words.
    pub problems: Vec<String>,
}

/// A step from an object that is not well to the cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    pub text: String,
    /// Lines that show it: a container's last words, an event's message.
    pub evidence: Vec<String>,
    /// Where it leads.
    pub leads_to: Option<ObjectRef>,
}

/// A revision of a workload's template.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Revision {
    pub number: u64,
    /// ReplicaSet or ControllerRevision that keeps it.
    pub kept_by: CompactString,
    pub created_at: Option<Timestamp>,
    pub images: Vec<CompactString>,
    /// `kubernetes.io/change-cause`.
    pub cause: Option<String>,
    pub replicas: Option<u32>,
    pub ready: Option<u32>,
    /// The template as YAML, without the hash label.
    pub template: String,
    /// How it differs from the revision before it, as a unified diff.
    pub diff: String,
}
