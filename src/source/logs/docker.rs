//! Lines of a container of an engine. A container that is started again goes on below a marker, and so does a new one of its name.

use super::{
    lines::Lines,
    sink::{Sink, Writer, split_time},
};
use crate::{
    client::Clients,
    clock,
    model::{
        Timestamp,
        container::short_id,
        logs::{LineKind, LogRequest, OriginState},
    },
    source::supervisor::backoff,
};
use bollard::{
    Docker,
    container::LogOutput,
    errors::Error,
    models::ContainerStateStatusEnum as Status,
    query_parameters::{EventsOptionsBuilder, InspectContainerOptions, LogsOptionsBuilder},
};
use futures_util::StreamExt as _;
use std::{collections::HashMap, rc::Rc, time::Duration};

/// The first wait before an engine is asked again, and the wait between two looks at a container that does not run.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a container that ended may take to be started again before it is said to have ended.
const RESTART: Duration = Duration::from_secs(2);

/// Reads and follows a container.
pub(super) async fn read(clients: &Clients, engine: &str, id: &str, request: &LogRequest, sink: &Rc<Sink>) {
    let mut writer = sink.origin(short_id(id));
    if request.previous {
        writer.marker("an engine keeps the lines of earlier runs together with those of this one");
    }
    let Some(endpoint) = clients.docker.iter().find(|endpoint| endpoint.name == engine) else {
        writer.marker(&format!("no engine is called {engine}"));
        return writer.state(OriginState::Ended);
    };
    let mut failures = 0;
    let docker = loop {
        match endpoint.connect().await {
            Ok(docker) => break docker,
            Err(error) => writer.down(&error.reason),
        }
        failures += 1;
        tokio::time::sleep(backoff(AGAIN, failures)).await;
    };
    Reader { docker, id: id.to_owned(), name: None, started: None, request, writer }.run().await;
}

struct Reader<'a> {
    docker: Docker,
    id: String,
    name: Option<String>,
    /// When the run began whose lines were read last, in the engine's words.
    started: Option<String>,
    request: &'a LogRequest,
    writer: Writer,
}

/// What is to be known of a container.
struct Seen {
    id: String,
    started: String,
    runs: bool,
    tty: bool,
    exit: Option<i64>,
    oom: bool,
}

