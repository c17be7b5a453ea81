//! Reads rotas and policies from TOML. What is wrong is named with file, line and column, and spoils nothing else.

use super::{
    OnCall,
    escalation::{Level, Policy, Target},
    rota::{Hours, Layer, Override, Rota, weekday},
};
use crate::model::{
    Timestamp,
    journal::Sev,
    nearest,
    spots::{Place, Problem, line_and_column},
};
use compact_str::CompactString;
use jiff::{
    civil::{Date, DateTime, Time, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::Deserialize;
use std::ops::Range;
use toml::{Spanned, value::Datetime};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct File {
    rota: Vec<WrittenRota>,
    escalation: Vec<WrittenPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRota {
    name: Spanned<String>,
    zone: Spanned<String>,
    #[serde(default)]
    layer: Vec<WrittenLayer>,
    #[serde(default, rename = "override")]
    overrides: Vec<WrittenOverride>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLayer {
    people: Spanned<Vec<String>>,
    start: Spanned<Datetime>,
    handover: Spanned<String>,
    #[serde(default)]
    weeks: Option<Spanned<u32>>,
    #[serde(default)]
    hours: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOverride {
    #[serde(default)]
    person: Option<String>,
    from: Spanned<Datetime>,
    to: Spanned<Datetime>,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicy {
    name: Spanned<String>,
    #[serde(default)]
    severities: Vec<Spanned<String>>,
    #[serde(default)]
    level: Vec<WrittenLevel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenLevel {
    call: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    wait_minutes: Option<u32>,
}

/// Minutes that a level has to answer, unless it is said otherwise.
const WAIT_MINUTES: u32 = 5;

/// Reads a file. Time zones are looked up in a database that is given, so that reading them is the caller's.
pub fn read(file: &str, text: &str, zones: &TimeZoneDatabase) -> (OnCall, Vec<Problem>) {
    let mut reader = Reader { file, text, zones, problems: Vec::new() };
    let written: File = match toml::from_str(text) {
        Ok(written) => written,
        Err(error) => {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            reader.problem(error.span().unwrap_or(0..0), "", message);
            return (OnCall::default(), reader.problems);
        }
    };
    let mut on_call = OnCall::default();
    // A rota that is left out is told of once; the policies that name it go on with whom else they call.
    let names: Vec<CompactString> = written.rota.iter().map(|rota| rota.name.get_ref().as_str().into()).collect();
    for rota in written.rota {
        let name = rota.name.get_ref();
        if on_call.rota(name).is_some() {
            reader.problem(rota.name.span(), "rota.name", format!("there is a rota {name:?} already"));
        } else if let Some(rota) = reader.rota(rota) {
            on_call.rotas.push(rota);
        }
    }
    for policy in written.escalation {
        on_call.policies.extend(reader.policy(policy, &names));
    }
    (on_call, reader.problems)
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    zones: &'a TimeZoneDatabase,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, span: Range<usize>, key: &str, text: impl Into<String>) {
        let place = Place { file: self.file.into(), at: Some(line_and_column(self.text, span.start)) };
        self.problems.push(Problem { place, key: key.into(), text: text.into() });
    }

    fn rota(&mut self, written: WrittenRota) -> Option<Rota> {
        let zone = match self.zones.get(written.zone.get_ref()) {
            Ok(zone) => zone,
            Err(_) => {
                let zone = written.zone.get_ref();
                let text =
                    format!("{zone:?} is no time zone that is known here: write one like \"Europe/Berlin\" or \"UTC\"");
                self.problem(written.zone.span(), "rota.zone", text);
                return None;
            }
        };
        let before = self.problems.len();
        if written.layer.is_empty() {
            self.problem(written.name.span(), "rota", "it has no [[rota.layer]]: nobody would ever be on call");
        }
        let layers = written.layer.into_iter().filter_map(|layer| self.layer(layer)).collect();
        let overrides = written.overrides.into_iter().filter_map(|stand_in| self.stand_in(stand_in, &zone)).collect();
        // A rota with a hole in it would call the wrong people: it is left out as a whole.
        let is_whole = self.problems.len() == before;
        is_whole.then(|| Rota { name: written.name.into_inner().into(), zone, layers, overrides })
    }

    fn layer(&mut self, written: WrittenLayer) -> Option<Layer> {
        let people: Vec<CompactString> = written.people.get_ref().iter().map(CompactString::from).collect();
        if people.is_empty() || people.iter().any(|person| person.trim().is_empty()) {
            self.problem(written.people.span(), "rota.layer.people", "at least one person, each by name");
        }
        let start = date(written.start.get_ref());
        if start.is_none() {
            self.problem(written.start.span(), "rota.layer.start", "a date is wanted here: 2026-01-05");
        }
        let handover = handover(written.handover.get_ref());
        if handover.is_none() {
            let text = "a day of the week and a local time are wanted here: \"monday 09:00\"";
            self.problem(written.handover.span(), "rota.layer.handover", text);
        }
        if let (Some(start), Some((day, _))) = (start, handover)
            && start.weekday() != day
        {
            let on = |date: Result<Date, jiff::Error>| date.map_or_else(|_| "?".into(), |date| date.to_string());
            let (before, after) = (on(start.nth_weekday(-1, day)), on(start.nth_weekday(1, day)));
            let text = format!("the first handover is not on the day of handovers: {before} and {after} are");
            self.problem(written.start.span(), "rota.layer.start", text);
        }
        let weeks = written.weeks.as_ref().map_or(1, |weeks| *weeks.get_ref());
        if let Some(weeks) = written.weeks.filter(|weeks| !(1..=52).contains(weeks.get_ref())) {
            self.problem(weeks.span(), "rota.layer.weeks", "a turn is 1 to 52 weeks");
        }
        let hours = written.hours.into_iter().filter_map(|hours| self.hours(&hours)).collect();
        let (start, (_, at)) = start.zip(handover)?;
        Some(Layer { people, start, at, weeks, hours })
    }

    fn hours(&mut self, written: &Spanned<String>) -> Option<Hours> {
        let hours = hours(written.get_ref());
        if hours.is_none() {
            let text = "days and local hours are wanted here: \"mon-fri 09:00-17:00\", \"sat,sun 22:00-06:00\", \"daily 00:00-24:00\"";
            self.problem(written.span(), "rota.layer.hours", text);
        }
        hours
    }

    fn stand_in(&mut self, written: WrittenOverride, zone: &TimeZone) -> Option<Override> {
        let mut at = |written: &Spanned<Datetime>, key: &str| {
            let at = moment(written.get_ref(), zone);
            if at.is_none() {
                let text =
                    "a time is wanted here, local (2026-02-01T09:00:00) or with an offset (2026-02-01T09:00:00Z)";
                self.problem(written.span(), key, text);
            }
            at
        };
        let (from, to) = (at(&written.from, "rota.override.from"), at(&written.to, "rota.override.to"));
        let (from, to) = from.zip(to)?;
        if to <= from {
            self.problem(written.to.span(), "rota.override.to", "it ends before it begins");
            return None;
        }
        let person = written.person.filter(|person| !person.trim().is_empty()).map(CompactString::from);
        Some(Override { person, from, to, reason: written.reason })
    }

    fn policy(&mut self, written: WrittenPolicy, rotas: &[CompactString]) -> Option<Policy> {
        let before = self.problems.len();
        let mut severities: Vec<_> = written.severities.iter().filter_map(|severity| self.severity(severity)).collect();
        if written.severities.is_empty() {
            severities = Sev::ALL.to_vec();
        }
        if written.level.is_empty() {
            self.problem(written.name.span(), "escalation", "it has no [[escalation.level]]: nobody would be called");
        }
        let levels = written.level.into_iter().map(|level| self.level(level, rotas)).collect();
        let is_whole = self.problems.len() == before;
        is_whole.then(|| Policy { name: written.name.into_inner().into(), severities, levels })
    }

    fn severity(&mut self, written: &Spanned<String>) -> Option<Sev> {
        let found = Sev::ALL.into_iter().find(|severity| severity.word() == written.get_ref().as_str());
        if found.is_none() {
            self.problem(written.span(), "escalation.severities", "sev1, sev2, sev3 or sev4");
        }
        found
    }

    fn level(&mut self, written: WrittenLevel, rotas: &[CompactString]) -> Level {
        if written.call.get_ref().is_empty() {
            self.problem(
                written.call.span(),
                "escalation.level.call",
                "at least one person, or a rota as \"rota:NAME\"",
            );
        }
        let mut call = Vec::new();
        for target in written.call.into_inner() {
            match target.get_ref().strip_prefix("rota:") {
                None => call.push(Target::Person(target.get_ref().as_str().into())),
                Some(name) if rotas.iter().any(|rota| rota == name) => call.push(Target::Rota(name.into())),
                Some(name) => {
                    let hint = nearest::did_you_mean(name, rotas.iter().map(CompactString::as_str));
                    self.problem(target.span(), "escalation.level.call", format!("there is no rota {name:?}{hint}"));
                }
            }
        }
        Level { call, wait_minutes: written.wait_minutes.unwrap_or(WAIT_MINUTES) }
    }
}

fn date(written: &Datetime) -> Option<Date> {
    let date = written.date.filter(|_| written.time.is_none())?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}

/// A time with an offset, or a local one of the zone.
fn moment(written: &Datetime, zone: &TimeZone) -> Option<Timestamp> {
    if written.offset.is_some() {
        return written.to_string().parse().ok();
    }
    let local: DateTime = written.to_string().parse().ok()?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// `monday 09:00`.
fn handover(text: &str) -> Option<(Weekday, Time)> {
    let (day, at) = text.trim().split_once(' ')?;
    Some((weekday(day)?, clock(at)?))
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `mon-fri 09:00-17:00`; the end of a day is `24:00`.
fn hours(text: &str) -> Option<Hours> {
    let (days, hours) = text.trim().split_once(' ')?;
    let (from, to) = hours.split_once('-')?;
    let to = if to.trim() == "24:00" { Time::midnight() } else { clock(to)? };
    Some(Hours { days: days_of(days)?, from: clock(from)?, to })
}

/// `mon-fri`, `sat,sun`, `daily`.
fn days_of(text: &str) -> Option<[bool; 7]> {
    if text == "daily" {
        return Some([true; 7]);
    }
    let place = |word: &str| weekday(word).map(|day| usize::from(day.to_monday_zero_offset().unsigned_abs()));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (place(first)?, place(last)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Some(days)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
