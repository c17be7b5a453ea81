//! Tests of the incident.

use super::*;
use crate::incident::{
    Incidents,
    sample::{Story, at, deployment, pod},
};
use crate::model::journal::RoleChange;

fn of(story: &Story, id: IncidentId) -> Incident {
    let events = story.clone().events();
    Incident::of(id, &Record::of(&events)).expect("is declared")
}

#[test]
fn title_severity_and_phase_follow_what_was_said() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout is slow");
    story.says("02:05", "ops-a", Body::Title { title: "checkout down".into() });
    story.says("02:06", "ops-b", Body::Severity { severity: Sev::Sev1, reason: "nobody can pay".into() });
    story.says("02:30", "ops-b", Body::Severity { severity: Sev::Sev3, reason: "half of them".into() });
    story.says("02:10", "ops-b", Body::Status { phase: Phase::Mitigating, text: "rolling back".into() });
    let incident = of(&story, id);
    assert_eq!((incident.name.as_str(), incident.title.as_str()), ("INC-7", "checkout down"));
    assert_eq!((incident.severity, incident.worst_severity()), (Some(Sev::Sev3), Some(Sev::Sev1)));
    let history: Vec<_> = incident.severities.iter().map(|severed| (severed.severity, severed.at)).collect();
    assert_eq!(history, [(Sev::Sev2, at("02:00")), (Sev::Sev1, at("02:06")), (Sev::Sev3, at("02:30"))]);
    assert_eq!(incident.phase, Phase::Mitigating);
    assert_eq!(incident.status.as_ref().map(|status| status.text.as_str()), Some("rolling back"));
    assert!(incident.is_running());
}

#[test]
fn a_severity_that_is_written_down_late_belongs_into_the_past() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.says("02:40", "ops-b", Body::Severity { severity: Sev::Sev3, reason: "half of them".into() });
    story.says("02:50", "ops-b", Body::Severity { severity: Sev::Sev1, reason: "was worse".into() });
    story.last().header.occurred_at = at("02:20");
    let incident = of(&story, id);
    assert_eq!(incident.severity, Some(Sev::Sev3));
    assert_eq!(incident.severities[1].severity, Sev::Sev1);
}

#[test]
fn a_severity_by_a_clock_that_is_behind_counts_all_the_same() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.says("02:40", "ops-b", Body::Severity { severity: Sev::Sev3, reason: "half of them".into() });
    // Said with knowledge of the one before, on a machine that is ten minutes behind.
    story.by_writer(2).says("02:41", "ops-c", Body::Severity { severity: Sev::Sev1, reason: "all of them".into() });
    story.last().header.occurred_at = at("02:31");
    story.last().header.recorded_at = at("02:31");
    assert_eq!(of(&story, id).severity, Some(Sev::Sev1));
}

#[test]
fn what_is_open_is_not_reopened() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.says("02:10", "ops-a", Body::Status { phase: Phase::Mitigating, text: String::new() });
    story.says("02:20", "ops-a", Body::Reopened { reason: "by mistake".into() });
    let incident = of(&story, id);
    assert_eq!((incident.spells.len(), incident.phase), (1, Phase::Mitigating));
}

#[test]
fn an_incident_that_is_backdated_keeps_its_name() {
    let mut story = Story::new();
    let first = story.declared("02:00", "one");
    let second = story.declared("02:10", "two");
    let body = Body::Declared { title: "two".into(), severity: Sev::Sev2, number: 7, drill: false };
    story.edits("02:20", "ops-a", EventId(second.0), body);
    story.last().header.occurred_at = at("01:00");
    let events = story.events();
    let record = Record::of(&events);
    let incidents = Incidents::of(&record);
    let name = |id| incidents.get(id).map(|incident| incident.name.to_string());
    assert_eq!((name(first).as_deref(), name(second).as_deref()), (Some("INC-7"), Some("INC-7b")));
    assert_eq!(incidents.get(second).map(|incident| incident.declared_at), Some(at("01:00")));
}

#[test]
fn resolved_and_reopened_make_spells() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.says("02:30", "ops-a", Body::Resolved { text: "rolled back".into() });
    story.says("02:31", "ops-b", Body::Resolved { text: "at the same time".into() });
    story.says("02:32", "ops-b", Body::Status { phase: Phase::Mitigating, text: "late".into() });
    let resolved = of(&story, id);
    assert_eq!(
        resolved.resolved.as_ref().map(|resolution| (resolution.at, resolution.text.as_str())),
        Some((at("02:30"), "rolled back"))
    );
    assert_eq!((resolved.phase, resolved.is_running()), (Phase::Resolved, false));
    assert_eq!(resolved.window(), (at("01:30"), Some(at("02:30"))));
    story.says("03:00", "ops-a", Body::Reopened { reason: "again".into() });
    let open = of(&story, id);
    assert_eq!((open.phase, open.is_open()), (Phase::Investigating, true));
    story.says("03:20", "ops-a", Body::Status { phase: Phase::Resolved, text: "by its status".into() });
    let again = of(&story, id);
    let spells: Vec<_> = again.spells.iter().map(|spell| (spell.from, spell.to)).collect();
    assert_eq!(spells, [(at("02:00"), Some(at("02:30"))), (at("03:00"), Some(at("03:20")))]);
    assert_eq!(again.open_seconds(at("09:00")), 3000.0);
}

