//! Tests of the postmortem.

use super::*;
use crate::incident::{
    Incidents,
    sample::{Story, at, golden, outage},
};
use crate::model::{
    attention::Severity,
    journal::{ActionKind, Event, TaskState},
    object::ObjectRef,
};

fn with<T>(events: &[Event], now: &str, look: impl FnOnce(&Postmortem<'_>) -> T) -> T {
    let record = Record::of(events);
    let incidents = Incidents::of(&record);
    let measured =
        Measured { error_budget_spent_ratio: Some(0.42), recovery_time_seconds: Some(1260.0), ..Measured::default() };
    look(&Postmortem::of(&incidents.all()[0], &record, incidents.names(), measured, at(now)))
}

#[test]
fn the_documents_of_an_outage() {
    let events = outage();
    with(&events, "24 09:00", |postmortem| {
        golden("postmortem.md", &markdown(postmortem));
        golden("postmortem.json", &(serde_json::to_string_pretty(&json(postmortem)).expect("writes") + "\n"));
    });
}

#[test]
fn what_is_filled_in_is_cited_and_can_be_found_by_it() {
    let events = outage();
    with(&events, "24 09:00", |postmortem| {
        let cite = postmortem.cite(postmortem.operations[0].event);
        let found = events.iter().filter(|event| event.header.id.to_string().ends_with(&cite)).count();
        assert_eq!(found, 1);
        let deploys: Vec<_> = postmortem.deploys.iter().map(|cited| cited.text.as_str()).collect();
        assert_eq!(deploys.len(), 1, "what was rolled out more than a day before is not told: {deploys:?}");
        assert_eq!(postmortem.alerts.len(), 1, "each alert once");
    });
}

#[test]
fn alerts_that_fire_at_once_are_one_event_and_none_is_lost() {
    let mut story = Story::new();
    let alert = |name: &str| ObjectRef::new(ObjectKind::Alert, format!("prod/{name}").as_str());
    let storm = Body::Health {
        severity: Severity::Critical,
        cleared: false,
        text: "3 alerts: checkout".into(),
        check: "alert".into(),
        began: None,
        count: 3,
        members: ["a", "b", "c"].map(alert).into(),
    };
    story.declared("02:00", "x");
    story.sees("02:01", Some(ObjectRef::new(ObjectKind::Host, "")), storm.clone());
    story.sees("02:02", Some(alert("a")), storm);
    with(&story.events(), "24 09:00", |postmortem| {
        let texts: Vec<_> = postmortem.alerts.iter().map(|cited| cited.text.as_str()).collect();
        assert_eq!(texts, ["3 alerts: checkout"]);
    });
}

#[test]
fn the_day_before_counts_for_deploys() {
    let mut events = outage();
    // The impact began at 22:03 on the 23rd.
    events[0].header.occurred_at = at("22 22:04");
    with(&events, "24 09:00", |postmortem| assert_eq!(postmortem.deploys.len(), 2));
}

#[test]
fn the_recovery_time_is_what_a_run_verified() {
    let recovered = |of_run: bool| {
        let mut story = Story::new();
        let id = story.declared("02:00", "x");
        let milestone = |milestone, when: &str| Body::Milestone { milestone, at: at(when), proposed: of_run };
        story.says("02:01", "ops-a", milestone(Milestone::ImpactStarted, "01:50"));
        story.says("02:20", "ops-a", milestone(Milestone::Mitigated, "02:20"));
        story.last().header.run = of_run.then(|| "run-1".into());
        let events = story.events();
        let record = Record::of(&events);
        let incidents = Incidents::of(&record);
        let incident = incidents.get(id).expect("is declared");
        let made = Postmortem::of(incident, &record, incidents.names(), Measured::default(), at("03:00"));
        made.measured.recovery_time_seconds
    };
    assert_eq!([recovered(true), recovered(false)], [Some(1800.0), None], "what somebody says was not measured");
}

fn ended(severity: Sev, resolved: &str, drill: bool) -> Option<String> {
    let mut story = Story::new();
    let id = story.declared_as("02:00", "x", 1, severity, drill);
    story.says(resolved, "ops-a", Body::Resolved { text: String::new() });
    let events = story.events();
    let incident = Incident::of(id, &Record::of(&events)).expect("is declared");
    due(&incident).map(|due| due.strftime("%a %d %H:%M").to_string())
}

#[test]
fn it_is_due_after_days_that_depend_on_the_severity() {
    // 2026-11-23 is a Monday.
    assert_eq!(ended(Sev::Sev1, "12:00", false).as_deref(), Some("Thu 26 12:00"));
    assert_eq!(ended(Sev::Sev2, "12:00", false).as_deref(), Some("Mon 30 12:00"));
    assert_eq!(ended(Sev::Sev2, "27 12:00", false).as_deref(), Some("Fri 04 12:00"), "of a Friday: the next Friday");
    assert_eq!(ended(Sev::Sev2, "28 12:00", false).as_deref(), Some("Fri 04 12:00"), "of a Saturday: the same");
    assert_eq!(ended(Sev::Sev3, "12:00", false), None);
    assert_eq!(ended(Sev::Sev1, "12:00", true), None, "of a drill none is asked for");
}

#[test]
fn it_is_overdue_until_it_is_reviewed() {
    let events = outage();
    assert!(!with(&events, "26 00:00", |postmortem| postmortem.is_overdue()));
    assert!(with(&events, "27 00:11", |postmortem| postmortem.is_overdue()));
    let mut story_events = events;
    let mut story = Story::new();
    let incident =
        story_events.iter().find(|event| event.header.kind == "declared").expect("is declared").header.incident;
    story.in_incident(incident);
    story.says("26 09:00", "ops-a", Body::Review { state: ReviewState::Reviewed, text: String::new() });
    let mut reviewed = story.events();
    reviewed[0].header.id = EventId(uuid::Uuid::from_u128(99));
    story_events.extend(reviewed);
    assert!(!with(&story_events, "27 00:11", |postmortem| postmortem.is_overdue()));
}

#[test]
fn no_step_is_taken_before_what_it_needs_is_there() {
    let mut story = Story::new();
    let id = story.declared("02:00", "x");
    let check = |story: &Story, to| {
        let events = story.clone().events();
        check_step(&Incident::of(id, &Record::of(&events)).expect("is declared"), to)
    };
    let lacks = check(&story, ReviewState::InReview).expect_err("nothing is written");
    assert_eq!(lacks[0], "the section \"Summary\" is empty");
    assert_eq!(lacks.len(), 3);
    let wrong = check(&story, ReviewState::Closed).expect_err("a step is left out");
    assert_eq!(wrong, ["it is draft, and cannot become closed from there; what comes next is in-review"]);
    for section in ASKED_FOR {
        story.says("03:00", "ops-a", Body::Account { section, text: "…".into() });
    }
    for state in [ReviewState::InReview, ReviewState::Reviewed] {
        assert_eq!(check(&story, state), Ok(()));
        story.says("03:01", "ops-a", Body::Review { state, text: String::new() });
    }
    assert_eq!(check(&story, ReviewState::Closed), Err(vec!["there is no action".into()]));
    let action = |owner: &str| {
        let (title, due, state) = ("raise the limit".into(), Some(at("30 12:00")), TaskState::Open);
        Body::Task { title, owner: owner.into(), due, state, action: Some(ActionKind::Prevent) }
    };
    let task = story.says("03:02", "ops-a", action(""));
    assert_eq!(check(&story, ReviewState::Closed), Err(vec!["the action \"raise the limit\" lacks an owner".into()]));
    story.edits("03:03", "ops-a", task, action("ops-b"));
    assert_eq!(check(&story, ReviewState::Closed), Ok(()));
    assert_eq!(check(&story, ReviewState::Draft), Ok(()), "a step back needs nothing");
}

#[test]
fn what_people_wrote_stays_markdown_and_does_no_harm() {
    let mut story = Story::new();
    story.declared("02:00", "x");
    let text = "# Not a header\n- **bold** <script>alert(1)</script>\npassword=hunter2 \u{1b}[2J\n\n```\ncode\n```";
    story.says("03:00", "ops-a", Body::Account { section: Section::Summary, text: text.into() });
    let page = with(&story.events(), "03:10", markdown);
    assert!(
        page.contains("\\# Not a header\n- **bold** \\<script>alert(1)\\</script>\npassword=[redacted] \u{fffd}[2J"),
        "{page}"
    );
}
