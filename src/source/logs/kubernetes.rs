//! Lines of one container of a pod, from run to run.

use super::{
    lines::Lines,
    pods::{Failed, Instance, failed},
    sink::Writer,
};
use crate::{
    clock,
    model::logs::{LineKind, LogRequest, OriginState},
    source::supervisor::backoff,
};
use futures_util::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use std::{rc::Rc, time::Duration};
use tokio::sync::watch;

/// The first wait before a server is asked again.
const AGAIN: Duration = Duration::from_millis(500);
/// How long the news of an end may come after the end of its stream, and how soon a new run makes one marker of both.
const NEWS: Duration = Duration::from_secs(3);

/// Reads one container.
pub(super) struct Reader {
    pub(super) api: Api<Pod>,
    pub(super) pod: String,
    pub(super) container: String,
    pub(super) request: Rc<LogRequest>,
    pub(super) writer: Writer,
    pub(super) standing: watch::Receiver<Instance>,
}

impl Reader {
    /// Reads run after run, until the pod is gone.
    pub(super) async fn run(mut self) {
        if self.request.previous {
            return self.previous().await;
        }
        let mut read = String::new();
        loop {
            if read.is_empty() && !self.request.follow && self.standing.borrow().id.is_empty() {
                self.writer.marker("it has not run yet");
                return self.writer.state(OriginState::Ended);
            }
            let Some(instance) = self.next_run(&read).await else {
                self.writer.marker(&format!("pod {} is gone", self.pod));
                return self.writer.state(OriginState::Ended);
            };
            if !self.read_run(&instance, read.is_empty()).await || !self.request.follow {
                return self.writer.state(OriginState::Ended);
            }
            read = instance.id;
            self.say_end(&read).await;
        }
    }

    /// Waits for a run other than the one that was read; `None` where the pod is gone.
    async fn next_run(&mut self, read: &str) -> Option<Instance> {
        let is_next = |instance: &Instance| instance.gone || (!instance.id.is_empty() && instance.id != read);
        let instance = self.standing.wait_for(is_next).await.ok()?.clone();
        (!instance.gone).then_some(instance)
    }

    /// Reads a run to its end; where the connection ends before it, goes on after the last line. Says whether there is more to
    /// come.
    async fn read_run(&mut self, instance: &Instance, first: bool) -> bool {
        let mut failures = 0;
        let mut params = self.params();
        if !first {
            // All of a run that began before our eyes.
            (params.tail_lines, params.since_seconds) = (None, None);
        }
        loop {
            let opened = clock::instant();
            match self.once(&params).await {
                Ok(()) => {
                    if !self.request.follow || self.has_ended(&instance.id).await {
                        return true;
                    }
                    failures = if opened.elapsed() > NEWS { 0 } else { failures + 1 };
                }
                Err(Failed::Final(why)) => {
                    if self.standing.borrow().gone {
                        return true;
                    }
                    self.writer.marker(&format!("its lines cannot be read: {why}"));
                    return false;
                }
                Err(Failed::Again(why)) => {
                    let standing = self.standing.borrow().clone();
                    if standing.gone || standing.id != instance.id {
                        return true;
                    }
                    failures += 1;
                    self.writer.down(&why);
                }
            }
            if let Some(last) = self.writer.resume() {
                (params.tail_lines, params.since_seconds) = (None, None);
                params.since_time = k8s_openapi::jiff::Timestamp::from_second(last.as_second()).ok();
            }
            tokio::time::sleep(backoff(AGAIN, failures)).await;
        }
    }

    fn params(&self) -> LogParams {
        LogParams {
            container: Some(self.container.clone()),
            follow: self.request.follow,
            since_seconds: self.request.since_seconds.map(i64::from),
            tail_lines: Some(i64::from(self.request.tail)),
            timestamps: true,
            ..LogParams::default()
        }
    }

    async fn once(&mut self, params: &LogParams) -> Result<(), Failed> {
        let stream = self.api.log_stream(&self.pod, params).await.map_err(failed)?;
        let mut stream = std::pin::pin!(stream);
        self.writer.open();
        let mut lines = Lines::default();
        let writer = &mut self.writer;
        loop {
            let bytes = match stream.fill_buf().await {
                Ok(bytes) => bytes,
                Err(error) => return Err(Failed::Again(error.to_string())),
            };
            let count = bytes.len();
            if count == 0 {
                break;
            }
            lines.feed(bytes, |line, more| writer.timed(LineKind::Out, line, more));
            stream.consume_unpin(count);
            // Other containers are to be heard too.
            tokio::task::coop::consume_budget().await;
        }
        lines.end(|line, more| writer.timed(LineKind::Out, line, more));
        Ok(())
    }

    /// Whether the run has ended: the news of it may come a little later.
    async fn has_ended(&mut self, id: &str) -> bool {
        let ended = |instance: &Instance| instance.gone || instance.id != id || !instance.runs;
        tokio::time::timeout(NEWS, self.standing.wait_for(ended)).await.is_ok()
    }

    /// Says how a run ended, together with the start of the next where that comes at once.
    async fn say_end(&mut self, id: &str) {
        let next = |instance: &Instance| instance.gone || instance.id != id;
        let known = self.standing.borrow().ended.clone();
        let exit = |ended: Option<(i32, String)>| match ended {
            Some((code, reason)) if !reason.is_empty() && !matches!(reason.as_str(), "Error" | "Completed") => {
                format!(", exit {code} ({reason})")
            }
            Some((code, _)) => format!(", exit {code}"),
            None => String::new(),
        };
        let waited = tokio::time::timeout(NEWS, self.standing.wait_for(next)).await;
        let next = waited.ok().and_then(Result::ok).map(|instance| instance.clone());
        let container = &self.container;
        match next {
            Some(instance) if instance.gone => {}
            Some(instance) => {
                let how = exit(instance.ended.or(known));
                self.writer.marker(&format!("container {container} restarted{how}"));
            }
            None => {
                let how = exit(self.standing.borrow().ended.clone());
                self.writer.marker(&format!("container {container} ended{how}"));
                self.writer.state(OriginState::Ended);
            }
        }
    }

    /// Reads the run before this one.
    async fn previous(mut self) {
        let params = LogParams { previous: true, follow: false, ..self.params() };
        let mut failures = 0;
        while let Err(error) = self.once(&params).await {
            match error {
                Failed::Again(why) if failures < 5 && !why.contains("previous terminated container") => {
                    failures += 1;
                    self.writer.down(&why);
                    tokio::time::sleep(backoff(AGAIN, failures)).await;
                }
                Failed::Again(_) | Failed::Final(_) => {
                    self.writer.marker("there is no run before this one");
                    break;
                }
            }
        }
        self.writer.state(OriginState::Ended);
    }
}
