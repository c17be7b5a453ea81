//! The lines that are held: merged by time, bounded in number and bytes, and judged once each by filter and search.
//!
//! A line is known by its number, which counts from the first line ever held. Numbers of lines that are still held move only where an
//! older line of another origin is put between them; [`Moved`] says where to.

use super::judge::Judge;
use crate::model::{Timestamp, logs::LogLine};
use std::collections::VecDeque;

/// Most that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub lines: usize,
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lines: 100_000, bytes: 64 << 20 }
    }
}

/// A line with what filter and search say of it.
#[derive(Debug, Clone)]
struct Kept {
    line: LogLine,
    passes: bool,
    hit: bool,
}

/// Lines judged between two keys.
const SLICE: u64 = 2_000;

/// The lines that are held.
#[derive(Debug, Clone, Default)]
pub struct Store {
    lines: VecDeque<Kept>,
    /// Number of the oldest line.
    base: u64,
    bytes: usize,
    limits: Limits,
    /// Numbers of the lines that pass the filter.
    shown: VecDeque<u64>,
    /// Numbers of those of them in which the search finds something.
    hits: VecDeque<u64>,
    /// Lines below this number are still to be judged.
    unjudged: u64,
    /// Lines that went because there were too many.
    pub dropped: u64,
    /// Lines that came too fast to be taken at all.
    pub lost: u64,
}

/// Where numbers went when lines were put between others.
#[derive(Debug, Default)]
pub struct Moved {
    /// The first number that moved.
    from: u64,
    /// New numbers of the lines from there on.
    to: Vec<u64>,
}

impl Moved {
    /// The number that a line has now.
    pub fn now(&self, number: u64) -> u64 {
        let Some(at) = number.checked_sub(self.from) else { return number };
        match (self.to.get(at as usize), self.to.last()) {
            (Some(to), _) => *to,
            (None, Some(last)) => last + 1 + (at - self.to.len() as u64),
            (None, None) => number,
        }
    }
}

impl Store {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes lines; those of one origin come in their order.
    pub fn add(&mut self, mut lines: Vec<LogLine>, lost: u64, judge: &Judge) -> Moved {
        self.lost += lost;
        lines.sort_by_key(|line| line.at);
        let Some(first) = lines.first().map(|line| line.at) else { return Moved::default() };
        self.bytes += lines.iter().map(LogLine::bytes).sum::<usize>();
        let kept = |line: LogLine| {
            let (passes, hit) = judge.both(&line);
            Kept { line, passes, hit }
        };
        let new = lines.into_iter().map(kept);
        let moved = if self.lines.back().is_none_or(|last| last.line.at <= first) {
            let from = self.end();
            self.lines.extend(new);
            self.list_from(from);
            Moved::default()
        } else {
            self.merge(first, new)
        };
        self.shrink();
        moved
    }

    /// Puts lines between those that are held, by their times.
    fn merge(&mut self, first: Timestamp, new: impl Iterator<Item = Kept>) -> Moved {
        let at = self.lines.partition_point(|kept| kept.line.at <= first);
        let from = self.base + at as u64;
        let mut old = self.lines.split_off(at).into_iter().peekable();
        let mut to = Vec::with_capacity(old.len());
        for line in new {
            while let Some(before) = old.next_if(|old| old.line.at <= line.line.at) {
                to.push(self.end());
                self.lines.push_back(before);
            }
            self.lines.push_back(line);
        }
        for rest in old {
            to.push(self.end());
            self.lines.push_back(rest);
        }
        let moved = Moved { from, to };
        // Up to and with the last line that was not judged; what was put before it is judged with it.
        if self.unjudged > from {
            self.unjudged = moved.now(self.unjudged - 1) + 1;
        }
        let keep = self.shown.partition_point(|number| *number < from);
        self.shown.truncate(keep);
        let keep = self.hits.partition_point(|number| *number < from);
        self.hits.truncate(keep);
        self.list_from(from);
        moved
    }

    /// Lists what is shown from this number on.
    fn list_from(&mut self, from: u64) {
        for number in from.max(self.unjudged)..self.end() {
            let kept = &self.lines[(number - self.base) as usize];
            if kept.passes {
                self.shown.push_back(number);
                if kept.hit {
                    self.hits.push_back(number);
                }
            }
        }
    }

    /// Lets the oldest go, while there is too much.
    fn shrink(&mut self) {
        while self.lines.len() > self.limits.lines || self.bytes > self.limits.bytes {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.line.bytes();
            self.base += 1;
            self.dropped += 1;
        }
        while self.shown.front().is_some_and(|number| *number < self.base) {
            self.shown.pop_front();
        }
        while self.hits.front().is_some_and(|number| *number < self.base) {
            self.hits.pop_front();
        }
    }

    /// Forgets every line.
    pub fn clear(&mut self) {
        *self = Self { limits: self.limits, base: self.end(), unjudged: self.end(), ..Self::default() };
    }

    /// Begins to judge all lines anew, the newest first.
    pub fn judge_anew(&mut self, judge: &Judge) {
        self.unjudged = self.end();
        self.shown.clear();
        self.hits.clear();
        self.judge_some(judge);
    }

    /// Judges some more lines, as many as may be between two keys.
    pub fn judge_some(&mut self, judge: &Judge) {
        let until = self.unjudged.saturating_sub(SLICE).max(self.base);
        for number in (until..self.unjudged).rev() {
            let kept = &mut self.lines[(number - self.base) as usize];
            (kept.passes, kept.hit) = judge.both(&kept.line);
            if kept.passes {
                self.shown.push_front(number);
                if kept.hit {
                    self.hits.push_front(number);
                }
            }
        }
        self.unjudged = until;
    }

    /// Whether lines are still to be judged.
    pub fn is_judging(&self) -> bool {
        self.unjudged > self.base
    }

    /// One more than the newest line's number.
    pub fn end(&self) -> u64 {
        self.base + self.lines.len() as u64
    }

    /// The line of a number, while it is held.
    pub fn line(&self, number: u64) -> Option<&LogLine> {
        let at = number.checked_sub(self.base)?;
        self.lines.get(at as usize).map(|kept| &kept.line)
    }

    /// Lines that are held.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes that are held.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Numbers of the lines that are shown, ascending.
    pub const fn shown(&self) -> &VecDeque<u64> {
        &self.shown
    }

    /// Numbers of the shown lines in which the search finds something, ascending.
    pub const fn hits(&self) -> &VecDeque<u64> {
        &self.hits
    }

    /// The place among the shown lines of the first whose number is at least this.
    pub fn place(&self, number: u64) -> usize {
        self.shown.partition_point(|shown| *shown < number)
    }

    /// The first shown line that is not older than a time.
    pub fn at_time(&self, at: Timestamp) -> Option<u64> {
        let place = self.shown.partition_point(|number| self.line(*number).is_some_and(|line| line.at < at));
        self.shown.get(place).copied()
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
