//! A cluster, looked through now and then: oftener while the rules are shown.

use super::{Clerk, Options, wish::Wish};
use crate::{
    client::{Clients, kubernetes::ContextInfo},
    clock,
    model::{
        finding::Scope,
        topic::{Topic, TopicSet},
        update::Update,
    },
    rulebook::subject::live::Live as LiveView,
    source::{
        SourceError, Spec,
        kubernetes::api::{Api, Trouble},
        live::{Gone, Live},
        objects,
        supervisor::{Demand, Teller, backoff},
    },
};
use compact_str::{CompactString, format_compact};
use futures_util::future::LocalBoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Between two looks while the rules are shown, and else: a look reads every object once.
const SHOWN: Duration = Duration::from_secs(30);
const HIDDEN: Duration = Duration::from_secs(600);
/// Wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The source.
pub struct ClusterRules {
    clients: Arc<Clients>,
    context: ContextInfo,
    options: Arc<Options>,
}

impl ClusterRules {
    /// The source for one context.
    pub fn new(clients: Arc<Clients>, context: ContextInfo, options: Arc<Options>) -> Self {
        Self { clients, context, options }
    }

    fn name(&self) -> CompactString {
        format_compact!("rules/kube/{}", self.context.name)
    }

    async fn look(&self, clerk: &mut Clerk, teller: &mut Teller) -> Result<Option<SourceError>, Gone> {
        let api = Api { clients: Arc::clone(&self.clients), context: self.context.name.clone() };
        let now = clock::now();
        let found = match objects::kube::objects(&api, now).await {
            Ok(found) => found,
            Err(Trouble::Unreachable { reason, hint }) => return Ok(Some(SourceError::Down { reason, hint })),
            Err(trouble) => {
                let hint = "see `flightdeck doctor`".into();
                return Ok(Some(SourceError::Down { reason: trouble.words(), hint }));
            }
        };
        clerk.read_again(&self.options);
        clerk.problems.extend(found.unread.iter().map(|(what, why)| format!("{what}: {why}")));
        let mut tally = clerk.book.objects(found.resources.iter().map(|resource| &**resource), now);
        let listed = found.listed.iter().map(|kind| (self.context.name.clone(), kind.clone())).collect();
        let live = LiveView { kube: found.resources, listed, ..LiveView::default() };
        tally.take(clerk.book.live(&live, None, Scope::Kube, now));
        teller.tell(vec![Update::Rules(Box::new(clerk.news(tally, &[Scope::Kube], None)))]).await?;
        Ok(None)
    }
}

impl Live for ClusterRules {
    fn spec(&self) -> Spec {
        super::spec(self.name(), HIDDEN, Duration::from_secs(60))
    }

    fn is_wanted(&self) -> bool {
        self.context.chosen
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
                let wish = Wish::of(&demand);
                let pause = match self.look(&mut clerk, teller).await? {
                    Some(error) => {
                        failures += 1;
                        let pause = backoff(FIRST_WAIT, failures);
                        teller.error(&error, Some(pause)).await?;
                        pause
                    }
                    None => {
                        failures = 0;
                        HIDDEN
                    }
                };
                let is_shown = |demand: &Demand| demand.visible.intersects(TopicSet::from(Topic::Rules));
                // Whoever comes to look sees what is not older than half a minute.
                let began = clock::instant();
                let mut other = demand.clone();
                let shown = tokio::select! {
                    () = tokio::time::sleep(pause) => false,
                    shown = demand.wait_for(is_shown) => shown.map(|_| true).map_err(|_| Gone)?,
                    written = wish.written(&mut other) => written.map(|_| false)?,
                };
                if shown {
                    let left = SHOWN.min(pause).saturating_sub(began.elapsed());
                    tokio::select! {
                        waited = super::repo::wait(left, &mut demand) => waited?,
                        written = wish.written(&mut other) => drop(written?),
                    }
                }
            }
        })
    }
}
