//! Notifications that leave the cockpit: who is told ([`Receiver`]) what ([`Message`]), how it is written for each kind of receiver ([`Way`]), in which order and how
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

pub use crate::model::message::{Kind, Message};

use super::{
    http::{Auth, Server},
    secret::{Secret, SecretFrom},
};
use crate::model::{journal::Sev, redact, text::clean_to};
use std::{fmt, time::Duration};
use template::Template;

/// Longest text of a field, in characters.
const LONGEST: usize = 4_000;

/// The same, without secrets, control characters and endless texts: what may leave.
fn fit_to_leave(message: &Message) -> Message {
    let fit = |text: &str| clean_to(&redact::text(text), LONGEST).into_owned();
    let detail = |(name, value): (&String, &String)| {
        (clean_to(name, 100).into_owned(), clean_to(&redact::value(name, value), LONGEST).into_owned())
    };
    Message {
        summary: fit(&message.summary),
        source: fit(&message.source),
        details: message.details.iter().map(detail).collect(),
        link: message.link.as_deref().map(fit),
        ..message.clone()
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

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Receiver {
    /// As the configuration calls it.
    pub name: String,
    pub way: Way,
    /// The severities of incidents that it is told of.
    pub severities: Vec<Sev>,
    /// Whether it is told of drills.
    pub drills: bool,
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
        let message = fit_to_leave(message);
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
