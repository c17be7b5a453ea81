//! What lists of Kubernetes objects are narrowed to, all of them at once: namespaces, and whether what rests is shown too.

use compact_str::CompactString;
use std::collections::BTreeSet;

/// The part of the clusters that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Within {
    /// Namespaces that are shown; none stands for all.
    pub namespaces: BTreeSet<CompactString>,
    /// Whether rows are shown that nobody misses: ReplicaSets that were scaled to nothing by a newer revision.
    pub idle: bool,
}

impl Within {
    /// Whether objects of this namespace are shown. What has no namespace is shown always.
    pub fn holds(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || namespace.is_empty() || self.namespaces.contains(namespace)
    }

    /// The namespaces in words, for titles: empty for all.
    pub fn words(&self) -> String {
        self.namespaces.iter().map(CompactString::as_str).collect::<Vec<_>>().join("+")
    }
}
