//! Clusters, watched: one source a context.

pub mod api;
mod details;
mod discovery;
mod health;
mod hub;
mod node;
#[cfg(test)]
pub(super) mod planted;
mod pod;
mod printer;
mod reflect;
mod slim;
mod split;
mod table;
mod usage;
mod workload;

use super::{
    Spec,
    live::{Gone, Live},
    supervisor::{Demand, Teller},
};
use crate::{
    client::{Clients, kubernetes::ContextInfo},
    model::topic::{Topic, TopicSet},
};
use compact_str::{CompactString, format_compact};
use futures_util::future::LocalBoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often a cluster gives a sign of life.
const ALIVE: Duration = Duration::from_secs(5);

/// Everything that a cluster tells.
const TOPICS: TopicSet = TopicSet::of(&[
    Topic::Pods,
    Topic::Workloads,
    Topic::Nodes,
    Topic::KubeEvents,
    Topic::PodUsage,
    Topic::KubeTable,
    Topic::KubeDetails,
]);

/// One source a context.
pub fn all(clients: &Arc<Clients>) -> Vec<Box<dyn Live>> {
    let source = |context: &ContextInfo| -> Box<dyn Live> {
        Box::new(Cluster { clients: clients.clone(), context: context.clone() })
    };
    clients.kube.all().iter().map(source).collect()
}

/// A cluster, by one context.
struct Cluster {
    clients: Arc<Clients>,
    context: ContextInfo,
}

impl Live for Cluster {
    fn spec(&self) -> Spec {
        Spec {
            name: format_compact!("kube/{}", self.context.name),
            kind: "kube".into(),
            topics: TOPICS,
            foreground: ALIVE,
            background: Some(ALIVE),
            deadline: ALIVE,
        }
    }

    fn is_wanted(&self) -> bool {
        self.context.chosen
    }

    fn watch<'a>(
        &'a mut self,
        demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(hub::run(self.clients.clone(), self.context.clone(), demand, teller))
    }
}

/// `deployments.apps` for `/apis/apps/v1` and `deployments`; `pods` for `/api/v1`.
fn resource_name(path: &str, resource: &str) -> CompactString {
    match path.strip_prefix("/apis/").and_then(|rest| rest.split('/').next()) {
        Some(group) => format_compact!("{resource}.{group}"),
        None => resource.into(),
    }
}
