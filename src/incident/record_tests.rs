//! Tests of the record: the set decides, whatever the order.

use super::*;
use crate::incident::{
    Incidents,
    sample::{Story, at},
};
use crate::model::journal::{Milestone, OperationStage, Phase, ReviewState, Role, RoleChange, Section, Sev, TaskState};
use crate::model::{
    attention::Severity,
    object::{ObjectKind, ObjectRef},
};
use proptest::prelude::*;

fn note(text: &str) -> Body {
    Body::Note { text: text.into() }
}

fn texts(record: &Record<'_>) -> Vec<String> {
    let text = |entry: &Entry<'_>| match entry.body() {
        Some(Body::Note { text }) => text.clone(),
        Some(body) => body.kind().to_string(),
        None => "-".into(),
    };
    record.entries().iter().map(text).collect()
}

#[test]
fn an_edit_takes_the_place_and_the_history_stays() {
    let mut story = Story::new();
    let first = story.says("02:00", "ops-a", note("one"));
    story.says("02:01", "ops-a", note("two"));
    let second = story.edits("02:00:30", "ops-b", first, note("one, corrected"));
    story.last().header.recorded_at = at("02:02");
    let third = story.edits("02:02", "ops-b", second, note("moved"));
    let events = story.events();
    let record = Record::of(&events);
    assert_eq!(texts(&record), ["two", "moved"], "an edit of the time moves it");
    let entry = record.entry(third).expect("is known");
    assert_eq!(entry.id, first);
    assert!(entry.is_edited());
    let versions: Vec<_> = entry.versions().iter().map(|version| version.event.header.id).collect();
    assert_eq!(versions, [first, second, third]);
    assert_eq!(record.root(second), first);
}

#[test]
fn the_newest_edit_is_shown_whatever_time_it_names() {
    let mut story = Story::new();
    let first = story.says("02:00", "ops-a", note("one"));
    let second = story.edits("02:01", "ops-a", first, note("one, an hour before"));
    story.last().header.occurred_at = at("01:00");
    let events = story.events();
    let record = Record::of(&events);
    assert_eq!(texts(&record), ["one, an hour before"]);
    assert_eq!(record.entries()[0].shown().event.header.id, second);
    assert_eq!(record.entries()[0].at(), at("01:00"));
}

#[test]
fn what_is_withdrawn_stays_struck_out_and_can_be_restored() {
    let mut story = Story::new();
    let first = story.says("02:00", "ops-a", note("one"));
    let gone = story.withdraws("02:01", "ops-a", first, "wrong incident");
    let events = story.clone().events();
    let record = Record::of(&events);
    let entry = &record.entries()[0];
    assert_eq!((entry.body(), entry.withdrawn()), (None, Some("wrong incident")));
    assert_eq!(entry.shown().body, Some(&note("one")));
    assert_eq!(entry.at(), at("02:00"));
    story.edits("02:02", "ops-a", gone, note("one, after all"));
    let events = story.events();
    assert_eq!(texts(&Record::of(&events)), ["one, after all"]);
}

#[test]
fn edits_of_what_is_not_there_belong_together() {
    let mut story = Story::new();
    let first = story.says("02:00", "ops-a", note("one"));
    story.edits("02:01", "ops-a", first, note("two"));
    story.edits("02:02", "ops-a", first, note("three"));
    let mut events = story.events();
    events.remove(0);
    let record = Record::of(&events);
    assert_eq!(texts(&record), ["three"]);
    assert_eq!(record.entries()[0].id, first);
}

#[test]
fn one_key_counts_once_and_is_found_by_all_its_events() {
    let mut story = Story::new();
    let mut keyed = |when: &str, writer: u8, text: &str| {
        let id = story.by_writer(writer).says(when, "flightdeck", note(text));
        story.last().header.key = Some("restart/pod/web-1/4".into());
        id
    };
    let later = keyed("02:00:05", 1, "seen later");
    let first = keyed("02:00:04", 2, "seen first");
    let events = story.events();
    let record = Record::of(&events);
    assert_eq!(texts(&record), ["seen first"]);
    assert_eq!(record.root(later), first);
    assert_eq!(record.entries()[0].repeats, [later]);
}

#[test]
fn what_is_erased_is_not_shown_even_where_it_still_lies() {
    let mut story = Story::new();
    let secret = story.says("02:00", "ops-a", note("the password is …"));
    story.says("02:01", "ops-a", Body::Erased { event: secret, reason: "a secret".into() });
    let mut events = story.events();
    let record = Record::of(&events);
    assert!(record.entry(secret).expect("is known").is_erased());
    assert_eq!(texts(&record), ["-", "erased"]);
    // Of two copies the erased one is taken.
    let mut copy = events[0].clone();
    copy.body = None;
    events.remove(1);
    events.push(copy);
    assert_eq!(texts(&Record::of(&events)), ["-"]);
    events.reverse();
    assert_eq!(texts(&Record::of(&events)), ["-"]);
}

