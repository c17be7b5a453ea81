//! The house breaks down at every point, and everything is done once.

use super::house::{Cluster, Crash, HEAD, House, Patroni, Switches, World, plan_of, switch};
use crate::runbook::{
    plan::Plan,
    run::{Mode, Outcome},
    sample::{ROLLBACK, SWITCHOVER, built_in, plan, rollback_answers, switchover_answers},
};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

fn rollback() -> Arc<Plan> {
    plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan").into()
}

fn switchover() -> Arc<Plan> {
    plan(&built_in("patroni-switchover"), SWITCHOVER, &switchover_answers()).expect("a plan").into()
}

/// How many effects an undisturbed run has.
fn length<W: World>(plan: &Arc<Plan>, world: W) -> usize {
    let mut house = House::new(plan.clone(), Mode::Live, world);
    assert_eq!(house.begin(), Some(Outcome::Succeeded), "{:#?}", house.texts());
    house.effects
}

/// Breaks down at these points; every act reaches the world once, and the run succeeds.
fn survives<W: World>(plan: &Arc<Plan>, world: W, crashes: &[Crash]) {
    let mut house = House::new(plan.clone(), Mode::Live, world);
    house.crashes = crashes.to_vec();
    let outcome = house.begin();
    assert_eq!(outcome, Some(Outcome::Succeeded), "{crashes:?}: {:#?}", house.texts());
    let twice: Vec<_> = house.counts().into_iter().filter(|(_, count)| *count != 1).collect();
    assert!(twice.is_empty(), "{crashes:?}: {twice:?}: {:#?}", house.texts());
}

#[test]
fn a_rollback_survives_a_crash_at_every_point() {
    let plan = rollback();
    for at in 0..length(&plan, Cluster::default()) {
        for is_after in [false, true] {
            survives(&plan, Cluster::default(), &[Crash { at, is_after }]);
        }
    }
}

#[test]
fn a_switchover_survives_a_crash_at_every_point() {
    let plan = switchover();
    for at in 0..length(&plan, Patroni::default()) {
        for is_after in [false, true] {
            survives(&plan, Patroni::default(), &[Crash { at, is_after }]);
        }
    }
}

#[test]
fn the_way_back_survives_a_crash_at_every_point() {
    let plan = Arc::new(plan_of(&format!("{HEAD}{}{}{}", switch("a"), switch("b"), switch("c"))));
    let world = Switches {
        says: [(("c".into(), false), crate::runbook::run::ActResult::Failed)].into(),
        ..Switches::default()
    };
    let run = |crashes: Vec<Crash>| {
        let mut house = House::new(plan.clone(), Mode::Live, world.clone());
        house.says = |question, run| {
            use crate::runbook::run::{Asking, Choice, Reply};
            match &question.asking {
                Asking::Choose { choices, .. } if choices.contains(&Choice::WayBack) => {
                    Some(Reply::Chosen { choice: Choice::WayBack, text: String::new() })
                }
                // The switch is off before and after: nobody but a person can say whether it was turned in vain.
                Asking::Choose { choices, .. } if choices.contains(&Choice::WasDone) => {
                    Some(Reply::Chosen { choice: Choice::WasDone, text: String::new() })
                }
                _ => super::house::yes(question, run),
            }
        };
        house.crashes = crashes;
        let outcome = house.begin();
        (outcome, house)
    };
    let (outcome, house) = run(Vec::new());
    assert_eq!(outcome, Some(Outcome::Failed));
    let undone: Vec<_> = house.orders.iter().filter(|order| order.back).map(|order| order.step.as_str()).collect();
    assert_eq!(undone, ["c", "b", "a"], "the last first");
    for at in 0..house.effects {
        for is_after in [false, true] {
            let (outcome, house) = run(vec![Crash { at, is_after }]);
            assert_eq!(outcome, Some(Outcome::Failed), "{at} {is_after}: {:#?}", house.texts());
            for name in ["a", "b"] {
                assert_eq!(house.world.on[name], "off", "{at} {is_after}");
                assert_eq!(house.counts()[&(name.into(), false)], 1, "{at} {is_after}: {:#?}", house.texts());
                assert_eq!(house.counts()[&(name.into(), true)], 1, "{at} {is_after}: {:#?}", house.texts());
            }
        }
    }
}

static PLANS: LazyLock<(Arc<Plan>, Arc<Plan>)> = LazyLock::new(|| (rollback(), switchover()));

fn crash(length: usize) -> impl Strategy<Value = Crash> {
    (0..length * 2, any::<bool>()).prop_map(|(at, is_after)| Crash { at, is_after })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_rollback_survives_many_crashes(crashes in prop::collection::vec(crash(60), 0..5)) {
        survives(&PLANS.0, Cluster::default(), &crashes);
    }

    #[test]
    fn a_switchover_survives_many_crashes(crashes in prop::collection::vec(crash(60), 0..5)) {
        survives(&PLANS.1, Patroni::default(), &crashes);
    }

    #[test]
    fn steps_side_by_side_survive_many_crashes(crashes in prop::collection::vec(crash(60), 0..5)) {
        let both = "[[step]]\nid = \"both\"\ntitle = \"both\"\nparallel = [\"a\", \"b\"]\n";
        let plan = Arc::new(plan_of(&format!("{HEAD}{both}{}{}{}", switch("a"), switch("b"), switch("c"))));
        survives(&plan, Switches::default(), &crashes);
    }
}
