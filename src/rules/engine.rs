//! From conditions to attention: how long each has held, when it is raised and cleared, and how many alike become one row.

use super::{CHECKS, Check, Context};
use crate::model::{
    Timestamp,
    attention::{Attention, Condition, Severity},
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
    /// As it was found last; once it is raised, no worse than has held for long enough.
    condition: Condition,
    began: Timestamp,
    /// Since when it has been found to be at least so bad, in an unbroken row; the mildest first. The time before it is raised counts from
    /// here, and so does the time before it is called worse.
    #[serde(default)]
    since: Vec<(Severity, Timestamp)>,
    seen: Timestamp,
    raised: bool,
}

impl Tracked {
    /// Notes how bad it was found to be now.
    fn note(&mut self, found: Severity, now: Timestamp) {
        let mut from = now;
        // Whatever was worse was at least that bad.
        while let Some((_, since)) = self.since.pop_if(|(severity, _)| *severity > found) {
            from = since;
        }
        if self.since.last().is_none_or(|(severity, _)| *severity < found) {
            self.since.push((found, from));
        }
    }

    /// How bad it has been for so many seconds at least.
    fn held(&self, now: Timestamp, seconds: f64) -> Option<Severity> {
        let long = |since: Timestamp| now.duration_since(since).as_secs_f64() >= seconds;
        self.since.iter().rev().find(|(_, since)| long(*since)).map(|(severity, _)| *severity)
    }

    fn held_since(&self) -> Timestamp {
        self.since.first().map_or(self.seen, |(_, since)| *since)
    }

    /// Starts the time of whatever is not raised anew.
    fn begin_anew(&mut self, now: Timestamp) {
        let raised = self.raised.then_some(self.condition.severity);
        let waiting = self.since.iter_mut().filter(|(severity, _)| Some(*severity) > raised);
        waiting.for_each(|(_, since)| *since = now);
    }
}

type Found = BTreeMap<ObjectRef, Tracked>;

/// What one rule has raised.
#[derive(Clone, Copy, Default)]
pub struct Raised<'a>(Option<&'a Found>);

impl Raised<'_> {
    /// How bad it says that an object is; `None` where it has raised nothing.
    pub fn severity(&self, object: &ObjectRef) -> Option<Severity> {
        let tracked = self.0?.get(object)?;
        tracked.raised.then_some(tracked.condition.severity)
    }
}

/// What holds, since when. Serialisable, so that a moment of the past knows it too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Engine {
    /// By rule, and by object.
    #[serde(with = "as_list")]
    tracked: BTreeMap<CompactString, Found>,
    last_run: Option<Timestamp>,
    #[serde(skip)]
    before: Before,
}

/// What checks that judge little else than one kind of data found last, by their identity. It follows from what is observed, so that two
/// engines do not differ by it.
#[derive(Debug, Clone, Default)]
struct Before(HashMap<&'static str, Vec<Condition>>);

impl PartialEq for Before {
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

    type Map = BTreeMap<CompactString, Found>;

    pub fn serialize<S: Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values().flat_map(BTreeMap::values))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        let mut map = Map::new();
        for tracked in Vec::<Tracked>::deserialize(deserializer)? {
            let of_rule = map.entry(tracked.condition.rule.clone()).or_default();
            of_rule.insert(tracked.condition.object.clone(), tracked);
        }
        Ok(map)
    }
}

impl Engine {
    /// Runs the checks and returns what was raised, worsened or cleared by it. `changed` is what changed since the last run; checks that
    /// judge none of it and nothing else find what they found then.
    pub fn run(&mut self, context: &Context<'_>, changed: TopicSet) -> Vec<Change> {
        self.run_checks(&CHECKS, context, changed)
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
        let context = &Context { raised: Raised(self.tracked.get(check.id())), ..*context };
        let Some(topics) = check.judges_only() else { return check.examine(context, found) };
        if let Some(before) = self.before.0.get(check.id()).filter(|_| !topics.intersects(changed)) {
            found.extend_from_slice(before);
        } else {
            check.examine(context, found);
            self.before.0.insert(check.id(), found.clone());
        }
    }

    /// Starts the time of what is not raised anew after a gap in which nobody looked.
    fn forget_gap(&mut self, now: Timestamp) {
        let gap = self.last_run.map_or(0, |last| now.duration_since(last).as_secs());
        if gap > LONGEST_GAP_SECONDS {
            self.all_mut().for_each(|tracked| tracked.begin_anew(now));
        }
        self.last_run = Some(now);
    }

