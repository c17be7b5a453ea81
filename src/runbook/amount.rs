//! Spans of time and sizes as people write them: `90s`, `1h 30m`, `16 MiB`.

use jiff::SignedDuration;

/// Seconds of a span: `90s`, `10m`, `1h 30m`.
///
/// # Errors
/// What is no span, and how one is written.
pub fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("«{text}» is no span of time: write it as 30s, 10m or 1h30m");
    let span: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    u64::try_from(span.as_secs()).ok().filter(|_| span.subsec_nanos() == 0).ok_or_else(wrong)
}

/// Bytes of a size: `512`, `16MiB`, `1.5 GB`.
///
/// # Errors
/// What is no size, and how one is written.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("«{text}» is no size: write it as 16777216, 16MiB or 16MB");
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let factor = match text[at..].trim() {
        "" | "B" => 1_u64,
        "kB" | "KB" | "k" => 1_000,
        "MB" | "M" => 1_000_000,
        "GB" | "G" => 1_000_000_000,
        "TB" | "T" => 1_000_000_000_000,
        "KiB" | "Ki" => 1 << 10,
        "MiB" | "Mi" => 1 << 20,
        "GiB" | "Gi" => 1 << 30,
        "TiB" | "Ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    if let Ok(whole) = text[..at].parse::<u64>() {
        return whole.checked_mul(factor).ok_or_else(wrong);
    }
    let number: f64 = text[..at].parse().map_err(|_| wrong())?;
    let size = number * factor as f64;
    // Above this a figure with a point is not exact any more.
    if (0.0..=9e15).contains(&size) { Ok(size.round() as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_as_people_write_them() {
        for (text, expected) in [("90s", 90), ("10m", 600), ("1h30m", 5_400), ("1h 30m", 5_400), ("0s", 0)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for wrong in ["", "90", "-5s", "1.5s", "soon", "2 fortnights"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        for (text, expected) in [("512", 512), ("16MiB", 16 << 20), ("1.5 GB", 1_500_000_000), ("0B", 0)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for wrong in ["", "MiB", "1 XB", "-1", "99999999999 TiB", "1.2.3"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
