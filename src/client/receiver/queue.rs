//! What waits to be told, and when it is tried again. Pure: the caller says what time it is, sends what is due, and says what became of it.

use super::{Kind, Message, Outcome};
use crate::model::Timestamp;
use jiff::SignedDuration;
use std::time::Duration;

/// How long and how much is waited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Before the second attempt; twice as long before each that follows.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// What is older is given up: it is no news any more.
    pub max_age: Duration,
    /// Messages that wait at most; the oldest go.
    pub most: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(300),
            max_age: Duration::from_secs(4 * 3_600),
            most: 1_000,
        }
    }
}

/// One message on its way to one receiver.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    id: u64,
    receiver: String,
    message: Message,
    queued_at: Timestamp,
    attempts: u32,
    next_at: Timestamp,
    in_flight: bool,
    /// Why the last attempt was none.
    why: String,
}

/// An attempt that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub id: u64,
    /// Name of the receiver.
    pub receiver: String,
    pub message: Message,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenUp {
    pub receiver: String,
    pub message: Message,
    pub attempts: u32,
    pub why: String,
}

/// What waits.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    limits: Limits,
    items: Vec<Item>,
    last_id: u64,
    given_up: Vec<GivenUp>,
}

impl Queue {
    /// An empty queue.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a message for a receiver. One about the same thing that was not tried yet is replaced by it, but that somebody looks after it says
    /// nothing to who has not heard that it began; and where that said that it began and this says that it is over, nobody needs to know either.
    pub fn push(&mut self, now: Timestamp, receiver: &str, message: Message) {
        let is_same = |item: &Item| item.receiver == receiver && item.message.key == message.key;
        let is_untold = |item: &Item| is_same(item) && item.attempts == 0 && !item.in_flight;
        let raised = self.items.iter().any(|item| is_untold(item) && item.message.kind == Kind::Raised);
        // What was raised before that may have been told.
        let told = self.items.iter().any(|item| is_same(item) && !is_untold(item));
        let keeps = |item: &Item| message.kind == Kind::Acknowledged && item.message.kind == Kind::Raised;
        self.items.retain(|item| !is_untold(item) || keeps(item));
        if message.kind == Kind::Cleared && raised && !told {
            return;
        }
        self.last_id += 1;
        self.items.push(Item {
            id: self.last_id,
            receiver: receiver.into(),
            message,
            queued_at: now,
            attempts: 0,
            next_at: now,
            in_flight: false,
            why: String::new(),
        });
        while self.items.len() > self.limits.most {
            let Some(oldest) = self.items.iter().position(|item| !item.in_flight) else { break };
            self.give_up(oldest, "too much waits to be told");
        }
    }

    /// What is to be sent now. About one thing only one message is on its way to a receiver, the older first.
    pub fn due(&mut self, now: Timestamp) -> Vec<Attempt> {
        let max_age = SignedDuration::try_from(self.limits.max_age).unwrap_or(SignedDuration::MAX);
        let is_old = |item: &Item| !item.in_flight && now.duration_since(item.queued_at) >= max_age;
        while let Some(old) = self.items.iter().position(is_old) {
            self.give_up(old, "it is too old");
        }
        let mut due = Vec::new();
        for at in 0..self.items.len() {
            let (before, item) = (&self.items[..at], &self.items[at]);
            let waits_for = |other: &Item| other.receiver == item.receiver && other.message.key == item.message.key;
            if item.in_flight || item.next_at > now || before.iter().any(waits_for) {
                continue;
            }
            due.push(Attempt { id: item.id, receiver: item.receiver.clone(), message: item.message.clone() });
            self.items[at].in_flight = true;
        }
        due
    }

    /// Takes what became of an attempt; `jitter` in 0–1 spreads the next one, so that many cockpits do not come back together.
    pub fn finished(&mut self, now: Timestamp, id: u64, outcome: Outcome, jitter: f64) {
        let Some(at) = self.items.iter().position(|item| item.id == id && item.in_flight) else { return };
        let limits = self.limits;
        let item = &mut self.items[at];
        item.in_flight = false;
        item.attempts += 1;
        match outcome {
            Outcome::Taken => drop(self.items.remove(at)),
            Outcome::Refused(why) => self.give_up(at, &why),
            Outcome::Again { why, after } => {
                let doubled = limits.first.saturating_mul(1 << (item.attempts - 1).min(20)).min(limits.longest);
                let wait = doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0)).max(after.unwrap_or_default());
                let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
                item.next_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                item.why = why;
            }
        }
    }

    fn give_up(&mut self, at: usize, why: &str) {
        let item = self.items.remove(at);
        let last = if item.why.is_empty() { String::new() } else { format!("; last: {}", item.why) };
        let why = format!("{why}{last}");
        let Item { receiver, message, attempts, .. } = item;
        self.given_up.push(GivenUp { receiver, message, attempts, why });
    }

    /// What was given up since this was asked last.
    pub fn take_given_up(&mut self) -> Vec<GivenUp> {
        std::mem::take(&mut self.given_up)
    }

    /// When something is due next; it may be over.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.items.iter().filter(|item| !item.in_flight).map(|item| item.next_at).min()
    }

    /// How many messages wait or are on their way.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
