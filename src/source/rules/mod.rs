//! The rule book, live: a repository whose files are watched, engines whose containers are judged as they start, clusters that are
//! looked through now and then, this host. What is told are findings, each by one source: that of what it is about. What is live is judged together
//! with the repository's files, and again when they change.

pub mod changes;
mod clerk;
mod cluster;
mod engine;
mod host;
mod memory;
pub(super) mod repo;
mod watcher;
mod wish;

use super::{Spec, live::Live, repo::book::Words, shared::Shared};
use crate::{client::Clients, model::topic::Topic};
use clerk::Clerk;
use compact_str::CompactString;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What the rule book looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Folder of the repository that is watched.
    pub root: Option<PathBuf>,
    /// What user and system say of the rules.
    pub words: Words,
    /// Where it is kept since when findings are there; `None` where nothing may be written.
    pub state: Option<PathBuf>,
}

/// Every source that judges.
pub fn all(clients: &Arc<Clients>, options: &Options, shared: &Shared) -> Vec<Box<dyn Live>> {
    let options = Arc::new(options.clone());
    let mut all: Vec<Box<dyn Live>> = vec![
        Box::new(repo::RepoRules::new(Arc::clone(&options), shared.clone())),
        Box::new(host::HostRules::new(clients, Arc::clone(&options), shared.clone())),
    ];
    let engines = clients.docker.iter();
    all.extend(engines.map(|endpoint| -> Box<dyn Live> {
        Box::new(engine::EngineRules::new(endpoint.clone(), Arc::clone(&options), shared.clone()))
    }));
    let contexts = clients.kube.all().iter();
    all.extend(contexts.map(|context| -> Box<dyn Live> {
        Box::new(cluster::ClusterRules::new(Arc::clone(clients), context.clone(), Arc::clone(&options), shared.clone()))
    }));
    all
}

/// What every source that judges is: one of its family, asked so often whether anybody looks or not.
fn spec(name: CompactString, every: Duration, deadline: Duration) -> Spec {
    let topics = Topic::Rules.into();
    Spec { name, kind: "rules".into(), topics, foreground: every, background: Some(every), deadline }
}

/// Changes of others that come within this time are judged together.
const TOGETHER: Duration = Duration::from_millis(500);
