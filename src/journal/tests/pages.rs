//! Pages hold what they should, in display order, from wherever they begin.

use super::*;
use crate::model::{
    journal::EventId,
    object::{ObjectKind, ObjectRef},
};

fn request(incident: IncidentId, place: Place) -> PageRequest {
    PageRequest { incident: Some(incident), ambient: None, filter: Filter::default(), place, limit: 4 }
}

fn page(journal: &Journal, request: PageRequest) -> Page {
    let page = journal.page(request).wait(LONG).unwrap();
    assert!(page.entries.is_sorted_by(|one, other| one.event.order() < other.event.order()));
    page
}

/// An incident with 20 notes, written in an order of their own, two of them at each second.
fn filled(journal: &Journal) -> IncidentId {
    let incident = declare(journal, 0, 1);
    let drafts = (0..20).map(|index| {
        let place = index * 7 % 20;
        note(Some(incident), 10 + place / 2, &format!("{place:02}"))
    });
    append(journal, drafts.collect());
    incident
}

#[test]
fn going_from_page_to_page_shows_everything_once_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let incident = filled(&journal);
    let whole = journal.incident(incident).wait(LONG).unwrap();
    assert_eq!(whole.len(), 21);

    let mut forth = page(&journal, request(incident, Place::Oldest));
    assert!(!forth.more_before && forth.more_after);
    let mut all = forth.entries.clone();
    while forth.more_after {
        forth = page(&journal, request(incident, Place::After(all.last().unwrap().event.order())));
        assert!(forth.more_before);
        all.extend(forth.entries.iter().cloned());
    }
    assert_eq!(all, whole);

    let mut back = page(&journal, request(incident, Place::Newest));
    assert!(back.more_before && !back.more_after);
    let mut all = back.entries.clone();
    while back.more_before {
        back = page(&journal, request(incident, Place::Before(all[0].event.order())));
        all.splice(0..0, back.entries.iter().cloned());
    }
    assert_eq!(all, whole);

    let around = page(&journal, request(incident, Place::Around(at(15))));
    let seconds: Vec<_> = around.entries.iter().map(|entry| entry.event.header.occurred_at).collect();
    assert_eq!(seconds, [at(14), at(14), at(15), at(15)]);
    assert!(around.more_before && around.more_after);
    close(&journal);
}

#[test]
fn what_belongs_to_no_incident_stands_in_the_timeline_of_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(Options { checkpoint_every: 1, ..options(folder.path()) }).unwrap();
    let incident = declare(&journal, 10, 1);
    let other = declare(&journal, 10, 2);
    for (incident, second) in [(None, 5), (Some(incident), 11), (None, 12), (Some(other), 13), (None, 14), (None, 30)] {
        one(&journal, note(incident, second, &second.to_string()));
    }
    let ambient = Some((at(10), at(20)));
    let whole = PageRequest { ambient, limit: 50, ..request(incident, Place::Newest) };
    let shown = page(&journal, whole.clone());
    assert_eq!(texts(&shown.entries), ["11", "12", "14"]);
    assert_eq!(shown.entries.len(), 4, "the declaration, and no checkpoint");
    let few = page(&journal, PageRequest { limit: 2, place: Place::Around(at(12)), ..whole.clone() });
    assert_eq!(texts(&few.entries), ["11", "12"]);
    let filter = Filter { kinds: vec!["checkpoint".into()], ..Filter::default() };
    let now = Timestamp::MAX;
    let asked = page(&journal, PageRequest { filter, ambient: Some((at(0), now)), ..whole.clone() });
    assert_eq!(asked.entries.len(), 8);
    let only = page(&journal, PageRequest { incident: None, ..whole });
    assert_eq!(texts(&only.entries), ["12", "14"]);
    close(&journal);
}

#[test]
fn filters_go_by_kind_actor_and_object() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let incident = filled(&journal);
    let pod = ObjectRef::new(ObjectKind::Pod, "prod/shop/web 1");
    let mut draft = note(Some(incident), 3, "about a pod");
    draft.object = Some(pod.clone());
    draft.actor = Actor::program();
    one(&journal, draft);
    let with = |filter| PageRequest { filter, ..request(incident, Place::Oldest) };
    let object = Filter { object: Some(pod), ..Filter::default() };
    assert_eq!(texts(&page(&journal, with(object)).entries), ["about a pod"]);
    let actor = Filter { actor: Some("flightdeck".into()), ..Filter::default() };
    assert_eq!(texts(&page(&journal, with(actor)).entries), ["about a pod"]);
    let kinds = Filter { kinds: vec!["declared".into(), "task".into()], ..Filter::default() };
    let shown = page(&journal, with(kinds));
    assert!(shown.entries.len() == 1 && !shown.more_after);
    let without = Filter { without: vec!["note".into()], ..Filter::default() };
    assert_eq!(page(&journal, with(without)).entries, shown.entries);
    close(&journal);
}

#[test]
fn a_page_brings_what_supersedes_its_events_wherever_that_stands() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let incident = filled(&journal);
    let first = journal.incident(incident).wait(LONG).unwrap()[1].event.header.id;
    let edit = |of: EventId, text: &str| {
        let mut draft = note(Some(incident), 900, text);
        draft.supersedes = Some(of);
        one(&journal, draft).header.id
    };
    let second = edit(first, "edited");
    edit(second, "edited again");
    let shown = page(&journal, request(incident, Place::Oldest));
    assert_eq!(texts(&shown.edits), ["edited", "edited again"]);
    assert!(page(&journal, request(incident, Place::Around(at(17)))).edits.is_empty());
    close(&journal);
}
