//! One process carries a run on; who has lost the lease does nothing more.

use super::house::{Cluster, HEAD, House, Switches, plan_of, switch};
use crate::runbook::{
    plan::Plan,
    run::{ActResult, Effect, Entry, Input, Mode, Outcome, Record, Run, Status},
    sample::{ROLLBACK, built_in, person, plan, rollback_answers, start},
};

fn rollback() -> Plan {
    plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan")
}

fn journaled(effects: &[Effect]) -> Vec<Entry> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Journal(entry) => Some((**entry).clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn nothing_leaves_before_it_is_written_down() {
    let mut run = Run::new("r", rollback(), Mode::Live, person("ann"));
    let effects = run.advance(Input::Start, start());
    assert!(matches!(effects.as_slice(), [Effect::TakeLease { above: 0, .. }]), "{effects:?}");
    let effects = run.advance(Input::Leased { token: 7 }, start());
    let [Effect::Journal(begun)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(matches!(begun.record, Record::Begun { .. }) && begun.token == 7);
    // Time passes, and the disk does not answer.
    assert!(run.advance(Input::Tick, start()).is_empty());
    let effects = run.advance(Input::Journaled { sequence: 1 }, start());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(_))), "{effects:?}");
}

#[test]
fn who_has_lost_the_lease_does_nothing_more() {
    let mut run = Run::new("r", rollback(), Mode::Live, person("ann"));
    run.advance(Input::Start, start());
    run.advance(Input::Leased { token: 1 }, start());
    let effects = run.advance(Input::Journaled { sequence: 1 }, start());
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::Ask(question) => Some(question.ticket),
        _ => None,
    });
    run.advance(Input::LeaseLost { why: "not renewed".into() }, start());
    let reply = crate::runbook::run::Reply::Typed("checkout".into());
    let effects = run.advance(Input::Answered { ticket: ticket.expect("is asked"), by: person("ann"), reply }, start());
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Tell(_))), "{effects:?}");
}

#[test]
fn a_token_that_is_not_higher_is_no_lease() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    let half: Vec<Entry> = house.journal.iter().take(3).cloned().collect();
    let mut run = Run::restore(&half, person("bob")).expect("is restored");
    run.advance(Input::Start, start());
    let effects = run.advance(Input::Leased { token: 1 }, start());
    assert!(journaled(&effects).is_empty(), "{effects:?}");
}

#[test]
fn what_a_fenced_process_still_writes_does_not_count() {
    let text = format!("{HEAD}{}{}", switch("a"), switch("b"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    assert_eq!(house.begin(), Some(Outcome::Succeeded));
    let full = house.journal.clone();
    let begun = full.iter().position(|entry| matches!(&entry.record, Record::StepBegun { key, .. } if key.step == "a"));
    let begun = begun.expect("a begins");
    // Bob goes on after that, under a higher token; Ann's process wakes up and writes what came of it.
    let mut entries: Vec<Entry> = full[..=begun].to_vec();
    let mut run = Run::restore(&entries, person("bob")).expect("is restored");
    run.advance(Input::Start, start());
    let resumed = journaled(&run.advance(Input::Leased { token: 2 }, start()));
    let mut late = full[begun + 1].clone();
    late.sequence = entries.len() as u64 + 1;
    assert!(matches!(late.record, Record::Acted { result: ActResult::Done, .. }), "{late:?}");
    entries.push(late.clone());
    entries.extend(resumed);
    let restored = Run::restore(&entries, person("cid")).expect("is restored");
    assert_eq!(restored.state(), run.state());
    assert!(!run.follow(&late), "nor does it for who has gone on");
}

#[test]
fn another_cockpit_watches() {
    let text = format!("{HEAD}{}", switch("a"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    house.begin();
    let mut watcher = Run::restore(&house.journal[..1], person("eve")).expect("is restored");
    for entry in &house.journal[1..] {
        assert!(watcher.follow(entry));
        assert!(!watcher.follow(entry), "once");
    }
    assert_eq!(watcher.state(), house.run.state());
    assert_eq!(watcher.outcome(), Some(Outcome::Succeeded));
    assert_eq!(watcher.view().steps, house.run.view().steps);
    assert!(watcher.advance(Input::Tick, start()).is_empty(), "who watches does nothing");
}

#[test]
fn who_resumes_is_written_down() {
    let text = format!("{HEAD}{}", switch("a"));
    let mut house = House::new(plan_of(&text), Mode::Live, Switches::default());
    house.begin();
    let mut run = Run::restore(&house.journal[..3], person("bob")).expect("is restored");
    run.advance(Input::Start, start());
    let entries = journaled(&run.advance(Input::Leased { token: 9 }, start()));
    assert!(matches!(entries[0].record, Record::Resumed { after: 3 }));
    assert_eq!(entries[0].by.name, "bob");
    assert_eq!(run.state().operators.len(), 2);
}

#[test]
fn a_plan_that_was_changed_in_the_journal_is_not_gone_on_with() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    house.begin();
    let mut forged = house.journal.clone();
    let Record::Begun { plan, .. } = &mut forged[0].record else { panic!("the first is the beginning") };
    std::sync::Arc::make_mut(plan).typed = "x".into();
    let why = Run::restore(&forged, person("ann")).expect_err("was changed");
    assert!(why.contains("was changed in the journal"), "{why}");
    assert!(Run::restore(&house.journal[1..], person("ann")).is_err(), "without a beginning there is no run");
}

#[test]
fn the_lease_is_given_back_at_the_end() {
    let mut house = House::new(rollback(), Mode::Live, Cluster::default());
    house.begin();
    assert!(matches!(house.run.state().status, Status::Finished(Outcome::Succeeded, _)));
    house.tell(Input::Tick);
    assert_eq!(house.go(), Some(Outcome::Succeeded));
}
