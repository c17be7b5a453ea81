//! Failures, doubts, and what a person can do about them.

use super::house::{Cluster, Crash, HEAD, House, Patroni, Switches, plan_of, switch};
use crate::{
    model::journal::Actor,
    runbook::{
        plan::Plan,
        run::{ActResult, Choice, Effect, Input, Mode, Outcome, Status, Why},
        sample::{ROLLBACK, SWITCHOVER, built_in, person, plan, rollback_answers, switchover_answers},
    },
};

fn rollback() -> Plan {
    plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan")
}

fn switchover() -> Plan {
    plan(&built_in("patroni-switchover"), SWITCHOVER, &switchover_answers()).expect("a plan")
}

#[test]
fn what_is_refused_is_not_done() {
    let world = Cluster { says: (ActResult::Refused, "rule 20a: it is protected"), ..Cluster::default() };
    let mut house = House::new(rollback(), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Refused));
    assert_eq!(house.world.changes, 0);
    assert!(matches!(&house.run.state().status, Status::Finished(_, text) if text.contains("rule 20a")));
}

#[test]
fn a_preflight_that_failed_refuses_before_anybody_is_asked() {
    let mut answers = switchover_answers();
    answers[1].1["lag_bytes"] = serde_json::json!(73_400_320);
    let plan = plan(&built_in("patroni-switchover"), SWITCHOVER, &answers).expect("a plan");
    let mut house = House::new(plan, Mode::Live, Patroni::default());
    assert_eq!(house.begin(), Some(Outcome::Refused));
    let last = house.texts().pop().expect("something is written");
    assert!(last.contains("lag_bytes is 73400320, above 1048576"), "{last}");
    assert!(house.orders.is_empty());
}

#[test]
fn a_target_that_changed_since_the_plan_stops_it() {
    let world = Cluster { template: "cccc".into(), ..Cluster::default() };
    let mut house = House::new(rollback(), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Refused));
    let last = house.texts().pop().expect("something is written");
    assert!(last.contains("template_hash was aaaa, and is cccc"), "{last}");
    let mut house = House::new(rollback(), Mode::Live, Cluster { paused: true, ..Cluster::default() });
    assert_eq!(house.begin(), Some(Outcome::Refused));
    assert!(house.orders.is_empty());
}

#[test]
fn what_cannot_be_reached_pauses() {
    let mut house = House::new(rollback(), Mode::Live, Cluster { answers: false, ..Cluster::default() });
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(house.run.state().status, Status::Paused(Why::Preflight, _)));
    assert_eq!(house.offered(), ["look-again", "stop"]);
    house.world.answers = true;
    assert_eq!(house.choose(Choice::LookAgain), Some(Outcome::Succeeded), "{:#?}", house.texts());
    assert_eq!(house.world.changes, 1);
}

#[test]
fn a_failed_verification_offers_the_way_back() {
    let mut house = House::new(rollback(), Mode::Live, Cluster { comes_up: false, ..Cluster::default() });
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(&house.run.state().status, Status::Paused(Why::Unverified(key), _) if key.step == "settled"));
    assert_eq!(house.offered(), ["look-again", "way-back", "stop"]);
    assert_eq!(house.choose(Choice::WayBack), Some(Outcome::Failed));
    assert_eq!(house.world.template, "aaaa");
    let last = house.texts().pop().expect("something is written");
    assert_eq!(last, "went back: apply undone and verified");
    assert_eq!(house.counts().into_values().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_run_that_succeeded_can_be_undone() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    house.tell(Input::WayBack { by: person("ann") });
    assert_eq!(house.go(), Some(Outcome::Failed), "{:#?}", house.texts());
    assert_eq!(house.world.template, "aaaa");
    house.tell(Input::WayBack { by: person("ann") });
    assert_eq!(house.go(), Some(Outcome::Failed));
    assert_eq!(house.counts()[&("apply".into(), true)], 1, "nothing is left to be undone");
}

