//! The record: a set of events from any number of writers, put in order, with doubles, edits and erasures seen to.
//!
//! Whatever order events arrive in and however often, the same set gives the same record.

use crate::model::{
    Timestamp,
    journal::{Body, DisplayOrder, Event, EventId, HybridClock, IncidentId, WriterId},
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

/// What is written down more seconds than this after it happened arrived late.
pub const LATE_SECONDS: f64 = 60.0;

/// Sorts by what was known when an event was written, whatever the machines' clocks said.
pub type ClockOrder = (HybridClock, WriterId, u64, EventId);

/// Sorts by when something took effect: see [`Entry::effect`].
pub type EffectOrder = (Timestamp, ClockOrder);

/// Place of an event by what was known when it was written.
pub fn clock_order(event: &Event) -> ClockOrder {
    let header = &event.header;
    (header.clock, header.writer, header.sequence, header.id)
}

/// One version of an entry: the event as it was first written, or one that took its place.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    pub event: &'a Event,
    /// `None` where it was erased.
    pub body: Option<&'a Body>,
}

/// One thing that was seen, said or done, with everything that became of it.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Identity of the first version, also where that one is not in the set.
    pub id: EventId,
    /// Never empty: the oldest first, by what was known.
    versions: Vec<Version<'a>>,
    /// Events with the same idempotency key, which are not shown.
    pub repeats: Vec<EventId>,
}

impl<'a> Entry<'a> {
    /// Every version, the oldest first; the last may say that it was withdrawn.
    pub fn versions(&self) -> &[Version<'a>] {
        &self.versions
    }

    /// The oldest version that is known.
    pub fn first(&self) -> Version<'a> {
        self.versions[0]
    }

    fn newest(&self) -> Version<'a> {
        self.versions[self.versions.len() - 1]
    }

    /// The version to be shown: the newest that is no withdrawal.
    pub fn shown(&self) -> Version<'a> {
        let shown = self.versions.iter().rev().find(|version| !is_withdrawal(version));
        shown.copied().unwrap_or_else(|| self.newest())
    }

    /// What it says now; `None` where that was withdrawn or erased.
    pub fn body(&self) -> Option<&'a Body> {
        if self.withdrawn().is_some() { None } else { self.newest().body }
    }

    /// Why it was withdrawn, where it was; struck out, then.
    pub fn withdrawn(&self) -> Option<&'a str> {
        match self.newest().body {
            Some(Body::Withdrawn { reason }) => Some(reason),
            None if self.newest().event.header.kind == "withdrawn" => Some(""),
            _ => None,
        }
    }

    /// Whether what is shown is not what was written first.
    pub fn is_edited(&self) -> bool {
        self.shown().event.header.id != self.first().event.header.id
    }

    /// Whether the body of what is shown was erased.
    pub fn is_erased(&self) -> bool {
        self.shown().body.is_none()
    }

    /// The incident that it belongs to by itself.
    pub fn incident(&self) -> Option<IncidentId> {
        self.shown().event.header.incident
    }

    /// When it happened, as it stands now.
    pub fn at(&self) -> Timestamp {
        self.shown().event.header.occurred_at
    }

    /// Its place for a reader.
    pub fn order(&self) -> (DisplayOrder, EventId) {
        (self.shown().event.order(), self.id)
    }

    /// Its place by what was known when it was first written.
    pub fn clock_order(&self) -> ClockOrder {
        clock_order(self.first().event)
    }

    /// Its place by when it took effect. What is written as it happens takes its place by the hybrid clock, so that a machine whose
    /// clock is behind cannot undo what it knew of; what is written down late takes the place of the time that it names.
    pub fn effect(&self) -> EffectOrder {
        let clock = self.first().event.header.clock;
        let read = Timestamp::from_millisecond(clock.wall_ms).unwrap_or_else(|_| self.at());
        let at = if self.late_seconds().is_some() { self.at() } else { self.at().max(read) };
        (at, self.clock_order())
    }

    /// By how many seconds it was written down late; `None` where it was not. An edit that keeps the time does not make it late.
    pub fn late_seconds(&self) -> Option<f64> {
        let lateness = self.first().event.header.recorded_at.duration_since(self.at()).as_secs_f64();
        (lateness > LATE_SECONDS).then_some(lateness)
    }
}

