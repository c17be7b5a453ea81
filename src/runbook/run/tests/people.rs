//! Confirmations, forms, approvals.

use super::house::{HEAD, House, Patroni, Switches, plan_of, switch};
use crate::{
    model::journal::{Actor, KnownBy},
    runbook::{
        plan::Plan,
        run::{Asking, Choice, Input, Mode, Outcome, Reply, Run, Status, Why, figures, judging::later},
        sample::{built_in, person, plan, switchover_answers},
    },
};
use serde_json::json;

fn failover() -> Plan {
    let given = &[("endpoint", "http://127.0.0.1:8008"), ("candidate", "n2"), ("server", "pg")];
    let mut answers = switchover_answers();
    answers[0].1["leader"] = json!(null);
    let cluster = answers[0].1.clone();
    let mut candidate = answers[1].1.clone();
    candidate["rpo"] = json!("12 MiB, of 14 s ago");
    answers.extend([("leaderless", cluster), ("state", candidate)]);
    plan(&built_in("patroni-failover"), given, &answers).expect("a plan")
}

fn leaderless() -> Patroni {
    Patroni { leader: None, rpo: "12 MiB, of 14 s ago", ..Patroni::default() }
}

fn approve(run: &Run, by: Actor, house_now: crate::model::Timestamp) -> Input {
    Input::Approved { by, binding: run.binding(), approved: true, at: house_now, text: String::new(), event: None }
}

#[test]
fn a_failover_waits_for_a_second_person_and_shows_what_would_be_lost() {
    let mut house = House::new(failover(), Mode::Live, leaderless());
    assert_eq!(house.begin(), Some(Outcome::Paused));
    let question = house.run.question().expect("somebody is asked").clone();
    let Asking::Approval { text, binding, people: 1, requester, .. } = &question.asking else { panic!("{question:?}") };
    assert!(text.contains("12 MiB, of 14 s ago"), "{text}");
    assert_eq!((binding, requester.name.as_str()), (&house.run.plan().plan_hash, "ann"));
    let approval = approve(&house.run, person("bob"), house.now);
    house.tell(approval);
    assert_eq!(house.go(), Some(Outcome::Succeeded), "{:#?}", house.texts());
    assert_eq!(house.world.changes, 1);
    let entries: Vec<_> = house.journal.iter().collect();
    assert_eq!(figures::given_up(&entries).as_deref(), Some("12 MiB, of 14 s ago"), "as it was right before the act");
}

#[test]
fn nobody_approves_what_they_asked_for() {
    let mut house = House::new(failover(), Mode::Live, leaderless());
    house.begin();
    let same_name = Actor { name: " ANN ".into(), from: Some("elsewhere".into()), ..Actor::default() };
    let same_session = Actor { name: "bob".into(), from: person("ann").from, ..Actor::default() };
    let program = Actor { known_by: KnownBy::Program, ..person("bob") };
    let nobody = Actor { name: "".into(), ..person("bob") };
    for by in [person("ann"), same_name, same_session, program, nobody] {
        let approval = approve(&house.run, by.clone(), house.now);
        house.tell(approval);
        assert_eq!(house.go(), Some(Outcome::Paused), "{by:?}");
        assert!(house.told.pop().is_some_and(|text| text.contains("does not count")), "{by:?}");
    }
    assert!(house.run.state().approvals.is_empty());
    assert!(house.orders.is_empty());
}

#[test]
fn an_approval_is_of_one_plan_and_for_a_time() {
    let mut house = House::new(failover(), Mode::Live, leaderless());
    house.begin();
    let other = Input::Approved {
        by: person("bob"),
        binding: crate::model::journal::Digest([1; 32]),
        approved: true,
        at: house.now,
        text: String::new(),
        event: None,
    };
    house.tell(other);
    assert_eq!(house.go(), Some(Outcome::Paused));
    assert!(house.run.state().approvals.is_empty(), "it is for another plan");
    let old = crate::model::Timestamp::UNIX_EPOCH;
    let approval = approve(&house.run, person("bob"), old);
    house.tell(approval);
    let future = approve(&house.run, person("bob"), later(house.now, 3_600));
    house.tell(future);
    assert!(house.run.state().approvals.is_empty(), "it is too old, or not given yet");
}

