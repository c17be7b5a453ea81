//! A cluster, its nodes, and any kind of resource in the server's own columns.

use super::{Keyed, Selectors, workload::Condition};
use crate::model::{Timestamp, health::Health};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A cluster, as a context leads to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    pub context: CompactString,
    /// The kubeconfig's name of the cluster and of the user, and the file that they come from.
    pub cluster: CompactString,
    pub user: CompactString,
    pub file: CompactString,
    /// Where it is reached.
    pub server: CompactString,
    /// Whether the kubeconfig has it as the current context.
    pub current: bool,
    /// Namespace of the context.
    pub namespace: CompactString,
    pub version: CompactString,
    pub namespaces: Vec<CompactString>,
    /// What may not be seen, by kind.
    pub denied: Vec<Denied>,
    /// What is seen in single namespaces because it may not be in the whole cluster: the resource and the namespace.
    pub partly: Vec<(CompactString, CompactString)>,
    /// Lists that are still being read: the resource and how many of it are here.
    pub loading: Vec<(CompactString, u64)>,
    /// How many of them there are, of those where the server told.
    pub expected: Vec<(CompactString, u64)>,
    /// Kinds of resources that the server has.
    pub resources: Vec<ApiResource>,
    /// Where usage comes from: `metrics-server`, `kubelet`, or why there is none.
    pub usage_from: CompactString,
}

impl Cluster {
    /// What may not be seen, in words: `may not list: nodes, secrets`, `may not watch in shop: pods`.
    pub fn denials(&self) -> Vec<String> {
        let mut words: Vec<(String, Vec<&str>)> = Vec::new();
        for denied in &self.denied {
            let place = if denied.namespace.is_empty() { String::new() } else { format!(" in {}", denied.namespace) };
            let head = format!("may not {}{place}", denied.verb);
            match words.iter_mut().find(|(other, _)| *other == head) {
                Some((_, resources)) => resources.push(&denied.resource),
                None => words.push((head, vec![&denied.resource])),
            }
        }
        words.into_iter().map(|(head, resources)| format!("{head}: {}", resources.join(", "))).collect()
    }
}

/// A kind that may not be listed or watched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Denied {
    /// `pods`, `deployments.apps`.
    pub resource: CompactString,
    /// The verb that is missing: `list`, `watch`.
    pub verb: CompactString,
    /// Empty for the whole cluster.
    pub namespace: CompactString,
}

/// A kind of resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiResource {
    pub group: CompactString,
    pub version: CompactString,
    pub kind: CompactString,
    /// `services`.
    pub plural: CompactString,
    pub short_names: Vec<CompactString>,
    pub namespaced: bool,
    pub verbs: Vec<CompactString>,
}

impl ApiResource {
    /// `plural`, with `.group` behind it outside the core group: what kubectl and `SubjectAccessReview`s call it.
    pub fn name(&self) -> CompactString {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            compact_str::format_compact!("{}.{}", self.plural, self.group)
        }
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    pub context: CompactString,
    pub name: CompactString,
    pub uid: CompactString,
    /// As kubectl prints it: `Ready,SchedulingDisabled`.
    pub status: CompactString,
    pub roles: Vec<CompactString>,
    pub version: CompactString,
    pub internal_ip: CompactString,
    pub os_image: CompactString,
    pub kernel: CompactString,
    pub runtime: CompactString,
    pub unschedulable: bool,
    pub taints: Vec<Taint>,
    pub conditions: Vec<Condition>,
    pub cpu_allocatable_cores: Option<f64>,
    pub memory_allocatable_bytes: Option<u64>,
    pub pods_allocatable: Option<u32>,
    pub created_at: Option<Timestamp>,
    pub health: Health,
    /// Why it is not well, in words; empty where it is.
    pub reason: CompactString,
    pub labels: Vec<(CompactString, CompactString)>,
}

/// What keeps pods off a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Taint {
    pub key: CompactString,
    pub value: CompactString,
    pub effect: CompactString,
}

/// What a node uses.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeUsage {
    pub cpu_cores: Option<f64>,
    /// Working set.
    pub memory_bytes: Option<u64>,
    pub disk_used_bytes: Option<u64>,
    pub disk_total_bytes: Option<u64>,
}

/// Any one kind of resource, in the server's own columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeTable {
    /// As [`ApiResource::name`].
    pub resource: CompactString,
    pub kind: CompactString,
    pub namespaced: bool,
    pub columns: Vec<TableColumn>,
    pub rows: Vec<TableRow>,
    /// Why there is nothing, in words.
    pub problem: Option<CompactString>,
    /// Where it was asked for, and where it was refused: namespaces of a user who may not see it in the whole cluster.
    pub namespaces: Vec<CompactString>,
    pub missing: Vec<CompactString>,
    /// What the server narrowed it by.
    pub selectors: Selectors,
    /// Whether it was asked for and nothing has come yet.
    pub waiting: bool,
}

/// A column that the server prints.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TableColumn {
    pub name: CompactString,
    /// 0 is always shown; more is for wide output.
    pub priority: i32,
    /// OpenAPI type: `string`, `integer`, `date`.
    pub kind: CompactString,
}

/// A row that the server prints.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TableRow {
    pub namespace: CompactString,
    pub name: CompactString,
    pub created_at: Option<Timestamp>,
    pub labels: Vec<(CompactString, CompactString)>,
    pub cells: Vec<CompactString>,
}

impl Keyed for Node {
    fn origin(&self) -> &str {
        &self.context
    }
    fn key_parts(&self) -> [&str; 3] {
        ["", "", &self.name]
    }
    fn health(&self) -> Health {
        self.health
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_said_with_its_verb() {
        let denied = |resource: &str, verb: &str, namespace: &str| Denied {
            resource: resource.into(),
            verb: verb.into(),
            namespace: namespace.into(),
        };
        let cluster = Cluster {
            denied: vec![denied("nodes", "list", ""), denied("secrets", "list", ""), denied("pods", "watch", "shop")],
            ..Cluster::default()
        };
        assert_eq!(cluster.denials(), ["may not list: nodes, secrets", "may not watch in shop: pods"]);
    }
}
