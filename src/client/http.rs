//! Plain HTTP requests to servers on this host and its container networks: small answers, within a deadline.

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("{0}")]
    Failed(String),
    #[error("no answer within {0} s")]
    Late(u64),
    /// An answer that is no success: its status.
    #[error("it answers {0}")]
    Status(u16),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// A client for such requests; it keeps its connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client<HttpConnector, Empty<Bytes>>,
    deadline: Duration,
    longest: usize,
}

impl Http {
    /// One that waits so long and reads so many bytes at most. No proxy: what is asked is near.
    pub fn new(deadline: Duration, longest: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(deadline));
        Self { client: Client::builder(TokioExecutor::new()).build(connector), deadline, longest }
    }

    /// Gets `http://HOST:PORT/PATH`.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn get(&self, url: &str) -> Result<Bytes, HttpError> {
        let asked = tokio::time::timeout(self.deadline, self.whole(url)).await;
        asked.unwrap_or(Err(HttpError::Late(self.deadline.as_secs())))
    }

    async fn whole(&self, url: &str) -> Result<Bytes, HttpError> {
        let url = url.parse().map_err(|error| HttpError::Failed(format!("{url} is no address: {error}")))?;
        let answer = self.client.get(url).await.map_err(|error| HttpError::Failed(innermost(&error)))?;
        if !answer.status().is_success() {
            return Err(HttpError::Status(answer.status().as_u16()));
        }
        let mut body = answer.into_body();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| HttpError::Failed(innermost(&error)))?;
            whole.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            if whole.len() > self.longest {
                return Err(HttpError::TooLong(self.longest));
            }
        }
        Ok(whole.freeze())
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