#[test]
fn a_chain_that_bites_its_tail_ends() {
    let mut story = Story::new();
    let ids: Vec<_> = (0..3).map(|_| story.says("02:00", "ops-a", note("x"))).collect();
    let mut events = story.events();
    for (place, event) in events.iter_mut().enumerate() {
        event.header.supersedes = Some(ids[(place + 1) % 3]);
    }
    let record = Record::of(&events);
    assert_eq!(record.entries().len(), 1);
    assert_eq!(record.entries()[0].id, ids[0]);
}

#[test]
fn another_incidents_entries_cannot_be_changed() {
    let mut story = Story::new();
    story.declared("02:00", "one");
    let mine = story.says("02:01", "ops-a", note("mine"));
    story.declared("02:02", "two");
    story.edits("02:03", "ops-b", mine, note("taken over"));
    let events = story.events();
    let record = Record::of(&events);
    assert_eq!(record.entry(mine).and_then(Entry::body), Some(&note("mine")));
    assert_eq!(record.entries().len(), 4);
}

#[test]
fn what_is_late_and_what_is_only_edited() {
    let mut story = Story::new();
    let first = story.says("02:00", "ops-a", note("on time"));
    story.says("02:01", "ops-a", note("backdated"));
    story.last().header.recorded_at = at("02:09");
    story.edits("02:00", "ops-a", first, note("on time, with a word more"));
    story.last().header.recorded_at = at("02:10");
    let events = story.events();
    let record = Record::of(&events);
    let late: Vec<_> = record.entries().iter().map(Entry::late_seconds).collect();
    assert_eq!(late, [None, Some(480.0)]);
}

#[test]
fn a_clock_that_is_behind_does_not_undo_what_it_knew_of() {
    let mut story = Story::new();
    let before = story.says("02:10", "ops-a", note("before"));
    // Written with knowledge of the one before, by a machine that is five minutes behind.
    let after = story.by_writer(2).says("02:10", "ops-b", note("after"));
    story.last().header.occurred_at = at("02:05");
    story.last().header.recorded_at = at("02:05");
    let backdated = story.by_writer(1).says("02:10", "ops-a", note("backdated"));
    story.last().header.occurred_at = at("02:07");
    let events = story.events();
    let record = Record::of(&events);
    let mut by_effect: Vec<_> = record.entries().iter().collect();
    by_effect.sort_by_key(|entry| entry.effect());
    assert_eq!(by_effect.iter().map(|entry| entry.id).collect::<Vec<_>>(), [backdated, before, after]);
    assert_eq!(record.entries()[0].id, after, "a reader sees the times that were written");
}

/// What somebody does, at random.
#[derive(Debug, Clone)]
struct Deed {
    kind: u8,
    minute: u8,
    late: bool,
    writer: u8,
    person: u8,
    /// Which of the events before is meant, where one is.
    of: prop::sample::Index,
    key: Option<u8>,
    /// Whether the other writer has heard what went before.
    heard: bool,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let fields = (0..24_u8, 0..50_u8, any::<bool>(), 1..4_u8, 0..3_u8, any::<prop::sample::Index>(), any::<bool>());
    let deed = (fields, prop::option::weighted(0.2, 0..4_u8)).prop_map(
        |((kind, minute, late, writer, person, of, heard), key)| Deed {
            kind,
            minute,
            late,
            writer,
            person,
            of,
            key,
            heard,
        },
    );
    prop::collection::vec(deed, 1..40)
}

fn body(deed: &Deed, event: EventId, ids: &[EventId]) -> Body {
    let person = ["ops-a", "ops-b", "ops-c"][usize::from(deed.person)];
    let text = format!("text {}", deed.minute);
    let role = [Role::Commander, Role::SubjectExpert][usize::from(deed.minute % 2)];
    let change = |change| Body::Role { role, change, person: person.into(), after: Some(event), brief: String::new() };
    let milestone = Milestone::ALL[usize::from(deed.minute % 5)];
    let incident = IncidentId(ids[deed.of.index(ids.len())].0);
    match deed.kind {
        0 => Body::Title { title: text },
        1 => Body::Severity { severity: Sev::ALL[usize::from(deed.minute % 4)], reason: text },
        2 => Body::Status { phase: Phase::ALL[usize::from(deed.minute % 5)], text },
        3 => change(RoleChange::Claimed),
        4 => change(RoleChange::Released),
        5 => change(RoleChange::Offered),
        6 => change(RoleChange::Accepted),
        7 => Body::Role { role, change: RoleChange::Claimed, person: person.into(), after: None, brief: String::new() },
        8 => Body::Pin { event, pinned: deed.late },
        9 => Body::Update { audience: "internal".into(), text },
        10 => Body::Task { title: text, owner: person.into(), due: None, state: TaskState::Open, action: None },
        11 => Body::Merged { into: incident },
        12 => Body::Milestone { milestone, at: at(&format!("01:{:02}", deed.minute)), proposed: deed.late },
        13 | 14 => Body::Withdrawn { reason: text },
        15 => Body::Resolved { text },
        16 => Body::Reopened { reason: text },
        17 => Body::Erased { event, reason: text },
        18 => Body::Account { section: Section::ALL[usize::from(deed.minute % 6)], text },
        19 => Body::Review { state: ReviewState::ALL[usize::from(deed.minute % 4)], text },
        20 => Body::Declared { title: text, severity: Sev::Sev3, number: u32::from(deed.minute % 3), drill: deed.late },
        21 => Body::Operation {
            stage: OperationStage::Intended,
            operation: text,
            detail: String::new(),
            intended: None,
            escalated_to: vec![],
            data: None,
        },
        22 => Body::Health {
            severity: Severity::Error,
            cleared: deed.late,
            text,
            check: "kube-pod".into(),
            began: None,
            count: 1,
            members: vec![],
        },
        _ => note(&text),
    }
}

