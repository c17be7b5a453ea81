//! Tests of the sentences.

use super::*;
use crate::incident::sample::{Story, at};
use crate::model::{
    journal::{CheckpointBody, Digest, Milestone, Phase, ReviewState, Section, Sev},
    text::is_harmless,
};
use proptest::prelude::*;

fn said(body: Body) -> String {
    let mut story = Story::new();
    story.says("02:00", "ops-a", body);
    sentence(story.last())
}

fn operation(stage: OperationStage, detail: &str) -> Body {
    Body::Operation {
        stage,
        operation: "rollback of shop/checkout to revision 30".into(),
        detail: detail.into(),
        intended: None,
        escalated_to: vec![],
        data: None,
    }
}

fn role(role: Role, change: RoleChange, person: &str, brief: &str) -> Body {
    Body::Role { role, change, person: person.into(), after: None, brief: brief.into() }
}

#[test]
fn every_kind_has_its_words() {
    let id = EventId(uuid::Uuid::nil());
    let title = || "checkout down".to_owned();
    let health = |text: &str| Body::Health {
        severity: Severity::Error,
        cleared: false,
        text: text.into(),
        check: "kube-pod".into(),
        began: None,
        count: 4,
        members: vec![],
    };
    let task = |owner: &str, state| {
        let due = Some(at("03:00"));
        Body::Task { title: "find the leak".into(), owner: owner.into(), due, state, action: None }
    };
    let deploy = |text: &str| Body::Deploy {
        text: text.into(),
        from: Some("checkout:1.4.2".into()),
        to: Some("checkout:1.4.3".into()),
        revision: Some("31".into()),
    };
    let milestone = |proposed| Body::Milestone { milestone: Milestone::ImpactStarted, at: at("01:58"), proposed };
    for (body, expected) in [
        (
            Body::Declared { title: title(), severity: Sev::Sev2, number: 7, drill: false },
            "ops-a declared INC-7, sev2: checkout down",
        ),
        (
            Body::Declared { title: title(), severity: Sev::Sev3, number: 8, drill: true },
            "ops-a declared the drill INC-8, sev3: checkout down",
        ),
        (Body::Title { title: title() }, "ops-a called it: checkout down"),
        (Body::Severity { severity: Sev::Sev1, reason: "nobody can pay".into() }, "ops-a set sev1: nobody can pay"),
        (Body::Severity { severity: Sev::Sev1, reason: String::new() }, "ops-a set sev1"),
        (Body::Status { phase: Phase::Mitigating, text: "rolling back".into() }, "mitigating: rolling back"),
        (role(Role::Commander, RoleChange::Claimed, "ops-a", ""), "ops-a took command"),
        (role(Role::Commander, RoleChange::Claimed, "ops-b", ""), "ops-b took command (entered by ops-a)"),
        (role(Role::Commander, RoleChange::Offered, "ops-b", "all quiet"), "ops-a offered command to ops-b: all quiet"),
        (role(Role::Commander, RoleChange::Accepted, "ops-a", ""), "ops-a took over command"),
        (role(Role::Commander, RoleChange::Released, "ops-a", ""), "ops-a gave up command"),
        (role(Role::Scribe, RoleChange::Claimed, "ops-a", ""), "ops-a became scribe"),
        (role(Role::Scribe, RoleChange::Offered, "ops-b", ""), "ops-a offered the role of scribe to ops-b"),
        (role(Role::SubjectExpert, RoleChange::Accepted, "ops-a", ""), "ops-a took over as subject expert"),
        (role(Role::Deputy, RoleChange::Released, "ops-a", ""), "ops-a is no longer deputy"),
        (Body::Note { text: "two\nlines\tand a tab".into() }, "ops-a: two lines and a tab"),
        (Body::Pin { event: id, pinned: true }, "ops-a pinned an entry"),
        (Body::Pin { event: id, pinned: false }, "ops-a unpinned an entry"),
        (health("4 pods of checkout OOM killed"), "4 pods of checkout OOM killed"),
        (
            Body::Rule { check: "11f".into(), cleared: false, text: "container dbg-1 runs privileged".into() },
            "rule 11f violated: container dbg-1 runs privileged",
        ),
        (Body::Rule { check: "11f".into(), cleared: true, text: String::new() }, "rule 11f kept again"),
        (deploy("deployment shop/checkout"), "deployment shop/checkout, checkout:1.4.2 → checkout:1.4.3, rev 31"),
        (
            deploy("deployment shop/checkout: image checkout:1.4.2 → checkout:1.4.3, rev 31"),
            "deployment shop/checkout: image checkout:1.4.2 → checkout:1.4.3, rev 31",
        ),
        (operation(OperationStage::Intended, ""), "rollback of shop/checkout to revision 30: begun"),
        (operation(OperationStage::Done, ""), "rollback of shop/checkout to revision 30: done"),
        (operation(OperationStage::Failed, "denied"), "rollback of shop/checkout to revision 30: failed: denied"),
        (
            operation(OperationStage::Unknown, ""),
            "rollback of shop/checkout to revision 30: nobody knows whether it was done",
        ),
        (operation(OperationStage::Refused, "11f"), "rollback of shop/checkout to revision 30: refused: 11f"),
        (
            Body::Step {
                runbook: "k8s-rollback".into(),
                stage: StepStage::Verified,
                text: "6/6 ready".into(),
                data: None,
            },
            "k8s-rollback: 6/6 ready, verified",
        ),
        (
            Body::Approval { plan: "0123456789abcdef".into(), approved: true, text: String::new() },
            "ops-a approved plan 0123456789ab",
        ),
        (
            Body::Update { audience: "customers".into(), text: "we are on it".into() },
            "status update, customers: we are on it",
        ),
        (task("ops-b", TaskState::Open), "task for ops-b: find the leak, due 2026-11-23 03:00:00Z"),
        (task("", TaskState::Open), "task for nobody yet: find the leak, due 2026-11-23 03:00:00Z"),
        (task("ops-b", TaskState::Done), "task done: find the leak (ops-b)"),
        (task("ops-b", TaskState::Dropped), "task dropped: find the leak"),
        (
            Body::Link { link: LinkKind::Page, incident: None, target: "https://tickets/1".into() },
            "ops-a linked https://tickets/1",
        ),
        (
            Body::Link {
                link: LinkKind::CausedBy,
                incident: Some(IncidentId(uuid::Uuid::nil())),
                target: String::new(),
            },
            "ops-a said that it was caused by 00000000-0000-0000-0000-000000000000",
        ),
        (
            Body::Merged { into: IncidentId(uuid::Uuid::nil()) },
            "ops-a merged it into 00000000-0000-0000-0000-000000000000",
        ),
        (milestone(false), "ops-a set impact started to 2026-11-23 01:58:00Z"),
        (milestone(true), "impact started at 2026-11-23 01:58:00Z, as it seems"),
        (Body::Withdrawn { reason: "wrong".into() }, "ops-a withdrew an entry: wrong"),
        (Body::Resolved { text: "rolled back".into() }, "ops-a resolved it: rolled back"),
        (Body::Reopened { reason: "again".into() }, "ops-a reopened it: again"),
        (
            Body::Attached {
                what: "recording".into(),
                path: "/r".into(),
                digest: Digest::default(),
                from: None,
                to: None,
            },
            "ops-a attached recording: /r",
        ),
        (
            Body::Escalated { level: 2, to: vec!["ops-c".into()], text: "no answer for 5 min".into() },
            "escalated to level 2, ops-c: no answer for 5 min",
        ),
        (Body::Escalated { level: 1, to: vec![], text: String::new() }, "escalated to level 1, nobody is on call"),
        (Body::Erased { event: id, reason: "a secret".into() }, "ops-a erased an entry: a secret"),
        (
            Body::Account { section: Section::WentWell, text: "the alert came soon".into() },
            "ops-a wrote into the postmortem: What went well",
        ),
        (Body::Review { state: ReviewState::InReview, text: String::new() }, "postmortem in-review"),
        (
            Body::Checkpoint(CheckpointBody {
                size: 12,
                root: Digest::default(),
                public_key: "k".into(),
                signature: "s".into(),
            }),
            "checkpoint of 12 events",
        ),
        (
            Body::Other(serde_json::json!({"kind": "weather", "text": "rain"})),
            "weather (a kind that this version does not know): rain",
        ),
    ] {
        assert_eq!(said(body), expected);
    }
}

