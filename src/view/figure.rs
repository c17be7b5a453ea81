//! Figures as a person writes them in a filter: `50%`, `1GiB`, `1.5G`, `10MB`, `3h`, `1h30m`, `10ms`, `2k`.

use super::table::Unit;

/// A text is no figure of this unit; holds what one looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoFigure(pub &'static str);

/// Reads a figure in the unit in which a column holds it. A bare number means what the screen prints: percent for ratios,
/// bytes for sizes, seconds for times. `G` is GiB, as on the screen; `GB` is 10⁹ bytes.
///
/// # Errors
/// [`NoFigure`] with examples of what can be written.
pub fn parse(text: &str, unit: Unit) -> Result<f64, NoFigure> {
    let text = text.trim();
    let read = match unit {
        Unit::Bytes => return size(text).ok_or(NoFigure("a size, such as 512MiB, 1.5G or 10MB")),
        Unit::BytesPerSecond => {
            let text = text.strip_suffix("/s").unwrap_or(text);
            return size(text).ok_or(NoFigure("a rate, such as 12MiB/s or 1.5G"));
        }
        Unit::Ratio | Unit::WholePercent => {
            let number = text.strip_suffix('%').unwrap_or(text);
            return plain(number).map(|n| n / 100.0).ok_or(NoFigure("a percentage, such as 50%"));
        }
        Unit::Seconds | Unit::Latency | Unit::Time | Unit::Clock => {
            return duration(text).ok_or(NoFigure("a time, such as 10ms, 90s, 1h30m or 2d"));
        }
        Unit::Celsius => plain(text.trim_end_matches(['C', 'c']).trim_end_matches('°')),
        Unit::Number | Unit::Text => plain(text),
        Unit::Count => scaled(text, &[("", 1.0), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("t", 1e12)]),
    };
    read.ok_or(NoFigure("a number, such as 12 or 1.5"))
}

/// Number and suffix.
fn split(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}

fn plain(text: &str) -> Option<f64> {
    split(text.trim()).filter(|(_, suffix)| suffix.is_empty()).map(|(number, _)| number)
}

fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, suffix) = split(text)?;
    let (_, factor) = units.iter().find(|(unit, _)| unit.eq_ignore_ascii_case(suffix))?;
    Some(number * factor)
}

fn size(text: &str) -> Option<f64> {
    let (number, suffix) = split(text)?;
    let lower = suffix.to_ascii_lowercase();
    if lower.is_empty() || lower == "b" {
        return Some(number);
    }
    let power = "kmgtpe".find(lower.chars().next()?)? as i32 + 1;
    let step: f64 = match &lower[1..] {
        "" | "i" | "ib" => 1024.0,
        "b" => 1000.0,
        _ => return None,
    };
    Some(number * step.powi(power))
}

fn duration(text: &str) -> Option<f64> {
    if let Some(seconds) = plain(text) {
        return Some(seconds);
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split(rest)?;
        let end = after.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(after.len());
        let factor = match &after[..end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return None,
        };
        seconds += number * factor;
        rest = after[end..].trim_start();
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_read_in_their_units() {
        for (text, unit, value) in [
            ("50%", Unit::Ratio, 0.5),
            ("50", Unit::Ratio, 0.5),
            ("150 %", Unit::Ratio, 1.5),
            ("1GiB", Unit::Bytes, 1_073_741_824.0),
            ("1.5G", Unit::Bytes, 1_610_612_736.0),
            ("10MB", Unit::Bytes, 10e6),
            ("512", Unit::Bytes, 512.0),
            ("1k", Unit::Bytes, 1024.0),
            ("12MiB/s", Unit::BytesPerSecond, 12_582_912.0),
            ("3h", Unit::Time, 10_800.0),
            ("2d", Unit::Seconds, 172_800.0),
            ("1h30m", Unit::Seconds, 5_400.0),
            ("3h 10m", Unit::Seconds, 11_400.0),
            ("10ms", Unit::Latency, 0.01),
            ("90", Unit::Seconds, 90.0),
            ("80°C", Unit::Celsius, 80.0),
            ("2k", Unit::Count, 2_000.0),
            ("-5", Unit::Number, -5.0),
        ] {
            let read = parse(text, unit).unwrap_or_else(|_| panic!("{text}"));
            assert!((read - value).abs() <= value.abs() * 1e-12, "{text}: {read}");
        }
        for (text, unit) in
            [("", Unit::Bytes), ("1Q", Unit::Bytes), ("x", Unit::Number), ("3 parsec", Unit::Time), ("5x", Unit::Ratio)]
        {
            assert!(parse(text, unit).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>(), short in "[0-9.kMiB%hdsµ+-]{0,8}") {
            for unit in [Unit::Bytes, Unit::BytesPerSecond, Unit::Ratio, Unit::Time, Unit::Celsius, Unit::Count, Unit::Number] {
                let _ = parse(&text, unit);
                let _ = parse(&short, unit);
            }
        }
    }
}
