//! Answers of an engine as they are sent. The library's own types leave out what differs between versions (disk usage, what Podman
//! answers), and refuse a whole list for one word that they do not know.

use bollard::{Docker, errors::Error};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use http::Uri;
use serde::de::DeserializeOwned;
use std::pin::Pin;

/// Bytes as they arrive.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// Longest line that a stream may send, and longest answer: more is a fault of the engine.
const LONGEST_LINE: usize = 4 << 20;
const LONGEST_ANSWER: usize = 512 << 20;

/// Asks for a path with its query (`/containers/json?all=1`), in the version that was agreed on.
pub fn get(docker: &Docker, path: &str) -> Body {
    let path = format!("/v{}{path}", docker.client_version());
    let asking = docker.clone().with_request_modifier(move |mut request| {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = path.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        request
    });
    // Of all that the library asks for, this is what it hands on unread.
    Box::pin(stream::once(async move { asking.export_image("any").boxed() }).flatten())
}

/// The whole answer.
///
/// # Errors
/// What the engine or the way to it answered instead.
pub async fn bytes(docker: &Docker, path: &str) -> Result<Bytes, Error> {
    let mut body = get(docker, path);
    let mut whole = BytesMut::new();
    while let Some(part) = body.next().await {
        whole.extend_from_slice(&part?);
        if whole.len() > LONGEST_ANSWER {
            return Err(Error::DockerStreamError { error: "the answer is too long".into() });
        }
    }
    Ok(whole.freeze())
}

/// The whole answer, read as JSON.
///
/// # Errors
/// As [`bytes()`], and where it is no such JSON.
pub async fn json<T: DeserializeOwned>(docker: &Docker, path: &str) -> Result<T, Error> {
    let bytes = bytes(docker, path).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// A stream of JSON objects, a line each.
pub struct Lines<T> {
    body: Body,
    held: BytesMut,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// Asks for a stream.
pub fn lines<T>(docker: &Docker, path: &str) -> Lines<T> {
    Lines { body: get(docker, path), held: BytesMut::new(), kind: std::marker::PhantomData }
}

impl<T: DeserializeOwned> Lines<T> {
    /// The next object; `None` at the end. A line that is no such object is left out. May be dropped at any time.
    ///
    /// # Errors
    /// Where the stream breaks.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        loop {
            while let Some(at) = self.held.iter().position(|byte| *byte == b'\n') {
                let line = self.held.split_to(at + 1);
                if let Ok(value) = serde_json::from_slice(&line) {
                    return Some(Ok(value));
                }
            }
            if self.held.len() > LONGEST_LINE {
                return Some(Err(Error::DockerStreamError { error: "a line of the answer is too long".into() }));
            }
            match self.body.next().await {
                Some(Ok(part)) => self.held.extend_from_slice(&part),
                Some(Err(error)) => return Some(Err(error)),
                None => return None,
            }
        }
    }
}

/// A text as part of a path or a query.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
