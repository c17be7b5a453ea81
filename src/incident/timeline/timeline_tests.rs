//! Tests of the timeline.

use super::*;
use crate::incident::{
    Incidents,
    sample::{Story, at, deployment, pod},
};
use crate::model::{
    attention::Severity,
    journal::{IncidentId, OperationStage, Phase, Role, RoleChange, TaskState},
    object::{ObjectKind, ObjectRef},
};

fn drawn(story: &Story, id: IncidentId, look: &Look) -> Vec<String> {
    let events = story.clone().events();
    let record = Record::of(&events);
    let incidents = Incidents::of(&record);
    let incident = incidents.get(id).expect("is declared");
    let draw = |line: &Line| match line {
        Line::Day(day) => format!("-- {day}"),
        Line::Row(row) => {
            let mut marks = String::new();
            for (mark, is_so) in [
                (" late", row.late_seconds.is_some()),
                (" skew", row.skew_seconds.is_some()),
                (" edited", row.edited),
                (" withdrawn", row.withdrawn.is_some()),
                (" pinned", row.pinned),
            ] {
                marks.push_str(if is_so { mark } else { "" });
            }
            format!("{} {}{marks}", row.at.strftime("%H:%M"), row.text)
        }
    };
    lines(incident, &record, incidents.names(), look).iter().map(draw).collect()
}

fn all() -> Look {
    Look { all: true, ..Look::default() }
}

fn operation(stage: OperationStage, intended: Option<EventId>) -> Body {
    let operation = "rollback of shop/checkout to revision 30".into();
    Body::Operation { stage, operation, detail: String::new(), intended, escalated_to: vec![], data: None }
}

