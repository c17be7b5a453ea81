//! What is asked of clusters and engines right before and right after something is done. It changes nothing, and it asks the servers
//! themselves: what a source has told may be of a moment ago. Answers are JSON with the fields that `runbook::ask` lists; what is not
//! known is null.

mod cluster;
mod engine;
mod release;

pub use cluster::{Cluster, certificate, cluster, secrets};
pub use engine::{Engine, KEPT, LEFT_OVER, engine, members, tag_of, usage};
pub use release::{Helm, Place, helm, releases, revisions};

/// Whether a server said that there is no such thing.
fn is_missing(why: &str) -> bool {
    why.starts_with("not there")
}