    fn all(&self) -> impl Iterator<Item = &Tracked> {
        self.tracked.values().flat_map(BTreeMap::values)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Tracked> {
        self.tracked.values_mut().flat_map(BTreeMap::values_mut)
    }

    /// Leaves a rule's conditions as they are while its data is old: nothing is raised by it, and nothing is over.
    fn hold(&mut self, rule: &str, now: Timestamp) {
        for tracked in self.tracked.get_mut(rule).into_iter().flat_map(BTreeMap::values_mut) {
            tracked.seen = now;
            tracked.begin_anew(now);
        }
    }

    /// The same for what a rule found at engines and clusters that are silent, while others answer.
    fn hold_silent(&mut self, rule: &str, context: &Context<'_>) {
        let of_rule = self.tracked.get_mut(rule).into_iter().flat_map(BTreeMap::values_mut);
        for tracked in of_rule.filter(|tracked| context.is_silent_about(&tracked.condition.object)) {
            tracked.seen = context.now;
            tracked.begin_anew(context.now);
        }
    }

    /// Moves every time by the same amount, after the clock was set.
    pub fn shift_time(&mut self, by: SignedDuration) {
        let shift = |at: &mut Timestamp| *at = at.saturating_add(by).unwrap_or(*at);
        for tracked in self.all_mut() {
            [&mut tracked.began, &mut tracked.seen].into_iter().for_each(shift);
            tracked.since.iter_mut().for_each(|(_, since)| shift(since));
        }
        self.last_run.iter_mut().for_each(shift);
        self.before.0.clear();
    }

    /// What holds and is not raised yet, in no order.
    pub fn pending(&self) -> Vec<Pending> {
        self.waiting().map(|tracked| Pending { row: single(tracked), raised_at: raised_at(tracked) }).collect()
    }

    /// When what is not raised yet is raised if it goes on.
    pub fn raise_times(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.waiting().map(raised_at)
    }

    /// What holds and takes a minute or longer to be raised: whoever looks for the first time would not learn of it before.
    pub fn held_back(&self) -> impl Iterator<Item = Pending> + '_ {
        let is_slow = |rule: &str| {
            let check = CHECKS.iter().find(|check| check.id() == rule);
            check.is_some_and(|check| check.raise_after_seconds() >= 60.0)
        };
        let slow = self.tracked.iter().filter(move |(rule, _)| is_slow(rule));
        let waiting = slow.flat_map(|(_, of_rule)| of_rule.values()).filter(|tracked| !tracked.raised);
        waiting.map(|tracked| Pending { row: single(tracked), raised_at: raised_at(tracked) })
    }

    fn waiting(&self) -> impl Iterator<Item = &Tracked> {
        self.all().filter(|tracked| !tracked.raised)
    }

    fn take(&mut self, check: &dyn Check, condition: Condition, now: Timestamp, changes: &mut Vec<Change>) {
        let of_rule = self.tracked.entry(condition.rule.clone()).or_default();
        let tracked = of_rule.entry(condition.object.clone()).or_insert_with(|| Tracked {
            condition: condition.clone(),
            began: condition.since.unwrap_or(now),
            since: Vec::new(),
            seen: now,
            raised: false,
        });
        let (found, before) = (condition.severity, tracked.condition.severity);
        tracked.note(found, now);
        tracked.seen = now;
        tracked.condition = condition;
        if let Some(since) = tracked.condition.since {
            tracked.began = since;
        }
        let held = tracked.held(now, check.raise_after_seconds());
        let was_raised = tracked.raised;
        tracked.raised |= held.is_some();
        if tracked.raised {
            // What is raised is called worse when that has held as long, and milder at once.
            let milder = was_raised.then(|| found.min(before));
            tracked.condition.severity = held.max(milder).unwrap_or(found);
        }
        if tracked.raised && (!was_raised || tracked.condition.severity > before) {
            changes.push(change(now, ChangeKind::Problem, &tracked.condition));
        }
    }

    fn clear_gone(&mut self, checks: &[&dyn Check], now: Timestamp, changes: &mut Vec<Change>) {
        for (rule, of_rule) in &mut self.tracked {
            let patience = checks.iter().find(|c| c.id() == rule).map_or(0.0, |c| c.clear_after_seconds());
            of_rule.retain(|_, tracked| {
                if tracked.seen == now {
                    return true;
                }
                // A condition that was never raised leaves with its first absence: its time starts anew, and so does that of being worse.
                let shown = tracked.condition.severity;
                tracked.since.retain(|(severity, _)| *severity <= shown);
                let keep = tracked.raised && now.duration_since(tracked.seen).as_secs_f64() < patience;
                if !keep && tracked.raised {
                    changes.push(change(now, ChangeKind::Cleared, &tracked.condition));
                }
                keep
            });
        }
        self.tracked.retain(|_, of_rule| !of_rule.is_empty());
    }

    /// What a rule has raised and no row of another rule says better.
    fn shown<'t>(&'t self, rule: &str, of_rule: &'t Found) -> impl Iterator<Item = &'t Tracked> {
        let check = CHECKS.iter().find(|check| check.id() == rule);
        let other = Raised(check.and_then(|check| check.yields_to()).and_then(|rule| self.tracked.get(rule)));
        let is_told = move |condition: &Condition| other.severity(&condition.object) >= Some(condition.severity);
        of_rule.values().filter(move |tracked| tracked.raised && !is_told(&tracked.condition))
    }

    /// The attention list: worst first, then newest first, with many alike as one row.
    pub fn attention(&self) -> Vec<Attention> {
        let mut groups: BTreeMap<(CompactString, u8, CompactString), Vec<&Tracked>> = BTreeMap::new();
        for tracked in self.tracked.iter().flat_map(|(rule, of_rule)| self.shown(rule, of_rule)) {
            let condition = &tracked.condition;
            groups
                .entry((condition.rule.clone(), condition.severity as u8, alike(condition)))
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

/// What conditions of one rule have to share to become one row: their kind; alerts also their name, for each name is another rule.
fn alike(condition: &Condition) -> CompactString {
    match (condition.kind.as_str(), condition.name.split_once(' ')) {
        ("alert", Some((name, _))) => name.into(),
        ("alert", None) => condition.name.clone(),
        _ => condition.kind.clone(),
    }
}

fn raised_at(tracked: &Tracked) -> Timestamp {
    let check = CHECKS.iter().find(|check| check.id() == tracked.condition.rule);
    let after = SignedDuration::from_secs_f64(check.map_or(0.0, |check| check.raise_after_seconds()));
    tracked.held_since().checked_add(after).unwrap_or(tracked.held_since())
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
        ChangeKind::Cleared => format!("{}: over", condition.subject()),
        _ => format!("{}: {}", condition.subject(), condition.cause),
    };
    let mut change = Change::new(at, kind, condition.severity, condition.object.clone(), text);
    change.facts.check = condition.rule.clone();
    change
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
