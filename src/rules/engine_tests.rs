//! How long it takes until something is raised, called worse, and over.

use super::*;
use crate::model::{attention::Severity, object::ObjectKind, observed::Observed, topic::Topic};
use std::sync::atomic::{AtomicU32, Ordering};

/// Finds as many conditions as it is told.
struct Told(AtomicU32);

impl Check for Told {
    fn id(&self) -> &'static str {
        "told"
    }
    fn raise_after_seconds(&self) -> f64 {
        5.0
    }
    fn examine(&self, _: &Context<'_>, found: &mut Vec<Condition>) {
        for n in 0..self.0.load(Ordering::Relaxed) {
            found.push(Condition {
                rule: "told".into(),
                severity: Severity::Warn,
                kind: "test".into(),
                object: ObjectRef::new(ObjectKind::Host, compact_str::format_compact!("{n}")),
                name: compact_str::format_compact!("n{n}"),
                cause: "told so".into(),
                next_step: "nothing".into(),
                count: 1,
                since: None,
            });
        }
    }
}

fn run(engine: &mut Engine, check: &Told, second: i64) -> Vec<ChangeKind> {
    let observed = Observed::default();
    let now = Timestamp::from_second(second).expect("in range");
    engine
        .run_checks(&[check], &Context::at(now, &observed), TopicSet::EMPTY)
        .into_iter()
        .map(|change| change.kind)
        .collect()
}

#[test]
fn raised_after_its_time_and_cleared_after_its_time() {
    let (mut engine, check) = (Engine::default(), Told(AtomicU32::new(1)));
    assert!(run(&mut engine, &check, 0).is_empty());
    assert!(run(&mut engine, &check, 4).is_empty());
    assert!(engine.attention().is_empty());
    assert_eq!(run(&mut engine, &check, 5), [ChangeKind::Problem]);
    assert_eq!(engine.attention()[0].began, Timestamp::from_second(0).expect("in range"));
    check.0.store(0, Ordering::Relaxed);
    assert!(run(&mut engine, &check, 9).is_empty());
    assert_eq!(engine.attention().len(), 1, "still there within its patience");
    assert_eq!(run(&mut engine, &check, 15), [ChangeKind::Cleared]);
    assert!(engine.attention().is_empty());
}

/// Counts how often it is asked.
struct OfPods(AtomicU32);

impl Check for OfPods {
    fn id(&self) -> &'static str {
        "of-pods"
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(Topic::Pods.into())
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        Told(AtomicU32::new(1)).examine(context, found);
    }
}

#[test]
fn what_judges_one_kind_of_data_is_asked_when_that_changed() {
    let (mut engine, check) = (Engine::default(), OfPods(AtomicU32::new(0)));
    let observed = Observed::default();
    let mut run = |second, changed| {
        let now = Timestamp::from_second(second).expect("in range");
        engine.run_checks(&[&check], &Context::at(now, &observed), changed);
        (check.0.load(Ordering::Relaxed), engine.tracked.len())
    };
    assert_eq!(run(0, TopicSet::EMPTY), (1, 1), "nothing is known of it yet");
    assert_eq!(run(5, Topic::Gauges.into()), (1, 1), "what was found then still holds");
    assert_eq!(run(6, Topic::Pods.into()), (2, 1));
}

#[test]
fn a_short_spike_is_never_raised() {
    let (mut engine, check) = (Engine::default(), Told(AtomicU32::new(1)));
    run(&mut engine, &check, 0);
    check.0.store(0, Ordering::Relaxed);
    run(&mut engine, &check, 3);
    check.0.store(1, Ordering::Relaxed);
    assert!(run(&mut engine, &check, 6).is_empty(), "its time started anew");
}

#[test]
fn many_alike_are_one_row() {
    let (mut engine, check) = (Engine::default(), Told(AtomicU32::new(12)));
    run(&mut engine, &check, 0);
    run(&mut engine, &check, 6);
    let rows = engine.attention();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].condition.count, 12);
    assert_eq!(rows[0].members.len(), 12);
    let text = serde_json::to_string(&engine).expect("serialises");
    assert_eq!(serde_json::from_str::<Engine>(&text).expect("reads back"), engine);
}

/// Finds one condition as bad as it is told; nothing at 0.
struct Grave(AtomicU32);

impl Check for Grave {
    fn id(&self) -> &'static str {
        "told"
    }
    fn raise_after_seconds(&self) -> f64 {
        5.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let severity = match self.0.load(Ordering::Relaxed) {
            0 => return,
            1 => Severity::Warn,
            _ => Severity::Critical,
        };
        Told(AtomicU32::new(1)).examine(context, found);
        found[0].severity = severity;
    }
}

#[test]
fn worse_takes_as_long_as_being_raised_and_milder_is_told_at_once() {
    let (mut engine, check) = (Engine::default(), Grave(AtomicU32::new(1)));
    let mut run = |second, grave| {
        check.0.store(grave, Ordering::Relaxed);
        let observed = Observed::default();
        let now = Timestamp::from_second(second).expect("in range");
        let changes = engine.run_checks(&[&check], &Context::at(now, &observed), TopicSet::EMPTY);
        (engine.attention().first().map(|row| row.condition.severity), changes.len())
    };
    assert_eq!([run(0, 1), run(3, 2)], [(None, 0), (None, 0)]);
    assert_eq!(run(5, 2), (Some(Severity::Warn), 1), "critical for two seconds only");
    assert_eq!(run(8, 2), (Some(Severity::Critical), 1));
    assert_eq!(run(9, 1), (Some(Severity::Warn), 0));
    assert_eq!(run(12, 2), (Some(Severity::Warn), 0), "a short spike");
    assert_eq!(run(16, 1), (Some(Severity::Warn), 0));
    // Worse, gone for a moment, worse again: its time starts anew.
    assert_eq!([run(17, 2), run(19, 0), run(21, 2)].map(|seen| seen.0), [Some(Severity::Warn); 3]);
    assert_eq!(run(26, 2), (Some(Severity::Critical), 1));
}
