//! Servers that the configuration names.

use super::{
    Unreachable,
    http::{Http, Server, write::HttpWriter},
};
use std::time::Duration;

/// Whether a name of the configuration can stand in the names of sources and objects: letters, digits, «-», «_» and «.», without strokes.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

/// A Prometheus or an Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Without strokes; unique among its kind.
    pub name: String,
    /// One, or all members of a cluster.
    pub servers: Vec<Server>,
}

impl Named {
    /// A client that looks for each of its servers.
    ///
    /// # Errors
    /// What cannot be used of what is said of them.
    pub fn clients(&self, patience: Duration, longest: usize) -> Result<Vec<(Server, Http)>, Unreachable> {
        let client = |server: &Server| Ok((server.clone(), Http::to(server, patience, longest)?));
        self.servers.iter().map(client).collect()
    }

    /// A client that changes something for each of its servers.
    ///
    /// # Errors
    /// What cannot be used of what is said of them.
    pub fn http_writers(&self, patience: Duration) -> Result<Vec<(Server, HttpWriter)>, Unreachable> {
        let writer = |server: &Server| Ok((server.clone(), HttpWriter::to(server, patience)?));
        self.servers.iter().map(writer).collect()
    }
}
