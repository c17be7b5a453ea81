//! Tests of the escalation.

use super::*;
use crate::incident::{
    Record,
    oncall::read,
    sample::{Story, at, written},
};
use crate::model::journal::{IncidentId, RoleChange};
use jiff::tz::TimeZoneDatabase;

fn on_call() -> OnCall {
    // In November 2026 `primary` has a gap from 06:00 on.
    let text = r#"
[[rota]]
name = "primary"
zone = "UTC"
[[rota.layer]]
people = ["ops-x"]
start = 2026-11-02
handover = "monday 00:00"
hours = ["daily 00:00-06:00"]

[[escalation]]
name = "urgent"
severities = ["sev1", "sev2"]
[[escalation.level]]
call = ["rota:primary"]
wait-minutes = 5
[[escalation.level]]
call = ["rota:primary", "lead"]
wait-minutes = 10
[[escalation.level]]
call = ["boss"]
"#;
    let (on_call, problems) = read("x.toml", text, &TimeZoneDatabase::bundled());
    assert_eq!(problems, []);
    on_call
}

fn incident(story: &Story, id: IncidentId) -> Incident {
    let events = story.clone().events();
    Incident::of(id, &Record::of(&events)).expect("is declared")
}

/// Asks at a time, and writes what is to be called.
fn ask(story: &mut Story, id: IncidentId, now: &str) -> (Vec<(u32, String, String)>, Option<Timestamp>) {
    let incident = incident(story, id);
    let asked = due(&on_call(), &incident, at(now));
    for call in &asked.calls {
        let draft = call.draft(&incident, at(now));
        story.says(now, "flightdeck", draft.body);
        story.last().header.actor = draft.actor;
        story.last().header.key = draft.key;
    }
    let told = asked.calls.into_iter().map(|call| (call.level, call.to.join(", "), call.text)).collect();
    (told, asked.next)
}

#[test]
fn level_after_level_is_called_once_each() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    assert_eq!(ask(&mut story, id, "02:00"), (vec![(1, "ops-x".into(), "just declared".into())], Some(at("02:05"))));
    assert_eq!(ask(&mut story, id, "02:04"), (vec![], Some(at("02:05"))));
    let second = vec![(2, "ops-x, lead".into(), "nobody has taken it up for 5 min".into())];
    assert_eq!(ask(&mut story, id, "02:05"), (second, Some(at("02:15"))));
    let third = vec![(3, "boss".into(), "nobody has taken it up for 15 min".into())];
    assert_eq!(ask(&mut story, id, "02:15"), (third, None));
    assert_eq!(ask(&mut story, id, "05:00"), (vec![], None), "nobody is called twice");
}

#[test]
fn a_level_has_its_time_however_late_it_was_called() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let (calls, next) = ask(&mut story, id, "02:40");
    assert_eq!(calls, [(1, "ops-x".into(), "nobody has taken it up for 40 min".into())]);
    assert_eq!(next, Some(at("02:45")));
}

#[test]
fn a_level_that_reaches_nobody_does_not_wait() {
    let mut story = Story::new();
    let id = story.declared("07:00", "checkout down");
    let (calls, next) = ask(&mut story, id, "07:00");
    assert_eq!(calls[0], (1, String::new(), "just declared; nobody is on call in primary".into()));
    assert_eq!((calls[1].0, calls[1].1.as_str()), (2, "lead"));
    assert_eq!(next, Some(at("07:10")));
}

#[test]
fn it_ends_when_somebody_takes_it_up_and_begins_anew_when_it_is_reopened() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    ask(&mut story, id, "02:00");
    let claimed = story.role("02:03", "ops-x", Role::Commander, RoleChange::Claimed, "ops-x", None);
    assert_eq!(ask(&mut story, id, "02:30"), (vec![], None));
    story.role("02:40", "ops-x", Role::Commander, RoleChange::Released, "ops-x", Some(claimed));
    assert_eq!(ask(&mut story, id, "02:41"), (vec![], None), "it was taken up once");
    story.says("02:50", "ops-x", Body::Resolved { text: String::new() });
    assert_eq!(ask(&mut story, id, "02:51"), (vec![], None));
    story.says("03:00", "ops-x", Body::Reopened { reason: "again".into() });
    assert_eq!(ask(&mut story, id, "03:00").0.len(), 1);
}

#[test]
fn drills_and_severities_without_a_policy_call_nobody() {
    let mut story = Story::new();
    let drill = story.declared_as("02:00", "x", 1, Sev::Sev1, true);
    let mild = story.declared_as("02:00", "x", 2, Sev::Sev3, false);
    for id in [drill, mild] {
        assert_eq!(due(&on_call(), &incident(&story, id), at("03:00")), Asked::default());
    }
}

#[test]
fn two_cockpits_call_as_one() {
    let mut story = Story::new();
    let id = story.declared("02:00", "checkout down");
    let incident = incident(&story, id);
    let call = &due(&on_call(), &incident, at("02:00")).calls[0];
    let mut both = story.events();
    both.extend(written([call.draft(&incident, at("02:00")), call.draft(&incident, at("02:00:30"))]).into_iter().map(
        |mut event| {
            // The sample gives its first events the identities of the story's.
            event.header.id.0 = uuid::Uuid::from_u128(event.header.id.0.as_u128() + 1000);
            event
        },
    ));
    let folded = Incident::of(id, &Record::of(&both)).expect("is declared");
    assert_eq!(folded.escalations.len(), 1);
}
