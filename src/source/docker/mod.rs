//! Container engines, watched: one source an engine. What it holds is listed once, kept current by its events, and told as it
//! changes; usage is streamed only while somebody looks at it.

mod details;
mod drift;
mod hide;
#[cfg(test)]
pub(super) mod planted;
mod read;
mod rows;
mod session;
mod store;
mod streams;
mod usage;
mod wanted;
mod wire;

use super::{
    SourceError, Spec,
    live::{Gone, Live},
    supervisor::{Demand, Teller, backoff},
};
use crate::{
    client::{Clients, Unreachable, docker::Endpoint},
    model::topic::{Topic, TopicSet},
};
use compact_str::{CompactString, format_compact};
use futures_util::future::LocalBoxFuture;
use rows::Remembered;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// One source an engine.
pub fn all(clients: &Arc<Clients>) -> Vec<Box<dyn Live>> {
    let watched = |endpoint: &Endpoint| -> Box<dyn Live> {
        Box::new(Watched { endpoint: endpoint.clone(), remembered: Remembered::default() })
    };
    clients.docker.iter().map(watched).collect()
}

/// How often an engine that tells nothing is asked whether it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Wait after the first failure; it doubles up to [`MOST_DOUBLINGS`] times.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const MOST_DOUBLINGS: u32 = 4;

const TOPICS: TopicSet =
    TopicSet::of(&[Topic::Containers, Topic::ContainerUsage, Topic::EngineStores, Topic::ContainerDetails]);

struct Watched {
    endpoint: Endpoint,
    /// What outlives a connection.
    remembered: Remembered,
}

/// Why a connection is over.
enum Ended {
    Gone,
    Trouble(Unreachable),
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Unreachable> for Ended {
    fn from(trouble: Unreachable) -> Self {
        Self::Trouble(trouble)
    }
}

impl Live for Watched {
    fn spec(&self) -> Spec {
        Spec {
            name: format_compact!("docker/{}", self.endpoint.name),
            kind: CompactString::const_new("docker"),
            topics: TOPICS,
            foreground: SIGN_OF_LIFE,
            background: Some(SIGN_OF_LIFE),
            deadline: crate::client::docker::PATIENCE,
        }
    }

    fn is_wanted(&self) -> bool {
        self.endpoint.chosen
    }

    fn place(&self) -> String {
        let Endpoint { url, found_by, .. } = &self.endpoint;
        if found_by.contains(url.trim_start_matches("unix://")) {
            found_by.clone()
        } else {
            format!("{url}, by {found_by}")
        }
    }

    fn watch<'a>(
        &'a mut self,
        mut demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let mut failures = 0;
            loop {
                let ended = session::run(&self.endpoint, &mut self.remembered, demand.clone(), teller).await;
                let Err(Ended::Trouble(trouble)) = ended else { return Err(Gone) };
                // One that answered was a good connection: it is looked for again at once.
                let answered = std::mem::take(&mut self.remembered.answered);
                failures = if answered { 1 } else { failures + 1 };
                tracing::info!(engine = %self.endpoint.name, reason = %trouble.reason, "no connection");
                let error = SourceError::Down { reason: trouble.reason, hint: trouble.hint };
                teller.error(&error, Some(SIGN_OF_LIFE)).await?;
                let wait = backoff(FIRST_WAIT, (failures - 1).min(MOST_DOUBLINGS));
                let over = async { while demand.changed().await.is_ok() {} };
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = over => return Err(Gone),
                }
            }
        })
    }
}
