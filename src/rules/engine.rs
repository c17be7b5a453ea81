//! From conditions to attention: how long each has held, when it is raised and cleared, and how many alike become one row.

use super::{CHECKS, Check, Context};
use crate::model::{
    Timestamp,
    attention::{Attention, Condition},
    change::{Change, ChangeKind},
    object::ObjectRef,
    topic::TopicSet,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// From this number on, rows of one rule, severity and kind become one.
const GROUP_FROM: usize = 4;

/// One condition over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tracked {
    condition: Condition,
    began: Timestamp,
    /// When it was first looked at in an unbroken row; the time before it is raised counts from here.
    held_since: Timestamp,
    seen: Timestamp,
    raised: bool,
}

/// What holds, since when. Serialisable, so that a moment of the past knows it too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Engine {
    #[serde(with = "as_list")]
    tracked: BTreeMap<(CompactString, ObjectRef), Tracked>,
    last_run: Option<Timestamp>,
    #[serde(skip)]
    found: Found,
}

/// What checks that judge little else than one kind of data found last, by their identity. It follows from what is observed, so that two
/// engines do not differ by it.
#[derive(Debug, Clone, Default)]
struct Found(HashMap<&'static str, Vec<Condition>>);

impl PartialEq for Found {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A condition that holds and has not held long enough to be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub row: Attention,
    /// When it is raised if it goes on.
    pub raised_at: Timestamp,
}

/// A longer time without a look (a stopped process, a sleeping machine) says nothing about what held in it.
const LONGEST_GAP_SECONDS: i64 = 15;

/// JSON has no tuple keys: the map is written as a list.
mod as_list {
    use super::*;
    use serde::{Deserializer, Serializer};

    type Map = BTreeMap<(CompactString, ObjectRef), Tracked>;

    pub fn serialize<S: Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        let list = Vec::<Tracked>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|t| ((t.condition.rule.clone(), t.condition.object.clone()), t)).collect())
    }
}

impl Engine {
    /// Runs the checks and returns what was raised, worsened or cleared by it. `changed` is what changed since the last run; checks that
    /// judge none of it and nothing else find what they found then.
    pub fn run(&mut self, context: &Context<'_>, changed: TopicSet) -> Vec<Change> {
        self.run_checks(CHECKS, context, changed)
    }

    fn run_checks(&mut self, checks: &[&dyn Check], context: &Context<'_>, changed: TopicSet) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut found = Vec::new();
        self.forget_gap(context.now);
        for check in checks {
            if check.topic().is_some_and(|topic| context.is_silent(topic)) {
                self.hold(check.id(), context.now);
                continue;
            }
            self.examine(*check, context, changed, &mut found);
            self.hold_silent(check.id(), context);
            for condition in found.drain(..).filter(|condition| !context.is_silent_about(&condition.object)) {
                self.take(*check, condition, context.now, &mut changes);
            }
        }
        self.clear_gone(checks, context.now, &mut changes);
        changes
    }

    /// What a check finds now.
    fn examine(&mut self, check: &dyn Check, context: &Context<'_>, changed: TopicSet, found: &mut Vec<Condition>) {
        found.clear();
        let Some(topics) = check.judges_only() else { return check.examine(context, found) };
        if let Some(before) = self.found.0.get(check.id()).filter(|_| !topics.intersects(changed)) {
            found.extend_from_slice(before);
        } else {
            check.examine(context, found);
            self.found.0.insert(check.id(), found.clone());
        }
    }

    /// Starts the time of what is not raised anew after a gap in which nobody looked.
    fn forget_gap(&mut self, now: Timestamp) {
        let gap = self.last_run.map_or(0, |last| now.duration_since(last).as_secs());
        if gap > LONGEST_GAP_SECONDS {
            self.tracked.values_mut().filter(|tracked| !tracked.raised).for_each(|tracked| tracked.held_since = now);
        }
        self.last_run = Some(now);
    }

    /// Leaves a rule's conditions as they are while its data is old: nothing is raised by it, and nothing is over.
    fn hold(&mut self, rule: &str, now: Timestamp) {
        for tracked in self.tracked.values_mut().filter(|tracked| tracked.condition.rule == rule) {
            tracked.seen = now;
            if !tracked.raised {
                tracked.held_since = now;
            }
        }
    }

    /// The same for what a rule found at engines and clusters that are silent, while others answer.
    fn hold_silent(&mut self, rule: &str, context: &Context<'_>) {
        let of_rule = self.tracked.values_mut().filter(|tracked| tracked.condition.rule == rule);
        for tracked in of_rule.filter(|tracked| context.is_silent_about(&tracked.condition.object)) {
            tracked.seen = context.now;
            if !tracked.raised {
                tracked.held_since = context.now;
            }
        }
    }

    /// Moves every time by the same amount, after the clock was set.
    pub fn shift_time(&mut self, by: SignedDuration) {
        let shift = |at: &mut Timestamp| *at = at.saturating_add(by).unwrap_or(*at);
        for tracked in self.tracked.values_mut() {
            for at in [&mut tracked.began, &mut tracked.held_since, &mut tracked.seen] {
                shift(at);
            }
        }
        self.last_run.iter_mut().for_each(shift);
        self.found.0.clear();
    }