#[test]
fn pins_links_files_escalations_and_people() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let note = story.note("02:01", "ops-b", "look at this");
    let edited = story.edits("02:02", "ops-b", note, Body::Note { text: "look at that".into() });
    story.says("02:03", "ops-a", Body::Pin { event: edited, pinned: true });
    let target = "https://tickets/1".to_owned();
    story.says("02:04", "ops-a", Body::Link { link: LinkKind::Page, incident: None, target });
    let (what, path) = ("recording".into(), "/rec/7.fdr".into());
    story.says("02:05", "ops-a", Body::Attached { what, path, digest: Digest::default(), from: None, to: None });
    story.says("02:06", "ops-a", Body::Escalated { level: 1, to: vec!["ops-c".into()], text: String::new() });
    story.sees("02:07", Some(pod("checkout-7d9f-x2k")), Body::Note { text: "seen by the cockpit".into() });
    let incident = of(&story, id);
    assert_eq!(incident.pins.iter().copied().collect::<Vec<_>>(), [note]);
    assert_eq!((incident.links.len(), incident.files.len(), incident.escalations.len()), (1, 1, 1));
    let people: Vec<_> = incident.participants.iter().map(|person| (person.name.as_str(), person.entries)).collect();
    assert_eq!(people, [("ops-a", 5), ("ops-b", 2)]);
    assert!(incident.objects.is_empty());
    story.says("02:08", "ops-a", Body::Pin { event: note, pinned: false });
    assert!(of(&story, id).pins.is_empty());
}

#[test]
fn it_is_about_what_its_own_and_pinned_entries_name() {
    let mut story = Story::new();
    let seen = story.health("01:59", deployment("checkout"), crate::model::attention::Severity::Error, false, "2/6");
    let id = story.declared("02:00", "checkout down");
    assert!(!of(&story, id).names(&deployment("checkout")));
    story.says("02:01", "ops-a", Body::Pin { event: seen, pinned: true });
    let incident = of(&story, id);
    assert!(incident.names(&deployment("checkout")) && incident.names(&pod("checkout-7d9f-x2k")));
    assert!(!incident.names(&deployment("web")));
}

#[test]
fn two_of_one_number_are_told_apart() {
    let mut story = Story::new();
    let first = story.declared("02:00", "one");
    let second = story.by_writer(2).declared("02:01", "two");
    let events = story.events();
    let record = Record::of(&events);
    let incidents = Incidents::of(&record);
    let names: Vec<_> = incidents.all().iter().map(|incident| incident.name.as_str()).collect();
    assert_eq!(names, ["INC-7", "INC-7b"]);
    assert_eq!(incidents.resolve("7b").map(|incident| incident.id), Ok(second));
    assert_eq!(incidents.resolve("inc-7").map(|incident| incident.id), Ok(first));
    assert_eq!(incidents.next_number(), 8);
}

#[test]
fn merges_are_followed_and_circles_end() {
    let mut story = Story::new();
    let ids = [1, 2, 3].map(|number| story.declared_as("02:00", "x", number, Sev::Sev2, false));
    story.in_incident(Some(ids[0])).says("02:10", "ops-a", Body::Merged { into: ids[1] });
    story.in_incident(Some(ids[1])).says("02:11", "ops-a", Body::Merged { into: ids[2] });
    let events = story.clone().events();
    let incidents = Incidents::of(&Record::of(&events));
    assert_eq!(incidents.goes_on_as(ids[0]), ids[2]);
    assert_eq!(incidents.running().iter().map(|incident| incident.id).collect::<Vec<_>>(), [ids[2]]);
    story.in_incident(Some(ids[2])).says("02:12", "ops-b", Body::Merged { into: ids[1] });
    let events = story.events();
    let incidents = Incidents::of(&Record::of(&events));
    assert_eq!(ids.map(|id| incidents.goes_on_as(id)), [ids[1], ids[1], ids[1]]);
}

#[test]
fn a_withdrawn_incident_needs_nobody_and_keeps_its_name() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    story.withdraws("02:01", "ops-a", EventId(id.0), "declared by mistake");
    let incident = of(&story, id);
    assert_eq!(
        (incident.name.as_str(), incident.title.as_str(), incident.severity),
        ("INC-7", "checkout down", Some(Sev::Sev2))
    );
    assert_eq!((incident.withdrawn.as_deref(), incident.is_running()), (Some("declared by mistake"), false));
}

#[test]
fn a_declaration_that_was_erased_leaves_an_incident_of_which_little_is_known() {
    let mut story = Story::new();
    let id = story.declared("02:00", "the password is …");
    story.says("02:01", "ops-a", Body::Erased { event: EventId(id.0), reason: "a secret".into() });
    let incident = of(&story, id);
    assert_eq!((incident.number, incident.title.as_str(), incident.severity), (None, "?", None));
    story.role("02:02", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    assert_eq!(of(&story, id).holder(Role::Commander), Some("ops-a"));
}

#[test]
fn an_incident_whose_declaration_is_not_there_is_none() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let note = story.note("02:01", "ops-a", "…");
    let events = story.events();
    assert!(Incident::of(id, &Record::of(&events[1..])).is_none());
    assert!(Incident::of(IncidentId(note.0), &Record::of(&events)).is_none(), "a note declares nothing");
}
