//! Tasks whose panic does not end the program, though they run on its main thread: the runtime catches it, and the loop goes on.

use crate::{
    clock,
    model::source::{SourceReport, SourceState},
    source::{
        AnySource, live,
        supervisor::{Demand, News, supervise},
    },
};
use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::{mpsc, watch};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread now would be caught by the runtime.
pub fn is_contained() -> bool {
    CONTAINED.get()
}

/// A task that is known to be one while it runs. Only [`tokio::spawn`] catches its panic; nothing else may wait for it.
pub struct Contained<F>(Pin<Box<F>>);

impl<F> Contained<F> {
    pub fn new(task: F) -> Self {
        Self(Box::pin(task))
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        /// Ends the mark, also while a panic unwinds.
        struct Mark;
        impl Drop for Mark {
            fn drop(&mut self) {
                CONTAINED.set(false);
            }
        }
        CONTAINED.set(true);
        let _mark = Mark;
        self.0.as_mut().poll(context)
    }
}

/// Starts a source's supervisor. Should it panic, the source is reported as down for good, and the cockpit goes on.
pub fn start(source: AnySource, demand: watch::Receiver<Demand>, news: mpsc::Sender<News>) {
    let source = match source {
        AnySource::Polled(source) => source,
        AnySource::Live(source) => return live::start(source, demand, news),
    };
    let spec = source.spec();
    let task = tokio::spawn(Contained::new(supervise(source, demand, news.clone())));
    tokio::spawn(async move {
        if !task.await.is_err_and(|error| error.is_panic()) {
            return;
        }
        tracing::error!(source = %spec.name, "its supervisor failed: the source is not asked any more");
        let report = SourceReport {
            name: spec.name,
            kind: spec.kind,
            topics: spec.topics,
            state: SourceState::Down,
            reason: Some("its supervisor failed (a fault in this program)".into()),
            hint: Some("see the log pane, and report it".into()),
            cadence_seconds: None,
        };
        // Nobody listens any more only when the cockpit is leaving.
        let _ = news.send(News::Report { at: clock::now(), report }).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{topic::Topic, update::Update},
        source::{Request, Source, SourceError, Spec},
    };
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    /// Says what it is once, and panics when it is asked again.
    struct Faulty(AtomicUsize);

    impl Source for Faulty {
        fn spec(&self) -> Spec {
            assert_eq!(self.0.fetch_add(1, Ordering::SeqCst), 0, "on purpose");
            let second = Duration::from_secs(1);
            Spec {
                name: "test/faulty".into(),
                kind: "test".into(),
                topics: Topic::Own.into(),
                foreground: second,
                background: None,
                deadline: second,
            }
        }

        fn collect(&mut self, _: &Request) -> Result<Vec<Update>, SourceError> {
            Ok(vec![])
        }
    }

    #[test]
    fn a_supervisor_that_panics_is_reported_and_its_mark_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (_demand, wanted) = watch::channel(Demand::default());
            let (news_in, mut news) = mpsc::channel(4);
            start(AnySource::Polled(Box::new(Faulty(AtomicUsize::new(0)))), wanted, news_in);
            let Some(News::Report { report, .. }) = news.recv().await else { panic!("no report") };
            assert_eq!((report.name.as_str(), report.state), ("test/faulty", SourceState::Down));
            assert!(!is_contained());
            assert!(tokio::spawn(Contained::new(async { is_contained() })).await.expect("runs"));
        });
    }
}