#[test]
fn wanting_to_undo_a_run_that_succeeded_and_then_not_leaves_it_as_it_was() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    house.world.says = (ActResult::Refused, "there is no revision 6");
    house.tell(Input::WayBack { by: person("ann") });
    assert_eq!(house.go(), Some(Outcome::Paused), "{:#?}", house.texts());
    assert_eq!(house.choose(Choice::Stop), Some(Outcome::Succeeded), "{:#?}", house.texts());
    assert_eq!(house.world.changes, 1);
}

#[test]
fn an_unknown_outcome_is_looked_at_and_not_repeated() {
    let world = Patroni { says: (ActResult::Unknown, "503: Switchover status unknown"), ..Patroni::default() };
    let mut house = House::new(switchover(), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Succeeded), "{:#?}", house.texts());
    assert_eq!(house.world.changes, 1);
    assert!(house.texts().contains(&"the target shows that it was done".to_owned()));
}

#[test]
fn what_the_target_does_not_show_a_person_has_to_say() {
    // The act reaches nobody, nobody answers whether it did, and then everybody does.
    let text = format!("{HEAD}{}{}", switch("a"), switch("b"));
    let world = Switches {
        says: [(("b".into(), false), ActResult::Unknown)].into(),
        silent: vec!["b".into()],
        ..Switches::default()
    };
    let mut house = House::new(plan_of(&text), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(&house.run.state().status, Status::Paused(Why::InDoubt(key), _) if key.step == "b"));
    assert_eq!(house.offered(), ["look-again", "was-done", "was-not-done", "stop"], "no way back while it is in doubt");
    let mut other = House::new(plan_of(&text), Mode::Live, house.world.clone());
    other.begin();
    assert_eq!(other.choose(Choice::Stop), Some(Outcome::Unknown), "nothing half done is called done");
    house.world.silent.clear();
    house.world.says.clear();
    assert_eq!(house.choose(Choice::WasNotDone), Some(Outcome::Succeeded));
    assert_eq!(house.counts()[&("b".into(), false)], 2, "a person has said that it was not done");
}

#[test]
fn without_a_way_to_find_out_a_crash_leaves_a_doubt() {
    let text = format!("{HEAD}{}", switch("a"))
        .replace("not-done = [{ path = \"stdout\", is = \"off\" }]\n[step.undo]", "[step.undo]");
    // The order leaves, and the house breaks down before it reaches anybody.
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    let at = (0..100).find(|at| {
        let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
        house.crashes = vec![Crash { at: *at, is_after: false }];
        house.begin();
        matches!(house.run.state().status, Status::Paused(Why::InDoubt(_), _))
    });
    house.crashes = vec![Crash { at: at.expect("some crash leaves a doubt"), is_after: false }];
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(house.orders.is_empty());
    assert_eq!(house.choose(Choice::WasNotDone), Some(Outcome::Succeeded));
    assert_eq!(house.counts()[&("a".into(), false)], 1);
}

#[test]
fn an_inconclusive_verification_pauses_and_can_be_vouched_for() {
    let text = format!("{HEAD}{}", switch("a"));
    let mut house =
        House::new(plan_of(&text), Mode::Live, Switches { silent: vec!["a".into()], ..Switches::default() });
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(&house.run.state().status, Status::Paused(Why::Inconclusive(_), _)));
    assert_eq!(house.offered(), ["look-again", "accept", "way-back", "stop"]);
    assert_eq!(house.choose(Choice::Accept), Some(Outcome::Succeeded));
}

