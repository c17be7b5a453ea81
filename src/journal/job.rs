//! What the tasks of the journal are asked to do: work on what they hold, and an answer to whoever asked.

use super::{answer::Answer, error::JournalError, sqlite::Site};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

/// Work on a `C`: a connection.
pub(super) trait Job<C>: Send {
    /// Does it and answers. An error says that the connection is no longer good.
    fn run<'c>(self: Box<Self>, site: &'c Site, on: &'c mut C) -> BoxFuture<'c, Result<(), JournalError>>
    where
        Self: 'c;
    /// Answers that it cannot be done.
    fn fail(self: Box<Self>, error: JournalError);
}

struct Typed<T, F> {
    work: F,
    answer: oneshot::Sender<Result<T, JournalError>>,
}

impl<C, T, F> Job<C> for Typed<T, F>
where
    C: Send,
    T: Send,
    F: for<'c> FnOnce(&'c Site, &'c mut C) -> BoxFuture<'c, Result<T, JournalError>> + Send,
{
    fn run<'c>(self: Box<Self>, site: &'c Site, on: &'c mut C) -> BoxFuture<'c, Result<(), JournalError>>
    where
        Self: 'c,
    {
        Box::pin(async move {
            let result = (self.work)(site, on).await;
            let good = match &result {
                Err(error @ (JournalError::Local { .. } | JournalError::Shared { .. })) => Err(error.clone()),
                _ => Ok(()),
            };
            // Who asked may no longer want to know.
            let _ = self.answer.send(result);
            good
        })
    }

    fn fail(self: Box<Self>, error: JournalError) {
        let _ = self.answer.send(Err(error));
    }
}

/// A job, and its answer to be.
pub(super) fn job<C, T, F>(what: &'static str, work: F) -> (Box<dyn Job<C>>, Answer<T>)
where
    C: Send + 'static,
    T: Send + 'static,
    F: for<'c> FnOnce(&'c Site, &'c mut C) -> BoxFuture<'c, Result<T, JournalError>> + Send + 'static,
{
    let (answer, later) = Answer::new(what);
    (Box::new(Typed { work, answer }), later)
}
