//! One attempt to tell something.

use super::{Outcome, Outgoing};
use crate::client::http::{Answer, HttpError, write::HttpWriter};
use std::time::Duration;

/// Sends once, within a deadline. What went wrong is said without the address.
pub async fn send(outgoing: &Outgoing, deadline: Duration) -> Outcome {
    let Outgoing { server, body } = outgoing;
    let writer = match HttpWriter::to(server, deadline) {
        Ok(writer) => writer,
        Err(error) => return Outcome::Refused(format!("{}; {}", error.reason, error.hint)),
    };
    match writer.post_json(&server.url, body.clone()).await {
        Ok(answer) => judged(&answer),
        Err(error @ HttpError::Redirected(..)) => Outcome::Refused(error.to_string()),
        // What is longer than a receipt was taken for all that.
        Err(HttpError::TooLong(_)) => Outcome::Taken,
        Err(error) => Outcome::Again { why: error.to_string(), after: None },
    }
}

/// What an answer means: overload and faults of the receiver pass, a no to what was sent stays.
fn judged(answer: &Answer) -> Outcome {
    let why = || HttpError::Status(answer.status).to_string();
    match answer.status {
        200..=299 => Outcome::Taken,
        408 | 425 | 429 | 500..=599 => Outcome::Again { why: why(), after: answer.retry_after },
        _ => Outcome::Refused(why()),
    }
}
