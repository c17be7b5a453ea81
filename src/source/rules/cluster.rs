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
    rulebook::{subject::live::Live as LiveView, tree::Tree},
    source::{
        SourceError, Spec,
        kubernetes::api::{Api, Trouble},
        live::{Gone, Live},
        objects::{self, Objects, usage::Uses},
        shared::Shared,
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
/// Between two readings of what containers use, for what they use at most.
const USAGE: Duration = Duration::from_secs(300);
/// Wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The repository's files, as they change.
type Trees = watch::Receiver<Option<Arc<Tree>>>;

/// The source.
pub struct ClusterRules {
    clients: Arc<Clients>,
    context: ContextInfo,
    options: Arc<Options>,
    shared: Shared,
    uses: Uses,
    /// What the last look found.
    found: Option<Objects>,
}

impl ClusterRules {
    /// The source for one context.
    pub fn new(clients: Arc<Clients>, context: ContextInfo, options: Arc<Options>, shared: Shared) -> Self {
        Self { clients, context, options, shared, uses: Uses::default(), found: None }
    }

    fn name(&self) -> CompactString {
        format_compact!("rules/kube/{}", self.context.name)
    }

    fn api(&self) -> Api {
        Api { clients: Arc::clone(&self.clients), context: self.context.name.clone() }
    }

    /// Reads everything again; why not, where that failed.
    async fn look(&mut self) -> Option<SourceError> {
        self.measure().await;
        self.found = None;
        match objects::kube::objects(&self.api(), clock::now(), &mut self.uses).await {
            Ok(found) => {
                self.found = Some(found);
                None
            }
            Err(Trouble::Unreachable { reason, hint }) => Some(SourceError::Down { reason, hint }),
            Err(trouble) => {
                let hint = "see `flightdeck doctor`".into();
                Some(SourceError::Down { reason: trouble.words(), hint })
            }
        }
    }

    /// Takes note of what containers use. A cluster that does not tell leaves it unknown.
    async fn measure(&mut self) {
        let now = clock::now();
        if let Ok(answer) = self.api().json::<serde_json::Value>("/apis/metrics.k8s.io/v1beta1/pods").await {
            self.uses.take(now, &answer);
        }
        self.uses.forget(now);
    }

    /// Judges what was found last, together with the repository's files as they are now.
    async fn tell(&self, clerk: &mut Clerk, trees: &mut Trees, teller: &mut Teller) -> Result<(), Gone> {
        let tree = trees.borrow_and_update().clone();
        let Some(found) = &self.found else { return Ok(()) };
        clerk.read_again(&self.options);
        clerk.problems.extend(found.unread.iter().map(|(what, why)| format!("{what}: {why}")));
        let now = clock::now();
        let mut tally = clerk.book.objects(found.resources.iter().map(|resource| &**resource), now);
        let listed = found.listed.iter().map(|kind| (self.context.name.clone(), kind.clone())).collect();
        let live = LiveView { kube: found.resources.clone(), listed, ..LiveView::default() };
        tally.take(clerk.book.live(&live, tree.as_deref(), Scope::Kube, now));
        teller.tell(vec![Update::Rules(Box::new(clerk.news(tally, &[Scope::Kube], None)))]).await
    }

    /// Until the next look is due: measures now and then, and judges again where the repository changed.
    async fn pause(
        &mut self,
        pause: Duration,
        clerk: &mut Clerk,
        (trees, demand): (&mut Trees, &mut watch::Receiver<Demand>),
        teller: &mut Teller,
    ) -> Result<(), Gone> {
        let is_shown = |demand: &Demand| demand.visible.intersects(TopicSet::from(Topic::Rules));
        let began = clock::instant();
        let mut wish = Wish::of(demand);
        loop {
            // Whoever comes to look sees what is not older than half a minute.
            let all = if is_shown(&demand.borrow_and_update()) { SHOWN.min(pause) } else { pause };
            let left = all.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(USAGE)) => if left > USAGE { self.measure().await },
                changed = demand.changed() => {
                    changed.map_err(|_| Gone)?;
                    let before = std::mem::replace(&mut wish, Wish::of(demand));
                    if wish.is_written_since(&before) {
                        self.tell(clerk, trees, teller).await?;
                    }
                }
                _ = trees.changed() => {
                    tokio::time::sleep(super::TOGETHER).await;
                    self.tell(clerk, trees, teller).await?;
                }
            }
        }
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
            let (mut trees, mut failures) = (self.shared.tree(), 0);
            loop {
                let pause = match self.look().await {
                    Some(error) => {
                        failures += 1;
                        let pause = backoff(FIRST_WAIT, failures);
                        teller.error(&error, Some(pause)).await?;
                        pause
                    }
                    None => {
                        failures = 0;
                        self.tell(&mut clerk, &mut trees, teller).await?;
                        HIDDEN
                    }
                };
                self.pause(pause, &mut clerk, (&mut trees, &mut demand), teller).await?;
            }
        })
    }
}
