//! An engine's containers, judged as they start and change: by its events, one container at a time.

use super::{Clerk, Options, wish::Wish};
use crate::{
    client::docker::{Endpoint, raw},
    clock,
    model::{finding::Scope, update::Update},
    rulebook::{resource::Resource, subject::live::Live as LiveView, tree::Tree},
    source::{
        SourceError, Spec,
        live::{Gone, Live},
        objects,
        shared::Shared,
        supervisor::{Demand, Teller, backoff},
    },
};
use bollard::Docker;
use compact_str::{CompactString, format_compact};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often everything is looked at again, with images, volumes and networks.
const RELIST: Duration = Duration::from_secs(120);
/// Wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The source.
pub struct EngineRules {
    endpoint: Endpoint,
    options: Arc<Options>,
    shared: Shared,
}

impl EngineRules {
    /// The source for one engine.
    pub fn new(endpoint: Endpoint, options: Arc<Options>, shared: Shared) -> Self {
        Self { endpoint, options, shared }
    }

    fn name(&self) -> CompactString {
        format_compact!("rules/docker/{}", self.endpoint.name)
    }

    /// Judges until the connection breaks; the reason.
    async fn judge(
        &self,
        clerk: &mut Clerk,
        demand: &mut watch::Receiver<Demand>,
        teller: &mut Teller,
    ) -> Result<SourceError, Gone> {
        let docker = match self.endpoint.connect().await {
            Ok(docker) => docker,
            Err(error) => return Ok(SourceError::Down { reason: error.reason, hint: error.hint }),
        };
        let kinds = raw::encoded(r#"{"type":["container"]}"#);
        let since = clock::now().as_second() - 1;
        let mut events = raw::lines::<Event>(&docker, &format!("/events?since={since}&filters={kinds}"));
        let mut trees = self.shared.tree();
        loop {
            let mut wish = Wish::of(demand);
            clerk.read_again(&self.options);
            let whole = objects::docker::objects(&docker, &self.endpoint.name, clock::now()).await;
            let mut resources = whole.resources;
            clerk.problems.extend(whole.unread.into_iter().map(|(what, why)| format!("{what}: {why}")));
            self.tell(clerk, &resources, &mut trees, teller).await?;
            let relist = tokio::time::sleep(RELIST);
            tokio::pin!(relist);
            loop {
                tokio::select! {
                    event = events.next() => match event {
                        Some(Ok(event)) if event.matters() => {
                            self.take(&docker, &event, &mut resources).await;
                            self.tell(clerk, &resources, &mut trees, teller).await?;
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Ok(trouble(&error.to_string())),
                        None => return Ok(trouble("the engine closed the connection")),
                    },
                    // The repository changed, and its policy may have.
                    _ = trees.changed() => {
                        tokio::time::sleep(super::TOGETHER).await;
                        clerk.read_again(&self.options);
                        self.tell(clerk, &resources, &mut trees, teller).await?;
                    }
                    () = &mut relist => break,
                    written = wish.written(demand) => {
                        wish = written?;
                        clerk.read_again(&self.options);
                        self.tell(clerk, &resources, &mut trees, teller).await?;
                    }
                }
            }
        }
    }

    async fn take(&self, docker: &Docker, event: &Event, resources: &mut Vec<Arc<Resource>>) {
        let is_it = |resource: &Arc<Resource>| {
            resource.kind == "container" && resource.at("/Id").and_then(|id| id.as_str()) == Some(&event.actor.id)
        };
        resources.retain(|resource| !is_it(resource));
        // What cannot be read now is read with the whole; until then it is not judged, and not well either.
        if let Ok(Some(resource)) =
            objects::docker::one(docker, &self.endpoint.name, &event.actor.id, clock::now()).await
        {
            resources.push(resource);
        }
    }

    async fn tell(
        &self,
        clerk: &mut Clerk,
        resources: &[Arc<Resource>],
        trees: &mut watch::Receiver<Option<Arc<Tree>>>,
        teller: &mut Teller,
    ) -> Result<(), Gone> {
        self.shared.put_engine(&self.endpoint.name, resources);
        let tree = trees.borrow_and_update().clone();
        let now = clock::now();
        let mut tally = clerk.book.objects(resources.iter().map(|resource| &**resource), now);
        let live = LiveView { docker: resources.to_vec(), ..LiveView::default() };
        tally.take(clerk.book.live(&live, tree.as_deref(), Scope::Docker, now));
        teller.tell(vec![Update::Rules(Box::new(clerk.news(tally, &[Scope::Docker], None)))]).await
    }
}

fn trouble(reason: &str) -> SourceError {
    SourceError::Down { reason: reason.into(), hint: "it is tried again".into() }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Action", default)]
    action: String,
    #[serde(rename = "Actor", default)]
    actor: Actor,
}

#[derive(Deserialize, Default)]
struct Actor {
    #[serde(rename = "ID", default)]
    id: String,
}

impl Event {
    /// Whether it can change a judgement. What runs in a container does not.
    fn matters(&self) -> bool {
        let word = self.action.split(':').next().unwrap_or_default();
        matches!(
            word,
            "create" | "start" | "restart" | "die" | "stop" | "destroy" | "update" | "rename" | "health_status"
        )
    }
}

impl Live for EngineRules {
    fn spec(&self) -> Spec {
        super::spec(self.name(), RELIST, Duration::from_secs(30))
    }

    fn is_wanted(&self) -> bool {
        self.endpoint.chosen
    }

    fn watch<'a>(
        &'a mut self,
        mut demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let mut clerk = Clerk::new(self.name(), &self.options);
            let mut failures = 0;
            loop {
                let (mut own, mut wishes) = (demand.clone(), demand.clone());
                let over = async move { while own.changed().await.is_ok() {} };
                let error = tokio::select! {
                    error = self.judge(&mut clerk, &mut wishes, teller) => error?,
                    () = over => return Err(Gone),
                };
                failures = if clerk.has_told() { 1 } else { failures + 1 };
                self.shared.lose_engine(&self.endpoint.name);
                teller.error(&error, Some(RELIST)).await?;
                super::repo::wait(backoff(FIRST_WAIT, failures), &mut demand).await?;
            }
        })
    }
}