#[test]
fn only_what_was_done_is_undone_and_what_has_no_way_back_is_named() {
    let without = switch("b");
    let without = without.split("[step.undo]").next().expect("a step").to_owned() + "";
    let without = without.replace("[[step.verify]]", "no-undo = \"it is gone\"\n[[step.verify]]");
    let text = format!("{HEAD}{}{without}{}{}", switch("a"), switch("c"), switch("d"));
    let world = Switches { says: [(("c".into(), false), ActResult::Refused)].into(), ..Switches::default() };
    let mut house = House::new(plan_of(&text), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert_eq!(house.offered(), ["again", "way-back", "stop"]);
    assert_eq!(house.choose(Choice::WayBack), Some(Outcome::Failed));
    let last = house.texts().pop().expect("something is written");
    assert_eq!(last, "went back: a undone and verified; b stands, there is no way back from it");
    let back: Vec<_> = house.orders.iter().filter(|order| order.back).map(|order| order.step.as_str()).collect();
    assert_eq!(back, ["a"]);
}

#[test]
fn calling_it_off_says_what_is_in_flight_and_waits_for_it() {
    let mut house = House::new(switchover(), Mode::Live, Patroni::default());
    // The order leaves, and nobody has answered yet.
    let mut order = None;
    let mut open = house.run.advance(Input::Start, house.now);
    for _ in 0..200 {
        if open.is_empty() {
            break;
        }
        let effect = open.remove(0);
        let inputs = match effect {
            Effect::Execute(it) => {
                order = Some(it);
                break;
            }
            Effect::TakeLease { .. } => vec![Input::Leased { token: 1 }],
            Effect::Journal(entry) => vec![Input::Journaled { sequence: entry.sequence }],
            Effect::Look(glance) => {
                let answer = super::house::World::look(&mut house.world, &glance, house.now);
                vec![Input::Looked { ticket: glance.ticket, answer }]
            }
            Effect::Ask(question) => {
                let reply = super::house::yes(&question, &house.run).expect("an answer");
                vec![Input::Answered { ticket: question.ticket, by: person("ann"), reply }]
            }
            _ => vec![],
        };
        for input in inputs {
            let more = house.run.advance(input, house.now);
            open.extend(more);
        }
    }
    let order = order.expect("the order leaves");
    assert_eq!(order.step, "switchover");
    let effects = house.run.advance(Input::Cancel { by: person("ann") }, house.now);
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Tell(text) => Some(text.clone()),
        _ => None,
    });
    let told = told.expect("it says what is in flight");
    assert!(told.contains("switchover is in flight") && told.contains("Patroni carries it on"), "{told}");
    let entry = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Journal(entry) => Some(entry.sequence),
            _ => None,
        })
    };
    let sequence = entry(&effects).expect("it is written down");
    assert!(
        house
            .run
            .advance(Input::Journaled { sequence }, house.now)
            .iter()
            .all(|effect| !matches!(effect, Effect::Execute(_)))
    );
    assert!(matches!(house.run.state().status, Status::Running), "the act is waited for");
    let effects = house.run.advance(
        Input::Executed { ticket: order.ticket, result: ActResult::Done, text: "done".into(), answer: None },
        house.now,
    );
    let sequence = entry(&effects).expect("its outcome is written down");
    house.run.advance(Input::Journaled { sequence }, house.now);
    assert!(matches!(house.run.state().status, Status::Paused(Why::Cancelled, _)));
    assert_eq!(house.run.choices(&Why::Cancelled), [Choice::GoOn, Choice::WayBack, Choice::Stop]);
}

#[test]
fn an_order_that_nobody_answers_is_in_doubt_after_its_time() {
    struct Mute(Switches);
    impl super::house::World for Mute {
        fn look(
            &mut self,
            glance: &crate::runbook::run::Glance,
            now: crate::model::Timestamp,
        ) -> crate::runbook::ask::Answer {
            self.0.look(glance, now)
        }
        fn act(&mut self, order: &crate::runbook::run::Order, now: crate::model::Timestamp) -> (ActResult, String) {
            self.0.act(order, now);
            // The house's answer is lost; what it says is ignored below.
            (ActResult::Unknown, "the connection broke".into())
        }
    }
    let mut house = House::new(plan_of(&format!("{HEAD}{}", switch("a"))), Mode::Live, Mute(Switches::default()));
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    assert_eq!(house.counts()[&("a".into(), false)], 1);
}