#[test]
fn an_approval_that_has_lapsed_is_asked_for_again() {
    // Between the approval and the act somebody takes an hour to confirm.
    let approval =
        "[[step]]\nid = \"approve\"\ntitle = \"approve\"\napproval = { text = \"sure?\", valid = \"10m\" }\n";
    let wait = "[[step]]\nid = \"wait\"\ntitle = \"wait\"\ntimer = \"1h\"\n";
    let text = format!("{HEAD}{approval}{wait}{}", switch("a"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    house.begin();
    let approval = approve(&house.run, person("bob"), house.now);
    house.tell(approval);
    assert_eq!(house.go(), Some(Outcome::Paused));
    assert!(house.orders.is_empty(), "the approval has lapsed");
    assert!(matches!(house.run.question().map(|question| &question.asking), Some(Asking::Approval { .. })));
    let approval = approve(&house.run, person("bob"), house.now);
    house.tell(approval);
    assert_eq!(house.go(), Some(Outcome::Succeeded), "{:#?}", house.texts());
}

#[test]
fn who_approved_and_carries_it_on_is_no_second_person() {
    let approval =
        "[[step]]\nid = \"approve\"\ntitle = \"approve\"\napproval = { text = \"sure?\", valid = \"10h\" }\n";
    let wait = "[[step]]\nid = \"wait\"\ntitle = \"wait\"\ntimer = \"1m\"\n";
    let text = format!("{HEAD}{approval}{wait}{}", switch("a"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    house.begin();
    let approval = approve(&house.run, person("bob"), house.now);
    house.tell(approval.clone());
    house.tell(approval);
    house.operator = person("bob");
    house.break_down();
    house.go();
    assert_eq!(house.texts().iter().filter(|text| *text == "approved by bob").count(), 0);
    let again = approve(&house.run, person("bob"), house.now);
    house.tell(again);
    assert_eq!(house.go(), Some(Outcome::Paused));
    let third = approve(&house.run, person("cid"), house.now);
    house.tell(third);
    assert_eq!(house.go(), Some(Outcome::Succeeded), "{:#?}", house.texts());
}

#[test]
fn an_approval_is_bound_to_what_was_filled_in() {
    let input = "[[step]]\nid = \"form\"\ntitle = \"form\"\n[[step.input]]\nname = \"value\"\ntitle = \"value\"\n";
    let approval = "[[step]]\nid = \"approve\"\ntitle = \"approve\"\napproval = { text = \"{{steps.form.value}}?\", valid = \"10m\" }\n";
    let act = switch("a")
        .replace("argv = [\"switch\", \"a\", \"on\"]", "argv = [\"switch\", \"--\", \"{{steps.form.value}}\"]");
    let text = format!("{HEAD}{input}{approval}{act}");
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    house.begin();
    assert_ne!(house.run.binding(), house.run.plan().plan_hash);
    let Some(Asking::Approval { text, binding, .. }) = house.run.question().map(|question| question.asking.clone())
    else {
        panic!("somebody is asked")
    };
    assert_eq!((text.as_str(), binding), ("x?", house.run.binding()));
    let blind = Input::Approved {
        by: person("bob"),
        binding: house.run.plan().plan_hash,
        approved: true,
        at: house.now,
        text: String::new(),
        event: None,
    };
    house.tell(blind);
    assert!(house.run.state().approvals.is_empty(), "it was given without knowing what was filled in");
}

#[test]
fn somebody_who_says_no_pauses_the_run() {
    let mut house = House::new(failover(), Mode::Live, leaderless());
    house.begin();
    let no = Input::Approved {
        by: person("bob"),
        binding: house.run.binding(),
        approved: false,
        at: house.now,
        text: "the leader is back".into(),
        event: None,
    };
    house.tell(no);
    assert_eq!(house.go(), Some(Outcome::Paused));
    assert!(
        matches!(&house.run.state().status, Status::Paused(Why::Disapproved, text) if text.contains("the leader is back"))
    );
    assert_eq!(house.choose(Choice::Stop), Some(Outcome::Failed));
    assert!(house.orders.is_empty());
}

#[test]
fn what_is_typed_has_to_be_the_name() {
    let mut house = House::new(plan_of(&format!("{HEAD}{}", switch("a"))), Mode::Live, Switches::default());
    house.says = |question, _| match &question.asking {
        Asking::Confirm { .. } => Some(Reply::Typed("boards".into())),
        _ => None,
    };
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert_eq!(house.told, ["«boards» is not board: nothing is done"]);
    let ticket = house.run.question().expect("is still asked").ticket;
    house.tell(Input::Answered { ticket, by: person("ann"), reply: Reply::Typed(" board ".into()) });
    assert_eq!(house.go(), Some(Outcome::Succeeded));
    house.tell(Input::Answered { ticket, by: person("ann"), reply: Reply::Typed("board".into()) });
    assert_eq!(house.counts().len(), 1, "a question is answered once");
}

#[test]
fn who_says_no_at_the_beginning_has_done_nothing() {
    let mut house = House::new(plan_of(&format!("{HEAD}{}", switch("a"))), Mode::Live, Switches::default());
    house.says = |question, _| match &question.asking {
        Asking::Confirm { .. } => Some(Reply::Declined),
        _ => None,
    };
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert_eq!(house.offered(), ["go-on", "stop"]);
    assert_eq!(house.choose(Choice::Stop), Some(Outcome::Failed));
    assert!(house.texts().iter().all(|text| !text.contains("turn")), "{:?}", house.texts());
}

#[test]
fn a_form_takes_only_what_fits_and_keeps_no_secret() {
    let input = concat!(
        "[[step]]\nid = \"form\"\ntitle = \"form\"\n",
        "[[step.input]]\nname = \"count\"\ntitle = \"count\"\ntype = \"integer\"\nmax = 3\n",
        "[[step.input]]\nname = \"key\"\ntitle = \"key\"\ntype = \"secret\"\n",
    );
    let act =
        switch("a").replace("command = { argv", "command = { environment = { KEY = \"{{steps.form.key}}\" }, argv");
    let mut house = House::new(plan_of(&format!("{HEAD}{input}{act}")), Mode::Live, Switches::default());
    house.says = |question, run| match &question.asking {
        Asking::Input { .. } => None,
        _ => super::house::yes(question, run),
    };
    house.begin();
    let fill = |house: &mut House<Switches>, count: i64, secrets: &[&str]| {
        let ticket = house.run.question().expect("is asked").ticket;
        let values = [("count".to_owned(), json!(count)), ("key".to_owned(), json!("hunter2"))].into();
        let secrets = secrets.iter().map(|name| (*name).to_owned()).collect();
        house.tell(Input::Answered { ticket, by: person("ann"), reply: Reply::Filled { values, secrets } });
        house.go()
    };
    assert_eq!(fill(&mut house, 4, &["key"]), Some(Outcome::Paused));
    assert_eq!(house.told.pop().as_deref(), Some("count: 4 is not at most 3"));
    assert_eq!(fill(&mut house, 2, &[]), Some(Outcome::Paused));
    assert_eq!(house.told.pop().as_deref(), Some("key is not given"));
    assert_eq!(fill(&mut house, 2, &["key"]), Some(Outcome::Succeeded), "{:#?}", house.texts());
    let kept = serde_json::to_string(&house.journal).expect("is written");
    assert!(!kept.contains("hunter2"));
    let crate::runbook::act::Act::Command(command) = &house.orders[0].act else { panic!("a command") };
    assert_eq!(command.environment["KEY"].unseal(&|name| Some(format!("<{name}>"))), Ok("<steps.form.key>".into()));
}

#[test]
fn nobody_who_answers_pauses_the_run() {
    let text = HEAD.replace("title = \"confirm\"", "title = \"confirm\"\ntimeout = \"10m\"");
    let mut house = House::new(plan_of(&format!("{text}{}", switch("a"))), Mode::Live, Switches::default());
    house.says = |_, _| None;
    house.is_patient = false;
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(
        matches!(&house.run.state().status, Status::Paused(Why::Unanswered(_), _)),
        "{:?}",
        house.run.state().status
    );
    house.says = super::house::yes;
    assert_eq!(house.choose(Choice::GoOn), Some(Outcome::Succeeded));
}

#[test]
fn notes_are_taken_at_any_time() {
    let mut house = House::new(failover(), Mode::Live, leaderless());
    house.begin();
    house.tell(Input::Note { by: person("ann"), text: "the disk of n1 is gone; password=hunter2".into() });
    house.go();
    let last = house.journal.last().expect("something is written");
    assert_eq!(last.by.name, "ann");
    assert!(last.text().contains("the disk of n1 is gone") && !last.text().contains("hunter2"), "{}", last.text());
}
