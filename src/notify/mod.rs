//! Notifications that leave the cockpit: what is told ([`Message`]), how it is written for each kind of receiver ([`Way`]), in which order and how
//! often it is tried ([`queue::Queue`]), and one attempt ([`send()`]). Each is told at least once: a receiver that knows the key of what it is
//! told takes a repetition as none.
//!
//! Secrets (addresses with tokens, routing keys) are read when they are needed and shown nowhere.

mod pagerduty;
pub mod queue;
mod send;
mod slack;
pub mod template;
#[cfg(test)]
mod tests;

pub use send::send;

use crate::{
    client::{
        http::{Auth, Server},
        secret::{Secret, SecretFrom},
    },
    model::{Timestamp, attention::Severity, redact, text::clean_to},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, time::Duration};
use template::Template;

/// Longest text of a field, in characters.
const LONGEST: usize = 4_000;

/// What has become of what a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It began, or got worse.
    Raised,
    /// Somebody looks after it.
    Acknowledged,
    /// It is over.
    Cleared,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        }
    }
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub kind: Kind,
    /// What it is about: all messages about one thing have the same.
    pub key: String,
    pub at: Timestamp,
    pub severity: Severity,
    /// In one line.
    pub summary: String,
    /// Where it is: a host, a cluster.
    pub source: String,
    pub details: BTreeMap<String, String>,
    /// Where more is to be read.
    pub link: Option<String>,
}

impl Message {
    /// The same, without secrets, control characters and endless texts: what may leave.
    fn fit_to_leave(&self) -> Self {
        let fit = |text: &str| clean_to(&redact::text(text), LONGEST).into_owned();
        let detail = |(name, value): (&String, &String)| {
            (clean_to(name, 100).into_owned(), clean_to(&redact::value(name, value), LONGEST).into_owned())
        };
        Self {
            summary: fit(&self.summary),
            source: fit(&self.source),
            details: self.details.iter().map(detail).collect(),
            link: self.link.as_deref().map(fit),
            ..self.clone()
        }
    }
}

/// Where a receiver listens. An address may be a secret by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Plain(String),
    Secret(SecretFrom),
}

impl Address {
    fn read(&self) -> Result<Secret, String> {
        match self {
            Self::Plain(url) => Ok(Secret::new(url)),
            Self::Secret(from) => from.read(),
        }
    }
}

/// How a receiver wants to be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// JSON of one's own form, posted.
    Webhook { address: Address, auth: Auth, template: Template },
    /// An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat)
    /// (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>).
    Slack { address: Address },
    /// PagerDuty's Events API v2 (<https://developer.pagerduty.com/docs/send-alert-event>); `url` is where it listens.
    PagerDuty { url: String, routing_key: SecretFrom },
}

/// Where PagerDuty listens.
pub const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// A request that is ready to leave. Its debug form holds neither address nor body.
pub struct Outgoing {
    server: Server,
    body: String,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({}, {} bytes)", self.server.place(), self.body.len())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken,
    /// It was not, or nobody knows: try again, not before so long where the receiver says that.
    Again { why: String, after: Option<Duration> },
    /// It never will be.
    Refused(String),
}

impl Way {
    /// Writes a message for this receiver.
    ///
    /// # Errors
    /// A secret that cannot be read, in words without it.
    pub fn request(&self, message: &Message) -> Result<Outgoing, String> {
        let message = message.fit_to_leave();
        let (address, auth, body) = match self {
            Self::Webhook { address, auth, template } => (address.read()?, auth.clone(), template.fill(&message)),
            Self::Slack { address } => (address.read()?, Auth::None, slack::body(&message)),
            Self::PagerDuty { url, routing_key } => {
                let key = routing_key.read()?;
                (Secret::new(url), Auth::None, pagerduty::body(&message, key.reveal()))
            }
        };
        let server = Server { auth, ..Server::at(address.reveal()) };
        Ok(Outgoing { server, body: body.to_string() })
    }

    /// Whether it is told of that at all: a chat has no use for what somebody acknowledged elsewhere.
    pub const fn takes(&self, kind: Kind) -> bool {
        !matches!((self, kind), (Self::Slack { .. }, Kind::Acknowledged))
    }
}
