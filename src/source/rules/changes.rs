//! Live changes that no journal entry explains: by what the journal holds of the last day.

use super::{Clerk, Options};
use crate::{
    clock,
    incident::unexplained::unexplained,
    journal::{Desk, Filter, Journal, JournalError, PageRequest, Place},
    model::{Timestamp, finding::Scope, journal::Event, update::Update},
    rulebook::{
        engine::Tally,
        subject::live::{Live as LiveView, LiveChange},
    },
    source::{
        Spec,
        live::{Gone, Live},
        supervisor::{Demand, Teller},
    },
};
use compact_str::CompactString;
use futures_util::future::LocalBoxFuture;
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Before the second look at a journal that is not open yet; longer each time.
const SOON: Duration = Duration::from_millis(250);
/// How far back changes are asked after.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Most events that are read.
const MOST: u32 = 10_000;
const NAME: &str = "rules/changes";

/// The source.
pub struct ChangeRules {
    desk: Desk,
    options: Arc<Options>,
}

impl ChangeRules {
    /// The source for what a desk's journal holds.
    pub fn new(desk: Desk, options: Options) -> Self {
        Self { desk, options: Arc::new(options) }
    }
}

/// The changes of the last day that nothing explains.
///
/// # Errors
/// The journal cannot be read.
pub async fn changes(journal: &Journal, now: Timestamp) -> Result<Vec<LiveChange>, JournalError> {
    let kinds = ["deploy", "operation", "step"].map(CompactString::from).to_vec();
    let from = now.saturating_sub(LOOK_BACK).unwrap_or(now);
    let request = PageRequest {
        incident: None,
        ambient: Some((from, Timestamp::MAX)),
        filter: Filter { kinds, ..Filter::default() },
        place: Place::Newest,
        limit: MOST,
    };
    let page = journal.page(request).await?;
    let events: Vec<Event> = page.entries.into_iter().map(|entry| entry.event).collect();
    let change = |change: crate::incident::unexplained::Unexplained| LiveChange {
        scope: if change.object.in_kube().is_some() { Scope::Kube } else { Scope::Docker },
        resource: CompactString::from(change.object.to_string()),
        at: change.at,
        text: change.text,
    };
    Ok(unexplained(&events, now).into_iter().map(change).collect())
}

impl Live for ChangeRules {
    fn spec(&self) -> Spec {
        super::spec(NAME.into(), EVERY, EVERY)
    }

    fn watch<'a>(
        &'a mut self,
        _demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let mut clerk = Clerk::new(NAME.into(), &self.options);
            let mut pause = SOON;
            loop {
                if let Some(journal) = self.desk.journal() {
                    pause = EVERY;
                    let now = clock::now();
                    match changes(&journal, now).await {
                        Ok(changes) => {
                            clerk.read_again(&self.options);
                            let live = LiveView { unexplained: Some(&changes), ..LiveView::default() };
                            let mut tally = Tally::default();
                            for scope in [Scope::Docker, Scope::Kube] {
                                tally.take(clerk.book.live(&live, None, scope, now));
                            }
                            let news = clerk.news(tally, &[Scope::Docker, Scope::Kube], None);
                            teller.tell(vec![Update::Rules(Box::new(news))]).await?;
                        }
                        Err(error) => tracing::warn!(%error, "what changed could not be compared with the journal"),
                    }
                }
                tokio::time::sleep(pause).await;
                // Whoever looks at a calm screen is not told for a minute that somebody is silent.
                pause = (pause * 2).min(EVERY);
            }
        })
    }
}
