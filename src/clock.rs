//! The only caller of the system's clocks. Everything else is told the time, so that tests and replays can tell it another.
#![allow(clippy::disallowed_methods, reason = "this is the room where the clocks are read")]

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Wall-clock time, UTC, cut to milliseconds: what is written is what was seen.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Monotonic time, for intervals and deadlines.
pub fn instant() -> Instant {
    Instant::now()
}

/// How long to wait until wall-clock time is a multiple of `step` after the epoch. Sources that wait for the same multiples
/// answer together, so that their news share one frame.
pub fn until_multiple_of(step: Duration) -> Duration {
    let step = step.as_millis().max(1) as i64;
    let past = Timestamp::now().as_millisecond().rem_euclid(step);
    Duration::from_millis((step - past) as u64)
}
