//! Tests of what a declaration proposes.

use super::*;
use crate::incident::{
    Incident, Record,
    sample::{at, deployment, pod, row},
};
use crate::model::journal::{Event, KnownBy};

fn change(kind: ChangeKind, when: &str, object: ObjectRef, text: &str) -> Change {
    Change::new(at(when), kind, Severity::Info, object, text)
}

#[test]
fn the_worst_and_biggest_gives_the_title_and_the_first_the_start() {
    let rows = [
        row(
            "deploy",
            Severity::Error,
            "02:04",
            deployment("checkout"),
            "shop/checkout",
            "2/6 ready: OOM kill of 1.4.3",
        ),
        row(
            "alert",
            Severity::Critical,
            "02:12",
            deployment("checkout"),
            "CheckoutErrors",
            "5 % of requests fail, page",
        ),
        row("disk", Severity::Warn, "01:40", deployment("x"), "/var", "94 % used, full in 3 h"),
        row("rule", Severity::Error, "01:30", deployment("y"), "11f", "container runs privileged"),
    ];
    let changes = [
        change(ChangeKind::Deploy, "02:02", deployment("checkout"), "checkout 1.4.2 → 1.4.3"),
        change(ChangeKind::Deploy, "02:03", deployment("web"), "web 1 → 2"),
        change(ChangeKind::Observed, "02:03", deployment("web"), "scaled"),
        change(ChangeKind::Deploy, "01:00", deployment("checkout"), "long before"),
    ];
    let proposal = propose(&rows, &changes, at("02:14"));
    assert_eq!(proposal.title, "CheckoutErrors: 5 % of requests fail");
    assert_eq!((proposal.severity, proposal.reason.as_str()), (Sev::Sev2, "users notice it: CheckoutErrors"));
    assert_eq!(proposal.impact_started, Some(at("02:04")));
    assert_eq!(proposal.rows.len(), 2, "neither the warning nor the rule belongs to it");
    let suspects: Vec<_> = proposal.suspects.iter().map(|change| change.text.as_str()).collect();
    assert_eq!(suspects, ["checkout 1.4.2 → 1.4.3", "web 1 → 2"], "what concerns it comes first");
}

#[test]
fn the_rule_of_thumb_says_why() {
    let page = |name: &str| row("alert", Severity::Critical, "02:00", deployment(name), name, "fails");
    let error = |name: &str, cause: &str| row("deploy", Severity::Error, "02:00", deployment(name), name, cause);
    let many = || {
        let mut row =
            row("pod", Severity::Error, "02:00", pod("a"), "shop/*", "12 pods are not well: 12 CrashLoopBackOff");
        row.condition.count = 12;
        row
    };
    let critical = |name: &str| row("gpu", Severity::Critical, "02:00", deployment(name), name, "XID 79");
    let cases: Vec<(Vec<Attention>, Sev, &str)> = vec![
        (vec![page("A"), error("web", "0/6 ready: OOM")], Sev::Sev1, "users notice it (A) and nothing of web is ready"),
        (vec![page("A"), page("B")], Sev::Sev1, "users notice it, by 2 alerts and burn rates"),
        (vec![critical("a"), critical("b"), critical("c")], Sev::Sev1, "3 things are critical at once"),
        (vec![page("A")], Sev::Sev2, "users notice it: A"),
        (vec![error("web", "0/6 ready")], Sev::Sev2, "nothing of web is ready"),
        (vec![critical("gpu 3")], Sev::Sev2, "gpu 3 is critical"),
        (vec![many()], Sev::Sev2, "12 things fail at once"),
        (vec![error("web", "2/6 ready")], Sev::Sev3, "one thing fails, and nothing tells that users notice it"),
        (
            vec![error("web", "2/6 ready"), error("api", "1/2 ready")],
            Sev::Sev3,
            "2 things fail, and nothing tells that users notice it",
        ),
        (
            vec![row("disk", Severity::Warn, "02:00", pod("x"), "/var", "94 % used")],
            Sev::Sev4,
            "there are only warnings",
        ),
        (vec![], Sev::Sev3, "nothing is known to be wrong: say how bad it is"),
    ];
    for (rows, severity, reason) in cases {
        let proposal = propose(&rows, &[], at("02:10"));
        assert_eq!((proposal.severity, proposal.reason.as_str()), (severity, reason));
        assert_eq!(proposal.impact_started.is_none(), rows.is_empty());
    }
}

#[test]
fn a_title_is_short_and_harmless() {
    let rows = [row("pod", Severity::Error, "02:00", pod("a"), "\u{1b}[2Jshop/\u{202e}web", &"x".repeat(300))];
    let title = propose(&rows, &[], at("02:10")).title;
    assert!(title.chars().count() <= TITLE_LENGTH && title.chars().all(text::is_harmless), "{title:?}");
}

#[test]
fn what_is_written_makes_an_incident_that_knows_what_it_is_about() {
    let rows = [row("deploy", Severity::Error, "02:04", deployment("checkout"), "shop/checkout", "2/6 ready: OOM")];
    let proposal = propose(&rows, &[], at("02:14"));
    let id = EventId(uuid::Uuid::from_u128(7));
    let actor = Actor { name: "ops-a".into(), known_by: KnownBy::Login, from: None };
    let declaration = Declaration {
        id,
        number: 7,
        title: proposal.title.clone(),
        severity: proposal.severity,
        drill: false,
        says_began: false,
        at: at("02:14"),
        actor,
    };
    let said = Declaration { says_began: true, ..declaration.clone() }.drafts(&proposal);
    assert!(matches!(said[1].body, Body::Milestone { proposed: false, .. }) && said[1].actor == declaration.actor);
    let drafts = declaration.drafts(&proposal);
    assert_eq!(drafts.len(), 3);
    let events: Vec<Event> = crate::incident::sample::written(drafts);
    let incident = Incident::of(IncidentId(id.0), &Record::of(&events)).expect("is declared");
    assert_eq!((incident.name.as_str(), incident.title.as_str()), ("INC-7", "shop/checkout: 2/6 ready"));
    assert!(incident.names(&pod("checkout-7d9f-x2k")));
    let started = &incident.milestones[&Milestone::ImpactStarted];
    assert_eq!((started.at, started.known), (at("02:04"), crate::incident::milestones::Known::Proposed));
}
