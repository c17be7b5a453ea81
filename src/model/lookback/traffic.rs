//! What an interface has carried: its counters, a reading a minute over an hour, so that shares can be told of a whole hour or of ten minutes.

use super::{Network, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Seconds between two readings.
const STEP: i64 = 60;
/// Readings that are kept: an hour of them, and the one that it begins with.
const KEPT: usize = 61;

/// Counters since boot, both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    at: i64,
    packets: u64,
    errors: u64,
    drops: u64,
}

impl Reading {
    fn of(at: Timestamp, network: &Network) -> Option<Self> {
        let (packets, errors, drops) = (network.packets?, network.errors?, network.drops?);
        Some(Self { at: at.as_second(), packets, errors, drops })
    }

    /// Whether no counter is lower than before: else what it counted was replaced.
    const fn follows(&self, before: &Self) -> bool {
        self.packets >= before.packets && self.errors >= before.errors && self.drops >= before.drops
    }
}

/// Readings of one interface, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Traffic(VecDeque<Reading>);

/// What went through in a while, both directions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Packets that arrived well, or were sent.
    pub packets: u64,
    pub errors: u64,
    pub drops: u64,
}

impl Carried {
    /// Share of packets that were broken, 0–1. Broken ones are not among the packets: an interface that gets nothing but those is the worst.
    pub fn error_ratio(self) -> Option<f64> {
        share(self.errors, self.packets)
    }

    /// Share of packets that were dropped, 0–1.
    pub fn drop_ratio(self) -> Option<f64> {
        share(self.drops, self.packets)
    }
}

fn share(bad: u64, good: u64) -> Option<f64> {
    let all = bad.checked_add(good).filter(|all| *all > 0)?;
    Some(bad as f64 / all as f64)
}

impl Traffic {
    /// Takes a reading, if a minute has passed since the last one. One that does not follow those before begins anew.
    pub fn push(&mut self, at: Timestamp, network: &Network) {
        let Some(reading) = Reading::of(at, network) else { return };
        match self.0.back() {
            Some(last) if !reading.follows(last) => self.0.clear(),
            Some(last) if reading.at - last.at < STEP => return,
            _ => {}
        }
        self.0.push_back(reading);
        while self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// Time of the newest reading.
    pub fn last(&self) -> Option<Timestamp> {
        self.0.back().and_then(|reading| Timestamp::from_second(reading.at).ok())
    }

    /// What went through in the last so many seconds, give or take a minute. `None` where readings do not reach back as far.
    pub fn carried(&self, network: &Network, now: Timestamp, seconds: i64) -> Option<Carried> {
        let newest = Reading::of(now, network)?;
        let begin = newest.at - seconds;
        let first = self.0.partition_point(|reading| reading.at <= begin).checked_sub(1)?;
        let first = self.0.get(first)?;
        let is_near = begin - first.at <= 2 * STEP;
        (is_near && newest.follows(first)).then(|| Carried {
            packets: newest.packets - first.packets,
            errors: newest.errors - first.errors,
            drops: newest.drops - first.drops,
        })
    }

    /// Moves all of it by the same amount.
    pub fn shift_time(&mut self, by: SignedDuration) {
        self.0.iter_mut().for_each(|reading| reading.at = reading.at.saturating_add(by.as_secs()));
    }

    /// Bytes that it takes.
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.0.capacity() * size_of::<Reading>()
    }
}