#[test]
fn stop_conditions_pause_the_run() {
    let stop = "[[stop]]\ntitle = \"the error rate is high\"\nevery = \"5s\"\nask = { command = { argv = [\"see\", \"alarm\"] } }\nwhen = [{ path = \"stdout\", is = \"on\" }]\n";
    let text = format!("{HEAD}{}{}{stop}", switch("a"), switch("b"));
    let mut house = House::new(
        plan_of(&text),
        Mode::Live,
        Switches { on: [("alarm".into(), "on".into())].into(), ..Switches::default() },
    );
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(
        matches!(&house.run.state().status, Status::Paused(Why::Stopped, text) if text == "the error rate is high")
    );
    assert!(house.orders.is_empty());
    house.world.on.remove("alarm");
    assert_eq!(house.choose(Choice::GoOn), Some(Outcome::Succeeded), "{:#?}", house.texts());
    // Nobody who could say whether it has to stop.
    let mut house =
        House::new(plan_of(&text), Mode::Live, Switches { silent: vec!["alarm".into()], ..Switches::default() });
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(house.orders.is_empty());
}

#[test]
fn a_stop_condition_is_seen_while_the_run_waits() {
    let stop = "[[stop]]\ntitle = \"alarm\"\nevery = \"5s\"\nask = { command = { argv = [\"see\", \"a\"] } }\nwhen = [{ path = \"stdout\", is = \"on\" }]\n";
    let wait = "[[step]]\nid = \"wait\"\ntitle = \"wait\"\ntimer = \"1h\"\n";
    let mut house = House::new(plan_of(&format!("{HEAD}{}{wait}{stop}", switch("a"))), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Paused));
    assert!(matches!(&house.run.state().status, Status::Paused(Why::Stopped, _)), "{:#?}", house.texts());
    assert_eq!(house.counts().len(), 1);
}

#[test]
fn a_run_that_is_halted_before_an_order_leaves_has_not_sent_it() {
    let mut house = House::new(plan_of(&format!("{HEAD}{}", switch("a"))), Mode::Live, Switches::default());
    // Everything up to the entry that the step begins, which is not written down yet.
    let mut open = house.run.advance(Input::Start, house.now);
    let begun = loop {
        let inputs = match open.remove(0) {
            Effect::TakeLease { .. } => vec![Input::Leased { token: 1 }],
            Effect::Journal(entry) if entry.text().starts_with("Runs") => break entry.sequence,
            Effect::Journal(entry) => vec![Input::Journaled { sequence: entry.sequence }],
            Effect::Ask(question) => {
                let reply = super::house::yes(&question, &house.run).expect("an answer");
                vec![Input::Answered { ticket: question.ticket, by: person("ann"), reply }]
            }
            _ => vec![],
        };
        for input in inputs {
            open.extend(house.run.advance(input, house.now));
        }
    };
    let mut effects = house.run.advance(Input::Halt { by: person("ann") }, house.now);
    effects.extend(house.run.advance(Input::Journaled { sequence: begun }, house.now));
    effects.extend(house.run.advance(Input::Journaled { sequence: begun + 1 }, house.now));
    effects.extend(house.run.advance(Input::Journaled { sequence: begun + 2 }, house.now));
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Execute(_))), "{effects:?}");
    assert!(house.run.state().open.is_empty(), "it is as if it had not begun");
    assert_eq!(house.run.choices(&Why::Halted), [Choice::GoOn, Choice::Stop]);
}

#[test]
fn what_is_called_off_before_it_begins_is_no_run() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    house.tell(Input::Cancel { by: Actor::program() });
    assert_eq!(house.go(), None);
    assert!(house.journal.is_empty());
}