#[test]
fn other_incidents_are_named_where_their_names_are_known() {
    let mut story = Story::new();
    let other = story.declared("02:00", "x");
    story.says("02:01", "ops-a", Body::Merged { into: other });
    let names = Names::of([(other, Some(7))]);
    let event = story.last();
    assert_eq!(told(&event.header, event.body.as_ref(), &names), "ops-a merged it into INC-7");
    assert_eq!(told(&event.header, None, &names), "merged: erased");
}

#[test]
fn secrets_and_escape_sequences_do_not_pass() {
    assert_eq!(
        said(Body::Note { text: "password=hunter2 \u{1b}[2J".into() }),
        "ops-a: password=[redacted] \u{fffd}[2J"
    );
}

#[test]
fn tones_follow_what_is_meant() {
    assert_eq!(tone(Some(&operation(OperationStage::Done, ""))), Tone::Good);
    assert_eq!(tone(Some(&operation(OperationStage::Unknown, ""))), Tone::Unknown);
    assert_eq!(tone(Some(&role(Role::Scribe, RoleChange::Claimed, "x", ""))), Tone::People);
    assert_eq!(tone(None), Tone::Plain);
}

#[test]
fn cites_are_as_long_as_they_have_to_be() {
    let id = |text: &str| EventId(uuid::Uuid::parse_str(text).expect("is a UUID"));
    let (a, b) = (id("01939f00-0000-7000-8000-1a2b3c4d5e6f"), id("01939f00-0000-7abc-8000-1a2b3c4d5e70"));
    let c = id("01939f00-0000-7abc-8007-1a2b3c4d5e70");
    assert_eq!(Cites::of([a]).cite(a), "3c4d5e6f");
    assert_eq!([Cites::of([a, b]).cite(a), Cites::of([a, b, a]).cite(b)], ["3c4d5e6f", "3c4d5e70"]);
    assert_eq!(Cites::of([a, b, c]).cite(b), "0-1a2b3c4d5e70", "as long as it has to be");
}

#[test]
fn an_event_is_meant_by_either_end_of_its_identity() {
    let event = EventId(uuid::Uuid::parse_str("01939f00-0000-7000-8000-1a2b3c4d5e6f").expect("is a UUID"));
    for typed in ["01939f00", "3C4D5E6F", " 01939f00-0000-7000-8000-1a2b3c4d5e6f "] {
        assert!(is_meant(event, typed), "{typed}");
    }
    for typed in ["", "939f00", "3c4d5e"] {
        assert!(!is_meant(event, typed), "{typed}");
    }
}

proptest! {
    #[test]
    fn a_sentence_is_one_harmless_line(text in any::<String>(), who in any::<String>()) {
        let mut story = Story::new();
        story.says("02:00", &who, Body::Note { text });
        let said = sentence(story.last());
        prop_assert!(said.chars().all(is_harmless), "{said:?}");
    }
}
