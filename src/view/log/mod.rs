//! The state of the log viewer: what is held, what is shown of it, and where one stands.

pub mod columns;
pub mod judge;
pub mod store;

use crate::model::{
    Timestamp,
    logs::{LogBatch, LogLine, LogOrigin, OriginState, Reach},
    object::ObjectRef,
};
use judge::Judge;
use std::collections::BTreeSet;
use store::{Limits, Store};
use unicode_width::UnicodeWidthChar;

/// How lines are shown; kept from one viewer to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taste {
    pub wrap: bool,
    pub times: Times,
    /// Whether the colours that the writer chose are shown.
    pub inks: bool,
    /// Whether lines that are JSON objects are shown as columns.
    pub columns: bool,
    /// Fields that have a column of their own, in this order.
    pub fields: Vec<String>,
    pub reach: Reach,
}

impl Default for Taste {
    fn default() -> Self {
        let (times, reach) = (Times::Hidden, Reach::Tail);
        Self { wrap: false, times, inks: true, columns: false, fields: Vec::new(), reach }
    }
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    #[default]
    Hidden,
    /// Time of day, UTC.
    Clock,
    Age,
}

impl Times {
    /// The next one, around the end.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Hidden => Self::Clock,
            Self::Clock => Self::Age,
            Self::Age => Self::Hidden,
        }
    }

    /// Columns of the screen that it takes, the blank after it included.
    pub const fn width(self) -> u16 {
        match self {
            Self::Hidden => 0,
            Self::Clock => 13,
            Self::Age => 7,
        }
    }
}

/// Most columns that the names of origins take.
const NAME: u16 = 24;

/// A log viewer.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// What it shows the lines of.
    pub object: ObjectRef,
    /// Tells the batches for it from those for older ones.
    pub id: u64,
    pub previous: bool,
    pub origins: Vec<LogOrigin>,
    /// Bytes that all their names begin with, up to a word's end.
    common: usize,
    pub store: Store,
    pub judge: Judge,
    /// Whether the newest line is kept in sight.
    pub follow: bool,
    /// Number of the line where one stands, and of the first on the screen; of no meaning while it follows.
    pub cursor: u64,
    pub top: u64,
    /// Columns that long lines are scrolled by.
    pub shift: usize,
    pub marks: BTreeSet<u64>,
    /// The moment of the past at which it is held, until one moves.
    pub held: Option<Timestamp>,
    /// Why there are no lines, in words.
    pub note: Option<&'static str>,
}

impl Viewer {
    /// One that has no lines yet.
    pub fn new(object: ObjectRef, id: u64, limits: Limits) -> Self {
        Self {
            object,
            id,
            previous: false,
            origins: Vec::new(),
            common: 0,
            store: Store::new(limits),
            judge: Judge::default(),
            follow: true,
            cursor: 0,
            top: 0,
            shift: 0,
            marks: BTreeSet::new(),
            held: None,
            note: None,
        }
    }

    /// Begins anew, with another request: what is looked for stays.
    pub fn restart(&mut self, id: u64) {
        self.id = id;
        self.origins.clear();
        self.common = 0;
        self.judge.see_origins(&[]);
        self.clear();
    }

    /// Forgets the lines.
    pub fn clear(&mut self) {
        self.store.clear();
        self.marks.clear();
        self.follow = true;
        self.shift = 0;
    }

    /// Takes lines.
    pub fn take(&mut self, batch: LogBatch) {
        if let Some(origins) = batch.origins {
            self.origins = origins;
            self.common = common(&self.origins);
            self.judge.see_origins(&self.origins);
        }
        let moved = self.store.add(batch.lines, batch.dropped, &self.judge);
        self.cursor = moved.now(self.cursor);
        self.top = moved.now(self.top);
        if !self.marks.is_empty() {
            let store = &self.store;
            let held = self.marks.iter().map(|mark| moved.now(*mark)).filter(|mark| store.line(*mark).is_some());
            self.marks = held.collect();
        }
    }

    /// After a change of what is looked for.
    pub fn judge_anew(&mut self) {
        self.judge.see_origins(&self.origins);
        self.store.judge_anew(&self.judge);
    }

    /// Judges some more lines.
    pub fn judge_some(&mut self) {
        self.store.judge_some(&self.judge);
    }

    /// How many origins are in a state.
    pub fn count(&self, state: OriginState) -> usize {
        self.origins.iter().filter(|origin| origin.state == state).count()
    }

    /// Columns that the origin's name takes before each line, the blank after it included.
    pub fn name_width(&self) -> u16 {
        if self.origins.len() < 2 {
            return 0;
        }
        let widest = self.origins.iter().map(|origin| origin.name.len() - self.common).max().unwrap_or(0);
        u16::try_from(widest).unwrap_or(NAME).min(NAME) + 1
    }

