//! Times of day in a text, with what they say of their zone.

use crate::model::Timestamp;
use compact_str::CompactString;
use jiff::{
    civil,
    tz::{Offset, TimeZone},
};
use regex::{Captures, Regex};
use std::{ops::Range, sync::LazyLock};

/// What a time says of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// `Z`, `UTC`, `+00:00`; `GMT`, which is the same clock.
    Utc,
    /// Another one, as it is written: `CET`, `+02:00`, `Europe/Berlin`.
    Other(CompactString),
    /// Nothing.
    Unsaid,
}

/// A time of day that stands in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Time {
    pub range: Range<usize>,
    pub zone: Zone,
    pub has_date: bool,
    /// `AM` or `PM` stands with it.
    pub is_half_day: bool,
    /// The moment, where date, time and a zone with a known distance from UTC are all given.
    pub at: Option<Timestamp>,
}

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    let names = "UTC|GMT|CET|CEST|MEZ|MESZ|EET|EEST|WET|WEST|MSK|BST|IST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|JST|KST|SGT|HKT|\
        AEST|AEDT|ACST|AWST|NZST|NZDT|BRT|ET|PT|CT";
    Regex::new(&format!(
        r"(?x)
        (?:(?P<date>\d{{4}}-\d{{2}}-\d{{2}}|\d{{4}}/\d{{2}}/\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}})
            (?P<gap>[Tt]|,?\x20{{1,2}}(?:at\x20)?|_))?
        (?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}})(?P<part>[.,]\d{{1,9}})?)?|(?P<plain>\d{{1,2}}))
        (?P<half>\x20?(?:[AaPp]\.[Mm]\.|[AP]M\b|[ap]m\b))?
        (?:(?P<z>Z\b)|(?P<offset>\x20?(?:UTC|GMT)?[+\-−]\d{{2}}:?\d{{2}}\b)
            |\x20?\(?(?P<name>(?:{names})\b|local\ time\b|[A-Z][a-z]+/[A-Z][A-Za-z_]+))?"
    ))
    .expect("is an expression")
});

/// The times of a text, in their order. A bare `14:00` is none, since it may be a ratio or a duration; with a date, a zone or `AM`/`PM`
/// it is.
pub fn times(text: &str) -> Vec<Time> {
    TIME.captures_iter(text).filter_map(|found| time(text, &found)).collect()
}

fn time(text: &str, found: &Captures<'_>) -> Option<Time> {
    let range = found.get(0)?.range();
    let joins = |c: char| c.is_alphanumeric() || matches!(c, ':' | '.' | '-' | '/' | '_' | '+');
    let before = text[..range.start].chars().next_back();
    if before.is_some_and(|c| joins(c) && !(c == '-' && found.name("date").is_none() && found.name("half").is_some())) {
        return None;
    }
    let has_date = found.name("date").is_some();
    let half = found.name("half").map(|half| half.as_str().trim());
    let number = |name: &str| found.name(name).map_or(Some(0), |digits| digits.as_str().parse::<i8>().ok());
    let hour = match (found.name("plain"), half) {
        // `2 am` may be a sentence and `3am` a manner of speaking; `2 PM` and `2 p.m.` are times.
        (Some(_), None) => return None,
        (Some(plain), Some(half)) => {
            let is_sure = half.contains('.') || half.chars().all(char::is_uppercase);
            plain.as_str().parse::<i8>().ok().filter(|hour| is_sure && (1..=12).contains(hour))?
        }
        (None, _) => number("hour")?,
    };
    let (minute, second) = (number("minute")?, number("second")?);
    if hour > 23 || minute > 59 || second > 60 || (half.is_some() && hour > 12) {
        return None;
    }
    let (zone, distance, end) = zone(found, has_date, range.end);
    if !has_date && half.is_none() && zone == Zone::Unsaid {
        return None;
    }
    let after = text[end..].chars().next();
    let goes_on = |c: char| c.is_alphanumeric() || c == ':';
    if zone == Zone::Unsaid && after.is_some_and(goes_on) && half.is_none() {
        return None;
    }
    let hour = match half {
        Some(half) if half.starts_with(['p', 'P']) => hour % 12 + 12,
        Some(_) => hour % 12,
        None => hour,
    };
    let at = distance.and_then(|distance| moment(found, (hour, minute, second), distance));
    Some(Time { range: range.start..end, zone, has_date, is_half_day: half.is_some(), at })
}

