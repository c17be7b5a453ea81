//! Tests of the milestones.

use super::*;
use crate::incident::sample::{Story, at, deployment, pod};
use crate::model::{
    attention::Severity,
    journal::IncidentId,
    object::{ObjectKind, ObjectRef},
};

fn of(story: &Story, id: IncidentId) -> Milestones {
    let events = story.clone().events();
    Incident::of(id, &Record::of(&events)).expect("is declared").milestones
}

fn times(milestones: &Milestones) -> Vec<(Milestone, Timestamp)> {
    milestones.iter().map(|(milestone, moment)| (*milestone, moment.at)).collect()
}

fn alert(cleared: bool) -> Body {
    Body::Health {
        severity: Severity::Critical,
        cleared,
        text: "alert CheckoutErrors".into(),
        check: "alert".into(),
        began: None,
        count: 1,
        members: vec![],
    }
}

/// An outage from the first sign to the end, which names its deployment.
fn outage() -> (Story, IncidentId) {
    let mut story = Story::new();
    story.health("01:40", ObjectRef::new(ObjectKind::Mount, "/var"), Severity::Warn, false, "disk /var: 90 %");
    story.health("02:02", pod("checkout-7d9f-x2k"), Severity::Error, false, "OOM killed");
    if let Some(Body::Health { began, .. }) = &mut story.last().body {
        *began = Some(at("02:01"));
    }
    story.sees("02:04", Some(deployment("checkout")), alert(false));
    let id = story.declared("02:06", "checkout down");
    story.last().header.object = Some(deployment("checkout"));
    story.note("02:08", "ops-b", "looking");
    story.health("02:20", pod("checkout-7d9f-x2k"), Severity::Error, true, "over");
    story.sees("02:25", Some(deployment("checkout")), alert(true));
    (story, id)
}

#[test]
fn they_are_derived_from_what_was_seen() {
    use Milestone::{Acknowledged, Detected, ImpactStarted, Mitigated, Resolved};
    let (mut story, id) = outage();
    let open = of(&story, id);
    let expected = [(ImpactStarted, "02:01"), (Detected, "02:02"), (Acknowledged, "02:08"), (Mitigated, "02:25")]
        .map(|(m, t)| (m, at(t)));
    assert_eq!(times(&open), expected);
    assert!(open.values().all(|moment| moment.known == Known::Derived));
    assert_eq!(open[&ImpactStarted].why, "OOM killed");
    story.says("02:23", "ops-b", Body::Status { phase: Phase::Monitoring, text: String::new() });
    story.says("02:40", "ops-b", Body::Resolved { text: "rolled back".into() });
    let over = of(&story, id);
    assert_eq!(over[&Mitigated].at, at("02:23"), "whichever came first");
    assert_eq!(over[&Resolved].at, at("02:40"));
}

#[test]
fn what_is_told_later_of_the_time_before_is_no_work() {
    let (mut story, id) = outage();
    story.note("01:58", "ops-a", "the deploy began");
    assert_eq!(of(&story, id)[&Milestone::Acknowledged].at, at("02:08"));
    story.note("02:03", "ops-a", "saw it");
    assert_eq!(of(&story, id)[&Milestone::Acknowledged].at, at("02:03"));
}

#[test]
fn what_nothing_tells_of_is_missing() {
    let mut story = Story::new();
    let id = story.declared("02:06", "checkout down");
    assert_eq!(times(&of(&story, id)), [(Milestone::Detected, at("02:06"))]);
}

#[test]
fn it_is_not_mitigated_while_one_thing_is_wrong() {
    let (mut story, id) = outage();
    story.health("02:10", deployment("checkout"), Severity::Error, false, "2/6 ready");
    assert!(!of(&story, id).contains_key(&Milestone::Mitigated));
    story.health("02:30", deployment("checkout"), Severity::Error, true, "over");
    assert_eq!(of(&story, id)[&Milestone::Mitigated].at, at("02:30"));
}

