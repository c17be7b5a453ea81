//! Durations as Prometheus and OpenSLO write them, in whole seconds.

/// Units of OpenSLO (<https://github.com/OpenSLO/OpenSLO#duration-shorthand>); a month is 30 days, a quarter 90, a year 365.
const UNITS: [(char, u64); 8] = [
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 7 * 86_400),
    ('M', 30 * 86_400),
    ('Q', 90 * 86_400),
    ('Y', 365 * 86_400),
];

/// `30d`, `4w`, `1h30m`; `None` for what is none, and for nothing.
pub fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut number, mut digits) = (0_u64, 0_u64, false);
    for c in text.trim().chars() {
        if let Some(digit) = c.to_digit(10) {
            (number, digits) = (number.checked_mul(10)?.checked_add(digit.into())?, true);
        } else {
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == c).filter(|_| digits)?;
            total = total.checked_add(number.checked_mul(*unit)?)?;
            (number, digits) = (0, false);
        }
    }
    (total > 0 && !digits).then_some(total)
}

/// As Prometheus writes it, in the largest unit that it fills.
pub fn prometheus(seconds: u64) -> String {
    let unit = ["d", "h", "m"]
        .into_iter()
        .zip([86_400, 3_600, 60])
        .find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds / unit))
}
