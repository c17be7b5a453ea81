//! Figures as words: bytes, ratios, rates, ages. Few digits, so that noise below what matters changes no cell.

use super::Timestamp;

/// What stands for a value that is not known. Never 0 and never blank.
pub const UNKNOWN: &str = "?";

/// Bytes with a binary unit and at most three digits: `0 B`, `512 B`, `1.5 KiB`, `61 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    scaled(value, 1024.0, &UNITS)
}

/// A part of a whole: `21 GiB/32 GiB`.
pub fn bytes_of((part, whole): (u64, u64)) -> String {
    format!("{}/{}", bytes(part as f64), bytes(whole as f64))
}

/// Bytes a second: [`bytes()`] with `/s`.
pub fn bytes_per_second(value: f64) -> String {
    bytes(value) + "/s"
}

/// A count with a decimal unit: `950`, `1.2 k`, `34 M`.
pub fn count(value: f64) -> String {
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];
    scaled(value, 1000.0, &UNITS).trim_end().to_owned()
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut value = value.max(0.0);
    let mut unit = 0;
    // A figure that would be shown as 1000 belongs to the next unit.
    while value >= 999.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    if unit > 0 && value < 9.95 { format!("{value:.1} {}", units[unit]) } else { format!("{value:.0} {}", units[unit]) }
}

/// A number of any size, with three digits that count: `0`, `0.021`, `14.4`, `1200`, `3.2e9`, `4.5e-7`.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return value.to_string();
    }
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A ratio as percent without decimals: `61 %`. A value that is not zero never reads `0 %`: it reads `<1 %`.
pub fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    if value > 0.0 && value < 0.5 { "<1 %".into() } else { format!("{value:.0} %") }
}

/// A ratio as percent with one decimal: `0.3 %`, for figures that matter while they are small.
pub fn percent_fine(ratio: f64) -> String {
    let value = ratio * 100.0;
    if value >= 99.95 { format!("{value:.0} %") } else { format!("{value:.1} %") }
}

/// A ratio in whole percent, as [`percent_whole`] prints it; all that is below one percent is 0.
pub fn whole_percent(ratio: f64) -> f64 {
    let value = ratio * 100.0;
    if value < 1.0 { 0.0 } else { value.round() }
}

/// A ratio as percent without decimals, for figures that are noise below one percent: `0 %`, `<1 %`, `61 %`.
pub fn percent_whole(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 0.01 { "<1 %".into() } else { format!("{:.0} %", whole_percent(ratio)) }
}

/// A time a request took: `0.4 ms`, `12 ms`, `1.5 s`.
pub fn latency(seconds: f64) -> String {
    match seconds {
        s if s < 0.00995 => format!("{:.1} ms", s * 1e3),
        s if s < 0.9995 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// A span of time in at most two units: `42s`, `12m`, `3h 10m`, `6d 4h`.
pub fn span(seconds: f64) -> String {
    let s = if seconds.is_finite() { seconds.max(0.0) as u64 } else { return UNKNOWN.into() };
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{big}{big_unit}") } else { format!("{big}{big_unit} {small}{small_unit}") }
    };
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..86_400 => two(s / 3_600, "h", s % 3_600 / 60, "m"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

/// [`span`] as it stands in a sentence: `42 s`, `3 h 10 m`.
pub fn span_wide(seconds: f64) -> String {
    let text = span(seconds);
    let mut wide = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            wide.push(' ');
        }
        wide.push(c);
    }
    wide
}

/// How long ago `then` was, as [`span`].
pub fn age(now: Timestamp, then: Timestamp) -> String {
    span(now.duration_since(then).as_secs_f64())
}

/// `02:14:07Z`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// `02:14:07`; for a day that is not `now`'s the day of the month and the minute, `22 02:14`. For columns headed UTC.
pub fn clock_or_day(now: Timestamp, at: Timestamp) -> String {
    let day = |at: Timestamp| at.as_second().div_euclid(86_400);
    at.strftime(if day(now) == day(at) { "%H:%M:%S" } else { "%d %H:%M" }).to_string()
}

/// `02:14Z`.
pub fn clock_minutes(at: Timestamp) -> String {
    at.strftime("%H:%MZ").to_string()
}

/// `2026-11-23 02:14:07Z`.
pub fn date_clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `2026-11-23 02:14:07Z (5m ago)`.
pub fn moment(now: Timestamp, at: Timestamp) -> String {
    format!("{} ({} ago)", date_clock(at), age(now, at))
}

/// `2026-11-23`.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The minute of a time that is less than half a day away, as [`clock_minutes`]; the day of another. For deadlines.
pub fn day_or_minute(now: Timestamp, at: Timestamp) -> String {
    let is_near = at.duration_since(now).abs() < jiff::SignedDuration::from_hours(12);
    if is_near { clock_minutes(at) } else { day(at) }
}

/// Whether an amount has all but reached its limit: nine tenths of it.
pub fn near(used: Option<u64>, limit: Option<u64>) -> bool {
    matches!((used, limit), (Some(used), Some(limit)) if limit > 0 && used as f64 >= limit as f64 * 0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_a_person_writes_them() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(1000.0), "1.0 KiB");
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(65_498_251_264.0), "61 GiB");
        assert_eq!(count(1_234.0), "1.2 k");
        assert_eq!(count(12.0), "12");
        let figures = [0.0, 0.021, 14.42, 1_234.5, 3.21e9, 4.5e-7, -0.5, 100.0, 10.0, f64::NAN].map(figure);
        assert_eq!(figures, ["0", "0.021", "14.4", "1234", "3.2e9", "4.5e-7", "-0.5", "100", "10", "NaN"]);
        assert_eq!(percent(0.614), "61 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.001), "<1 %");
        assert_eq!(percent_fine(0.0034), "0.3 %");
        assert_eq!([0.0, 0.005, 0.01, 0.614].map(percent_whole), ["0 %", "<1 %", "1 %", "61 %"]);
        assert_eq!(latency(0.0004), "0.4 ms");
        assert_eq!(latency(0.012), "12 ms");
        assert_eq!(span(42.9), "42s");
        assert_eq!(span(11_400.0), "3h 10m");
        assert_eq!(span(3_600.0), "1h");
        assert_eq!(span(532_800.0), "6d 4h");
        assert_eq!((span_wide(11_400.0), span_wide(42.9)), ("3 h 10 m".into(), "42 s".into()));
    }
}
