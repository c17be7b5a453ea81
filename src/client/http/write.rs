//! HTTP requests that change something. A [`HttpWriter`] is no [`Http`]: who only looks cannot send by mistake, and only operations and
//! notifications may have one. It repeats nothing by itself, and uses no connection twice, so that what was sent was sent once.

use super::{Answer, Ask, Http, HttpError, Server, connect};
use crate::client::Unreachable;
use bytes::Bytes;
use http::Method;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::time::Duration;

/// A client that changes something.
#[derive(Debug, Clone)]
pub struct HttpWriter(Http);

/// Longest answer that is read: a receipt.
const LONGEST: usize = 1 << 20;

impl HttpWriter {
    /// One for a server that the configuration names.
    ///
    /// # Errors
    /// What cannot be used of what is said of the server.
    pub fn to(server: &Server, deadline: Duration) -> Result<Self, Unreachable> {
        let connector = connect::to(server, deadline)?;
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.retry_canceled_requests(false).pool_max_idle_per_host(0).build(connector);
        let (auth, headers) = (server.auth.clone(), server.header_values()?);
        Ok(Self(Http { client, auth, headers, deadline, longest: LONGEST }))
    }

    /// Posts JSON; an answer of any status is handed back.
    ///
    /// # Errors
    /// What went wrong: [`HttpError::NotSent`] where nothing can have happened, otherwise nobody knows.
    pub async fn post_json(&self, url: &str, body: String) -> Result<Answer, HttpError> {
        let content_type = Some("application/json");
        self.0.send(Ask { method: Method::POST, url, content_type, body: Bytes::from(body) }).await
    }

    /// Patches by JSON; an answer of any status is handed back.
    ///
    /// # Errors
    /// As [`HttpWriter::post_json`].
    pub async fn patch_json(&self, url: &str, body: String) -> Result<Answer, HttpError> {
        let content_type = Some("application/json");
        self.0.send(Ask { method: Method::PATCH, url, content_type, body: Bytes::from(body) }).await
    }

    /// Sends a request by any method, with headers of its own; an answer of any status is handed back.
    ///
    /// # Errors
    /// As [`HttpWriter::post_json`].
    pub async fn send(&self, method: &str, url: &str, body: String) -> Result<Answer, HttpError> {
        let method = Method::from_bytes(method.as_bytes());
        let method = method.map_err(|error| HttpError::NotSent(format!("the method cannot be used: {error}")))?;
        self.0.send(Ask { method, url, content_type: None, body: Bytes::from(body) }).await
    }

    /// Deletes what is at an address; an answer of any status is handed back.
    ///
    /// # Errors
    /// As [`HttpWriter::post_json`].
    pub async fn delete(&self, url: &str) -> Result<Answer, HttpError> {
        self.0.send(Ask { method: Method::DELETE, url, content_type: None, body: Bytes::new() }).await
    }
}