fn is_withdrawal(version: &Version<'_>) -> bool {
    version.event.header.kind == "withdrawn"
}

/// A set of events in a reader's order.
#[derive(Debug, Clone, Default)]
pub struct Record<'a> {
    entries: Vec<Entry<'a>>,
    /// Place in `entries` of every event, whether shown, superseded or repeated.
    places: HashMap<EventId, usize>,
    /// Places of the entries of each incident.
    own: HashMap<IncidentId, Vec<usize>>,
}

impl<'a> Record<'a> {
    /// Puts events in order. Doubles do no harm.
    pub fn of(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let events = without_doubles(events);
        let (kept, repeats) = without_repeats(&events);
        let erased = erased(&kept, &repeats);
        let threads = threads(&kept, &repeats);
        let mut doubles: HashMap<EventId, Vec<EventId>> = HashMap::new();
        repeats.iter().for_each(|(id, of)| doubles.entry(*of).or_default().push(*id));
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(threads.len());
        for (id, mut events) in threads {
            events.sort_by_key(|event| clock_order(event));
            let mut repeats: Vec<EventId> =
                events.iter().filter_map(|event| doubles.get(&event.header.id)).flatten().copied().collect();
            repeats.sort();
            let version = |event: &'a Event| Version {
                event,
                body: event.body.as_ref().filter(|_| !erased.contains(&event.header.id)),
            };
            entries.push(Entry { id, versions: events.into_iter().map(version).collect(), repeats });
        }
        entries.sort_by_key(Entry::order);
        let mut places = HashMap::new();
        let mut own: HashMap<IncidentId, Vec<usize>> = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            if let Some(incident) = entry.incident() {
                own.entry(incident).or_default().push(place);
            }
            let versions = entry.versions.iter().map(|version| version.event.header.id);
            let ids = versions.chain(entry.repeats.iter().copied()).chain([entry.id]);
            places.extend(ids.map(|id| (id, place)));
        }
        Self { entries, places, own }
    }

    /// Every entry, in a reader's order: when it happened, then what was known, then who wrote it.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The entry that an event belongs to, whichever version or double of it is named.
    pub fn entry(&self, event: EventId) -> Option<&Entry<'a>> {
        self.places.get(&event).map(|place| &self.entries[*place])
    }

    /// The identity of the entry that an event belongs to; the event's own where it is not known.
    pub fn root(&self, event: EventId) -> EventId {
        self.entry(event).map_or(event, |entry| entry.id)
    }

    /// Entries that belong to an incident by themselves, in a reader's order.
    pub fn of_incident(&self, incident: IncidentId) -> impl Iterator<Item = &Entry<'a>> {
        let places = self.own.get(&incident).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.entries[*place])
    }

    /// Entries that stand in the timeline of an incident, in a reader's order: its own, those that are named, and what belongs to no incident
    /// and happened in its time, which is open at its end where that is `None`.
    pub fn seen(
        &self,
        incident: IncidentId,
        named: impl IntoIterator<Item = EventId>,
        (from, to): (Timestamp, Option<Timestamp>),
    ) -> Vec<&Entry<'a>> {
        let first = self.entries.partition_point(|entry| entry.at() < from);
        let last = to.map_or(self.entries.len(), |to| self.entries.partition_point(|entry| entry.at() <= to));
        let in_time = (first..last).filter(|place| self.entries[*place].incident().is_none());
        let own = self.own.get(&incident).into_iter().flatten().copied();
        let named = named.into_iter().filter_map(|event| self.places.get(&event)).copied();
        let mut places: Vec<_> = in_time.chain(own).chain(named).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &self.entries[place]).collect()
    }
}