/// The zone, its distance from UTC where it is known, and where the time ends.
fn zone(found: &Captures<'_>, has_date: bool, end: usize) -> (Zone, Option<Offset>, usize) {
    if found.name("z").is_some() {
        return (Zone::Utc, Some(Offset::UTC), end);
    }
    if let Some(offset) = found.name("offset") {
        let written = offset.as_str().trim();
        let is_named = written.starts_with(['U', 'G']);
        let is_iso = found.name("gap").is_some_and(|gap| gap.as_str().eq_ignore_ascii_case("t"));
        // `09:00-11:00` is a range, where nothing else says that it is a distance.
        let is_minus = written.contains('-');
        let is_sure = is_named || (has_date && (!is_minus || is_iso || found.name("second").is_some()));
        let start = offset.start() + (offset.len() - offset.as_str().trim_start().len());
        return match (is_sure, distance(written)) {
            (true, Some(distance)) if distance.seconds() == 0 => (Zone::Utc, Some(distance), end),
            (true, Some(distance)) => (Zone::Other(written.into()), Some(distance), end),
            _ => (Zone::Unsaid, None, start),
        };
    }
    match found.name("name").map(|name| name.as_str()) {
        Some("UTC" | "GMT") => (Zone::Utc, Some(Offset::UTC), end),
        Some(name) => (Zone::Other(name.into()), None, end),
        None => (Zone::Unsaid, None, end),
    }
}

fn distance(written: &str) -> Option<Offset> {
    let text = written.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_east = text.starts_with('+');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..4)?.parse::<i32>().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Offset::from_seconds(if is_east { seconds } else { -seconds }).ok()
}

fn moment(found: &Captures<'_>, (hour, minute, second): (i8, i8, i8), distance: Offset) -> Option<Timestamp> {
    let written = found.name("date")?.as_str();
    let digits = written.replace('/', "-");
    let date: civil::Date = digits.parse().ok()?;
    let time = civil::Time::new(hour, minute, second.min(59), 0).ok()?;
    date.to_datetime(time).to_zoned(TimeZone::fixed(distance)).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<String> {
        let word = |time: &Time| match &time.zone {
            Zone::Utc => format!("{} utc", &text[time.range.clone()]),
            Zone::Other(zone) => format!("{} other {zone}", &text[time.range.clone()]),
            Zone::Unsaid => format!("{} unsaid", &text[time.range.clone()]),
        };
        times(text).iter().map(word).collect()
    }

    #[test]
    fn times_and_their_zones() {
        assert_eq!(seen("at 2024-05-01 14:00 CET."), ["2024-05-01 14:00 CET other CET"]);
        assert_eq!(seen("2024-05-01T14:00:00+02:00"), ["2024-05-01T14:00:00+02:00 other +02:00"]);
        assert_eq!(
            seen("2024-05-01T14:00Z, 2024-05-01 14:00:01.5 UTC"),
            ["2024-05-01T14:00Z utc", "2024-05-01 14:00:01.5 UTC utc"]
        );
        assert_eq!(seen("2024-05-01 14:00 is it"), ["2024-05-01 14:00 unsaid"]);
        assert_eq!(seen("at 2:30 pm, 2 PM, 3am and 4 p.m."), ["2:30 pm unsaid", "2 PM unsaid", "4 p.m. unsaid"]);
        assert_eq!(seen("daily 14:00 EST (19:00 UTC)"), ["14:00 EST other EST", "19:00 UTC utc"]);
        assert_eq!(seen("2024-05-01T14:00+0000"), ["2024-05-01T14:00+0000 utc"]);
        assert_eq!(seen("2024-05-01 09:00-11:00"), ["2024-05-01 09:00 unsaid"]);
        assert_eq!(seen("14:00 Europe/Berlin"), ["14:00 Europe/Berlin other Europe/Berlin"]);
    }

    #[test]
    fn what_is_no_time_is_left_alone() {
        for text in [
            "00:30:00",
            "a ratio of 16:9",
            "image:1.2.3",
            "10:20:30:40:50:60",
            "25:00 CET",
            "step 1 am here",
            "2024-05-01",
            "[::1]:8080",
        ] {
            assert_eq!(seen(text), [""; 0], "{text}");
        }
        assert_eq!(seen("127.0.0.1:8080 AM"), [""; 0]);
    }

    #[test]
    fn moments_are_utc() {
        let at = |text: &str| times(text)[0].at.map(|at| at.to_string());
        assert_eq!(at("2024-05-01T14:00:00+02:00").as_deref(), Some("2024-05-01T12:00:00Z"));
        assert_eq!(at("2024-05-01 14:00Z").as_deref(), Some("2024-05-01T14:00:00Z"));
        assert_eq!(at("2024-02-31 14:00Z"), None);
        assert_eq!(at("2024-05-01 14:00 CET"), None);
    }
}