    /// The name of an origin, without what all names begin with: pods of one workload differ at their ends.
    pub fn short_name<'a>(&self, origin: &'a LogOrigin) -> &'a str {
        origin.name.get(self.common..).unwrap_or(&origin.name)
    }

    /// Columns before the text of a line: mark, time, name.
    pub fn margin(&self, taste: &Taste, width: u16) -> u16 {
        (1 + taste.times.width() + self.name_width()).min(width / 2)
    }

    /// Rows that a line takes.
    pub fn rows(&self, number: u64, taste: &Taste, width: u16) -> usize {
        if !taste.wrap || taste.columns {
            return 1;
        }
        let room = usize::from((width - self.margin(taste, width)).max(1));
        self.store.line(number).map_or(1, |line| rows_of(&line.text, room).len())
    }

    /// The place among the shown lines where one stands.
    pub fn place(&self) -> usize {
        let last = self.store.shown().len().saturating_sub(1);
        if self.follow { last } else { self.store.place(self.cursor).min(last) }
    }

    /// Place of the first line on the screen among the shown ones.
    pub fn first_place(&self, taste: &Taste, (width, height): (u16, u16)) -> usize {
        let place = self.place();
        let lowest = self.lowest_top(place, taste, (width, height));
        if self.follow {
            return lowest;
        }
        // Where one stands is on the screen, whatever came or went since the last key.
        let top = self.store.place(self.top).clamp(lowest, place.max(lowest));
        let end = self.store.shown().len().saturating_sub(1);
        top.min(self.lowest_top(end, taste, (width, height)).max(lowest))
    }

    /// The first place from which the line at `place` is still on the screen.
    fn lowest_top(&self, place: usize, taste: &Taste, (width, height): (u16, u16)) -> usize {
        let shown = self.store.shown();
        let mut room = usize::from(height.max(1));
        let mut top = place;
        for at in (0..=place.min(shown.len().saturating_sub(1))).rev() {
            let rows = shown.get(at).map_or(1, |number| self.rows(*number, taste, width));
            if rows > room {
                break;
            }
            room -= rows;
            top = at;
        }
        top
    }

    /// Stands at a place among the shown lines, and follows no more.
    pub fn stand_at(&mut self, place: usize, taste: &Taste, size: (u16, u16)) {
        let top = self.first_place(taste, size);
        let shown = self.store.shown();
        let place = place.min(shown.len().saturating_sub(1));
        let (Some(cursor), Some(before)) = (shown.get(place).copied(), shown.get(top.min(place)).copied()) else {
            return;
        };
        (self.cursor, self.top, self.follow, self.held) = (cursor, before, false, None);
        let top = self.first_place(taste, size);
        self.top = self.store.shown().get(top).copied().unwrap_or(self.top);
    }

    /// Stands at the last line that was written before a moment, or at the first one where none is that old, and stays there while lines
    /// come, until one moves.
    pub fn hold(&mut self, at: Timestamp, taste: &Taste, size: (u16, u16)) {
        let later = self.store.at_time(at).map_or(self.store.shown().len(), |number| self.store.place(number));
        self.stand_at(later.saturating_sub(1), taste, size);
        (self.held, self.follow) = (Some(at), false);
    }

    /// Whether a line that is shown was written before a moment.
    pub fn reaches(&self, at: Timestamp) -> bool {
        self.store.shown().front().and_then(|number| self.store.line(*number)).is_some_and(|line| line.at <= at)
    }

    /// Moves by lines. Down from the last line follows again.
    pub fn step(&mut self, step: isize, taste: &Taste, size: (u16, u16)) {
        let last = self.store.shown().len().saturating_sub(1);
        let place = self.place();
        if step > 0 && place >= last {
            self.follow = true;
            return;
        }
        self.stand_at(place.saturating_add_signed(step).min(last), taste, size);
    }

    /// Goes to the next line in which the search finds something, or the one before, around the end. Says whether there is one.
    pub fn go_to_hit(&mut self, forward: bool, taste: &Taste, size: (u16, u16)) -> bool {
        let hits = self.store.hits();
        let here = if self.follow { self.store.end() } else { self.cursor };
        let next = if forward {
            hits.get(hits.partition_point(|hit| *hit <= here)).or_else(|| hits.front())
        } else {
            hits.partition_point(|hit| *hit < here).checked_sub(1).and_then(|at| hits.get(at)).or_else(|| hits.back())
        };
        let Some(next) = next.copied() else { return false };
        self.stand_at(self.store.place(next), taste, size);
        true
    }

    /// Which of the found lines one stands at, counted from 1, and how many there are.
    pub fn hit_of(&self) -> (Option<usize>, usize) {
        let hits = self.store.hits();
        let here = if self.follow { None } else { hits.binary_search(&self.cursor).ok() };
        (here.map(|at| at + 1), hits.len())
    }

    /// The line where one stands.
    pub fn current(&self) -> Option<(u64, &LogLine)> {
        let number = *self.store.shown().get(self.place())?;
        Some((number, self.store.line(number)?))
    }

    /// Times of the oldest and the newest line that is held.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.store.line(self.store.end() - self.store.len() as u64)?;
        let last = self.store.line(self.store.end().checked_sub(1)?)?;
        Some((first.at, last.at))
    }
}

/// Bytes that the names of several origins have in common at their beginning, up to a `-` or `/`.
fn common(origins: &[LogOrigin]) -> usize {
    let Some((first, rest)) = origins.split_first().filter(|(_, rest)| !rest.is_empty()) else { return 0 };
    let mut same = first.name.as_str();
    for origin in rest {
        let length = same.bytes().zip(origin.name.bytes()).take_while(|(a, b)| a == b).count();
        same = &same[..same.floor_char_boundary(length)];
    }
    same.rfind(['-', '/']).map_or(0, |at| at + 1)
}

/// Divides a text into rows of at most `width` columns: the bytes of each.
pub fn rows_of(text: &str, width: usize) -> Vec<(usize, usize)> {
    let width = width.max(1);
    if text.len() <= width {
        return vec![(0, text.len())];
    }
    if text.is_ascii() {
        return (0..text.len()).step_by(width).map(|at| (at, (at + width).min(text.len()))).collect();
    }
    let (mut rows, mut from, mut used) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width && at > from {
            rows.push((from, at));
            (from, used) = (at, 0);
        }
        used += wide;
    }
    rows.push((from, text.len()));
    rows
}

#[cfg(test)]
mod tests;
