//! Answers that can be awaited, and waited for by a thread that has no event loop.

use super::error::JournalError;
use crate::clock;
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};
use tokio::sync::oneshot;

/// What the journal will answer. Await it, or [`Answer::wait`] for it on a thread of one's own; dropping it calls nothing off.
#[derive(Debug)]
#[must_use = "dropping an answer leaves unknown whether it was done"]
pub struct Answer<T> {
    what: &'static str,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Waiting(oneshot::Receiver<Result<T, JournalError>>),
    /// Known from the start.
    Known(Option<Result<T, JournalError>>),
}

impl<T> Answer<T> {
    /// An answer that will come, and where it has to be put.
    pub(super) fn new(what: &'static str) -> (oneshot::Sender<Result<T, JournalError>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self { what, state: State::Waiting(receiver) })
    }

    /// An answer that is known already.
    pub(super) fn known(what: &'static str, answer: Result<T, JournalError>) -> Self {
        Self { what, state: State::Known(Some(answer)) }
    }

    /// Waits on this thread, which must not be one of an event loop.
    ///
    /// # Errors
    /// What the journal answers, or [`JournalError::Late`] after this time.
    pub fn wait(self, deadline: Duration) -> Result<T, JournalError> {
        let what = self.what;
        block_on(self, deadline).unwrap_or(Err(JournalError::Late { what, seconds: deadline.as_secs(), why: None }))
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, JournalError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Known(answer) => Poll::Ready(answer.take().unwrap_or(Err(JournalError::Closed))),
            State::Waiting(receiver) => {
                Pin::new(receiver).poll(context).map(|answer| answer.unwrap_or(Err(JournalError::Closed)))
            }
        }
    }
}

/// Nothing in it needs moving.
impl<T> Unpin for Answer<T> {}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future that needs no event loop to its end on this thread; `None` where that takes longer.
pub(super) fn block_on<F: Future>(future: F, deadline: Duration) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let end = clock::instant().checked_add(deadline);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        match end {
            None => thread::park(),
            Some(end) => match end.checked_duration_since(clock::instant()).filter(|left| !left.is_zero()) {
                None => return None,
                Some(left) => thread::park_timeout(left),
            },
        }
    }
}
