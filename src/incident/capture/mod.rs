//! What the cockpit writes down by itself: changes as they happen, and what is raised and cleared in the attention list.
//!
//! It is debounced and grouped, so that a timeline reads like the account of a person: `12 pods of shop/web restarted`, once. Two cockpits
//! that see the same thing give it the same idempotency key, which is made of the object's identity and of what the object itself says of
//! the change (a count of restarts, a revision, a time); where it says nothing, of the time cut to pieces.

mod conditions;
mod item;

pub use item::MEMBERS;

use crate::model::{
    Timestamp,
    attention::Attention,
    change::Change,
    journal::{Actor, Draft},
};
use compact_str::{CompactString, format_compact};
use conditions::Conditions;
use item::{Item, Place};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much is written, and how soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// What happens within one piece of time of so many seconds is looked at together.
    pub piece_seconds: i64,
    /// Seconds after the end of a piece until it is written, so that stragglers are in it.
    pub settle_seconds: i64,
    /// From so many alike on they become one event.
    pub group_from: usize,
    /// Most events a minute of one kind and owner; what is more becomes one event with a count.
    pub per_minute: u32,
    /// Seconds for which something has to be gone before it is over.
    pub gone_seconds: i64,
    /// From so many returns within `flap_window_seconds` on it is told once that something goes and comes.
    pub flap_returns: usize,
    pub flap_window_seconds: i64,
    /// Seconds without a return after which it no longer goes and comes.
    pub flap_quiet_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            piece_seconds: 10,
            settle_seconds: 2,
            group_from: 3,
            per_minute: 6,
            gone_seconds: 10,
            flap_returns: 3,
            flap_window_seconds: 10 * 60,
            flap_quiet_seconds: 5 * 60,
        }
    }
}

/// What of one kind and owner happened in one piece of time and is not written yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Piece {
    lane: CompactString,
    /// When the piece began.
    begins: Timestamp,
    /// When it is written.
    due: Timestamp,
    items: Vec<Item>,
    /// How many there were, also where not all are kept.
    count: u32,
}

/// How much of one kind and owner was written in a minute, and what is held back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Minute {
    number: i64,
    written: u32,
    held: Vec<Item>,
    held_count: u32,
}

/// More items of one piece are counted and not kept.
const KEPT: usize = 500;
/// How long it is remembered which keys were given.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(30);

/// What happens, on its way into the journal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Capture {
    limits: Limits,
    place: Place,
    conditions: Conditions,
    /// By lane and beginning.
    pieces: BTreeMap<CompactString, Piece>,
    /// By lane.
    minutes: BTreeMap<CompactString, Minute>,
    /// Keys that were given, and when.
    given: BTreeMap<CompactString, Timestamp>,
}

impl Capture {
    /// A capture on this host; its name tells its things from those of others.
    pub fn new(host: &str, limits: Limits) -> Self {
        Self { limits, place: Place::of(host), ..Self::default() }
    }

    /// Says by what a cluster is known everywhere, where its context's name is only ours: two people seldom call it the same.
    pub fn know_cluster(&mut self, context: &str, identity: &str) {
        self.place.know_cluster(context, identity);
    }

    /// Takes what changed. What the attention list tells comes by [`Capture::attention`], and what went through the gate is written there.
    pub fn change(&mut self, now: Timestamp, change: &Change) {
        if let Some(item) = Item::of_change(change) {
            self.take(now, item);
        }
    }

    /// Takes the attention list as it is now: what is new in it is raised, what is gone is over after a while.
    pub fn attention(&mut self, now: Timestamp, rows: &[Attention]) {
        for item in self.conditions.look(now, rows, &self.limits) {
            self.take(now, item);
        }
    }

    /// What is to be written by now. Call it after news and at [`Capture::next_wake`].
    pub fn due(&mut self, now: Timestamp) -> Vec<Draft> {
        for item in self.conditions.pass(now, &self.limits) {
            self.take(now, item);
        }
        self.given.retain(|_, at| now.duration_since(*at) < REMEMBERED);
        let mut drafts = self.release(now);
        let due: Vec<_> =
            self.pieces.iter().filter(|(_, piece)| piece.due <= now).map(|(key, _)| key.clone()).collect();
        for key in due {
            if let Some(piece) = self.pieces.remove(&key) {
                self.write(now, piece, &mut drafts);
            }
        }
        drafts.sort_by_key(|draft| draft.occurred_at);
        drafts
    }

