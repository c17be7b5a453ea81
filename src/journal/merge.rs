//! The union of what several writers wrote, without a store: sets of events, and the order in which readers see them.

use crate::model::journal::{DisplayOrder, Event, EventId};
use compact_str::CompactString;
use std::collections::{BTreeMap, HashSet};

/// A set of events in display order. However events come in, and how often, the same events make the same set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventSet {
    events: BTreeMap<DisplayOrder, Event>,
    known: HashSet<EventId>,
}

impl EventSet {
    /// Takes an event in; says whether it is new. An event never changes, so that one that is known is left alone.
    pub fn insert(&mut self, event: Event) -> bool {
        let new = self.known.insert(event.header.id);
        if new {
            self.events.insert(event.order(), event);
        }
        new
    }

    /// Takes in everything of another set.
    pub fn merge(&mut self, other: Self) {
        for event in other.events.into_values() {
            self.insert(event);
        }
    }

    /// Events in display order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.values()
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Events in display order, of those with the same idempotency key only the first: the same deploy, seen by two cockpits.
    pub fn shown(&self) -> Vec<&Event> {
        shown(self.iter())
    }
}

impl FromIterator<Event> for EventSet {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut set = Self::default();
        for event in events {
            set.insert(event);
        }
        set
    }
}

/// Of events in display order those that are shown: of several with the same idempotency key the first.
pub fn shown<'e>(events: impl IntoIterator<Item = &'e Event>) -> Vec<&'e Event> {
    let mut keys: HashSet<&CompactString> = HashSet::new();
    events.into_iter().filter(|event| event.header.key.as_ref().is_none_or(|key| keys.insert(key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::chain::{self, Head, Prepared},
        model::{
            Timestamp,
            journal::{Actor, Body, Draft, WriterId},
        },
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    /// What writers write: for each event the writer, when it happened, and perhaps a key.
    fn written(plan: &[(u8, i64, Option<u8>)]) -> Vec<Event> {
        let mut heads = [Head::default(); 4];
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        plan.iter()
            .enumerate()
            .map(|(index, (writer, second, key))| {
                let body = Body::Note { text: index.to_string() };
                let mut draft = Draft::new(None, at(*second), Actor::program(), body.clone());
                draft.id = Some(EventId(Uuid::from_u128(index as u128 + 1)));
                draft.key = key.map(|key| key.to_string().into());
                let prepared = Prepared::new(draft, at(0)).unwrap();
                let id = WriterId(Uuid::from_bytes([*writer; 16]));
                // Clocks that stand still, so that writers have the same ones.
                let sealed = chain::seal(id, &mut heads[usize::from(*writer)], &prepared, [0; 32], at(0));
                Event { header: sealed.header, body: Some(body) }
            })
            .collect()
    }

    fn plan() -> impl Strategy<Value = Vec<(u8, i64, Option<u8>)>> {
        prop::collection::vec((0u8..4, 0i64..3, prop::option::of(0u8..3)), 0..40)
    }

    fn union(one: &EventSet, other: &EventSet) -> EventSet {
        let mut both = one.clone();
        both.merge(other.clone());
        both
    }

    proptest! {
        #[test]
        fn merging_is_commutative_associative_and_idempotent(plan in plan(), cuts: [prop::sample::Index; 3], overlap in 0usize..10) {
            let events = written(&plan);
            let part = |index: usize| -> EventSet {
                // Parts overlap, as they do where machines have heard of one another.
                let from = cuts[index].index(events.len() + 1).saturating_sub(overlap);
                let to = (from + events.len() / 2 + overlap).min(events.len());
                events[from..to].iter().rev().cloned().collect()
            };
            let [a, b, c] = [part(0), part(1), part(2)];
            prop_assert_eq!(union(&a, &b), union(&b, &a));
            prop_assert_eq!(union(&union(&a, &b), &c), union(&a, &union(&b, &c)));
            prop_assert_eq!(union(&a, &a), a.clone());
            prop_assert_eq!(union(&union(&a, &b), &b), union(&a, &b));
        }

        #[test]
        fn the_order_is_total_and_the_same_however_events_come(plan in plan(), seed: u64) {
            let events = written(&plan);
            let orders: HashSet<DisplayOrder> = events.iter().map(Event::order).collect();
            prop_assert_eq!(orders.len(), events.len(), "no two events have the same place");
            let mut shuffled = events.clone();
            shuffled.sort_by_key(|event| event.header.hash.0.map(|byte| byte ^ seed.to_le_bytes()[usize::from(byte) % 8]));
            let (one, other): (EventSet, EventSet) = (events.iter().cloned().collect(), shuffled.into_iter().collect());
            prop_assert!(one.iter().eq(other.iter()));
            prop_assert!(one.iter().is_sorted_by(|first, second| first.order() < second.order()));
            prop_assert_eq!(one.len(), events.len());
        }

        #[test]
        fn of_one_key_only_the_first_is_shown_and_what_has_none_always(plan in plan()) {
            let set: EventSet = written(&plan).into_iter().collect();
            let shown = set.shown();
            let key = |event: &&Event| event.header.key.clone();
            let keys: Vec<_> = shown.iter().filter_map(key).collect();
            prop_assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
            prop_assert_eq!(shown.iter().filter(|event| event.header.key.is_none()).count(), set.iter().filter(|event| event.header.key.is_none()).count());
            for wanted in keys {
                let first = set.iter().find(|event| event.header.key.as_ref() == Some(&wanted)).unwrap();
                prop_assert!(shown.iter().any(|event| event.header.id == first.header.id));
            }
            prop_assert_eq!(set.is_empty(), plan.is_empty());
        }
    }
}
