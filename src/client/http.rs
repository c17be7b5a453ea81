//! HTTP requests that only look: small answers, within a deadline, of servers that are near ([`Http::new`]) or named by the configuration
//! ([`Http::to`]). Redirects are not followed: credentials go to the server that was named, and nowhere else. What changes something
//! is sent by [`mod@write`] alone.

mod connect;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
pub mod write;

use super::{
    Unreachable,
    secret::{Secret, SecretFrom},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use connect::Connector;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: no address, no way, no credentials.
    #[error("{0}")]
    NotSent(String),
    #[error("{0}")]
    Failed(String),
    #[error("no answer within {0} s")]
    Late(u64),
    /// An answer that is no success: its status.
    #[error("it answers {0}{meaning}", meaning = meaning(*.0))]
    Status(u16),
    /// It sends us elsewhere, to this server.
    #[error("it answers {0} and points to {1}: redirects are not followed, write that address instead")]
    Redirected(u16, String),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// What some statuses mean to who configured the server.
const fn meaning(status: u16) -> &'static str {
    match status {
        401 => " (it wants other credentials)",
        403 => " (these credentials may not do that)",
        407 => " (the proxy wants credentials)",
        429 => " (too many requests)",
        502 | 504 => " (what stands before the server cannot reach it)",
        503 => " (it is not ready)",
        _ => "",
    }
}

/// An answer of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// After how long it wants to be asked again, where it says so in seconds.
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

impl Answer {
    /// Whether its status is one of success.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// How a server wants to know who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    #[default]
    None,
    /// `Authorization: Bearer …`
    Bearer(SecretFrom),
    /// `Authorization: Basic …` (<https://www.rfc-editor.org/rfc/rfc7617>)
    Basic { user: String, password: SecretFrom },
}

/// A server that the configuration names, and how to speak with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// `http://HOST:PORT/PREFIX` or `https://…`; without credentials.
    pub url: String,
    pub auth: Auth,
    /// Certificates (PEM) that are trusted instead of those of this machine.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key (PEM) by which the server knows us.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Further headers: `X-Scope-OrgID` where one server has many tenants.
    pub headers: BTreeMap<String, String>,
}

/// A client that only looks; it keeps its connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client<Connector, Full<Bytes>>,
    auth: Auth,
    headers: Vec<(HeaderName, HeaderValue)>,
    deadline: Duration,
    longest: usize,
}

/// One request, before it has credentials.
struct Ask<'a> {
    method: Method,
    url: &'a str,
    content_type: Option<&'static str>,
    body: Bytes,
}

