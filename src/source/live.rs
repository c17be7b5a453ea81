//! Sources that tell their news by themselves, as they happen: engines and API servers that are watched.
//!
//! Each has a thread and an event loop of its own, so that decoding a huge answer costs nobody else a moment.

use super::{
    SourceError, Spec,
    supervisor::{Demand, News, Teller},
};
use futures_util::future::LocalBoxFuture;
use std::{panic::AssertUnwindSafe, thread};
use tokio::sync::{mpsc, watch};

/// Something that is watched.
pub trait Live: Send + 'static {
    /// What it is. Constant over its life; [`Spec::foreground`] is how often it gives a sign of life.
    fn spec(&self) -> Spec;

    /// Whether it is watched unless the user says otherwise.
    fn is_wanted(&self) -> bool {
        true
    }

    /// Where it is and what led to it, in words, for who has to choose it; empty where its name says so.
    fn place(&self) -> String {
        String::new()
    }

    /// Its first news go through [`Teller::send`] until they are whole, and through [`Teller::tell`] from then on: who looks only once
    /// waits for that.
    ///
    /// Watches and tells until nobody listens any more: connects, reconnects with jitter, reports what is wrong. May be dropped at
    /// any await, and be begun anew later.
    fn watch<'a>(
        &'a mut self,
        demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>>;
}

/// Nobody listens any more: the program is leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Starts watching, on a thread of its own. Should it panic, the source is reported as down for good, and the cockpit goes on.
pub fn start(live: Box<dyn Live>, demand: watch::Receiver<Demand>, news: mpsc::Sender<News>) {
    let spec = live.spec();
    let mut teller = Teller::new(spec.clone(), news);
    let mut last_words = teller.clone();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
        let Ok(runtime) = runtime else { return };
        let watched =
            std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(while_wanted(live, demand, &mut teller))));
        if watched.is_err() {
            let error = SourceError::Down {
                reason: "the source itself failed (a fault in this program)".into(),
                hint: "see the log pane, and report it".into(),
            };
            let _ = runtime.block_on(last_words.error(&error, None));
        }
        // What hangs in the kernel must not keep the thread.
        runtime.shutdown_background();
    };
    if let Err(error) = thread::Builder::new().name(format!("live {}", spec.name)).spawn(run) {
        tracing::error!(source = %spec.name, %error, "no thread for it: it is not watched");
    }
}

/// Watches while the user wants it.
async fn while_wanted(
    mut live: Box<dyn Live>,
    mut demand: watch::Receiver<Demand>,
    teller: &mut Teller,
) -> Result<(), Gone> {
    let (name, by_itself) = (live.spec().name, live.is_wanted());
    let is_wanted = |demand: &Demand| demand.chosen.get(&name).copied().unwrap_or(by_itself);
    loop {
        if !is_wanted(&demand.borrow()) {
            let reason = if by_itself { "switched off here" } else { "not chosen" };
            let place = live.place();
            let gap = if place.is_empty() { "" } else { ": " };
            teller.error(&SourceError::Off { reason: format!("{reason}{gap}{place}") }, None).await?;
            demand.wait_for(|demand| is_wanted(demand)).await.map_err(|_| Gone)?;
        }
        teller.waiting().await?;
        let mut own = demand.clone();
        tokio::select! {
            done = live.watch(demand.clone(), teller) => return done,
            unwanted = own.wait_for(|demand| !is_wanted(demand)) => { unwanted.map_err(|_| Gone)?; }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{source::SourceState, topic::Topic};
    use std::time::Duration;

    struct Told {
        fails: bool,
    }

    impl Live for Told {
        fn spec(&self) -> Spec {
            let second = Duration::from_secs(1);
            let (name, kind) = ("test/told".into(), "test".into());
            Spec { name, kind, topics: Topic::Own.into(), foreground: second, background: None, deadline: second }
        }
        fn watch<'a>(
            &'a mut self,
            mut demand: watch::Receiver<Demand>,
            teller: &'a mut Teller,
        ) -> LocalBoxFuture<'a, Result<(), Gone>> {
            Box::pin(async move {
                assert!(!self.fails, "on purpose");
                teller.tell(Vec::new()).await?;
                loop {
                    demand.changed().await.map_err(|_| Gone)?;
                }
            })
        }
    }

    async fn next_state(news: &mut mpsc::Receiver<News>) -> SourceState {
        loop {
            if let News::Report { report, .. } = news.recv().await.expect("it says something") {
                return report.state;
            }
        }
    }

    #[tokio::test]
    async fn it_is_watched_while_it_is_wanted() {
        let (demand_in, demand) = watch::channel(Demand::default());
        let (news_in, mut news) = mpsc::channel(8);
        start(Box::new(Told { fails: false }), demand, news_in);
        assert_eq!(next_state(&mut news).await, SourceState::Waiting);
        assert_eq!(next_state(&mut news).await, SourceState::Ok);
        demand_in.send_modify(|demand| {
            demand.chosen.insert("test/told".into(), false);
        });
        assert_eq!(next_state(&mut news).await, SourceState::Off);
        demand_in.send_modify(|demand| {
            demand.chosen.insert("test/told".into(), true);
        });
        assert_eq!(next_state(&mut news).await, SourceState::Waiting);
        assert_eq!(next_state(&mut news).await, SourceState::Ok);
        drop(demand_in);
        while news.recv().await.is_some() {}
    }

    #[tokio::test]
    async fn a_panic_is_reported() {
        let (_demand_in, demand) = watch::channel(Demand::default());
        let (news_in, mut news) = mpsc::channel(8);
        start(Box::new(Told { fails: true }), demand, news_in);
        assert_eq!(next_state(&mut news).await, SourceState::Waiting);
        assert_eq!(next_state(&mut news).await, SourceState::Down);
    }
}