#[test]
fn an_incident_that_names_nothing_takes_what_was_serious() {
    let mut story = Story::new();
    story.health("01:50", deployment("batch"), Severity::Error, false, "failed");
    story.health("01:55", deployment("batch"), Severity::Error, true, "over before");
    story.health("01:56", deployment("web"), Severity::Warn, false, "1 of 6 not ready");
    story.health("02:02", deployment("checkout"), Severity::Error, false, "2/6 ready");
    let id = story.declared("02:06", "something is down");
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].at, at("02:02"));
}

#[test]
fn what_was_set_wins_over_what_was_proposed_and_the_newest_wins() {
    let (mut story, id) = outage();
    let says = |at_: &str, proposed| Body::Milestone { milestone: Milestone::ImpactStarted, at: at(at_), proposed };
    story.says("02:09", "flightdeck", says("01:58", true));
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].known, Known::Proposed);
    let set = story.says("02:30", "ops-a", says("01:50", false));
    story.says("02:31", "flightdeck", says("01:59", true));
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].at, at("01:50"));
    let newest = story.says("02:32", "ops-b", says("01:45", false));
    let moment = &of(&story, id)[&Milestone::ImpactStarted];
    assert_eq!((moment.at, moment.event, moment.why.as_str()), (at("01:45"), newest, "set by ops-b"));
    story.edits("02:33", "ops-a", set, says("01:49", false));
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].at, at("01:49"), "an edit is the newest word");
    story.withdraws("02:34", "ops-a", set, "wrong");
    story.withdraws("02:34", "ops-a", newest, "wrong");
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].known, Known::Proposed);
}

#[test]
fn a_guess_of_when_users_began_to_be_hurt_is_no_later_than_what_was_seen() {
    let (mut story, id) = outage();
    let says = |when: &str, proposed| Body::Milestone { milestone: Milestone::ImpactStarted, at: at(when), proposed };
    story.says("02:06", "ops-a", says("02:05", true));
    let moment = &of(&story, id)[&Milestone::ImpactStarted];
    assert_eq!((moment.at, moment.known), (at("02:01"), Known::Derived));
    // It fits again where a person says that it was seen later.
    let mut later = story.clone();
    let detected = Body::Milestone { milestone: Milestone::Detected, at: at("02:06"), proposed: false };
    later.says("02:08", "ops-a", detected);
    assert_eq!(of(&later, id)[&Milestone::ImpactStarted].at, at("02:05"));
    story.says("02:07", "ops-a", says("02:05", false));
    assert_eq!(of(&story, id)[&Milestone::ImpactStarted].at, at("02:05"), "a person's word stands");
}

#[test]
fn what_ended_before_it_was_reopened_is_not_the_end() {
    let (mut story, id) = outage();
    let set = Body::Milestone { milestone: Milestone::Mitigated, at: at("02:24"), proposed: false };
    story.says("02:26", "ops-a", set);
    story.says("02:30", "ops-a", Body::Resolved { text: String::new() });
    assert_eq!(of(&story, id)[&Milestone::Mitigated].at, at("02:24"));
    story.says("03:00", "ops-a", Body::Reopened { reason: "again".into() });
    let open = of(&story, id);
    assert!(!open.contains_key(&Milestone::Mitigated) && !open.contains_key(&Milestone::Resolved));
    assert_eq!(open[&Milestone::ImpactStarted].at, at("02:01"));
    story.health("03:01", deployment("checkout"), Severity::Error, false, "2/6 ready");
    story.health("03:20", deployment("checkout"), Severity::Error, true, "over");
    story.says("03:30", "ops-a", Body::Resolved { text: String::new() });
    let over = of(&story, id);
    assert_eq!((over[&Milestone::Mitigated].at, over[&Milestone::Resolved].at), (at("03:20"), at("03:30")));
}
