//! Asking an API server: requests, and what went wrong in words.

use super::split::{OnItem, Splitter};
use crate::client::Clients;
use bytes::Bytes;
use compact_str::CompactString;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::{Deserialize, de::DeserializeOwned};
use std::{error::Error, sync::Arc, time::Duration};

/// An answer that is not a stream takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing for this long on a stream means that it is dead: bookmarks come every minute.
const SILENCE: Duration = Duration::from_secs(150);

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// RBAC says no, in the server's words.
    Denied(String),
    /// The credentials are not taken.
    Unauthorized(String),
    /// The resource version is too old: list anew.
    Gone,
    /// The server has no such thing.
    Missing,
    /// The server answers, but not with what was asked for.
    Refused(String),
    /// There is no way to it.
    Unreachable { reason: String, hint: String },
}

impl Trouble {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Denied(words) | Self::Unauthorized(words) | Self::Refused(words) => words.clone(),
            Self::Gone => "the list is too old".into(),
            Self::Missing => "the server has no such resource".into(),
            Self::Unreachable { reason, .. } => reason.clone(),
        }
    }
}

/// What the server says where it does not do as asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiStatus {
    pub message: String,
    pub code: u16,
}

/// A way to one cluster.
#[derive(Clone)]
pub struct Api {
    pub clients: Arc<Clients>,
    pub context: CompactString,
}

/// How an answer is wanted.
const JSON: &str = "application/json";

impl Api {
    /// The answer's body as it arrives. Credentials that are not taken are made anew once.
    pub async fn stream(&self, path: &str, accept: &str) -> Result<Stream, Trouble> {
        match self.send(path, accept).await {
            Err(Trouble::Unauthorized(_)) => {
                self.clients.kube.forget(&self.context);
                self.send(path, accept).await
            }
            other => other,
        }
    }

    async fn send(&self, path: &str, accept: &str) -> Result<Stream, Trouble> {
        let client = self.clients.kube.client(&self.context).await;
        let client = client.map_err(|e| Trouble::Unreachable { reason: e.reason, hint: e.hint })?;
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| Trouble::Refused(error.to_string()))?;
        let answer = tokio::time::timeout(PATIENCE, client.send(request)).await;
        let answer = answer.map_err(|_| unreachable(format!("no answer within {} s", PATIENCE.as_secs())))?;
        let answer = answer.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        let mut stream = Stream { body: answer.into_body() };
        if status.is_success() {
            return Ok(stream);
        }
        let body = stream.whole().await.unwrap_or_default();
        Err(refusal(status, &body))
    }

    /// A whole answer.
    pub async fn bytes(&self, path: &str, accept: &str) -> Result<Vec<u8>, Trouble> {
        let whole = async { self.stream(path, accept).await?.whole().await };
        let answer = tokio::time::timeout(PATIENCE, whole).await;
        answer.map_err(|_| unreachable(format!("no whole answer within {} s", PATIENCE.as_secs())))?
    }

    /// A whole answer, read as JSON.
    pub async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.json_as(path, JSON).await
    }

    /// The same, asked for in a form of its own.
    pub async fn json_as<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Trouble> {
        let bytes = self.bytes(path, accept).await?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
    }

    /// A list, to be read as it arrives.
    pub async fn list(&self, path: &str) -> Result<Listing, Trouble> {
        Ok(Listing { stream: self.stream(path, JSON).await?, splitter: Splitter::default() })
    }

    fn failed(&self, error: &kube::Error) -> Trouble {
        if matches!(error, kube::Error::Auth(_)) {
            let hint = "see `kubectl config view`, and try the credentials with kubectl".into();
            return Trouble::Unreachable { reason: format!("no credentials: {}", root(error)), hint };
        }
        let server = self.clients.kube.server(&self.context).map_or_else(String::new, |server| format!(" ({server})"));
        unreachable(format!("{}{server}", root(error)))
    }
}

#[derive(Deserialize)]
struct Shell {
    #[serde(default)]
    metadata: ListMeta,
}

/// `metadata` of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListMeta {
    pub resource_version: CompactString,
    #[serde(rename = "continue", deserialize_with = "super::slim::or_default")]
    pub next: String,
    pub remaining_item_count: Option<u64>,
}

/// A list that is being read.
pub struct Listing {
    stream: Stream,
    splitter: Splitter,
}

impl Listing {
    /// Reads what arrived next and hands over the items that are complete with it; false at the end.
    pub async fn frame(&mut self, on_item: OnItem<'_>) -> Result<bool, Trouble> {
        let frame = self.stream.next().await?;
        if let Some(frame) = &frame {
            self.splitter.feed(frame, on_item);
        }
        Ok(frame.is_some())
    }

    /// The list without its items.
    pub fn finish(self) -> Result<ListMeta, Trouble> {
        let shell: Shell = serde_json::from_slice(&self.splitter.into_shell()).map_err(|error| unreadable(&error))?;
        Ok(shell.metadata)
    }
}

/// The body of an answer.
pub struct Stream {
    body: Body,
}

impl Stream {
    /// What arrived next; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        loop {
            let frame = tokio::time::timeout(SILENCE, self.body.frame()).await;
            match frame.map_err(|_| unreachable(format!("silent for {} s", SILENCE.as_secs())))? {
                None => return Ok(None),
                Some(Err(error)) => return Err(unreachable(root(&error))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// All of it.
    async fn whole(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut whole = Vec::new();
        while let Some(frame) = self.next().await? {
            whole.extend_from_slice(&frame);
        }
        Ok(whole)
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Trouble {
    let said: ApiStatus = serde_json::from_slice(body).unwrap_or_default();
    let words = if said.message.is_empty() { format!("the server answered {status}") } else { said.message };
    match status {
        StatusCode::UNAUTHORIZED => Trouble::Unauthorized(words),
        StatusCode::FORBIDDEN => Trouble::Denied(words),
        StatusCode::NOT_FOUND => Trouble::Missing,
        StatusCode::GONE => Trouble::Gone,
        _ => Trouble::Refused(words),
    }
}

fn unreadable(error: &serde_json::Error) -> Trouble {
    Trouble::Refused(format!("the server's answer cannot be read: {error}"))
}

fn unreachable(reason: String) -> Trouble {
    Trouble::Unreachable { reason, hint: "is the API server running, and is there a way to it from here?".into() }
}

/// The deepest cause of an error, without the number that nobody knows by heart.
pub fn root(error: &dyn Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{second}{}", first.to_lowercase(), chars.as_str())
        }
        _ => text.to_owned(),
    }
}
