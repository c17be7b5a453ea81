//! Keeping up: where lines come faster than they can be cleaned, some are left out unread, so that what is shown is of now.
//!
//! How far behind a line is, is told by its own time. The least that was ever seen stands for what two clocks differ by.

use crate::model::Timestamp;
use std::time::{Duration, Instant};

/// Lines between two looks at the clock.
const EVERY: u32 = 256;
/// As far behind as one may be.
const BEHIND: Duration = Duration::from_millis(1_000);
/// As near as one must be again.
const NEAR: Duration = Duration::from_millis(300);
/// So long one must have been behind, all the while: a pause of the network is made up for faster.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// Fewer lines a second are not too many.
const MANY: f64 = 2_000.0;

/// How one stream keeps up.
#[derive(Debug, Default)]
pub(super) struct Pace {
    count: u32,
    looked: Option<Instant>,
    /// The least that a line was ever behind, in milliseconds.
    least: Option<i64>,
    behind_since: Option<Instant>,
    skipping: bool,
}

impl Pace {
    /// Whether to leave the line of this time out. `clocks` tells the time of now.
    pub(super) fn leaves_out(&mut self, at: Timestamp, clocks: impl FnOnce() -> (Timestamp, Instant)) -> bool {
        self.count += 1;
        if self.count < EVERY {
            return self.skipping;
        }
        self.count = 0;
        let (now, instant) = clocks();
        let behind = now.as_millisecond() - at.as_millisecond();
        let least = self.least.map_or(behind, |least| least.min(behind));
        self.least = Some(least);
        let excess = Duration::from_millis(u64::try_from(behind - least).unwrap_or(0));
        let took = self.looked.replace(instant).map(|looked| instant.duration_since(looked));
        let is_flood = took.is_some_and(|took| f64::from(EVERY) / took.as_secs_f64().max(1e-6) > MANY);
        if excess < NEAR || !is_flood {
            self.skipping = false;
        }
        if excess < BEHIND || !is_flood {
            self.behind_since = None;
        } else if instant.duration_since(*self.behind_since.get_or_insert(instant)) >= PATIENCE {
            self.skipping = true;
        }
        self.skipping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// Feeds blocks of lines: each takes so long, and its last line is so far behind. Says which were left out.
    fn feed(blocks: &[(u64, i64)]) -> Vec<bool> {
        let mut pace = Pace::default();
        let (start, mut instant) = (Timestamp::from_second(1_795_000_000).expect("a time"), clock::instant());
        let mut now = start;
        let mut left_out = Vec::new();
        for (took, behind) in blocks {
            now = now.checked_add(jiff::SignedDuration::from_millis(*took as i64)).expect("a time");
            instant += Duration::from_millis(*took);
            let at = now.checked_sub(jiff::SignedDuration::from_millis(*behind)).expect("a time");
            let mut left = false;
            for _ in 0..EVERY {
                left = pace.leaves_out(at, || (now, instant));
            }
            left_out.push(left);
        }
        left_out
    }

    #[test]
    fn a_flood_is_thinned_until_it_is_caught_up() {
        let blocks = [(20, 5_000), (20, 5_040), (100, 5_900), (100, 6_100), (100, 6_200), (1_000, 6_300)];
        assert!(feed(&blocks).iter().all(|left| !left), "a slow stream is never thinned");
        let mut blocks = vec![(10, 7_000)];
        blocks.extend([(50, 8_500); 30]);
        blocks.extend([(10, 7_500), (10, 7_100), (10, 7_000)]);
        let left = feed(&blocks);
        assert!(!left[20] && left[25] && left[30], "{left:?}");
        assert!(left[31] && !left[32] && !left[33], "{left:?}");
    }

    #[test]
    fn what_comes_after_a_pause_is_all_taken() {
        let blocks: Vec<_> = [(10, 10)].into_iter().chain((0..20).map(|at| (20, 5_000 - at * 250))).collect();
        assert!(feed(&blocks).iter().all(|left| !left));
    }
}
