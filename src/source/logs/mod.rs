//! Lines of containers, pods and the journal, followed. A request has a thread and an event loop of its own, on which its lines are
//! cleaned; it ends with its [`Stream`].

mod docker;
mod journal;
mod kubernetes;
mod lines;
mod pace;
mod pods;
mod sink;

use crate::{
    client::Clients,
    model::logs::{LogBatch, LogRequest, LogTarget},
};
use sink::{Shared, Sink};
use std::{panic::AssertUnwindSafe, rc::Rc, sync::Arc, thread};
use tokio::{sync::oneshot, task::LocalSet};

/// A request that is being answered. Dropped, it ends, and its connections with it.
pub struct Stream {
    id: u64,
    shared: Arc<Shared>,
    _stop: oneshot::Sender<()>,
}

impl Stream {
    /// The next lines; waits until there are some.
    pub async fn next(&self) -> LogBatch {
        self.shared.next(self.id).await
    }
}

/// Begins to answer a request.
pub fn start(clients: Arc<Clients>, request: LogRequest) -> Stream {
    let (stop, stopped) = oneshot::channel();
    let shared = Arc::new(Shared::default());
    let stream = Stream { id: request.id, shared: Arc::clone(&shared), _stop: stop };
    let last_words = Arc::clone(&shared);
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
        let Ok(runtime) = runtime else { return };
        let sink = Rc::new(Sink::new(shared));
        let tasks = LocalSet::new();
        let ran = std::panic::catch_unwind(AssertUnwindSafe(|| {
            tasks.block_on(&runtime, async {
                tokio::select! {
                    // Dropped or sent: nobody looks any more.
                    _ = stopped => {}
                    () = answer(clients, request, Rc::clone(&sink)) => {}
                }
            });
        }));
        if ran.is_err() {
            last_words.marker("the reading of these lines failed (a fault in this program): see the log pane");
        }
        drop(tasks);
        runtime.shutdown_background();
    };
    if let Err(error) = thread::Builder::new().name("logs".into()).spawn(run) {
        stream.shared.marker(&format!("no thread to read them: {error}"));
    }
    stream
}

/// Answers all targets at once, for ever.
async fn answer(clients: Arc<Clients>, request: LogRequest, sink: Rc<Sink>) {
    let request = Rc::new(request);
    for target in request.targets.clone() {
        let (clients, request, sink) = (Arc::clone(&clients), Rc::clone(&request), Rc::clone(&sink));
        tokio::task::spawn_local(async move {
            match target {
                LogTarget::Container { engine, id } => docker::read(&clients, &engine, &id, &request, &sink).await,
                LogTarget::Journal { unit } => journal::read(unit.as_deref(), &request, &sink).await,
                target => pods::read(&clients, &target, &request, &sink).await,
            }
        });
    }
    sink.hand_over().await;
}
