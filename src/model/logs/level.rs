//! How grave a line is, by the words that loggers write.

/// How grave a line is. Lines that do not say are the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    #[default]
    Unknown,
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    /// The word for it; empty where it is not known.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level that a word means, whatever its case.
    pub fn of_word(word: &[u8]) -> Option<Self> {
        const WORDS: &[(&str, Level)] = &[
            ("trace", Level::Trace),
            ("debug", Level::Debug),
            ("dbg", Level::Debug),
            ("info", Level::Info),
            ("notice", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("wrn", Level::Warn),
            ("error", Level::Error),
            ("err", Level::Error),
            ("severe", Level::Error),
            ("fatal", Level::Fatal),
            ("critical", Level::Fatal),
            ("crit", Level::Fatal),
            ("panic", Level::Fatal),
            ("alert", Level::Fatal),
            ("emerg", Level::Fatal),
            ("emergency", Level::Fatal),
        ];
        if !(3..=9).contains(&word.len()) {
            return None;
        }
        WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// The level of a syslog priority, as the journal keeps it.
    pub const fn of_priority(priority: u8) -> Self {
        match priority {
            0..=2 => Self::Fatal,
            3 => Self::Error,
            4 => Self::Warn,
            5 | 6 => Self::Info,
            7 => Self::Debug,
            _ => Self::Unknown,
        }
    }

    /// Levels of bunyan and pino: tens.
    const fn of_number(number: u32) -> Self {
        match number {
            10 => Self::Trace,
            20 => Self::Debug,
            30 => Self::Info,
            40 => Self::Warn,
            50 => Self::Error,
            60 => Self::Fatal,
            _ => Self::Unknown,
        }
    }
}

/// Bytes at the beginning of a line in which its level stands, if it has one.
const LOOKED_AT: usize = 240;

/// The level that a line says: `ERROR`, `level=warn`, `"level":"info"`, `"level":50`, `[error]`, `error: …`, `E1123 …` (klog).
pub fn of_line(text: &str) -> Level {
    let bytes = &text.as_bytes()[..text.len().min(LOOKED_AT)];
    if let Some(level) = of_klog(bytes) {
        return level;
    }
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (start, end) = (at, at + length);
        at = end;
        if is_key(&bytes[start..end]) {
            if let Some(level) = after_key(&bytes[end..]) {
                return level;
            }
        } else if length <= 9
            && let Some(level) = Level::of_word(&bytes[start..end])
            && stands_alone(bytes, start, end)
        {
            return level;
        }
    }
    Level::Unknown
}

fn is_key(word: &[u8]) -> bool {
    [&b"level"[..], b"lvl", b"severity", b"levelname", b"loglevel"].iter().any(|key| key.eq_ignore_ascii_case(word))
}

/// What stands after `level`: `="warn"`, `":"warn"`, `": 40`.
fn after_key(rest: &[u8]) -> Option<Level> {
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'"' | b'\'' | b':' | b'=' | b' ')).count();
    if !rest[..skipped].iter().any(|byte| matches!(byte, b':' | b'=')) {
        return None;
    }
    let rest = &rest[skipped..];
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if word > 0 {
        return Level::of_word(&rest[..word]);
    }
    let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    Some(Level::of_number(number)).filter(|level| *level != Level::Unknown)
}

/// Whether a word is there to say a level: in capitals, in brackets, or before a colon at the line's beginning.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let after = bytes.get(end).copied();
    let joined = |byte: Option<u8>| byte.is_some_and(|byte| matches!(byte, b'_' | b'-' | b'/' | b'.') || byte >= 0x80);
    if joined(before) || before.is_some_and(|byte| byte.is_ascii_digit()) || after == Some(b'_') || after == Some(b'/')
    {
        return false;
    }
    let capitals = bytes[start..end].iter().all(u8::is_ascii_uppercase);
    let bracketed =
        matches!(before, Some(b'[' | b'<' | b'(' | b'|')) && matches!(after, Some(b']' | b'>' | b')' | b'|' | b':'));
    let opens = start == 0 && matches!(after, Some(b':' | b'['));
    capitals || bracketed || opens
}

/// `E1123 10:00:00.000000 …`, as Kubernetes' own parts write.
fn of_klog(bytes: &[u8]) -> Option<Level> {
    let level = match bytes.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    let digits = bytes.get(1..5)?.iter().all(u8::is_ascii_digit);
    (digits && bytes.get(5) == Some(&b' ')).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_are_understood() {
        for (line, level) in [
            ("ERROR cannot open", Level::Error),
            ("2026-11-23T12:00:00Z [pool-1] WARN shop.Cart - item", Level::Warn),
            ("level=error component=db", Level::Error),
            ("time=x lvl=dbug", Level::Unknown),
            (r#"{"time":1,"level":"debug","msg":"an ERROR of before"}"#, Level::Debug),
            (r#"{"level":50,"msg":"x"}"#, Level::Error),
            (r#"{"severity": "CRITICAL"}"#, Level::Fatal),
            ("[error] 7#7: upstream", Level::Error),
            ("2026/11/23 12:00:00 [warn] 7#7: x", Level::Warn),
            ("error: no such file", Level::Error),
            ("panic: runtime error", Level::Fatal),
            ("E1123 12:00:00.000001       1 server.go:1] x", Level::Error),
            ("I1123 12:00:00.000001       1 server.go:1] an error", Level::Info),
            ("INFO worker 4: job", Level::Info),
            ("10.0.0.49 - - \"GET /error HTTP/1.1\" 500 4799", Level::Unknown),
            ("10.0.0.49 - - \"GET /ERROR/INFO-x HTTP/1.1\" 500", Level::Unknown),
            ("no error was found", Level::Unknown),
            ("LOG_LEVEL: warn", Level::Warn),
            ("", Level::Unknown),
            ("ä", Level::Unknown),
        ] {
            assert_eq!(of_line(line), level, "{line}");
        }
        assert!(Level::Warn < Level::Error && Level::Unknown < Level::Trace);
    }
}
