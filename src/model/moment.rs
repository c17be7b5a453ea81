//! Times as people write them.

use super::Timestamp;
use jiff::{SignedDuration, civil::Time, tz::TimeZone};

/// Which way a time lies that is written without a date, or as a distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    Past,
    Future,
}

/// A time: RFC 3339; `02:10` of this day in UTC, or of the one before or after; `20m` for so long ago or from now on.
///
/// # Errors
/// What to write.
pub fn read(text: &str, now: Timestamp, towards: Towards) -> Result<Timestamp, String> {
    let text = text.trim();
    let text = text.strip_suffix("ago").map_or(text, str::trim);
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let found = distance(text).and_then(|span| match towards {
        Towards::Past => now.checked_sub(span).ok(),
        Towards::Future => now.checked_add(span).ok(),
    });
    found.or_else(|| of_day(text, now, towards)).ok_or_else(|| {
        format!("«{text}» is no time: write 2026-11-28T02:10:00Z, 02:10 (UTC), or a distance such as 90s, 20m, 3h, 2d")
    })
}

/// Where a text is a clock time without a date that means another day than today: that time, and the word for the day.
pub fn other_day(text: &str, now: Timestamp, towards: Towards) -> Option<(Timestamp, &'static str)> {
    let text = text.trim();
    let at = of_day(text.strip_suffix("ago").map_or(text, str::trim), now, towards)?;
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    match day(at).cmp(&day(now)) {
        std::cmp::Ordering::Less => Some((at, "yesterday")),
        std::cmp::Ordering::Greater => Some((at, "tomorrow")),
        std::cmp::Ordering::Equal => None,
    }
}

fn distance(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].trim_end().parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(SignedDuration::from_secs)
}

fn of_day(text: &str, now: Timestamp, towards: Towards) -> Option<Timestamp> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let format = if text.matches(':').count() == 2 { "%H:%M:%S" } else { "%H:%M" };
    let time = Time::strptime(format, text).ok()?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let on = |day: jiff::civil::Date| day.to_datetime(time).to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let at = on(today)?;
    match towards {
        Towards::Past if at > now => on(today.yesterday().ok()?),
        Towards::Future if at < now => on(today.tomorrow().ok()?),
        _ => Some(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let now: Timestamp = "2026-11-28T02:10:00Z".parse().expect("a time");
        let cases = [
            ("2026-11-28T01:00:00Z", Towards::Past, "2026-11-28T01:00:00Z"),
            ("2026-11-28T02:00:00+01:00", Towards::Past, "2026-11-28T01:00:00Z"),
            (" 20m ago", Towards::Past, "2026-11-28T01:50:00Z"),
            ("2h", Towards::Future, "2026-11-28T04:10:00Z"),
            ("01:30", Towards::Past, "2026-11-28T01:30:00Z"),
            ("23:59:30Z", Towards::Past, "2026-11-27T23:59:30Z"),
            ("01:30", Towards::Future, "2026-11-29T01:30:00Z"),
        ];
        for (text, towards, expected) in cases {
            assert_eq!(read(text, now, towards).map(|at| at.to_string()).as_deref(), Ok(expected), "{text}");
        }
        let day = |text, towards| other_day(text, now, towards).map(|(at, word)| (at.to_string(), word));
        assert_eq!(day("02:14", Towards::Past), Some(("2026-11-27T02:14:00Z".into(), "yesterday")));
        assert_eq!(day("01:30", Towards::Future), Some(("2026-11-29T01:30:00Z".into(), "tomorrow")));
        assert_eq!([day("01:30", Towards::Past), day("20m", Towards::Past)], [None, None]);
        for wrong in ["", "soon", "-5m", "5", "5w", "99999999999999999d", "5ü", "25:00", "ago", ":"] {
            assert!(read(wrong, now, Towards::Past).is_err(), "{wrong}");
        }
    }
}