    /// When something is due if nothing happens until then.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let pieces = self.pieces.values().map(|piece| piece.due);
        let held = self.minutes.values().filter(|minute| minute.held_count > 0).filter_map(Minute::ends);
        pieces.chain(held).chain(self.conditions.next_wake(&self.limits)).min()
    }

    fn take(&mut self, now: Timestamp, item: Item) {
        let lane = item.lane(&self.place);
        let begins = cut(item.at.min(now), self.limits.piece_seconds);
        let ends = later(begins, self.limits.piece_seconds);
        let due = later(ends.max(now), self.limits.settle_seconds);
        let piece = self.pieces.entry(format_compact!("{lane}\n{begins}")).or_insert_with(|| Piece {
            lane,
            begins,
            due,
            items: Vec::new(),
            count: 0,
        });
        if piece.items.iter().any(|other| other.is_same(&item)) {
            return;
        }
        piece.count += 1;
        if piece.items.len() < KEPT {
            piece.items.push(item);
        }
    }

    /// Writes a piece: few of them each by itself, many as one.
    fn write(&mut self, now: Timestamp, mut piece: Piece, drafts: &mut Vec<Draft>) {
        piece.items.sort_by(|a, b| (&a.object, &a.mark).cmp(&(&b.object, &b.mark)));
        if piece.items.len() < self.limits.group_from {
            for item in piece.items {
                let key = item.key(&self.place);
                self.emit(now, &piece.lane, key, vec![item], 1, drafts);
            }
            return;
        }
        let mut key = format_compact!("{}/{}", piece.lane, piece.begins.as_second());
        if self.given.contains_key(&key) {
            key = format_compact!("{key}+{}", piece.items[0].key(&self.place));
        }
        self.emit(now, &piece.lane, key, piece.items, piece.count, drafts);
    }

    fn emit(
        &mut self,
        now: Timestamp,
        lane: &CompactString,
        key: CompactString,
        items: Vec<Item>,
        count: u32,
        drafts: &mut Vec<Draft>,
    ) {
        if self.given.contains_key(&key) {
            return;
        }
        self.given.insert(key.clone(), now);
        let number = now.as_second().div_euclid(60);
        let minute = self.minutes.entry(lane.clone()).or_insert_with(|| Minute::new(number));
        if minute.written < self.limits.per_minute {
            minute.written += 1;
            drafts.push(draft(&items, count, false, key));
            return;
        }
        minute.held_count += count;
        let room = KEPT.saturating_sub(minute.held.len());
        minute.held.extend(items.into_iter().take(room));
    }

    /// Ends the minutes that are over, and writes what was held back in them.
    fn release(&mut self, now: Timestamp) -> Vec<Draft> {
        let number = now.as_second().div_euclid(60);
        let mut drafts = Vec::new();
        for (lane, minute) in self.minutes.iter_mut().filter(|(_, minute)| minute.number < number) {
            let over = std::mem::replace(minute, Minute::new(number));
            if over.held_count > 0 {
                let key = format_compact!("more/{lane}/{}", over.number);
                drafts.push(draft(&over.held, over.held_count, true, key));
                minute.written = 1;
            }
        }
        self.minutes.retain(|_, minute| minute.number == number && minute.written > 0);
        drafts
    }
}

impl Minute {
    const fn new(number: i64) -> Self {
        Self { number, written: 0, held: Vec::new(), held_count: 0 }
    }

    fn ends(&self) -> Option<Timestamp> {
        Timestamp::from_second((self.number + 1) * 60).ok()
    }
}

/// One event for one or many. `more` where others of their kind were written before.
fn draft(items: &[Item], count: u32, more: bool, key: CompactString) -> Draft {
    let at = items.iter().map(|item| item.at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut draft = Draft::new(None, at, Actor::program(), item::body(items, count, more));
    draft.object = Some(item::object(items));
    draft.key = Some(key);
    draft
}

/// A time cut to a multiple of so many seconds.
fn cut(at: Timestamp, seconds: i64) -> Timestamp {
    let seconds = seconds.max(1);
    Timestamp::from_second(at.as_second().div_euclid(seconds) * seconds).unwrap_or(at)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