/// One event of each identity. Where copies differ, one is taken that all would take; one that was erased before any other.
fn without_doubles<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut by_id: HashMap<EventId, &'a Event> = HashMap::new();
    for event in events {
        let kept = by_id.entry(event.header.id).or_insert(event);
        if preference(event, kept) == Ordering::Less {
            *kept = event;
        }
    }
    let mut events: Vec<_> = by_id.into_values().collect();
    events.sort_by_key(|event| (event.order(), event.header.id));
    events
}

fn preference(a: &Event, b: &Event) -> Ordering {
    let by_hash = (a.body.is_some(), a.header.hash).cmp(&(b.body.is_some(), b.header.hash));
    by_hash.then_with(|| {
        if a == b {
            return Ordering::Equal;
        }
        // Copies of one hash that say different things: one of them was tampered with, which is for `verify` to say.
        let text = |event: &Event| serde_json::to_string(event).unwrap_or_default();
        text(a).cmp(&text(b))
    })
}

type Repeats = HashMap<EventId, EventId>;

/// Events of the same idempotency key count once, the first in a reader's order. The events come in that order.
fn without_repeats<'a>(events: &[&'a Event]) -> (Vec<&'a Event>, Repeats) {
    let mut by_key: HashMap<&str, EventId> = HashMap::new();
    let mut repeats = Repeats::new();
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        let Some(key) = &event.header.key else {
            kept.push(*event);
            continue;
        };
        match by_key.get(key.as_str()) {
            Some(first) => {
                repeats.insert(event.header.id, *first);
            }
            None => {
                by_key.insert(key, event.header.id);
                kept.push(*event);
            }
        }
    }
    (kept, repeats)
}

/// Events whose bodies are not to be shown. Where one of several doubles was erased, so are all.
fn erased(events: &[&Event], repeats: &Repeats) -> HashSet<EventId> {
    let named = events.iter().filter_map(|event| match &event.body {
        Some(Body::Erased { event, .. }) => Some(*event),
        _ => None,
    });
    named.map(|event| repeats.get(&event).copied().unwrap_or(event)).collect()
}

/// The events by the entry that they belong to.
fn threads<'a>(events: &[&'a Event], repeats: &Repeats) -> BTreeMap<EventId, Vec<&'a Event>> {
    let known: HashMap<EventId, &Event> = events.iter().map(|event| (event.header.id, *event)).collect();
    let before = |id: EventId| -> Option<EventId> {
        let event = known.get(&id)?;
        let named = event.header.supersedes?;
        let named = repeats.get(&named).copied().unwrap_or(named);
        // What belongs to another incident is not for this one to change.
        let other = known.get(&named).and_then(|other| other.header.incident);
        let foreign = matches!((event.header.incident, other), (Some(mine), Some(other)) if mine != other);
        (!foreign).then_some(named)
    };
    let mut begins: HashMap<EventId, EventId> = HashMap::new();
    let mut threads: BTreeMap<EventId, Vec<&'a Event>> = BTreeMap::new();
    for event in events {
        threads.entry(beginning(event.header.id, before, &mut begins)).or_default().push(event);
    }
    threads
}

/// Where a chain of edits begins. A chain that bites its tail, which nobody can write honestly, begins with its smallest identity.
fn beginning(
    id: EventId,
    before: impl Fn(EventId) -> Option<EventId>,
    begins: &mut HashMap<EventId, EventId>,
) -> EventId {
    let mut passed = vec![id];
    let mut places = HashMap::from([(id, 0)]);
    let mut at = id;
    let begin = loop {
        if let Some(begin) = begins.get(&at) {
            break *begin;
        }
        let Some(next) = before(at) else { break at };
        if let Some(from) = places.get(&next) {
            break passed[*from..].iter().copied().min().unwrap_or(next);
        }
        places.insert(next, passed.len());
        passed.push(next);
        at = next;
    };
    begins.extend(passed.into_iter().map(|id| (id, begin)));
    begin
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
