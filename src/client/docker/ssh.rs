//! Engines over ssh, as Docker's own client reaches them: the ssh of this machine, with its configuration, agent and known hosts, and
//! `docker system dial-stdio` on the far side. The library's own way drops the port of an address, and what ssh says when it is refused.

use bollard::{BollardRequest, ClientVersion, Docker, errors::Error};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use std::{
    future::Future,
    io,
    pin::Pin,
    process::Stdio,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{OwnedSemaphorePermit, Semaphore},
};

const PROGRAM: &str = "ssh";
/// Connections that are made at the same time: sshd turns some away where ten wait to be let in (`MaxStartups`).
const AT_ONCE: usize = 4;
/// Most bytes of what ssh says about a failure.
const WORDS: u64 = 4_096;

/// A client for the engine at an `ssh://` address. Connects to nothing yet.
pub(super) fn client(url: &str, seconds: u64, version: &ClientVersion) -> Result<Docker, Error> {
    let arguments = arguments(url).ok_or_else(|| Error::UnsupportedURISchemeError { uri: url.into() })?;
    let connector = Connector { arguments: arguments.into(), making: Arc::new(Semaphore::new(AT_ONCE)) };
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let ask = move |request: BollardRequest| {
        let asked = client.request(request);
        async move { asked.await.map_err(Error::from) }
    };
    Docker::connect_with_custom_transport(ask, Some("http://docker"), seconds, version)
}

/// What ssh is called with for `ssh://USER@HOST:PORT/SOCKET`; everything but the host may be missing.
fn arguments(url: &str) -> Option<Vec<String>> {
    let rest = url.strip_prefix("ssh://")?;
    let (place, socket) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, place) = place.rsplit_once('@').map_or((None, place), |(user, place)| (Some(user), place));
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    // Nobody is there to answer a question.
    let mut arguments: Vec<String> = ["-T", "-o", "BatchMode=yes"].map(str::to_owned).into();
    if let Some(user) = user {
        arguments.extend(["-l".into(), user.into()]);
    }
    if let Some(port) = port {
        arguments.extend(["-p".into(), port.parse::<u16>().ok()?.to_string()]);
    }
    // A host whose name begins with `-` stays a host.
    arguments.extend(["--".into(), host.into(), "docker".into()]);
    if socket.len() > 1 {
        // It passes the far side's shell.
        arguments.extend(["--host".into(), shell_words::quote(&format!("unix://{socket}")).into_owned()]);
    }
    arguments.extend(["system".into(), "dial-stdio".into()]);
    (!host.is_empty()).then_some(arguments)
}

#[derive(Clone)]
struct Connector {
    arguments: Arc<[String]>,
    making: Arc<Semaphore>,
}

impl tower_service::Service<http::Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let Self { arguments, making } = self.clone();
        Box::pin(async move {
            let making = making.acquire_owned().await.map_err(io::Error::other)?;
            Ok(TokioIo::new(Stream::open(&arguments, making)?))
        })
    }
}

/// Why a connection came to nothing, once that is known.
type Words = Pin<Box<dyn Future<Output = String> + Send>>;

/// A connection: what ssh reads and writes. ssh ends with it.
struct Stream {
    near: tokio::io::Join<ChildStdout, ChildStdin>,
    words: Option<Words>,
    /// Until the far side has said something.
    making: Option<OwnedSemaphorePermit>,
    _ssh: Child,
}

impl Stream {
    fn open(arguments: &[String], making: OwnedSemaphorePermit) -> io::Result<Self> {
        let mut ssh = Command::new(PROGRAM)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Signals from the terminal are for the cockpit.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::other(format!("{PROGRAM} cannot be run here: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (ssh.stdin.take(), ssh.stdout.take(), ssh.stderr.take()) else {
            return Err(io::Error::other("no pipes to ssh"));
        };
        let near = tokio::io::join(stdout, stdin);
        Ok(Self { near, words: Some(Box::pin(last_words(stderr))), making: Some(making), _ssh: ssh })
    }

    /// A connection that ended before the far side said anything failed for the reason that ssh, or docker there, gives.
    fn poll_failure(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(words) = &mut self.words else { return Poll::Ready(io::ErrorKind::UnexpectedEof.into()) };
        let said = ready!(words.as_mut().poll(cx));
        self.words = None;
        Poll::Ready(io::Error::other(said))
    }

    fn is_silent(&self) -> bool {
        self.making.is_some()
    }
}

/// The last line that ssh, or docker on the far side, wrote about its failure.
async fn last_words(stderr: ChildStderr) -> String {
    let mut said = Vec::new();
    let _ = stderr.take(WORDS).read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    line.map_or_else(|| "it ended without a word".to_owned(), |line| line.trim_start_matches("ssh: ").to_owned())
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.near).poll_read(cx, buffer));
        if buffer.filled().len() > before {
            self.making = None;
        } else if self.is_silent() {
            return self.poll_failure(cx).map(Err);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.near).poll_write(cx, bytes)) {
            Err(_) if self.is_silent() => self.poll_failure(cx).map(Err),
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_shutdown(cx)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let of = |url| arguments(url).map(|words| words.join(" "));
        let all = "-T -o BatchMode=yes -l ops -p 2222 -- prod-1 docker system dial-stdio";
        assert_eq!(of("ssh://ops@prod-1:2222").as_deref(), Some(all));
        assert_eq!(of("ssh://prod").as_deref(), Some("-T -o BatchMode=yes -- prod docker system dial-stdio"));
        let v6 = "-T -o BatchMode=yes -p 22 -- ::1 docker --host 'unix:///a b' system dial-stdio";
        assert_eq!(of("ssh://[::1]:22/a b").as_deref(), Some(v6));
        let odd = of("ssh://-oProxyCommand=x").expect("a host");
        assert!(odd.contains("-- -oProxyCommand=x"), "{odd}");
        assert_eq!(of("ssh://prod:http"), None);
        assert_eq!(of("ssh://"), None);
    }
}