impl Http {
    /// One that waits so long and reads so many bytes at most. No proxy and no TLS: what is asked is near.
    pub fn new(deadline: Duration, longest: usize) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(connect::near(deadline));
        Self { client, auth: Auth::None, headers: Vec::new(), deadline, longest }
    }

    /// One for a server that the configuration names.
    ///
    /// # Errors
    /// What cannot be used of what is said of the server.
    pub fn to(server: &Server, deadline: Duration, longest: usize) -> Result<Self, Unreachable> {
        let connector = connect::to(server, deadline)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, auth: server.auth.clone(), headers: server.header_values()?, deadline, longest })
    }

    /// Gets an address; any answer but a success is an error.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn get(&self, url: &str) -> Result<Bytes, HttpError> {
        let answer = self.look(url).await?;
        if answer.is_success() { Ok(answer.body) } else { Err(HttpError::Status(answer.status)) }
    }

    /// Gets an address, whatever the status: some servers say in the body what is wrong.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn look(&self, url: &str) -> Result<Answer, HttpError> {
        self.send(Ask { method: Method::GET, url, content_type: None, body: Bytes::new() }).await
    }

    /// Asks by a form in the body, for questions that are too long for an address. Only for what changes nothing, as Prometheus's
    /// queries (<https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries>).
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn look_by_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Answer, HttpError> {
        let body = Bytes::from(form(fields));
        let content_type = Some("application/x-www-form-urlencoded");
        self.send(Ask { method: Method::POST, url, content_type, body }).await
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Answer, HttpError> {
        let request = self.request(ask)?;
        let asked = tokio::time::timeout(self.deadline, self.whole(request)).await;
        asked.unwrap_or(Err(HttpError::Late(self.deadline.as_secs())))
    }

    fn request(&self, ask: Ask<'_>) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = Request::builder().method(ask.method).uri(ask.url);
        request = request.header(USER_AGENT, concat!("flightdeck/", env!("CARGO_PKG_VERSION")));
        if let Some(value) = authorization(&self.auth).map_err(HttpError::NotSent)? {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(kind) = ask.content_type {
            request = request.header(CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        // The address may be secret, so it is not in the words.
        let request = request.body(Full::new(ask.body));
        request.map_err(|error| HttpError::NotSent(format!("the address cannot be used: {error}")))
    }

    async fn whole(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let answer = self.client.request(request).await.map_err(|error| {
            let words = innermost(&error);
            if error.is_connect() { HttpError::NotSent(words) } else { HttpError::Failed(words) }
        })?;
        let status = answer.status();
        if let Some(there) = redirection(&answer) {
            return Err(HttpError::Redirected(status.as_u16(), there));
        }
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut body = answer.into_body();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| HttpError::Failed(innermost(&error)))?;
            whole.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            if whole.len() > self.longest {
                return Err(HttpError::TooLong(self.longest));
            }
        }
        let retry_after = seconds.map(Duration::from_secs);
        Ok(Answer { status: status.as_u16(), retry_after, body: whole.freeze() })
    }
}

impl Server {
    /// A server without credentials.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The address of something below the server's own: `at("/api/v2/alerts")`.
    pub fn below(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// Scheme, host and port, for words: what follows may be secret.
    pub fn place(&self) -> String {
        place(&self.url)
    }

    fn header_values(&self) -> Result<Vec<(HeaderName, HeaderValue)>, Unreachable> {
        let value = |(name, text): (&String, &String)| {
            let name: HeaderName = name.parse().ok()?;
            let mut value = HeaderValue::from_str(text).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        };
        let wrong = |name: &str| Unreachable {
            reason: format!("the header «{name}» of {} cannot be sent", self.place()),
            hint: "a header's name is letters and strokes, its value one line".into(),
        };
        self.headers.iter().map(|header| value(header).ok_or_else(|| wrong(header.0))).collect()
    }
}

/// Fields as an address or a form's body carries them.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// `Authorization`, read anew each time: tokens are renewed.
fn authorization(auth: &Auth) -> Result<Option<HeaderValue>, String> {
    let (text, from) = match auth {
        Auth::None => return Ok(None),
        Auth::Bearer(from) => (format!("Bearer {}", from.read()?.reveal()), from),
        Auth::Basic { user, password } => {
            let both = Secret::new(format!("{user}:{}", password.read()?.reveal()));
            (format!("Basic {}", STANDARD.encode(both.reveal())), password)
        }
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| format!("what {from} holds cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Where an answer sends us, without what may be secret in it.
fn redirection<B>(answer: &Response<B>) -> Option<String> {
    use StatusCode as S;
    let sends = [S::MOVED_PERMANENTLY, S::FOUND, S::SEE_OTHER, S::TEMPORARY_REDIRECT, S::PERMANENT_REDIRECT];
    if !sends.contains(&answer.status()) {
        return None;
    }
    let there = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = there.split(['?', '#']).next().unwrap_or_default();
    Some(if path.starts_with('/') { path.to_owned() } else { place(there) })
}

/// Scheme, host and port of an address.
fn place(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?, uri.port_u16())));
    match parts {
        Some((scheme, host, Some(port))) => format!("{scheme}://{host}:{port}"),
        Some((scheme, host, None)) => format!("{scheme}://{host}"),
        None => "an address that cannot be read".into(),
    }
}

/// What it comes down to: the error below all others.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
