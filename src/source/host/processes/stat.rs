//! `/proc/PID/stat` (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>).

use super::super::bytes::{fields, number};

/// What is needed of one process's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat<'a> {
    /// The kernel's short name, at most 15 bytes of anything.
    pub name: &'a [u8],
    pub state: char,
    pub parent: i32,
    pub kernel_thread: bool,
    pub major_faults: u64,
    /// User and system time in clock ticks, all threads together.
    pub ticks: u64,
    pub nice: Option<i32>,
    pub threads: Option<u32>,
    /// Start in clock ticks after boot.
    pub start_ticks: u64,
    pub resident_pages: Option<u64>,
}

/// The kernel's mark of its own threads (`PF_KTHREAD`, include/linux/sched.h).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Reads a line. The name may hold anything, brackets and line ends too; nothing after it holds a bracket.
pub fn parse(text: &[u8]) -> Option<Stat<'_>> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')').filter(|close| *close > open)?;
    let mut fields = fields(text[close + 1..].trim_ascii());
    let state = char::from(*fields.next()?.first()?);
    let parent = signed(fields.next()?)?;
    // Skips group, session, terminal and its group.
    let flags = number(fields.nth(4)?)?;
    let major_faults = number(fields.nth(2)?)?;
    let (user, system) = (number(fields.nth(1)?)?, number(fields.next()?)?);
    let nice = signed(fields.nth(3)?);
    let threads = number(fields.next()?).and_then(|threads| threads.try_into().ok());
    let start_ticks = number(fields.nth(1)?)?;
    let resident_pages = fields.nth(1).and_then(number);
    Some(Stat {
        name: &text[open + 1..close],
        state,
        parent,
        kernel_thread: flags & KERNEL_THREAD != 0,
        major_faults,
        ticks: user.checked_add(system)?,
        nice,
        threads,
        start_ticks,
        resident_pages,
    })
}

fn signed(field: &[u8]) -> Option<i32> {
    let (sign, digits) = match field {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    i32::try_from(number(digits)?).ok().map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &[u8] =
        b"42 (we) ird\n\xff (x) S 1 42 42 0 -1 4194560 100 200 3 4 50 25 9 9 20 -5 7 0 12345 1000000 250 \
        18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn fields_are_those_of_the_manual() {
        let stat = parse(LINE).expect("a line");
        assert_eq!(stat.name, b"we) ird\n\xff (x");
        assert_eq!((stat.state, stat.parent, stat.ticks), ('S', 1, 75));
        assert_eq!((stat.nice, stat.threads, stat.start_ticks), (Some(-5), Some(7), 12_345));
        assert_eq!((stat.resident_pages, stat.major_faults, stat.kernel_thread), (Some(250), 3, false));
    }

    #[test]
    fn kernel_threads_are_marked() {
        let line = b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 1\n";
        assert!(parse(line).expect("a line").kernel_thread);
    }

    proptest! {
        #[test]
        fn no_text_fails(text in prop::collection::vec(any::<u8>(), 0..200), cut in 0..LINE.len()) {
            parse(&text);
            parse(&LINE[..cut]);
        }
    }
}
