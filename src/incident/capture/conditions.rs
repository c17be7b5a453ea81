//! What holds in the attention list, object by object: what is new, what is over, and what goes and comes.

use super::{
    Limits,
    item::{Item, Sort},
    later,
};
use crate::model::{
    Timestamp,
    attention::{Attention, Severity, subject},
    change::Facts,
    duty::DutyKind,
    object::ObjectRef,
    redact,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// One condition of one object over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Held {
    object: ObjectRef,
    check: CompactString,
    severity: Severity,
    /// In words, with the object's name, and the cause alone.
    name: String,
    cause: String,
    began: Timestamp,
    /// What tells this time from others: when it began, where the check itself knows.
    mark: CompactString,
    /// Whether it is in the list now.
    holds: bool,
    /// When it last went, where it is not in the list.
    gone: Option<Timestamp>,
    /// Whether it has been told that it is over.
    told_over: bool,
    /// How often it was raised again, with the same mark.
    again: u32,
    /// When it came back, the last few times.
    returns: Vec<Timestamp>,
    /// How often it went and came since that is told; `None` while it does not.
    flapping: Option<u32>,
}

/// Everything that holds, or did shortly before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Conditions {
    /// By check and object.
    held: BTreeMap<CompactString, Held>,
}

impl Conditions {
    /// Looks at the list as it is now, and tells what is raised, or worse, or begins to go and come.
    pub fn look(&mut self, now: Timestamp, rows: &[Attention], limits: &Limits) -> Vec<Item> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        // What people owe is derived from the record, and no part of it.
        for row in rows.iter().filter(|row| !DutyKind::is_word(&row.condition.kind)) {
            for member in &row.members {
                let key = format_compact!("{}\n{member}", row.condition.rule);
                items.extend(self.see(now, &key, row, member, limits));
                seen.insert(key);
            }
        }
        for (key, held) in self.held.iter_mut().filter(|(_, held)| held.holds) {
            if !seen.contains(key) {
                (held.holds, held.gone) = (false, Some(now));
            }
        }
        items
    }

    fn see(
        &mut self,
        now: Timestamp,
        key: &CompactString,
        row: &Attention,
        member: &ObjectRef,
        limits: &Limits,
    ) -> Option<Item> {
        let condition = &row.condition;
        let Some(held) = self.held.get_mut(key) else {
            let held = Held::new(row, member);
            let item = held.item(Sort::Wrong, now);
            self.held.insert(key.clone(), held);
            return Some(item);
        };
        let (comes_back, was_told_over) = (!held.holds, held.told_over);
        let is_worse = condition.severity > held.severity;
        if was_told_over {
            held.begin_again(row, member);
        } else if is_worse {
            held.cause = redact::text(&condition.cause).into_owned();
        }
        (held.severity, held.holds, held.gone, held.told_over) = (condition.severity, true, None, false);
        if comes_back {
            held.returns.push(now);
            held.forget(now, limits);
            if let Some(count) = &mut held.flapping {
                *count += 1;
            } else if held.returns.len() >= limits.flap_returns {
                held.flapping = Some(held.returns.len() as u32);
                return Some(held.item(Sort::Flapping, now));
            }
        }
        let tell = held.flapping.is_none() && (was_told_over || is_worse);
        tell.then(|| held.item(Sort::Wrong, now))
    }

    /// Lets time pass: tells what is over for good, and what no longer goes and comes.
    pub fn pass(&mut self, now: Timestamp, limits: &Limits) -> Vec<Item> {
        let mut items = Vec::new();
        for held in self.held.values_mut() {
            held.forget(now, limits);
            if held.settles(limits).is_some_and(|settles| settles <= now) {
                items.push(held.settle(now));
            } else if let Some(gone) = held.is_gone_until(limits).filter(|until| *until <= now).and(held.gone) {
                items.push(held.item(Sort::Over, gone));
                held.told_over = true;
            }
        }
        // What was over a short time ago may come back: it goes and comes, then.
        let is_recent = |gone: &Timestamp| now.duration_since(*gone).as_secs() < limits.flap_window_seconds;
        let keeps = |held: &Held| held.holds || !held.told_over || held.gone.as_ref().is_some_and(is_recent);
        self.held.retain(|_, held| keeps(held));
        items
    }

    /// When something has to be told if nothing happens until then.
    pub fn next_wake(&self, limits: &Limits) -> Option<Timestamp> {
        self.held.values().filter_map(|held| held.settles(limits).or(held.is_gone_until(limits))).min()
    }
}

impl Held {
    fn new(row: &Attention, member: &ObjectRef) -> Self {
        let condition = &row.condition;
        // Of a row for many the name is that of one of them.
        let name =
            if row.members.len() > 1 { crate::incident::related::short_name(member) } else { condition.name.clone() };
        let cause = redact::text(&condition.cause).into_owned();
        Self {
            object: member.clone(),
            check: condition.rule.clone(),
            severity: condition.severity,
            name: redact::text(&subject(&condition.kind, &name)).into_owned(),
            cause,
            began: row.began,
            mark: condition
                .since
                .map_or_else(CompactString::default, |since| format_compact!("@{}", since.as_second())),
            holds: true,
            gone: None,
            told_over: false,
            again: 0,
            returns: Vec::new(),
            flapping: None,
        }
    }

    /// Takes what is known of it anew, and keeps how often it came back.
    fn begin_again(&mut self, row: &Attention, member: &ObjectRef) {
        let new = Self::new(row, member);
        let again = self.again + 1;
        let (returns, flapping) = (std::mem::take(&mut self.returns), self.flapping);
        *self = Self { returns, flapping, again, ..new };
    }

    /// What is told once it no longer goes and comes.
    fn settle(&mut self, now: Timestamp) -> Item {
        let times = self.flapping.take().unwrap_or_default();
        self.again += 1;
        let mut item = self.item(if self.holds { Sort::Wrong } else { Sort::Over }, now);
        item.text = format!("{}, after it came back {times} times", item.text);
        self.returns.clear();
        self.told_over = !self.holds;
        item
    }

    /// When it has been gone for long enough to be over, where that is still to be told.
    fn is_gone_until(&self, limits: &Limits) -> Option<Timestamp> {
        let waits = !self.holds && !self.told_over && self.flapping.is_none();
        self.gone.filter(|_| waits).map(|gone| later(gone, limits.gone_seconds))
    }

    fn item(&self, sort: Sort, at: Timestamp) -> Item {
        let text = match sort {
            Sort::Over => format!("{}: over", self.name),
            Sort::Flapping => format!("{} goes and comes: {}", self.name, self.cause),
            _ => format!("{}: {}", self.name, self.cause),
        };
        Item {
            sort,
            at,
            severity: self.severity,
            object: self.object.clone(),
            owner: None,
            mark: if sort == Sort::Flapping { CompactString::default() } else { self.mark.clone() },
            text,
            cause: self.cause.clone(),
            check: self.check.clone(),
            began: (sort == Sort::Wrong).then_some(self.began),
            again: self.again,
            facts: Facts::default(),
        }
    }

    /// Forgets returns that are too long ago to count.
    fn forget(&mut self, now: Timestamp, limits: &Limits) {
        self.returns.retain(|at| now.duration_since(*at).as_secs() < limits.flap_window_seconds);
    }

    /// When it no longer goes and comes, if it does and nothing happens until then.
    fn settles(&self, limits: &Limits) -> Option<Timestamp> {
        let last = self.returns.last().copied().max(self.gone)?;
        self.flapping.map(|_| later(last, limits.flap_quiet_seconds))
    }
}
