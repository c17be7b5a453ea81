//! Live objects as a whole, for the rule book: asked once, with everything that a check looks at, and nothing of what is secret.

pub mod backups;
pub mod docker;
pub mod files;
pub mod host;
pub mod kube;
pub mod usage;

use crate::rulebook::resource::Resource;
use compact_str::CompactString;
use std::sync::Arc;

/// What was read of one engine or cluster.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    pub resources: Vec<Arc<Resource>>,
    /// Kinds of which all are here, so that what is missing is known to be missing.
    pub listed: Vec<CompactString>,
    /// What could not be read, and why: what it holds is unknown, not well.
    pub unread: Vec<(CompactString, String)>,
}