impl Reader<'_> {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let opened = clock::now();
            match self.once().await {
                Ok(()) if !self.request.follow => return self.writer.state(OriginState::Ended),
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    if is_final(&error) {
                        self.writer.marker(&format!("its lines cannot be read: {}", words(&error)));
                        return self.writer.state(OriginState::Ended);
                    }
                    if !is_gone(&error) {
                        self.writer.down(&words(&error));
                    }
                    tokio::time::sleep(backoff(AGAIN, failures)).await;
                    continue;
                }
            }
            self.wait_for_run(opened).await;
        }
    }

    /// Reads what there is, to its end.
    async fn once(&mut self) -> Result<(), Error> {
        let seen = self.look().await?;
        self.started = Some(seen.started.clone());
        let resume = self.writer.resume();
        let now = clock::now().as_second();
        let since = resume.map(Timestamp::as_second).or(self.request.since_seconds.map(|s| now - i64::from(s)));
        let tail = if resume.is_some() { "all".to_owned() } else { self.request.tail.to_string() };
        let options = LogsOptionsBuilder::default()
            .follow(self.request.follow)
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .since(since.and_then(|since| i32::try_from(since).ok()).unwrap_or(0))
            .tail(&tail)
            .build();
        self.writer.open();
        let docker = self.docker.clone();
        let mut stream = std::pin::pin!(docker.logs(&seen.id, Some(options)));
        let mut begun = [Lines::default(), Lines::default()];
        while let Some(output) = stream.next().await {
            let (kind, message) = match output? {
                LogOutput::StdErr { message } => (LineKind::Err, message),
                LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                    (LineKind::Out, message)
                }
            };
            take(&mut self.writer, &mut begun[usize::from(kind == LineKind::Err)], kind, &message, seen.tty);
        }
        for (kind, mut begun) in [LineKind::Out, LineKind::Err].into_iter().zip(begun) {
            begun.end(|line, more| self.writer.timed(kind, line, more));
        }
        Ok(())
    }

    /// Looks at the container, or at the one that has its name now.
    async fn look(&mut self) -> Result<Seen, Error> {
        let found = match self.docker.inspect_container(&self.id, None::<InspectContainerOptions>).await {
            Err(error) if is_gone(&error) => {
                self.say_gone();
                let Some(name) = self.name.clone() else { return Err(error) };
                self.docker.inspect_container(&name, None::<InspectContainerOptions>).await?
            }
            other => other?,
        };
        let state = found.state.unwrap_or_default();
        let id = found.id.unwrap_or_default();
        let name = found.name.unwrap_or_default().trim_start_matches('/').to_owned();
        if self.name.as_ref() != Some(&name) {
            self.writer.name(name.as_str());
            self.name = Some(name);
        }
        if id != self.id {
            if self.started.is_some() {
                self.writer.marker("a new container of this name");
            }
            self.id.clone_from(&id);
        }
        Ok(Seen {
            id,
            started: state.started_at.unwrap_or_default(),
            runs: matches!(state.status, Some(Status::RUNNING | Status::PAUSED)),
            tty: found.config.and_then(|config| config.tty).unwrap_or(false),
            exit: state.exit_code,
            oom: state.oom_killed.unwrap_or(false),
        })
    }

    fn say_gone(&mut self) {
        if self.started.take().is_some() {
            self.writer.marker("container removed");
            self.writer.state(OriginState::Ended);
        }
    }

    /// After the end of a stream: says how the run ended, and waits for the next one.
    async fn wait_for_run(&mut self, opened: Timestamp) {
        let exit = self.exit_since(opened).await;
        let since = clock::instant();
        let mut said = false;
        loop {
            let Ok(seen) = self.look().await else { return };
            let restarted = self.started.as_ref().is_none_or(|started| *started != seen.started);
            if seen.runs && !restarted {
                // The engine ended the stream, not the container.
                return tokio::time::sleep(AGAIN).await;
            }
            if seen.runs {
                let how = if said { String::new() } else { ended(exit, false) };
                return self.writer.marker(&format!("container restarted{how}"));
            }
            if !said && since.elapsed() >= RESTART {
                said = true;
                self.writer.marker(&format!("container ended{}", ended(exit.or(seen.exit), seen.oom)));
                self.writer.state(OriginState::Ended);
            }
            tokio::time::sleep(if said { AGAIN * 2 } else { AGAIN / 2 }).await;
        }
    }

    /// How the container ended last since a time, by the engine's events: once it runs again, nothing else knows.
    async fn exit_since(&self, at: Timestamp) -> Option<i64> {
        let filters = [("container", vec![self.id.as_str()]), ("event", vec!["die"])];
        let (since, until) = (at.as_second().to_string(), (clock::now().as_second() + 1).to_string());
        let options =
            EventsOptionsBuilder::default().since(&since).until(&until).filters(&HashMap::from(filters)).build();
        let mut events = std::pin::pin!(self.docker.events(Some(options)));
        let mut exit = None;
        while let Some(Ok(event)) = events.next().await {
            let attributes = event.actor.and_then(|actor| actor.attributes);
            exit = attributes.and_then(|of| of.get("exitCode")?.parse().ok()).or(exit);
        }
        exit
    }
}

/// Takes what the engine sends. Without a terminal that is a line with its time, or a piece of a long one, each with its time.
fn take(writer: &mut Writer, begun: &mut Lines, kind: LineKind, message: &[u8], tty: bool) {
    if tty {
        return begun.feed(message, |line, more| writer.timed(kind, line, more));
    }
    let piece = if begun.is_begun() { split_time(message).1 } else { message };
    match piece.strip_suffix(b"\n") {
        Some(line) if !begun.is_begun() => writer.timed(kind, line, 0),
        Some(line) => {
            begun.add(line);
            begun.end(|line, more| writer.timed(kind, line, more));
        }
        None => begun.add(piece),
    }
}

fn ended(exit: Option<i64>, oom: bool) -> String {
    let exit = exit.map_or_else(String::new, |exit| format!(", exit {exit}"));
    if oom { format!("{exit} (out of memory)") } else { exit }
}

fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

fn is_gone(error: &Error) -> bool {
    status(error) == Some(404)
}

/// Whether asking again is of no use: a log driver that cannot be read.
fn is_final(error: &Error) -> bool {
    status(error).is_some_and(|status| status == 501 || (400..500).contains(&status) && status != 404 && status != 409)
}

fn words(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_in_words() {
        assert_eq!(ended(Some(1), false), ", exit 1");
        assert_eq!(ended(Some(137), true), ", exit 137 (out of memory)");
        assert_eq!(ended(None, false), "");
    }
}
