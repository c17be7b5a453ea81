//! A rota: who is on call when.
//!
//! It is made of layers, of which the first that has somebody at a time counts, and of overrides, which go before all layers. Handovers and
//! hours are local times of the rota's zone: through a change of the clocks a shift is an hour longer or shorter, and the handover stays
//! at nine.

use crate::model::Timestamp;
use compact_str::CompactString;
use jiff::{
    SignedDuration, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

/// A rota.
#[derive(Debug, Clone, PartialEq)]
pub struct Rota {
    pub name: CompactString,
    pub zone: TimeZone,
    /// The first that has somebody counts.
    pub layers: Vec<Layer>,
    /// The last one that covers a time counts.
    pub overrides: Vec<Override>,
}

/// People who take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// In the order in which they follow one another. Never empty.
    pub people: Vec<CompactString>,
    /// The day of the first handover, to the first of the people. Nobody is on call before it.
    pub start: Date,
    /// The local time of handovers.
    pub at: Time,
    /// How many weeks a turn is; at least one.
    pub weeks: u32,
    /// Only in these hours; always where there are none.
    pub hours: Vec<Hours>,
}

/// Hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// From Monday on.
    pub days: [bool; 7],
    pub from: Time,
    /// At or before `from` where it is of the day after.
    pub to: Time,
}

/// Somebody who stands in for a while, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub person: Option<CompactString>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: String,
}

/// Who is on call at a time, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duty {
    /// By the layer of this number, from 0.
    Layer {
        person: CompactString,
        layer: usize,
    },
    Override {
        person: Option<CompactString>,
        reason: String,
    },
    /// A gap: no layer has anybody.
    Nobody,
}

impl Duty {
    /// Who is on call; `None` for nobody.
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::Layer { person, .. } => Some(person),
            Self::Override { person, .. } => person.as_deref(),
            Self::Nobody => None,
        }
    }
}

/// A time for which one person is on call, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub from: Timestamp,
    pub to: Timestamp,
    pub person: Option<CompactString>,
}

/// Nothing is looked for that lies further ahead.
const HORIZON_DAYS: i64 = 400;

impl Rota {
    /// Who is on call at a time.
    pub fn who(&self, at: Timestamp) -> Duty {
        let covers = |stand_in: &&Override| stand_in.from <= at && at < stand_in.to;
        if let Some(stand_in) = self.overrides.iter().rev().find(covers) {
            return Duty::Override { person: stand_in.person.clone(), reason: stand_in.reason.clone() };
        }
        let on_call = |layer: &Layer| layer.who(&self.zone, at).cloned();
        let found = self.layers.iter().enumerate().find_map(|(place, layer)| Some((place, on_call(layer)?)));
        found.map_or(Duty::Nobody, |(layer, person)| Duty::Layer { person, layer })
    }

    /// When somebody else is on call, or nobody any more; `None` where that does not change within a year.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.who(at);
        let end = at.checked_add(SignedDuration::from_hours(24 * HORIZON_DAYS)).ok()?;
        let mut boundary = self.next_boundary(at)?;
        while boundary <= end {
            if self.who(boundary).person() != now.person() {
                return Some(boundary);
            }
            boundary = self.next_boundary(boundary)?;
        }
        None
    }

    /// Who is on call from one time to another, without holes: where nobody is, that is said.
    pub fn shifts(&self, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let mut shifts: Vec<Shift> = Vec::new();
        let mut at = from;
        while at < to {
            let next = self.next_boundary(at).unwrap_or(to).min(to);
            let person = self.who(at).person().map(CompactString::from);
            match shifts.last_mut() {
                Some(last) if last.person == person => last.to = next,
                _ => shifts.push(Shift { from: at, to: next, person }),
            }
            at = next;
        }
        shifts
    }

    /// The times at which nobody is on call.
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        self.shifts(from, to).into_iter().filter(|shift| shift.person.is_none()).collect()
    }

    /// The next time at which anything begins or ends.
    fn next_boundary(&self, after: Timestamp) -> Option<Timestamp> {
        let layers = self.layers.iter().filter_map(|layer| layer.next_boundary(&self.zone, after));
        let overrides = self.overrides.iter().flat_map(|stand_in| [stand_in.from, stand_in.to]);
        layers.chain(overrides.filter(|at| *at > after)).min()
    }
}

/// A local time as a moment. Where the clocks skip it, as much later; where they show it twice, the first.
fn moment(zone: &TimeZone, date: Date, time: Time) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(DateTime::from_parts(date, time)).compatible().ok()
}

impl Layer {
    fn who(&self, zone: &TimeZone, at: Timestamp) -> Option<&CompactString> {
        let turn = self.turn(zone, at)?;
        let in_hours = self.hours.is_empty() || self.hours.iter().any(|hours| hours.hold(zone, at));
        let place = turn.rem_euclid(i64::try_from(self.people.len()).ok()?);
        self.people.get(usize::try_from(place).ok()?).filter(|_| in_hours)
    }

    /// The number of the turn that a time falls into, from 0; `None` before the first.
    fn turn(&self, zone: &TimeZone, at: Timestamp) -> Option<i64> {
        let days = self.start.duration_until(at.to_zoned(zone.clone()).date()).as_hours() / 24;
        let mut turn = days.div_euclid(self.days());
        // The handover is not at midnight.
        if self.handover(zone, turn)? > at {
            turn -= 1;
        } else if self.handover(zone, turn + 1)? <= at {
            turn += 1;
        }
        (turn >= 0).then_some(turn)
    }

    fn days(&self) -> i64 {
        7 * i64::from(self.weeks.max(1))
    }

    /// When a turn begins.
    fn handover(&self, zone: &TimeZone, turn: i64) -> Option<Timestamp> {
        let date = self.start.checked_add(turn.checked_mul(self.days())?.days()).ok()?;
        moment(zone, date, self.at)
    }

    fn next_boundary(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        let handover = match self.turn(zone, after) {
            Some(turn) => self.handover(zone, turn + 1),
            None => return self.handover(zone, 0),
        };
        let hours = self.hours.iter().filter_map(|hours| hours.next_boundary(zone, after));
        hours.chain(handover).min()
    }
}

impl Hours {
    fn hold(&self, zone: &TimeZone, at: Timestamp) -> bool {
        let today = at.to_zoned(zone.clone()).date();
        let spans = [today.yesterday().ok(), Some(today)].into_iter().flatten().filter_map(|day| self.on(zone, day));
        spans.into_iter().any(|(from, to)| from <= at && at < to)
    }

    /// Beginning and end of the hours that begin on a day.
    fn on(&self, zone: &TimeZone, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())] {
            return None;
        }
        let last = if self.to <= self.from { day.tomorrow().ok()? } else { day };
        Some((moment(zone, day, self.from)?, moment(zone, last, self.to)?))
    }

    fn next_boundary(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        let first = after.to_zoned(zone.clone()).date().yesterday().ok()?;
        let days = (0..10).filter_map(|day| first.checked_add(day.days()).ok());
        let ends = days.filter_map(|day| self.on(zone, day)).flat_map(|(from, to)| [from, to]);
        ends.filter(|at| *at > after).min()
    }
}

/// Days of the week by their first three letters.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.to_ascii_lowercase().get(..3)? {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "rota_tests.rs"]
mod tests;
