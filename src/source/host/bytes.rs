//! Small readers of the kernel's texts, over bytes and without allocation: what is not understood is `None`.

use compact_str::CompactString;

/// The lines of a text, without their ends.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The fields of a line, separated by any number of blanks.
pub fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|field| !field.is_empty())
}

/// A decimal number and nothing else.
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(digit.into()) }
    })
}

/// The only number of a file, as most of the files in `/sys` have.
pub fn only_number(text: &[u8]) -> Option<u64> {
    number(text.trim_ascii())
}

/// A number with a fraction.
pub fn decimal(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The number after `key` on a line of its own: `oom_kill 3`, `MemTotal:  16 kB`.
pub fn value_of(text: &[u8], key: &[u8]) -> Option<u64> {
    lines(text).find_map(|line| match line.strip_prefix(key)? {
        rest @ [b' ' | b'\t' | b':', ..] => number(fields(rest.strip_prefix(b":").unwrap_or(rest)).next()?),
        _ => None,
    })
}

/// Text from outside, as it is; what is not UTF-8 becomes `U+FFFD`.
pub fn lossy(text: &[u8]) -> CompactString {
    CompactString::from_utf8_lossy(text)
}

/// Text from outside without blanks around it; `None` where nothing is left.
pub fn word(text: &[u8]) -> Option<CompactString> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| lossy(text))
}

/// By how much a counter rose; `None` where it fell: it wrapped, or what it counted was replaced.
pub fn rise(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    after?.checked_sub(before?)
}

/// A counter's rise a second.
pub fn rate(before: Option<u64>, after: Option<u64>, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then_some(())?;
    rise(before, after).map(|rise| rise as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_unknown() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b"1x"), None);
        assert_eq!(only_number(b" 42\n"), Some(42));
        assert_eq!(decimal(b"0.25"), Some(0.25));
        assert_eq!(decimal(b"inf"), None);
    }

    #[test]
    fn a_key_matches_as_a_whole() {
        let text = b"oom_killer 1\noom_kill 3\nMemTotal:       16 kB\n";
        assert_eq!(value_of(text, b"oom_kill"), Some(3));
        assert_eq!(value_of(text, b"MemTotal"), Some(16));
        assert_eq!(value_of(text, b"Mem"), None);
    }

    #[test]
    fn a_falling_counter_has_no_rate() {
        assert_eq!(rate(Some(5), Some(9), 2.0), Some(2.0));
        assert_eq!(rate(Some(9), Some(5), 2.0), None);
        assert_eq!(rate(None, Some(5), 2.0), None);
        assert_eq!(rate(Some(5), Some(9), 0.0), None);
    }

    #[test]
    fn text_that_is_not_utf8_is_kept() {
        assert_eq!(lossy(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(word(b"  \n"), None);
        assert_eq!(word(b" up\n").as_deref(), Some("up"));
    }
}