/// An outage over midnight.
fn outage() -> (Story, IncidentId) {
    let mut story = Story::new();
    let deploy = Body::Deploy {
        text: "deployment shop/checkout: image 1.4.2 → 1.4.3".into(),
        from: None,
        to: None,
        revision: None,
    };
    story.sees("23:50", Some(deployment("checkout")), deploy);
    for pod_name in ["checkout-7d9f-a", "checkout-7d9f-b", "checkout-7d9f-c"] {
        story.health("23:52", pod(pod_name), Severity::Error, false, &format!("pod {pod_name}: OOM killed"));
    }
    let id = story.declared("23:55", "checkout down");
    story.last().header.object = Some(deployment("checkout"));
    story.role("23:56", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    story.role("23:57", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", None);
    story.note("23:58", "ops-b", "it began with 1.4.3");
    let intended = story.says("24 00:01", "ops-b", operation(OperationStage::Intended, None));
    story.says("24 00:02", "ops-b", operation(OperationStage::Done, Some(intended)));
    story.says("24 00:05", "ops-a", Body::Status { phase: Phase::Monitoring, text: "6/6 ready".into() });
    (story, id)
}

fn resolve(story: &mut Story) {
    story.says("24 00:20", "ops-a", Body::Resolved { text: "rolled back".into() });
}

#[test]
fn the_usual_view_has_what_turned_the_incident() {
    let (mut story, id) = outage();
    resolve(&mut story);
    assert_eq!(
        drawn(&story, id, &Look::default()),
        [
            "-- 2026-11-23",
            "23:50 deployment shop/checkout: image 1.4.2 → 1.4.3",
            "23:52 impact started, as it seems: pod checkout-7d9f-a: OOM killed",
            "23:52 detected, as it seems: pod checkout-7d9f-a: OOM killed",
            "23:55 ops-a declared INC-7, sev2: checkout down",
            "23:56 acknowledged, as it seems: ops-a set to work",
            "23:56 ops-a took command",
            "23:57 ops-b took command: came too late, held by ops-a",
            "-- 2026-11-24",
            "00:02 rollback of shop/checkout to revision 30: done",
            "00:05 mitigated, as it seems: went over to monitoring",
            "00:05 monitoring: 6/6 ready",
            "00:20 resolved",
            "00:20 ops-a resolved it: rolled back",
        ]
    );
}

#[test]
fn everything_is_one_key_away_and_alike_ones_are_folded() {
    let (mut story, id) = outage();
    resolve(&mut story);
    let lines = drawn(&story, id, &all());
    let health: Vec<_> = lines.iter().filter(|line| line.contains("OOM") && !line.contains("as it seems")).collect();
    assert_eq!(health, ["23:52 pod checkout-7d9f-c: OOM killed, and 2 more alike"]);
    assert!(lines.iter().any(|line| line == "23:58 ops-b: it began with 1.4.3"), "{lines:#?}");
    assert!(lines.iter().any(|line| line == "00:01 rollback of shop/checkout to revision 30: begun"));
    let unfolded = drawn(&story, id, &Look { unfolded: true, ..all() });
    assert_eq!(unfolded.len(), lines.len() + 2);
}

#[test]
fn the_same_thing_again_and_again_is_counted() {
    let (mut story, id) = outage();
    for minute in ["00:06", "00:07", "00:08"] {
        story.health(&format!("24 {minute}"), pod("web-1"), Severity::Warn, false, "pod web-1 restarted");
    }
    let lines = drawn(&story, id, &all());
    assert!(lines.iter().any(|line| line == "00:06 pod web-1 restarted (3 times)"), "{lines:#?}");
}

#[test]
fn what_stands_for_many_counts_as_many() {
    let (mut story, id) = outage();
    for (minute, n) in [("00:06", 4), ("00:07", 5)] {
        story.health(
            &format!("24 {minute}"),
            deployment("web"),
            Severity::Warn,
            false,
            &format!("{n} pods of web restarted"),
        );
        if let Some(Body::Health { count, .. }) = &mut story.last().body {
            *count = n;
        }
    }
    let lines = drawn(&story, id, &all());
    assert!(lines.iter().any(|line| line == "00:06 5 pods of web restarted (9 times)"), "{lines:#?}");
}

#[test]
fn what_lies_outside_its_time_or_belongs_to_another_is_not_its_own() {
    let (mut story, id) = outage();
    resolve(&mut story);
    story.health("22:00", pod("early"), Severity::Error, false, "long before");
    story.health("24 00:30", pod("late"), Severity::Error, false, "afterwards");
    story.declared("23:59", "another");
    story.note("24 00:00", "ops-c", "of another");
    let lines = drawn(&story, id, &all());
    for text in ["long before", "afterwards", "of another"] {
        assert!(!lines.iter().any(|line| line.contains(text)), "{text}");
    }
}

#[test]
fn badges_say_what_is_late_edited_withdrawn_and_pinned() {
    let (mut story, id) = outage();
    let note = story.note("24 00:06", "ops-b", "tpyo");
    let edited = story.edits("24 00:06", "ops-b", note, Body::Note { text: "typo".into() });
    story.note("24 00:07", "ops-b", "remembered");
    story.last().header.recorded_at = at("24 00:30");
    let wrong = story.note("24 00:08", "ops-b", "wrong");
    story.withdraws("24 00:09", "ops-b", wrong, "wrong incident");
    let pinned = story.note("24 00:10", "ops-b", "the cause");
    story.says("24 00:11", "ops-a", Body::Pin { event: pinned, pinned: true });
    story.note("24 00:12", "ops-b", "by a clock that is behind");
    story.last().header.recorded_at = at("24 00:11:30");
    let lines = drawn(&story, id, &Look { kinds: ["note".into()].into(), ..all() });
    assert_eq!(
        lines,
        [
            "-- 2026-11-23",
            "23:58 ops-b: it began with 1.4.3",
            "-- 2026-11-24",
            "00:06 ops-b: typo edited",
            "00:07 ops-b: remembered late",
            "00:08 ops-b: wrong withdrawn",
            "00:10 ops-b: the cause pinned",
            "00:12 ops-b: by a clock that is behind skew",
        ]
    );
    assert!(drawn(&story, id, &Look::default()).iter().any(|line| line == "00:10 ops-b: the cause pinned"));
    let events = story.events();
    let record = Record::of(&events);
    let history = history(record.entry(note).expect("is known"), &Names::default());
    let told: Vec<_> = history.iter().map(|earlier| (earlier.event, earlier.text.as_str())).collect();
    assert_eq!(told, [(note, "ops-b: tpyo"), (edited, "ops-b: typo")]);
}

#[test]
fn filters_by_kind_actor_object_and_text() {
    let (mut story, id) = outage();
    resolve(&mut story);
    let count = |look: Look| drawn(&story, id, &look).iter().filter(|line| !line.starts_with("--")).count();
    assert_eq!(count(Look { kinds: ["role".into()].into(), ..Look::default() }), 2);
    assert_eq!(count(Look { actor: "OPS-B".into(), ..all() }), 4);
    assert_eq!(count(Look { object: "checkout-7d9f-b".into(), unfolded: true, ..all() }), 1);
    assert_eq!(count(Look { text: "revision 30".into(), ..all() }), 2);
    let newest = drawn(&story, id, &Look { newest_first: true, ..Look::default() });
    assert_eq!(newest[..2], ["-- 2026-11-24", "00:20 ops-a resolved it: rolled back"]);
}

#[test]
fn each_version_of_a_task_is_something_that_happened() {
    let (mut story, id) = outage();
    let body = |owner: &str, state| Body::Task {
        title: "find the leak".into(),
        owner: owner.into(),
        due: None,
        state,
        action: None,
    };
    let task = story.says("24 00:06", "ops-a", body("", TaskState::Open));
    let given = story.edits("24 00:07", "ops-a", task, body("ops-c", TaskState::Open));
    story.edits("24 00:15", "ops-c", given, body("ops-c", TaskState::Done));
    let lines = drawn(&story, id, &Look { kinds: ["task".into()].into(), ..all() });
    assert_eq!(
        lines,
        [
            "-- 2026-11-24",
            "00:06 task for nobody yet: find the leak",
            "00:07 task for ops-c: find the leak",
            "00:15 task done: find the leak (ops-c)",
        ]
    );
}

#[test]
fn a_milestone_that_was_set_stands_at_the_time_that_it_names() {
    let (mut story, id) = outage();
    let set = Body::Milestone { milestone: Milestone::ImpactStarted, at: at("23:51"), proposed: false };
    story.says("24 00:19", "ops-a", set);
    let usual = drawn(&story, id, &Look::default());
    assert!(usual.iter().any(|line| line == "23:51 impact started"), "{usual:#?}");
    assert!(!usual.iter().any(|line| line.starts_with("00:19")));
    assert!(drawn(&story, id, &all()).iter().any(|line| line.starts_with("00:19 ops-a set impact started to")));
}

#[test]
fn every_kind_that_is_offered_is_one() {
    assert!(TURNS.iter().all(|kind| KINDS.contains(kind)));
    let (mut story, id) = outage();
    let hostile = ObjectRef::new(ObjectKind::Mount, "/\u{1b}[2J");
    story.health("24 00:06", hostile, Severity::Error, false, "\u{1b}[2J");
    let lines = drawn(&story, id, &all());
    assert!(lines.iter().all(|line| line.chars().all(crate::model::text::is_harmless)));
}
