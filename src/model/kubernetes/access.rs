//! What may be done in a cluster, as its API server says.

use crate::model::Timestamp;
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// One thing that may be allowed or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Access {
    pub verb: CompactString,
    /// `pods`, `deployments.apps`.
    pub resource: CompactString,
    /// `scale`, `exec`; empty for the object itself.
    pub subresource: CompactString,
    /// Empty for the whole cluster.
    pub namespace: CompactString,
    /// Empty for any.
    pub name: CompactString,
}

/// An API server's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAnswer {
    pub allowed: bool,
    /// Why, in the server's words.
    pub reason: CompactString,
    pub at: Timestamp,
}

impl Access {
    /// How long an answer is good for, in seconds: long enough for a menu and its confirmation, short enough for a role that is granted
    /// meanwhile.
    pub const FRESH_SECONDS: i64 = 60;

    /// One thing.
    pub fn new(verb: &str, resource: &str, subresource: &str, namespace: &str, name: &str) -> Self {
        let text = CompactString::from;
        Self {
            verb: text(verb),
            resource: text(resource),
            subresource: text(subresource),
            namespace: text(namespace),
            name: text(name),
        }
    }

    /// `patch deployments.apps/scale in shop`, as a person reads it.
    pub fn words(&self) -> CompactString {
        let sub = if self.subresource.is_empty() { String::new() } else { format!("/{}", self.subresource) };
        let place = if self.namespace.is_empty() {
            String::from(" in the whole cluster")
        } else {
            format!(" in {}", self.namespace)
        };
        format_compact!("{} {}{sub}{place}", self.verb, self.resource)
    }

    /// What the answer is kept under.
    pub fn key(&self) -> CompactString {
        format_compact!("{} {}/{} {}/{}", self.verb, self.resource, self.subresource, self.namespace, self.name)
    }
}
