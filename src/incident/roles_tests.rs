//! Tests of the roles.

use super::*;
use crate::incident::sample::{Story, at};
use crate::model::journal::OperationStage;

fn of(story: &Story, id: IncidentId) -> Roles {
    let events = story.clone().events();
    roles(id, &Record::of(&events))
}

fn commander(story: &Story, id: IncidentId) -> RoleState {
    of(story, id).remove(&Role::Commander).unwrap_or_default()
}

#[test]
fn of_two_who_claim_at_once_one_has_it_and_the_other_is_told() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let first = story.role("02:01", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    let second = story.by_writer(2).role("02:01", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", None);
    let state = commander(&story, id);
    assert_eq!((state.holder(), state.newest), (Some("ops-a"), Some(first)));
    assert_eq!(state.without_effect.len(), 1);
    assert_eq!(state.without_effect[0].event, second);
    assert_eq!(state.without_effect[0].why, "came too late, held by ops-a");
    // Who knows of the first may take it over.
    story.role("02:02", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", Some(first));
    let state = commander(&story, id);
    assert_eq!(state.holder(), Some("ops-b"));
    let held: Vec<_> = state.history.iter().map(|held| (held.person.as_str(), held.since, held.until)).collect();
    assert_eq!(held, [("ops-a", at("02:01"), Some(at("02:02"))), ("ops-b", at("02:02"), None)]);
    assert_eq!(state.holder_at(at("02:01:30")), Some("ops-a"));
    assert_eq!(state.holder_at(at("02:00:30")), None);
}

#[test]
fn a_clock_that_is_behind_does_not_make_a_claim_late() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let first = story.role("02:05", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    story.by_writer(2).role("02:06", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", Some(first));
    story.last().header.occurred_at = at("02:02");
    story.last().header.recorded_at = at("02:02");
    let state = commander(&story, id);
    assert_eq!((state.holder(), state.without_effect.len()), (Some("ops-b"), 0));
}

#[test]
fn a_handover_is_offered_and_accepted_by_the_one_it_was_offered_to() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let claimed = story.role("02:01", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    let offered = story.role("02:30", "ops-a", Role::Commander, RoleChange::Offered, "ops-b", Some(claimed));
    let state = commander(&story, id);
    assert_eq!(state.holder(), Some("ops-a"), "it is held until it is accepted");
    assert_eq!(state.offer.as_ref().map(|offer| offer.to.as_str()), Some("ops-b"));
    story.role("02:31", "ops-c", Role::Commander, RoleChange::Accepted, "ops-c", Some(offered));
    let state = commander(&story, id);
    assert_eq!(state.holder(), Some("ops-a"));
    assert_eq!(state.without_effect[0].why, "it was offered to ops-b");
    let accepted = story.role("02:32", "ops-b", Role::Commander, RoleChange::Accepted, "ops-b", Some(offered));
    let state = commander(&story, id);
    assert_eq!((state.holder(), state.offer.is_none()), (Some("ops-b"), true));
    story.role("02:33", "ops-a", Role::Commander, RoleChange::Released, "ops-a", Some(accepted));
    let state = commander(&story, id);
    assert_eq!(state.without_effect[1].why, "ops-a does not have it");
    story.role("02:34", "ops-b", Role::Commander, RoleChange::Released, "ops-b", Some(accepted));
    let state = commander(&story, id);
    assert_eq!(state.holder(), None);
    assert!(state.history.iter().all(|held| held.until.is_some()));
}

#[test]
fn what_was_not_offered_cannot_be_accepted() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.role("02:01", "ops-b", Role::Scribe, RoleChange::Accepted, "ops-b", None);
    let state = &of(&story, id)[&Role::Scribe];
    assert_eq!((state.holder(), state.without_effect[0].why.as_str()), (None, "it was not offered"));
}

#[test]
fn a_claim_that_is_withdrawn_gives_it_back_and_keeps_its_place() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let first = story.role("02:01", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    let second = story.role("02:02", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", Some(first));
    story.withdraws("02:03", "ops-b", second, "wrong incident");
    let state = commander(&story, id);
    assert_eq!((state.holder(), state.newest), (Some("ops-a"), Some(second)));
    story.role("02:04", "ops-c", Role::Commander, RoleChange::Claimed, "ops-c", Some(second));
    assert_eq!(commander(&story, id).holder(), Some("ops-c"));
}

#[test]
fn an_offer_that_was_erased_can_still_be_accepted() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let claimed = story.role("02:01", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    let offered = story.role("02:02", "ops-a", Role::Commander, RoleChange::Offered, "ops-b", Some(claimed));
    story.says("02:03", "ops-a", Body::Erased { event: offered, reason: "a secret in the brief".into() });
    story.role("02:04", "ops-b", Role::Commander, RoleChange::Accepted, "ops-b", Some(offered));
    assert_eq!(commander(&story, id).holder(), Some("ops-b"));
}

#[test]
fn several_are_experts_at_a_time() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    for person in ["dba-a", "dba-b", "dba-a"] {
        story.role("02:01", person, Role::SubjectExpert, RoleChange::Claimed, person, None);
    }
    story.role("02:05", "dba-b", Role::SubjectExpert, RoleChange::Released, "dba-b", None);
    let state = &of(&story, id)[&Role::SubjectExpert];
    assert_eq!(state.holders.iter().map(|holder| holder.person.as_str()).collect::<Vec<_>>(), ["dba-a"]);
    assert!(state.without_effect.is_empty());
}

#[test]
fn a_commander_who_operates_is_noticed() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let operation = |operation: &str| Body::Operation {
        stage: OperationStage::Intended,
        operation: operation.into(),
        detail: String::new(),
        intended: None,
        escalated_to: vec![],
        data: None,
    };
    story.says("02:01", "ops-a", operation("before the role was taken"));
    story.role("02:02", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    story.says("02:03", "ops-b", operation("by another"));
    let noticed = story.says("02:04", "ops-a", operation("by the commander"));
    let events = story.events();
    let record = Record::of(&events);
    let incident = Incident::of(id, &record).expect("is declared");
    assert_eq!(operations_of_the_commander(&incident, &record), [noticed]);
}
