//! Branches, loops, steps side by side, timers, and the three modes.

use super::house::{Cluster, HEAD, House, Switches, plan_of, switch};
use crate::runbook::{
    run::{ActResult, Choice, Effect, Input, Mode, Outcome, Record, Status, Why, drafts, entry_of},
    sample::{ROLLBACK, built_in, plan, rollback_answers},
};
use serde_json::json;

const LOOK: &str = r#"
[[step]]
id = "look"
title = "look"
timeout = "10s"
command = { argv = ["see", "a"] }
changes = false
"#;

fn branch(then: &str, otherwise: &str, more: &str) -> String {
    format!(
        "[[step]]\nid = \"which\"\ntitle = \"which\"\nbranch = {{ when = [{{ value = \"{{{{steps.look.stdout}}}}\", is = \"on\" }}], \
         then = \"{then}\", else = \"{otherwise}\"{more} }}\n"
    )
}

fn steps_of(house: &House<Switches>) -> Vec<String> {
    house.orders.iter().map(|order| order.step.clone()).collect()
}

#[test]
fn a_branch_goes_one_way_or_the_other() {
    let text = format!("{HEAD}{LOOK}{}{}{}", branch("b", "c", ""), switch("b"), switch("c"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert_eq!(steps_of(&house), ["c"]);
    let mut house = House::new(
        plan_of(&text),
        Mode::Live,
        Switches { on: [("a".into(), json!("on"))].into(), ..Switches::default() },
    );
    house.begin();
    assert_eq!(steps_of(&house), ["b", "c"]);
    let to_end = format!("{HEAD}{LOOK}{}{}", branch("b", "end", ""), switch("b"));
    let mut house = House::new(plan_of(&to_end), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert!(house.orders.is_empty());
}

#[test]
fn a_look_says_what_it_found() {
    let mut house = House::new(plan_of(&format!("{HEAD}{LOOK}")), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    let texts = house.texts();
    assert!(texts.iter().any(|text| text.ends_with(": exit_code 0, stdout off")), "{texts:#?}");
}

#[test]
fn a_branch_that_cannot_be_decided_is_not_taken() {
    let text = format!("{HEAD}{LOOK}{}{}{}", branch("b", "c", ""), switch("b"), switch("c"));
    let mut house = House::new(
        plan_of(&text),
        Mode::Live,
        Switches { on: [("a".into(), json!(null))].into(), ..Switches::default() },
    );
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(&house.run.state().status, Status::Paused(Why::Undecided(key), _) if key.step == "which"));
    assert!(house.orders.is_empty());
    assert_eq!(house.offered(), ["look-again", "stop"]);
}

#[test]
fn a_loop_ends() {
    let text = format!("{HEAD}{LOOK}{}{}", branch("end", "look", ", at-most = 3"), "");
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Paused));
    let looks = house
        .journal
        .iter()
        .filter(|entry| matches!(&entry.record, Record::StepBegun { key, .. } if key.step == "look"));
    assert_eq!(looks.count(), 4, "once, and three times back");
    assert_eq!(house.offered(), ["stop"]);
}

#[test]
fn an_act_in_a_loop_is_done_once_each_time() {
    let text = format!("{HEAD}{}{LOOK}{}", switch("b"), branch("b", "end", ", at-most = 2"));
    let mut house = House::new(
        plan_of(&text),
        Mode::Live,
        Switches { on: [("a".into(), json!("on"))].into(), ..Switches::default() },
    );
    assert_eq!(house.begin(), Some(Outcome::Paused), "the switch stays on, so that it leads back until it may not");
    let keys: Vec<_> = house.orders.iter().map(|order| order.key.as_str()).collect();
    assert_eq!(keys, ["run-1/b/forward/1/1", "run-1/b/forward/2/1", "run-1/b/forward/3/1"]);
}

#[test]
fn steps_side_by_side_are_all_over_before_it_goes_on() {
    let both = "[[step]]\nid = \"both\"\ntitle = \"both\"\nparallel = [\"a\", \"b\"]\n";
    let text = format!("{HEAD}{both}{}{}{}", switch("a"), switch("b"), switch("c"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert_eq!(steps_of(&house).last().map(String::as_str), Some("c"));
    // One of them fails: the other is not left alone.
    let world = Switches { says: [(("a".into(), false), ActResult::Failed)].into(), ..Switches::default() };
    let mut house = House::new(plan_of(&text), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(!house.orders.iter().any(|order| order.step == "c"));
    assert_eq!(house.choose(Choice::WayBack), Some(Outcome::Failed));
    assert_eq!(
        house.world.on.get("b"),
        Some(&json!("off")).filter(|_| house.counts().contains_key(&("b".into(), false)))
    );
}

#[test]
fn one_refused_beside_one_in_flight_is_not_called_nothing_done() {
    let both = "[[step]]\nid = \"both\"\ntitle = \"both\"\nparallel = [\"a\", \"b\"]\n";
    let text = format!("{HEAD}{both}{}{}", switch("a"), switch("b"));
    let world = Switches { says: [(("b".into(), false), ActResult::Refused)].into(), ..Switches::default() };
    let mut house = House::new(plan_of(&text), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Paused), "{:#?}", house.texts());
    assert_eq!(house.choose(Choice::WayBack), Some(Outcome::Failed));
    assert_eq!(house.world.on["a"], "off");
}

#[test]
fn a_timer_goes_by_the_clock_also_over_a_crash() {
    let wait = "[[step]]\nid = \"wait\"\ntitle = \"wait\"\ntimer = \"10m\"\n";
    let mut house = House::new(plan_of(&format!("{HEAD}{wait}")), Mode::Live, Switches::default());
    let begun = house.now;
    house.crashes = vec![super::house::Crash { at: 9, is_after: true }];
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert_eq!(house.now.duration_since(begun).as_secs(), 660, "ten minutes, and the minute before it was resumed");
}

#[test]
fn a_step_is_left_out_where_its_condition_does_not_hold() {
    let when =
        switch("b").replace("timeout =", "when = [{ value = \"{{steps.look.stdout}}\", is = \"on\" }]\ntimeout =");
    let text = format!("{HEAD}{LOOK}{when}{}", switch("c"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert_eq!(steps_of(&house), ["c"]);
    assert!(house.texts().iter().any(|text| text.starts_with("left out: off is off, not on")), "{:#?}", house.texts());
}

#[test]
fn at_a_table_nothing_is_done_and_nothing_is_asked_of_the_world() {
    for runbook in ["k8s-rollback", "patroni-switchover"] {
        let (given, answers) = match runbook {
            "k8s-rollback" => (ROLLBACK, rollback_answers()),
            _ => (crate::runbook::sample::SWITCHOVER, crate::runbook::sample::switchover_answers()),
        };
        let plan = plan(&built_in(runbook), given, &answers).expect("a plan");
        // A world that must not be touched: it panics where it is asked for anything.
        let mut house = House::new(plan, Mode::Tabletop, Nothing);
        assert_eq!(house.begin(), Some(Outcome::Succeeded), "{:#?}", house.texts());
        assert!(house.texts().contains(&"talked through".to_owned()));
    }
}

struct Nothing;

impl super::house::World for Nothing {
    fn look(
        &mut self,
        glance: &crate::runbook::run::Glance,
        _: crate::model::Timestamp,
    ) -> crate::runbook::ask::Answer {
        panic!("asked at a table: {glance:?}")
    }
    fn act(&mut self, order: &crate::runbook::run::Order, _: crate::model::Timestamp) -> (ActResult, String) {
        panic!("done at a table: {order:?}")
    }
}

#[test]
fn a_drill_acts_on_isolated_targets_only() {
    let mut one = plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan");
    let mut house = House::new(one.clone(), Mode::Drill, Cluster::default());
    assert_eq!(house.begin(), Some(Outcome::Refused));
    assert!(house.orders.is_empty());
    assert!(house.texts().pop().is_some_and(|text| text.contains("is not marked as isolated")));
    one.isolated.insert(one.target.key());
    assert!(!one.is_intact(), "where one may act is part of the plan");
    let mut house = House::new(with_isolated(&[&one.target.key()]), Mode::Drill, Cluster::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert!(house.orders.iter().all(|order| order.mode == Mode::Drill));
}

fn with_isolated(keys: &[&str]) -> crate::runbook::plan::Plan {
    let definition = built_in("k8s-rollback");
    let variables = crate::runbook::sample::variables(&definition, ROLLBACK).expect("are given");
    let answers = rollback_answers().into_iter();
    let facts = crate::runbook::plan::Facts {
        answers: answers.map(|(id, answer)| (id.to_owned(), crate::runbook::ask::Answer::Known(answer))).collect(),
        isolated: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..Default::default()
    };
    crate::runbook::plan::make(&definition, &variables, &facts).expect("a plan")
}

#[test]
fn entries_are_events_and_come_back() {
    let plan = plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan");
    let mut house = House::new(plan.clone(), Mode::Live, Cluster::default());
    house.begin();
    let mut milestones = 0;
    for entry in &house.journal {
        let drafts = drafts(entry, &plan, None);
        milestones += drafts.len() - 1;
        let text = serde_json::to_string(&drafts[0].body).expect("is written");
        let body: crate::model::journal::Body = serde_json::from_str(&text).expect("is read");
        assert_eq!(body, drafts[0].body, "the journal knows the kind");
        assert!(drafts[0].key.as_deref().is_some_and(|key| key.starts_with("run:run-1:1:")));
        assert_eq!(entry_of(&event(drafts[0].clone())).as_ref(), Some(entry));
    }
    assert_eq!(milestones, 1, "the workload being well mitigates");
}

fn event(draft: crate::model::journal::Draft) -> crate::model::journal::Event {
    use crate::model::journal::{Digest, Event, EventId, Header, HybridClock, WriterId};
    let header = Header {
        id: EventId(uuid::Uuid::nil()),
        incident: draft.incident,
        writer: WriterId(uuid::Uuid::nil()),
        sequence: 1,
        clock: HybridClock::default(),
        occurred_at: draft.occurred_at,
        recorded_at: draft.occurred_at,
        actor: draft.actor,
        kind: draft.body.kind(),
        object: None,
        run: draft.run,
        step: draft.step,
        supersedes: None,
        key: draft.key,
        body_hash: Digest::default(),
        previous: Digest::default(),
        hash: Digest::default(),
    };
    Event { header, body: Some(draft.body) }
}

#[test]
fn halting_stops_before_the_next_step() {
    let wait = "[[step]]\nid = \"wait\"\ntitle = \"wait\"\ntimer = \"10m\"\n";
    let mut house = House::new(plan_of(&format!("{HEAD}{wait}{}", switch("a"))), Mode::Live, Switches::default());
    house.says = |question, run| {
        let _ = run;
        super::house::yes(question, run)
    };
    let mut effects = house.run.advance(Input::Start, house.now);
    // Up to the timer.
    while let Some(effect) = effects.pop() {
        let input = match effect {
            Effect::TakeLease { .. } => Input::Leased { token: 1 },
            Effect::Journal(entry) => Input::Journaled { sequence: entry.sequence },
            Effect::Ask(question) => {
                let reply = super::house::yes(&question, &house.run).expect("an answer");
                Input::Answered { ticket: question.ticket, by: crate::runbook::sample::person("ann"), reply }
            }
            _ => continue,
        };
        effects.extend(house.run.advance(input, house.now));
    }
    house.run.advance(Input::Halt { by: crate::runbook::sample::person("ann") }, house.now);
    assert!(matches!(house.run.state().status, Status::Paused(Why::Halted, _)));
}

#[test]
fn the_checklist_says_how_it_stands() {
    use crate::runbook::run::Tone;
    let plan = plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan");
    let mut house = House::new(plan, Mode::Live, Cluster { comes_up: false, ..Cluster::default() });
    house.begin();
    let view = house.run.view();
    let tones: Vec<_> = view.steps.iter().map(|step| (step.id.as_str(), step.tone, step.can_be_undone)).collect();
    assert_eq!(tones, [("confirm", Tone::Good, false), ("apply", Tone::Good, true), ("settled", Tone::Bad, false)]);
    assert_eq!(view.at.as_deref(), Some("settled"));
    assert!(view.next.contains("the rollout does not get on"), "{}", view.next);
}
