//! This host: what listens, the files of its engines, how full it is, when it was backed up. Judged now and then, and when the repository or
//! what engines hold has changed.

use super::{Clerk, Options};
use crate::{
    client::{Clients, docker::Endpoint},
    clock,
    model::{finding::Scope, update::Update},
    rulebook::{engine::Tally, subject::live::Live as LiveView, tree::Tree},
    source::{
        Spec,
        host::read::Root,
        live::{Gone, Live},
        objects::{self, backups::Backups},
        shared::Shared,
        supervisor::{Demand, Teller},
    },
};
use futures_util::future::LocalBoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// The first look waits so long for the others: a port that an engine publishes is told of there.
const OTHERS: Duration = Duration::from_secs(3);

/// The source.
pub struct HostRules {
    endpoints: Vec<Endpoint>,
    options: Arc<Options>,
    shared: Shared,
    backups: Backups,
}

impl HostRules {
    /// The source for this host, with the engines that are known.
    pub fn new(clients: &Clients, options: Arc<Options>, shared: Shared) -> Self {
        Self { endpoints: clients.docker.clone(), options, shared, backups: Backups::default() }
    }

    /// Engines of this host, by name.
    fn local(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|endpoint| endpoint.socket().is_some())
    }

    /// Waits until the others have said something, but not for long.
    async fn wait_for_others(&self) {
        let (mut host, mut engines) = (self.shared.host(), self.shared.engines());
        let expected: Vec<_> = self.local().filter(|endpoint| endpoint.chosen).map(|endpoint| &endpoint.name).collect();
        let both = async {
            let _ = host.wait_for(|seen| seen.is_known()).await;
            let _ = engines.wait_for(|engines| expected.iter().all(|name| engines.contains_key(*name))).await;
        };
        let _ = tokio::time::timeout(OTHERS, both).await;
    }

    async fn look(&mut self, clerk: &Clerk, tree: Option<&Tree>) -> Tally {
        let root = Root::real();
        let now = clock::now();
        let backups = self.backups.look(&clerk.book.policy, self.options.root.as_deref()).await;
        let (listening, files) = (objects::host::listening(&root), objects::files::of_engines(&root, self.local()));
        let host = self.shared.host().borrow().view(now);
        let held = self.shared.engines().borrow().clone();
        let held = self.local().filter_map(|endpoint| held.get(&endpoint.name)?.clone());
        let live = LiveView {
            docker: held.flat_map(|held| held.to_vec()).collect(),
            listening: &listening,
            files: &files,
            host: Some(&host),
            backups: &backups,
            ..LiveView::default()
        };
        clerk.book.live(&live, tree, Scope::Host, now)
    }
}

impl Live for HostRules {
    fn spec(&self) -> Spec {
        super::spec("rules/host".into(), EVERY, Duration::from_secs(15))
    }

    fn watch<'a>(
        &'a mut self,
        demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let mut clerk = Clerk::new("rules/host".into(), &self.options);
            let (mut trees, mut engines) = (self.shared.tree(), self.shared.engines());
            self.wait_for_others().await;
            loop {
                let tree = trees.borrow_and_update().clone();
                engines.mark_unchanged();
                clerk.read_again(&self.options);
                let tally = self.look(&clerk, tree.as_deref()).await;
                teller.tell(vec![Update::Rules(Box::new(clerk.news(tally, &[Scope::Host], None)))]).await?;
                let mut own = demand.clone();
                let over = async move { while own.changed().await.is_ok() {} };
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    _ = trees.changed() => tokio::time::sleep(super::TOGETHER).await,
                    _ = engines.changed() => tokio::time::sleep(super::TOGETHER).await,
                    () = over => return Err(Gone),
                }
            }
        })
    }
}