/// A record of two incidents and what was done in them.
fn told(deeds: &[Deed]) -> Vec<Event> {
    let mut story = Story::new();
    let incidents = [story.declared("01:00", "one"), story.by_writer(2).declared("01:00", "two")];
    let mut ids: Vec<EventId> = incidents.iter().map(|id| EventId(id.0)).collect();
    for deed in deeds {
        let of = ids[deed.of.index(ids.len())];
        let body = body(deed, of, &ids);
        let edits = matches!(body, Body::Withdrawn { .. } | Body::Milestone { .. } | Body::Task { .. });
        story.in_incident((deed.kind % 7 != 0).then_some(incidents[usize::from(deed.person % 2)]));
        let when = format!("01:{:02}", deed.minute);
        let id = story.by_writer(deed.writer).says(&when, ["ops-a", "ops-b"][usize::from(deed.person % 2)], body);
        let header = &mut story.last().header;
        header.supersedes = edits.then_some(of);
        header.key = deed.key.map(|key| compact_str::format_compact!("{key}"));
        header.object = (deed.kind == 22).then(|| ObjectRef::new(ObjectKind::Mount, "/var"));
        if deed.late {
            header.recorded_at = at("01:55");
        }
        if !deed.heard {
            header.clock = HybridClock { wall_ms: header.occurred_at.as_millisecond(), counter: 0 };
        }
        if matches!(header.kind.as_str(), "declared") {
            header.incident = Some(IncidentId(id.0));
        }
        ids.push(id);
    }
    story.events()
}

type Shape = (EventId, Vec<EventId>, Vec<EventId>, Option<Body>);

fn shape(record: &Record<'_>) -> Vec<Shape> {
    let shape = |entry: &Entry<'_>| {
        let versions = entry.versions().iter().map(|version| version.event.header.id).collect();
        (entry.id, versions, entry.repeats.clone(), entry.body().cloned())
    };
    record.entries().iter().map(shape).collect()
}

proptest! {
    #[test]
    fn only_the_set_counts(deeds in deeds(), seed in any::<u64>(), doubled in any::<prop::sample::Index>()) {
        let events = told(&deeds);
        let mut other = events.clone();
        other.push(events[doubled.index(events.len())].clone());
        other.push(events[doubled.index(events.len())].clone());
        // A permutation that follows from the seed.
        let mut state = seed;
        for place in (1..other.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            other.swap(place, (state >> 33) as usize % (place + 1));
        }
        let (a, b) = (Record::of(&events), Record::of(&other));
        prop_assert_eq!(shape(&a), shape(&b));
        prop_assert_eq!(Incidents::of(&a), Incidents::of(&b));
    }

    #[test]
    fn a_merge_is_a_union(deeds in deeds(), split in any::<prop::sample::Index>()) {
        let events = told(&deeds);
        // Two journals that share some of their events, and are read one after the other.
        let at = split.index(events.len());
        let merged: Vec<_> = events[at..].iter().chain(&events[..at]).chain(&events[at / 2..]).cloned().collect();
        prop_assert_eq!(Incidents::of(&Record::of(&events)), Incidents::of(&Record::of(&merged)));
    }

    #[test]
    fn nothing_is_lost(deeds in deeds()) {
        let events = told(&deeds);
        let record = Record::of(&events);
        let mut seen: Vec<_> = record
            .entries()
            .iter()
            .flat_map(|entry| {
                let versions = entry.versions().iter().map(|version| version.event.header.id);
                versions.chain(entry.repeats.iter().copied()).collect::<Vec<_>>()
            })
            .collect();
        seen.sort();
        let mut all: Vec<_> = events.iter().map(|event| event.header.id).collect();
        all.sort();
        prop_assert_eq!(seen, all);
    }

    #[test]
    fn nobody_has_a_role_that_is_not_shared_with_another(deeds in deeds()) {
        let events = told(&deeds);
        for incident in Incidents::of(&Record::of(&events)).all() {
            for (role, state) in &incident.roles {
                prop_assert!(role.is_shared() || state.holders.len() <= 1);
                let open = state.history.iter().filter(|held| held.until.is_none()).count();
                prop_assert_eq!(open, state.holders.len());
            }
        }
    }
}