    /// What holds and is not raised yet, in no order.
    pub fn pending(&self) -> Vec<Pending> {
        self.waiting().map(|tracked| Pending { row: single(tracked), raised_at: raised_at(tracked) }).collect()
    }

    /// When what is not raised yet is raised if it goes on.
    pub fn raise_times(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.waiting().map(raised_at)
    }

    fn waiting(&self) -> impl Iterator<Item = &Tracked> {
        self.tracked.values().filter(|tracked| !tracked.raised)
    }

    fn take(&mut self, check: &dyn Check, condition: Condition, now: Timestamp, changes: &mut Vec<Change>) {
        let key = (condition.rule.clone(), condition.object.clone());
        let began = condition.since.unwrap_or(now);
        let tracked = self.tracked.entry(key).or_insert_with(|| Tracked {
            condition: condition.clone(),
            began,
            held_since: now,
            seen: now,
            raised: false,
        });
        let worse = condition.severity > tracked.condition.severity;
        tracked.seen = now;
        tracked.condition = condition;
        if let Some(since) = tracked.condition.since {
            tracked.began = since;
        }
        let held = now.duration_since(tracked.held_since).as_secs_f64();
        let raise = !tracked.raised && held >= check.raise_after_seconds();
        tracked.raised |= raise;
        if raise || (worse && tracked.raised) {
            changes.push(change(now, ChangeKind::Problem, &tracked.condition));
        }
    }

    fn clear_gone(&mut self, checks: &[&dyn Check], now: Timestamp, changes: &mut Vec<Change>) {
        self.tracked.retain(|(rule, _), tracked| {
            let patience = checks.iter().find(|c| c.id() == rule).map_or(0.0, |c| c.clear_after_seconds());
            // A condition that was never raised leaves with its first absence: its time starts anew.
            let patience = if tracked.raised { patience } else { 0.0 };
            let gone = now.duration_since(tracked.seen).as_secs_f64();
            let keep = tracked.seen == now || gone < patience;
            if !keep && tracked.raised {
                changes.push(change(now, ChangeKind::Cleared, &tracked.condition));
            }
            keep
        });
    }

    /// The attention list: worst first, then newest first, with many alike as one row.
    pub fn attention(&self) -> Vec<Attention> {
        let mut groups: BTreeMap<(CompactString, u8, CompactString), Vec<&Tracked>> = BTreeMap::new();
        for tracked in self.tracked.values().filter(|tracked| tracked.raised) {
            let condition = &tracked.condition;
            groups
                .entry((condition.rule.clone(), condition.severity as u8, condition.kind.clone()))
                .or_default()
                .push(tracked);
        }
        let mut rows: Vec<Attention> = Vec::new();
        for members in groups.into_values() {
            if members.len() >= GROUP_FROM {
                rows.push(grouped(&members));
            } else {
                rows.extend(members.into_iter().map(single));
            }
        }
        rows.sort_by(|a, b| {
            let by_severity = b.condition.severity.cmp(&a.condition.severity);
            by_severity.then(b.began.cmp(&a.began)).then_with(|| a.condition.object.cmp(&b.condition.object))
        });
        rows
    }
}

fn raised_at(tracked: &Tracked) -> Timestamp {
    let check = CHECKS.iter().find(|check| check.id() == tracked.condition.rule);
    let after = SignedDuration::from_secs_f64(check.map_or(0.0, |check| check.raise_after_seconds()));
    tracked.held_since.checked_add(after).unwrap_or(tracked.held_since)
}

fn single(tracked: &Tracked) -> Attention {
    Attention {
        condition: tracked.condition.clone(),
        began: tracked.began,
        members: vec![tracked.condition.object.clone()],
    }
}

fn grouped(members: &[&Tracked]) -> Attention {
    let newest = members.iter().max_by_key(|tracked| tracked.began).expect("a group has members");
    let mut condition = newest.condition.clone();
    condition.name = compact_str::format_compact!("{} and {} more", condition.name, members.len() - 1);
    condition.count = members.iter().map(|tracked| tracked.condition.count).sum();
    Attention {
        condition,
        began: members.iter().map(|tracked| tracked.began).min().expect("a group has members"),
        members: members.iter().map(|tracked| tracked.condition.object.clone()).collect(),
    }
}

fn change(at: Timestamp, kind: ChangeKind, condition: &Condition) -> Change {
    let text = match kind {
        ChangeKind::Cleared => format!("{} {}: over", condition.kind, condition.name),
        _ => format!("{} {}: {}", condition.kind, condition.name, condition.cause),
    };
    Change { at, kind, severity: condition.severity, object: condition.object.clone(), text }
}

#[cfg(test)]
mod tests {
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
        let context = Context { now, observed: &observed };
        engine.run_checks(&[check], &context, TopicSet::EMPTY).into_iter().map(|change| change.kind).collect()
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
            engine.run_checks(&[&check], &Context { now, observed: &observed }, changed);
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
}
